"""Reads what a contract declares beside names and types: rules of the standard, and custom properties for the rest."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from tdmvc.contracts.odcs.queries import (
    PlaceholderError,
    PlaceholderNames,
    declared_condition,
    fill_placeholders,
    has_query,
    row_condition,
)
from tdmvc.contracts.odcs.thresholds import read_is_percent, read_severity, read_threshold
from tdmvc.errors import ConfigError
from tdmvc.model.declarations import (
    NO_ACTION,
    Check,
    Collation,
    Default,
    Generated,
    Identity,
    Index,
    ReferenceActions,
    TableOptions,
    TypeKind,
    UniqueKey,
    UserType,
    View,
)
from tdmvc.model.finding import Severity
from tdmvc.model.rules import NO_ROWS
from tdmvc.yaml.node import YamlNode

CONSTRAINT_PROPERTY = "tdmvcConstraint"
"""How the database declares a reference, a unique key or a condition; what only a person declares has none."""
DEFAULT_PROPERTY = "tdmvcDefault"
GENERATED_PROPERTY = "tdmvcGenerated"
IDENTITY_PROPERTY = "tdmvcIdentity"
COLLATION_PROPERTY = "tdmvcCollation"
INDEXES_PROPERTY = "tdmvcIndexes"
OPTIONS_PROPERTY = "tdmvcOptions"
USER_TYPES_PROPERTY = "tdmvcUserTypes"
VIEWS_PROPERTY = "tdmvcViews"
_T = TypeVar("_T")
_CHECKED_AT = frozenset({"immediate", "deferred"})
_ACTIONS = frozenset({NO_ACTION, "cascade", "restrict", "set null", "set default"})


def children(node: YamlNode, key: str) -> tuple[YamlNode, ...]:
    """Return the elements of the list at a key; none if it is absent."""
    found = node.child(key)
    return found.elements() if found is not None else ()


def custom_property(node: YamlNode, name: str) -> YamlNode | None:
    """Return the value of a custom property, or None."""
    for entry in children(node, "customProperties"):
        if entry.text("property") == name:
            return entry.child("value")
    return None


def read_column_declarations(node: YamlNode) -> dict[str, Any]:
    """Return the fields of `Column` that a column's entry declares beside its name and type."""
    options = node.child("logicalTypeOptions")
    return {
        "default": _read_with(node, DEFAULT_PROPERTY, _read_default),
        "generated": _read_with(node, GENERATED_PROPERTY, _read_generated),
        "identity": _read_with(node, IDENTITY_PROPERTY, _read_identity),
        "collation": _read_with(node, COLLATION_PROPERTY, _read_collation),
        "max_length": options.count("maxLength") if options is not None else None,
        "user_types": _read_with(node, USER_TYPES_PROPERTY, _read_user_types) or (),
        "description": _description(node),
    }


def read_table_declarations(node: YamlNode) -> dict[str, Any]:
    """Return the fields of `TableSchema` that a table's entry declares beside columns, key and references."""
    return {
        "unique_keys": read_unique_keys(node),
        "checks": read_checks(node),
        "indexes": _read_indexes(node),
        "options": _read_with(node, OPTIONS_PROPERTY, _read_options),
        "description": _description(node),
    }


def read_unique_keys(table: YamlNode) -> tuple[UniqueKey, ...]:
    """Return the unique keys in the table's quality rules."""
    found = (read_unique_key(rule) for rule in children(table, "quality"))
    return tuple(dict.fromkeys(one for one in found if one is not None))


def read_unique_key(rule: YamlNode) -> UniqueKey | None:
    """Return the unique key that a quality rule of a table means; None if it means something else."""
    arguments = rule.child("arguments")
    if _metric(rule) != "duplicateValues" or not _is_error_on_any(rule) or arguments is None:
        return None
    properties = arguments.child("properties")
    if properties is None or not properties.is_list or any(not one.is_text for one in properties.elements()):
        return None
    declared = custom_property(rule, CONSTRAINT_PROPERTY)
    return UniqueKey(
        properties.as_texts(),
        rule_name(rule),
        is_declared=declared is not None,
        nulls_distinct=declared is None or declared.text("nulls") != "not distinct",
        include=declared.texts("include") if declared is not None else (),
        deferrable=_word(declared, "deferrable", _CHECKED_AT) if declared is not None else None,
    )


def read_checks(table: YamlNode) -> tuple[Check, ...]:
    """Return the conditions on single rows in the table's quality rules."""
    name = table.need("name").as_text()
    found = (read_check(rule, name) for rule in children(table, "quality"))
    return tuple(dict.fromkeys(one for one in found if one is not None))


def read_check(rule: YamlNode, table: str) -> Check | None:
    """Return the condition that a quality rule of a table means; None if it means something else."""
    query = rule.child("query")
    if rule.text("type") != "sql" or query is None or not query.is_text or not _is_error_on_any(rule):
        return None
    declared = custom_property(rule, CONSTRAINT_PROPERTY)
    if declared is None:
        return _own_check(query.as_text(), table, rule)
    expression = declared_condition(query.as_text()) or row_condition(query.as_text(), table)
    if expression is None:
        return None
    return Check(
        expression,
        rule_name(rule),
        declared.text("dialect"),
        is_validated=_is_not_denied(declared, "validated"),
        is_inherited=_is_not_denied(declared, "inherited"),
    )


def _own_check(query: str, table: str, rule: YamlNode) -> Check | None:
    expression = row_condition(query, table)
    if expression is None or has_query(expression):
        return None
    try:
        return Check(fill_placeholders(expression, PlaceholderNames(table)), rule_name(rule))
    except PlaceholderError:
        return None  # whoever reads the rules reports it


def rule_name(rule: YamlNode) -> str | None:
    """Return what a quality rule is called: its stable id, unless a database gave it its name."""
    name = rule.text("name")
    if custom_property(rule, CONSTRAINT_PROPERTY) is not None:
        return name
    return rule.text("id") or name


def read_actions(relationship: YamlNode) -> ReferenceActions | None:
    """Return how a database declares a relationship; None if only a person or a file does."""
    declared = custom_property(relationship, CONSTRAINT_PROPERTY)
    if declared is None:
        return None
    return ReferenceActions(
        _word(declared, "onDelete", _ACTIONS) or NO_ACTION,
        _word(declared, "onUpdate", _ACTIONS) or NO_ACTION,
        _word(declared, "deferrable", _CHECKED_AT),
        is_full=_word(declared, "match", frozenset({"simple", "full"})) == "full",
        set_columns=declared.texts("setColumns"),
        is_validated=_is_not_denied(declared, "validated"),
    )


def read_views(root: YamlNode) -> tuple[View, ...]:
    """Return the views of a contract."""
    value = custom_property(root, VIEWS_PROPERTY)
    return tuple(
        View(
            entry.need("name").as_text(),
            entry.need("query").as_text(),
            entry.need("dialect").as_text(),
            entry.texts("columns"),
            is_materialized=entry.flag("materialized"),
        )
        for entry in (value.elements() if value is not None else ())
    )


def _read_with(node: YamlNode, name: str, read: Callable[[YamlNode], _T]) -> _T | None:
    value = custom_property(node, name)
    return read(value) if value is not None else None


def _read_default(value: YamlNode) -> Default:
    literal = value.text("literal")
    if literal is not None:
        return Default(literal=literal)
    return Default(expression=value.need("expression").as_text(), dialect=value.need("dialect").as_text())


def _read_generated(value: YamlNode) -> Generated:
    return Generated(
        value.need("expression").as_text(), value.flag("stored"), value.need("dialect").as_text()
    )


def _read_identity(value: YamlNode) -> Identity:
    generation = _word(value, "generation", frozenset({"always", "by default"}))
    return Identity(
        generation == "always",
        _number(value, "start"),
        _number(value, "increment"),
        value.text("sequence"),
    )


def _read_collation(value: YamlNode) -> Collation:
    return Collation(value.need("name").as_text(), value.need("dialect").as_text())


def _read_user_types(value: YamlNode) -> tuple[UserType, ...]:
    return tuple(
        UserType(
            entry.need("name").as_text(),
            TypeKind(_word(entry, "kind", frozenset(TypeKind)) or TypeKind.ENUM),
            entry.need("dialect").as_text(),
            entry.texts("labels"),
            entry.text("definition"),
        )
        for entry in value.elements()
    )


def _read_options(value: YamlNode) -> TableOptions:
    return TableOptions(value.texts("words"), value.need("dialect").as_text())


def _read_indexes(table: YamlNode) -> tuple[Index, ...]:
    value = custom_property(table, INDEXES_PROPERTY)
    return tuple(
        Index(
            entry.need("name").as_text(),
            entry.texts("columns"),
            entry.text("definition"),
            entry.flag("unique"),
            entry.text("dialect"),
        )
        for entry in (value.elements() if value is not None else ())
    )


def _description(node: YamlNode) -> str | None:
    found = node.child("description")
    return found.as_text() if found is not None and found.is_text else None


def _metric(rule: YamlNode) -> str | None:
    """Return the metric of a rule of the standard's library; version 3.0 calls it `rule`."""
    if rule.text("type") not in (None, "library"):
        return None
    return rule.text("metric") or rule.text("rule")


def _is_error_on_any(rule: YamlNode) -> bool:
    """Whether a single violation is an error: a rule may allow some, or only inform."""
    try:
        is_strict = read_threshold(rule, is_percent=read_is_percent(rule)) == NO_ROWS
        return is_strict and read_severity(rule) in (Severity.ERROR, None)
    except ConfigError:
        return False  # whoever reads the rules reports it


def _is_not_denied(node: YamlNode, key: str) -> bool:
    return node.child(key) is None or node.flag(key)


def _word(node: YamlNode, key: str, known: frozenset[str]) -> str | None:
    found = node.text(key)
    if found is not None and found.lower() not in known:
        raise node.need(key).error(
            f"'{found[:80]}' is unknown here.", remedy=f"write one of: {', '.join(sorted(known))}."
        )
    return found.lower() if found is not None else None


def _number(node: YamlNode, key: str) -> int | None:
    found = node.text(key)
    if found is None:
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,30}", found):
        raise node.need(key).error("Expected a whole number here.")
    return int(found)
