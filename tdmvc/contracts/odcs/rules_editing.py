"""Writes rules into contract.yaml: as options of a type where the standard has one, else as quality rules."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tdmvc.contracts.odcs.custom_rules_editing import add_custom_rule
from tdmvc.contracts.odcs.declarations_editing import set_option
from tdmvc.contracts.odcs.options import OPTIONS
from tdmvc.contracts.odcs.queries import row_rule
from tdmvc.contracts.physical_types import logical_type
from tdmvc.contracts.scalars import FORMATS
from tdmvc.model.finding import Severity
from tdmvc.model.rules import (
    NO_ROWS,
    Condition,
    Format,
    Length,
    MultipleOf,
    Pattern,
    PatternSyntax,
    Present,
    Query,
    Range,
    Required,
    RowCount,
    Rule,
    Unique,
    Unreadable,
    Value,
    Values,
    rule_id,
)
from tdmvc.model.schema import Column, TableSchema
from tdmvc.yaml.editor import EditableMapping, list_at, mapping, sequence, text_value

_STABLE_ID = re.compile(r"[A-Za-z0-9_-]+")
_OPTION_WORDS = frozenset({"minLength", "pattern", "format", "range", "multipleOf", "minItems", "maxItems"})
"""The last words of the ids of rules that options of a type give."""


@dataclass(frozen=True, slots=True)
class RulePlaces:
    """The entries of a table and its columns in the edited file."""

    table: EditableMapping
    columns: dict[str, EditableMapping]
    has_enum: bool
    """Whether the version of the standard that the file names has `enum`."""


def write_further_rules(places: RulePlaces, old: TableSchema | None, new: TableSchema) -> tuple[Rule, ...]:
    """Write the further rules that a table did not have, and return those that the standard has no form for.

    Rules that it had stay as they were written, whether it still has them or not: people wrote them.
    """
    known = {replace(rule, id="") for rule in old.further_rules} if old is not None else set()
    return tuple(
        rule
        for rule in new.further_rules
        if not isinstance(rule.test, Unreadable)
        and replace(rule, id="") not in known
        and all(name in places.columns for name in rule.columns)
        and not _write(rule, new, places)
    )


def _write(rule: Rule, table: TableSchema, places: RulePlaces) -> bool:
    """Write a rule; return whether there is a form for it."""
    column = table.column(rule.columns[0]) if len(rule.columns) == 1 else None
    measured = _measured(rule, column)
    if column is not None and rule.threshold == NO_ROWS and rule.severity is Severity.ERROR:
        entry, word = places.columns[column.name], _word(rule, rule.columns)
        if isinstance(rule.test, Values) and places.has_enum and word == "enum" and "enum" not in entry:
            entry["enum"] = sequence(
                [mapping({"value": _value(one)}, in_line=True) for one in rule.test.allowed]
            )
            return True
        options = dict(_options(rule, str(entry.get("logicalType") or logical_type(column.type))))
        taken = entry.get("logicalTypeOptions") or {}
        is_usual = word in _OPTION_WORDS or measured is None
        if options and is_usual and not any(key in taken for key in options):
            for key, value in options.items():
                set_option(entry, key, value)
            return True
    if measured is None:
        return add_custom_rule(places.table, rule, _word(rule, rule.columns), _threshold(rule))
    is_named = column is not None and rule.id.startswith(rule_id(rule.table, rule.columns, ""))
    # A metric of values needs its column, whatever the rule is called.
    is_of_column = is_named or (column is not None and "metric" in measured)
    owner = places.columns[rule.columns[0]] if is_of_column else places.table
    word = _word(rule, rule.columns if is_named else ())
    item = mapping({**_named(word, measured), **measured, **_threshold(rule), **_severity(rule)})
    if rule.description is not None and rule.description != word:
        item["description"] = text_value(rule.description)
    list_at(owner, "quality").append(item)
    return True


def _word(rule: Rule, names: tuple[str, ...]) -> str:
    """Return what a rule's id says beside the table and the columns."""
    return rule.id.removeprefix(rule_id(rule.table, names, ""))


def _options(rule: Rule, logical: str) -> Iterator[tuple[str, str]]:
    """Yield the options of a logical type that say the same as a rule; none if there are none."""
    known = OPTIONS.get(logical, ())
    found: dict[str, Value] = {}
    match rule.test:
        case Length() if "minItems" in known:
            found = {"minItems": rule.test.minimum, "maxItems": rule.test.maximum}
        case Length():
            found = {"minLength": rule.test.minimum, "maxLength": rule.test.maximum}
        case Range():
            low = "exclusiveMinimum" if rule.test.excludes_minimum else "minimum"
            high = "exclusiveMaximum" if rule.test.excludes_maximum else "maximum"
            found = {low: rule.test.minimum, high: rule.test.maximum}
        case MultipleOf(step):
            found = {"multipleOf": step}
        case Pattern(expression, PatternSyntax.ECMA, is_whole):
            found = {"pattern": f"^(?:{expression})$" if is_whole else expression}
        case Format(name) if name in FORMATS:
            found = {"format": name}
    if all(key in known for key, value in found.items() if value is not None):
        for key, value in found.items():
            if value is not None:
                yield key, _value(value)


def _measured(rule: Rule, column: Column | None) -> dict[str, Any] | None:
    """Return the fields of a quality rule that say what it measures; None if the standard has none."""
    match rule.test:
        case Required() if column is not None:
            return {"metric": "nullValues"}
        case Present(missing) if column is not None:
            return {"metric": "missingValues", **_argument("missingValues", missing)}
        case Values(allowed) if column is not None:
            return {"metric": "invalidValues", **_argument("validValues", allowed)}
        case Pattern(expression, PatternSyntax.ECMA, is_whole) if column is not None:
            pattern = text_value(f"^(?:{expression})$" if is_whole else expression)
            return {"metric": "invalidValues", "arguments": mapping({"pattern": pattern}, in_line=True)}
        case Unique(nulls_distinct=True, is_key=False):
            return {"metric": "duplicateValues"} | (
                _argument("properties", rule.columns) if column is None else {}
            )
        case RowCount():
            return {"metric": "rowCount"}
        case Query(sql):
            return {"type": "sql", "query": text_value(sql)}
        case Condition(check) if not rule.threshold.is_percent:
            return {"type": "sql", "query": text_value(row_rule(check.expression))}
    return None


def _argument(name: str, values: Sequence[Value]) -> dict[str, Any]:
    listed = sequence([_value(one) for one in values], in_line=True)
    return {"arguments": mapping({name: listed}, in_line=True)}


def _named(word: str, measured: dict[str, Any]) -> dict[str, Any]:
    """Return the id or the name under which a rule keeps its own id."""
    if word in (measured.get("metric"), ""):
        return {}
    return {"id": text_value(word)} if _STABLE_ID.fullmatch(word) else {"name": text_value(word)}


def _threshold(rule: Rule) -> dict[str, Any]:
    numbers = [_number(one) for one in rule.threshold.numbers]
    value = numbers[0] if len(numbers) == 1 else sequence(numbers, in_line=True)
    return {rule.threshold.operator.value: value} | ({"unit": "percent"} if rule.threshold.is_percent else {})


def _severity(rule: Rule) -> dict[str, str]:
    return {} if rule.severity is Severity.ERROR else {"severity": rule.severity.value}


def _value(value: Value) -> Any:
    """Return a value as the editor writes it; its null is None."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return _number(Decimal(value)) if isinstance(value, int | Decimal) else text_value(value)


def _number(number: Decimal) -> str:
    return format(number, "f")
