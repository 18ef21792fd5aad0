"""Laws of the store: the same rows are the same parts, and nothing is lost on the way."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import SIMPLE, format_type, parse_type
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.types import duckdb_type
from tdmvc.store.build import BuildOptions, build_table
from tdmvc.store.built import BuiltTable, KnownPart
from tdmvc.store.content import part_content, schema_content
from tdmvc.store.cutting import cut
from tdmvc.store.key_hash import key_hash
from tdmvc.store.parquet import encode_part, read_part
from tests.laws.strategies_tables import VALUES
from tests.series import trials

PART_ROWS = 16
PLAIN = [kind for kind in VALUES if kind != "json"]
QUICK = settings(
    max_examples=trials(35, 8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

keys = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=400).map(sorted)
unique_keys = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=400, unique=True).map(sorted)


class Parts:
    """Takes parts in, as the store does."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def put(self, name: str, data: bytes) -> str:
        self.data[name] = data
        return f"{len(self.data):032x}"

    def rows(self) -> pa.Table:
        with TemporaryDirectory() as folder:
            tables = []
            for name, data in self.data.items():
                path = Path(folder) / name
                path.write_bytes(data)
                tables.append(read_part(str(path)))
        return pa.concat_tables(tables)


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def type_of(kind: str) -> pa.DataType:
    type_ = parse_type(kind)
    assert type_ is not None
    return type_


def build(
    con: duckdb.DuckDBPyConnection, table: pa.Table, key: tuple[str, ...] = (), *, part_rows: int = PART_ROWS,
    known: dict[str, KnownPart] | None = None,
) -> tuple[BuiltTable, Parts]:  # fmt: skip
    columns = tuple(Column(field.name, field.type) for field in table.schema)
    sink = Parts()
    con.register("offered", table)
    try:
        built = build_table(
            con,
            "SELECT * FROM offered",
            TableSchema("t", columns, key),
            sink,
            options=BuildOptions(known or {}, part_rows),
        )
    finally:
        con.unregister("offered")
    return built, sink


def canonical(value: object) -> object:
    """A stand-in that is equal for values that the store holds for the same: one NaN, one zero."""
    match value:
        case float():
            return "nan" if math.isnan(value) else value + 0.0
        case list():
            return tuple(canonical(item) for item in value)
        case dict():
            # Python remembers the order in which fields were named; a struct has its own.
            return tuple((name, canonical(value[name])) for name in sorted(value))
    return value


def bag(rows: Sequence[dict[str, object]]) -> Counter[object]:
    return Counter(canonical(row) for row in rows)


@st.composite
def tables(draw: st.DrawFn, max_size: int = 12) -> pa.Table:
    """A table of one to three columns of any canonical types; values repeat often."""
    kinds = draw(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=3))
    row = st.tuples(*(st.one_of(st.none(), VALUES[kind]) for kind in kinds))
    rows = draw(st.lists(row, max_size=max_size))
    arrays = [pa.array([r[i] for r in rows], type_of(kind)) for i, kind in enumerate(kinds)]
    return pa.table({f"c{i}": array for i, array in enumerate(arrays)})


def cut_lengths(values: Sequence[int], batches: Sequence[int] = ()) -> list[int]:
    return [part.table.num_rows for part in cut(batched(values, batches), ("id",), part_rows=PART_ROWS)]


def batched(values: Sequence[int], batches: Sequence[int]) -> list[pa.RecordBatch]:
    """Cut the rows at the given places, out of one larger array."""
    array = pa.array(values, pa.int64())
    places = sorted({0, len(values), *(place % (len(values) + 1) for place in batches)})
    pairs = pairwise(places)
    return [pa.record_batch({"id": array.slice(start, end - start)}) for start, end in pairs]


@QUICK
@given(keys, st.lists(st.integers(0, 1000), max_size=10))
def test_joining_what_was_cut_gives_the_rows_and_batches_do_not_matter(
    values: list[int], batches: list[int]
) -> None:
    parts = list(cut(batched(values, batches), ("id",), part_rows=PART_ROWS))
    assert [v for part in parts for v in part.table["id"].to_pylist()] == values
    assert [part.table.num_rows for part in parts] == cut_lengths(values)
    assert all(part.table["id"].num_chunks == 1 for part in parts)


@QUICK
@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from([1, 1, 1, 2, 90])), max_size=300))
def test_parts_keep_their_bounds_and_never_overlap_in_key(runs: list[tuple[int, int]]) -> None:
    lengths = dict(runs)
    values = [value for value in sorted(lengths) for _ in range(lengths[value])]
    parts = [p.table["id"].to_pylist() for p in cut(batched(values, [7]), ("id",), part_rows=PART_ROWS)]
    for part, following in pairwise(parts):
        assert part[-1] < following[0]
        assert len(part) >= PART_ROWS // 4
    for part in parts:
        last_run = lengths[part[-1]]
        assert len(part) <= 4 * PART_ROWS or len(part) - last_run < 4 * PART_ROWS


@QUICK
@given(unique_keys, st.integers(0, 400), st.integers(0, 12), st.booleans(), st.integers(0, 2**31))
def test_a_clustered_edit_changes_few_parts(
    values: list[int], at: int, count: int, is_insert: bool, start: int
) -> None:
    """Inserting or deleting k neighbouring rows leaves all but O(1 + k / part) parts as they were."""
    inserted = sorted({*values, *range(start, start + count)})
    changed = inserted if is_insert else values[:at] + values[at + count :]

    def parts(rows: list[int]) -> set[tuple[int, ...]]:
        return {
            tuple(p.table["id"].to_pylist()) for p in cut(batched(rows, []), ("id",), part_rows=PART_ROWS)
        }

    old, new = parts(values), parts(changed)
    # A boundary is found again within a few parts; the bound is loose, growth with the table would break it.
    assert len(old - new) <= 8 + count // 4
    assert len(new - old) <= 8 + count // 4


@QUICK
@given(st.lists(st.integers(-128, 127), max_size=200).map(sorted))
def test_widening_a_key_column_moves_no_boundary(values: list[int]) -> None:
    lengths = []
    for type_ in (pa.int8(), pa.int16(), pa.int32(), pa.int64()):
        batch = pa.record_batch({"id": pa.array(values, type_)})
        lengths.append([p.table.num_rows for p in cut([batch], ("id",), part_rows=PART_ROWS)])
    assert lengths[1:] == lengths[:-1]


@QUICK
@given(st.data())
def test_equal_rows_have_equal_hashes_in_any_position(data: st.DataObject) -> None:
    table = data.draw(tables()).combine_chunks()
    hashes = key_hash([column.chunk(0) for column in table.columns]) if len(table) else np.zeros(0)
    for start in range(len(table)):
        row = table.slice(start, 1).combine_chunks()
        assert key_hash([column.chunk(0) for column in row.columns])[0] == hashes[start]


@QUICK
@given(tables(), st.randoms(use_true_random=False))
def test_rows_in_any_order_build_the_same_parts_and_nothing_is_lost(
    con: duckdb.DuckDBPyConnection, table: pa.Table, random: "np.random.Generator"
) -> None:
    built, parts = build(con, table)
    order = list(range(len(table)))
    random.shuffle(order)
    again, _ = build(con, table.take(pa.array(order, pa.int64())))
    assert again.listing.content == built.listing.content
    assert {e.content for e in again.listing.entries} == {e.content for e in built.listing.entries}
    assert built.rows == len(table)
    assert bag(parts.rows().to_pylist()) == bag(table.to_pylist())
    assert parts.rows().schema.equals(table.schema)


@QUICK
@given(st.lists(st.tuples(st.sampled_from([None, 1, 2, 3]), st.sampled_from([None, 0.0, math.nan, 1.5])), max_size=60),
       st.randoms(use_true_random=False))  # fmt: skip
def test_rows_with_equal_and_null_keys_build_the_same_parts_in_any_order(
    con: duckdb.DuckDBPyConnection, rows: list[tuple[int | None, float | None]], random: "np.random.Generator"
) -> None:
    def table(ordered: list[tuple[int | None, float | None]]) -> pa.Table:
        return pa.table(
            {
                "id": pa.array([r[0] for r in ordered], pa.int32()),
                "x": pa.array([r[1] for r in ordered], pa.float64()),
            }
        )

    built, parts = build(con, table(rows), ("id",))
    shuffled = rows.copy()
    random.shuffle(shuffled)
    assert build(con, table(shuffled), ("id",))[0].listing.content == built.listing.content
    assert bag(parts.rows().to_pylist()) == bag(table(rows).to_pylist())
    counts = Counter(row[0] for row in rows)
    assert built.repeated_keys == sum(count > 1 for count in counts.values())
    assert built.null_keys == counts[None]


@QUICK
@given(tables(max_size=4), tables(max_size=4))
def test_contents_are_equal_exactly_if_rows_and_types_are(
    con: duckdb.DuckDBPyConnection, a: pa.Table, b: pa.Table
) -> None:
    if len(a.columns) == len(b.columns) and len(b):
        b = b if a.schema.equals(b.schema) else a.slice(0, len(b))
    is_equal = a.schema.equals(b.schema) and bag(a.to_pylist()) == bag(b.to_pylist())
    assert (build(con, a)[0].listing.content == build(con, b)[0].listing.content) is is_equal


@QUICK
@given(tables(), st.integers(0, 11), st.integers(0, 2), st.data())
def test_any_changed_cell_changes_the_content(
    con: duckdb.DuckDBPyConnection, table: pa.Table, row: int, column: int, data: st.DataObject
) -> None:
    assume(len(table))
    row, column = row % len(table), column % len(table.columns)
    kind = format_type(table.schema.field(column).type)
    value = data.draw(st.one_of(st.none(), VALUES[kind]))
    values = table.column(column).to_pylist()
    is_same = canonical(values[row]) == canonical(value) and type(canonical(values[row])) is type(
        canonical(value)
    )
    values[row] = value
    changed = table.set_column(column, table.column_names[column], pa.array(values, type_of(kind)))
    assert (build(con, table)[0].listing.content == build(con, changed)[0].listing.content) is is_same


@QUICK
@given(tables(max_size=40), st.booleans())
def test_reading_a_part_gives_back_what_was_encoded(table: pa.Table, is_keyed: bool) -> None:
    key = (table.column_names[0],) if is_keyed else ()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "part"
        path.write_bytes(encode_part(table, key))
        back = read_part(str(path))
    assert back.schema.equals(table.schema)
    assert part_content(back) == part_content(table)


@QUICK
@given(
    st.sampled_from(
        ["float32", "float64", "list<float64>", "list<list<float32>>", "struct<x: float32, y: string>"]
    )
)
def test_there_is_one_nan_and_one_zero_at_any_depth(con: duckdb.DuckDBPyConnection, kind: str) -> None:
    quiet, odd = np.array([0x7FF8000000000000, 0xFFF8000000000001], np.uint64).view(np.float64)

    def table(zero: float, nan: float) -> pa.Table:
        leaf = pa.array([zero, nan, 1.0, 1.5], pa.float64()).cast(
            pa.float32() if "32" in kind else pa.float64()
        )
        lists = pa.ListArray.from_arrays([0, 2, 2, 4], leaf)
        nested = {
            "list<float64>": lists,
            "list<list<float32>>": pa.ListArray.from_arrays([0, 1, 1, 3], lists),
            "struct<x: float32, y: string>": pa.StructArray.from_arrays(
                [leaf, pa.array(list("abcd"))], ["x", "y"]
            ),
        }
        return pa.table({"c": nested.get(kind, leaf)})

    built, parts = build(con, table(-0.0, float(odd)))
    assert built.listing.content == build(con, table(0.0, float(quiet)))[0].listing.content
    assert parts.rows().schema.field("c").type == type_of(kind)
    assert "-0.0" not in str(parts.rows().to_pylist())


@QUICK
@given(st.lists(st.sampled_from(["a", "b", None]), max_size=80))
def test_a_table_without_a_key_is_a_multiset(
    con: duckdb.DuckDBPyConnection, values: list[str | None]
) -> None:
    built, parts = build(con, pa.table({"c": pa.array(values, pa.string())}))
    assert Counter(parts.rows()["c"].to_pylist()) == Counter(values)
    assert built.repeated_keys == built.null_keys == 0
    longer, _ = build(con, pa.table({"c": pa.array([*values, "a"], pa.string())}))
    assert longer.listing.content != built.listing.content


@QUICK
@given(unique_keys.filter(bool), st.integers(0, 399))
def test_only_parts_that_changed_are_written(
    con: duckdb.DuckDBPyConnection, values: list[int], at: int
) -> None:
    def table(changed: int) -> pa.Table:
        notes = ["old"] * len(values)
        notes[at % len(values)] = f"{changed}"
        return pa.table({"id": pa.array(values, pa.int64()), "note": notes})

    first, written = build(con, table(1), ("id",))
    assert first.written_bytes == first.size_bytes == sum(map(len, written.data.values()))
    known = {e.content: KnownPart(e.md5, len(written.data[e.name])) for e in first.listing.entries}
    same, nothing = build(con, table(1), ("id",), known=known)
    assert (same.listing, same.written_bytes, nothing.data) == (first.listing, 0, {})
    edited, one = build(con, table(2), ("id",), known=known)
    assert len(one.data) == 1
    assert len(edited.listing.entries) == len(first.listing.entries)


def types(depth: int = 3) -> st.SearchStrategy[pa.DataType]:
    """Any canonical type."""
    decimals = st.integers(1, 38).flatmap(lambda p: st.integers(0, p).map(lambda s: pa.decimal128(p, s)))
    names = st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=3, unique=True)
    return st.recursive(
        st.sampled_from(list(SIMPLE.values())) | decimals,
        lambda inner: (
            inner.map(pa.list_)
            | names.flatmap(
                lambda fields: st.tuples(*(inner for _ in fields)).map(
                    lambda kinds: pa.struct(list(zip(fields, kinds, strict=True)))
                )
            )
        ),
        max_leaves=depth,
    )


@settings(max_examples=trials(200, 20), deadline=None)
@given(types())
def test_parsing_a_formatted_type_gives_it_back(type_: pa.DataType) -> None:
    assert parse_type(format_type(type_)) == type_
    assert parse_type(f" {format_type(type_)} ") == type_
    assert parse_type(format_type(type_) + "x") is None


@settings(max_examples=trials(100, 30), deadline=None)
@given(types(), types())
def test_types_are_equal_exactly_if_their_texts_are(a: pa.DataType, b: pa.DataType) -> None:
    assert (format_type(a) == format_type(b)) is (a == b)
    schemas = (pa.schema([("c", a)]), pa.schema([("c", b)]))
    assert (schema_content(schemas[0]) == schema_content(schemas[1])) is (a == b)


@settings(
    max_examples=trials(100, 30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(types())
def test_duckdb_understands_every_type_and_gives_it_back(
    con: duckdb.DuckDBPyConnection, type_: pa.DataType
) -> None:
    assume(_duckdb_can_name_fields(type_))
    back = con.sql(f"SELECT CAST(NULL AS {duckdb_type(type_)}) AS c").to_arrow_table().schema.field("c").type
    assert back == type_


@settings(max_examples=trials(100, 30), deadline=None)
@given(st.text(max_size=20))
def test_any_text_is_a_type_or_is_not_and_never_an_error(text: str) -> None:
    type_ = parse_type(text)
    assert type_ is None or parse_type(format_type(type_)) == type_


def _duckdb_can_name_fields(type_: pa.DataType) -> bool:
    """DuckDB folds the case of field names and knows none with a zero byte."""
    if not pa.types.is_nested(type_):
        return True
    fields = [type_.field(i) for i in range(type_.num_fields)]
    names = {field.name.lower() for field in fields}
    return (
        len(names) == len(fields)
        and not any("\x00" in field.name for field in fields)
        and all(_duckdb_can_name_fields(field.type) for field in fields)
    )
