"""Findings: faults that a check finds in the data."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from tdmvc.model.remote import Comparison


class Severity(StrEnum):
    """How much a finding matters, worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """How bad it is: a higher rank is worse."""
        order = list(Severity)
        return len(order) - 1 - order.index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault that a check found."""

    rule: str
    """A stable name in kebab case (`duplicate-key`), for filters and suppressions."""
    severity: Severity
    message: str
    """One sentence, without a value of a personal column."""
    dataset: str | None = None
    table: str | None = None
    columns: tuple[str, ...] = ()
    remedy: str = ""
    """What to do, if anything."""
    details: dict[str, object] = field(default_factory=dict)
    """More facts for machines; JSON values only."""


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether one of the findings is an error."""
    return any(finding.severity is Severity.ERROR for finding in findings)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` found."""

    datasets: tuple[str, ...]
    """The datasets that were checked, by name."""
    tables: int
    versions: int
    findings: tuple[Finding, ...]
    """In the order of the datasets; `details` names the `file`, and the `line` if it is known."""
    remote: str | None = None
    """The remote that was searched for the objects; None if none was."""
    commit: str | None = None
    """The commit whose objects were searched for; None for the work tree."""
    objects: int = 0
    """How many objects were searched for on the remote."""
    compared: dict[Comparison, int] = field(default_factory=dict)
    """How many of them were found whole there, by what was compared."""
    rows: int | None = None
    """How many rows were checked against the contract; None if none were to be."""
    rules: int = 0
    """How many declared rules they were checked against."""

    @property
    def has_errors(self) -> bool:
        return has_errors(self.findings)
