"""Finds the objects that a file of DVC or tdmvc names: fast, and possibly too many, but never too few.

A history may hold ten thousand pointers, in any form that DVC has ever written, some of
them in conflict. So nothing is parsed if a look at the lines is enough: what looks like
an object counts as one. A text is unreadable if an object may be hidden in it.
"""

import posixpath
import re
from dataclasses import dataclass

from tdmvc.errors import ConfigError
from tdmvc.formats.conflict_markers import conflict_texts
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import parse_yaml

_OBJECT = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32}(?:\.dir)?(?![0-9A-Za-z])")
_MD5_KEY = re.compile(r"(?<![\w.-])[\"']?md5[\"']?[ \t]*:(?=\s|$)[ \t]*([^\s,}\]]*)")
_OBJECT_KEY = re.compile(r"(?<![\w.-])[\"']?object[\"']?[ \t]*:(?=\s|$)[ \t]*([^\s,}\]]*)")
_SECTION = re.compile(r"\s*(?:- )?(outs|deps|params):\s*$")
_ENTRY = re.compile(r"\s*- ")
_FLOW = re.compile(r"[\[{](?!\s*[\]}])")
_SHAPE = re.compile(r"(?m)^\s*(?:outs|deps|stages):")
_PATH = re.compile(r"(?m)^\s*(?:- )?path:[ \t]*\S")
_VERSION = "tdmvc.version/"
_NOTHING = frozenset({"", "null", "~"})


@dataclass(frozen=True, slots=True)
class ObjectNames:
    """The objects that a text names."""

    pointed: frozenset[str] = frozenset()
    """By outputs and versions: whoever reads the text needs them, and what their listings hold."""
    mentioned: frozenset[str] = frozenset()
    """By dependencies, by outputs as DVC 2 kept them, or in passing: kept if they exist, never reported as missing."""


def may_name_objects(path: str) -> bool:
    """Return whether a file may name objects, by its path."""
    folder, name = posixpath.split(path)
    if name.endswith(".dvc"):
        return name != ".dvc"
    if name == "dvc.lock":
        return True
    if not name.endswith((".yaml", ".json")):
        return False
    return posixpath.basename(folder) == "versions" or "conflicts" in folder.split("/")


def read_object_names(path: str, data: bytes) -> ObjectNames | None:
    """Return the objects that a file names; None if it may name some and cannot be read."""
    text = _decode(data)
    if path.endswith(".dvc") or posixpath.basename(path) == "dvc.lock":
        return _pointer_names(text) if text is not None else None
    if text is None:
        return ObjectNames()
    found = frozenset(_find(text))
    if posixpath.basename(posixpath.dirname(path)) != "versions":
        return ObjectNames(mentioned=found)
    if _VERSION not in text:
        return ObjectNames()
    is_whole = re.search(r"(?m)^tables:", text) and _are_objects(_OBJECT_KEY.findall(text))
    return ObjectNames(pointed=found) if is_whole else None


def find_objects(data: bytes) -> set[str]:
    """Return whatever looks like an object in a listing or in another file of DVC's."""
    return _find(data.decode("utf-8", "replace"))


def _pointer_names(text: str) -> ObjectNames | None:
    found = frozenset(_find(text))
    # What ends before its path was cut, and so may its object be.
    is_plain = found and _SHAPE.search(text) and _PATH.search(text) and _are_objects(_MD5_KEY.findall(text))
    if not is_plain and not all(map(_is_readable, _sides(text))):
        return None
    if _FLOW.search(text) or "<<<<<<<" in text:
        return ObjectNames(pointed=found)
    pointed = frozenset(_find("\n".join(_outputs(text))))
    return ObjectNames(pointed, found - pointed)


def _sides(text: str) -> list[str]:
    """Return the text of each side of a pointer in conflict; an empty one means that the table was removed."""
    conflict = conflict_texts(text)
    if conflict is None:
        return [text]
    return [side for side in (conflict.ours, conflict.theirs, conflict.base) if side and side.strip()]


def _outputs(text: str) -> list[str]:
    """Return the outputs of a pointer or of dvc.lock, a text each, as DVC 3 keeps them."""
    entries: list[list[str]] = []
    section = "outs"
    for line in text.splitlines():
        if match := _SECTION.match(line):
            section = match[1]
        elif section == "outs":
            if _ENTRY.match(line) or not entries:
                entries.append([])
            entries[-1].append(line)
    joined = ["\n".join(lines) for lines in entries]
    # DVC 2 names no hash; its objects are elsewhere in the cache, and are not touched.
    return [entry for entry in joined if "hash:" in entry]


def _is_readable(text: str) -> bool:
    """Return whether a text that is not in DVC's own form is YAML whose outputs can be read."""
    try:
        root = parse_yaml(text, "pointer")
        if not root.is_mapping:
            return False
        stages = root.child("stages")
        if stages is None:
            return root.child("outs") is not None and _has_whole_outputs(root)
        return all(_has_whole_outputs(stage) for _, stage in stages.entries() if stage.is_mapping)
    except ConfigError:
        return False


def _has_whole_outputs(owner: YamlNode) -> bool:
    outs = owner.child("outs")
    return outs is None or all(
        out.is_mapping and out.child("path") is not None and _are_objects([out.text("md5") or ""])
        for out in outs.elements()
    )


def _are_objects(values: list[str]) -> bool:
    plain = (value.strip("\"'") for value in values)
    return all(value in _NOTHING or _OBJECT.fullmatch(value) for value in plain)


def _find(text: str) -> set[str]:
    return {name.lower() for name in _OBJECT.findall(text)}


def _decode(data: bytes) -> str | None:
    # A shell of Windows may have written it.
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
