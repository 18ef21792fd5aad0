"""Knows how a merged manifest is written: each line as a side wrote it, markers around what clashes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from tdmvc.formats.manifests.brackets import check_comments, source_of
from tdmvc.formats.manifests.comments import comments_in, merge_comments
from tdmvc.formats.manifests.layout import Entry, shifted
from tdmvc.formats.manifests.steps import Absent, Clash, Join, Leave, Pick, Side, Step, Three
from tdmvc.model.merge import MarkerStyle

_CONTINUED = 2
"""How much deeper the further lines of a value stand where it moves out of brackets."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Lines of which a person keeps one side's."""

    sides: Three[tuple[str, ...]]


Piece = str | Choice
"""A line, or several to choose from."""


def write_lines(root: Step, heads: Three[tuple[str, ...]]) -> list[Piece]:
    """Return the lines of the merged file.

    Raises:
        ConfigError: a comment has no place in it.
    """
    frame = next((side for side in (root.sides.ours, root.sides.theirs) if side and side.node.entries), None)
    column = frame.node.column if frame is not None else 0
    return [*merge_comments(heads.base, heads.ours, heads.theirs), *_Writer(None).block(root, column)]


def settled(pieces: Sequence[Piece], side: Side) -> Iterator[str]:
    """Yield the lines as a person leaves them who keeps one side everywhere."""
    for piece in pieces:
        if isinstance(piece, str):
            yield piece
        else:
            yield from piece.sides.of(side)


def with_markers(pieces: Sequence[Piece], style: MarkerStyle) -> Iterator[str]:
    """Yield the lines, with conflict markers as `git merge-file --diff3` writes them."""
    for piece in pieces:
        if isinstance(piece, str):
            yield piece
            continue
        yield f"{'<' * style.size} {style.ours}".rstrip()
        yield from piece.sides.ours
        yield f"{'|' * style.size} {style.base}".rstrip()
        yield from piece.sides.base
        yield "=" * style.size
        yield from piece.sides.theirs
        yield f"{'>' * style.size} {style.theirs}".rstrip()


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes steps at a column."""

    choice: Side | None
    """The side that a person keeps where sides clash; None for markers."""

    def entry(self, step: Step, column: int) -> list[Piece]:
        if self.choice is None and step.clashes:
            return self._within(step, column) or _around(step, column)
        if isinstance(step.value(self.choice or Side.OURS), Absent):
            return []
        match step.decision:
            case Join():
                return self._join(step, column)
            case Pick(side):
                return _pick(step, side, column)
            case Clash():
                return _verbatim(step, self.choice or Side.OURS, column)
            case Leave():
                return []

    def block(self, step: Step, column: int) -> list[Piece]:
        """Return the lines of a block's entries, which stand at the column, and of the comments below."""
        assert isinstance(step.decision, Join)
        pieces = [piece for child in step.decision.steps for piece in self.entry(child, column)]
        blocks = step.sides.each(lambda side: side if side and side.node.is_block else None)
        feet = _comments(blocks, lambda side: shifted(side.node.foot, column - side.node.column))
        return [*pieces, *feet]

    def _within(self, step: Step, column: int) -> list[Piece]:
        """Return the step with markers inside, or nothing where they must stand around it."""
        if not isinstance(step.decision, Join) or not _is_block(step):
            return []
        if not all(step.value(side) and not isinstance(step.value(side), Absent) for side in Side):
            return []
        return self._join(step, column)

    def _join(self, step: Step, column: int) -> list[Piece]:
        choice = self.choice or Side.OURS
        if not _is_block(step) or not step.value(choice):
            source, side = source_of(step, choice)
            return _in_line(step, source, side, column)
        check_comments(step.sides)
        frame = step.sides.of(_frame(step))
        assert frame is not None
        inner = column + frame.node.column - frame.column
        pieces = self.block(step, inner)
        if frame.is_joined:
            place = next(place for place, piece in enumerate(pieces) if not _is_comment(piece))
            first = pieces[place]
            if isinstance(first, Choice):
                return []  # a dash cannot stand before markers
            pieces[place] = " " * column + frame.prefix + first[inner:]
            return [*_lead(step, Side.OURS, column), *pieces]
        lines = step.sides.each(_with_line)
        blocks = lines.each(lambda side: side if side and side.node.is_block else None)
        prefix = _changed(blocks, lambda entry: entry.prefix) or frame.prefix
        suffix, more = _suffix(lines, column)
        return [*_lead(step, Side.OURS, column), *more, f"{' ' * column}{prefix}{suffix}", *pieces]


def _around(step: Step, column: int) -> list[Piece]:
    """Return a step between markers; lines that all sides begin and end with stand outside of them."""
    written = Three(*(tuple(map(str, _one_side(step, side, column))) for side in Side))
    above = _shared(written)
    below = _shared(written.each(lambda lines: lines[above:][::-1]))
    inside = written.each(lambda lines: lines[above : len(lines) - below])
    ours = written.ours
    return [*ours[:above], Choice(inside), *ours[len(ours) - below :]]


def _shared(sides: Three[tuple[str, ...]]) -> int:
    """Return how many lines all sides begin with."""
    same = takewhile(lambda lines: len(set(lines)) == 1, zip(*sides, strict=False))
    return sum(1 for _ in same)


def _one_side(step: Step, side: Side, column: int) -> list[Piece]:
    """Return a step that clashes as a person leaves it who keeps one side."""
    entry = step.sides.of(side)
    if entry is not None and not entry.node.is_block and entry.node.value == step.value(side):
        return _verbatim(step, side, column)
    return _Writer(side).entry(step, column)


def _pick(step: Step, side: Side, column: int) -> list[Piece]:
    """Return an entry as one side has it, with what the other side wrote around the value."""
    other_side = Side.THEIRS if side is Side.OURS else Side.OURS
    picked, other, base = step.sides.of(side), step.sides.of(other_side), step.sides.base
    if picked is None:
        return []
    if other and other.node.is_block and not picked.node.is_block and other.node.value == picked.node.value:
        # Brackets have no room for the comments of a block.
        side, picked, other = other_side, other, picked
    is_alone = other is None or other.wording in (picked.wording, base.wording if base else None)
    if is_alone and not picked.is_in_brackets:
        return _verbatim(step, side, column)
    lines = (
        _verbatim(step, side, column)
        if picked.node.is_block
        else _in_line(step, *source_of(step, side), column)
    )
    if other is None or not (picked.node.is_block or other.node.is_block):
        return lines
    known = {*comments_in(picked), *(comments_in(base) if base else ())}
    rescued = (" " * column + words for words in comments_in(other) if words not in known)
    return [*dict.fromkeys(rescued), *lines]


def _verbatim(step: Step, side: Side, column: int) -> list[Piece]:
    entry = step.sides.of(side)
    if entry is None:
        return []
    if entry.is_in_brackets:
        return _in_line(step, entry.node.source, side, column)
    return [*_lead(step, side, column), *shifted(entry.lines, column - entry.column)]


def _in_line(step: Step, source: str, side: Side, column: int) -> list[Piece]:
    """Return an entry whose value is a scalar or stands in brackets, as `source` has it from one side."""
    beside = step.sides.each(_with_line)
    plain = beside.each(lambda entry: None if entry is None or entry.node.is_block else entry)
    frame = step.sides.of(side) or step.sides.ours or step.sides.theirs
    assert frame is not None
    prefix = _changed(plain, lambda entry: entry.prefix) or frame.prefix or "-"
    if "\n" in source and frame.is_in_brackets:
        lines = source.split("\n")
        deeper = "\n" + " " * (frame.column + _CONTINUED)
        source = deeper.join([lines[0], *(line.lstrip(" ") for line in lines[1:])])
    suffix, more = _suffix(beside, column)
    if source and not prefix[-1:].isspace():
        prefix += " "
    if source[:1] in ("|", ">"):
        more, suffix = [*more, *([" " * column + suffix.strip()] if suffix.strip() else [])], ""
    first, *further = f"{prefix}{source}{suffix}".rstrip(" ").split("\n")
    lead = _lead(step, Side.OURS, column)
    return [*lead, *more, " " * column + first, *shifted(further, column - frame.column)]


def _is_block(step: Step) -> bool:
    """Tell whether a joined collection is written with an entry a line: as soon as one side does so."""
    return any(entry and entry.node.is_block for entry in (step.sides.ours, step.sides.theirs))


def _frame(step: Step) -> Side:
    """Return the side whose layout a joined block follows."""
    ours = step.sides.ours
    return Side.OURS if ours and ours.node.is_block else Side.THEIRS


def _lead(step: Step, side: Side, column: int) -> tuple[str, ...]:
    """Return the comments above an entry: of both sides, or of the one that has it."""
    sides = step.sides
    if sides.ours is None or sides.theirs is None:
        entry = sides.of(side) or sides.ours or sides.theirs
        sides = Three(None, entry, None)
    return _comments(sides, lambda entry: shifted(entry.lead, column - entry.column))


def _comments(sides: Three[Entry | None], lines_of: Callable[[Entry], tuple[str, ...]]) -> tuple[str, ...]:
    base, ours, theirs = sides
    if ours is None or theirs is None:
        entry = ours or theirs
        return lines_of(entry) if entry is not None else ()
    return merge_comments(lines_of(base) if base else (), lines_of(ours), lines_of(theirs))


def _changed(sides: Three[Entry | None], part_of: Callable[[Entry], str]) -> str:
    """Return a part of the line as the side that changed it has it; nothing where no side has the line."""
    parts = sides.each(lambda entry: part_of(entry) if entry is not None else None)
    if parts.ours is None or parts.theirs is None:
        return parts.ours or parts.theirs or ""
    return parts.merged() or ""


def _suffix(sides: Three[Entry | None], column: int) -> tuple[str, list[str]]:
    """Return the comment behind a value, and as a line of its own what theirs says beside it."""
    chosen = _changed(sides, lambda entry: entry.suffix)
    said = sides.each(lambda entry: entry.suffix.strip() if entry is not None else "")
    has_more = said.theirs not in ("", said.base, chosen.strip())
    return chosen, [" " * column + said.theirs] if has_more else []


def _with_line(entry: Entry | None) -> Entry | None:
    """Return an entry that has a line of its own for its key or dash and what follows it."""
    return None if entry is None or entry.is_in_brackets or entry.is_joined else entry


def _is_comment(piece: Piece) -> bool:
    return isinstance(piece, str) and (not piece.strip() or piece.lstrip(" ").startswith("#"))
