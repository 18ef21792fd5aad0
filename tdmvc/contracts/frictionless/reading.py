"""Reads the tables of a Data Package, or of a Table Schema alone: keys, references and fields."""

import posixpath
import re
from typing import Final

from tdmvc.contracts.base import ImportedContract, ImportOptions, Note
from tdmvc.contracts.frictionless.fields import read_field
from tdmvc.contracts.frictionless.values import missing_values
from tdmvc.contracts.gathering import place_of, unused
from tdmvc.contracts.tables import TableBuilder, imported
from tdmvc.errors import ConfigError
from tdmvc.model.declarations import ForeignKey, UniqueKey
from tdmvc.yaml.json_text import parse_document
from tdmvc.yaml.node import YamlNode

_KEYWORD = re.compile(r"""(?m)["']?\b(?:resources|fields)\b["']?\s*:""")
_SCHEMA_KEYS: Final = frozenset(
    {"fields", "missingValues", "primaryKey", "uniqueKeys", "foreignKeys", "fieldsMatch", "name", "title"}
    | {"description", "$schema"}
)
_PACKAGE_WORDS: Final = frozenset(
    {"$schema", "name", "id", "licenses", "license", "title", "description", "homepage", "version", "created"}
    | {"keywords", "contributors", "sources", "image", "profile", "resources", "author", "last_modified"}
)
_RESOURCE_WORDS: Final = frozenset(
    {"$schema", "name", "path", "data", "type", "title", "description", "format", "mediatype", "encoding"}
    | {"bytes", "hash", "sources", "licenses", "schema", "dialect", "profile", "homepage", "url", "scheme"}
    | {"compression", "rowCount", "fields", "stats", "version"}
)
_FILE_WORDS: Final = {
    "dialect": "how its file is written",
    "data": "rows inside the package",
}


class FrictionlessReader:
    """Reads Data Packages and Table Schemas, versions 1 and 2, in JSON or YAML."""

    name: Final = "frictionless"
    suffixes: Final = ("datapackage.json", "datapackage.yaml", "tableschema.json", ".json", ".yaml", ".yml")

    def recognises(self, text: str, path: str) -> bool:
        """Whether a text is an object with resources, or with fields that have names."""
        if not _KEYWORD.search(text):
            return False
        try:
            root = parse_document(text, path)
        except ConfigError:
            return False
        if not root.is_mapping:
            return False
        if (resources := root.child("resources")) is not None:
            return resources.is_list and all(one.is_mapping for one in resources.elements())
        return root.child("type") is None and _has_fields(root)

    def read(self, text: str, path: str, options: ImportOptions) -> ImportedContract:
        """Return what a package or a schema declares.

        Raises:
            ConfigError: it is wrong; the line is named.
        """
        root = parse_document(text, path)
        return _Reading(path, options).read(root)


def _has_fields(root: YamlNode) -> bool:
    fields = root.child("fields")
    return (
        fields is not None
        and fields.is_list
        and all(one.is_mapping and one.child("name") is not None for one in fields.elements())
    )


class _Reading:
    def __init__(self, path: str, options: ImportOptions) -> None:
        self._path = path
        self._options = options
        self._notes: list[Note] = []
        self._tables: list[TableBuilder] = []

    def read(self, root: YamlNode) -> ImportedContract:
        resources = root.child("resources")
        if resources is None:
            stem = posixpath.basename(self._path).partition(".")[0]
            self._table(self._options.table or root.text("name") or stem, root)
        else:
            self._notes += unused(root, _PACKAGE_WORDS, "the package")
            for resource in resources.elements():
                self._resource(resource)
        for table in self._tables:
            self._check_references(table)
        return imported(self._tables, self._notes, self._path)

    def _note(self, node: YamlNode, message: str) -> None:
        self._notes.append(Note(place_of(node), message))

    def _resource(self, node: YamlNode) -> None:
        name = node.need("name").as_text()
        if self._options.table is not None and name != self._options.table:
            return
        self._notes += unused(node, _RESOURCE_WORDS, f"the resource {name}")
        for word, meaning in _FILE_WORDS.items():
            if (found := node.child(word)) is not None:
                self._note(found, f"'{word}' of the resource {name} ({meaning}) has no effect.")
        schema = node.child("schema")
        if schema is None:
            self._note(node, f"The resource {name} has no schema, and is left out.")
        elif schema.is_text:
            self._note(
                schema,
                f"The schema of the resource {name} is in another file, and is left out: import that file.",
            )
        else:
            self._table(name, schema)

    def _table(self, name: str, schema: YamlNode) -> None:
        known = self._options.known_table(name)
        table = TableBuilder(name, schema, known, description=schema.text("description"))
        self._tables.append(table)
        table.notes += unused(schema, _SCHEMA_KEYS, f"the schema of {name}")
        missing = schema.child("missingValues")
        if missing is not None and missing_values(missing) != ("",):
            table.note(
                missing,
                "'missingValues' turns no text into null. They count as missing where a constraint speaks of that.",
            )
        for node in schema.need("fields").elements():
            read_field(node, table, missing)
        match = schema.child("fieldsMatch")
        if match is not None:
            table.note(match, "'fieldsMatch' has no effect: the columns are those of the fields.")
        self._keys(schema, table)

    def _keys(self, schema: YamlNode, table: TableBuilder) -> None:
        if (node := schema.child("primaryKey")) is not None:
            table.set_key(_names(node), node)
        unique = schema.child("uniqueKeys")
        for node in unique.elements() if unique is not None else ():
            columns = table.check_names(_names(node), node)
            table.add_unique_key(UniqueKey(columns), node)
        foreign = schema.child("foreignKeys")
        for node in foreign.elements() if foreign is not None else ():
            self._reference(node, table)

    def _reference(self, node: YamlNode, table: TableBuilder) -> None:
        columns = table.check_names(_names(node.need("fields")), node)
        target = node.need("reference")
        table.notes += unused(node, ("fields", "reference", "name", "title", "description"), "a foreign key")
        to = _names(target.need("fields"))
        if len(to) != len(columns):
            raise node.error("The foreign key and its reference have different numbers of fields.")
        if (package := target.child("package") or target.child("datapackage")) is not None:
            table.note(package, "The reference leads to another package, and is not checked.")
            return
        resource = target.child("resource")
        # An empty name means the same table; version 1 also wrote `self`.
        name = resource.value if resource is not None and isinstance(resource.value, str) else ""
        if name in ("", "self") and not any(one.name == "self" for one in self._tables):
            name = table.name
        table.add_reference(ForeignKey(columns, name, to), node)

    def _check_references(self, table: TableBuilder) -> None:
        """Raise a ConfigError if a reference names a field that its target, a table read here, lacks."""
        targets = {one.name: one for one in self._tables}
        for reference in table.references:
            target = targets.get(reference.table)
            node = table.place(reference.columns, "references")
            if target is not None:
                target.check_names(reference.to, node)
            elif reference.table not in self._known_names():
                table.note(
                    node, f"The reference leads to {reference.table}, which this file does not declare."
                )

    def _known_names(self) -> set[str]:
        return {name for one in self._options.known.values() for name in one.tables}


def _names(node: YamlNode) -> tuple[str, ...]:
    """Return the names of one field or of several."""
    return (node.as_text(),) if node.is_text else node.as_texts()
