"""The output budget of a review: how much one page or comment shows, and what it leaves out."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tdmvc.model.text import plural

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailLevel:
    """How many things of each kind are shown at one step of shortening."""

    tables: int
    units: int
    """Units of related rows."""
    patterns: int
    schema: int
    """Schema changes."""
    shifts: int
    findings: int
    facts: int
    """Reasons, heads, ignored columns, commands: each list by itself."""
    rows: int = 0
    """Sample rows of one kind in one table; the HTML page adds rows as far as they fit instead."""
    datasets: int = sys.maxsize
    text: int = sys.maxsize
    """Characters of a sentence from data."""


@dataclass(slots=True)
class OutputBudget:
    """What may be shown, and what was left out so far."""

    level: DetailLevel
    _left_out: Counter[str] = field(default_factory=Counter)

    def take(self, items: Sequence[_Item], most: int, noun: str) -> Sequence[_Item]:
        """Return the first `most` items, and count the others as left out."""
        self.leave_out(len(items) - most, noun)
        return items[:most]

    def leave_out(self, count: int, noun: str) -> None:
        """Count things that are not shown."""
        if count > 0:
            self._left_out[noun] += count

    @property
    def left_out(self) -> list[str]:
        """What is left out, a phrase for each kind: `2 tables`, `100 changed rows`."""
        return [plural(count, noun) for noun, count in sorted(self._left_out.items())]
