"""The words for drift that all formats share."""

from collections.abc import Iterable, Iterator, Sequence

from tdmvc.model.finding import Finding, Severity
from tdmvc.model.migration import Drift, DriftKind, DriftReport, DriftStatus, Migration, MigrationProblem
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.wording import severities, title_of

_WORST_FIRST = (
    DriftStatus.UNREADABLE,
    DriftStatus.UNKNOWN,
    DriftStatus.DIVERGED,
    DriftStatus.BEHIND,
    DriftStatus.EDITED,
    DriftStatus.AHEAD,
    DriftStatus.IN_STEP,
)


def worst_first(drifts: Iterable[Drift]) -> list[Drift]:
    """Return the drifts in the order in which they need attention."""

    def place(drift: Drift) -> tuple[int, str, str]:
        return _WORST_FIRST.index(drift.status), drift.ref, drift.location

    return sorted(drifts, key=place)


def drift_words(drift: Drift) -> str:
    """Return the status with its counts: `behind 2`."""
    match drift.status:
        case DriftStatus.BEHIND:
            return f"behind {number(len(drift.pending))}"
        case DriftStatus.AHEAD:
            return f"ahead {number(len(drift.extra))}"
        case DriftStatus.DIVERGED:
            return f"diverged: behind {number(len(drift.pending))}, ahead {number(len(drift.extra))}"
    return drift.status.value


def drift_verdict(report: DriftReport) -> tuple[str, str]:
    """Return the answer in a word, and its details."""
    database = [drift for drift in report.drifts if drift.kind is DriftKind.DATABASE]
    datasets = [drift for drift in report.drifts if drift.kind is not DriftKind.DATABASE]
    parts = [_database_words(database)] if database else []
    parts += [_dataset_words(datasets)] if datasets else []
    parts += [f"{severities(report.findings)} about its migrations and tables"] if report.findings else []
    is_wrong = any(finding.severity is not Severity.INFO for finding in report.findings)
    is_out = is_wrong or any(drift.status is not DriftStatus.IN_STEP for drift in report.drifts)
    return "Drift" if is_out else "In step", "; ".join(parts)


def _dataset_words(drifts: Sequence[Drift]) -> str:
    places = " and ".join(dict.fromkeys(visible(drift.at) for drift in drifts))
    refs = {drift.ref for drift in drifts}
    out = {d.ref for d in drifts if d.status is not DriftStatus.IN_STEP}
    if out:
        return f"{number(len(out))} of {plural(len(refs), 'dataset')} out of step with the migrations of {places}"
    return f"{plural(len(refs), 'dataset')} with the migrations of {places}"


def _database_words(drifts: Sequence[Drift]) -> str:
    is_out = any(drift.status is not DriftStatus.IN_STEP for drift in drifts)
    words = "is out of step with" if is_out else "is in step with"
    return f"{visible(drifts[0].ref)} {words} the migrations of {visible(drifts[0].at)}"


def location_words(drift: Drift) -> str:
    """Return which migrations were compared: `migrations main`."""
    words = f"migrations {visible(drift.location)}"
    return f"{words} of the database" if drift.kind is DriftKind.DATASET_IN_DATABASE else words


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield findings, visible, each with what to do."""
    for finding in findings:
        yield f"{finding.severity.value} {visible(finding.rule)}: {visible(finding.message)}"
        if finding.remedy:
            yield f"Fix: {visible(finding.remedy)}"


def findings_by_ref(report: DriftReport) -> dict[str, list[Finding]]:
    """Return the findings about a database by the state that they concern; those about no state by the database."""
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        ref = str(finding.details.get("ref") or finding.dataset or report.database)
        found.setdefault(ref, []).append(finding)
    return found


def migration_words(migration: Migration) -> str:
    """Return a migration in a line: `0006 add customer locale (may affect customers)`."""
    words = f"{visible(migration.id)} {visible(title_of(migration))}".rstrip()
    touches = ", ".join(map(visible, migration.touches))
    return f"{words} (may affect {touches})" if touches else words


def drift_lines(drift: Drift, *, most: int = 20) -> Iterator[str]:
    """Yield the details of a drift, visible: why, what to do, what is pending."""
    yield visible(drift.message)
    if drift.remedy:
        yield f"Fix: {visible(drift.remedy)}"
    for migration in drift.pending[:most]:
        yield f"pending {migration_words(migration)}"
    if len(drift.pending) > most:
        yield f"… and {number(len(drift.pending) - most)} more pending"
    if drift.extra:
        shown = ", ".join(map(visible, drift.extra[:most]))
        more = f", … and {number(len(drift.extra) - most)} more" if len(drift.extra) > most else ""
        where = "the database" if drift.kind is DriftKind.DATASET_IN_DATABASE else "the schema"
        yield f"not in {where}: {shown}{more}"
    if drift.touched:
        yield f"may affect {', '.join(map(visible, drift.touched))} of {visible(drift.dataset)}"


def problems_of(drifts: Iterable[Drift]) -> dict[str, list[MigrationProblem]]:
    """Return the problems of each location's history, once; an unreadable one is reported by its drift."""
    found: dict[str, list[MigrationProblem]] = {}
    for drift in drifts:
        if drift.problems and drift.status is not DriftStatus.UNREADABLE:
            found.setdefault(drift.location, list(drift.problems))
    return found
