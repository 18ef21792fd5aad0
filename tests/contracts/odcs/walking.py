"""Walks the standard's JSON Schemas: which fields there are, and what they may be."""

from collections.abc import Iterator
from typing import Any

from tdmvc.contracts.odcs.fields import FIELDS, Kind

Schema = dict[str, Any]


def parts_of(root: Schema, node: Any) -> Iterator[Schema]:
    """Yield the schemas that a value may have to follow, references and alternatives included."""
    if not isinstance(node, dict):
        return
    yield node
    if "$ref" in node:
        found: Any = root
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        yield from parts_of(root, found)
    for key in ("allOf", "anyOf", "oneOf"):
        for one in node.get(key, ()):
            yield from parts_of(root, one)
    for key in ("then", "else"):
        yield from parts_of(root, node.get(key))


def _properties(root: Schema, nodes: list[Schema]) -> dict[str, list[Schema]]:
    found: dict[str, list[Schema]] = {}
    for node in nodes:
        for part in [*parts_of(root, node)]:
            for one in (part, *parts_of(root, part.get("items"))):
                for name, schema in one.get("properties", {}).items():
                    found.setdefault(name, []).append(schema)
    return found


def walk_fields(root: Schema) -> dict[Kind, dict[str, list[Schema]]]:
    """Return the fields of each kind of mapping, each with the schemas that it may have to follow."""
    found: dict[Kind, dict[str, list[Schema]]] = {}
    waiting: list[tuple[Kind, list[Schema]]] = [(Kind.CONTRACT, [root])]
    while waiting:
        kind, nodes = waiting.pop()
        if kind in found:
            continue
        found[kind] = _properties(root, nodes)
        for name, schemas in found[kind].items():
            field = FIELDS[kind].get(name)
            if field is not None and field.inner not in (None, Kind.OPTIONS, Kind.ARGUMENTS):
                assert field.inner is not None
                waiting.append((field.inner, schemas))
    return found


def options_of_types(root: Schema) -> dict[str, dict[str, list[Schema]]]:
    """Return the options that each logical type has."""
    found: dict[str, dict[str, list[Schema]]] = {}
    for one in root["$defs"]["SchemaBaseProperty"]["allOf"]:
        conditions = [*one.get("if", {}).get("anyOf", ()), one.get("if", {})]
        types = [c["properties"]["logicalType"]["const"] for c in conditions if "properties" in c]
        options = (
            one.get("then", {}).get("properties", {}).get("logicalTypeOptions", {}).get("properties", {})
        )
        for logical in types:
            for name, schema in options.items():
                found.setdefault(logical, {}).setdefault(name, []).append(schema)
            found.setdefault(logical, {})
    return found
