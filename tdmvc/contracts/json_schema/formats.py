"""What JSON Schema says of texts without asserting it: their formats, whose tests are warnings, and encodings."""

from collections.abc import Iterator
from typing import Final

from tdmvc.contracts.json_schema.conjuncts import OLD_DRAFTS
from tdmvc.contracts.json_schema.keywords import ANNOTATIONS, inner_schemas
from tdmvc.contracts.json_schema.resources import Resources, SchemaPlace
from tdmvc.contracts.json_schema.types import TYPE_FORMATS
from tdmvc.contracts.scalars import FORMATS
from tdmvc.documents.json_text import Json, escape_pointer, parse_json, render_json

_TOGETHER: Final = (
    ("if", "then", "else"),
    ("contains", "minContains", "maxContains"),
    ("items", "prefixItems", "additionalItems"),
    ("properties", "patternProperties", "additionalProperties"),
)
"""Keywords whose meaning depends on the others of their group."""
_CONTENT: Final = ("contentEncoding", "contentMediaType", "contentSchema")


def has_formats(schema: str) -> bool:
    """Whether the JSON text of a schema names, at any depth, a format that can be tested."""
    if '"format"' not in schema:
        return False
    waiting = [parse_json(schema)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict) and one.get("format") in FORMATS:
            return True
        waiting.extend(inner for _, inner in inner_schemas(one))
    return False


def format_parts(resources: Resources, place: SchemaPlace, *, is_whole: bool) -> Iterator[str]:
    """Yield the parts of a schema with formats, each as a text, as far as they mean the same apart.

    Args:
        is_whole: whether none does.
    """
    parts = [place.schema] if is_whole else _parts(place.schema)
    for part in parts:
        text = resources.contained(SchemaPlace(place.pointer, part))
        if has_formats(text):
            yield text


def parts_of(schema: str) -> Iterator[str]:
    """Yield the JSON text of a schema, and of its parts."""
    yield schema
    yield from map(render_json, _parts(parse_json(schema)))


def _parts(schema: Json) -> list[Json]:
    parts: dict[str, Json] = {}
    for key, value in schema.items() if isinstance(schema, dict) else ():
        together = next((group for group in _TOGETHER if key in group), (key,))
        part = parts.setdefault(together[0], {})
        assert isinstance(part, dict)
        part[key] = value
    return list(parts.values())


def has_only_format(schema: str) -> bool:
    """Whether the JSON text of a schema makes no value invalid if formats are not tested."""
    value = parse_json(schema)
    return isinstance(value, dict) and value.keys() <= ANNOTATIONS


def untested(resources: Resources) -> Iterator[tuple[str, str]]:
    """Yield what is said of texts and not tested, each as a message with a * behind its subject, and its pointer."""
    for place in resources.places:
        schema = place.schema if isinstance(place.schema, dict) else {}
        name = schema.get("format")
        if isinstance(name, str) and name not in FORMATS and name not in TYPE_FORMATS:
            yield (
                f"The format '{name[:80]}'* is not tested: tdmvc does not know it.",
                f"{place.pointer}/format",
            )
        for key in _CONTENT if resources.draft not in OLD_DRAFTS else ():
            if key in schema and schema[key] != "base64":
                message = f"'{key}'* describes the texts and is not tested, as the standard says."
                yield message, f"{place.pointer}/{escape_pointer(key)}"
