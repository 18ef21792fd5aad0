"""What a check says about data: a value, never an exception."""

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters, worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check noticed."""

    rule: str
    """A stable name in kebab case (`duplicate-key`), for filters and suppressions."""
    severity: Severity
    message: str
    """One sentence, without a value of a personal column."""
    dataset: str | None = None
    table: str | None = None
    columns: tuple[str, ...] = ()
    remedy: str = ""
    """What to do, where there is something to do."""
    details: dict[str, object] = field(default_factory=dict)
    """More facts for machines; JSON values only."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` found."""

    datasets: tuple[str, ...]
    """Those that were looked at, by name."""
    tables: int
    versions: int
    findings: tuple[Finding, ...]
    """In the order of the datasets; `details` names the `file`, and the `line` where one is known."""
    remote: str | None = None
    """The remote that was asked for the objects; None where none was."""
    commit: str | None = None
    """The commit whose objects were asked for; None for the work tree."""
    objects: int = 0
    """How many objects the remote was asked for."""

    @property
    def has_errors(self) -> bool:
        return any(finding.severity is Severity.ERROR for finding in self.findings)
