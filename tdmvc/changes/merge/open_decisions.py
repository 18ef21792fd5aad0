"""Resolves open decisions as a person decided, counts them, and describes them as conflicts."""

from collections.abc import Iterator, Mapping

from tdmvc.changes.merge.columns import MergedColumns
from tdmvc.changes.merge.counted import whole
from tdmvc.changes.merge.rows import From, What
from tdmvc.changes.merge.scans import MergeScan
from tdmvc.model.merge import Cell, Choice, Conflict, ConflictKind, Resolutions, RowKey, Side
from tdmvc.sql.duckdb import DuckDBConnection

SIDE_CODES = {Side.OURS: From.OURS, Side.THEIRS: From.THEIRS, Side.BASE: From.BASE}
"""How decisions write the side of a cell or a row."""
_CHOSEN = "temp.tdmvc_merge_chosen"
_WHOLE_ROW = -1


def resolve_rows(con: DuckDBConnection, columns: MergedColumns, table: str, resolutions: Resolutions) -> None:
    """Resolve open cells and rows of a table of decisions: by cell, then by row, by column, and for the whole table."""
    chosen = list(_by_row(columns, resolutions.rows))
    if chosen:
        _load(con, chosen)
        for i in range(len(columns.cells)):
            for place in (i, _WHOLE_ROW):
                _resolve_cell(con, table, i, place)
        con.execute(
            f"UPDATE {table} SET verdict = chosen.code FROM {_CHOSEN} chosen WHERE {table}.key = chosen.key"
            f" AND chosen.place = {_WHOLE_ROW} AND verdict = {From.OPEN} AND chosen.code <> {From.VALUE}"
        )
        con.execute(f"DROP TABLE {_CHOSEN}")
    for i, column in enumerate(columns.cells):
        side = resolutions.columns.get(column.name) or resolutions.table
        if side is not None:
            con.execute(
                f"UPDATE {table} SET s{i} = {SIDE_CODES[side]} WHERE s{i} = {From.OPEN} AND {_HAS_CELLS}"
            )
    if resolutions.table is not None:
        con.execute(
            f"UPDATE {table} SET verdict = {SIDE_CODES[resolutions.table]} WHERE verdict = {From.OPEN}"
        )


_HAS_CELLS = f"what IN ({What.KEPT}, {What.ADDED_TWICE})"


def resolve_counts(con: DuckDBConnection, scan: MergeScan, counted: str, resolutions: Resolutions) -> None:
    """Resolve how often rows occur: by row, then for the whole table."""
    letters = {Side.BASE: "b", Side.OURS: "o", Side.THEIRS: "t"}
    texts = ", ".join(f"CAST({name} AS VARCHAR)" for name in whole(scan))
    chosen: list[_Row] = [
        (list(key), _WHOLE_ROW, int(SIDE_CODES[choice.side]), None)
        for key, by_column in resolutions.rows.items()
        if (choice := by_column.get(None)) is not None and choice.side is not None
    ]
    if chosen:
        _load(con, chosen)
        for side, letter in letters.items():
            con.execute(
                f"UPDATE {counted} SET n = {letter} FROM {_CHOSEN} chosen WHERE n IS NULL"
                f" AND [{texts}] = chosen.key AND chosen.code = {SIDE_CODES[side]}"
            )
        con.execute(f"DROP TABLE {_CHOSEN}")
    if resolutions.table is not None:
        con.execute(f"UPDATE {counted} SET n = {letters[resolutions.table]} WHERE n IS NULL")


def _resolve_cell(con: DuckDBConnection, table: str, i: int, place: int) -> None:
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
                code = From.VALUE if choice.side is None else SIDE_CODES[choice.side]
                yield list(key), places[name], int(code), choice.value


def _load(con: DuckDBConnection, rows: list[_Row]) -> None:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_CHOSEN.removeprefix('temp.')}"
        " (key VARCHAR[], place INTEGER, code TINYINT, value VARCHAR)"
    )
    con.executemany(f"INSERT INTO {_CHOSEN} VALUES (?, ?, ?, ?)", rows)


_KINDS = {What.KEPT: ConflictKind.CELL, What.ADDED_TWICE: ConflictKind.ROW_ADDED}
_OPEN_CELLS = f"what IN ({What.KEPT}, {What.ADDED_TWICE})"


def count_open(con: DuckDBConnection, scan: MergeScan, decided: str) -> int:
    """Return how many cells and rows of a table of decisions are open."""
    cells = " + ".join(f"CAST(s{i} = {From.OPEN} AS BIGINT)" for i in range(len(scan.columns.cells))) or "0"
    query = (
        f"SELECT coalesce(sum(CASE WHEN {_OPEN_CELLS} THEN {cells}"
        f" ELSE CAST(verdict = {From.OPEN} AS BIGINT) END), 0) FROM {decided}"
    )
    return int(con.execute(query).fetchall()[0][0])


def count_open_counts(con: DuckDBConnection, counted: str) -> int:
    """Return how many rows occur a number of times that is open."""
    return int(con.execute(f"SELECT count(*) FROM {counted} WHERE n IS NULL").fetchall()[0][0])


def describe_open(con: DuckDBConnection, scan: MergeScan, decided: str, most: int) -> Iterator[Conflict]:
    """Yield the first conflicts of a table of decisions, in key order."""
    columns = scan.columns.cells
    any_open = " OR ".join(f"s{i} = {From.OPEN}" for i in range(len(columns))) or "false"
    cells = [f"CAST({side}.c{i} AS VARCHAR)" for i in range(len(columns)) for side in "bot"]
    marks = [f"s{i} = {From.OPEN}" for i in range(len(columns))]
    rows = con.execute(
        f"SELECT d.what, d.key, {', '.join([*marks, *cells]) or 'NULL'} FROM {decided} d"
        f" LEFT JOIN ({scan.rows(Side.BASE)}) b ON b.f = d.b_f AND b.r = d.b_r"
        f" LEFT JOIN ({scan.rows(Side.OURS)}) o ON o.f = d.o_f AND o.r = d.o_r"
        f" LEFT JOIN ({scan.rows(Side.THEIRS)}) t ON t.f = d.t_f AND t.r = d.t_r"
        f" WHERE ({_OPEN_CELLS} AND ({any_open})) OR d.verdict = {From.OPEN}"
        f" ORDER BY {', '.join(f'd.{key} NULLS FIRST' for key in scan.keys)} LIMIT {most}"
    ).fetchall()
    for what, key, *values in rows:
        is_open, texts = values[: len(columns)], values[len(columns) :]
        found = [(column.name, *texts[3 * i : 3 * i + 3]) for i, column in enumerate(columns) if is_open[i]]
        yield from _conflicts(What(what), tuple(key), found)


def describe_open_counts(
    con: DuckDBConnection, scan: MergeScan, counted: str, most: int
) -> Iterator[Conflict]:
    """Yield the first rows whose number is open."""
    names = whole(scan)
    texts = ", ".join(f"CAST({name} AS VARCHAR)" for name in names)
    rows = con.execute(
        f"SELECT [{texts}], b, o, t FROM {counted} WHERE n IS NULL"
        f" ORDER BY {', '.join(f'{name} NULLS FIRST' for name in names)} LIMIT {most}"
    ).fetchall()
    for key, base, ours, theirs in rows:
        yield Conflict(ConflictKind.ROW_COUNT, tuple(key), base=str(base), ours=str(ours), theirs=str(theirs))


def _conflicts(
    what: What, key: tuple[Cell, ...], cells: list[tuple[str, Cell, Cell, Cell]]
) -> Iterator[Conflict]:
    if what in _KINDS:
        for name, base, ours, theirs in cells:
            yield Conflict(_KINDS[what], key, name, base, ours, theirs)
        return
    before = _format_cells(cells, 1)
    edited = f"{len(cells)} cell{'s were' if len(cells) > 1 else ' was'} edited: " + ", ".join(
        name for name, *_ in cells
    )
    if what is What.DELETED_THERE:
        yield Conflict(ConflictKind.ROW_DELETED, key, None, before, _format_cells(cells, 2), None, edited)
    else:
        yield Conflict(ConflictKind.ROW_DELETED, key, None, before, None, _format_cells(cells, 3), edited)


def _format_cells(cells: list[tuple[str, Cell, Cell, Cell]], place: int) -> str:
    return ", ".join(f"{cell[0]}: {'NULL' if cell[place] is None else cell[place]}" for cell in cells)
