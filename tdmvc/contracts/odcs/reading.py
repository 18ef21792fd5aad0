"""Reads contract.yaml: tables, columns, keys and references in the Open Data Contract Standard (ODCS 3)."""

from dataclasses import dataclass
from functools import lru_cache

from tdmvc.arrow.types import format_type
from tdmvc.contracts.base import Note
from tdmvc.contracts.gathering import Gathered
from tdmvc.contracts.odcs.column_types import FORM_PROPERTY, LOOKS_PROPERTY, read_type
from tdmvc.contracts.odcs.declarations import (
    children,
    custom_property,
    read_column_declarations,
    read_table_declarations,
    read_views,
)
from tdmvc.contracts.odcs.relationships import NamedTable, Relationship, read_relationships
from tdmvc.contracts.odcs.rules import TableEntry, with_rules
from tdmvc.contracts.odcs.service_levels import read_service_levels
from tdmvc.contracts.odcs.unused import report_unused
from tdmvc.errors import ConfigError
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import parse_yaml

CONTRACT_FILE = "contract.yaml"
VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")
"""The versions of the standard that are read."""

_KEPT = 4
"""How many contracts are kept: a command compares two to three states, whose contracts often are the same."""


@dataclass(frozen=True, slots=True)
class ContractFile:
    """A contract as its file has it."""

    contract: Contract
    relationships: tuple[Relationship, ...]
    notes: tuple[Note, ...] = ()
    """What has no effect."""
    faults: tuple[ConfigError, ...] = ()
    """What is wrong with rules and service levels, in no particular order."""


@lru_cache(maxsize=_KEPT)
def parse_contract(text: str, path: str) -> Contract:
    """Read the text of a contract.yaml; the same text that was just read costs nothing.

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
    schemas = {}
    gathered = Gathered()
    relations = tuple(read_relationships(nodes, tables, gathered))
    is_old = (version or "").startswith("v3.0")
    for index, (node, table) in enumerate(zip(nodes, tables, strict=True)):
        mine = {r.reference for r in relations if r.table == index and r.fault is None}
        schema = TableSchema(
            table.name,
            table.columns,
            key=_read_key(node),
            references=tuple(sorted(mine, key=lambda r: (r.columns, r.table, r.to))),
            **read_table_declarations(node),
        )
        named = tuple((r.reference.columns, r.node) for r in relations if r.table == index)
        schemas[table.name] = with_rules(TableEntry(node, schema, named, is_old), gathered)
    if version is not None and version not in VERSIONS:
        gathered.note(
            root.need("apiVersion"),
            f"The version {version[:40]} of the standard is unknown here, and is read as {VERSIONS[-1]}.",
        )
    columns = {name: schema.column_names for name, schema in schemas.items()}
    levels = tuple(read_service_levels(root, columns, gathered))
    report_unused(root, gathered)
    contract = Contract(schemas, read_views(root), levels)
    return ContractFile(contract, relations, tuple(gathered.notes), tuple(gathered.faults))


def _read_table(node: YamlNode) -> NamedTable:
    properties = children(node, "properties")
    columns = tuple(_read_column(entry) for entry in properties)
    _check_unique(properties, "column")
    ids = {entry.text("id") or "": column.name for entry, column in zip(properties, columns, strict=True)}
    return NamedTable(node.need("name").as_text(), columns, node.text("id"), ids)


def _check_unique(nodes: tuple[YamlNode, ...], what: str) -> None:
    known: set[str] = set()
    for node in nodes:
        name = node.need("name")
        if name.as_text() in known:
            raise name.error(f"The {what} '{name.as_text()}' appears twice.")
        known.add(name.as_text())


def _read_column(node: YamlNode) -> Column:
    type_ = read_type(node)
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
