"""The type of a column by the schema of its values."""

from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa

from tdmvc.arrow.types import MAX_INT64, MIN_INT64, SIMPLE, fields_of
from tdmvc.contracts.json_schema.conjuncts import Conjunct, conjuncts_of, types_allowed
from tdmvc.contracts.json_schema.keywords import JsonObject
from tdmvc.contracts.json_schema.resources import Resources, SchemaPlace
from tdmvc.contracts.physical_types import logical_type
from tdmvc.documents.json_text import escape_pointer, is_number
from tdmvc.model.schema import Column

TYPE_FORMATS = {
    "date": "date",
    "date-time": "timestamptz",
    "int8": "int8",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "uint8": "uint8",
    "uint16": "uint16",
    "uint32": "uint32",
    "uint64": "uint64",
    "float": "float32",
    "double": "float64",
    "date-time-local": "timestamp",
    "time-local": "time",
}
"""Formats that name a type: those of JSON Schema, and those of OpenAPI's registry."""
_TEXT_KEYWORDS = ("pattern", "minLength", "maxLength", "enum", "const")
JSON = "json"
"""The physical type of a column of JSON texts."""
_MAX_DEPTH = 20


def json_kind(type_: pa.DataType) -> str:
    """Return the JSON type that values of a column's type have."""
    logical = logical_type(type_)
    return "string" if logical in ("date", "time", "timestamp") else logical


def type_schema(type_: pa.DataType, *, is_nullable: bool) -> JsonObject:
    """Return the schema of the values of a type, as far as JSON Schema and OpenAPI's formats can say it."""
    kind = json_kind(type_)
    schema: JsonObject = {"type": [kind, "null"] if is_nullable else kind}
    if pa.types.is_binary(type_):
        schema["contentEncoding"] = "base64"
    elif kind == "string" and not pa.types.is_string(type_):
        schema["format"] = next(word for word, name in TYPE_FORMATS.items() if SIMPLE[name] == type_)
    elif pa.types.is_list(type_):
        schema["items"] = type_schema(type_.value_type, is_nullable=True)
    elif pa.types.is_struct(type_):
        fields: JsonObject = {one.name: type_schema(one.type, is_nullable=True) for one in fields_of(type_)}
        schema |= {"properties": fields, "additionalProperties": False}
    elif type_ == SIMPLE["float32"] or (pa.types.is_integer(type_) and type_ != SIMPLE["int64"]):
        schema["format"] = "float" if pa.types.is_floating(type_) else str(type_)
    return schema


def column_of(
    name: str, resources: Resources, conjuncts: Sequence[Conjunct], known: Column | None = None
) -> Column:
    """Return a column for the values of some schemas.

    Args:
        known: the column that there is already; its type stays if the schemas allow values of it.
    """
    allowed = types_allowed(conjuncts) - {"null"}
    if not allowed:
        # No value is valid; the types alone say what the column is.
        allowed = types_allowed(conjuncts, with_values=False) - {"null"}
    if known is not None and (known.is_json or not allowed or _fits(json_kind(known.type), allowed)):
        return known
    type_ = _type_of(resources, conjuncts, allowed, 0)
    return Column(name, type_ or SIMPLE["string"], physical_type=None if type_ is not None else JSON)


def _fits(kind: str, allowed: frozenset[str]) -> bool:
    return kind in allowed or (kind == "number" and "integer" in allowed)


def _type_of(
    resources: Resources, conjuncts: Sequence[Conjunct], allowed: frozenset[str], depth: int
) -> pa.DataType | None:
    """Return the type for values of some JSON types; None if it takes JSON texts to hold them."""
    formats = [str(one.schema["format"]) for one in conjuncts if "format" in one.schema]
    named = next((SIMPLE[TYPE_FORMATS[name]] for name in formats if name in TYPE_FORMATS), None)
    if allowed == {"boolean"}:
        return SIMPLE["bool"]
    if allowed == {"integer"}:
        return named if named is not None and pa.types.is_integer(named) else _integer(conjuncts)
    if allowed in ({"number", "integer"}, {"number"}):
        is_number_type = named is not None and json_kind(named) in ("integer", "number")
        return named if is_number_type else SIMPLE["float64"]
    if allowed == {"string"}:
        return _text(conjuncts, named)
    if allowed == {"array"}:
        return _list(resources, conjuncts, depth)
    if allowed == {"object"}:
        return _struct(resources, conjuncts, depth)
    return None


def _integer(conjuncts: Sequence[Conjunct]) -> pa.DataType:
    bounds = [
        one.schema[key]
        for one in conjuncts
        for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
        if is_number(one.schema.get(key))
    ]
    is_beyond = any(
        isinstance(bound, int | Decimal) and not MIN_INT64 <= bound <= MAX_INT64 + 1 for bound in bounds
    )
    return pa.decimal128(38, 0) if is_beyond else SIMPLE["int64"]


def _text(conjuncts: Sequence[Conjunct], named: pa.DataType | None) -> pa.DataType:
    if any(one.schema.get("contentEncoding") == "base64" for one in conjuncts):
        return SIMPLE["binary"]
    has_text_keyword = any(key in one.schema for one in conjuncts for key in _TEXT_KEYWORDS)
    if named is None or has_text_keyword or json_kind(named) != "string":
        return SIMPLE["string"]
    return named


def _list(resources: Resources, conjuncts: Sequence[Conjunct], depth: int) -> pa.DataType | None:
    items = [
        SchemaPlace(f"{one.place.pointer}/items", one.schema["items"])
        for one in conjuncts
        if isinstance(one.schema.get("items"), dict)
    ]
    if not items or depth > _MAX_DEPTH or any("prefixItems" in one.schema for one in conjuncts):
        return None
    inner = _inner(resources, items, depth)
    return None if inner is None else pa.list_(inner)


def _struct(resources: Resources, conjuncts: Sequence[Conjunct], depth: int) -> pa.DataType | None:
    """Return a struct for objects that can have no other properties than the named ones; None for others."""
    if depth > _MAX_DEPTH or not any(one.schema.get("additionalProperties") is False for one in conjuncts):
        return None
    properties: dict[str, list[SchemaPlace]] = {}
    for one in conjuncts:
        entries = one.schema.get("properties")
        for name, schema in entries.items() if isinstance(entries, dict) else ():
            place = SchemaPlace(f"{one.place.pointer}/properties/{escape_pointer(name)}", schema)
            properties.setdefault(name, []).append(place)
    fields = {name: _inner(resources, places, depth) for name, places in properties.items()}
    if not fields or any(type_ is None for type_ in fields.values()):
        return None
    return pa.struct([pa.field(name, type_) for name, type_ in fields.items()])


def _inner(resources: Resources, places: Sequence[SchemaPlace], depth: int) -> pa.DataType | None:
    conjuncts = conjuncts_of(resources, places)
    return _type_of(resources, conjuncts, types_allowed(conjuncts) - {"null"}, depth + 1)
