"""Knows which entry of a YAML file a comment belongs to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tdmvc.formats.manifests.layout import Entry, Node

_OUTSIDE = -1


@dataclass(frozen=True, slots=True)
class _Block:
    """A block that is open at a line."""

    node: Node
    owner: Entry | None
    """The entry whose value it is; None for the root."""

    @property
    def least_indent(self) -> int:
        """How deep a comment below it is indented at the least: deeper than the key that it stands under."""
        is_beneath = self.owner is not None and self.owner.column == self.node.column
        return self.node.column + is_beneath


@dataclass(slots=True)
class _Station:
    """A line at which entries begin, and what is open where their own lines end."""

    line: int
    last: int
    """The last line before the next station that is no comment."""
    entry: Entry
    """The outermost entry that begins here."""
    blocks: tuple[_Block, ...]
    """What encloses the innermost entry that begins here, outermost first."""
    outside: int
    """How many of `blocks` enclose `entry`."""


def hang_comments(root: Node, lines: Sequence[str], top: int) -> tuple[str, ...]:
    """Give each entry the comments and blank lines above it, and each block those below its last entry.

    A comment below a block belongs to it where it is indented deeper than the entry that follows.
    Returns the file's head: the first `top` lines, and the first comments where a blank line
    parts them from what follows.
    """
    stations: list[_Station] = []
    _walk(_Block(root, None), (), lines, top, stations)
    if not stations:
        return tuple(lines)
    first = stations[0].line
    blanks = [place for place in range(top, first) if not lines[place].strip()]
    top = blanks[-1] + 1 if blanks else top
    stations[0].entry.lead = tuple(lines[top:first])
    for here, after in zip(stations, [*stations[1:], None], strict=True):
        gap = lines[here.last + 1 : len(lines) if after is None else after.line]
        column = _OUTSIDE if after is None else after.entry.column
        taken = _hang_below(here.blocks[0 if after is None else after.outside :], gap, column)
        if after is not None:
            after.entry.lead = tuple(gap[taken:])
    return tuple(lines[:top])


def _walk(
    block: _Block, above: tuple[_Block, ...], lines: Sequence[str], start: int, stations: list[_Station]
) -> int:
    """Add the stations of a block whose lines are looked for from `start`; return the line behind it."""
    blocks = (*above, block)
    for entry in block.node.entries:
        line = _find(lines, start)
        if stations and stations[-1].line == line:
            stations[-1].blocks = blocks
        else:
            stations.append(_Station(line, line, entry, blocks, len(blocks)))
        if entry.node.is_block:
            inner = line if entry.is_joined else line + 1
            start = _walk(_Block(entry.node, entry), blocks, lines, inner, stations)
        else:
            start = line + len(entry.lines)
            stations[-1].last = start - 1
    return start


def _find(lines: Sequence[str], start: int) -> int:
    """Return the next line that is neither blank nor a comment."""
    return next(
        place
        for place in range(start, len(lines))
        if lines[place].strip(" ") and not lines[place].lstrip(" ").startswith("#")
    )


def _hang_below(closed: Sequence[_Block], gap: Sequence[str], column: int) -> int:
    """Hang the first lines of a gap below the blocks that end there; return how many they are."""
    still = list(closed)
    taken = 0
    for place, line in enumerate(gap):
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip(" "))
        while len(still) > 1 and still[-1].least_indent > indent:
            still.pop()
        if not still or indent <= column:
            break
        _hang(still, gap[taken : place + 1])
        taken = place + 1
    if column == _OUTSIDE and taken < len(gap):
        _hang(closed[:1], gap[taken:])
        taken = len(gap)
    return taken


def _hang(blocks: Sequence[_Block], lines: Sequence[str]) -> None:
    """Hang lines below the last of the blocks; what encloses it has them among its own lines."""
    blocks[-1].node.foot += tuple(lines)
    for block in blocks:
        if block.owner is not None:
            block.owner.lines += tuple(lines)


def merge_comments(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> tuple[str, ...]:
    """Return three sides' lines of comments as one: the change of one side, or ours and what theirs added."""
    was, here, there = ([line.strip() for line in side] for side in (base, ours, theirs))
    if there == was:
        return tuple(ours)
    if here == was:
        return tuple(theirs)
    known = {*was, *here}
    return (*ours, *(line for line in theirs if line.strip() not in known))


def comments_in(entry: Entry) -> Iterator[str]:
    """Yield the comments beside and within an entry, without their indentation; those above it not."""
    yield from _said([entry.suffix])
    for inner in entry.node.entries:
        yield from _said(inner.lead)
        yield from comments_in(inner)
    yield from _said(entry.node.foot)


def _said(lines: Sequence[str]) -> Iterator[str]:
    return (words for line in lines if (words := line.strip()))
