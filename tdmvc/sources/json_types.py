"""Which type holds all JSON values of a column, and the Arrow arrays of them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa

from tdmvc.arrow.types import MAX_DECIMAL_DIGITS, MAX_EXACT_FLOAT_INTEGER, MAX_INT64, MIN_INT64, SIMPLE
from tdmvc.model.schema import UNTYPED, Column

_BATCH_ROWS = 4096


class SurrogateError(ValueError):
    """A text holds half of a surrogate pair and has no UTF-8."""


class JsonProfile:
    """What all values of a column are, taken together; grows value by value."""

    __slots__ = ("_fields", "_has_varied_fields", "_high", "_items", "_kinds", "_low")

    def __init__(self) -> None:
        self._kinds: set[type] = set()
        self._low = 0
        self._high = 0
        self._items: JsonProfile | None = None
        self._fields: dict[str, JsonProfile] | None = None
        self._has_varied_fields = False

    def add(self, value: object) -> None:
        """Take one more value into account; null says nothing.

        Raises:
            SurrogateError: a text in it has no UTF-8.
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
        elif isinstance(value, list):
            self._items = self._items or JsonProfile()
            for item in value:
                self._items.add(item)
        elif isinstance(value, dict):
            self._add_object(value)

    @property
    def is_empty(self) -> bool:
        """Whether nothing but nulls was seen."""
        return not self._kinds

    def _add_object(self, value: dict[str, object]) -> None:
        if self._fields is None:
            self._fields = {name: JsonProfile() for name in value}
        self._has_varied_fields |= self._fields.keys() != value.keys()
        for name, inner in value.items():
            check_text(name)
            self._fields.setdefault(name, JsonProfile()).add(inner)

    def type(self, *, has_structs: bool) -> pa.DataType | None:
        """Return the type that holds every value exactly, or None where only JSON text does."""
        if not self._kinds or self._kinds == {str}:
            return SIMPLE["string"]
        if self._kinds == {bool}:
            return SIMPLE["bool"]
        if self._kinds == {int}:
            return self._integer_type()
        if self._kinds == {float}:
            return SIMPLE["float64"]
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

    def _struct_type(self) -> pa.DataType | None:
        fields = self._fields or {}
        are_apart = len({name.lower() for name in fields}) == len(fields)
        types = {name: profile.type(has_structs=True) for name, profile in fields.items()}
        if not fields or not all(fields) or not are_apart or any(type_ is None for type_ in types.values()):
            return None
        return pa.struct([pa.field(name, type_) for name, type_ in types.items()])


@dataclass(frozen=True, slots=True)
class JsonColumn:
    """A column and how its values become an Arrow array."""

    column: Column

    @property
    def is_json_text(self) -> bool:
        return self.column.is_json

    def array(self, values: Iterable[object]) -> pa.Array:
        if self.is_json_text:
            values = [None if value is None else json_text(value) for value in values]
        return pa.array(list(values), type=self.column.type)


def json_column(name: str, profile: JsonProfile, *, has_structs: bool) -> JsonColumn:
    """Return the column for what was seen: typed where all values agree, else JSON as text."""
    type_ = profile.type(has_structs=has_structs)
    if type_ is None:
        return JsonColumn(Column(name, SIMPLE["string"], physical_type="json"))
    return JsonColumn(Column(name, type_, physical_type=UNTYPED if profile.is_empty else None))


def json_text(value: object) -> str:
    """Return the one spelling of a JSON value that a text column keeps; keys stay in their order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def check_text(text: str) -> None:
    """Raise SurrogateError for a text that has no UTF-8."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise SurrogateError from None


def batch_reader(
    columns: Mapping[str, JsonColumn], rows: Callable[[], Iterator[Mapping[str, object]]]
) -> Callable[[], pa.RecordBatchReader]:
    """Return what opens the rows anew as Arrow batches; a value that a row lacks is null.

    Args:
        columns: by the key of the value in a row, in order.
        rows: starts anew at each call.
    """
    schema = pa.schema([pa.field(item.column.name, item.column.type) for item in columns.values()])

    def batches() -> Iterator[pa.RecordBatch]:
        remaining = rows()
        while batch := list(islice(remaining, _BATCH_ROWS)):
            arrays = [column.array([row.get(key) for row in batch]) for key, column in columns.items()]
            yield pa.record_batch(arrays, schema=schema)

    return lambda: pa.RecordBatchReader.from_batches(schema, batches())
