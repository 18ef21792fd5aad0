"""What a validation found: a result for each rule, with the first rows that break it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tdmvc.model.finding import Severity
from tdmvc.model.rules import Rule

NULL = "NULL"
"""What a null is called in a key."""


class Evaluation(StrEnum):
    """How a rule was evaluated, cheapest first."""

    FOOTER = "footer"
    """From the statistics in the parts' footers; no row was read."""
    SCAN = "scan"
    """In the one scan of its table."""
    HASH = "hash"
    """By grouping or joining its columns."""
    QUERY = "query"
    """As an SQL query of its own, in a process that can reach nothing else."""
    FALLBACK = "fallback"
    """Value by value by a JSON Schema validator, because SQL cannot express it exactly."""


class RuleVerdict(StrEnum):
    """Whether the rows keep a rule."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_EVALUATED = "not-evaluated"
    """It could not be evaluated, which is never a pass."""


@dataclass(frozen=True, slots=True)
class FailingRow:
    """One row that breaks a rule."""

    key: Mapping[str, str]
    """Its key as texts, masked where a column is personal; the row's number for a table without a key."""
    values: Mapping[str, str | None]
    """The values of the rule's columns as texts, masked where a column is personal."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What came of one rule."""

    rule: Rule
    verdict: RuleVerdict
    evaluation: Evaluation
    rows: int
    """The rows of the table."""
    measured: Decimal | None = None
    """What is compared with the threshold, in its unit; exact. None if it was not evaluated."""
    failing: int | None = None
    """How many rows break the rule; exact. None for a rule that does not speak of single rows."""
    examples: tuple[FailingRow, ...] = ()
    """The first of them in key order, as many as were asked for."""
    reason: str | None = None
    """Why it was not evaluated, or why the fallback was needed; without values."""
    nulls: int = 0
    """Of a key, how many of the failing rows have a null in it; the others repeat."""

    @property
    def severity(self) -> Severity | None:
        """How bad it is; None if the rule is kept.

        What was not evaluated is an error, except for what a database declares: it has tested the rows it had.
        """
        match self.verdict:
            case RuleVerdict.PASSED:
                return None
            case RuleVerdict.NOT_EVALUATED:
                return Severity.WARNING if self.rule.is_of_database else Severity.ERROR
        return self.rule.severity


@dataclass(frozen=True, slots=True)
class TableValidation:
    """The results of a table's rules, in the contract's order."""

    table: str
    rows: int
    results: tuple[RuleResult, ...]
    checked_parts: int
    """The parts whose rows were read."""
    known_parts: int = 0
    """The parts whose counts were known from an earlier validation."""


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What `validate` found in one dataset or database."""

    subject: str
    """The reference of the dataset, or the address of the database without its password."""
    contract: str
    """The path of the contract."""
    tables: tuple[TableValidation, ...]
    notes: tuple[str, ...] = ()
    """What the contract declares that has no effect, with its place."""
    undeclared: tuple[str, ...] = ()
    """Tables with rows that the contract does not declare, so that no rule was evaluated on them."""
    at: str | None = None
    """The reference for commands that show the rows; None for a database."""
    files: tuple[str, ...] = ()
    """Where all failing rows were written, if that was asked for."""
    chosen_contract: str | None = None
    """The contract that was asked for in place of the dataset's own, for the same commands."""

    @property
    def results(self) -> tuple[RuleResult, ...]:
        return tuple(result for table in self.tables for result in table.results)

    @property
    def failures(self) -> tuple[RuleResult, ...]:
        """The results of rules that are not kept, worst first, in the contract's order."""
        found = [(one.severity.rank, one) for one in self.results if one.severity is not None]
        return tuple(one for _, one in sorted(found, key=lambda pair: -pair[0]))

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    def count(self, level: str) -> int:
        """Return how many rules are not kept, of those that are as bad as a level: `error`."""
        return sum(one.severity == level for one in self.failures)

    def fails(self, level: Severity) -> bool:
        """Return whether a rule that is not kept is at least as bad as a level."""
        return any(one.severity.rank >= level.rank for one in self.results if one.severity is not None)
