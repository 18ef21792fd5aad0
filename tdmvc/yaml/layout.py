"""Carries an edit over to a text that is laid out in another way than the editor of YAML would lay it out."""

from bisect import bisect_left
from collections.abc import Sequence
from difflib import SequenceMatcher

import yaml

from tdmvc.yaml.composer import LOADER

_MAX_COMPARED = 4_000_000
"""Pairs of changed lines; more would take longer than the layout is worth."""


def carry_over(original: str, unedited: str, edited: str) -> str | None:
    """Return the original text with what was edited, or None where the places of the edit cannot be found.

    The caller must check the result: where a line of the edit belongs is a guess, if usually a right one.

    Args:
        unedited: the original as the editor writes it without an edit.
        edited: the same with the edit.
    """
    places = _LinePlaces.of(original, unedited)
    if places is None:
        return None
    old, new = unedited.splitlines(keepends=True), edited.splitlines(keepends=True)
    lines = original.splitlines(keepends=True)
    parts: list[str] = []
    end = 0
    for first, last, start, stop in _changes(old, new):
        begin, close = places.place(first), places.place(last)
        if begin is None or close is None or begin < end or close < begin:
            return None
        shift = _shift(places, old, lines, first, new[start:stop])
        parts += [*lines[end:begin], *(_shifted(line, shift) for line in new[start:stop])]
        end = close
    return "".join([*parts, *lines[end:]])


class _LinePlaces:
    """Which line of the original each line of the unedited text stands for."""

    def __init__(self, old: Sequence[int], new: Sequence[int], lengths: tuple[int, int]) -> None:
        self._old = old
        self._new = new
        self._lengths = lengths

    @classmethod
    def of(cls, original: str, unedited: str) -> "_LinePlaces | None":
        """Return the places, or None if the texts do not hold the same."""
        before, after = _starts(original), _starts(unedited)
        if [name for name, _ in before] != [name for name, _ in after]:
            return None
        found: dict[int, int] = {}
        for (_, place), (_, line) in zip(before, after, strict=True):
            found.setdefault(line, place)
        lengths = len(original.splitlines()), len(unedited.splitlines())
        return cls(list(found), list(found.values()), lengths)

    def place(self, line: int) -> int | None:
        """Return the line of the original; None if it has none of its own."""
        at = bisect_left(self._old, line)
        if at == len(self._old):
            return self._lengths[0] - (self._lengths[1] - line)
        # Comments and blank lines belong to what follows them.
        place = self._new[at] - (self._old[at] - line)
        is_first = at == 0 or self._new[at - 1] < place
        return place if is_first and place >= 0 else None


def _starts(text: str) -> list[tuple[str, int]]:
    """Return what each event of the text is, and the line where it starts."""
    return [
        (f"{type(event).__name__} {getattr(event, 'value', '')}", event.start_mark.line)
        for event in yaml.parse(text, Loader=LOADER)
        if event.start_mark is not None
        and not isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent)
    ]


def _changes(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Return the ranges of lines that differ, as lines of the old and of the new text."""
    head = next(
        (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    rest = min(len(old), len(new)) - head
    pairs = zip(reversed(old), reversed(new), strict=False)
    tail = min(next((n for n, (a, b) in enumerate(pairs) if a != b), rest), rest)
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(before) * len(after) > _MAX_COMPARED:
        return [(head, head + len(before), head, head + len(after))]
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [(head + a, head + b, head + c, head + d) for kind, a, b, c, d in codes if kind != "equal"]


def _shift(
    places: _LinePlaces, old: Sequence[str], lines: Sequence[str], first: int, added: Sequence[str]
) -> int:
    """Return by how many columns what is added moves, so that it stands as its neighbours do."""
    model = next((line for line in added if line.strip()), "")
    for near in (*range(first - 1, -1, -1), first):
        if near < len(old) and old[near].strip() and _stands_as(old[near], model):
            place = places.place(near)
            if place is not None and place < len(lines):
                return _indent(lines[place]) - _indent(model)
    return 0


def _stands_as(line: str, model: str) -> bool:
    """Whether a line is as deep as another, as an element of a list or as a key."""
    is_element, is_model = (one.lstrip(" ").startswith("- ") for one in (line, model))
    return _indent(line) == _indent(model) and is_element == is_model


def _shifted(line: str, shift: int) -> str:
    if not line.strip():
        return line
    return " " * shift + line if shift > 0 else line[min(-shift, _indent(line)) :]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
