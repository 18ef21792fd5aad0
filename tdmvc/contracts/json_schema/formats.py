"""What JSON Schema says of texts without asserting it: their formats, whose tests are warnings, and encodings."""

from collections.abc import Iterator
from typing import Final

from tdmvc.contracts.json_schema.conjuncts import OLD_DRAFTS
from tdmvc.contracts.json_schema.keywords import ANNOTATIONS, inner_schemas
from tdmvc.contracts.json_schema.resources import Resources
from tdmvc.contracts.json_schema.types import TYPE_FORMATS
from tdmvc.documents.json_text import escape_pointer, parse_json

FORMATS: Final = frozenset(
    {
        *("email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri"),
        *("iri-reference", "uuid", "date", "time", "date-time", "duration", "regex", "json-pointer"),
        *("relative-json-pointer", "uri-template"),
    }
)
"""The formats of texts that can be tested."""
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
