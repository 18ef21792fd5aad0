"""Rules that the standard has no field for: how a table's custom property keeps them."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Final

import pyarrow as pa

from tdmvc.contracts.gathering import Gathered, place_of
from tdmvc.contracts.odcs.declarations import custom_property
from tdmvc.contracts.odcs.thresholds import read_is_percent, read_severity, read_threshold
from tdmvc.contracts.scalars import read_number, read_value
from tdmvc.model.rules import (
    NO_ROWS,
    Format,
    HasType,
    JsonSchema,
    Length,
    MultipleOf,
    Pattern,
    PatternSyntax,
    Present,
    Range,
    Required,
    Rule,
    RuleTest,
    Unique,
    Values,
    rule_id,
)
from tdmvc.model.schema import TableSchema
from tdmvc.yaml.node import YamlNode

RULES_PROPERTY = "tdmvcRules"
"""The custom property of a table that keeps them."""
TEST_KINDS: Final[Mapping[str, type[Any]]] = {
    "hasType": HasType,
    "required": Required,
    "unique": Unique,
    "length": Length,
    "range": Range,
    "multipleOf": MultipleOf,
    "pattern": Pattern,
    "format": Format,
    "values": Values,
    "present": Present,
    "jsonSchema": JsonSchema,
}
"""The tests that it keeps, by their names in it."""
_KEYS = frozenset({"id", "test", "columns", "arguments", "unit", "severity", "description"})


def read_custom_rules(node: YamlNode, schema: TableSchema, gathered: Gathered) -> None:
    """Read the rules that the custom property of a table's entry keeps."""
    value = custom_property(node, RULES_PROPERTY)
    if value is not None:
        gathered.each(value.elements(), lambda one: gathered.rules.append(_read(one, schema)))


def _read(node: YamlNode, schema: TableSchema) -> Rule:
    """Return one rule.

    Raises:
        ConfigError: it is wrong; the line is named.
    """
    test_node = node.need("test")
    kind = TEST_KINDS.get(test_node.as_text())
    if kind is None:
        raise test_node.error(
            f"The test '{test_node.as_text()[:80]}' is unknown.",
            remedy=f"write one of {', '.join(TEST_KINDS)}.",
        )
    for key, value in node.entries():
        if key not in _KEYS and not key.startswith("must"):
            raise value.error(f"The key '{key[:80]}' is unknown in a rule of {RULES_PROPERTY}.")
    columns = node.texts("columns")
    missing = [name for name in columns if schema.column(name) is None]
    if missing:
        raise node.need("columns").error(f"The table has no column '{missing[0][:80]}'.")
    column = schema.column(columns[0]) if len(columns) == 1 else None
    severity = read_severity(node)
    if severity is None:
        raise node.need("severity").error("The severity is error, warning or info.")
    return Rule(
        rule_id(schema.name, columns, node.need("id").as_text()),
        schema.name,
        columns,
        _read_test(kind, node, column.type if column is not None else pa.string()),
        read_threshold(node, is_percent=read_is_percent(node)) or NO_ROWS,
        severity,
        node.text("description"),
        place_of(node),
    )


def _read_test(kind: type[Any], rule: YamlNode, type_: pa.DataType) -> RuleTest:
    node = rule.child("arguments")
    found: dict[str, Any] = {}
    known = {field.name for field in fields(kind)}
    for key, value in node.entries() if node is not None else ():
        if key not in known:
            raise value.error(
                f"The argument '{key[:80]}' is unknown here.", remedy=f"it has: {', '.join(known)}."
            )
        found[key] = _read_argument(kind, key, value, type_)
    needed = [field.name for field in fields(kind) if field.default is MISSING]
    lacking = [name for name in needed if name not in found]
    if lacking:
        raise (node or rule).error(f"The test lacks {', '.join(lacking)}.")
    test: RuleTest = kind(**found)
    return test


def _read_argument(kind: type[Any], key: str, node: YamlNode, type_: pa.DataType) -> object:
    if key in ("allowed", "missing"):
        return tuple(read_value(one, type_) for one in node.elements())
    if key in ("minimum", "maximum"):
        return node.as_count() if kind is Length else read_value(node, type_)
    if key == "null_values":
        return node.as_texts()
    if key == "step":
        return read_number(node)
    if key == "syntax":
        if node.as_text() not in list(PatternSyntax):
            raise node.error(f"The syntax is one of {', '.join(PatternSyntax)}.")
        return PatternSyntax(node.as_text())
    if key.startswith(("is_", "nulls_", "excludes_")):
        return node.as_bool()
    return node.as_text()
