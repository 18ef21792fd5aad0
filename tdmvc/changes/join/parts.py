"""SQL that reads the rows of parts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tdmvc.model.diff import TableSide
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, scan_parquet
from tdmvc.sql.types import duckdb_type

_PARQUET_NAMES = frozenset({"filename", "file_row_number", "file_index"})
"""Columns that DuckDB adds to a Parquet scan; a table's own column of that name hides them."""


@dataclass(frozen=True, slots=True)
class RowScan:
    """The rows of one side that need a look.

    `select()` gives columns `f` and `r`, which together identify a row, and the
    values under generated names: `s0`, `s1`, … in the order of the schema.
    """

    schema: TableSchema
    paths: tuple[Path, ...]
    copy: str | None = None
    """The temporary table that the rows were copied to, if they were."""

    def alias(self, column: str) -> str:
        return f"s{self.schema.column_names.index(column)}"

    def select(self, file: int | None = None) -> str:
        """Return the query over all rows, or over those of one file by its position."""
        aliases = [f"s{i}" for i in range(len(self.schema.columns))]
        if self.copy is not None:
            where = "" if file is None else f" WHERE f = {file}"
            return f"SELECT {', '.join(['f', 'r', *aliases])} FROM {self.copy}{where}"
        if not self.paths:
            return self._select_nothing()
        paths = self.paths if file is None else (self.paths[file],)
        number = "file_index" if file is None else str(file)
        values = [f"{quote_name(column.name)} AS {alias}" for column, alias in self._aliased()]
        columns = ", ".join([f"CAST({number} AS BIGINT) AS f", "file_row_number AS r", *values])
        return f"SELECT {columns} FROM {scan_parquet(paths)}"

    def _select_nothing(self) -> str:
        values = [f"CAST(NULL AS {duckdb_type(column.type)}) AS {alias}" for column, alias in self._aliased()]
        return f"SELECT {', '.join(['0::BIGINT AS f', '0::BIGINT AS r', *values])} WHERE false"

    def _aliased(self) -> list[tuple[Column, str]]:
        return [(column, f"s{i}") for i, column in enumerate(self.schema.columns)]


@contextmanager
def open_scan(
    con: DuckDBConnection, side: TableSide, parts: Sequence[str], *, name: str
) -> Iterator[RowScan]:
    """Locate the parts and make their rows available to SQL until the block ends; `name` distinguishes scans."""
    scan = RowScan(side.schema, tuple(_locate(side, parts)))
    taken = {column.lower() for column in side.schema.column_names}
    if not scan.paths or not taken & _PARQUET_NAMES:
        yield scan
        return
    copy = f"tdmvc_{name}"
    values = ", ".join(f"{quote_name(column)} AS {scan.alias(column)}" for column in side.schema.column_names)
    pieces = " UNION ALL ".join(
        f"SELECT {index}::BIGINT AS f, row_number() OVER () AS r, {values} FROM {scan_parquet((path,))}"
        for index, path in enumerate(scan.paths)
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {copy} AS {pieces}")
    try:
        yield RowScan(scan.schema, scan.paths, copy)
    finally:
        con.execute(f"DROP TABLE IF EXISTS temp.{copy}")


def _locate(side: TableSide, parts: Sequence[str]) -> list[Path]:
    """Return the paths of parts; one that a table without a key has several times is located only once."""
    if not parts:
        return []
    counts = Counter(parts)
    paths = list(side.locate(sorted(counts)))
    for part, count in counts.items():
        if count > 1:
            paths.extend(list(side.locate([part])) * (count - 1))
    return paths
