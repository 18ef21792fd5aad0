"""The laws of the walk: it sees what the join sees, and both see what a plain full outer join sees."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.changes.comparison import ComparedSides, TableComparison
from tdmvc.changes.diff import diff_table
from tdmvc.changes.join.forms import differing_by_forms
from tdmvc.changes.join.join import join_sides
from tdmvc.changes.pairs import NO_RULES, TableRules, can_walk, pair_columns
from tdmvc.changes.walk.alignment import FaultyKey
from tdmvc.changes.walk.key_ranges import Unordered
from tdmvc.changes.walk.walk import Walk
from tdmvc.model.diff import TableSide
from tdmvc.model.options import DiffOptions
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.quoting import quote_name
from tests.duckdb_sessions import open_session_and_folder
from tests.laws.strategies_tables import VALUES, WIDER, Row, _parse
from tests.series import trials

ALL = 1_000
KEYS = (
    "int32",
    "uint8",
    "int64",
    "string",
    "binary",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "decimal(6,2)",
    "bool",
)
FAR = {"timestamp": pa.timestamp("us"), "timestamptz": pa.timestamp("us", tz="UTC")}


@dataclass(frozen=True)
class Writing:
    """How the parts of a side are cut and written."""

    cuts: tuple[int, ...] = ()
    group: int = 1_000
    has_dictionary: bool = True
    by_duckdb: bool = False


def write_sorted(
    con: duckdb.DuckDBPyConnection, folder: Path, schema: TableSchema, rows: Sequence[Row], how: Writing
) -> TableSide:
    """Write the rows in the order given, cut at the places given."""
    ends = sorted({0, *(cut for cut in how.cuts if 0 < cut < len(rows)), len(rows)})
    names = []
    for start, end in pairwise(ends) if rows else [(0, 0)]:
        arrays = [pa.array([row[c.name] for row in rows[start:end]], c.type) for c in schema.columns]
        names.append(write_arrays(con, folder, schema, arrays, how))
    return side_of(folder, schema, names, len(rows))


def write_arrays(
    con: duckdb.DuckDBPyConnection, folder: Path, schema: TableSchema, arrays: list[pa.Array], how: Writing
) -> str:
    table = pa.Table.from_arrays(arrays, schema=schema.arrow_schema())
    text = [str(array) for array in arrays]
    name = sha256(repr((schema, text)).encode()).hexdigest()
    path = folder / f"{name}.parquet"
    if how.by_duckdb and table.num_rows:
        con.register("handed", table)
        con.execute(f"COPY handed TO '{path}' (FORMAT parquet)")
        con.unregister("handed")
    else:
        pq.write_table(table, path, row_group_size=how.group, use_dictionary=how.has_dictionary)
    return name


def side_of(folder: Path, schema: TableSchema, names: Sequence[str], rows: int) -> TableSide:
    return TableSide(
        schema, tuple(names), rows, lambda wanted: [folder / f"{name}.parquet" for name in wanted]
    )


def both_ways(
    con: duckdb.DuckDBPyConnection, old: TableSide, new: TableSide, rules: TableRules = NO_RULES
) -> tuple[TableComparison | None, TableComparison]:
    """Return what the walk says, None if it gives up, and what the join says; neither skips a part."""
    pairs = pair_columns(old.schema, new.schema, rules, {})
    walked: TableComparison | None = None
    if can_walk(old.schema, new.schema, pairs):
        walk = Walk(old, new, pairs, lambda pair, a, b: differing_by_forms(lambda: con, pair, a, b))
        try:
            walked = walk.run(
                list(old.locate(old.parts)),
                list(new.locate(new.parts)),
                sample_rows=ALL,
                on_progress=lambda done, total: None,
            )
        except (Unordered, FaultyKey):
            walked = None
    joined = join_sides(
        con,
        ComparedSides(old, new, old.parts, new.parts, pairs),
        sample_rows=ALL,
        rows=None,
        has_schema_changes=False,
    )
    return walked, joined


def comparable(outcome: TableComparison) -> object:
    """Return all that an outcome says, so that NaN equals NaN; the order of equal counts means nothing."""
    return (
        outcome.rows,
        sorted(outcome.columns.items()),
        sorted(outcome.ignored.items()),
        sorted(repr((p.kind, p.columns, p.cells, p.by, p.distinct)) for p in outcome.patterns),
        repr([(s.key, s.values) for s in (*outcome.samples.added, *outcome.samples.removed)]),
        repr([(s.key, s.unchanged) for s in outcome.samples.changed]),
        repr([(c.column, c.old, c.new, c.inside) for s in outcome.samples.changed for c in s.cells]),
    )  # fmt: skip


def full_outer_join(
    con: duckdb.DuckDBPyConnection,
    old: TableSide,
    new: TableSide,
    key: Sequence[str],
    compared: Sequence[str],
) -> tuple[int, int, int, dict[str, int]]:
    """Return rows added, removed, changed, and changed cells, by one query over the files."""
    for name, side in (("o", old), ("n", new)):
        tables = [pq.read_table(path) for path in side.locate(side.parts)]
        con.register(
            f"in_{name}", pa.concat_tables([table.cast(side.schema.arrow_schema()) for table in tables])
        )
    on = " AND ".join(f"o.{quote_name(k)} = n.{quote_name(k)}" for k in key)
    differs = [f"o.{quote_name(c)} IS DISTINCT FROM n.{quote_name(c)}" for c in compared]
    both = "o.here AND n.here"
    counts = [
        "count(*) FILTER (o.here IS NULL)",
        "count(*) FILTER (n.here IS NULL)",
        f"count(*) FILTER ({both} AND ({' OR '.join(differs) or 'false'}))",
        *(f"count(*) FILTER ({both} AND {one})" for one in differs),
    ]
    added, removed, changed, *cells = con.execute(
        f"SELECT {', '.join(counts)} FROM (SELECT *, true AS here FROM in_o) o"
        f" FULL OUTER JOIN (SELECT *, true AS here FROM in_n) n ON {on}"
    ).fetchall()[0]
    con.unregister("in_o")
    con.unregister("in_n")
    return added, removed, changed, {name: n for name, n in zip(compared, cells, strict=True) if n}


@dataclass(frozen=True)
class SortedPair:
    old_schema: TableSchema
    new_schema: TableSchema
    old: list[Row]
    new: list[Row]
    writings: tuple[Writing, Writing]
    rules: TableRules


@st.composite
def writings(draw: st.DrawFn) -> Writing:
    cuts = tuple(draw(st.lists(st.integers(1, 12), max_size=4)))
    return Writing(
        cuts, draw(st.sampled_from([1_000, 1_000, 2])), draw(st.booleans()), draw(st.integers(0, 4)) == 0
    )


@st.composite
def sorted_pairs(draw: st.DrawFn) -> SortedPair:
    """Two sides of a table with a sound key of one to three columns, sorted by it."""
    key_kinds = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3))
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=3))
    key = tuple(f"k{i}" for i in range(len(key_kinds)))
    columns = [_column(f"k{i}", kind) for i, kind in enumerate(key_kinds)]
    columns += [_column(f"c{i}", kind) for i, kind in enumerate(kinds)]
    numbers = st.sampled_from(range(120))
    row = st.fixed_dictionaries(
        {
            **{name: _keys(kind, numbers) for name, kind in zip(key, key_kinds, strict=True)},
            **{f"c{i}": st.one_of(st.none(), VALUES[kind], VALUES[kind]) for i, kind in enumerate(kinds)},
        }
    )
    old = _sound(draw(st.lists(row, max_size=12)), key)
    new = list(old)
    for index, old_row in enumerate(old):
        edit = draw(st.integers(0, 5))
        if edit == 0 and kinds:
            name = f"c{draw(st.integers(0, len(kinds) - 1))}"
            new[index] = {**old_row, name: draw(row)[name]}
    new = _sound([r for r in new if draw(st.integers(0, 5))] + draw(st.lists(row, max_size=3)), key)
    new_columns = list(columns)
    for index in range(len(key), len(columns)):
        wider = WIDER.get(kinds[index - len(key)])
        if (
            wider in {"int64", "int16", "float64", "decimal(10,3)", "list<int64>"}
            and draw(st.integers(0, 3)) == 0
        ):
            new_columns[index] = Column(columns[index].name, _parse(str(wider)))
    ignored = (
        frozenset(draw(st.sets(st.sampled_from([f"c{i}" for i in range(len(kinds))]), max_size=1)))
        if kinds
        else frozenset()
    )
    return SortedPair(
        TableSchema("t", tuple(columns), key),
        TableSchema("t", tuple(new_columns), key),
        old,
        new,
        (draw(writings()), draw(writings())),
        TableRules(ignored=ignored),
    )


def _column(name: str, kind: str) -> Column:
    return Column(name, pa.string(), physical_type="jsonb") if kind == "json" else Column(name, _parse(kind))


def _keys(kind: str, numbers: st.SearchStrategy[int]) -> st.SearchStrategy[object]:
    if kind in {"int32", "int64", "uint8"}:
        return numbers
    if kind == "string":
        return numbers.map(lambda n: f"é{n}" if n % 7 == 0 else f"{n}")
    return VALUES[kind]


def _sound(rows: list[Row], key: tuple[str, ...]) -> list[Row]:
    sound = {tuple(row[name] for name in key): row for row in reversed(rows)}
    return [sound[place] for place in sorted(sound)]


relaxed = settings(
    max_examples=trials(80, 10),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(pair=sorted_pairs())
@relaxed
def test_the_walk_and_the_join_and_a_full_outer_join_agree(pair: SortedPair) -> None:
    with open_session_and_folder("Asia/Kolkata") as (con, folder):
        (folder / "n").mkdir()
        old = write_sorted(con, folder, pair.old_schema, pair.old, pair.writings[0])
        new = write_sorted(con, folder / "n", pair.new_schema, pair.new, pair.writings[1])
        walked, joined = both_ways(con, old, new, pair.rules)
        assert walked is not None
        assert comparable(walked) == comparable(joined)
        compared = [c.name for c in pair.new_schema.columns if c.name.startswith("c") and not c.is_json]
        added, removed, changed, cells = full_outer_join(con, old, new, pair.new_schema.key, compared)
    assert (joined.rows.added, joined.rows.removed) == (added, removed)
    found = {name: n for name, n in {**joined.columns, **joined.ignored}.items() if name in compared}
    assert found == cells
    if len(compared) == sum(c.name.startswith("c") for c in pair.new_schema.columns):
        assert joined.rows.changed + joined.rows.ignored == changed
    _check_patterns(joined)
    _check_patterns(walked)


def _check_patterns(outcome: TableComparison) -> None:
    """Every changed cell is in exactly one pattern, and every sample points at one of its column."""
    assert sum(pattern.cells for pattern in outcome.patterns) == sum(outcome.columns.values())
    assert {name for p in outcome.patterns for name in p.columns} == set(outcome.columns)
    pointed: Counter[int] = Counter()
    for row in outcome.samples.changed:
        for cell in row.cells:
            assert cell.pattern is not None
            assert cell.column in outcome.patterns[cell.pattern].columns
            pointed[cell.pattern] += 1
    assert [pointed[i] for i in range(len(outcome.patterns))] == [p.cells for p in outcome.patterns]


def keyed_schema(*columns: Column, key: tuple[str, ...] = ("id",)) -> TableSchema:
    return TableSchema("t", (Column("id", pa.int64()), *columns), key)


def rows_of(*ids: int | None) -> list[Row]:
    return [{"id": i, "v": f"v{i}"} for i in ids]


TWO = keyed_schema(Column("v", pa.string()))


@pytest.mark.parametrize(
    "ids",
    [
        (3, 1, 2), (1, 3, 2, 3), (1, 2, 1), (1, 1), (None, 1), (1, None), (5, 4, 5),
    ],
)  # fmt: skip
@pytest.mark.parametrize("side", ["old", "new"])
def test_a_file_that_is_out_of_order_or_has_a_faulty_key_is_joined(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, ids: tuple[int | None, ...], side: str
) -> None:
    odd = write_sorted(con, tmp_path, TWO, rows_of(*ids), Writing())
    (tmp_path / "n").mkdir()
    sound = write_sorted(con, tmp_path / "n", TWO, rows_of(1, 7), Writing())
    old, new = (odd, sound) if side == "old" else (sound, odd)
    walked, joined = both_ways(con, old, new)
    assert walked is None
    assert diff_table(lambda: con, old, new).rows == joined.rows


def test_scattered_repeats_in_an_unsorted_file_of_new_keys_are_found(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old = write_sorted(con, tmp_path, TWO, rows_of(1), Writing())
    new = write_sorted(con, tmp_path, TWO, rows_of(5, 9, 5), Writing())
    diff = diff_table(lambda: con, old, new)
    assert [finding.rule for finding in diff.findings] == ["duplicate-key"]


def test_samples_come_in_key_order_though_parts_share_a_leading_value(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    schema = keyed_schema(Column("n", pa.int64()), Column("v", pa.string()), key=("id", "n"))
    rows: list[Row] = [{"id": 1, "n": n, "v": "a"} for n in range(48)]
    (tmp_path / "n").mkdir()
    how = Writing(tuple(range(4, 48, 4)))
    old = write_sorted(con, tmp_path, schema, rows, how)
    # Some parts keep their keys, others lose one.
    edited = [{**row, "v": "b"} for row in rows if row["n"] not in {5, 13, 21, 29, 37, 45}]
    new = write_sorted(
        con, tmp_path / "n", schema, edited, Writing((4, 7, 11, 14, 18, 21, 25, 28, 32, 35, 39))
    )
    walked, joined = both_ways(con, old, new)
    assert walked is not None
    assert comparable(walked) == comparable(joined)
    keys = [sample.key["n"] for sample in walked.samples.changed]
    assert keys == [row["n"] for row in edited]


@pytest.mark.parametrize("kind", sorted(FAR))
@pytest.mark.parametrize("place", ["id", "v"])
def test_times_beyond_the_year_9999_are_compared_and_differ(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, kind: str, place: str
) -> None:
    far = [253402300800000000, 2**59, 2**60, 2**61]
    schema = TableSchema(
        "t", (Column("id", FAR[kind] if place == "id" else pa.int64()), Column("v", FAR[kind])), ("id",)
    )
    ids = pa.array(far if place == "id" else [1, 2, 3, 4], pa.int64()).cast(schema.columns[0].type)
    before = pa.array([0, far[0], far[1], far[2]], pa.int64()).cast(FAR[kind])
    after = pa.array([0, far[0], far[1] + 1, far[3]], pa.int64()).cast(FAR[kind])
    old = side_of(tmp_path, schema, [write_arrays(con, tmp_path, schema, [ids, before], Writing())], 4)
    new = side_of(tmp_path, schema, [write_arrays(con, tmp_path, schema, [ids, after], Writing())], 4)
    diff = diff_table(lambda: con, old, new, options=DiffOptions(sample_rows=ALL))
    assert diff.rows.changed == 2
    for sample in diff.samples.changed:
        (cell,) = sample.cells
        assert isinstance(cell.old, str)
        assert isinstance(cell.new, str)
        assert cell.old != cell.new
        assert cell.pattern is not None
    walked, joined = both_ways(con, old, new)
    assert walked is None or comparable(walked) == comparable(joined)


def test_dictionaries_and_plain_texts_compare_and_so_do_columns_of_nulls(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    schema = keyed_schema(Column("v", pa.string()), Column("w", pa.binary()), Column("x", pa.string()))
    rows: list[Row] = [{"id": i, "v": f"t{i % 3}", "w": b"x" * (i % 2), "x": None} for i in range(60)]
    rows[5]["v"] = None
    after = [
        {**row, "v": "t9" if row["id"] == 7 else row["v"], "x": "" if row["id"] == 8 else None}
        for row in rows[1:]
    ]
    (tmp_path / "n").mkdir()
    for one, other in ((True, False), (False, True), (True, True)):
        old = write_sorted(con, tmp_path, schema, rows, Writing((20,), has_dictionary=one))
        new = write_sorted(con, tmp_path / "n", schema, after, Writing((13, 40), has_dictionary=other))
        walked, joined = both_ways(con, old, new)
        assert walked is not None
        assert comparable(walked) == comparable(joined)
        assert (walked.rows.removed, walked.columns) == (1, {"v": 1, "x": 1})


def test_a_key_in_many_key_ranges_counts_once_whatever_the_cuts(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rng = np.random.default_rng(7)
    ids = sorted({int(i) for i in rng.integers(0, 5_000, 2_000)})
    old_rows: list[Row] = [{"id": i, "v": f"{i % 11}"} for i in ids]
    new_rows: list[Row] = [{"id": i, "v": f"{i % 11}" if i % 17 else "x"} for i in ids if i % 13] + rows_of(
        9_001, 9_002
    )
    (tmp_path / "n").mkdir()
    cuts = [tuple(int(i) for i in rng.integers(1, len(ids), 30)) for _ in range(2)]
    old = write_sorted(con, tmp_path, TWO, old_rows, Writing(cuts[0]))
    new = write_sorted(con, tmp_path / "n", TWO, new_rows, Writing(cuts[1]))
    walked, joined = both_ways(con, old, new)
    assert walked is not None
    assert comparable(walked) == comparable(joined)
    assert full_outer_join(con, old, new, ["id"], ["v"]) == (
        walked.rows.added, walked.rows.removed, walked.rows.changed, walked.columns,
    )  # fmt: skip


def test_dates_and_instants_in_nested_values_are_utc_in_any_session_time_zone(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute("SET TimeZone = 'Asia/Kolkata'")
    schema = keyed_schema(
        Column("v", pa.list_(pa.timestamp("us", tz="UTC"))), Column("d", pa.decimal128(38, 2))
    )
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    (tmp_path / "n").mkdir()
    old = write_sorted(con, tmp_path, schema, [{"id": 1, "v": [], "d": Decimal("1.10")}], Writing())
    new = write_sorted(
        con, tmp_path / "n", schema, [{"id": 1, "v": [moment, None], "d": Decimal("1.1")}], Writing()
    )
    walked, joined = both_ways(con, old, new)
    assert walked is not None
    assert comparable(walked) == comparable(joined)
    assert walked.samples.changed[0].cells[0].new == [moment, None]
    assert walked.columns == {"v": 1}
