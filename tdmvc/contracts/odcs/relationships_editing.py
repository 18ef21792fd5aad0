"""Writes relationships: to names where the standard allows them, else to ids."""

import re
from collections.abc import Sequence
from typing import Any

from tdmvc.contracts.odcs.declarations_editing import set_custom, write_actions
from tdmvc.contracts.odcs.relationships import TARGET_PROPERTY, Relationship
from tdmvc.model.schema import TableSchema
from tdmvc.yaml.editor import EditableList, EditableMapping, list_at, mapping, sequence, text_value

_SHORT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What version 3.1 allows in `table.column`; version 3.2 has a dash, too."""


def write_references(
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
            remove_item(owner["relationships"], entry)
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
        list_at(owner, "relationships").append(entry)


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
    return re.sub(r"[^A-Za-z0-9_-]", "_", name) or "_"


def relations_by_table(
    relationships: Sequence[Relationship], schema: EditableList
) -> dict[str, list[tuple[EditableMapping, EditableMapping, Relationship]]]:
    """Return each table's relationships with the entries of the edited file that hold them."""
    found: dict[str, list[tuple[EditableMapping, EditableMapping, Relationship]]] = {}
    for relation in relationships:
        owner = owner_of(schema, relation)
        entry = owner["relationships"][relation.place]
        found.setdefault(str(schema[relation.table]["name"]), []).append((owner, entry, relation))
    return found


def owner_of(schema: EditableList, relation: Relationship) -> Any:
    item = schema[relation.table]
    return item if relation.column is None else item["properties"][relation.column]


def remove_item(items: EditableList, item: EditableMapping | None) -> None:
    for place, found in enumerate(items):
        if found is item:
            del items[place]
            return
