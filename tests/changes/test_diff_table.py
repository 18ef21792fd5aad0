"""What is a change in a table, and what is not."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.changes.diff import diff_table
from tdmvc.errors import PartError
from tdmvc.model.diff import SchemaChangeKind, TableDiff, TableSide, TableStatus
from tdmvc.model.options import DiffOptions
from tdmvc.model.schema import Column, TableSchema
from tests.laws.strategies_tables import Row, write_parts

INT, TEXT = pa.int64(), pa.string()


def schema(*columns: Column, key: tuple[str, ...] = ("id",)) -> TableSchema:
    return TableSchema("t", columns, key)


ID = Column("id", INT)


def compare(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    old: Column,
    new: Column,
    pairs: Sequence[tuple[object, object]],
) -> list[int]:
    """Return the ids of the rows whose cell differs."""
    before: list[Row] = [{"id": i, old.name: pair[0]} for i, pair in enumerate(pairs)]
    after: list[Row] = [{"id": i, new.name: pair[1]} for i, pair in enumerate(pairs)]
    diff = diff_table(
        lambda: con,
        write_parts(folder, schema(ID, old), [before]),
        write_parts(folder, schema(ID, new), [after]),
        options=DiffOptions(sample_rows=len(pairs)),
    )
    assert (diff.rows.added, diff.rows.removed) == (0, 0)
    changed = [sample.key["id"] for sample in diff.samples.changed]
    assert len(changed) == diff.rows.changed
    return [key for key in changed if isinstance(key, int)]


def keyed(
    con: duckdb.DuckDBPyConnection, folder: Path, old: list[Row], new: list[Row], *, sample_rows: int = 5
) -> TableDiff:
    columns = schema(ID, Column("v", TEXT))
    return diff_table(
        lambda: con,
        write_parts(folder, columns, [old]),
        write_parts(folder, columns, [new]),
        options=DiffOptions(sample_rows=sample_rows),
    )


@pytest.mark.parametrize(
    ("old", "new", "pairs", "expected"),
    [
        (TEXT, TEXT, [("", None), (None, ""), (None, None), ("a", "A"), ("é", "e\u0301")], [0, 1, 3, 4]),
        (pa.float64(), pa.float64(), [(0.0, -0.0), (float("nan"), float("nan")), (float("nan"), None)], [2]),
        (pa.int32(), INT, [(5, 5), (5, 6)], [1]),
        (INT, pa.int32(), [(5, 5), (5, 6)], [1]),
        (pa.uint64(), INT, [(2**63, -(2**63)), (7, 7)], [0]),
        (pa.float32(), pa.float64(), [(0.5, 0.5), (-0.0, 0.0), (0.5, 0.25)], [2]),
        (INT, pa.float64(), [(5, 5.0), (2**53 + 1, float(2**53)), (5, 5.5)], [1, 2]),
        (pa.decimal128(5, 1), pa.decimal128(9, 4), [(Decimal("1.5"), Decimal("1.5000"))], []),
        (pa.decimal128(9, 4), pa.decimal128(38, 0), [(Decimal("2.0"), Decimal(2)), (Decimal("2.5"), Decimal(2))], [1]),
        (pa.decimal128(5, 2), pa.float64(), [(Decimal("0.10"), 0.1), (Decimal("0.10"), 0.2)], [1]),
        (TEXT, INT, [("5", 5), ("05", 5), (None, None), ("5.0", 5)], [1]),
        (TEXT, pa.decimal128(9, 2), [("1.50", Decimal("1.5")), ("1.5", Decimal("1.5")), ("1.51", Decimal("1.5"))], [2]),
        (pa.float64(), TEXT, [(1.0, "1"), (0.1, "0.1"), (0.1, "0.11"), (-0.0, "0")], [2]),
        (pa.bool_(), TEXT, [(True, "true"), (True, "1")], [1]),
        (TEXT, pa.date32(), [("2024-02-29", date(2024, 2, 29)), ("29.2.2024", date(2024, 2, 29))], [1]),
        (pa.date32(), pa.timestamp("us"), [(date(2024, 2, 29), datetime(2024, 2, 29))], []),
        (
            pa.timestamp("us"),
            pa.timestamp("us", tz="UTC"),
            [(datetime(2024, 3, 10, 2, 30), datetime(2024, 3, 10, 2, 30, tzinfo=UTC)), (datetime(2024, 1, 1), None)],
            [1],
        ),
        (
            pa.timestamp("us", tz="UTC"),
            TEXT,
            [(datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01 00:00:00+00"), (datetime(2024, 1, 1, tzinfo=UTC), "x")],
            [1],
        ),
        (pa.list_(pa.int32()), pa.list_(TEXT), [([1, None], ["1", None]), ([1], ["2"]), ([], []), ([], None)], [1, 3]),
        (
            pa.struct([("a", pa.timestamp("us")), ("b", INT)]),
            pa.struct([("b", TEXT), ("a", pa.timestamp("us", tz="UTC"))]),
            [
                ({"a": datetime(2024, 1, 1), "b": 1}, {"b": "1", "a": datetime(2024, 1, 1, tzinfo=UTC)}),
                ({"a": None, "b": 1}, None),
            ],
            [1],
        ),
    ],
)  # fmt: skip
def test_cells_compare_by_meaning(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    old: pa.DataType,
    new: pa.DataType,
    pairs: list[tuple[object, object]],
    expected: list[int],
) -> None:
    assert compare(con, tmp_path, Column("v", old), Column("v", new), pairs) == expected


@pytest.mark.parametrize(
    ("type_", "zero", "minus_zero"),
    [
        (pa.float64(), 0.0, -0.0),
        (pa.float32(), float("nan"), -float("nan")),
        (pa.list_(pa.float64()), [0.0, float("nan")], [-0.0, -float("nan")]),
        (pa.struct([("x", pa.list_(pa.float32()))]), {"x": [0.0]}, {"x": [-0.0]}),
    ],
)
@pytest.mark.parametrize("key", [(), ("v",)])
def test_texts_of_one_float_are_one_key_and_one_row(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    type_: pa.DataType,
    zero: object,
    minus_zero: object,
    key: tuple[str, ...],
) -> None:
    columns = schema(ID, Column("v", type_), key=key)
    rows: list[Row] = [
        {"id": i, "v": zero} if i == 0 else {"id": i, "v": None} for i in range(1 if key else 50)
    ]
    matches: list[Row] = [
        {"id": i, "v": minus_zero} if i == 0 else {"id": i, "v": None} for i in range(1 if key else 50)
    ]
    old, new = (
        write_parts(tmp_path, columns, [rows]),
        write_parts(tmp_path, columns, [[*matches, {"id": 99, "v": None}]]),
    )
    diff = diff_table(lambda: con, old, new)
    assert (diff.rows.added, diff.rows.removed, diff.rows.changed) == (1, 0, 0)


def test_json_text_compares_by_structure_even_if_only_one_side_declares_it(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    pairs = [
        ('{"a":1,"b":2}', '{"b": 2.0, "a": 1}'),
        ("[1,2]", "[2,1]"),
        ("true", "1"),
        ('"1"', "1"),
        ('{"a":1,"a":1}', '{"a":1}'),
        ("not json", "not  json"),
        (None, "null"),
        ("[" * 100_000, "[" * 100_000 + " "),
    ]
    json = Column("v", TEXT, physical_type="JSONB")
    assert compare(con, tmp_path, Column("v", TEXT), json, pairs) == [1, 2, 3, 4, 5, 6, 7]
    assert compare(con, tmp_path, json, json, [("{}", "{ }"), ("1", "2")]) == [1]


def test_a_json_cell_reports_the_paths_that_differ(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    columns = schema(ID, Column("v", TEXT, "json"), Column("n", pa.list_(INT)))
    old = write_parts(tmp_path, columns, [[{"id": 1, "v": '{"a":{"x y":[1,2]},"b":1}', "n": [1, 2]}]])
    new = write_parts(tmp_path, columns, [[{"id": 1, "v": '{"b":2,"a":{"x y":[1,3]}}', "n": [1, 5]}]])
    (row,) = diff_table(lambda: con, old, new).samples.changed
    assert {cell.column: cell.inside for cell in row.cells} == {"v": ('a["x y"][1]', "b"), "n": ("[1]",)}


def test_paths_inside_a_personal_cell_are_not_reported(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    columns = schema(ID, Column("v", TEXT, "json", classification="personal"))
    old = write_parts(tmp_path, columns, [[{"id": 1, "v": '{"Ann":1}'}]])
    new = write_parts(tmp_path, columns, [[{"id": 1, "v": '{"Bob":1}'}]])
    diff = diff_table(lambda: con, old, new)
    assert diff.samples.changed[0].cells[0].inside == ()
    assert diff.personal_columns == {"v"}


def test_an_added_column_is_a_schema_change_and_no_row_change(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old = write_parts(tmp_path, schema(ID), [[{"id": 1}]])
    new = write_parts(tmp_path, schema(Column("v", TEXT), ID), [[{"id": 1, "v": "x"}]])
    diff = diff_table(lambda: con, old, new)
    assert [change.kind for change in diff.schema] == [SchemaChangeKind.COLUMN_ADDED]
    assert (diff.rows.added, diff.rows.removed, diff.rows.changed) == (0, 0, 0)
    assert diff.status is TableStatus.CHANGED


def test_equal_parts_are_never_requested(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    asked: list[str] = []

    def spy(side: TableSide) -> TableSide:
        def locate(names: Sequence[str]) -> Sequence[Path]:
            asked.extend(names)
            return side.locate(names)

        return TableSide(side.schema, side.parts, side.rows, locate)

    columns = schema(ID)
    old = write_parts(tmp_path, columns, [[{"id": 1}], [{"id": 2}]])
    new = write_parts(tmp_path, columns, [[{"id": 3}], [{"id": 1}]])
    diff = diff_table(lambda: con, spy(old), spy(new))
    assert (diff.rows.added, diff.rows.removed) == (1, 1)
    assert sorted(asked) == sorted([old.parts[1], new.parts[0]])
    asked.clear()
    assert diff_table(lambda: con, spy(old), spy(old)).status is TableStatus.UNCHANGED
    assert asked == []


def test_a_part_that_a_keyless_table_holds_twice_counts_twice(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    columns = schema(ID, key=())
    thrice = write_parts(tmp_path, columns, [[{"id": 1}], [{"id": 1}], [{"id": 1}]])
    once = write_parts(tmp_path, columns, [[{"id": 1}]])
    diff = diff_table(lambda: con, thrice, once)
    assert (diff.rows.removed, diff.rows.added, len(diff.samples.removed)) == (2, 0, 2)


def test_rows_of_a_repeated_key_are_counted_and_never_paired(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old: list[Row] = [{"id": 1, "v": "a"}, {"id": 1, "v": "b"}, {"id": 2, "v": "x"}]
    new: list[Row] = [{"id": 1, "v": "a"}, {"id": 2, "v": "y"}]
    diff = keyed(con, tmp_path, old, new)
    assert (diff.rows.added, diff.rows.removed, diff.rows.changed) == (0, 1, 1)
    assert diff.samples.removed[0].values == {"id": 1, "v": "b"}
    (finding,) = diff.findings
    assert (finding.rule, finding.columns) == ("duplicate-key", ("id",))
    assert finding.message == "The key (id) of t repeats on the old side: 1 key (1)."


def test_a_null_in_the_key_is_a_finding_of_its_own(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows: list[Row] = [{"id": None, "v": "a"}, {"id": None, "v": "a"}]
    diff = keyed(con, tmp_path, rows, rows[:1])
    assert [finding.rule for finding in diff.findings] == ["null-key"]
    assert "on both sides" in diff.findings[0].message
    assert diff.rows.removed == 1


def test_a_finding_masks_the_keys_when_a_key_column_is_personal(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    columns = schema(Column("id", TEXT, classification="PII"), Column("n", INT), key=("id", "n"))
    rows: list[Row] = [{"id": "ann@example.org", "n": 1}] * 2
    diff = diff_table(
        lambda: con, write_parts(tmp_path, columns, [rows]), write_parts(tmp_path, columns, [[]])
    )
    assert "ann" not in repr(diff.findings)
    assert "•••" in diff.findings[0].message


def test_a_finding_shows_five_keys_at_most_and_counts_all(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows: list[Row] = [{"id": i, "v": v} for i in range(7) for v in "ab"]
    (finding,) = keyed(con, tmp_path, [], rows).findings
    assert finding.details["keys"] == ["0", "1", "2", "3", "4"]
    assert finding.details["count"] == 7


def test_a_changed_key_joins_on_the_new_one_and_looks_at_equal_parts_too(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows: list[Row] = [{"id": 1, "v": "a"}, {"id": 2, "v": "b"}]
    old = write_parts(tmp_path, schema(ID, Column("v", TEXT)), [[row] for row in rows])
    keyed_by_v = schema(ID, Column("v", TEXT), key=("v",))
    by_v = write_parts(
        tmp_path, keyed_by_v, [[{"id": 1, "v": "a"}], [{"id": 3, "v": "a"}, {"id": 4, "v": "b"}]]
    )
    same_name = TableSide(by_v.schema, (old.parts[0], by_v.parts[1]), 3, by_v.locate)
    diff = diff_table(lambda: con, old, same_name)
    assert diff.key == ("v",)
    assert diff.columns == {"id": 1}
    assert diff.rows.added == 1
    assert [finding.rule for finding in diff.findings] == ["duplicate-key"]
    assert diff.schema[0].kind is SchemaChangeKind.KEY_CHANGED


def test_a_new_key_on_a_new_column_leaves_rows_to_be_counted(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old = write_parts(tmp_path, schema(ID), [[{"id": 1}, {"id": 2}]])
    new = write_parts(
        tmp_path, schema(ID, Column("k", INT), key=("k",)), [[{"id": 1, "k": 5}, {"id": 3, "k": 6}]]
    )
    diff = diff_table(lambda: con, old, new)
    assert diff.key == ()
    assert (diff.rows.added, diff.rows.removed, diff.rows.changed) == (1, 1, 0)


def test_a_key_whose_type_became_text_still_joins(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old = write_parts(tmp_path, schema(ID, Column("v", TEXT)), [[{"id": 1, "v": "a"}, {"id": 2, "v": "b"}]])
    text = schema(Column("id", TEXT), Column("v", TEXT))
    new = write_parts(tmp_path, text, [[{"id": "1", "v": "a"}, {"id": "2", "v": "c"}]])
    diff = diff_table(lambda: con, old, new)
    assert (diff.rows.added, diff.rows.removed, diff.rows.changed) == (0, 0, 1)
    assert diff.samples.changed[0].key == {"id": "2"}


def test_tables_that_share_no_column_differ_by_their_number_of_rows(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old = write_parts(tmp_path, schema(Column("a", INT), key=()), [[{"a": 1}]])
    new = write_parts(tmp_path, schema(Column("b", INT), key=()), [[{"b": 1}, {"b": 2}]])
    diff = diff_table(lambda: con, old, new)
    assert (diff.rows.added, diff.rows.removed) == (1, 0)


def test_samples_are_the_first_rows_in_key_order(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows: list[Row] = [{"id": i, "v": str(i)} for i in range(20)]
    edited: list[Row] = [{"id": i, "v": "new"} for i in reversed(range(20))]
    diff = keyed(con, tmp_path, rows, edited, sample_rows=3)
    assert [sample.key["id"] for sample in diff.samples.changed] == [0, 1, 2]
    assert diff.rows.changed == 20
    assert keyed(con, tmp_path, rows, edited, sample_rows=0).samples.changed == ()


def test_an_added_table_counts_its_rows_and_shows_the_first(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    side = write_parts(tmp_path, schema(ID), [[{"id": 3}, {"id": 1}], [{"id": 2}]])
    diff = diff_table(lambda: con, None, side, options=DiffOptions(sample_rows=2))
    assert (diff.status, diff.rows.added, diff.rows.new) == (TableStatus.ADDED, 3, 3)
    assert [sample.key["id"] for sample in diff.samples.added] == [1, 2]
    assert diff_table(lambda: con, side, None).status is TableStatus.REMOVED


def test_names_that_collide_with_internal_ones_do_not_matter(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = tmp_path / "year=2024" / "[x]*"
    folder.mkdir(parents=True)
    names = ["filename", "FILE_INDEX", "f", "r", "s0", "k0", 'a"b', "select", "名", "year", "o.r", "%"]
    columns = schema(*(Column(name, INT) for name in names), key=("filename", "select"))
    old = write_parts(folder, columns, [[dict.fromkeys(names, i) for i in range(3)]])
    new = write_parts(folder, columns, [[{**dict.fromkeys(names, i), 'a"b': 9} for i in range(2)]])
    diff = diff_table(lambda: con, old, new)
    assert (diff.rows.removed, diff.columns) == (1, {'a"b': 2})


def test_three_hundred_columns_compare(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    columns = schema(ID, *(Column(f"v{i}", INT) for i in range(300)))
    row: Row = {"id": 1, **{f"v{i}": i for i in range(300)}}
    diff = diff_table(
        lambda: con,
        write_parts(tmp_path, columns, [[row]]),
        write_parts(tmp_path, columns, [[{**row, "v299": None}]]),
    )
    assert diff.columns == {"v299": 1}


def test_dates_that_python_lacks_are_shown_as_text(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    columns = schema(ID, Column("v", pa.timestamp("us")))
    table = pa.table({"id": [1], "v": pa.array([2**60], pa.timestamp("us"))})
    pq.write_table(table, tmp_path / "far.parquet")
    far = TableSide(columns, ("far",), 1, lambda names: [tmp_path / f"{name}.parquet" for name in names])
    diff = diff_table(lambda: con, write_parts(tmp_path, columns, [[]]), far)
    assert isinstance(diff.samples.added[0].values["v"], str)


def test_instants_are_in_utc_in_any_session_time_zone(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    side = write_parts(
        tmp_path, schema(ID, Column("v", pa.timestamp("us", tz="UTC"))), [[{"id": 1, "v": moment}]]
    )
    value = diff_table(lambda: con, None, side).samples.added[0].values["v"]
    assert isinstance(value, datetime)
    assert value.isoformat() == "2024-01-01T00:00:00+00:00"


@pytest.mark.parametrize("damage", ["cut", "overwritten", "gone"])
def test_a_damaged_part_is_reported_as_damaged(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, damage: str
) -> None:
    old = write_parts(tmp_path, schema(ID), [[{"id": i} for i in range(1000)]])
    new = write_parts(tmp_path, schema(ID), [[{"id": 5}]])
    path = tmp_path / f"{old.parts[0]}.parquet"
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[:20])
    elif damage == "overwritten":
        path.write_bytes(content[:8] + b"\0" * 60 + content[68:])
    else:
        path.unlink()
    with pytest.raises(PartError):
        diff_table(lambda: con, old, new)


def test_a_comparison_leaves_nothing_in_the_connection(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    columns = schema(ID, Column("v", TEXT, "json"), Column("filename", TEXT))
    row: Row = {"id": 1, "v": "1", "filename": "x"}
    old, new = write_parts(tmp_path, columns, [[row]]), write_parts(tmp_path, columns, [[{**row, "v": "2"}]])
    for _ in range(2):
        assert diff_table(lambda: con, old, new).rows.changed == 1
    assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


def test_a_table_must_exist_on_one_side(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="one side at least"):
        diff_table(lambda: con, None, None)
