"""Measures how alike the values of columns of two sides are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tdmvc.changes.join.parts import RowScan, open_scan
from tdmvc.model.diff import TableSide
from tdmvc.model.schema import Column
from tdmvc.sql.duckdb import DuckDBConnection


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike the values of two columns are."""

    rows: int
    """Rows that could be compared."""
    equal: int
    distinct: int
    """Different values among the equal ones, nulls not counted."""

    @property
    def share(self) -> float:
        return self.equal / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class TableParts:
    """Some parts of one side of a table."""

    side: TableSide
    parts: Sequence[str]


def compare_columns(
    con: DuckDBConnection,
    old: TableParts,
    new: TableParts,
    candidates: Sequence[tuple[Column, Column]],
    *,
    key: Mapping[str, str],
) -> list[Likeness]:
    """Return for each pair of columns how many rows have equal values.

    Args:
        key: what joins the rows, new names by old ones; if it is empty, the values
            are compared as multisets.
    """
    with (
        open_scan(con, old.side, old.parts, name="old") as before,
        open_scan(con, new.side, new.parts, name="new") as after,
    ):
        if not key:
            return [_as_multisets(con, before, after, a, b) for a, b in candidates]
        on = " AND ".join(f"o.{before.alias(a)} = n.{after.alias(b)}" for a, b in key.items())
        counts = ["count(*)"]
        for a, b in candidates:
            left, right = f"o.{before.alias(a.name)}", f"n.{after.alias(b.name)}"
            counts.append(f"count(*) FILTER ({left} IS NOT DISTINCT FROM {right})")
            counts.append(f"approx_count_distinct({left}) FILTER ({left} = {right})")
        query = f"SELECT {', '.join(counts)} FROM ({before.select()}) o JOIN ({after.select()}) n ON {on}"
        rows, *rest = con.execute(query).fetchall()[0]
        return [Likeness(rows, rest[2 * i], rest[2 * i + 1]) for i in range(len(candidates))]


def _as_multisets(con: DuckDBConnection, before: RowScan, after: RowScan, a: Column, b: Column) -> Likeness:
    left, right = before.alias(a.name), after.alias(b.name)
    query = (
        "SELECT coalesce(greatest(sum(o), sum(n)), 0), coalesce(sum(least(o, n)), 0),"
        " count(v) FILTER (least(o, n) > 0) FROM ("
        f" SELECT v, sum(o) AS o, sum(n) AS n FROM ("
        f"SELECT {left} AS v, 1 AS o, 0 AS n FROM ({before.select()})"
        f" UNION ALL SELECT {right}, 0, 1 FROM ({after.select()})) GROUP BY v)"
    )
    rows, equal, distinct = con.execute(query).fetchall()[0]
    return Likeness(int(rows), int(equal), int(distinct))
