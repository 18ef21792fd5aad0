"""Reads a pointer from its text alone, with or without conflict markers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tdmvc.errors import ConfigError
from tdmvc.model.dataset import Pointer
from tdmvc.model.merge import Side
from tdmvc.model.names import table_name
from tdmvc.yaml.reader import parse_yaml

_OBJECT = re.compile(r"[0-9a-f]{32}\.dir")
_LABEL_ROOM = 100


def parse_pointer_text(text: str) -> Pointer | None:
    """Return the pointer that a `.dvc` file's text is, or None for any other file of DVC, or of anybody."""
    try:
        root = parse_yaml(text, "pointer")
        outs = root.child("outs")
        if outs is None or root.child("deps") is not None or root.text("wdir") not in (None, "."):
            return None
        entries = outs.elements()
        if len(entries) != 1:
            return None
        out = entries[0]
        folder, oid = out.text("path") or "", out.text("md5") or ""
        if not _OBJECT.fullmatch(oid) or out.text("hash") not in (None, "md5"):
            return None
        if "/" in folder or "\\" in folder or folder in {"", ".", ".."}:
            return None
        return Pointer(table_name(folder), oid, out.count("size"), out.count("nfiles"), folder=folder)
    except (ConfigError, UnicodeDecodeError):
        return None


@dataclass(frozen=True, slots=True)
class ConflictTexts:
    """A file with conflict markers, taken apart."""

    ours: str
    theirs: str
    base: str | None
    """None where the markers do not tell it."""
    labels: Mapping[Side, str]
    """What follows the markers."""
    is_whole: bool
    """Whether one conflict with a base is all that the file holds, as tdmvc writes it."""


def conflict_texts(text: str) -> ConflictTexts | None:
    """Return what each side of a file with Git's conflict markers says, or None without any."""
    sides: dict[Side, list[str]] = {side: [] for side in Side}
    labels: dict[Side, str] = {}
    within: Side | None = None
    blocks = bases = outside = 0
    for line in text.split("\n"):
        mark = line[:7] if line[7:8] in {"", " ", "\r"} else ""
        if mark == "<<<<<<<" and within is None:
            within, blocks = Side.OURS, blocks + 1
        elif mark == "|||||||" and within is Side.OURS:
            within, bases = Side.BASE, bases + 1
        elif mark == "=======" and within in {Side.OURS, Side.BASE}:
            within = Side.THEIRS
            continue
        elif mark == ">>>>>>>" and within is Side.THEIRS:
            labels.setdefault(within, line[8:].strip())
            within = None
            continue
        else:
            outside += within is None and bool(line)
            for side in Side if within is None else (within,):
                sides[side].append(line)
            continue
        labels.setdefault(within, line[8:].strip())
    if not blocks or within is not None:
        return None
    base, ours, theirs = ("\n".join(sides[side]) for side in Side)
    return ConflictTexts(
        ours,
        theirs,
        base if bases == blocks else None,
        {side: label for side, label in labels.items() if label},
        is_whole=blocks == bases == 1 and not outside,
    )


def render_conflict_texts(texts: Mapping[Side, str | None], labels: Mapping[Side, str]) -> str:
    """Return a file that is one conflict over the whole of it; an empty side says that the table is gone."""
    return "".join(
        f"{mark}{(' ' + one_line(labels.get(side) or side)) if side else ''}\n{_ended(text)}"
        for mark, side, text in (
            ("<<<<<<<", Side.OURS, texts.get(Side.OURS)),
            ("|||||||", Side.BASE, texts.get(Side.BASE)),
            ("=======", None, texts.get(Side.THEIRS)),
            (">>>>>>>", Side.THEIRS, None),
        )
    )


def one_line(label: str) -> str:
    """Return what Git calls a side as one printable line: a commit's subject may be in it."""
    return "".join(char if char.isprintable() else " " for char in label).strip()[:_LABEL_ROOM]


def _ended(text: str | None) -> str:
    if not text:
        return ""
    return text if text.endswith("\n") else text + "\n"
