"""Compares the migration state of a dataset or a database with the migrations of a revision or of a database."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from tdmvc.checks.drift_words import DRIFT_WORDS, DriftWords
from tdmvc.checks.known_migrations import HalfSquash, KnownMigrations
from tdmvc.errors import MigrationsError, format_names
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.migration import (
    DEFAULT_FAIL_ON,
    Drift,
    DriftKind,
    DriftStatus,
    Migration,
    MigrationProblem,
    MigrationState,
    RecordedState,
    RemovedIds,
)
from tdmvc.model.text import plural

_NAME_PART = re.compile(r'"((?:[^"]|"")+)"|`([^`]+)`|\[([^\]]+)\]|([^."`\[\]]+)')
_NUMBERS = re.compile(r"[0-9]{1,40}(?:[._][0-9]{1,40}){0,20}")


@dataclass(frozen=True, slots=True)
class DriftSubject:
    """A state of a dataset, and the migrations that its rows were made for; or a database, and its migrations."""

    dataset: str
    """Empty for a database."""
    ref: str
    """`golden`, `golden@1.0.0`, or the URL of a database."""
    recorded: RecordedState | None
    """What its manifest records for the location, or a database's migration table says, if anything."""
    tables: Collection[str] = ()
    """The tables that it holds, for the hint."""
    kind: DriftKind = DriftKind.DATASET

    @property
    def words(self) -> DriftWords:
        return DRIFT_WORDS[self.kind]


@dataclass(frozen=True, slots=True)
class SchemaRevision:
    """A location's migrations at a revision, and where to look for ids that it lacks."""

    migrations: MigrationState | MigrationsError
    """The migrations, or why they cannot be read."""
    at: str
    """What the migrations were read from."""
    location: str = ""
    """The location's name; needed only where `migrations` is an error."""
    history: Callable[[], MigrationState | None] = field(default=lambda: None)
    """Returns a state with more migrations than the revision (the work tree), so that a dataset that
    is ahead of an old revision is not unknown to it. Called only if the revision lacks a recorded head."""
    removed_migrations: Callable[[Sequence[str]], RemovedIds] = field(default=lambda ids: RemovedIds())
    """Looks through the commits before the revision for ids that it lacks. Called only if a recorded
    head is found nowhere else."""


def check_drift(subject: DriftSubject, revision: SchemaRevision) -> Drift:
    """Compare the migrations that a dataset was made for with those of a revision."""
    heads = subject.recorded.heads if subject.recorded else ()
    actual = revision.migrations
    if isinstance(actual, MigrationsError):
        problem = MigrationProblem("unreadable-file", actual.what, actual.path, actual.line)
        where = f" ({actual.where})" if actual.where else ""
        return Drift(
            subject.dataset,
            subject.ref,
            revision.location,
            DriftStatus.UNREADABLE,
            revision.at,
            actual_heads=heads,
            problems=(problem,),
            message=f"The migrations cannot be read: {actual.what}{where}",
            remedy=subject.words.remedy(DriftStatus.UNREADABLE, subject.dataset),
            kind=subject.kind,
        )
    verdict = _judge(subject, actual, revision)
    return Drift(
        subject.dataset,
        subject.ref,
        actual.location.name,
        verdict.status,
        revision.at,
        expected_heads=actual.heads,
        actual_heads=heads,
        pending=verdict.pending,
        extra=verdict.extra,
        problems=actual.problems,
        message=verdict.message,
        remedy=verdict.remedy or subject.words.remedy(verdict.status, subject.dataset),
        kind=subject.kind,
        touched=touched_tables(verdict.pending, subject.tables),
    )


def touched_tables(pending: Iterable[Migration], tables: Iterable[str]) -> tuple[str, ...]:
    """Return the tables of a dataset that migrations may affect, sorted: a hint, never the truth.

    Names are compared without schema, quotes and case: a table too many is better than one
    too few.
    """
    hints = {plain_name(name) for migration in pending for name in migration.touches}
    return tuple(sorted(table for table in tables if plain_name(table) in hints))


def plain_name(name: str) -> str:
    """Return a table's own name for comparison: no schema, no quotes, no case."""
    parts = [next(filter(None, groups)) for groups in _NAME_PART.findall(name.strip())]
    return (parts[-1].replace('""', '"').strip() if parts else name).casefold()


def drift_findings(
    drifts: Iterable[Drift], fail_on: Collection[str] = DEFAULT_FAIL_ON
) -> tuple[Finding, ...]:
    """Return a finding for each drift whose status or problems fail the build."""
    return tuple(
        Finding(
            rule=f"drift-{drift.status}" if drift.status in fail_on else "migration-problems",
            severity=Severity.ERROR,
            message=f"{drift.ref} at {drift.at}: {drift.message if drift.status in fail_on else _problems(drift)}",
            dataset=drift.dataset,
            remedy=drift.remedy or "correct the migrations; two heads need a migration that merges them.",
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


def _problems(drift: Drift) -> str:
    return " ".join(problem.message for problem in drift.problems)


@dataclass(frozen=True, slots=True)
class _DriftVerdict:
    """A status and the reason for it."""

    status: DriftStatus
    message: str
    pending: tuple[Migration, ...] = ()
    extra: tuple[str, ...] = ()
    remedy: str = ""
    """What to do, if it is not what the status says."""


def _judge(subject: DriftSubject, actual: MigrationState, revision: SchemaRevision) -> _DriftVerdict:
    recorded, words = subject.recorded, subject.words
    if recorded is not None and not recorded.heads and subject.kind is DriftKind.DATABASE:
        # An empty migration table: nothing was run yet.
        return _compared(words, KnownMigrations(actual, None), set())
    if recorded is None or not recorded.heads:
        return _DriftVerdict(DriftStatus.UNKNOWN, words.not_recorded.replace("NAME", subject.dataset))
    if recorded.tool != actual.location.tool:
        message = (
            f"It was recorded with {recorded.tool}, but the migrations here are for {actual.location.tool}."
        )
        return _DriftVerdict(DriftStatus.UNKNOWN, message)
    is_in_database = subject.kind is DriftKind.DATASET_IN_DATABASE
    if set(recorded.heads) == set(actual.heads) and not is_in_database:
        # Migrations with older numbers, which were merged after the rows were made, leave the heads as they are.
        return _unseen(words, recorded, actual) or _same_heads(words, recorded, actual)
    known = KnownMigrations(actual, None)
    # A database may lack older migrations than its last one, which only the files know.
    if is_in_database or any(head not in known for head in recorded.heads):
        known = KnownMigrations(actual, revision.history())
    missing = tuple(head for head in recorded.heads if head not in known)
    if missing:
        removed = revision.removed_migrations(missing)
        return _missing_heads(f"{words.made_for} {format_names(missing)}", missing, recorded, actual, removed)
    applied = known.applied_at(recorded.heads, recorded.ids)
    if actual.migrations and not known.is_one_history(applied):
        message = (
            f"{words.made_for} {format_names(recorded.heads)}, and no migration that led there is here: "
            "the history was restarted in between."
        )
        return _DriftVerdict(DriftStatus.UNKNOWN, message)
    return _compared(words, known, applied)


def _unseen(words: DriftWords, recorded: RecordedState, actual: MigrationState) -> "_DriftVerdict | None":
    """Judge migrations that are not among the recorded ids; None if there are none, or only heads were recorded."""
    known = KnownMigrations(actual, None)
    applied = known.applied_at(recorded.heads, recorded.ids)
    return _compared(words, known, applied, extra=()) if recorded.ids and known.pending(applied) else None


def _same_heads(words: DriftWords, recorded: RecordedState, actual: MigrationState) -> _DriftVerdict:
    has_other_count = recorded.count is not None and recorded.count != actual.count
    is_edited = has_other_count if recorded.digest is None else recorded.digest != actual.digest
    if not is_edited:
        return _DriftVerdict(DriftStatus.IN_STEP, f"{words.fits}.")
    if has_other_count:
        counts = f"there are {actual.count} migrations, not {recorded.count} as recorded"
        return _DriftVerdict(DriftStatus.EDITED, f"The heads are the same, but {counts}.")
    message = "The heads are the same, but a migration has been edited since."
    return _DriftVerdict(DriftStatus.EDITED, message)


def _missing_heads(
    made_for: str,
    missing: tuple[str, ...],
    recorded: RecordedState,
    actual: MigrationState,
    removed: RemovedIds,
) -> _DriftVerdict:
    """Judge heads that were found nowhere: removed, or not written yet.

    If a tool numbers its migrations, a greater number is a later one, unless the history was
    renumbered. A commit that removed the number shows this, or the count: a dataset that is ahead
    has more migrations.
    """
    commits = list(dict.fromkeys(removed.removed[id_] for id_ in missing if id_ in removed.removed))
    if commits:
        message = f"{made_for}, which {format_names(commits)} removed: squashed, renumbered or renamed."
        return _DriftVerdict(DriftStatus.UNKNOWN, message)
    if not actual.is_linear or not _is_later(recorded.heads, actual):
        message = f"{made_for}, which was not found: squashed, renamed, or from another branch or repository."
        return _DriftVerdict(DriftStatus.UNKNOWN, message)
    if recorded.count is not None and recorded.count <= actual.count:
        message = (
            f"{made_for}, the last of {recorded.count}; there are {actual.count} here, all with lower numbers: "
            "the history was renumbered."
        )
        return _DriftVerdict(DriftStatus.UNKNOWN, message)
    if recorded.count is None and removed.is_cut:
        message = (
            f"{made_for}, which is later than every migration here, or was renumbered since: "
            "this clone is too shallow to tell (run `git fetch --deepen=100`)."
        )
        return _DriftVerdict(DriftStatus.UNKNOWN, message)
    message = f"{made_for}, which is later than every migration here."
    return _DriftVerdict(DriftStatus.AHEAD, message, extra=missing)


def _is_later(heads: Sequence[str], actual: MigrationState) -> bool:
    """Return whether every head is a greater number than every migration that is here."""
    recorded = [_number(head) for head in heads]
    here = [_number(migration.id) for migration in actual.migrations]
    if None in recorded or None in here:
        return False
    greatest = max((number for number in here if number is not None), default=())
    return all(number > greatest for number in recorded if number is not None)


def _number(id_: str) -> tuple[int, ...] | None:
    if not _NUMBERS.fullmatch(id_):
        return None
    return tuple(int(part) for part in re.split(r"[._]", id_))


def _compared(
    words: DriftWords, known: KnownMigrations, applied: set[str], extra: tuple[str, ...] | None = None
) -> _DriftVerdict:
    pending = tuple(known.pending(applied))
    extra = tuple(known.extra(applied)) if extra is None else extra
    missing = plural(len(pending), "migration has", many="migrations have")
    more = plural(len(extra), "migration has", many="migrations have")
    squashes = known.half_squashes(applied)
    behind = f"{missing} not been applied to it: {format_names([m.id for m in pending])}"
    behind += "".join(f". {_half_applied(words, squash)}" for squash in squashes)
    ahead = f"{more} been applied to it that {words.here} lacks: {format_names(extra)}"
    remedy = next((words.half_squash for squash in squashes if not squash.has_files), "")
    if pending and extra:
        return _DriftVerdict(DriftStatus.DIVERGED, f"{behind}; and {ahead}.", pending, extra, remedy)
    if pending:
        return _DriftVerdict(DriftStatus.BEHIND, f"{behind}.", pending, remedy=remedy)
    if extra:
        return _DriftVerdict(DriftStatus.AHEAD, f"{ahead}.", extra=extra)
    return _DriftVerdict(DriftStatus.IN_STEP, f"{words.fits_since}.")


def _half_applied(words: DriftWords, squash: HalfSquash) -> str:
    text = (
        f"The squash {squash.id} is half applied: {words.has} {format_names(squash.applied)} of it, "
        f"but not {format_names(squash.missing)}"
    )
    if squash.has_files:
        return text
    return f"{text}, and these files were removed, so neither they nor the squash can run on it"
