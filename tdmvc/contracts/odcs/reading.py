"""Reads contract.yaml: tables, columns, keys and references in the Open Data Contract Standard (ODCS 3)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.arrow.types import format_type, parse_type
from tdmvc.contracts.odcs.declarations import (
    children,
    custom_property,
    read_actions,
    read_column_declarations,
    read_table_declarations,
    read_views,
)
from tdmvc.contracts.odcs.physical_types import canonical_type
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import parse_yaml

CONTRACT_FILE = "contract.yaml"
TYPE_PROPERTY = "tdmvcType"
"""The custom property that holds a canonical type which the other fields do not lead to."""
FORM_PROPERTY = "tdmvcTextForm"
"""The custom property that says how texts of a source write a column's values."""
LOOKS_PROPERTY = "tdmvcLooksLike"
"""The custom property that says what the values of a column look like, so that they are not shown."""
TARGET_PROPERTY = "tdmvcTarget"
"""The custom property of a relationship: the table and columns it means, if no id can be given."""


@dataclass(frozen=True, slots=True)
class Relationship:
    """One relationship of the file, and its place in it."""

    table: int
    """The place of its table in `schema`."""
    column: int | None
    """The place of its column in `properties`; None for one at the table."""
    place: int
    """Its place in `relationships`."""
    reference: ForeignKey
    node: YamlNode
    fault: str | None = None
    """What it names that does not exist."""


@dataclass(frozen=True, slots=True)
class ContractFile:
    """A contract as its file has it."""

    contract: Contract
    relationships: tuple[Relationship, ...]


@dataclass(frozen=True, slots=True)
class _Named:
    """A table and its columns, by name and by id."""

    name: str
    columns: tuple[Column, ...]
    ids: dict[str, str]
    """Names of columns by id."""


def parse_contract(text: str, path: str) -> Contract:
    """Read the text of a contract.yaml.

    Tables come in the file's order, references sorted. A reference to a table that the
    contract does not have is kept; one to a column that a known table lacks is an error.

    Raises:
        ConfigError: it is wrong; the line and key are named.
    """
    return read_strictly(text, path).contract


def read_strictly(text: str, path: str) -> ContractFile:
    """Read a contract with its relationships, as an edit needs them.

    Raises:
        ConfigError: it is wrong, or a relationship names a column that does not exist.
    """
    file = read_contract(parse_yaml(text, path))
    check_relationships(file)
    return file


def check_relationships(file: ContractFile) -> None:
    """Raise a ConfigError if a relationship names a column that does not exist."""
    for relation in file.relationships:
        if relation.fault is not None:
            raise relation.node.error(
                f"The relationship names a column that does not exist: {relation.fault}.",
                remedy="correct the name, or remove the relationship.",
            )


def read_contract(root: YamlNode) -> ContractFile:
    """Read a contract, and mark relationships that name something that does not exist.

    Raises:
        ConfigError: another fault; the line and key are named.
    """
    version = root.text("apiVersion")
    if version is not None and not version.startswith("v3."):
        raise root.need("apiVersion").error(
            f"tdmvc reads ODCS 3, not {version}.", remedy="convert the contract to v3.1.0."
        )
    if root.text("kind") not in (None, "DataContract"):
        raise root.need("kind").error("This is not a data contract.", remedy="write `kind: DataContract`.")
    nodes = children(root, "schema")
    tables = [_read_table(node) for node in nodes]
    _check_unique(nodes, "table")
    ids = {node.text("id") or "": name.name for node, name in zip(nodes, tables, strict=True)}
    known = {table.name: table for table in tables}
    relations = tuple(_relationships(nodes, tables, known, ids))
    schemas = {}
    for index, (node, table) in enumerate(zip(nodes, tables, strict=True)):
        mine = {r.reference for r in relations if r.table == index and r.fault is None}
        schemas[table.name] = TableSchema(
            table.name,
            table.columns,
            key=_read_key(node),
            references=tuple(sorted(mine, key=lambda r: (r.columns, r.table, r.to))),
            **read_table_declarations(node),
        )
    return ContractFile(Contract(schemas, read_views(root)), relations)


def _read_table(node: YamlNode) -> _Named:
    properties = children(node, "properties")
    columns = tuple(_read_column(entry) for entry in properties)
    _check_unique(properties, "column")
    ids = {entry.text("id") or "": column.name for entry, column in zip(properties, columns, strict=True)}
    return _Named(node.need("name").as_text(), columns, ids)


def _check_unique(nodes: tuple[YamlNode, ...], what: str) -> None:
    known: set[str] = set()
    for node in nodes:
        name = node.need("name")
        if name.as_text() in known:
            raise name.error(f"The {what} '{name.as_text()}' appears twice.")
        known.add(name.as_text())


def _read_column(node: YamlNode) -> Column:
    type_ = _read_type(node)
    physical = node.text("physicalType")
    form = custom_property(node, FORM_PROPERTY)
    looks = custom_property(node, LOOKS_PROPERTY)
    return Column(
        name=node.need("name").as_text(),
        type=type_,
        physical_type=None if physical is None or physical == format_type(type_) else physical,
        required=node.flag("required"),
        unique=node.flag("unique"),
        classification=node.text("classification"),
        text_form=form.as_text() if form is not None else None,
        looks_like=looks.as_text() if looks is not None else None,
        **read_column_declarations(node),
    )


def _read_type(node: YamlNode) -> pa.DataType:
    own = custom_property(node, TYPE_PROPERTY)
    if own is not None:
        exact = parse_type(own.as_text()) if len(own.as_text()) < 10_000 else None
        if exact is None:
            raise own.error(
                f"'{own.as_text()[:80]}' is not a canonical type.",
                remedy="write int64, decimal(10,2), list<string>, …",
            )
        return exact
    logical, physical = node.text("logicalType"), node.text("physicalType")
    options = node.child("logicalTypeOptions")
    nested = _read_nested(node, logical) if physical is None else None
    found = nested or canonical_type(
        logical,
        physical,
        format=options.text("format") if options else None,
        is_zoned=options is not None and options.flag("timezone"),
    )
    if found is None:
        raise node.error(
            f"The type of the column '{node.need('name').as_text()}' is unknown.",
            remedy="add a logicalType (string, integer, number, date, …) or a physicalType.",
        )
    return found


def _read_nested(node: YamlNode, logical: str | None) -> pa.DataType | None:
    """Return the type of an object or array whose elements are written out."""
    if logical == "object" and node.child("properties") is not None:
        return pa.struct(
            [
                pa.field(entry.need("name").as_text(), _read_type(entry))
                for entry in children(node, "properties")
            ]
        )
    items = node.child("items")
    return pa.list_(_read_type(items)) if logical == "array" and items is not None else None


def _read_key(node: YamlNode) -> tuple[str, ...]:
    found: dict[int, str] = {}
    for place, entry in enumerate(children(node, "properties")):
        if not entry.flag("primaryKey"):
            continue
        # Without a position the columns' own order counts, after those that have one.
        position = entry.child("primaryKeyPosition")
        rank = position.as_count() if position is not None and position.value != "-1" else 1_000_000 + place
        if rank in found:
            raise (position or entry).error("Two columns have the same position in the primary key.")
        found[rank] = entry.need("name").as_text()
    return tuple(found[rank] for rank in sorted(found))


def _relationships(
    nodes: tuple[YamlNode, ...], tables: list[_Named], known: dict[str, _Named], ids: dict[str, str]
) -> Iterator[Relationship]:
    for index, (node, table) in enumerate(zip(nodes, tables, strict=True)):
        for column, entry in enumerate(children(node, "properties")):
            for place, relation in enumerate(children(entry, "relationships")):
                yield from _read(relation, (index, column, place), (table.columns[column].name,), known, ids)
        for place, relation in enumerate(children(node, "relationships")):
            ends = [_resolve(text, known, ids) for text in _ends(relation, "from")]
            names = tuple(
                end[1] if end else text for end, text in zip(ends, _ends(relation, "from"), strict=True)
            )
            yield from _read(relation, (index, None, place), names, known, ids, source=table)


def _read(
    node: YamlNode,
    place: tuple[int, int | None, int],
    columns: tuple[str, ...],
    known: dict[str, _Named],
    ids: dict[str, str],
    *,
    source: _Named | None = None,
) -> Iterator[Relationship]:
    target = custom_property(node, TARGET_PROPERTY)
    if target is not None:
        table, *to = target.as_texts()
        ends: list[tuple[str, str] | None] = [(table, name) for name in to]
    else:
        ends = [_resolve(text, known, ids) for text in _ends(node, "to")]
    names = [end for end in ends if end is not None]
    if len(names) < len(ends):
        return  # it leads to another contract
    if not names or len(names) != len(columns) or len({table for table, _ in names}) != 1:
        raise node.error("The 'to' of a relationship must name one table and as many columns as its source.")
    reference = ForeignKey(columns, names[0][0], tuple(name for _, name in names), read_actions(node))
    fault = _fault(reference, known.get(reference.table), source)
    yield Relationship(*place, reference, node, fault)


def _ends(node: YamlNode, key: str) -> tuple[str, ...]:
    end = node.need(key)
    return end.as_texts() if end.is_list else (end.as_text(),)


def _resolve(text: str, known: dict[str, _Named], ids: dict[str, str]) -> tuple[str, str] | None:
    """Return the table and column that a reference names; None if it leads to another contract."""
    if "#" in text:
        return None
    full = re.fullmatch(r"/?schema/([^/]+)/properties/([^/]+)", text)
    if full:
        table = ids.get(full[1], full[1])
        columns = known[table].ids if table in known else {}
        return table, columns.get(full[2], full[2])
    dots = [match.start() for match in re.finditer(r"\.", text)]
    for dot in dots:
        if text[:dot] in known:
            return text[:dot], text[dot + 1 :]
    return (text[: dots[-1]], text[dots[-1] + 1 :]) if dots else ("", text)


def _fault(reference: ForeignKey, target: _Named | None, source: _Named | None) -> str | None:
    """Return what the reference names that does not exist. A table that the contract lacks is not a fault."""
    for table, names in ((source, reference.columns), (target, reference.to)):
        if table is None:
            continue
        for name in names:
            if all(column.name != name for column in table.columns):
                return f"column '{name}' in the table '{table.name}'"
    return None
