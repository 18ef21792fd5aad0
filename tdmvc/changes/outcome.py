"""What a comparison of rows found, whichever way it went."""

from dataclasses import dataclass, field

from tdmvc.model.diff import Pattern, RowCounts, Samples
from tdmvc.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Outcome:
    """Exact counts, the patterns that explain them, and the first few rows."""

    rows: RowCounts
    columns: dict[str, int] = field(default_factory=dict)
    """Changed cells by column, most first."""
    ignored: dict[str, int] = field(default_factory=dict)
    """Changed cells that rules leave out, by column, most first."""
    patterns: tuple[Pattern, ...] = ()
    samples: Samples = field(default_factory=Samples)
    findings: tuple[Finding, ...] = ()


def most_first(counts: dict[str, int]) -> dict[str, int]:
    """Return the counts that are not 0, largest first."""
    return dict(sorted(((n, c) for n, c in counts.items() if c), key=lambda item: -item[1]))
