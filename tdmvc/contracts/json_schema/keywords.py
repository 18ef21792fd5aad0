"""The keywords of JSON Schema: which hold schemas, and which concern values of which type."""

from collections.abc import Callable, Iterator
from typing import Final

from tdmvc.documents.json_text import Json, escape_pointer

JsonObject = dict[str, Json]

ONE_SCHEMA: Final = frozenset(
    {
        *("additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items"),
        *("not", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
    }
)
LIST_OF_SCHEMAS: Final = frozenset({"allOf", "anyOf", "items", "oneOf", "prefixItems"})
NAMED_SCHEMAS: Final = frozenset(
    {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
)
REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
IDENTITIES: Final = frozenset(
    {"$anchor", "$dynamicAnchor", "$id", "$recursiveAnchor", "$schema", "$vocabulary", "id"}
)
DEFINITIONS: Final = frozenset({"$defs", "definitions"})
ANNOTATIONS: Final = frozenset(
    {
        *("$comment", "default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"),
        *("contentEncoding", "contentMediaType", "contentSchema", "format"),
    }
)
"""Keywords that make no value invalid."""
TEXT: Final = frozenset({"maxLength", "minLength", "pattern"})
NUMBER: Final = frozenset({"exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"})
ARRAY: Final = frozenset(
    {
        *("additionalItems", "contains", "items", "maxContains", "maxItems", "minContains", "minItems"),
        *("prefixItems", "unevaluatedItems", "uniqueItems"),
    }
)
OBJECT: Final = frozenset(
    {
        *("additionalProperties", "dependencies", "dependentRequired", "dependentSchemas", "maxProperties"),
        *("minProperties", "patternProperties", "properties", "propertyNames", "required"),
        "unevaluatedProperties",
    }
)
ANY: Final = frozenset({"allOf", "anyOf", "const", "else", "enum", "if", "not", "oneOf", "then", "type"})
KNOWN: Final = frozenset(
    {*REFERENCES, *IDENTITIES, *DEFINITIONS, *ANNOTATIONS, *TEXT, *NUMBER, *ARRAY, *OBJECT, *ANY}
)
ASSERTIONS: Final = TEXT | NUMBER | ARRAY | OBJECT | ANY
"""The keywords that can make a value invalid."""
CONCERNS: Final = {
    "boolean": ANY,
    "integer": ANY | NUMBER,
    "number": ANY | NUMBER,
    "string": ANY | TEXT,
    "array": ANY | ARRAY,
    "object": ANY | OBJECT,
}
"""The keywords that can make a value of a type invalid; the others are only about other types."""


def inner_schemas(schema: Json) -> Iterator[tuple[str, Json]]:
    """Yield the schemas directly inside a schema, each with its pointer from there."""
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        if key in NAMED_SCHEMAS and isinstance(value, dict):
            for name, one in value.items():
                if isinstance(one, dict | bool):
                    yield f"/{escape_pointer(key)}/{escape_pointer(name)}", one
        elif key in LIST_OF_SCHEMAS and isinstance(value, list):
            for place, one in enumerate(value):
                yield f"/{key}/{place}", one
        elif key in ONE_SCHEMA and isinstance(value, dict | bool):
            yield f"/{key}", value


def map_schemas(schema: Json, change: Callable[[JsonObject], JsonObject]) -> Json:
    """Return a schema with each schema in it, and itself, changed; inner ones first."""
    if not isinstance(schema, dict):
        return schema
    mapped: JsonObject = {}
    for key, value in schema.items():
        if key in NAMED_SCHEMAS and isinstance(value, dict):
            mapped[key] = {name: map_schemas(one, change) for name, one in value.items()}
        elif key in LIST_OF_SCHEMAS and isinstance(value, list):
            mapped[key] = [map_schemas(one, change) for one in value]
        elif key in ONE_SCHEMA:
            mapped[key] = map_schemas(value, change)
        else:
            mapped[key] = value
    return change(mapped)
