"""Reads the key of one row as people write it, and returns the typed values that it can mean."""

import re
from collections.abc import Collection, Sequence
from datetime import time

import pyarrow as pa

from tdmvc.arrow.compute import CastOptions, call_function
from tdmvc.arrow.constants import text as text_scalar
from tdmvc.arrow.values import python_values
from tdmvc.changes.same_value import value_text
from tdmvc.errors import UsageError
from tdmvc.model.schema import Column, TableSchema

NULL = "NULL"
_ITEM = re.compile(r'(?:([^,="]*)=)?(?:"((?:[^"]|"")*)"|([^,]*))(,|$)')


def parse_key(
    words: Sequence[str], schema: TableSchema, *, hidden: Collection[str] = ()
) -> tuple[object, ...]:
    """Return the values of a row's key, in key order, as the columns' types have them.

    A word is `1001`, `order_id=1001`, `1,2` or `order_id=1,line=2`; with several words, each
    is one column's. A value in double quotes may hold commas; `NULL` without quotes is no value.

    Args:
        hidden: columns whose values no message repeats.

    Raises:
        UsageError: the table has no key, a column is not in the key, or a value is not of its type.
    """
    if not schema.key:
        raise UsageError(
            f"The table {schema.name} has no key, so a single row of it cannot be found.",
            remedy=f"name its key in contract.yaml, or with `tdmvc add DATASET --key {schema.name}=COLUMN`.",
        )
    items = [item for word in words for item in _items(word, schema, is_whole=len(schema.key) == 1)]
    named = [name for name, _, _ in items if name is not None]
    if named and len(named) < len(items):
        raise _unclear(schema, "names some columns, but not all")
    if len(set(named)) < len(named):
        raise _unclear(schema, "names a column twice")
    if len(items) != len(schema.key):
        raise _unclear(schema, f"has {len(items)} of {len(schema.key)} values")
    by_name = {name: (text, is_quoted) for name, text, is_quoted in items if name is not None}
    values = []
    for place, column_name in enumerate(schema.key):
        text, is_quoted = by_name[column_name] if named else items[place][1:]
        column = schema.column(column_name)
        assert column is not None
        values.append(None if text == NULL and not is_quoted else _typed(text, column, schema, hidden))
    return tuple(values)


def retyped(value: object, type_: pa.DataType) -> object:
    """Return the value as a column of another type has it; raises `ValueError` if none is equal."""
    if value is None:
        return None
    if isinstance(value, bytes) or pa.types.is_nested(type_):
        return value
    found = _cast(value_text(value), type_)
    if found is None:
        raise ValueError("no value of that type is equal")
    return found


def _items(word: str, schema: TableSchema, *, is_whole: bool) -> list[tuple[str | None, str, bool]]:
    """Return (column, text, is quoted) of each value in a word."""
    if is_whole:
        name, sign, rest = word.partition("=")
        if sign and name.strip() in schema.key:
            return [(name.strip(), *_unquoted(rest))]
        if sign and schema.column(name.strip()) is not None:
            raise _no_key_column(schema, name.strip())
        return [(None, *_unquoted(word))]
    items: list[tuple[str | None, str, bool]] = []
    place = 0
    while True:
        match = _ITEM.match(word, place)
        assert match is not None  # a bare text may be empty
        name, quoted, bare, end = match.groups()
        column = name.strip() if name is not None else None
        if column is not None and column not in schema.key:
            if quoted is not None or schema.column(column) is not None:
                raise _no_key_column(schema, column)
            # A text with an equals sign, at its own place.
            items.append((None, f"{name}={bare}", False))
        elif quoted is None:
            items.append((column, bare, False))
        else:
            items.append((column, quoted.replace('""', '"'), True))
        place = match.end()
        if not end:
            return items


def _unquoted(text: str) -> tuple[str, bool]:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"'), True
    return text, False


def _typed(text: str, column: Column, schema: TableSchema, hidden: Collection[str]) -> object:
    value = _cast(text, column.type)
    if value is None:
        what = "the value" if column.name in hidden else repr(text)
        raise UsageError(
            f"{what[0].upper()}{what[1:]} is not a valid {column.type_text} for {schema.name}.{column.name}.",
            where="--key",
            remedy=f"the key of {schema.name} is {_format_key(schema)}.",
        )
    return value


def _cast(text: str, type_: pa.DataType) -> object:
    """Return the value of a text in a type, None if it has none."""
    if pa.types.is_binary(type_):
        try:
            return bytes.fromhex(text.removeprefix("0x"))
        except ValueError:
            return None
    if pa.types.is_nested(type_):
        return None
    if pa.types.is_string(type_):
        return text
    stripped = text.strip()
    if pa.types.is_time(type_):
        # Arrow reads no time of day from a text.
        try:
            return time.fromisoformat(stripped)
        except ValueError:
            return None
    is_instant = pa.types.is_timestamp(type_) and type_.tz is not None
    # An instant without a zone is taken for one in UTC, as every instant is shown.
    for spelling in (stripped, f"{stripped}Z") if is_instant else (stripped,):
        try:
            array = pa.repeat(text_scalar(spelling), 1)
            return python_values(call_function("cast", [array], CastOptions(target_type=type_)))[0]
        except pa.ArrowException:
            continue
    return None


def _no_key_column(schema: TableSchema, name: str) -> UsageError:
    return UsageError(
        f"The column '{name}' is not in the key of {schema.name}.",
        where="--key",
        remedy=f"the key is {_format_key(schema)}.",
    )


def _unclear(schema: TableSchema, why: str) -> UsageError:
    names = schema.key
    example = ",".join(f"{name}=…" for name in names)
    return UsageError(
        f"The key {why}.",
        where="--key",
        remedy=f"the key of {schema.name} is {_format_key(schema)}: write --key '{example}'; "
        "put a value with a comma into double quotes.",
    )


def _format_key(schema: TableSchema) -> str:
    columns = [schema.column(name) for name in schema.key]
    return ", ".join(f"{column.name} ({column.type_text})" for column in columns if column is not None)
