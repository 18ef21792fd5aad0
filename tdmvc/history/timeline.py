"""The moments of a dataset's history in their order, and what each held: commits, or published versions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.gitrepo.log import parse_moment
from tdmvc.history.commit_timeline import CommitTimeline
from tdmvc.history.version_timeline import VersionTimeline
from tdmvc.model.dataset import DatasetState, Pointer
from tdmvc.model.history import HistoryPoint, PublishedMark
from tdmvc.model.reference import Reference, parse_reference
from tdmvc.model.schema import Contract
from tdmvc.workspace.known_contracts import known_table
from tdmvc.workspace.versions import versions
from tdmvc.workspace.workspace import Workspace


class Timeline(Protocol):
    """Moments by id, newest first, each before those it came from."""

    dataset: str
    order: Sequence[str]
    """Every moment that is walked."""
    starts: Sequence[str]
    """The newest ones: no other moment came from them."""
    cut: frozenset[str]
    """Moments at which a shallow clone's history ends."""
    ref: str
    """What the newest state is called: `golden@main`."""

    def moment(self, id_: str) -> HistoryPoint:
        """Return who made it, and when."""
        ...

    def seconds(self, id_: str) -> int:
        """Return when it was made, in seconds since 1970."""
        ...

    def parents(self, id_: str) -> Sequence[str]:
        """Return where it came from; a moment outside `order` is known, and not walked."""
        ...

    def published(self, id_: str) -> tuple[PublishedMark, ...]:
        """Return the versions that came with it."""
        ...

    def pointers(self, id_: str) -> Mapping[str, Pointer]:
        """Return the tables that it held."""
        ...

    def contract(self, id_: str) -> Contract:
        """Return what was said of the tables; an empty contract where nothing was."""
        ...

    def state(self, id_: str) -> DatasetState:
        """Return all that it held."""
        ...

    def fault(self, id_: str, table: str) -> str | None:
        """Return why a table's pointer cannot be read there, or None."""
        ...


def open_timeline(workspace: Workspace, dataset: str, at: str | None, *, by_version: bool) -> Timeline:
    """Return the history of a dataset: up to HEAD or a revision, of a range, or of published versions.

    Raises:
        NotFoundError: no such dataset, revision or version.
    """
    if by_version:
        return VersionTimeline(workspace, dataset, at)
    return CommitTimeline(workspace, dataset, at)


def parse_history_reference(text: str) -> tuple[str, str | None]:
    """Return the dataset and what stands behind its `@`: a revision, a version or a range.

    Raises:
        UsageError: it names no dataset, or a release.
    """
    ref: Reference = parse_reference(text)
    if ref.dataset is None or ref.release is not None:
        raise UsageError(
            f"'{text}' names no history.",
            remedy="write golden, golden@main, golden@main..feature or golden@1.2.0.",
        )
    return ref.dataset, ref.at


@dataclass(frozen=True, slots=True)
class Span:
    """Which part of a history is wanted."""

    most: int | None = None
    """At most so many entries."""
    since: int | None = None
    """Seconds since 1970; what is older is not walked."""
    until: int | None = None
    """What is newer is walked and not told."""
    oldest_first: bool = False

    def is_too_old(self, seconds: int) -> bool:
        """Tell whether the walk ends here."""
        return self.since is not None and seconds < self.since

    def is_told(self, seconds: int) -> bool:
        """Tell whether a moment of that time is told."""
        return self.until is None or seconds <= self.until


def read_span(
    workspace: Workspace,
    *,
    most: int | None = None,
    since: str | None = None,
    until: str | None = None,
    oldest_first: bool = False,
) -> Span:
    """Return a span whose dates are written as Git reads them.

    Raises:
        UsageError: a date is empty.
    """
    git = workspace.git
    return Span(
        most,
        parse_moment(git, "--since", since) if since is not None else None,
        parse_moment(git, "--until", until) if until is not None else None,
        oldest_first,
    )


def moments_with(timeline: Timeline, table: str) -> list[str]:
    """Return the moments from which a table is walked: the newest ones, or else the last that knew it.

    Raises:
        NotFoundError: no moment ever knew it; near names are given.
    """

    def knows(id_: str) -> bool:
        return table in timeline.pointers(id_) or timeline.fault(id_, table) is not None

    def knew(id_: str) -> bool:
        return any(table in timeline.pointers(parent) for parent in timeline.parents(id_))

    known = {name for id_ in timeline.order for name in timeline.pointers(id_)}
    starts = [id_ for id_ in timeline.starts if knows(id_)] if table in known else []
    if starts:
        return starts
    # Of a range, the table may have gone with its first commit.
    last = next((id_ for id_ in timeline.order if (table in known and knows(id_)) or knew(id_)), None)
    if last is None:
        raise NotFoundError.named("table", table, sorted(known), where=f"the history of {timeline.ref}")
    return [last]


def hidden_columns(workspace: Workspace, tables: Collection[str], columns: Collection[str]) -> frozenset[str]:
    """Return which columns of a table, under any name it had, may not be shown by today's contracts."""
    names = frozenset(columns)
    known = [known_table(workspace.git, workspace.config, table) for table in sorted(tables)]
    if not all(one.is_whole for one in known):
        return names
    # A column is known if any of the table's names knows it, and hidden if any calls it personal.
    described = {name for one in known for _, schema in one.schemas for name in schema.column_names}
    personal = {name for one in known for _, schema in one.schemas for name in schema.personal_columns}
    return frozenset(name for name in names if name in personal or name not in described)


def first_versions(workspace: Workspace, dataset: str) -> dict[str, PublishedMark]:
    """Return the first version that holds a table's object, by object."""
    found: dict[str, PublishedMark] = {}
    for version in versions(workspace, dataset):
        for table in version.tables.values():
            found.setdefault(table.object, PublishedMark(str(version.version), version.release))
    return found


def cut_notes(timeline: Timeline) -> list[str]:
    """Return what is to be said of a history that a shallow clone cuts off."""
    if not timeline.cut:
        return []
    oldest = min(timeline.cut, key=timeline.seconds)
    return [
        f"This is a shallow clone: history before {oldest[:10]} is not here; "
        "`git fetch --unshallow` brings it."
    ]
