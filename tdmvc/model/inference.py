"""Rules that the rows of a dataset suggest, each with its evidence."""

from dataclasses import dataclass

from tdmvc.model.rules import Rule

MINIMUM_ROWS = 30
"""How many rows must support a rule. With fewer, one row in ten may break it by chance."""
_DOUBT = 0.05


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule that every row keeps, and why it may be meant."""

    rule: Rule
    evidence: str
    """What was seen, without a value of a column that is personal or secret."""
    support: int
    """The rows that have values to test, all of which keep the rule."""
    command: str | None = None
    """What makes it a rule, if it is more than an edit of the contract."""

    @property
    def may_break(self) -> float:
        """The greatest share of such rows that may break the rule and still not be seen, with 95 % confidence."""
        return 1 - _DOUBT ** (1 / self.support) if self.support else 1.0


@dataclass(frozen=True, slots=True)
class TableInference:
    """What the rows of a table suggest."""

    table: str
    rows: int
    proposals: tuple[Proposal, ...] = ()
    notes: tuple[str, ...] = ()
    """What was not looked at, and why."""


@dataclass(frozen=True, slots=True)
class InferenceReport:
    """What the rows of a dataset suggest, and whether it was written."""

    dataset: str
    ref: str
    path: str
    """Of the contract, from the root of the repository."""
    minimum_rows: int
    tables: tuple[TableInference, ...]
    is_applied: bool = False
    """Whether the rules were written into the contract."""
    unwritten: tuple[str, ...] = ()
    """The ids of rules that could not be written."""

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        return tuple(one for table in self.tables for one in table.proposals)

    @property
    def applicable(self) -> tuple[Proposal, ...]:
        """The proposals that an edit of the contract makes rules."""
        return tuple(one for one in self.proposals if one.command is None)
