"""Writes tables into contract.yaml and keeps everything that people wrote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tdmvc.arrow.types import format_type
from tdmvc.contracts.odcs.column_types import FORM_PROPERTY, LOOKS_PROPERTY, TYPE_PROPERTY
from tdmvc.contracts.odcs.declarations import children
from tdmvc.contracts.odcs.declarations_editing import (
    set_custom,
    set_option,
    write_column_declarations,
    write_table_declarations,
    write_views,
)
from tdmvc.contracts.odcs.reading import (
    CONTRACT_FILE,
    ContractFile,
    read_contract,
    read_strictly,
)
from tdmvc.contracts.odcs.relationships_editing import (
    owner_of,
    relations_by_table,
    remove_item,
    write_references,
)
from tdmvc.contracts.odcs.rules_editing import RulePlaces, write_further_rules
from tdmvc.contracts.physical_types import canonical_type, logical_type, number_format
from tdmvc.model.declarations import View
from tdmvc.model.rules import Rule
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.yaml.editor import (
    EditableMapping,
    YamlEdit,
    list_at,
    mapping,
    sequence,
    text_value,
)
from tdmvc.yaml.reader import parse_yaml


@dataclass(frozen=True, slots=True)
class EditedContract:
    """The text of a contract after an edit."""

    text: str
    unwritten: tuple[Rule, ...] = ()
    """The rules that the standard has no form for."""


def update_contract(
    text: str | None,
    dataset: str,
    tables: Mapping[str, TableSchema | None],
    views: Sequence[View] | None = None,
) -> str:
    """Return the text of a contract with the given tables added, replaced or (None) dropped.

    What people wrote in other fields stays, with comments, order and columns' places; new
    columns come last. References that lose their column are dropped with it. A classification
    is only ever set, never taken away, and so are rules beside what databases declare.

    Args:
        views: all views that the contract has from now on; None leaves them as they are.

    Raises:
        ConfigError: the old text is wrong.
    """
    return edit_contract(text, dataset, tables, views).text


def edit_contract(
    text: str | None,
    dataset: str,
    tables: Mapping[str, TableSchema | None],
    views: Sequence[View] | None = None,
) -> EditedContract:
    """Return what `update_contract` returns, with the rules that could not be written.

    Raises:
        ConfigError: the old text is wrong.
    """
    path = f"{dataset}/{CONTRACT_FILE}"
    old = read_strictly(text, path) if text is not None else ContractFile(Contract(), ())
    edit = YamlEdit(text or "", path)
    _write_header(edit.root, dataset)
    unwritten: list[Rule] = []
    schema = edit.root["schema"]
    items = {str(item["name"]): item for item in schema}
    relations = relations_by_table(old.relationships, schema)
    nodes = {node.need("name").as_text(): node for node in children(parse_yaml(text or "", path), "schema")}
    if views is not None:
        write_views(edit.root, old.contract.views, views)
    for name, table in tables.items():
        if table is None:
            remove_item(schema, items.pop(name, None))
        else:
            if name not in items:
                items[name] = _new_table(name)
                schema.append(items[name])
            before = old.contract.table(name)
            _write_columns(items[name], before, table)
            write_table_declarations(items[name], before, table, nodes.get(name))
            entries = {str(entry["name"]): entry for entry in items[name]["properties"]}
            places = RulePlaces(items[name], entries, has_enum=_has_enum(edit.root))
            unwritten += write_further_rules(places, before, table)
    for name, table in tables.items():
        if table is not None:
            write_references(items, name, relations.get(name, []), table)
            _reset_if_empty(items[name], "properties")
    _reset_if_empty(edit.root, "schema")
    return EditedContract(_without_broken(edit, path), tuple(unwritten))


def _write_header(root: EditableMapping, dataset: str) -> None:
    header = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": text_value(dataset),
        "name": text_value(dataset),
        "version": "1.0.0",
        "status": "active",
    }
    is_new = root.get("schema") is None
    for place, (key, value) in enumerate(header.items()):
        if root.get(key) is None and (is_new or key != "name"):
            root.insert(min(place, len(root)), key, value)
    if not list_at(root, "schema"):
        # An empty list is written `[]`; what is added to it is written on lines of its own.
        root["schema"].fa.set_block_style()


def _has_enum(root: EditableMapping) -> bool:
    """Whether the version of the standard that the contract names has `enum`."""
    return not str(root["apiVersion"]).startswith(("v3.0", "v3.1"))


def _new_table(name: str) -> EditableMapping:
    facts = {"name": text_value(name), "physicalType": "table", "logicalType": "object"}
    return mapping({**facts, "properties": sequence([])})


def _write_columns(item: EditableMapping, old: TableSchema | None, table: TableSchema) -> None:
    properties = list_at(item, "properties")
    entries = {str(entry["name"]): entry for entry in properties}
    for name in [name for name in entries if table.column(name) is None]:
        remove_item(properties, entries.pop(name))
    old_key = old.key if old else ()
    for column in table.columns:
        entry = entries.get(column.name)
        before = old.column(column.name) if old and entry is not None else None
        if entry is None:
            entry = mapping({"name": text_value(column.name)})
            properties.append(entry)
        _write_column(entry, before, column)
        place, old_place = _place(column.name, table.key), _place(column.name, old_key)
        if place != old_place or len(table.key) != len(old_key):
            _set(entry, "primaryKey", "true" if place else None)
            _set(entry, "primaryKeyPosition", str(place) if place else None)


def _write_column(entry: EditableMapping, old: Column | None, new: Column) -> None:
    if old is None or (old.type, old.physical_type) != (new.type, new.physical_type):
        _write_type(entry, new)
    if (old.text_form if old is not None else None) != new.text_form:
        set_custom(entry, FORM_PROPERTY, text_value(new.text_form) if new.text_form is not None else None)
    if new.looks_like is not None and (old is None or old.looks_like != new.looks_like):
        set_custom(entry, LOOKS_PROPERTY, text_value(new.looks_like))
    for key, before, after in (
        ("required", old is not None and old.required, new.required),
        ("unique", old is not None and old.unique, new.unique),
    ):
        if before != after:
            _set(entry, key, "true" if after else None)
    write_column_declarations(entry, old, new)
    if new.classification is not None and (old is None or old.classification != new.classification):
        entry["classification"] = text_value(new.classification)


def _write_type(entry: EditableMapping, column: Column) -> None:
    """Write the plainest fields that lead back to the canonical type, and the type itself only if none do."""
    logical = logical_type(column.type)
    physical = column.physical_type if column.physical_type is not None else format_type(column.type)
    if entry.get("logicalType") != logical:
        entry.pop("logicalTypeOptions", None)  # its options belong to the old logical type
    entry["logicalType"] = logical
    entry["physicalType"] = text_value(physical)
    if logical in ("integer", "number"):
        set_option(
            entry, "format", None
        )  # the width of the old type; elsewhere it is a rule that people wrote
    set_option(entry, "timezone", None)
    format = number_format(column.type)
    if canonical_type(logical, physical) == column.type:
        set_custom(entry, TYPE_PROPERTY, None)
    elif format is not None and canonical_type(logical, physical, format=format) == column.type:
        set_option(entry, "format", format)
        set_custom(entry, TYPE_PROPERTY, None)
    else:
        set_custom(entry, TYPE_PROPERTY, text_value(format_type(column.type)))


def _without_broken(edit: YamlEdit, path: str) -> str:
    """Return the edited text without relationships whose column this edit removed."""
    text = edit.render()
    broken = [r for r in read_contract(parse_yaml(text, path)).relationships if r.fault is not None]
    if not broken:
        return text
    for relation in reversed(broken):
        owner = owner_of(edit.root["schema"], relation)
        del owner["relationships"][relation.place]
        if not owner["relationships"]:
            del owner["relationships"]
    return edit.render()


def _reset_if_empty(parent: EditableMapping, key: str) -> None:
    """Make a list that lost all its elements a new `[]`; comments on the elements go with them."""
    if not parent[key]:
        parent.ca.items.pop(key, None)
        parent[key] = sequence([])


def _place(name: str, key: tuple[str, ...]) -> int:
    """Return a column's place in the key, counted from 1; 0 if it is not in the key."""
    return key.index(name) + 1 if name in key else 0


def _set(entry: EditableMapping, key: str, value: Any) -> None:
    if value is None:
        entry.pop(key, None)
    else:
        entry[key] = value
