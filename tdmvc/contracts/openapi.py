"""OpenAPI as one of the contract formats: the schemas of 3.0 and 3.1 whose objects are rows."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from tdmvc.contracts.base import ImportedContract, ImportOptions, Note
from tdmvc.contracts.json_schema.conjuncts import has_rows
from tdmvc.contracts.json_schema.format import check_patterns, check_schema, read_tables, without_test
from tdmvc.contracts.json_schema.keywords import JsonObject, map_schemas
from tdmvc.contracts.json_schema.recursion import check_recursion
from tdmvc.contracts.json_schema.resources import Resources, SchemaPlace
from tdmvc.documents.json_text import Document, Json, escape_pointer, read_document
from tdmvc.documents.validator import META_SCHEMAS, Draft

_VERSION = re.compile(r"""(?m)^\s*\{?\s*["']?openapi["']?\s*:\s*["']?3\.""")
_SCHEMAS = "/components/schemas"
_OWN_DIALECTS = frozenset({"https://spec.openapis.org/oas/3.1/dialect/base"})
_FOR_PEOPLE = frozenset({"deprecated", "example", "examples", "externalDocs", "xml"})
"""What describes a value, and can make none invalid."""


class OpenApiReader:
    """Reads the schemas of an OpenAPI description."""

    name: Final = "openapi"
    suffixes: Final = (".openapi.json", ".openapi.yaml", ".openapi.yml", ".json", ".yaml", ".yml")

    def recognises(self, text: str, path: str) -> bool:
        """Whether a text says that it is an OpenAPI description of version 3."""
        return _VERSION.search(text) is not None

    def read(self, text: str, path: str, options: ImportOptions) -> ImportedContract:
        """Return a table for each schema of objects that a known table, or the one of the options, is named after.

        Without known tables, each schema of objects is a table.

        Raises:
            ConfigError: it is wrong, or no schema is named like a table; the line and the JSON pointer are named.
        """
        document = read_document(text, path)
        draft = _read_draft(document)
        notes: list[Note] = []
        pointers = {name: f"{_SCHEMAS}/{escape_pointer(name)}" for name in _schemas(document)}
        document = _as_json_schema(document, draft, notes)
        for pointer in pointers.values():
            check_schema(document, pointer, draft)
        resources = Resources(document, draft, tuple(pointers.values()))
        check_patterns(resources)
        check_recursion(resources)
        tables = _choose(resources, pointers, options, notes)
        notes += without_test(resources)
        return read_tables(resources, tables, options, notes, is_api=True)


def _read_draft(document: Document) -> Draft:
    root = document.value
    version = root.get("openapi") if isinstance(root, dict) else None
    if not isinstance(root, dict) or not isinstance(version, str) or not re.match(r"3\.[01](\.|$)", version):
        raise document.error(
            f"tdmvc reads OpenAPI 3.0 and 3.1, not {str(version)[:40]}.",
            "/openapi" if isinstance(root, dict) and "openapi" in root else "",
            'convert the description to 3.1, and write its version as a text: `openapi: "3.1.0"`.',
        )
    if version.startswith("3.0"):
        return Draft.V4
    dialect = root.get("jsonSchemaDialect")
    if dialect is None or dialect in _OWN_DIALECTS:
        return Draft.V2020_12
    draft = META_SCHEMAS.get(str(dialect).rstrip("#"))
    if draft is None:
        raise document.error(
            f"The dialect '{str(dialect)[:120]}' is unknown.",
            "/jsonSchemaDialect",
            f"write one of these: {', '.join(META_SCHEMAS)}.",
        )
    return draft


def _schemas(document: Document) -> JsonObject:
    value: Json = document.value
    for key in ("components", "schemas"):
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, dict) or not value:
        raise document.error(
            "The description has no schemas.", "/components", "add `components: {schemas: …}`."
        )
    return value


def _as_json_schema(document: Document, draft: Draft, notes: list[Note]) -> Document:
    """Return the document with the schemas as JSON Schema has them, each at the same pointer."""
    schemas = _schemas(document)
    for name, schema in schemas.items():
        _note_discriminators(document, schema, f"{_SCHEMAS}/{escape_pointer(name)}", notes)
    is_old = draft is Draft.V4
    changed = {
        name: map_schemas(one, lambda schema: _translate(schema, is_old=is_old))
        for name, one in schemas.items()
    }
    root = document.value
    assert isinstance(root, dict)
    components = root["components"]
    assert isinstance(components, dict)
    value: Json = {**root, "components": {**components, "schemas": changed}}
    return replace(document, value=value)


def _translate(schema: JsonObject, *, is_old: bool) -> JsonObject:
    found = {key: one for key, one in schema.items() if key not in _FOR_PEOPLE and not key.startswith("x-")}
    found.pop("discriminator", None)
    if not is_old:
        return found
    found.pop("nullable", None)
    if schema.get("nullable") is True and isinstance(schema.get("type"), str) and "$ref" not in schema:
        found["type"] = [schema["type"], "null"]
        if isinstance(found.get("enum"), list) and None not in found["enum"]:  # type: ignore[operator]
            found["enum"] = [*found["enum"], None]  # type: ignore[misc]
    return found


def _note_discriminators(document: Document, schema: Json, pointer: str, notes: list[Note]) -> None:
    if isinstance(schema, dict):
        if isinstance(schema.get("discriminator"), dict):
            message = (
                "The discriminator is not needed: the schemas that it chooses from are all tested, and it"
                " makes no value valid or invalid."
            )
            notes.append(Note(document.place(f"{pointer}/discriminator"), message))
        if schema.get("writeOnly") is True:
            message = "What is write-only need not be stored, so that it is not required in rows."
            notes.append(Note(document.place(f"{pointer}/writeOnly"), message))
        for key, value in schema.items():
            if key not in ("example", "examples", "default", "enum", "const"):
                _note_discriminators(document, value, f"{pointer}/{escape_pointer(key)}", notes)
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            _note_discriminators(document, value, f"{pointer}/{number}", notes)


def _choose(
    resources: Resources, pointers: dict[str, str], options: ImportOptions, notes: list[Note]
) -> dict[str, SchemaPlace]:
    """Return the schemas of tables by the tables' names."""
    rows = {
        name: place
        for name, pointer in pointers.items()
        if has_rows(resources, place := resources.place(pointer))
    }
    known = {name: None for contract in options.known.values() for name in contract.tables}
    wanted = [options.table] if options.table is not None else list(known)
    if not wanted:
        return rows
    found: dict[str, SchemaPlace] = {}
    by_words: dict[str, str] = {}
    for name in rows:
        for form in _forms(name):
            by_words.setdefault(form, name)
    for table in wanted:
        named = (
            table
            if table in rows
            else next((by_words[one] for one in _forms(table) if one in by_words), None)
        )
        if named is not None:
            found[table] = rows[named]
    if not found:
        raise resources.document.error(
            f"No schema of objects is named after {'the table ' + wanted[0] if len(wanted) == 1 else 'a table'}.",
            _SCHEMAS,
            remedy=f"name one of these: {', '.join(rows) or 'there is none'}.",
        )
    used = {place.pointer for place in found.values()}
    for name, place in rows.items():
        if place.pointer not in used:
            message = (
                f"No table is named after the schema '{name[:80]}', so that it has no effect of its own."
            )
            notes.append(Note(resources.document.place(place.pointer), message))
    return found


def _forms(name: str) -> Iterator[str]:
    """Yield what a name is without its writing: `OrderLine`, `order_lines` and `order-line` have one in common."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).casefold()
    plain = re.sub(r"[^a-z0-9]+", "", words) or name
    yield plain
    if plain.endswith("ies"):
        yield f"{plain[:-3]}y"
    if plain.endswith("es"):
        yield plain[:-2]
    if plain.endswith("s"):
        yield plain[:-1]
