"""A dataset's history as an ordered list of points: its commits, or its published versions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.gitrepo.log import parse_date
from tdmvc.history.commit_timeline import CommitTimeline
from tdmvc.history.version_timeline import VersionTimeline
from tdmvc.model.dataset import DatasetState, Pointer
from tdmvc.model.hidden_columns import columns_that_look_sensitive
from tdmvc.model.history import HistoryPoint, PublishedMark
from tdmvc.model.options import LogOptions
from tdmvc.model.reference import Reference, parse_reference
from tdmvc.model.schema import Contract
from tdmvc.model.text import plural, short_commit
from tdmvc.workspace.known_contracts import KnownTable, known_table
from tdmvc.workspace.versions import versions
from tdmvc.workspace.workspace import Workspace

_MOST_NAMED = 4


class Timeline(Protocol):
    """History points by id, newest first; each point comes before its parents."""

    dataset: str
    order: Sequence[str]
    """Every point of the walk."""
    starts: Sequence[str]
    """The newest points, which are no point's parent."""
    cut: frozenset[str]
    """Points at which a shallow clone's history ends."""
    ref: str
    """The name of the newest state, such as `golden@main`."""

    def point(self, id_: str) -> HistoryPoint:
        """Return the author and the date of a point."""
        ...

    def seconds(self, id_: str) -> int:
        """Return when a point was made, in seconds since 1970."""
        ...

    def parents(self, id_: str) -> Sequence[str]:
        """Return the parents of a point; they may lie outside `order`."""
        ...

    def published(self, id_: str) -> tuple[PublishedMark, ...]:
        """Return the versions that a point published."""
        ...

    def pointers(self, id_: str) -> Mapping[str, Pointer]:
        """Return the pointers of its tables."""
        ...

    def contract(self, id_: str) -> Contract:
        """Return its contract; an empty one if it had none."""
        ...

    def state(self, id_: str) -> DatasetState:
        """Return the whole dataset at that point."""
        ...

    def fault(self, id_: str, table: str) -> str | None:
        """Return why a table's pointer cannot be read, or None if it can."""
        ...


def open_timeline(workspace: Workspace, dataset: str, at: str | None, *, by_version: bool) -> Timeline:
    """Return the history of a dataset: up to HEAD or a revision, over a range, or over published versions.

    Raises:
        NotFoundError: no such dataset, revision or version.
    """
    if by_version:
        return VersionTimeline(workspace, dataset, at)
    return CommitTimeline(workspace, dataset, at)


def parse_history_reference(text: str) -> tuple[str, str | None]:
    """Return the dataset and what follows its `@`: a revision, a version or a range.

    Raises:
        UsageError: the text names no dataset, or it names a release.
    """
    ref: Reference = parse_reference(text)
    if ref.dataset is None or ref.release is not None:
        raise UsageError(
            f"'{text}' does not name a history.",
            remedy="write, for example, golden, golden@main, golden@main..feature or golden@1.2.0.",
        )
    return ref.dataset, ref.at


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a history that is asked for."""

    most: int | None = None
    """At most so many entries."""
    since: int | None = None
    """Seconds since 1970; the walk stops at older points."""
    until: int | None = None
    """Seconds since 1970; newer points are walked but not listed."""
    oldest_first: bool = False

    def is_too_old(self, seconds: int) -> bool:
        """Return whether the walk ends at a point of that time."""
        return self.since is not None and seconds < self.since

    def is_listed(self, seconds: int) -> bool:
        """Return whether a point of that time is listed."""
        return self.until is None or seconds <= self.until


def read_span(workspace: Workspace, options: LogOptions) -> Span:
    """Return the span that options ask for.

    Raises:
        UsageError: a date is empty.
    """
    git, since, until = workspace.git, options.since, options.until
    return Span(
        options.max_count,
        parse_date(git, "--since", since) if since is not None else None,
        parse_date(git, "--until", until) if until is not None else None,
        options.oldest_first,
    )


def start_points(timeline: Timeline, table: str) -> list[str]:
    """Return where the walk of a table starts: the newest points, or else the last one that had the table.

    Raises:
        NotFoundError: no point has ever had the table; the error suggests similar names.
    """

    def knows(id_: str) -> bool:
        return table in timeline.pointers(id_) or timeline.fault(id_, table) is not None

    def knew(id_: str) -> bool:
        return any(table in timeline.pointers(parent) for parent in timeline.parents(id_))

    known = {name for id_ in timeline.order for name in timeline.pointers(id_)}
    starts = [id_ for id_ in timeline.starts if knows(id_)] if table in known else []
    if starts:
        return starts
    # The first commit of a range may have removed the table.
    last = next((id_ for id_ in timeline.order if (table in known and knows(id_)) or knew(id_)), None)
    if last is None:
        raise NotFoundError.named("table", table, sorted(known), where=f"the history of {timeline.ref}")
    return [last]


def hidden_columns(workspace: Workspace, tables: Collection[str], columns: Collection[str]) -> frozenset[str]:
    """Return the columns whose values today's contracts hide, under any name that the table has had."""
    return _known(workspace, tables).hidden_columns(frozenset(columns))


def looks_hidden(
    workspace: Workspace, tables: Collection[str], cells: Iterable[tuple[str, object]]
) -> frozenset[str]:
    """Return further columns to hide, because one of these cells looks personal or secret.

    Args:
        tables: the names that the table has had.
    """
    schemas = (schema for _, schema in _known(workspace, tables).schemas)
    return frozenset(columns_that_look_sensitive(cells, schemas))


def _known(workspace: Workspace, tables: Collection[str]) -> KnownTable:
    """Return today's contracts of a table under any of its names."""
    known = [known_table(workspace.git, workspace.config, table) for table in sorted(tables)]
    schemas = tuple(schema for one in known for schema in one.schemas)
    return KnownTable(schemas, all(one.is_whole for one in known))


def first_versions(workspace: Workspace, dataset: str) -> dict[str, PublishedMark]:
    """Return the first version that contains each object of a table, by object."""
    found: dict[str, PublishedMark] = {}
    for version in versions(workspace, dataset):
        for table in version.tables.values():
            found.setdefault(table.object, PublishedMark(str(version.version), version.release))
    return found


def cut_notes(timeline: Timeline) -> list[str]:
    """Return a note if a shallow clone cuts off the history, with the command that completes it."""
    if not timeline.cut:
        return []
    oldest = min(timeline.cut, key=timeline.seconds)
    return [
        f"This is a shallow clone, without the history before {short_commit(oldest)}. "
        "To get it, run `git fetch --unshallow`."
    ]


def unread_note(timeline: Timeline, ids: Collection[str]) -> str:
    """Return that the rows of some points are not here, with the names of a few."""
    noun = "version" if timeline.point(next(iter(ids))).is_version else "commit"
    names = ", ".join(short_commit(id_) for id_ in list(ids)[:_MOST_NAMED]) + (
        ", …" if len(ids) > _MOST_NAMED else ""
    )
    return f"The rows of {plural(len(ids), noun)} are not here ({names})"
