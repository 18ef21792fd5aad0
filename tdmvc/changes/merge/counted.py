"""Merges rows without a key: the number of times that each occurs is merged like a cell."""

from tdmvc.changes.merge.rows import REPEATED_KEYS, From, What
from tdmvc.changes.merge.scans import MergeScan, grouped
from tdmvc.model.merge import Side
from tdmvc.sql.duckdb import DuckDBConnection


def count_rows(con: DuckDBConnection, scan: MergeScan, into: str, *, only_repeated: bool) -> None:
    """Count equal rows on each side if the numbers differ.

    Columns: `w0`… (the key's columns, then the others), `b`, `o`, `t`, and `n`, how many there will be;
    null if a person has to decide.

    Args:
        only_repeated: look at rows of repeated keys only.
    """
    names = whole(scan)
    sides = []
    for place, side in enumerate(Side):
        counts = ", ".join(f"{int(place == i)} AS {letter}" for i, letter in enumerate("bot"))
        sides.append(
            f"SELECT {', '.join(names)}, {counts} FROM ({whole_rows(scan, side, only_repeated=only_repeated)})"
        )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {into.removeprefix('temp.')} AS"
        f" SELECT *, CASE WHEN o = t OR t = b THEN o WHEN o = b THEN t END AS n FROM ("
        f" SELECT {', '.join(names)}, CAST(sum(b) AS BIGINT) AS b, CAST(sum(o) AS BIGINT) AS o,"
        f" CAST(sum(t) AS BIGINT) AS t FROM ({' UNION ALL '.join(sides)})"
        f" GROUP BY {', '.join(names)} HAVING sum(o) <> sum(t) OR sum(o) <> sum(b))"
    )


def write_counted(
    con: DuckDBConnection, scan: MergeScan, counted: str, into: str, *, only_repeated: bool
) -> None:
    """Decide which rows to remove or add, so that each row occurs as often as was decided."""
    rows = {side: whole_rows(scan, side, only_repeated=only_repeated) for side in Side}
    surplus = _numbered(scan, rows[Side.OURS], counted, "turn > n")
    from_theirs = _numbered(scan, rows[Side.THEIRS], counted, "n > o AND turn <= n - o AND t >= n - o")
    # Only a person brings back what neither side has as often.
    from_base = _numbered(scan, rows[Side.BASE], counted, "n > o AND turn <= n - o AND t < n - o")
    con.execute(
        f"INSERT INTO {into} BY NAME SELECT {What.SURPLUS} AS what, {From.THEIRS} AS verdict, f AS o_f, r AS o_r"
        f" FROM ({surplus})"
    )
    con.execute(
        f"INSERT INTO {into} BY NAME SELECT {What.ADDED_THERE} AS what, {From.THEIRS} AS verdict, f AS t_f, r AS t_r"
        f" FROM ({from_theirs})"
    )
    con.execute(
        f"INSERT INTO {into} BY NAME SELECT {What.ADDED_THERE} AS what, {From.BASE} AS verdict, f AS b_f, r AS b_r"
        f" FROM ({from_base})"
    )


def count_misfits(con: DuckDBConnection, scan: MergeScan, i: int, *, only_repeated: bool) -> int:
    """Return how many values of a narrowed column do not fit the merged type, and are more than in the base."""
    sides = " UNION ALL ".join(
        f"SELECT '{letter}' AS side, x{i} AS x, m{i} AS m FROM ({_rows(scan, side, only_repeated=only_repeated)})"
        for side, letter in zip(Side, "bot", strict=True)
    )
    more = [
        f"greatest(count(*) FILTER (WHERE side = '{letter}' AND m) - count(*) FILTER (WHERE side = 'b'), 0)"
        for letter in "ot"
    ]
    query = f"SELECT coalesce(sum(n), 0) FROM (SELECT {' + '.join(more)} AS n FROM ({sides}) GROUP BY x)"
    return int(con.execute(query).fetchall()[0][0])


def whole(scan: MergeScan) -> list[str]:
    """Return the names of the columns of whole rows."""
    return [f"w{i}" for i in range(len(scan.columns.all))] or ["w0"]


def whole_rows(scan: MergeScan, side: Side, *, only_repeated: bool) -> str:
    """Return the query over a side's rows with every column, fit for GROUP BY: `f`, `r`, `w0`…."""
    rows = _rows(scan, side, only_repeated=only_repeated)
    names = (*scan.keys, *scan.cells)
    values = [
        f"{grouped(column, name)} AS w{i}"
        for i, (column, name) in enumerate(zip(scan.columns.all, names, strict=True))
    ] or ["0 AS w0"]
    return f"SELECT f, r, {', '.join(values)} FROM ({rows})"


def _rows(scan: MergeScan, side: Side, *, only_repeated: bool) -> str:
    rows = scan.rows(side)
    if not only_repeated:
        return rows
    same = " AND ".join(f"rows.{key} IS NOT DISTINCT FROM repeated.{key}" for key in scan.keys)
    return f"SELECT rows.* FROM ({rows}) rows SEMI JOIN {REPEATED_KEYS} repeated ON {same}"


def _numbered(scan: MergeScan, rows: str, counted: str, where: str) -> str:
    same = " AND ".join(f"g.{name} IS NOT DISTINCT FROM s.{name}" for name in whole(scan))
    group = ", ".join(f"g.{name}" for name in whole(scan))
    return (
        f"SELECT f, r FROM (SELECT s.f, s.r, g.n, g.o, g.t, g.b,"
        f" row_number() OVER (PARTITION BY {group} ORDER BY s.f, s.r) AS turn"
        f" FROM {counted} g JOIN ({rows}) s ON {same} WHERE g.n <> g.o) WHERE {where}"
    )
