"""A check for each kind of rule: it finds the rows that break it, and tells those that a change broke from others.

For reviews, merges, `publish` and `check --rows`. Counts that are remembered from part to part are in `validation`.
"""

from tdmvc.checks.rules.condition import ConditionCheck
from tdmvc.checks.rules.length import LengthCheck
from tdmvc.checks.rules.measure import MeasureCheck
from tdmvc.checks.rules.nulls import NullKeyCheck, RequiredCheck
from tdmvc.checks.rules.reference import ReferenceCheck
from tdmvc.checks.rules.repeats import DuplicateKeyCheck, UniqueCheck
from tdmvc.checks.rules.row import RowCheck
from tdmvc.checks.rules.rule import CheckedTable, RuleCheck, Tables
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.rules import (
    NO_ROWS,
    Condition,
    HasType,
    Length,
    Query,
    References,
    Required,
    RowCount,
    Rule,
    Unique,
)

__all__ = ["CheckedTable", "RuleCheck", "Tables", "checks_of"]


def checks_of(rule: Rule, engines: ConditionEngines) -> tuple[RuleCheck, ...]:
    """Return what checks a rule, in the order of the findings.

    Args:
        engines: what evaluates conditions.
    """
    is_plain = rule.threshold == NO_ROWS
    match rule.test:
        case Required() if is_plain:
            return (RequiredCheck(rule),)
        case Unique(is_key=True) as unique if is_plain:
            return (NullKeyCheck(rule), DuplicateKeyCheck(rule, unique))
        case Unique() as unique if is_plain:
            return (UniqueCheck(rule, unique),)
        case Length(None, int() as limit) if is_plain:
            return (LengthCheck(rule, limit),)
        case Condition(check) if is_plain:
            return (ConditionCheck(rule, check, engines),)
        case References(reference) if is_plain:
            return (ReferenceCheck(rule, reference),)
        case HasType() | RowCount() | Query() | Unique() | References():
            return (MeasureCheck(rule),)
    return (RowCheck(rule, engines),)
