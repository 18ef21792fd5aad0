"""Puts what a person decided into the tables of decisions."""

from collections.abc import Iterator, Mapping

from tdmvc.changes.merge.columns import MergedColumns
from tdmvc.changes.merge.counted import whole
from tdmvc.changes.merge.decisions import From, What
from tdmvc.changes.merge.scans import MergeScan
from tdmvc.model.merge import Cell, Choice, Resolutions, RowKey, Side
from tdmvc.sql.duckdb import DuckDBConnection

_CODES = {Side.OURS: From.OURS, Side.THEIRS: From.THEIRS, Side.BASE: From.BASE}
_CHOSEN = "temp.tdmvc_merge_chosen"
_WHOLE_ROW = -1


def settle_rows(con: DuckDBConnection, columns: MergedColumns, table: str, resolutions: Resolutions) -> None:
    """Settle open cells and rows of a table of decisions: by cell, then by row, by column, and for the whole table."""
    chosen = list(_by_row(columns, resolutions.rows))
    if chosen:
        _load(con, chosen)
        for i in range(len(columns.cells)):
            for place in (i, _WHOLE_ROW):
                _settle_cell(con, table, i, place)
        con.execute(
            f"UPDATE {table} SET verdict = chosen.code FROM {_CHOSEN} chosen WHERE {table}.key = chosen.key"
            f" AND chosen.place = {_WHOLE_ROW} AND verdict = {From.OPEN} AND chosen.code <> {From.VALUE}"
        )
        con.execute(f"DROP TABLE {_CHOSEN}")
    for i, column in enumerate(columns.cells):
        side = resolutions.columns.get(column.name) or resolutions.table
        if side is not None:
            con.execute(f"UPDATE {table} SET s{i} = {_CODES[side]} WHERE s{i} = {From.OPEN} AND {_HAS_CELLS}")
    if resolutions.table is not None:
        con.execute(f"UPDATE {table} SET verdict = {_CODES[resolutions.table]} WHERE verdict = {From.OPEN}")


_HAS_CELLS = f"what IN ({What.KEPT}, {What.ADDED_TWICE})"


def settle_counts(con: DuckDBConnection, scan: MergeScan, counted: str, resolutions: Resolutions) -> None:
    """Settle how often rows stand: by row, then for the whole table."""
    letters = {Side.BASE: "b", Side.OURS: "o", Side.THEIRS: "t"}
    texts = ", ".join(f"CAST({name} AS VARCHAR)" for name in whole(scan))
    chosen: list[_Row] = [
        (list(key), _WHOLE_ROW, int(_CODES[choice.side]), None)
        for key, by_column in resolutions.rows.items()
        if (choice := by_column.get(None)) is not None and choice.side is not None
    ]
    if chosen:
        _load(con, chosen)
        for side, letter in letters.items():
            con.execute(
                f"UPDATE {counted} SET n = {letter} FROM {_CHOSEN} chosen WHERE n IS NULL"
                f" AND [{texts}] = chosen.key AND chosen.code = {_CODES[side]}"
            )
        con.execute(f"DROP TABLE {_CHOSEN}")
    if resolutions.table is not None:
        con.execute(f"UPDATE {counted} SET n = {letters[resolutions.table]} WHERE n IS NULL")


def _settle_cell(con: DuckDBConnection, table: str, i: int, place: int) -> None:
    con.execute(
        f"UPDATE {table} SET s{i} = chosen.code, v{i} = chosen.value FROM {_CHOSEN} chosen"
        f" WHERE {table}.key = chosen.key AND chosen.place = {place} AND s{i} = {From.OPEN} AND {_HAS_CELLS}"
    )


_Row = tuple[list[Cell], int, int, Cell]
"""Key, place of the column, code, value."""


def _by_row(columns: MergedColumns, rows: Mapping[RowKey, Mapping[str | None, Choice]]) -> Iterator[_Row]:
    places: dict[str | None, int] = {column.name: i for i, column in enumerate(columns.cells)}
    places[None] = _WHOLE_ROW
    for key, by_column in rows.items():
        for name, choice in by_column.items():
            if name in places:
                code = From.VALUE if choice.side is None else _CODES[choice.side]
                yield list(key), places[name], int(code), choice.value


def _load(con: DuckDBConnection, rows: list[_Row]) -> None:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_CHOSEN.removeprefix('temp.')}"
        " (key VARCHAR[], place INTEGER, code TINYINT, value VARCHAR)"
    )
    con.executemany(f"INSERT INTO {_CHOSEN} VALUES (?, ?, ?, ?)", rows)
