"""The words for drift that all formats share."""

from collections.abc import Iterable, Iterator, Sequence

from tdmvc.model.migration import Drift, DriftStatus, Migration, MigrationProblem
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.wording import title_of

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


def drift_verdict(drifts: Sequence[Drift]) -> tuple[str, str]:
    """Return the answer in a word, and its details."""
    places = " and ".join(dict.fromkeys(visible(drift.at) for drift in drifts))
    refs = {drift.ref for drift in drifts}
    out = {d.ref for d in drifts if d.status is not DriftStatus.IN_STEP}
    if out:
        words = f"{number(len(out))} of {plural(len(refs), 'dataset')} out of step with the migrations of {places}"
        return "Drift", words
    words = f"{plural(len(refs), 'dataset')} with the migrations of {places}"
    return "In step", words


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
        yield f"not in the schema: {shown}{more}"
    if drift.touched:
        yield f"may affect {', '.join(map(visible, drift.touched))} of {visible(drift.dataset)}"


def problems_of(drifts: Iterable[Drift]) -> dict[str, list[MigrationProblem]]:
    """Return the problems of each location's history, once; an unreadable one is reported by its drift."""
    found: dict[str, list[MigrationProblem]] = {}
    for drift in drifts:
        if drift.problems and drift.status is not DriftStatus.UNREADABLE:
            found.setdefault(drift.location, list(drift.problems))
    return found
