"""tdmvc's own lines in .gitattributes; all other lines stay unchanged."""

import posixpath
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ATTRIBUTES_FILE = ".gitattributes"
HEAD = "# tdmvc: Git shows rows in place of pointers (once in each clone: tdmvc install)"
POINTERS = "*.dvc"
MANIFESTS = ("dataset.yaml", "contract.yaml")
WANTED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {POINTERS: ("diff=tdmvc", "merge=tdmvc"), **dict.fromkeys(MANIFESTS, ("merge=tdmvc",))}
)
"""The Git attributes of files below the datasets' folder, by file name."""
OURS = ("diff=tdmvc", "merge=tdmvc")
"""Every attribute that tdmvc may have set, and so may remove."""

_SPECIAL = re.compile(r"^!|[*?\[\\]")


def pattern_of(datasets: str, files: str) -> str:
    """Return the pattern of files of a name below the datasets' folder, escaped for .gitattributes."""
    folder = posixpath.normpath(datasets)
    above = "" if folder == "." else _SPECIAL.sub(r"\\\g<0>", folder) + "/"
    pattern = f"{above}**/{files}"
    if re.fullmatch(r"[^\s\"#!\\\x00-\x1f][^\s\"\\\x00-\x1f]*", pattern):
        return pattern
    escaped = pattern.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n")
    return f'"{escaped}"'


def with_attributes(text: str, datasets: str, wanted: Mapping[str, tuple[str, ...]] = WANTED) -> str:
    """Return the file's text with tdmvc's lines; the same text if they are all there already.

    Lines of an earlier release or of another datasets folder are updated in place.
    """
    lines, end = _split(text)
    own = _own_lines(lines)
    missing = []
    for files, words in wanted.items():
        pattern = pattern_of(datasets, files)
        if files in own:
            place = own[files]
            kept = _attributes(lines[place], None)
            line = " ".join([pattern, *kept, *(word for word in words if word not in kept)])
            lines[place] = line + _end_of(lines[place])
        elif not any(set(words) <= set(_attributes(line, pattern)) for line in lines):
            missing.append(" ".join([pattern, *words]) + end)
    if not missing:
        return "".join(lines)
    head = _head(lines)
    if head is None:
        if lines and not _end_of(lines[-1]):
            lines[-1] += end
        return "".join([*lines, HEAD + end, *missing])
    behind = max(own.values(), default=head) + 1
    if not _end_of(lines[behind - 1]):
        lines[behind - 1] += end
    return "".join([*lines[:behind], *missing, *lines[behind:]])


def without_attributes(text: str) -> str:
    """Return the file's text without what tdmvc wrote; attributes that you added to its lines stay."""
    lines, _ = _split(text)
    own = _own_lines(lines)
    is_kept = False
    for place in own.values():
        kept = [word for word in _attributes(lines[place], None) if word not in OURS]
        is_kept |= bool(kept)
        line = " ".join([_pattern_of(lines[place]), *kept]) + _end_of(lines[place])
        lines[place] = line if kept else ""
    if own and not is_kept:
        lines[min(own.values()) - 1] = ""
    return "".join(lines)


def _split(text: str) -> tuple[list[str], str]:
    """Return the lines with their line ends, and the line end for new lines."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    return lines, _end_of(lines[0]) or "\n" if lines else "\n"


def _end_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _head(lines: list[str]) -> int | None:
    """Return the position of tdmvc's comment."""
    return next((place for place, line in enumerate(lines) if line.strip() == HEAD), None)


def _own_lines(lines: list[str]) -> dict[str, int]:
    """Return the positions of tdmvc's lines below its comment, by the files that they are for.

    A line that contains only your own attributes counts only directly below the comment.
    """
    head = _head(lines)
    own: dict[str, int] = {}
    for place in range(len(lines) if head is None else head + 1, len(lines)):
        ending = re.fullmatch(r'"?(?:.*/)?\*\*/([^/"]+)"?', _pattern_of(lines[place]))
        if ending is None or ending[1] not in WANTED or ending[1] in own:
            break
        if own and not set(OURS) & set(_attributes(lines[place], None)):
            break
        own[ending[1]] = place
    return own


def _pattern_of(line: str) -> str:
    match = re.match(r'\s*("(?:[^"\\]|\\.)*"|\S+)', line)
    return match[1] if match else ""


def _attributes(line: str, pattern: str | None) -> list[str]:
    """Return the attributes that a line sets, or none if it is for another pattern."""
    own = _pattern_of(line)
    if not own or own.startswith("#") or (pattern is not None and own != pattern):
        return []
    return line.strip()[len(own) :].split()
