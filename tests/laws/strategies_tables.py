"""Hypothesis strategies for pairs of tables, and the Parquet parts they are cut into."""

import json
import math
import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tdmvc.arrow.types import format_type, parse_type
from tdmvc.model.diff import TableSide
from tdmvc.model.schema import Column, TableSchema

Row = dict[str, object]

NAMES = (
    "id", "select", 'a"b', "it's", "f", "r", "k0", "c0", "d0", "s0", "g", "kind", "surplus", "o", "filename",
    "file_row_number", "File_Index", "old_f", "change", "名 naïve", "rows", "%s", "{x}", "a.b", "",
)  # fmt: skip
JSON_TEXTS = (
    '{"a":1,"b":[1,2]}', '{"b": [1, 2], "a": 1.0}', '{"a":1,"b":[2,1]}', '{"a":true}', '{"a":1}', "1", "1.0", "10e-1",
    "true", '"1"', "null", "", "not json", '{"a":1,"a":2}', '{"a":2}', "[NaN]", "[ NaN]", "9007199254740993",
    "9007199254740993.0", '"\\u00e9"', '"é"',
)  # fmt: skip
WIDER = {
    "int32": "int64",
    "uint8": "int16",
    "float32": "float64",
    "decimal(6,2)": "decimal(10,3)",
    "timestamp": "timestamptz",
    "timestamptz": "timestamp",
    "date": "timestamp",
    "list<int32>": "list<int64>",
    "struct<x: float32, y: string>": "struct<y: string, x: float64>",
}
_INSTANTS = (datetime(1969, 12, 31, 23, 59, 59, 999999), datetime(2024, 3, 31, 2, 30), datetime(1, 1, 1))

VALUES: dict[str, st.SearchStrategy[object]] = {
    "bool": st.booleans(),
    "int32": st.sampled_from([0, 1, -1, 2**31 - 1, 7]),
    "uint8": st.sampled_from([0, 1, 255]),
    "int64": st.sampled_from([0, 1, 2**63 - 1, -(2**63), 9007199254740993]),
    "uint64": st.sampled_from([0, 1, 2**64 - 1]),
    "float32": st.sampled_from([0.0, -0.0, math.nan, 1.5, -math.inf]),
    "float64": st.sampled_from([0.0, -0.0, math.nan, -math.nan, 1.5, 1e300, math.inf]),
    "decimal(6,2)": st.sampled_from([Decimal("0.00"), Decimal("1.50"), Decimal("-9999.99")]),
    "decimal(38,0)": st.sampled_from([Decimal(0), Decimal(10**38 - 1), Decimal(1)]),
    "string": st.sampled_from(
        ["", " ", "a", "A", "é", "e\u0301", "NULL", "0", "'", "\u200b", "a\x00b", "x" * 200]
    ),
    "json": st.sampled_from(JSON_TEXTS),
    "binary": st.sampled_from([b"", b"\x00", b"\xff\xfe", b"a"]),
    "date": st.sampled_from([date(1, 1, 1), date(2024, 2, 29), date(9999, 12, 31)]),
    "time": st.sampled_from([time(0), time(23, 59, 59, 999999)]),
    "timestamp": st.sampled_from(_INSTANTS),
    "timestamptz": st.sampled_from([moment.replace(tzinfo=UTC) for moment in _INSTANTS[:2]]),
    "list<int32>": st.lists(st.sampled_from([None, 0, 1]), max_size=2),
    "list<float64>": st.lists(st.sampled_from([None, 0.0, -0.0, math.nan]), max_size=2),
    "struct<x: float32, y: string>": st.fixed_dictionaries(
        {"x": st.sampled_from([None, 0.0, -0.0, math.nan]), "y": st.sampled_from([None, "", "a"])}
    ),
    "list<struct<n: int64, deep: list<float64>>>": st.lists(
        st.fixed_dictionaries(
            {
                "n": st.sampled_from([None, 1]),
                "deep": st.lists(st.sampled_from([0.0, -0.0, math.nan]), max_size=1),
            }
        ),
        max_size=1,
    ),
}


@dataclass(frozen=True)
class TablePair:
    """Two states of one table, as rows, and into how many parts each is cut."""

    old_schema: TableSchema
    new_schema: TableSchema
    old: list[Row]
    new: list[Row]
    old_cuts: int
    new_cuts: int


@st.composite
def columns(draw: st.DrawFn, name: str) -> Column:
    """A column of any canonical type, or of JSON text."""
    kind = draw(st.sampled_from(sorted(VALUES)))
    if kind == "json":
        return Column(name, pa.string(), physical_type="jsonb")
    return Column(name, _parse(kind))


@st.composite
def table_pairs(draw: st.DrawFn) -> TablePair:
    """A table and what random edits made of it: rows, columns, types, parts."""
    names = draw(st.lists(st.sampled_from(NAMES[:-1]), min_size=1, max_size=4, unique=True))
    old_columns = [draw(columns(name)) for name in names]
    width = draw(st.integers(0, min(2, len(names))))
    key = tuple(names[:width])
    new_columns = [draw(_edited_column(column)) for column in old_columns]
    if len(names) > max(width, 1) and draw(st.booleans()):
        new_columns.pop()
    if draw(st.booleans()):
        new_columns.insert(0, Column("came", pa.int64()))
    old_schema = TableSchema("t", tuple(old_columns), key)
    new_schema = TableSchema("t", tuple(new_columns), key)
    cells: dict[str, st.SearchStrategy[object]] = {column.name: _cells(column) for column in old_columns}
    row = st.fixed_dictionaries(cells)
    old = draw(st.lists(row, max_size=8))
    kept = [draw(_edited_row(old_row, old_columns)) for old_row in old]
    new = [new_row for new_row in kept if draw(st.integers(0, 5))] + draw(st.lists(row, max_size=3))
    if key and draw(st.integers(0, 3)) > 0:
        old, new = _with_sound_keys(old, key), _with_sound_keys(new, key)
    new = [_in_schema(new_row, new_schema, number) for number, new_row in enumerate(new)]
    cuts = draw(st.integers(1, 4))
    return TablePair(
        old_schema, new_schema, old, draw(st.permutations(new)), cuts, draw(st.sampled_from([cuts, 1, 3]))
    )


def write_side(folder: Path, schema: TableSchema, rows: list[Row], *, cuts: int) -> TableSide:
    """Write the rows as parts; rows of one key (or equal rows) share a part, as the store promises."""
    key = schema.key or schema.column_names
    buckets: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        text = repr([canonical_value(row[name]) for name in key])
        buckets[zlib.crc32(text.encode()) % cuts].append(row)
    return write_parts(folder, schema, list(buckets.values()) or [[]])


def write_parts(folder: Path, schema: TableSchema, parts: list[list[Row]]) -> TableSide:
    """Write each list of rows as a part named by what it says."""
    names = []
    for rows in parts:
        text = sorted(repr([canonical_value(row[name]) for name in schema.column_names]) for row in rows)
        name = sha256(repr((schema, text)).encode()).hexdigest()
        arrays = [pa.array([row[column.name] for row in rows], column.type) for column in schema.columns]
        table = pa.Table.from_arrays(arrays, schema=schema.arrow_schema())
        pq.write_table(table, folder / f"{name}.parquet")
        names.append(name)
    total = sum(len(rows) for rows in parts)
    return TableSide(
        schema,
        tuple(names),
        total,
        lambda wanted: [folder / f"{name}.parquet" for name in wanted],
        {name: digest_of(name) for name in names},
    )


def digest_of(name: str) -> str:
    """Return what stands for the hash of the bytes of a part, or the name of the part with such a hash."""
    return name[::-1]


def canonical_value(value: object, *, is_json: bool = False) -> object:
    """Return a hashable stand-in that is equal for values that say the same; plain Python, no SQL."""
    if is_json and isinstance(value, str):
        return _canonical_json(value)
    match value:
        case float():
            return "nan" if math.isnan(value) else value + 0.0
        case datetime():
            return value.replace(tzinfo=UTC)
        case date():
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        case list():
            return tuple(canonical_value(item) for item in value)
        case dict():
            return frozenset((name, canonical_value(item)) for name, item in value.items())
    return value


def _canonical_json(text: str) -> object:
    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        if len({name for name, _ in items}) < len(items):
            raise ValueError
        return dict(items)

    def refuse(constant: str) -> object:
        raise ValueError(constant)

    try:
        return ("json", _frozen(json.loads(text, object_pairs_hook=pairs, parse_constant=refuse)))
    except ValueError:
        return ("text", text)


def _frozen(value: object) -> object:
    match value:
        case dict():
            return frozenset((name, _frozen(item)) for name, item in value.items())
        case list():
            return tuple(_frozen(item) for item in value)
        case bool():
            return ("bool", value)
    return value


def _parse(kind: str) -> pa.DataType:
    type_ = parse_type(kind)
    assert type_ is not None, kind
    return type_


def _cells(column: Column) -> st.SearchStrategy[object]:
    kind = "json" if column.is_json else format_type(column.type)
    return st.one_of(st.none(), VALUES[kind], VALUES[kind])


@st.composite
def _edited_column(draw: st.DrawFn, column: Column) -> Column:
    wider = WIDER.get(format_type(column.type))
    if wider is None or column.is_json or draw(st.integers(0, 2)):
        return column
    return Column(column.name, _parse(wider))


@st.composite
def _edited_row(draw: st.DrawFn, row: Row, old_columns: list[Column]) -> Row:
    if draw(st.booleans()):
        return row
    column = draw(st.sampled_from(old_columns))
    return {**row, column.name: draw(_cells(column))}


def _with_sound_keys(rows: list[Row], key: tuple[str, ...]) -> list[Row]:
    sound: dict[object, Row] = {}
    for row in rows:
        if all(row[name] is not None for name in key):
            sound.setdefault(repr([canonical_value(row[name]) for name in key]), row)
    return list(sound.values())


def _in_schema(row: Row, schema: TableSchema, number: int) -> Row:
    cast: dict[str, Callable[[object], object]] = {
        "timestamp": lambda value: (
            value.replace(tzinfo=None) if isinstance(value, datetime) else canonical_value(value)
        ),
        "timestamptz": canonical_value,
    }
    result: Row = {}
    for column in schema.columns:
        value = row.get(column.name, number)
        change = cast.get(format_type(column.type))
        result[column.name] = change(value) if change and value is not None else value
    for column in schema.columns:
        value = result[column.name]
        if format_type(column.type) == "timestamp" and isinstance(value, datetime):
            result[column.name] = value.replace(tzinfo=None)
    return result
