"""Writes tables into contract.yaml and keeps everything that people wrote."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tdmvc.arrow.types import format_type
from tdmvc.contracts.odcs.column_types import TYPE_PROPERTY
from tdmvc.contracts.odcs.declarations import children
from tdmvc.contracts.odcs.declarations_editing import (
    set_custom,
    set_option,
    write_actions,
    write_column_declarations,
    write_table_declarations,
    write_views,
)
from tdmvc.contracts.odcs.physical_types import canonical_type, logical_type, number_format
from tdmvc.contracts.odcs.reading import (
    CONTRACT_FILE,
    FORM_PROPERTY,
    LOOKS_PROPERTY,
    ContractFile,
    read_contract,
    read_strictly,
)
from tdmvc.contracts.odcs.relationships import TARGET_PROPERTY, Relationship
from tdmvc.model.declarations import View
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.yaml.editor import (
    EditableList,
    EditableMapping,
    YamlEdit,
    mapping,
    sequence,
    text_value,
)
from tdmvc.yaml.reader import parse_yaml

_SHORT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def update_contract(
    text: str | None,
    dataset: str,
    tables: Mapping[str, TableSchema | None],
    views: Sequence[View] | None = None,
) -> str:
    """Return the text of a contract with the given tables added, replaced or (None) dropped.

    What people wrote in other fields stays, with comments, order and columns' places; new
    columns come last. References that lose their column are dropped with it. A classification
    is only ever set, never taken away.

    Args:
        views: all views that the contract has from now on; None leaves them as they are.

    Raises:
        ConfigError: the old text is wrong.
    """
    path = f"{dataset}/{CONTRACT_FILE}"
    old = read_strictly(text, path) if text is not None else ContractFile(Contract(), ())
    edit = YamlEdit(text or "", path)
    _write_header(edit.root, dataset)
    schema = edit.root["schema"]
    items = {str(item["name"]): item for item in schema}
    relations = _relations_by_table(old, schema)
    nodes = {node.need("name").as_text(): node for node in children(parse_yaml(text or "", path), "schema")}
    if views is not None:
        write_views(edit.root, old.contract.views, views)
    for name, table in tables.items():
        if table is None:
            _remove(schema, items.pop(name, None))
        else:
            if name not in items:
                items[name] = _new_table(name)
                schema.append(items[name])
            before = old.contract.table(name)
            _write_columns(items[name], before, table)
            write_table_declarations(items[name], before, table, nodes.get(name))
    for name, table in tables.items():
        if table is not None:
            _write_references(items, name, relations.get(name, []), table)
            _reset_if_empty(items[name], "properties")
    _reset_if_empty(edit.root, "schema")
    return _without_broken(edit, path)


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
    if not isinstance(root.get("schema"), EditableList):
        root["schema"] = sequence([])
    if not root["schema"]:
        # An empty list is written `[]`; what is added to it is written on lines of its own.
        root["schema"].fa.set_block_style()


def _new_table(name: str) -> EditableMapping:
    facts = {"name": text_value(name), "physicalType": "table", "logicalType": "object"}
    return mapping({**facts, "properties": sequence([])})


def _write_columns(item: EditableMapping, old: TableSchema | None, table: TableSchema) -> None:
    if not isinstance(item.get("properties"), EditableList):
        item["properties"] = sequence([])
    properties = item["properties"]
    entries = {str(entry["name"]): entry for entry in properties}
    for name in [name for name in entries if table.column(name) is None]:
        _remove(properties, entries.pop(name))
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
    set_option(entry, "format", None)
    set_option(entry, "timezone", None)
    format = number_format(column.type)
    if canonical_type(logical, physical) == column.type:
        set_custom(entry, TYPE_PROPERTY, None)
    elif format is not None and canonical_type(logical, physical, format=format) == column.type:
        set_option(entry, "format", format)
        set_custom(entry, TYPE_PROPERTY, None)
    else:
        set_custom(entry, TYPE_PROPERTY, text_value(format_type(column.type)))


def _write_references(
    items: dict[str, EditableMapping],
    name: str,
    old: list[tuple[EditableMapping, EditableMapping, Relationship]],
    table: TableSchema,
) -> None:
    kept = set()
    for owner, entry, relation in old:
        wanted = next((one for one in table.references if one.ends == relation.reference.ends), None)
        if wanted is not None:
            kept.add(wanted)
            if wanted.declared != relation.reference.declared:
                write_actions(entry, wanted.declared)
        elif entry in owner.get("relationships", ()):
            _remove(owner["relationships"], entry)
            if not owner["relationships"]:
                del owner["relationships"]
    columns = {str(entry["name"]): entry for entry in items[name]["properties"]}
    for reference in dict.fromkeys(table.references):
        if reference in kept or any(column not in columns for column in reference.columns):
            continue
        if len(reference.columns) == 1:
            owner, entry = columns[reference.columns[0]], mapping({"type": "foreignKey"})
            entry["to"] = _ends(items, reference.table, reference.to, entry)[0]
        else:
            owner, entry = items[name], mapping({"type": "foreignKey"})
            entry["from"] = sequence(_ends(items, name, reference.columns, entry), in_line=True)
            entry["to"] = sequence(_ends(items, reference.table, reference.to, entry), in_line=True)
        write_actions(entry, reference.declared)
        if not isinstance(owner.get("relationships"), EditableList):
            owner["relationships"] = sequence([])
        owner["relationships"].append(entry)


def _ends(
    items: dict[str, EditableMapping], table: str, columns: tuple[str, ...], relation: EditableMapping
) -> list[str]:
    """Return how a relationship names columns: as `table.column`, or by id if a name has special characters."""
    if all(_SHORT_NAME.fullmatch(name) for name in (table, *columns)):
        return [f"{table}.{column}" for column in columns]
    if table not in items:
        # Nothing here can carry an id, so the relationship itself keeps the names.
        names = sequence([text_value(name) for name in (table, *columns)], in_line=True)
        set_custom(relation, TARGET_PROPERTY, names)
        return [f"schema/{_slug(table)}/properties/{_slug(column)}" for column in columns]
    of_table = _ensure_id(list(items.values()), items[table])
    entries = {str(entry["name"]): entry for entry in items[table]["properties"]}
    return [
        f"schema/{of_table}/properties/"
        + (_ensure_id(list(entries.values()), entries[column]) if column in entries else _slug(column))
        for column in columns
    ]


def _ensure_id(siblings: list[EditableMapping], item: EditableMapping) -> str:
    if item.get("id") is None:
        taken = {str(sibling.get("id")) for sibling in siblings}
        taken |= {str(sibling["name"]) for sibling in siblings if sibling is not item}
        slug = _slug(str(item["name"]))
        unique = next(name for name in _numbered(slug, len(taken) + 2) if name not in taken)
        item.insert(0, "id", text_value(unique))
    return str(item["id"])


def _numbered(slug: str, count: int) -> list[str]:
    return [slug, *(f"{slug}_{number}" for number in range(2, count + 2))]


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def _relations_by_table(
    file: ContractFile, schema: EditableList
) -> dict[str, list[tuple[EditableMapping, EditableMapping, Relationship]]]:
    """Return each table's relationships with the entries of the edited file that hold them."""
    found: dict[str, list[tuple[EditableMapping, EditableMapping, Relationship]]] = {}
    for relation in file.relationships:
        owner = _owner(schema, relation)
        entry = owner["relationships"][relation.place]
        found.setdefault(str(schema[relation.table]["name"]), []).append((owner, entry, relation))
    return found


def _owner(schema: EditableList, relation: Relationship) -> Any:
    item = schema[relation.table]
    return item if relation.column is None else item["properties"][relation.column]


def _without_broken(edit: YamlEdit, path: str) -> str:
    """Return the edited text without relationships whose column this edit removed."""
    text = edit.render()
    broken = [r for r in read_contract(parse_yaml(text, path)).relationships if r.fault is not None]
    if not broken:
        return text
    for relation in reversed(broken):
        owner = _owner(edit.root["schema"], relation)
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


def _remove(items: EditableList, item: EditableMapping | None) -> None:
    for place, found in enumerate(items):
        if found is item:
            del items[place]
            return


def _set(entry: EditableMapping, key: str, value: Any) -> None:
    if value is None:
        entry.pop(key, None)
    else:
        entry[key] = value
