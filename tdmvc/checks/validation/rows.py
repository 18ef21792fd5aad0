"""The rows of a table for SQL, each with the place where it is."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tdmvc.checks.validation.cache import CountCache
from tdmvc.model.diff import TableSide
from tdmvc.model.schema import TableSchema
from tdmvc.sql.quoting import quote_name, scan_parquet
from tdmvc.sql.types import no_rows

_PARQUET_NAMES = frozenset({"filename", "file_row_number", "file_index"})
"""Columns that DuckDB adds to a Parquet scan; a table's own column of that name hides them."""


@dataclass(frozen=True, slots=True)
class PartScan:
    """Rows of some parts."""

    parts: tuple[str, ...]
    """By the number that the column `file` has; a part that a table without a key holds twice is in it twice."""
    sql: str
    """What to put behind FROM: the columns of the table, and the columns `file` and `row`."""
    file: str
    """The quoted name of the column with the number of the part."""
    row: str
    """The quoted name of the column with the number of the row in its part."""


@dataclass(frozen=True)
class TableRows:
    """A table whose rows are validated."""

    side: TableSide

    @property
    def schema(self) -> TableSchema:
        return self.side.schema

    @cached_property
    def times(self) -> Counter[str]:
        """How often the table holds each part; a table with a key holds each once."""
        return Counter(self.side.parts)

    def digests(self, parts: Collection[str] | None = None) -> frozenset[str] | None:
        """Return the hashes of the bytes of parts, by default of all; None if one has none, or two have the same."""
        wanted = self.times if parts is None else parts
        found = frozenset(self.side.digests[part] for part in wanted if part in self.side.digests)
        return found if len(found) == sum(self.times[part] for part in wanted) else None

    def recall(self, cache: CountCache, test: str, parts: Iterable[str]) -> dict[str, int]:
        """Return how many rows of parts break a test, as far as it was counted for the same bytes."""
        digests = {part: self.side.digests[part] for part in parts if part in self.side.digests}
        known = cache.counts(test, set(digests.values()))
        return {part: known[digest] for part, digest in digests.items() if digest in known}

    def remember(self, cache: CountCache, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Keep how many rows of parts break tests: by test, and by part."""
        digests = self.side.digests
        cache.remember(
            {
                test: {digests[part]: rows for part, rows in by_part.items() if part in digests}
                for test, by_part in counts.items()
            }
        )

    def paths(self, parts: Sequence[str]) -> list[Path]:
        """Return the file of each part."""
        # A listing gives its files in the order of their names.
        names = sorted(set(parts), key=lambda part: f"{part}.parquet")
        by_name = dict(zip(names, self.side.locate(names), strict=True)) if names else {}
        return [by_name[part] for part in parts]

    def scan(self, parts: Sequence[str] | None = None) -> PartScan:
        """Return the rows of parts, by default of all."""
        if parts is None:
            parts = sorted(self.side.parts)
        distinct = list(dict.fromkeys(parts))
        by_part = dict(zip(distinct, self.paths(distinct), strict=True))
        names = self.schema.column_names
        file, row = (quote_name(free_name(word, names)) for word in ("tdmvc file", "tdmvc row"))
        if not parts:
            sql = f"(SELECT *, 0 AS {file}, 0 AS {row} FROM {no_rows(self.schema.arrow_schema())})"
        elif _PARQUET_NAMES.isdisjoint(name.lower() for name in names):
            scan = scan_parquet(by_part[part] for part in parts)
            sql = f"(SELECT *, file_index AS {file}, file_row_number AS {row} FROM {scan})"
        else:
            pieces = (
                f"SELECT *, {number} AS {file}, row_number() OVER () - 1 AS {row} FROM {scan_parquet((by_part[part],))}"
                for number, part in enumerate(parts)
            )
            sql = f"({' UNION ALL '.join(pieces)})"
        return PartScan(tuple(parts), sql, file, row)


def free_name(word: str, taken: Sequence[str]) -> str:
    """Return a name that no column has."""
    folded = {name.casefold() for name in taken}
    while word in folded:
        word += "_"
    return word
