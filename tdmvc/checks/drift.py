"""Knows how a dataset's recorded migration state stands to the migrations of a revision."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tdmvc.checks.known_migrations import KnownMigrations
from tdmvc.errors import MigrationsError
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.migration import (
    Drift,
    DriftStatus,
    LookBack,
    Migration,
    MigrationProblem,
    MigrationState,
    RecordedState,
)

DEFAULT_FAIL_ON: Final[frozenset[DriftStatus]] = frozenset(DriftStatus) - {
    DriftStatus.IN_STEP,
    DriftStatus.AHEAD,
}
"""What fails a build unless told otherwise: everything but in-step and ahead."""

_NUMBERS = re.compile(r"[0-9]{1,40}(?:[._][0-9]{1,40}){0,20}")


def check_drift(
    dataset: str,
    ref: str,
    recorded: RecordedState | None,
    actual: MigrationState | MigrationsError,
    *,
    at: str,
    location: str = "",
    history: Callable[[], MigrationState | None] | None = None,
    removed_migrations: Callable[[Sequence[str]], LookBack] | None = None,
) -> Drift:
    """Compare what a dataset was made for with the migrations that are there.

    Args:
        dataset: the dataset's name.
        ref: the state of the dataset that is asked about (`golden`, `golden@1.0.0`).
        recorded: what its manifest remembers, if anything.
        actual: the migrations at the revision, or why they cannot be read.
        at: what the migrations were read from.
        location: the location's name; needed only when `actual` is an error.
        history: gives a state that knows more than the revision (the work tree), so that
            a dataset that is ahead of an old revision is not unknown to it; called only
            where a recorded head is not at the revision.
        removed_migrations: asks the commits before the revision for ids that it does not hold; called
            only where a recorded head is found nowhere.
    """
    heads = recorded.heads if recorded else ()
    if isinstance(actual, MigrationsError):
        problem = MigrationProblem("unreadable-file", actual.what, actual.where or None)
        where = f" ({actual.where})" if actual.where else ""
        return Drift(
            dataset,
            ref,
            location,
            DriftStatus.UNREADABLE,
            at,
            actual_heads=heads,
            problems=(problem,),
            message=f"The migrations cannot be read: {actual.what}{where}",
            remedy=_REMEDIES[DriftStatus.UNREADABLE],
        )
    if recorded is None or not recorded.heads:
        message = f"No migration state is recorded; `tdmvc add {dataset}` records it."
        verdict = _Verdict(DriftStatus.UNKNOWN, message)
    else:
        verdict = _judge(recorded, actual, history, removed_migrations)
    return Drift(
        dataset,
        ref,
        actual.location.name,
        verdict.status,
        at,
        expected_heads=actual.heads,
        actual_heads=heads,
        pending=verdict.pending,
        extra=verdict.extra,
        problems=actual.problems,
        message=verdict.message,
        remedy=_REMEDIES.get(verdict.status, ""),
    )


def drift_findings(
    drifts: Iterable[Drift], fail_on: Collection[DriftStatus] = DEFAULT_FAIL_ON
) -> tuple[Finding, ...]:
    """Return a finding for each drift whose status is asked to fail."""
    return tuple(
        Finding(
            rule=f"drift-{drift.status}",
            severity=Severity.ERROR,
            message=f"{drift.ref} at {drift.at}: {drift.message}",
            dataset=drift.dataset,
            remedy=drift.remedy,
            details={
                "ref": drift.ref,
                "location": drift.location,
                "at": drift.at,
                "status": str(drift.status),
                "expected_heads": list(drift.expected_heads),
                "actual_heads": list(drift.actual_heads),
                "pending": [migration.id for migration in drift.pending],
                "extra": list(drift.extra),
                "touched": list(drift.touched),
            },
        )
        for drift in drifts
        if drift.fails_on(fail_on)
    )


_REMEDIES: Final = {
    DriftStatus.EDITED: "look whether the edit changes the schema; then `tdmvc add` records the new state.",
    DriftStatus.BEHIND: "bring the data through the pending migrations, then `tdmvc add`.",
    DriftStatus.AHEAD: "check out the dataset version of this release with `tdmvc checkout --release`.",
    DriftStatus.DIVERGED: "bring both branches together and the data through what is pending, then `tdmvc add`.",
    DriftStatus.UNKNOWN: "look whether migrations were renamed or removed; `tdmvc add` records the state.",
    DriftStatus.UNREADABLE: "mend the file that is named, or the location in tdmvc.yaml.",
}


@dataclass(frozen=True, slots=True)
class _Verdict:
    """How a recorded state stands, and why."""

    status: DriftStatus
    message: str
    pending: tuple[Migration, ...] = ()
    extra: tuple[str, ...] = ()


def _judge(
    recorded: RecordedState,
    actual: MigrationState,
    history: Callable[[], MigrationState | None] | None,
    removed_migrations: Callable[[Sequence[str]], LookBack] | None,
) -> _Verdict:
    if recorded.tool != actual.location.tool:
        message = (
            f"It was recorded with {recorded.tool}, but the migrations here are {actual.location.tool}'s."
        )
        return _Verdict(DriftStatus.UNKNOWN, message)
    if set(recorded.heads) == set(actual.heads):
        return _same_heads(recorded, actual)
    known = KnownMigrations(actual, None)
    if history and any(head not in known for head in recorded.heads):
        known = KnownMigrations(actual, history())
    missing = tuple(head for head in recorded.heads if head not in known)
    if missing:
        return _missing_heads(
            missing, recorded, actual, removed_migrations(missing) if removed_migrations else LookBack()
        )
    seen = known.seen_from(recorded.heads)
    if not known.is_one_history(seen):
        message = (
            f"The dataset was made for {_listed(recorded.heads)}, and no migration that led there is here: "
            "the history was begun anew in between."
        )
        return _Verdict(DriftStatus.UNKNOWN, message)
    return _compared(tuple(known.pending(seen)), tuple(known.extra(seen)))


def _same_heads(recorded: RecordedState, actual: MigrationState) -> _Verdict:
    has_other_count = recorded.count is not None and recorded.count != actual.count
    is_edited = has_other_count if recorded.digest is None else recorded.digest != actual.digest
    if not is_edited:
        return _Verdict(DriftStatus.IN_STEP, "The dataset fits the migrations.")
    if has_other_count:
        counts = f"there are {actual.count} migrations, not {recorded.count} as recorded"
        return _Verdict(DriftStatus.EDITED, f"The heads are the same, but {counts}.")
    message = "The heads are the same, but the content of a migration was changed since."
    return _Verdict(DriftStatus.EDITED, message)


def _missing_heads(
    missing: tuple[str, ...], recorded: RecordedState, actual: MigrationState, before: LookBack
) -> _Verdict:
    """Judge heads that are nowhere: gone, or not there yet.

    In a tool of one line a greater number is a later one, unless the history was
    renumbered since. That is known from a commit that took the number away, or from
    a count: whoever saw a later migration saw more of them.
    """
    made_for = f"The dataset was made for {_listed(missing)}"
    gone = [id_ for id_ in missing if id_ in before.removed]
    if gone:
        commits = _listed(list(dict.fromkeys(before.removed[id_] for id_ in gone)))
        message = f"{made_for}, which {commits} took away: squashed, renumbered or renamed."
        return _Verdict(DriftStatus.UNKNOWN, message)
    if not actual.is_linear or not _is_later(recorded.heads, actual):
        message = (
            f"{made_for}, which cannot be found here: squashed, renamed, or of another branch or repository."
        )
        return _Verdict(DriftStatus.UNKNOWN, message)
    if recorded.count is not None and recorded.count <= actual.count:
        message = (
            f"{made_for}, the last of {recorded.count}; here are {actual.count}, all with lower numbers: "
            "the history was renumbered."
        )
        return _Verdict(DriftStatus.UNKNOWN, message)
    if recorded.count is None and before.is_cut:
        message = (
            f"{made_for}, which is later than all that is here, or was renumbered since: "
            "this clone is too shallow to tell (`git fetch --deepen=100`)."
        )
        return _Verdict(DriftStatus.UNKNOWN, message)
    message = f"{made_for}, which is later than all that is here."
    return _Verdict(DriftStatus.AHEAD, message, extra=missing)


def _is_later(heads: Sequence[str], actual: MigrationState) -> bool:
    """Tell whether every head is a greater number than every migration that is here."""
    asked = [_number(head) for head in heads]
    here = [_number(migration.id) for migration in actual.migrations]
    if None in asked or None in here:
        return False
    greatest = max(number for number in here if number is not None)
    return all(number > greatest for number in asked if number is not None)


def _number(id_: str) -> tuple[int, ...] | None:
    if not _NUMBERS.fullmatch(id_):
        return None
    return tuple(int(part) for part in re.split(r"[._]", id_))


def _compared(pending: tuple[Migration, ...], extra: tuple[str, ...]) -> _Verdict:
    behind = f"{_counted(len(pending))} not been applied to it: {_listed([m.id for m in pending])}"
    ahead = f"{_counted(len(extra))} been applied to it that this revision lacks: {_listed(extra)}"
    if pending and extra:
        return _Verdict(DriftStatus.DIVERGED, f"{behind}; and {ahead}.", pending, extra)
    if pending:
        return _Verdict(DriftStatus.BEHIND, f"{behind}.", pending)
    if extra:
        return _Verdict(DriftStatus.AHEAD, f"{ahead}.", extra=extra)
    message = "The dataset fits the migrations, which were squashed or merged since."
    return _Verdict(DriftStatus.IN_STEP, message)


def _counted(count: int) -> str:
    return f"{count} migration has" if count == 1 else f"{count} migrations have"


def _listed(ids: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(ids[:most])
    return f"{shown} and {len(ids) - most} more" if len(ids) > most else shown
