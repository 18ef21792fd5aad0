"""The moments of a dataset's history in their order, and what each held: commits, or published versions."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tdmvc.errors import UsageError
from tdmvc.model.dataset import DatasetState, Pointer
from tdmvc.model.history import HistoryPoint, PublishedMark
from tdmvc.model.reference import Reference, parse_reference
from tdmvc.model.schema import Contract
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
        from tdmvc.history.version_timeline import VersionTimeline

        return VersionTimeline(workspace, dataset, at)
    from tdmvc.history.commit_timeline import CommitTimeline

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
