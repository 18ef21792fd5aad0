"""Writes a merged manifest in the lines of its sides, entry by entry, and marks what a person must choose."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile

from tdmvc.errors import ConfigError
from tdmvc.formats.line_merge import Lines, ThreeWay, comments_of, kept_comments, merge_lines, merge_order
from tdmvc.formats.manifest_edit import edit_entry
from tdmvc.formats.manifest_entry import ManifestEntry, entry_value, indent_lines
from tdmvc.formats.manifest_shapes import Shape, Value, value_of
from tdmvc.formats.manifest_values import ABSENT, MaybeValue, children_of, is_merged_by_entry
from tdmvc.model.merge import MarkerStyle, Side
from tdmvc.yaml.reader import parse_yaml

_UNKEPT = "It is written in a way that a merge by values cannot keep."

Piece = ThreeWay[Lines]
"""Lines by the side that a person keeps; equal if there is nothing to choose."""
Entries = ThreeWay[ManifestEntry | None]


def write_choices(shape: Shape, sides: ThreeWay[ManifestEntry], choices: ThreeWay[MaybeValue]) -> list[Piece]:
    """Return lines that say what each choice says, and hold every comment that no side removed.

    Raises:
        ConfigError: no such lines were found.
    """
    pieces = _ManifestWriter().file(shape, sides, choices)
    texts = [_lines_of(pieces, side) for side in Side]
    wanted = choices.each(lambda choice: {} if choice is ABSENT else choice)
    comments = {comment for lines in texts for comment in comments_of(lines)}
    if [_parse(lines) or {} for lines in texts] != [choice or {} for choice in wanted] or not (
        kept_comments(sides.each(lambda side: side.lines)) <= comments
    ):
        raise ConfigError(_UNKEPT)
    return pieces


def write_changes(shape: Shape, sides: ThreeWay[ManifestEntry]) -> list[Piece]:
    """Return the lines of both sides, with a choice wherever both changed an entry's lines."""
    try:
        pieces = _ManifestWriter(is_by_lines=True).file(shape, sides, sides.each(lambda _: ABSENT))
    except ConfigError:
        pieces = []
    return pieces if not all(map(_is_one, pieces)) else [sides.each(lambda side: side.lines)]


def mark_choices(pieces: Sequence[Piece], style: MarkerStyle) -> Lines:
    """Return the lines with conflict markers as `git merge-file --diff3` writes them."""
    merged: Lines = []
    for is_one, run in groupby(filter(any, pieces), _is_one):
        parts = list(run)
        base, ours, theirs = (_lines_of(parts, side) for side in Side)
        if is_one:
            merged += ours
            continue
        start = _common(base, ours, theirs)
        end = _common(*(side[start:][::-1] for side in (base, ours, theirs)))
        merged += [
            *ours[:start],
            f"{'<' * style.size} {style.ours}".rstrip(),
            *ours[start : len(ours) - end],
            f"{'|' * style.size} {style.base}".rstrip(),
            *base[start : len(base) - end],
            "=" * style.size,
            *theirs[start : len(theirs) - end],
            f"{'>' * style.size} {style.theirs}".rstrip(),
            *ours[len(ours) - end :],
        ]
    return merged


@dataclass(frozen=True, slots=True)
class _ManifestWriter:
    is_by_lines: bool = False
    """Return what both sides changed as each has it, whatever it says."""

    def file(
        self, shape: Shape, sides: ThreeWay[ManifestEntry], choices: ThreeWay[MaybeValue]
    ) -> list[Piece]:
        entries: Entries = ThreeWay(*sides)
        if not self._is_by_entry(shape, entries, choices):
            raise ConfigError(_UNKEPT)
        children = sides.each(lambda side: side.children(shape).values())
        used = children.each(lambda side: sum(len(child.above) + len(child.lines) for child in side))
        ends = ThreeWay(*(side.lines[count:] for side, count in zip(sides, used, strict=True)))
        return [*self._collection(shape, entries, choices), _same(_merge_notes(ends))]

    def _entry(self, shape: Shape, sides: Entries, wanted: ThreeWay[MaybeValue]) -> list[Piece]:
        values = sides.each(entry_value)
        lines = sides.each(lambda entry: None if entry is None else entry.lines)
        is_as_wanted = not values.is_changed_twice and all(choice == values.merged() for choice in wanted)
        if (self.is_by_lines or is_as_wanted) and not lines.is_changed_twice:
            return [_same(lines.merged() or [])]
        if self._is_by_entry(shape, sides, wanted):
            return self._collection(shape, sides, wanted)
        if self.is_by_lines:
            return [lines.each(lambda side: side or [])]
        return [wanted.each(lambda choice: _value_lines(shape, sides, choice))]

    def _is_by_entry(self, shape: Shape, sides: Entries, wanted: ThreeWay[MaybeValue]) -> bool:
        """Return whether the lines of the sides can be merged entry by entry."""
        nodes = [entry.node for entry in sides if entry is not None]
        if None in (sides.ours, sides.theirs) or any(node.is_flow and node.value for node in nodes):
            return False
        if not is_merged_by_entry(shape, sides.each(entry_value)) or not (
            nodes[-1].value and nodes[-2].value
        ):
            return False
        return self.is_by_lines or all(children_of(shape, choice) for choice in wanted)

    def _collection(
        self,
        shape: Shape,
        sides: Entries,
        wanted: ThreeWay[MaybeValue],
    ) -> list[Piece]:
        children = sides.each(lambda side: side.children(shape) if side else {})
        choices = wanted.each(lambda choice: children_of(shape, choice) or {})
        heads = sides.each(lambda side: side.lines[:1] if side and not side.is_root else [])
        is_element = sides.ours is not None and sides.ours.is_element
        if self.is_by_lines:
            columns = {child.column for side in children for child in side.values()}
            # The first field of an element is on the line of its dash.
            firsts = {next(iter(side)) for side in children if side and is_element}
            if len(columns) > 1 or len(firsts) > 1 or heads.is_changed_twice:
                return [sides.each(lambda side: side.lines if side else [])]
        column = next(iter((children.ours or children.theirs).values())).column
        body: list[Piece] = []
        for name in merge_order(*map(list, children)):
            entries: Entries = children.each(lambda side, name=name: side.get(name))  # type: ignore[misc]
            pieces = self._entry(
                shape.of(name),
                entries,
                choices.each(lambda side, name=name: side.get(name, ABSENT)),  # type: ignore[misc]
            )
            known = [entry or entries.base for entry in entries]
            above = ThreeWay(*(entry.notes(column) if entry else [] for entry in known))
            notes = _merge_notes(above)
            if not any(map(any, pieces)):
                notes = [note for note in notes if note not in above.base]
            body += [
                _same(notes),
                *(piece.each(lambda lines: indent_lines(lines, column)) for piece in pieces),
            ]
        if not is_element:
            return [_same(_best(heads, [merge_lines(*heads), heads.ours, heads.theirs])), *body]
        for side in Side:
            first = next((lines for piece in body if (lines := piece.of(side))), [""])
            first[0] = heads.ours[0][:column] + first[0][column:]
        return body


def _value_lines(shape: Shape, sides: Entries, wanted: MaybeValue) -> Lines:
    """Return lines that say what is wanted: those of the sides merged, those of one side, or edited ones."""
    if wanted is ABSENT:
        return []
    known = [entry for entry in (sides.ours, sides.theirs, sides.base) if entry is not None]
    lines = sides.each(lambda entry: entry.lines if entry else [])
    merged = merge_lines(*lines)
    said = _parse(merged or [])
    inner = list(said.values()) if isinstance(said, dict) else said
    ways = [merged] if inner == [wanted] else []
    ways += [entry.lines for entry in known if entry_value(entry) == wanted]
    return _best(
        lines,
        ways or [edit_entry(entry.lines, shape, wanted, is_element=entry.is_element) for entry in known],
    )


def _best(sides: ThreeWay[Lines], ways: Sequence[Lines | None]) -> Lines:
    """Return the way that keeps the most comments; of equals, the first."""
    possible = [way for way in ways if way is not None]
    if not possible:
        raise ConfigError(_UNKEPT)
    wanted = kept_comments(sides)
    return max(possible, key=lambda way: len(wanted.intersection(comments_of(way))))


def _merge_notes(sides: ThreeWay[Lines]) -> Lines:
    """Return the comment lines that no side removed."""
    if not sides.is_changed_twice:
        return sides.merged()
    removed = {line for line in sides.base if line not in sides.ours or line not in sides.theirs}
    return [line for line in merge_order(*sides) if line not in removed]


def _parse(lines: Lines) -> Value:
    try:
        return value_of(parse_yaml("".join(f"{line}\n" for line in lines), ""))
    except ConfigError:
        return None


def _same(lines: Lines) -> Piece:
    return ThreeWay(list(lines), list(lines), list(lines))


def _is_one(piece: Piece) -> bool:
    return piece.base == piece.ours == piece.theirs


def _lines_of(pieces: Sequence[Piece], side: Side) -> Lines:
    return [line for piece in pieces for line in piece.of(side)]


def _common(*sides: Lines) -> int:
    """Return how many lines all sides have in common at the start."""
    return sum(1 for _ in takewhile(lambda lines: len(set(lines)) == 1, zip(*sides, strict=False)))
