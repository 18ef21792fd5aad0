"""The input and the result of a comparison of rows, and where its full list of rows is written."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from tdmvc.changes.pairs import ColumnPairs
from tdmvc.model.diff import Pattern, RowCounts, Samples, TableSide
from tdmvc.model.finding import Finding
from tdmvc.model.progress import ProgressCallback, ignore_progress
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


Engine = Callable[[], DuckDBConnection]
"""Returns a DuckDB connection with bounded memory; called only where SQL is needed."""


def differing_parts(old: TableSide, new: TableSide) -> tuple[list[str], list[str]]:
    """Return the parts that only one side holds, sorted; a part may occur several times."""
    before, after = Counter(old.parts), Counter(new.parts)
    return sorted((before - after).elements()), sorted((after - before).elements())


_LONGEST_NAME = 180
"""A percent-encoded name may grow beyond what file systems take (255 bytes)."""


class RowsFormat(StrEnum):
    """How row files are written."""

    PARQUET = "parquet"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class RowsTarget:
    """Where the full list of touched rows is written.

    One line per row: `change` (added, removed or changed), then `key_<column>` for the key,
    `old_<column>` for every column of the old side and `new_<column>` for every column of the new
    side, in key order. A side that lacks the row is null. Values of personal columns are masked; a
    null stays a null.
    """

    folder: Path
    format: RowsFormat = RowsFormat.PARQUET

    def path_of(self, table: str) -> Path:
        """Return the table's file; its name cannot lead out of the folder."""
        return self.folder / f"{encode_file_name(table)}.{self.format.value}"


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """What a comparison shows of the rows, and where it reports its progress."""

    sample_rows: int = 5
    """How many rows of each kind are shown."""
    rows: RowsTarget | None = None
    """Where the full list of touched rows is written, one file per changed table."""
    on_progress: ProgressCallback = ignore_progress


DEFAULT_DIFF = DiffOptions()


def encode_file_name(table: str) -> str:
    """Return the table's name with anything but letters, digits, `_`, `.` and `-` percent-encoded.

    A leading dot is encoded too; a name too long for a file is cut and ends in its hash.
    """
    name = quote(table, safe="").replace("~", "%7E")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > _LONGEST_NAME:
        name = name[:_LONGEST_NAME] + "-" + hashlib.sha256(table.encode()).hexdigest()[:16]
    return name
