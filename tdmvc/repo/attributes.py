"""Knows the lines of .gitattributes that are tdmvc's own, and leaves all others as they are."""

import posixpath
import re

ATTRIBUTES_FILE = ".gitattributes"
HEAD = "# tdmvc: Git shows rows in place of pointers (once in each clone: tdmvc install)"
OURS = ("diff=tdmvc", "merge=tdmvc")
"""Every attribute that tdmvc may have set, and so may take away."""

_SPECIAL = re.compile(r"^!|[*?\[\\]")


def pointer_pattern(datasets: str) -> str:
    """Return the pattern of all pointers below the datasets' folder, spelled for .gitattributes."""
    folder = posixpath.normpath(datasets)
    pattern = "**/*.dvc" if folder == "." else _SPECIAL.sub(r"\\\g<0>", folder) + "/**/*.dvc"
    if re.fullmatch(r"[^\s\"#!\\\x00-\x1f][^\s\"\\\x00-\x1f]*", pattern):
        return pattern
    escaped = pattern.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n")
    return f'"{escaped}"'


def with_attributes(text: str, datasets: str, wanted: tuple[str, ...]) -> str:
    """Return the file's text with tdmvc's line in it; the same text where all is there already."""
    lines, end = _split(text)
    pattern = pointer_pattern(datasets)
    place = _own_line(lines)
    if place is None:
        if any(set(wanted) <= set(_attributes(line, pattern)) for line in lines):
            return text  # somebody wrote it by hand
        if lines[-1]:
            lines.append("")
        lines[-1:] = [HEAD, " ".join([pattern, *wanted]), ""]
        return end.join(lines)
    kept = _attributes(lines[place], None)
    lines[place] = " ".join([pattern, *kept, *(word for word in wanted if word not in kept)])
    return end.join(lines)


def without_attributes(text: str) -> str:
    """Return the file's text without what tdmvc wrote; what a person added to its line stays."""
    lines, end = _split(text)
    place = _own_line(lines)
    if place is None:
        return text
    kept = [word for word in _attributes(lines[place], None) if word not in OURS]
    if kept:
        lines[place] = " ".join([_pattern_of(lines[place]), *kept])
    else:
        del lines[place - 1 : place + 1]
    return end.join(lines)


def _split(text: str) -> tuple[list[str], str]:
    end = "\r\n" if "\r\n" in text else "\n"
    return text.split(end), end


def _own_line(lines: list[str]) -> int | None:
    """Return the place of the line below tdmvc's comment."""
    for place, line in enumerate(lines[:-1]):
        if line.strip() == HEAD and lines[place + 1].strip() and not lines[place + 1].startswith("#"):
            return place + 1
    return None


def _pattern_of(line: str) -> str:
    match = re.match(r'\s*("(?:[^"\\]|\\.)*"|\S+)', line)
    return match[1] if match else ""


def _attributes(line: str, pattern: str | None) -> list[str]:
    """Return the attributes that a line sets, or none where it is about another pattern."""
    own = _pattern_of(line)
    if not own or own.startswith("#") or (pattern is not None and own != pattern):
        return []
    return line.strip()[len(own) :].split()
