"""Knows which lines of a YAML file say what, so that a merge can move them word for word.

A subset of YAML is read: one document whose root is a mapping in block style, without
anchors, aliases, tags, directives and keys that begin with a question mark.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a node is."""

    SCALAR = "scalar"
    MAPPING = "mapping"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Switch:
    """A plain scalar that is a boolean to some YAML readers, and another value than the quoted text."""

    word: str


Value = None | str | Switch | list["Value"] | dict[str, "Value"]
"""What a node says: numbers and dates are texts, as the strict reader reads them."""


@dataclass(slots=True)
class Node:
    """A value and how it is written. Nothing changes it once the layout is read."""

    kind: Kind
    value: Value
    source: str
    """The words of a scalar or a collection in brackets; empty for a block."""
    is_block: bool = False
    """A collection with an entry a line."""
    column: int = 0
    """Where the keys or dashes of a block stand, counted from 0."""
    entries: list["Entry"] = field(default_factory=list)
    foot: tuple[str, ...] = ()
    """Lines of comments below the last entry of a block."""
    has_comment: bool = False
    """Whether a collection in brackets holds a comment."""


@dataclass(slots=True)
class Entry:
    """A key with its value, or an element of a list."""

    name: str | None
    """None for an element."""
    node: Node
    prefix: str
    """From the key or dash to the value; up to the colon or dash where a block follows on its own lines."""
    suffix: str
    """What follows on the line: space and a comment."""
    column: int = 0
    line: int = 0
    """Of its key or dash, counted from 0."""
    lines: tuple[str, ...] = ()
    """Its own lines, without dashes of the elements that it begins; none within brackets."""
    lead: tuple[str, ...] = ()
    """Blank lines and comments above it."""
    is_joined: bool = False
    """An element whose block begins beside the dash."""

    @property
    def is_in_brackets(self) -> bool:
        return not self.lines

    def is_at(self, line: int) -> bool:
        """Tell whether a line is one of its own."""
        return self.line <= line < self.line + len(self.lines)

    @property
    def wording(self) -> tuple[str, ...]:
        """The entry word for word, wherever it is indented."""
        return shifted(self.lines, -self.column) or (self.prefix, self.node.source)


@dataclass(frozen=True, slots=True)
class Layout:
    """A file by its lines."""

    head: tuple[str, ...]
    """The lines above the first entry that do not belong to it alone."""
    root: Node


def shifted(lines: Sequence[str], by: int) -> tuple[str, ...]:
    """Return the lines indented by more or fewer spaces; an empty line stays empty."""
    if by >= 0:
        return tuple(" " * by + line if line else line for line in lines)
    return tuple(line[min(-by, len(line) - len(line.lstrip(" "))) :] for line in lines)
