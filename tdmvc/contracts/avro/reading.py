"""Reads an Avro schema: its records as tables, their fields as columns."""

import json
import re
from dataclasses import replace
from typing import Final

from tdmvc.arrow.types import is_canonical
from tdmvc.contracts.avro.types import AvroType, Resolver, full_name
from tdmvc.contracts.base import ImportedContract, ImportOptions, Note
from tdmvc.contracts.gathering import place_of, unused
from tdmvc.contracts.tables import TableBuilder, imported
from tdmvc.errors import ConfigError
from tdmvc.model.declarations import Check, Default
from tdmvc.model.rules import Condition, Format, JsonSchema, Values
from tdmvc.model.schema import Column
from tdmvc.sql.quoting import quote_name
from tdmvc.yaml.json_text import parse_json
from tdmvc.yaml.node import YamlNode

_RECORD = re.compile(r'"type"\s*:\s*"record"')
_KNOWN: Final = frozenset({"type", "name", "namespace", "doc", "fields"})
_FIELD: Final = frozenset({"name", "type", "doc", "default"})


class AvroReader:
    """Reads schemas of Avro 1.12 and before, in JSON."""

    name: Final = "avro"
    suffixes: Final = (".avsc",)

    def recognises(self, text: str, path: str) -> bool:
        """Whether a text is JSON with a record that has fields."""
        is_named = path.lower().endswith(self.suffixes)
        if not _RECORD.search(text) and not is_named:
            return False
        try:
            root = parse_json(text, path)
        except ConfigError:
            return False
        nodes = root.elements() if root.is_list else (root,)
        return is_named or any(one.is_mapping and "fields" in dict(one.entries()) for one in nodes)

    def read(self, text: str, path: str, options: ImportOptions) -> ImportedContract:
        """Return what a schema declares; a list of records declares a table each.

        Raises:
            ConfigError: it is wrong; the line is named.
        """
        root = parse_json(text, path)
        resolver = Resolver()
        tables: list[TableBuilder] = []
        notes: list[Note] = []
        nodes = root.elements() if root.is_list else (root,)
        for node in nodes:
            if not node.is_mapping or node.text("type") not in ("record", "error"):
                resolver.resolve(node, "")
                if not node.is_mapping or node.text("type") not in ("enum", "fixed"):
                    notes.append(
                        Note(place_of(node), "A type that is no record is not a table, and is left out.")
                    )
                continue
            tables.append(_read_record(node, resolver, options if len(nodes) == 1 else ImportOptions()))
        wanted = options.table if len(nodes) > 1 else None
        return imported([one for one in tables if wanted in (None, one.name)], notes, path)


def _read_record(node: YamlNode, resolver: Resolver, options: ImportOptions) -> TableBuilder:
    full = full_name(node, "")
    short = full.rpartition(".")[2]
    table = TableBuilder(options.table or short, node, description=node.text("doc"))
    table.notes += unused(node, _KNOWN, short)
    if resolver.resolve(node, "").physical == "json":
        raise node.error(f"The record '{short[:80]}' has no fields.")
    for one, meaning in resolver.fields[full]:
        _read_field(one, table, meaning)
    return table


def _read_field(node: YamlNode, table: TableBuilder, meaning: AvroType) -> None:
    name = node.need("name").as_text()
    if not is_canonical(meaning.type):
        raise node.error(f"The type of the field '{name[:80]}' is nested too deeply.")
    default = node.child("default")
    column = Column(name, meaning.type, meaning.physical, description=node.text("doc"))
    if default is not None and default.is_text and not meaning.json.get("items"):
        column = replace(column, default=Default(literal=default.as_text()))
    elif default is not None:
        table.note(default, f"The default of {name} is an object or array, and has no effect.")
    table.add_column(column, node)
    if not meaning.is_nullable:
        table.change(name, node, "required", required=True)
    table.notes += unused(node, _FIELD, name)
    for note in dict.fromkeys(meaning.notes):
        table.note(node, f"{name}: {note}.")
    _add_rules(node, table, name, meaning)


def _add_rules(node: YamlNode, table: TableBuilder, name: str, meaning: AvroType) -> None:
    columns = (name,)
    if meaning.values:
        table.add_rule(node, columns, "enum", Values(meaning.values))
    elif meaning.format is not None:
        table.add_rule(node, columns, "format", Format(meaning.format))
    elif meaning.size is not None:
        condition = Check(f"octet_length({quote_name(name)}) = {meaning.size}")
        table.add_rule(node, columns, "size", Condition(condition))
    elif meaning.json:
        table.add_rule(node, columns, "inside", JsonSchema(json.dumps(meaning.json)))
