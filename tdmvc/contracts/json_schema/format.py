"""JSON Schema as one of the contract formats."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from tdmvc.contracts.base import ImportedContract, ImportOptions, Note
from tdmvc.contracts.json_schema.conjuncts import conjuncts_of, has_rows, types_allowed
from tdmvc.contracts.json_schema.formats import untested
from tdmvc.contracts.json_schema.keywords import ANNOTATIONS, KNOWN
from tdmvc.contracts.json_schema.recursion import check_recursion
from tdmvc.contracts.json_schema.resources import Resources, SchemaPlace
from tdmvc.contracts.json_schema.tables import TableReader
from tdmvc.contracts.patterns import pattern_fault
from tdmvc.documents.json_text import Document, escape_pointer, read_document
from tdmvc.documents.validator import META_SCHEMAS, Draft, SchemaError, check_meta_schema
from tdmvc.model.rules import Rule
from tdmvc.model.schema import Contract, TableSchema

_DIALECT = re.compile(r"""["']?\$schema["']?\s*:\s*["']?https?://json-schema\.org/""")
_KEYWORD = re.compile(
    r"""(?:[{,]\s*"(?:\$ref|\$defs|definitions|properties|required|allOf|anyOf|oneOf)"|"""
    r"""^(?:\$ref|\$defs|definitions|properties|allOf|anyOf|oneOf))\s*:""",
    re.MULTILINE,
)
"""What a schema of rows has, as JSON anywhere or as YAML at the top."""
_SUFFIX = re.compile(r"(?:\.schema)?\.(?:json|ya?ml)$", re.IGNORECASE)


class JsonSchemaReader:
    """Reads JSON Schemas of drafts 4, 6, 7, 2019-09 and 2020-12."""

    name: Final = "json-schema"
    suffixes: Final = (".schema.json", ".schema.yaml", ".schema.yml", ".json")

    def recognises(self, text: str, path: str) -> bool:
        """Whether a text says that it is a JSON Schema, or has what only that has among the formats asked last."""
        if _DIALECT.search(text) is not None:
            return True
        name = path.lower()
        is_named = name.endswith((".schema.json", ".schema.yaml", ".schema.yml"))
        return is_named or (_SUFFIX.search(name) is not None and _KEYWORD.search(text) is not None)

    def read(self, text: str, path: str, options: ImportOptions) -> ImportedContract:
        """Return what a schema of rows declares; of a schema that only has definitions, a table for each object.

        Raises:
            ConfigError: it is no valid schema, a reference leads out of the file or cannot end, or it describes
                no rows; the line and the JSON pointer are named.
        """
        document = read_document(text, path)
        draft = read_draft(document)
        check_schema(document, "", draft)
        resources = Resources(document, draft)
        check_patterns(resources)
        check_recursion(resources)
        notes = without_test(resources)
        tables = dict(_tables(resources, options, notes))
        return read_tables(resources, tables, options, notes)


def read_draft(document: Document) -> Draft:
    """Return the version that `$schema` names; 2020-12 without one.

    Raises:
        ConfigError: it names none that is read.
    """
    root = document.value
    named = root.get("$schema") if isinstance(root, dict) else None
    if named is None:
        return Draft.V2020_12
    draft = META_SCHEMAS.get(str(named).rstrip("#"))
    if draft is None:
        raise document.error(
            f"The version of JSON Schema '{str(named)[:120]}' is unknown.",
            "/$schema",
            f"write one of these: {', '.join(META_SCHEMAS)}.",
        )
    return draft


def check_schema(document: Document, pointer: str, draft: Draft) -> None:
    """Raise a ConfigError if a schema of the document is not valid under the meta-schema of its version."""
    value = Resources(document, draft, ()).value_at(pointer)
    try:
        check_meta_schema(value, draft)
    except SchemaError as error:
        at = pointer + "".join(f"/{escape_pointer(str(step))}" for step in error.path)
        raise document.error(f"This is no valid JSON Schema {draft}: {error}.", at) from None


def check_patterns(resources: Resources) -> None:
    """Raise a ConfigError for the first regular expression that is none."""
    for place in resources.places:
        schema = place.schema if isinstance(place.schema, dict) else {}
        found = [("pattern", str(schema["pattern"]))] if isinstance(schema.get("pattern"), str) else []
        named = schema.get("patternProperties")
        found += [
            (f"patternProperties/{escape_pointer(one)}", one)
            for one in (named if isinstance(named, dict) else ())
        ]
        for pointer, expression in found:
            fault = pattern_fault(expression)
            if fault is not None:
                raise resources.error(
                    f"This is not a regular expression of ECMA-262: {fault}.", place, pointer
                )


def read_tables(
    resources: Resources,
    tables: Mapping[str, SchemaPlace],
    options: ImportOptions,
    notes: list[Note],
    *,
    is_api: bool = False,
) -> ImportedContract:
    """Return the tables for some schemas of a document, by name.

    Args:
        is_api: whether they are those of an API, in which a write-only property need not be stored.
    """
    schemas: dict[str, TableSchema] = {}
    rules: list[Rule] = []
    for name, place in tables.items():
        reader = TableReader(resources, name, options.known_table(name), is_api=is_api)
        schemas[name], found = reader.read(place)
        rules += found
        notes += reader.notes
    distinct = dict.fromkeys(notes)
    return ImportedContract(Contract(schemas), tuple(rules), tuple(distinct))


def without_test(resources: Resources) -> list[Note]:
    """Return a note for what has no effect, at its first place: words that are no keywords, and what is not tested."""
    found: dict[str, list[str]] = {}
    for place in resources.places:
        for key in place.schema if isinstance(place.schema, dict) else ():
            if key not in KNOWN and key not in ANNOTATIONS:
                message = f"'{key[:80]}'* is not a keyword of JSON Schema, and has no effect."
                found.setdefault(message, []).append(f"{place.pointer}/{escape_pointer(key)}")
    for message, pointer in untested(resources):
        found.setdefault(message, []).append(pointer)
    return [_note(resources.document, message, pointers) for message, pointers in found.items()]


def _note(document: Document, message: str, pointers: list[str]) -> Note:
    first = min(pointers, key=document.line)
    times = f" ({len(pointers)} times)" if len(pointers) > 1 else ""
    return Note(document.place(first), message.replace("'* ", f"'{times} ", 1))


def _tables(
    resources: Resources, options: ImportOptions, notes: list[Note]
) -> Iterator[tuple[str, SchemaPlace]]:
    root = resources.document.value
    entries = root.get(resources.definitions) if isinstance(root, dict) else None
    if not isinstance(entries, dict) or not isinstance(root, dict) or _says_something(root):
        yield options.table or _title(root) or _file_name(resources.document.path), SchemaPlace("", root)
        return
    places = {
        name: SchemaPlace(f"/{resources.definitions}/{escape_pointer(name)}", schema)
        for name, schema in entries.items()
    }
    found = {name: one for name, one in places.items() if has_rows(resources, one)}
    if options.table is not None and options.table not in found:
        raise resources.document.error(
            f"The schema defines no object '{options.table}'.",
            f"/{resources.definitions}",
            f"name one of these: {', '.join(found) or 'it defines none'}.",
        )
    for name, one in places.items():
        if name not in found and types_allowed(conjuncts_of(resources, [one])) == {"object"}:
            message = f"The definition '{name[:80]}' names no property, and is not a table."
            notes.append(Note(resources.document.place(one.pointer), message))
    if not found:
        raise resources.document.error(
            "The schema defines no object with properties.",
            f"/{resources.definitions}",
            "a table is an object with `properties`: name its schema, or add them.",
        )
    yield from ((name, one) for name, one in found.items() if options.table in (None, name))


def _says_something(root: Mapping[str, object]) -> bool:
    return (
        any(
            key in KNOWN - ANNOTATIONS and not key.startswith("$") and key not in ("definitions", "id")
            for key in root
        )
        or "$ref" in root
    )


def _title(root: object) -> str | None:
    title = root.get("title") if isinstance(root, dict) else None
    return title if isinstance(title, str) and title.strip() else None


def _file_name(path: str) -> str:
    return _SUFFIX.sub("", PurePosixPath(path).name) or path
