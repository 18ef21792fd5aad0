"""What checks the rules that a contract can declare."""

from tdmvc.checks.rules.condition import ConditionCheck
from tdmvc.checks.rules.length import LengthCheck
from tdmvc.checks.rules.nulls import NullKeyCheck, RequiredCheck
from tdmvc.checks.rules.reference import ReferenceCheck
from tdmvc.checks.rules.repeats import DuplicateKeyCheck, UniqueCheck
from tdmvc.checks.rules.rule import CheckedTable, RuleCheck, Tables
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.finding import Severity
from tdmvc.model.rules import NO_ROWS, Condition, Length, References, Required, Rule, Unique

__all__ = ["CheckedTable", "RuleCheck", "Tables", "checks_of"]


def checks_of(rule: Rule, engines: ConditionEngines) -> tuple[RuleCheck, ...]:
    """Return what checks a rule, in the order of the findings.

    Args:
        engines: what evaluates conditions.
    """
    if rule.threshold != NO_ROWS or (
        rule.severity is not Severity.ERROR and not isinstance(rule.test, Length)
    ):
        return ()  # some violation is allowed, so that no single row is a finding; `validate` counts
    match rule.test:
        case Required():
            return (RequiredCheck(rule),)
        case Unique(is_key=True) as unique:
            return (NullKeyCheck(rule), DuplicateKeyCheck(rule, unique))
        case Unique() as unique:
            return (UniqueCheck(rule, unique),)
        case Length(None, int() as limit):
            return (LengthCheck(rule, limit),)
        case Condition(check):
            return (ConditionCheck(rule, check, engines),)
        case References(reference):
            return (ReferenceCheck(rule, reference),)
    return ()
