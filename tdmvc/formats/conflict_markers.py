"""Reads and writes files with Git's conflict markers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tdmvc.model.merge import Side

_LABEL_LENGTH = 100
_OPENING = re.compile(r"^(<{7,})(?=[ \r\n]|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ConflictTexts:
    """The sides of a file with conflict markers."""

    ours: str
    theirs: str
    base: str | None
    """None if the markers do not include the base."""
    labels: Mapping[Side, str]
    """The text after each marker."""
    is_whole: bool
    """Whether the file consists of one conflict with a base, as tdmvc writes it."""


def conflict_texts(text: str) -> ConflictTexts | None:
    """Return each side of a file with Git's conflict markers, or None if it has no complete conflict."""
    sides: dict[Side, list[str]] = {side: [] for side in Side}
    labels: dict[Side, str] = {}
    within: Side | None = None
    blocks = bases = outside = 0
    opening = _OPENING.search(text)
    # Git's markers have seven signs, those that it writes into its own merge of a renamed file eight or more.
    size = len(opening[1]) if opening else 7
    for line in text.split("\n"):
        mark = line[:size] if line[size : size + 1] in {"", " ", "\r"} else ""
        if mark == "<" * size and within is None:
            within, blocks = Side.OURS, blocks + 1
        elif mark == "|" * size and within is Side.OURS:
            within, bases = Side.BASE, bases + 1
        elif mark == "=" * size and within in {Side.OURS, Side.BASE}:
            within = Side.THEIRS
            continue
        elif mark == ">" * size and within is Side.THEIRS:
            labels.setdefault(within, line[size + 1 :].strip())
            within = None
            continue
        else:
            outside += within is None and bool(line)
            for side in Side if within is None else (within,):
                sides[side].append(line)
            continue
        labels.setdefault(within, line[size + 1 :].strip())
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
    """Return a file that consists of one conflict; an empty side means that the table was removed."""
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
    """Return a side's label as one printable line: it may hold the subject of a commit."""
    return "".join(char if char.isprintable() else " " for char in label).strip()[:_LABEL_LENGTH]


def _ended(text: str | None) -> str:
    if not text:
        return ""
    return text if text.endswith("\n") else text + "\n"
