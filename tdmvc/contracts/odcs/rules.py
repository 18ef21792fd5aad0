"""Reads the rules of a table: what its columns, their elements and its quality demand of rows, each with its place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tdmvc.contracts.gathering import Gathered, place_of
from tdmvc.contracts.odcs.column_types import is_document, read_logical_type
from tdmvc.contracts.odcs.custom_rules import read_custom_rules
from tdmvc.contracts.odcs.declarations import children, read_check, read_unique_key
from tdmvc.contracts.odcs.elements import ColumnElement, Documents, ElementTest
from tdmvc.contracts.odcs.metrics import Where
from tdmvc.contracts.odcs.nested import as_rule_test, has_inner, inner_elements, read_inner, types_of
from tdmvc.contracts.odcs.options import read_enum, read_options
from tdmvc.contracts.odcs.quality import read_rule
from tdmvc.errors import ConfigError
from tdmvc.model.rules import (
    Condition,
    Length,
    Place,
    References,
    Required,
    Rule,
    RuleTest,
    Unique,
    Unreadable,
    Values,
    rule_id,
)
from tdmvc.model.schema import Column, TableSchema
from tdmvc.yaml.node import YamlNode


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table's entry in the file, and what was read of it."""

    node: YamlNode
    schema: TableSchema
    references: tuple[tuple[tuple[str, ...], YamlNode], ...] = ()
    """The columns of its relationships, with their entries."""
    is_old: bool = False
    """Whether the contract is of version 3.0."""


def with_rules(entry: TableEntry, gathered: Gathered) -> TableSchema:
    """Return the table with the rules that its other declarations do not imply, and with the places of all."""
    first, first_fault = len(gathered.rules), len(gathered.faults)
    columns = entry.schema.columns
    nodes = children(entry.node, "properties")
    types = {column.name: column.type for column in columns}
    for node, column in zip(nodes, columns, strict=True):
        _read_column(node, column, Where(entry.schema.name, types, is_old=entry.is_old), gathered)
    _read_quality(entry.node, Where(entry.schema.name, types, is_old=entry.is_old), gathered)
    with gathered.faults_of_one():
        read_custom_rules(entry.node, entry.schema, gathered)
    gathered.rules += [_unreadable(fault, entry) for fault in gathered.faults[first_fault:]]
    schema = replace(entry.schema, further_rules=tuple(gathered.rules[first:]))
    places = dict(_places(entry, schema))
    return replace(schema, places=places)


def _unreadable(fault: ConfigError, entry: TableEntry) -> Rule:
    """Return the rule that says so wherever the rows are checked, although the table itself can be read."""
    name = entry.schema.name
    place = Place(entry.node.path, fault.line)
    return Rule(rule_id(name, (), "unreadable"), name, (), Unreadable(fault.what.rstrip(".")), place=place)


def _read_column(node: YamlNode, column: Column, table: Where, gathered: Gathered) -> None:
    element = ColumnElement(node, column.type, read_logical_type(node, column.type))
    is_text = is_document(element.type, element.logical)
    where = replace(table, column=column.name, element=element, is_document=is_text)
    gathered.rules += _column_rules(where, read_options(element, gathered))
    with gathered.faults_of_one():
        values = read_enum(element)
        if values is not None:
            gathered.rules += _column_rules(where, [ElementTest("enum", values, node.need("enum"))])
    _read_quality(node, where, gathered)
    if element.logical == "map" and node.child("map") is None:
        gathered.note(
            node, f"Nothing says what the keys and values of the map '{column.name}' are; it is not checked."
        )
    if not has_inner(element):
        return
    with gathered.faults_of_one():
        if is_text:
            types = ElementTest("type", Documents(types_of(element)), node.need("logicalType"))
            gathered.rules += _column_rules(where, [types])
        for inner in inner_elements(element):
            gathered.rules += _column_rules(where, read_inner(inner, gathered))
            _read_quality(inner.element.node, replace(where, element=inner.element, inner=inner), gathered)


def _read_quality(node: YamlNode, where: Where, gathered: Gathered) -> None:
    with gathered.faults_of_one():
        gathered.each(
            children(node, "quality"), lambda rule: gathered.rules.extend(read_rule(rule, where, gathered))
        )


def _column_rules(where: Where, declared: Iterator[ElementTest] | Sequence[ElementTest]) -> Iterator[Rule]:
    for one in declared:
        yield Rule(
            rule_id(where.table, where.names, one.word),
            where.table,
            where.names,
            as_rule_test(one.test, is_text=where.is_document),
            place=place_of(one.node),
        )


def _places(entry: TableEntry, schema: TableSchema) -> Iterator[tuple[str, Place]]:
    """Yield the id of each rule that follows from a declaration, with the place of that; also of what a type is."""
    columns = dict(zip(schema.column_names, children(entry.node, "properties"), strict=True))
    quality = [
        (rule, read_check(rule, schema.name), read_unique_key(rule))
        for rule in children(entry.node, "quality")
    ]
    uniques = {frozenset(unique.columns): rule for rule, _, unique in reversed(quality) if unique is not None}
    checks = {check.expression: rule for rule, check, _ in reversed(quality) if check is not None}
    relations = dict(reversed(entry.references))
    for rule in schema.rules:
        if rule.place is not None:
            continue
        own = columns.get(rule.columns[0]) if rule.columns else None
        found = _declaring(rule.test, own)
        match rule.test:
            case Unique(is_key=False):
                found = uniques.get(frozenset(rule.columns), found)
            case Condition(check):
                found = checks.get(check.expression)
            case References():
                found = relations.get(rule.columns)
        yield rule.id, place_of(found or own or entry.node)
    for name, node in columns.items():
        yield rule_id(schema.name, (name,), "type"), place_of(node.child("physicalType") or node)


def _declaring(test: RuleTest, column: YamlNode | None) -> YamlNode | None:
    """Return what in a column's entry declares a test."""
    if column is None:
        return None
    match test:
        case Required():
            return column.child("required")
        case Unique():
            return column.child("primaryKey" if test.is_key else "unique")
        case Length():
            options = column.child("logicalTypeOptions")
            limit = options.child("maxLength") if options is not None else None
            return limit or column.child("physicalType")
        case Values():
            return column.child("physicalType")
    return None
