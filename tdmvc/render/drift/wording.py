"""Knows how the facts of a drift read in words, in every format."""

import re
from collections.abc import Iterable, Iterator, Sequence

from tdmvc.model.migration import Drift, DriftStatus, Migration, MigrationProblem
from tdmvc.render.cells import visible
from tdmvc.render.migrations.wording import title_of
from tdmvc.render.terminal import number, plural

_WORST_FIRST = (
    DriftStatus.UNREADABLE,
    DriftStatus.UNKNOWN,
    DriftStatus.DIVERGED,
    DriftStatus.BEHIND,
    DriftStatus.EDITED,
    DriftStatus.AHEAD,
    DriftStatus.IN_STEP,
)
_LINE = re.compile(r"(.*), line ([0-9]{1,9})", re.DOTALL)


def worst_first(drifts: Iterable[Drift]) -> list[Drift]:
    """Return the drifts in the order in which they need a person; what is excused comes with what is ahead."""

    def place(drift: Drift) -> tuple[int, str, str]:
        status = DriftStatus.AHEAD if drift.is_excused else drift.status
        return _WORST_FIRST.index(status), drift.ref, drift.location

    return sorted(drifts, key=place)


def drift_words(drift: Drift) -> str:
    """Return the status with its counts: `behind 2`."""
    match drift.status:
        case DriftStatus.BEHIND:
            words = f"behind {number(len(drift.pending))}"
            return f"{words}, excused" if drift.is_excused else words
        case DriftStatus.AHEAD:
            return f"ahead {number(len(drift.extra))}"
        case DriftStatus.DIVERGED:
            return f"diverged: behind {number(len(drift.pending))}, ahead {number(len(drift.extra))}"
    return drift.status.value


def drift_verdict(drifts: Sequence[Drift]) -> tuple[str, str]:
    """Return the answer in a word, and what belongs to it."""
    places = " and ".join(dict.fromkeys(visible(drift.at) for drift in drifts))
    refs = {drift.ref for drift in drifts}
    out = {d.ref for d in drifts if d.status is not DriftStatus.IN_STEP and not d.is_excused}
    excused = {d.ref for d in drifts if d.is_excused} - out
    if out:
        words = f"{number(len(out))} of {plural(len(refs), 'dataset')} out of step with the migrations of {places}"
        return "Drift", words
    words = f"{plural(len(refs), 'dataset')} with the migrations of {places}"
    if excused:
        words += f"; {number(len(excused))} behind, excused: nothing pending seems to touch its tables"
    return "In step", words


def migration_words(migration: Migration) -> str:
    """Return a migration in a line: `0006 add customer locale (seems to touch customers)`."""
    words = f"{visible(migration.id)} {visible(title_of(migration))}".rstrip()
    touches = ", ".join(map(visible, migration.touches))
    return f"{words} (seems to touch {touches})" if touches else words


def drift_lines(drift: Drift, *, most: int = 20) -> Iterator[str]:
    """Yield what is to be said of a drift besides its status, visible: why, what to do, what is pending."""
    yield visible(drift.message)
    if drift.remedy and not drift.is_excused:
        yield f"Fix: {visible(drift.remedy)}"
    for migration in drift.pending[:most]:
        yield f"pending {migration_words(migration)}"
    if len(drift.pending) > most:
        yield f"… and {number(len(drift.pending) - most)} more pending"
    if drift.extra:
        shown = ", ".join(map(visible, drift.extra[:most]))
        more = f", … and {number(len(drift.extra) - most)} more" if len(drift.extra) > most else ""
        yield f"not here: {shown}{more}"
    if drift.touched:
        yield f"tables of {visible(drift.dataset)} that seem to be touched: {', '.join(map(visible, drift.touched))}"


def problem_place(problem: MigrationProblem) -> tuple[str, int | None]:
    """Return the file and the line that a problem names."""
    path = problem.path or ""
    match = _LINE.fullmatch(path)
    return (match[1], int(match[2])) if match else (path, None)


def problems_of(drifts: Iterable[Drift]) -> dict[str, list[MigrationProblem]]:
    """Return what is wrong with each location's history, once; of an unreadable one the drift tells itself."""
    found: dict[str, list[MigrationProblem]] = {}
    for drift in drifts:
        if drift.problems and drift.status is not DriftStatus.UNREADABLE:
            found.setdefault(drift.location, list(drift.problems))
    return found
