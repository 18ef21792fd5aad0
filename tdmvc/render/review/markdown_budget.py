"""Knows how much of a review a comment shows at each step of shortening, and counts what it leaves out."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tdmvc.render.markdown import code, link
from tdmvc.render.terminal import plural

Page = Callable[[str, str | None], str]
"""(dataset, table or None) → the address of its page."""

Block = list[str]
"""Lines that stand together, with an empty line before and after."""

_Item = TypeVar("_Item")
_TAIL = re.compile(" (?:of|with) ")


@dataclass(frozen=True, slots=True)
class Detail:
    """How many of each are shown."""

    rows: int
    """Samples of one kind in one table."""
    units: int
    patterns: int
    tables: int
    schema: int
    shifts: int
    findings: int
    reasons: int


LEVELS = (
    Detail(rows=10, units=10, patterns=60, tables=200, schema=200, shifts=10, findings=50, reasons=40),
    Detail(rows=5, units=5, patterns=60, tables=200, schema=200, shifts=5, findings=50, reasons=40),
    Detail(rows=2, units=3, patterns=60, tables=200, schema=100, shifts=3, findings=50, reasons=20),
    Detail(rows=0, units=0, patterns=60, tables=200, schema=100, shifts=3, findings=50, reasons=20),
    Detail(rows=0, units=0, patterns=12, tables=200, schema=50, shifts=0, findings=30, reasons=20),
    Detail(rows=0, units=0, patterns=12, tables=100, schema=40, shifts=0, findings=30, reasons=20),
    Detail(rows=0, units=0, patterns=5, tables=60, schema=20, shifts=0, findings=20, reasons=10),
    Detail(rows=0, units=0, patterns=0, tables=20, schema=10, shifts=0, findings=10, reasons=5),
    Detail(rows=0, units=0, patterns=0, tables=0, schema=0, shifts=0, findings=3, reasons=3),
)
"""Samples go first, then patterns, then tables."""


@dataclass(slots=True)
class Room:
    """What may be shown, where more is to be found, and what was left out so far."""

    detail: Detail
    link: str | None = None
    page: Page | None = None
    left: Counter[str] = field(default_factory=Counter)

    def take(self, items: Sequence[_Item], most: int, noun: str) -> Sequence[_Item]:
        """Return the first items, and count the others as left out."""
        self.leave(len(items) - most, noun)
        return items[:most]

    def leave(self, count: int, noun: str) -> None:
        if count > 0:
            self.left[noun] += count

    def name(self, dataset: str, table: str | None, shown: str) -> str:
        """Return a name as code, leading to its page where there is one."""
        return link(code(shown), self.page(dataset, table)) if self.page else code(shown)


def more(count: int, noun: str) -> Block:
    """Return a line that says how many more there are, if there are."""
    return [f"*… and {many(count, f'more {noun}')}*"] if count > 0 else []


def many(count: int, noun: str) -> str:
    """Return the number with its noun; the plural stands before `of` and `with`: `2 tables with removed rows`."""
    match = _TAIL.search(noun)
    head = noun[: match.start()] if match else noun
    return plural(count, head) + noun[len(head) :]
