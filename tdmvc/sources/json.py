"""JSON lists of objects, and JSON lines: the type that holds all values of a column, and the rows as Arrow."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from tdmvc.arrow.constants import values_array
from tdmvc.arrow.types import (
    MAX_DECIMAL_DIGITS,
    MAX_EXACT_FLOAT_INTEGER,
    MAX_INT64,
    MIN_INT64,
    SIMPLE,
    decimal_type,
    leaf_types,
)
from tdmvc.errors import SourceError
from tdmvc.model.schema import UNTYPED, Column, TableSchema
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sources.base import SourceOptions, check_column_names, stem
from tdmvc.sources.json_stream import is_list, read_items
from tdmvc.sql.duckdb import DuckDBConnection

LINE_SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
SUFFIXES = (".json", ".json.gz", *LINE_SUFFIXES)
_BATCH_ROWS = 4096


class JsonSource:
    """A JSON list of objects, or one object per line."""

    name = "JSON (.json: a list of objects; .jsonl, .ndjson: one object per line)"
    names_tables = False

    def matches(self, path: Path) -> bool:
        return path.is_file() and path.name.lower().endswith(SUFFIXES)

    def open(self, path: Path, con: DuckDBConnection, options: SourceOptions) -> list[SourceTable]:
        profiles = _profile(path)
        check_column_names(list(profiles), path)
        columns = {name: json_column(name, profile, has_structs=True) for name, profile in profiles.items()}
        schema = TableSchema(options.table or stem(path), tuple(item.column for item in columns.values()))
        notes = tuple(
            f"{name}: kept as JSON text, because no type holds all of its values"
            for name, item in columns.items()
            if item.is_json_text
        )

        def rows() -> Iterator[Mapping[str, object]]:
            return (item.value for item in read_items(path))

        return [SourceTable(schema, ArrowScan(batch_reader(columns, rows)), str(path), notes=notes)]


class SurrogateError(ValueError):
    """A text contains half of a surrogate pair, which UTF-8 cannot encode."""


class JsonProfile:
    """What is known about the values of a column so far."""

    __slots__ = (
        "_digits_after",
        "_digits_before",
        "_fields",
        "_has_varied_fields",
        "_high",
        "_items",
        "_kinds",
        "_low",
    )

    def __init__(self) -> None:
        self._kinds: set[type] = set()
        self._low = 0
        self._high = 0
        # Of numbers with a point; too many for any decimal if one is not finite.
        self._digits_before = 0
        self._digits_after = 0
        self._items: JsonProfile | None = None
        self._fields: dict[str, JsonProfile] | None = None
        self._has_varied_fields = False

    def add(self, value: object) -> None:
        """Take one more value into account; null changes nothing.

        Raises:
            SurrogateError: UTF-8 cannot encode a text in it.
        """
        if value is None:
            return
        self._kinds.add(type(value))
        if isinstance(value, str):
            check_text(value)
        elif isinstance(value, int):
            if value < self._low:
                self._low = value
            elif value > self._high:
                self._high = value
        elif isinstance(value, float | Decimal):
            self._count_digits(value)
        elif isinstance(value, list):
            self._items = self._items or JsonProfile()
            for item in value:
                self._items.add(item)
        elif isinstance(value, dict):
            self._add_object(value)

    def _count_digits(self, value: float | Decimal) -> None:
        number = value if isinstance(value, Decimal) else Decimal(repr(value))
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int):
            self._digits_before = MAX_DECIMAL_DIGITS + 1
            return
        self._digits_before = max(self._digits_before, number.adjusted() + 1)
        self._digits_after = max(self._digits_after, -exponent)

    @property
    def is_empty(self) -> bool:
        """Whether all values were null."""
        return not self._kinds

    @property
    def is_nested(self) -> bool:
        """Whether a value was a list or an object."""
        return not self._kinds.isdisjoint({list, dict})

    def _add_object(self, value: dict[str, object]) -> None:
        if self._fields is None:
            self._fields = {name: JsonProfile() for name in value}
        self._has_varied_fields |= self._fields.keys() != value.keys()
        for name, inner in value.items():
            check_text(name)
            self._fields.setdefault(name, JsonProfile()).add(inner)

    def type(self, *, has_structs: bool) -> pa.DataType | None:
        """Return the type that holds every value exactly, or None if only JSON text does."""
        if not self._kinds or self._kinds == {str}:
            return SIMPLE["string"]
        if self._kinds == {bool}:
            return SIMPLE["bool"]
        if self._kinds == {int}:
            return self._integer_type()
        if self._kinds == {float}:
            return SIMPLE["float64"]
        if Decimal in self._kinds and self._kinds <= {int, float, Decimal}:
            return self._decimal_type()
        if self._kinds == {int, float}:
            is_exact = self._low >= -MAX_EXACT_FLOAT_INTEGER and self._high <= MAX_EXACT_FLOAT_INTEGER
            return SIMPLE["float64"] if is_exact else None
        if self._kinds == {list}:
            inner = (self._items or JsonProfile()).type(has_structs=has_structs)
            return None if inner is None else pa.list_(inner)
        if self._kinds == {dict} and has_structs and not self._has_varied_fields:
            return self._struct_type()
        return None

    def _integer_type(self) -> pa.DataType | None:
        if self._low >= MIN_INT64 and self._high <= MAX_INT64:
            return SIMPLE["int64"]
        limit = 10**MAX_DECIMAL_DIGITS
        return pa.decimal128(MAX_DECIMAL_DIGITS, 0) if -limit < self._low and self._high < limit else None

    def _decimal_type(self) -> pa.DataType | None:
        before = max(self._digits_before, len(str(max(self._high, -self._low))))
        return decimal_type(before + self._digits_after, self._digits_after)

    def _struct_type(self) -> pa.DataType | None:
        fields = self._fields or {}
        are_apart = len({name.lower() for name in fields}) == len(fields)
        types = {name: profile.type(has_structs=True) for name, profile in fields.items()}
        if not fields or not all(fields) or not are_apart or any(type_ is None for type_ in types.values()):
            return None
        return pa.struct([pa.field(name, type_) for name, type_ in types.items()])


class ArrayColumn(Protocol):
    """A column that turns its values, as a file has them, into an Arrow array."""

    @property
    def column(self) -> Column: ...

    def array(self, values: Iterable[object]) -> pa.Array:
        """Return values as an array of the column's type."""


@dataclass(frozen=True, slots=True)
class JsonColumn:
    """A column that turns its values into an Arrow array."""

    column: Column

    @property
    def is_json_text(self) -> bool:
        return self.column.is_json

    def array(self, values: Iterable[object]) -> pa.Array:
        if self.is_json_text:
            values = [None if value is None else json_text(value) for value in values]
        elif any(map(pa.types.is_decimal, leaf_types(self.column.type))):
            values = [_exact(value) for value in values]
        values, type_ = list(values), self.column.type
        return pa.array(values, type_) if pa.types.is_nested(type_) else values_array(values, type_)


def json_column(name: str, profile: JsonProfile, *, has_structs: bool) -> JsonColumn:
    """Return the column for a profile: typed if all values agree, otherwise JSON as text."""
    type_ = profile.type(has_structs=has_structs)
    if type_ is None:
        return JsonColumn(Column(name, SIMPLE["string"], physical_type="json"))
    return JsonColumn(Column(name, type_, physical_type=UNTYPED if profile.is_empty else None))


def json_text(value: object) -> str:
    """Return a JSON value as the text that a column keeps; keys stay in their order."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except TypeError:
        return _text_with_decimals(value)


def _text_with_decimals(value: object) -> str:
    """Return JSON whose numbers have all their digits; `json` itself writes no Decimal."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json_text(name)}:{json_text(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return str(value)


def _exact(value: object) -> object:
    """Return a value with its floats as decimals of the same digits."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return {name: _exact(item) for name, item in value.items()} if isinstance(value, dict) else value


def check_text(text: str) -> None:
    """Raise SurrogateError for a text that UTF-8 cannot encode."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise SurrogateError from None


def batch_reader(
    columns: Mapping[str, ArrayColumn], rows: Callable[[], Iterator[Mapping[str, object]]]
) -> Callable[[], pa.RecordBatchReader]:
    """Return a function that opens the rows as Arrow batches; a value that a row lacks is null.

    Args:
        columns: by the key of the value in a row, in order.
        rows: starts from the first row at each call.
    """
    schema = pa.schema([pa.field(item.column.name, item.column.type) for item in columns.values()])

    def batches() -> Iterator[pa.RecordBatch]:
        remaining = rows()
        while batch := list(islice(remaining, _BATCH_ROWS)):
            arrays = [column.array([row.get(key) for row in batch]) for key, column in columns.items()]
            yield pa.record_batch(arrays, schema=schema)

    return lambda: pa.RecordBatchReader.from_batches(schema, batches())


def _profile(path: Path) -> dict[str, JsonProfile]:
    profiles: dict[str, JsonProfile] = {}
    count = 0
    for item in read_items(path):
        count += 1
        try:
            for name, value in item.value.items():
                if name not in profiles:
                    check_text(name)
                    profiles[name] = JsonProfile()
                profiles[name].add(value)
        except SurrogateError:
            raise surrogate_error(path, item.line) from None
    if not profiles:
        raise SourceError.unreadable(
            path, "no object has a key.", remedy="give at least one row, or use CSV or Parquet."
        )
    if count == 1 and not is_list(path) and not path.name.lower().endswith(LINE_SUFFIXES):
        raise SourceError.unreadable(
            path,
            "the file is a single object, not a list of rows.",
            remedy="write a list of objects, and each table to a file of its own.",
        )
    return profiles


def surrogate_error(path: Path, line: int) -> SourceError:
    """Return the error for a text that UTF-8 cannot encode."""
    return SourceError.unreadable(
        path,
        f"line {line}: a text contains half of a surrogate pair, which UTF-8 cannot encode.",
        remedy="write both halves of the pair, or remove it.",
    )
