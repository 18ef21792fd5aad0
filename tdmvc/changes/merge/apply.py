"""Applies decisions: the query over the merged rows of a batch."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from tdmvc.changes.merge.rows import From, What
from tdmvc.changes.merge.scans import LETTER, MergeScan
from tdmvc.model.merge import Side
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name
from tdmvc.sql.types import duckdb_type

KEY_RANGE = "tdmvc_key_range"
"""The column of a row's key range in the query over merged rows."""


def merged_rows(
    con: DuckDBConnection,
    scan: MergeScan,
    decided: str,
    key_ranges: Mapping[Side, Sequence[int]] | None = None,
) -> str:
    """Return the query over the merged rows, in no order; its columns are those of the merged table, in its order.

    Args:
        key_ranges: for each side, the number of the key range of each of its parts; the query
            then has that number behind the columns, as `tdmvc_key_range`.
    """
    cells = range(len(scan.columns.cells))
    uses_base = _has(con, decided, " OR ".join(f"s{i} = {From.BASE}" for i in cells) or "false") or any(
        column.ours is None and column.base is not None for column in scan.columns.cells
    )
    pieces = [_ours(scan, decided, _numbers(Side.OURS, key_ranges), uses_base=uses_base)]
    for side in (Side.THEIRS, Side.BASE):
        if _has(con, decided, _comes(side)):
            pieces.append(_brought(scan, decided, side, _numbers(side, key_ranges)))
    return " UNION ALL ".join(pieces)


def _has(con: DuckDBConnection, decided: str, where: str) -> bool:
    found = con.execute(f"SELECT 1 FROM {decided} WHERE {where} LIMIT 1").fetchall()
    return bool(found)


def _numbers(side: Side, key_ranges: Mapping[Side, Sequence[int]] | None) -> str:
    """Return SQL that gives a row's key range by the place of its part."""
    if key_ranges is None:
        return ""
    numbers = ", ".join(map(str, key_ranges[side]))
    return f", CAST([{numbers}][{LETTER[side]}.f + 1] AS BIGINT) AS {KEY_RANGE}"


def _ours(scan: MergeScan, decided: str, numbers: str, *, uses_base: bool) -> str:
    """Return the query over our rows, without removed ones, and with replaced cells."""
    cells = {column.name: f"o.k{i}" for i, column in enumerate(scan.columns.key)}
    for i, column in enumerate(scan.columns.cells):
        before = f"b.c{i}" if uses_base else f"o.c{i}"
        own = f"o.c{i}"
        if column.ours is None and column.base is not None:
            own = f"CASE WHEN b.r IS NULL THEN o.c{i} ELSE b.c{i} END"
        written = f"CAST(d.v{i} AS {duckdb_type(column.column.type)})"
        if pa.types.is_floating(column.column.type):
            written += " + 0"  # parts hold no negative zero
        cells[column.name] = (
            f"CASE d.s{i} WHEN {From.THEIRS} THEN t.c{i} WHEN {From.BASE} THEN {before}"
            f" WHEN {From.VALUE} THEN {written} ELSE {own} END"
        )
    base = f" LEFT JOIN ({scan.rows(Side.BASE)}) b ON b.f = d.b_f AND b.r = d.b_r" if uses_base else ""
    is_removed = f"d.what = {What.SURPLUS} OR (d.what = {What.DELETED_THERE} AND d.verdict <> {From.OURS})"
    return (
        f"SELECT {_named(scan, cells)}{numbers} FROM ({scan.rows(Side.OURS)}) o"
        f" LEFT JOIN (SELECT * FROM {decided} WHERE o_r IS NOT NULL) d ON d.o_f = o.f AND d.o_r = o.r"
        f" LEFT JOIN ({scan.rows(Side.THEIRS)}) t ON t.f = d.t_f AND t.r = d.t_r{base}"
        f" WHERE NOT coalesce({is_removed}, false)"
    )


def _comes(side: Side) -> str:
    """Return the condition for rows that are taken whole from a side."""
    verdict = From.THEIRS if side is Side.THEIRS else From.BASE
    kinds = [What.ADDED_THERE, What.DELETED_HERE]
    if side is Side.BASE:
        # A row that they deleted and we edited may come back as it was.
        kinds.append(What.DELETED_THERE)
    return f"verdict = {verdict} AND what IN ({', '.join(str(int(kind)) for kind in kinds)})"


def _brought(scan: MergeScan, decided: str, side: Side, numbers: str) -> str:
    letter = LETTER[side]
    cells = {column.name: f"{letter}.k{i}" for i, column in enumerate(scan.columns.key)}
    cells |= {column.name: f"{letter}.c{i}" for i, column in enumerate(scan.columns.cells)}
    return (
        f"SELECT {_named(scan, cells)}{numbers} FROM ({scan.rows(side)}) {letter}"
        f" JOIN (SELECT * FROM {decided} WHERE {_comes(side)}) d ON d.{letter}_f = {letter}.f"
        f" AND d.{letter}_r = {letter}.r"
    )


def _named(scan: MergeScan, cells: dict[str, str]) -> str:
    return ", ".join(f"{cells[name]} AS {quote_name(name)}" for name in scan.columns.order)
