"""Reads what the metrics of the standard's library measure."""

from dataclasses import dataclass

import pyarrow as pa

from tdmvc.contracts.odcs.elements import ColumnElement, Documents
from tdmvc.contracts.odcs.nested import Inner, inner_shape
from tdmvc.contracts.odcs.options import read_enum, read_pattern
from tdmvc.contracts.scalars import read_value
from tdmvc.errors import did_you_mean
from tdmvc.model.rules import Pattern, Present, Required, RuleTest, Value, Values
from tdmvc.yaml.node import YamlNode

METRICS = {
    "nullValues": (),
    "missingValues": ("missingValues",),
    "invalidValues": ("validValues", "pattern"),
    "duplicateValues": ("properties",),
    "rowCount": (),
}
"""The standard's metrics, each with its arguments."""
OLD_RULES = {
    "nullCheck": "nullValues",
    "duplicateCount": "duplicateValues",
    "validValues": "invalidValues",
    "countCheck": "rowCount",
}
"""What version 3.0 calls some of them in its text and examples."""


@dataclass(frozen=True, slots=True)
class Where:
    """What a quality rule is about: a table, a column, or an element of a nested column."""

    table: str
    columns: dict[str, pa.DataType]
    """The types of the table's columns, by name."""
    column: str | None = None
    element: ColumnElement | None = None
    """The column, or the element inside it."""
    is_document: bool = False
    """Whether the column holds JSON texts."""
    inner: Inner | None = None
    is_old: bool = False
    """Whether the contract is of version 3.0."""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.column,) if self.column is not None else ()


def read_metric(rule: YamlNode) -> str:
    """Return the metric of a rule of the library, by its name since version 3.1."""
    node = rule.child("metric") or rule.need("rule")
    word = node.as_text()
    metric = OLD_RULES.get(word, word) if rule.child("metric") is None else word
    if metric not in METRICS:
        remedy = did_you_mean(word, METRICS, f"known ones: {', '.join(METRICS)}.")
        raise node.error(f"The metric '{word[:80]}' is unknown.", remedy=remedy)
    return metric


def inner_test(inner: Inner, test: RuleTest | Documents) -> Documents:
    """Return the test of a column that one of its elements must pass."""
    shapes: dict[type, Documents] = {Required: Documents({"not": {"type": "null"}})}
    if isinstance(test, Present):
        test = Documents({"not": {"enum": list(test.missing)}})
    shape = inner_shape(inner, shapes.get(type(test), test))
    assert shape is not None
    return Documents(shape)


def read_arguments(rule: YamlNode, metric: str, where: Where) -> dict[str, YamlNode]:
    """Return the arguments of a metric; version 3.0 has them beside it."""
    node = rule.child("arguments")
    found = dict(node.entries()) if node is not None else {}
    for key, argument in found.items():
        if key not in METRICS[metric]:
            known = METRICS[metric]
            remedy = f"it has: {', '.join(known)}." if known else "it has none."
            raise argument.error(f"{metric} has no argument '{key}'.", remedy=remedy)
    if where.is_old:
        beside = {key: rule.child(key) for key in METRICS[metric]}
        found = {key: one for key, one in beside.items() if one is not None} | found
    return {key: one for key, one in found.items() if not one.is_null}


def value_test(
    rule: YamlNode, metric: str, element: ColumnElement, arguments: dict[str, YamlNode]
) -> RuleTest | Documents | None:
    """Return the test of a single value that a metric counts the failures of; None if nothing says what is valid."""
    if metric == "nullValues":
        return Required()
    if metric == "missingValues":
        if "missingValues" not in arguments:
            raise rule.error(
                "missingValues needs the values that count as missing.",
                remedy="write `arguments: {missingValues: [null, '', N/A]}`.",
            )
        return Present(_values(arguments["missingValues"], element))
    if not arguments:
        return read_enum(element)  # what the column itself calls valid
    values = Values(_values(arguments["validValues"], element)) if "validValues" in arguments else None
    pattern = read_pattern(arguments["pattern"]) if "pattern" in arguments else None
    if pattern is not None and not pa.types.is_string(element.type):
        raise arguments["pattern"].error(
            f"A pattern is for texts, and the column's type is {element.type}.",
            remedy="list validValues instead.",
        )
    if values is not None and pattern is not None:
        return _both(values, pattern)
    return values or pattern or Required()


def _both(values: Values, pattern: Pattern) -> Documents:
    return Documents({"enum": list(dict.fromkeys((*values.allowed, None))), "pattern": pattern.expression})


def _values(node: YamlNode, element: ColumnElement) -> tuple[Value, ...]:
    return tuple(read_value(one, element.type) for one in node.elements())


def duplicate_columns(rule: YamlNode, where: Where, arguments: dict[str, YamlNode]) -> tuple[str, ...]:
    """Return the columns whose values may not repeat together."""
    node = arguments.get("properties")
    if node is None:
        if where.column is None:
            raise rule.error(
                "duplicateValues of a table needs the columns whose values may not repeat together.",
                remedy="write `arguments: {properties: [a, b]}`, or move the rule to a column's quality.",
            )
        return where.names
    names = node.as_texts()
    for one in node.elements():
        if one.as_text() not in where.columns:
            raise one.error(
                f"The table '{where.table}' has no column '{one.as_text()[:80]}'.",
                remedy=did_you_mean(one.as_text(), where.columns),
            )
    if not names:
        raise node.error("duplicateValues needs at least one column.")
    return names
