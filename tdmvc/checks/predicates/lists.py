"""Schemas of a list's items that say no more than the type of its column, as SQL."""

from typing import Final

import pyarrow as pa

from tdmvc.checks.predicates.errors import InexactError
from tdmvc.documents.json_text import parse_json
from tdmvc.model.rules import JsonSchema
from tdmvc.model.schema import Column

_SAYS_NOTHING: Final = frozenset({"$comment", "description", "examples", "title", "type"})


def items_sql(test: JsonSchema, column: Column, value: str) -> str:
    """Return the SQL for lists with an item that is no value of the type that the schema names.

    The column's type leaves only items that are null.

    Raises:
        InexactError: the schema says more, or it is not about lists of such items.
    """
    fitting = _json_types(column.type.value_type) if pa.types.is_list(column.type) else frozenset()
    if (
        test.is_about_formats
        or test.is_row
        or test.is_text
        or not fitting & (types := _types_of_items(test.schema))
    ):
        raise InexactError("SQL has no form of this schema")
    return "false" if "null" in types else f"list_count({value}) < len({value})"


def _types_of_items(schema: str) -> frozenset[str]:
    """Return the types that a schema names for items, if that is all that it says."""
    found = parse_json(schema)
    items = found["items"] if isinstance(found, dict) and found.keys() == {"items"} else None
    if not isinstance(items, dict) or not items.keys() <= _SAYS_NOTHING:
        return frozenset()
    types = items.get("type")
    return frozenset(str(one) for one in (types if isinstance(types, list) else [types]))


def _json_types(type_: pa.DataType) -> frozenset[str]:
    """Return the JSON types that name all values of a type, except null."""
    if pa.types.is_boolean(type_):
        return frozenset({"boolean"})
    if pa.types.is_integer(type_):
        return frozenset({"integer", "number"})
    if pa.types.is_decimal(type_):
        return frozenset({"number"})
    return frozenset({"string"} if pa.types.is_string(type_) else ())
