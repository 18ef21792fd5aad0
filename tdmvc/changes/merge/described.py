"""Knows the open decisions as conflicts that a person can read."""

from collections.abc import Iterator

from tdmvc.changes.merge.counted import whole
from tdmvc.changes.merge.decisions import From, What
from tdmvc.changes.merge.scans import MergeScan
from tdmvc.model.merge import Cell, Conflict, ConflictKind, Side
from tdmvc.sql.duckdb import DuckDBConnection

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
    """Return how many rows stand a number of times that is open."""
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
    before = _spell(cells, 1)
    edited = f"{len(cells)} cell{'s were' if len(cells) > 1 else ' was'} edited: " + ", ".join(
        name for name, *_ in cells
    )
    if what is What.DELETED_THERE:
        yield Conflict(ConflictKind.ROW_DELETED, key, None, before, _spell(cells, 2), None, edited)
    else:
        yield Conflict(ConflictKind.ROW_DELETED, key, None, before, None, _spell(cells, 3), edited)


def _spell(cells: list[tuple[str, Cell, Cell, Cell]], place: int) -> str:
    return ", ".join(f"{cell[0]}: {'NULL' if cell[place] is None else cell[place]}" for cell in cells)
