"""Values that do not fit the type of a merged column: counts them, and settles them as a person decided."""

from tdmvc.changes.merge.column_merger import MergedColumn
from tdmvc.changes.merge.open_decisions import SIDE_CODES
from tdmvc.changes.merge.rows import From, What
from tdmvc.changes.merge.scans import MergeScan
from tdmvc.model.merge import Conflict, ConflictKind, Resolutions, Side
from tdmvc.model.text import plural
from tdmvc.sql.duckdb import DuckDBConnection


def settle_misfits(con: DuckDBConnection, scan: MergeScan, table: str, resolutions: Resolutions) -> None:
    """Take the cell of the chosen side where a value of another side does not fit the type of the column."""
    places = {column.name: i for i, column in enumerate(scan.columns.cells)}
    for i, column in enumerate(scan.narrowed):
        side = chosen_side(column, resolutions)
        if side is not None and column.name in places:
            cell = f"s{places[column.name]}"
            con.execute(
                f"UPDATE {table} SET {cell} = {SIDE_CODES[side]} WHERE m{i} AND {cell} <> {From.VALUE}"
                f" AND what IN ({What.KEPT}, {What.ADDED_TWICE})"
            )


def count_converted(con: DuckDBConnection, scan: MergeScan, table: str, resolutions: Resolutions) -> int:
    """Return how many values that do not fit are in the merged rows, because the chosen side has no cell for them."""
    places = {column.name: i for i, column in enumerate(scan.columns.cells)}
    count = 0
    for i, column in enumerate(scan.narrowed):
        if chosen_side(column, resolutions) is None or column.name not in places:
            continue
        stays = (
            f"what = {What.ADDED_THERE} OR (what = {What.NOTED} AND o_r IS NOT NULL)"
            f" OR (what = {What.DELETED_THERE} AND verdict = {From.OURS})"
            f" OR (what = {What.DELETED_HERE} AND verdict = {From.THEIRS})"
            f" OR (what = {What.ADDED_TWICE} AND s{places[column.name]} = {From.BASE})"
        )
        query = f"SELECT count(*) FROM {table} WHERE m{i} AND ({stays})"
        count += int(con.execute(query).fetchall()[0][0])
    return count


def chosen_side(column: MergedColumn, resolutions: Resolutions) -> Side | None:
    """Return the side whose type a person chose for a column."""
    choice = resolutions.choice(misfit(column, 0))
    return choice.side if choice is not None else None


def misfit(column: MergedColumn, count: int) -> Conflict:
    """Return the conflict about a column with so many values that do not fit its type."""
    types = {side: c.type_text if (c := column.of(side)) is not None else None for side in Side}
    return Conflict(
        ConflictKind.COLUMN_TYPE,
        column=column.name,
        base=types[Side.BASE],
        ours=types[Side.OURS],
        theirs=types[Side.THEIRS],
        detail=f"{plural(count, 'value does', many='values do')} not fit {column.column.type_text}",
    )
