"""The rules that a contract can declare."""

from collections.abc import Callable, Mapping
from typing import Final

from tdmvc.checks.rules.condition import ConditionRule
from tdmvc.checks.rules.length import LengthRule
from tdmvc.checks.rules.nulls import NullKeyRule, RequiredRule
from tdmvc.checks.rules.reference import ReferenceRule
from tdmvc.checks.rules.repeats import DuplicateKeyRule, UniqueRule
from tdmvc.checks.rules.rule import CheckedTable, Rule, Tables
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.schema import DeclaredRule, RuleKind

__all__ = ["CheckedTable", "Rule", "Tables", "rules_of"]


def rules_of(declared: DeclaredRule, engines: ConditionEngines) -> tuple[Rule, ...]:
    """Return the rules that check a declaration, in the order of their findings.

    Args:
        engines: what evaluates conditions.
    """
    if declared.reference is not None:
        return (ReferenceRule(declared, declared.reference),)
    if declared.check is not None:
        return (ConditionRule(declared, declared.check, engines),)
    if declared.max_length is not None:
        return (LengthRule(declared, declared.max_length),)
    return tuple(rule(declared) for rule in _ROW_RULES.get(declared.kind, ()))


_ROW_RULES: Final[Mapping[RuleKind, tuple[Callable[[DeclaredRule], Rule], ...]]] = {
    RuleKind.REQUIRED: (RequiredRule,),
    RuleKind.UNIQUE: (UniqueRule,),
    RuleKind.KEY: (NullKeyRule, DuplicateKeyRule),
}
