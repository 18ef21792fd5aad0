"""What a validation is asked for, and what it may use."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tdmvc.checks.sandbox import QueryLimits
from tdmvc.checks.validation.cache import CountCache
from tdmvc.checks.validation.kept_hashes import KeptHashes
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.rules import Rule
from tdmvc.model.schema import TableSchema


def find_nothing(parts: Sequence[str]) -> Sequence[Path] | None:
    """Return None: no part of another state can be read."""
    return None


@dataclass(frozen=True, slots=True)
class ValidationOptions:
    """What to validate, and with what."""

    only: Collection[str] | None = None
    """The tables; None means all of the contract."""
    rules: Collection[str] | None = None
    """The ids of the rules of these tables to evaluate; None means all."""
    examples: int = 10
    """How many failing rows of each rule to return at most."""
    is_full: bool = False
    """Whether to read every row, whatever an earlier validation has counted."""
    cache: CountCache = field(default_factory=CountCache)
    """What earlier validations counted; by default, nothing is kept."""
    hashes: KeptHashes = field(default_factory=KeptHashes)
    """Hashes of values that earlier validations read; by default, nothing is kept."""
    conditions: ConditionEngines = field(default_factory=dict)
    """What evaluates conditions, by dialect."""
    limits: QueryLimits | None = None
    """What one query of the contract may take; None means the usual."""
    find_parts: Callable[[Sequence[str]], Sequence[Path] | None] = find_nothing
    """Return the files of parts that another state has, by hashes of their bytes; None if one of them is not here."""

    def rules_of(self, table: TableSchema) -> tuple[Rule, ...]:
        """Return the rules of a contract's table that are to be evaluated."""
        return tuple(rule for rule in table.rules if self.rules is None or rule.id in self.rules)
