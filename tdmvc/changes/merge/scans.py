"""SQL that reads the rows of three sides under the names and in the types of the merged table."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tdmvc.arrow.types import is_widening
from tdmvc.changes.join.forms import JSON_FORM, register_json_udf
from tdmvc.changes.join.parts import RowScan, open_scan
from tdmvc.changes.merge.column_merger import MergedColumn
from tdmvc.changes.merge.columns import MergedColumns
from tdmvc.model.diff import TableSide
from tdmvc.model.merge import Side
from tdmvc.sql.defaults import default_sql
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.types import duckdb_type

LETTER = {Side.BASE: "b", Side.OURS: "o", Side.THEIRS: "t"}
"""The names of a side's rows in SQL."""


@dataclass(frozen=True, slots=True)
class MergeScan:
    """The rows of all three sides that must be compared.

    `rows(side)` gives `f` and `r`, which together identify a row; the key as `k0`…; the other cells
    as `c0`…, in the order of `columns.cells`; and what may be lost in the merged table:
    `x0`…, cells in the side's own text, for the columns of `narrowed`, and `d0`…, the cells of dropped columns.
    """

    columns: MergedColumns
    scans: Mapping[Side, RowScan]

    def rows(self, side: Side) -> str:
        """Return the query over a side's rows."""
        scan = self.scans[side]
        keys = [f"{_value(column, scan, side)} AS k{i}" for i, column in enumerate(self.columns.key)]
        cells = [f"{_value(column, scan, side)} AS c{i}" for i, column in enumerate(self.columns.cells)]
        texts = [f"{_text(column, scan, side)} AS x{i}" for i, column in enumerate(self.narrowed)]
        misfits = [f"{_misfit(column, scan, side)} AS m{i}" for i, column in enumerate(self.narrowed)]
        dropped = [f"{_raw(column, scan, side)} AS d{i}" for i, column in enumerate(self.columns.dropped)]
        names = ["f", "r", *keys, *cells, *texts, *misfits, *dropped]
        return f"SELECT {', '.join(names)} FROM ({scan.select()})"

    @property
    def narrowed(self) -> tuple[MergedColumn, ...]:
        """The columns whose values on some side may have no equal value in the merged type."""
        return tuple(
            column for column in self.columns.all if any(_is_narrowed(column, side) for side in Side)
        )

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(f"k{i}" for i in range(len(self.columns.key)))

    @property
    def cells(self) -> tuple[str, ...]:
        return tuple(f"c{i}" for i in range(len(self.columns.cells)))


@contextmanager
def open_scans(
    con: DuckDBConnection,
    columns: MergedColumns,
    sides: Mapping[Side, TableSide],
    parts: Mapping[Side, Sequence[str]],
) -> Iterator[MergeScan]:
    """Locate parts of each side and make their rows available to SQL until the block ends.

    The same parts give the same `f` and `r` each time.
    """
    with ExitStack() as stack:
        scans = {
            side: stack.enter_context(open_scan(con, sides[side], parts[side], name=f"merge_{side}"))
            for side in Side
        }
        needs_json = any(is_json(column) for column in (*columns.all, *columns.dropped))
        stack.enter_context(register_json_udf(con, is_needed=needs_json))
        yield MergeScan(columns, scans)


def is_json(column: MergedColumn) -> bool:
    """Return whether texts of a column that differ may still hold the same JSON."""
    return any(c is not None and c.is_json for c in (column.base, column.ours, column.theirs))


def differs(column: MergedColumn, left: str, right: str) -> str:
    """Return an SQL boolean over two cells of one column: null-safe, NaN equals NaN, JSON by structure."""
    plain = f"{left} IS DISTINCT FROM {right}"
    if not is_json(column):
        return f"({plain})"
    parsed = f"{JSON_FORM}({left}) IS DISTINCT FROM {JSON_FORM}({right})"
    return f"(CASE WHEN {plain} THEN {parsed} ELSE false END)"


def grouped(column: MergedColumn, cell: str) -> str:
    """Return the cell in a form that GROUP BY can compare."""
    return f"{JSON_FORM}({cell})" if is_json(column) else cell


def _is_narrowed(column: MergedColumn, side: Side) -> bool:
    own = column.of(side)
    return own is not None and not own.is_untyped and not is_widening(own.type, column.column.type)


def _value(column: MergedColumn, scan: RowScan, side: Side) -> str:
    own, target = column.of(side), column.column.type
    if own is None:
        # A new row of a side without the column is an INSERT that leaves it out.
        return f"CAST(NULL AS {duckdb_type(target)})" if side is Side.BASE else default_sql(column.column)
    raw = scan.alias(own.name)
    if own.type == target:
        return raw
    cast = "CAST" if is_widening(own.type, target) else "TRY_CAST"
    return f"{cast}({raw} AS {duckdb_type(target)})"


def _misfit(column: MergedColumn, scan: RowScan, side: Side) -> str:
    """Return an SQL boolean: the value is not the same after a round trip through the merged type."""
    own = column.of(side)
    if own is None or not _is_narrowed(column, side):
        return "false"
    raw, target = scan.alias(own.name), duckdb_type(column.column.type)
    return f"TRY_CAST(TRY_CAST({raw} AS {target}) AS {duckdb_type(own.type)}) IS DISTINCT FROM {raw}"


def _text(column: MergedColumn, scan: RowScan, side: Side) -> str:
    own = column.of(side)
    return f"CAST({scan.alias(own.name)} AS VARCHAR)" if own is not None else "CAST(NULL AS VARCHAR)"


def _raw(column: MergedColumn, scan: RowScan, side: Side) -> str:
    own = column.of(side)
    return scan.alias(own.name) if own is not None else f"CAST(NULL AS {duckdb_type(column.column.type)})"
