"""Writes rules that the standard has no field for into a custom property of their table."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from tdmvc.contracts.odcs.custom_rules import RULES_PROPERTY, TEST_KINDS
from tdmvc.model.finding import Severity
from tdmvc.model.rules import NO_ROWS, PatternSyntax, Rule, RuleTest, Value
from tdmvc.yaml.editor import EditableList, EditableMapping, list_at, mapping, sequence, text_value

_NAMES = {kind: name for name, kind in TEST_KINDS.items()}


def add_custom_rule(entry: EditableMapping, rule: Rule, word: str, threshold: Mapping[str, Any]) -> bool:
    """Add a rule to the custom property of a table's entry; return whether it can be kept there.

    Args:
        word: what its id says beside the table and the columns.
        threshold: the fields that say how much violation is allowed.
    """
    name = _NAMES.get(type(rule.test))
    if name is None:
        return False
    facts: dict[str, Any] = {"id": text_value(word), "test": name}
    facts["columns"] = sequence([text_value(one) for one in rule.columns], in_line=True)
    arguments = dict(_arguments(rule.test))
    facts |= {"arguments": mapping(arguments, in_line=True)} if arguments else {}
    facts |= {} if rule.threshold == NO_ROWS else dict(threshold)
    facts |= {} if rule.severity is Severity.ERROR else {"severity": rule.severity.value}
    facts |= {"description": text_value(rule.description)} if rule.description else {}
    _kept_rules(entry).append(mapping(facts))
    return True


def _kept_rules(entry: EditableMapping) -> EditableList:
    """Return the list of the custom property; a new one is empty."""
    properties = list_at(entry, "customProperties")
    for custom in properties:
        if custom.get("property") == RULES_PROPERTY and isinstance(custom.get("value"), EditableList):
            found: EditableList = custom["value"]
            return found
    made = sequence([])
    properties.append(mapping({"property": RULES_PROPERTY, "value": made}))
    return made


def _arguments(test: RuleTest) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a test that are not what they are by default."""
    usual = {field.name: field.default for field in fields(test)}
    for name in usual:
        value = getattr(test, name)
        if value == usual[name]:
            continue
        is_list = isinstance(value, tuple)
        yield name, sequence(list(map(_written, value)), in_line=True) if is_list else _written(value)


def _written(value: Value | PatternSyntax) -> Any:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return format(Decimal(value), "f")
    return text_value(str(value))
