"""What migration tables show to be wrong: failed, unknown, skipped and half-applied migrations."""

from collections.abc import Iterator
from dataclasses import dataclass

from tdmvc.errors import format_names
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.text import plural
from tdmvc.workspace.migration_fits import AppliedTable


@dataclass(frozen=True, slots=True)
class TableRemedies:
    """What to do about migrations, which depends on where their table is."""

    failed: str
    unknown: str
    half_applied: str
    skipped: str = ""
    """Empty if skipped migrations are no fault."""
    edited: str = ""
    """Empty if edited migrations are no fault."""


IN_DATASET = TableRemedies(
    failed="repair the database that the rows come from, and add them again.",
    unknown="the rows are from a later or another state of the application: check out the commit that has "
    "these migrations, or add rows of this one.",
    half_applied="run the application's migrations on the database that the rows come from, and add them again.",
)
IN_DATABASE = TableRemedies(
    failed="undo what they left behind, mark them as the tool's documentation says (repair, resolve, force), "
    "and run them again.",
    unknown="the database is of a later or another state of the application: check out the commit that has "
    "these migrations, or run the migrations on another database.",
    half_applied="run the rest of the migrations that it replaces on the database.",
    edited="compare the schemas, because what was run is not what the files say; then restore the files, or "
    "record the new checksums as the tool does (repair, resolve).",
    skipped="run them, if the tool allows that out of order; otherwise give them a newer number or date.",
)


def table_findings(
    remedies: TableRemedies, location: str, table: AppliedTable, dataset: str | None = None
) -> list[Finding]:
    """Return what a migration table shows to be wrong."""
    return [
        Finding(
            rule,
            severity,
            message,
            dataset,
            table.name,
            remedy=remedy,
            details={"location": location, "migrations": list(ids)},
        )
        for rule, severity, message, remedy, ids in _faults(remedies, table)
    ]


def _faults(
    remedies: TableRemedies, table: AppliedTable
) -> Iterator[tuple[str, Severity, str, str, tuple[str, ...]]]:
    fit = table.fit
    if fit.failed:
        yield (
            "migration-failed",
            Severity.ERROR,
            f"{table.name} marks {plural(len(fit.failed), 'migration')} as failed or unfinished: "
            f"{format_names(fit.failed)}.",
            remedies.failed,
            fit.failed,
        )
    if fit.unknown:
        yield (
            "migration-not-known",
            Severity.WARNING,
            f"{table.name} has {plural(len(fit.unknown), 'migration')} that the work tree does not know: "
            f"{format_names(fit.unknown)}.",
            remedies.unknown,
            fit.unknown,
        )
    if fit.half_applied:
        yield (
            "migration-half-applied",
            Severity.WARNING,
            f"{table.name} has only some of the migrations that {format_names(fit.half_applied)} replaces.",
            remedies.half_applied,
            fit.half_applied,
        )
    if fit.edited and remedies.edited:
        yield (
            "migration-edited",
            Severity.WARNING,
            f"{table.name} has other checksums than the files of {plural(len(fit.edited), 'migration')}: "
            f"{format_names(fit.edited)}.",
            remedies.edited,
            fit.edited,
        )
    if fit.not_run and remedies.skipped:
        yield (
            "migration-skipped",
            Severity.WARNING,
            f"{table.name} lacks {plural(len(fit.not_run), 'migration')} that later ones follow: "
            f"{format_names(fit.not_run)}.",
            remedies.skipped,
            fit.not_run,
        )
