"""What `check` answers: whether what Git holds of the datasets makes sense."""

from dataclasses import dataclass

from tdmvc.model.finding import Finding, Severity


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
