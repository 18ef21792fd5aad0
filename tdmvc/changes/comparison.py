"""The input and the result of a comparison of rows."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tdmvc.changes.pairs import ColumnPairs
from tdmvc.model.diff import ChangePattern, RowCounts, Samples, TableSide
from tdmvc.model.finding import Finding
from tdmvc.sql.duckdb import DuckDBConnection


@dataclass(frozen=True, slots=True)
class ComparedSides:
    """Two sides of a table, the parts whose rows are compared, and how their columns pair."""

    old: TableSide
    new: TableSide
    old_parts: Sequence[str]
    new_parts: Sequence[str]
    pairs: ColumnPairs


@dataclass(frozen=True, slots=True)
class TableComparison:
    """Exact counts, the patterns that explain them, and the first few rows."""

    rows: RowCounts
    columns: dict[str, int] = field(default_factory=dict)
    """Changed cells by column, most first."""
    ignored: dict[str, int] = field(default_factory=dict)
    """Changed cells that rules leave out, by column, most first."""
    patterns: tuple[ChangePattern, ...] = ()
    samples: Samples = field(default_factory=Samples)
    findings: tuple[Finding, ...] = ()


def most_first(counts: dict[str, int]) -> dict[str, int]:
    """Return the counts that are not 0, largest first."""
    return dict(sorted(((n, c) for n, c in counts.items() if c), key=lambda item: -item[1]))


Engine = Callable[[], DuckDBConnection]
"""Returns a DuckDB connection with bounded memory; called only where SQL is needed."""


def differing_parts(old: TableSide, new: TableSide) -> tuple[list[str], list[str]]:
    """Return the parts that only one side holds, sorted; a part may occur several times."""
    before, after = Counter(old.parts), Counter(new.parts)
    return sorted((before - after).elements()), sorted((after - before).elements())
