"""The published versions of a dataset, as a timeline."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tdmvc.errors import ConfigError, NotFoundError
from tdmvc.model.dataset import DatasetState, Pointer
from tdmvc.model.history import HistoryPoint, PublishedMark
from tdmvc.model.schema import Contract
from tdmvc.model.version import SemVer, Version
from tdmvc.workspace.versions import version_state, versions
from tdmvc.workspace.workspace import Workspace


class VersionTimeline:
    """The published versions in the work tree, linked by the parents that they name."""

    def __init__(self, workspace: Workspace, dataset: str, at: str | None) -> None:
        self.dataset = dataset
        self.cut: frozenset[str] = frozenset()
        self._workspace = workspace
        published = versions(workspace, dataset)
        if not published:
            workspace.chosen([dataset])
            raise NotFoundError(
                f"{dataset} has no published version yet.",
                remedy=f"publish one (`tdmvc publish {dataset} 1.0.0`), or leave out --versions.",
            )
        self._versions = {str(version.version): version for version in published}
        self._parents = {id_: self._parents_of(id_, published) for id_ in self._versions}
        first, last = _version_range(dataset, at, list(self._versions))
        wanted = self._past_of(last) if last is not None else set(self._versions)
        if first is not None:
            wanted -= self._past_of(first)
        self.order: Sequence[str] = [id_ for id_ in reversed(self._versions) if id_ in wanted]
        known = {parent for id_ in self.order for parent in self._parents[id_]}
        self.starts: Sequence[str] = [id_ for id_ in self.order if id_ not in known]
        self.ref = f"{dataset}@{last or next(reversed(self._versions))}"
        self._states: dict[str, DatasetState] = {}

    def point(self, id_: str) -> HistoryPoint:
        version = self._versions[id_]
        notes = (version.notes or "").strip().split("\n")[0]
        if version.yank is not None:
            notes = f"yanked: {version.yank.reason}" + (f"; {notes}" if notes else "")
        return HistoryPoint(id_, version.published, subject=notes, is_version=True, release=version.release)

    def seconds(self, id_: str) -> int:
        try:
            return int(datetime.fromisoformat(self._versions[id_].published).timestamp())
        except ValueError:
            return 0

    def published(self, id_: str) -> tuple[PublishedMark, ...]:
        return ()

    def parents(self, id_: str) -> Sequence[str]:
        return self._parents[id_]

    def pointers(self, id_: str) -> Mapping[str, Pointer]:
        return self.state(id_).pointers

    def contract(self, id_: str) -> Contract:
        return self.state(id_).contract

    def state(self, id_: str) -> DatasetState:
        if id_ not in self._states:
            self._states[id_] = version_state(self._workspace, self._versions[id_])
        return self._states[id_]

    def fault(self, id_: str, table: str) -> str | None:
        try:
            self.state(id_)
        except (ConfigError, NotFoundError) as error:
            return error.what
        return None

    def _parents_of(self, id_: str, published: Sequence[Version]) -> tuple[str, ...]:
        """Return the parent that a version names, or else the previous version in semver order."""
        version = self._versions[id_]
        if version.parent is not None and str(version.parent) in self._versions:
            # A parent must be older, or the walk would not end.
            return (str(version.parent),) if version.parent < version.version else ()
        older = [one for one in published if one.version < version.version]
        return (str(older[-1].version),) if older else ()

    def _past_of(self, id_: str) -> set[str]:
        found, left = set(), [id_]
        while left:
            one = left.pop()
            found.add(one)
            left.extend(parent for parent in self._parents[one] if parent not in found)
        return found


def _version_range(dataset: str, at: str | None, known: list[str]) -> tuple[str | None, str | None]:
    """Return the version after which the walk ends and the one at which it starts."""
    if at is None:
        return None, None
    first, sign, last = at.partition("..")
    if not sign:
        return None, _known_version(dataset, first, known)
    return (
        _known_version(dataset, first, known) if first else None,
        _known_version(dataset, last.lstrip("."), known) if last.strip(".") else None,
    )


def _known_version(dataset: str, text: str, known: list[str]) -> str:
    parsed = SemVer.parse(text.removeprefix(f"{dataset}@"))
    name = known[-1] if text == "latest" else str(parsed) if parsed else text
    if name not in known:
        raise NotFoundError.version(dataset, text, list(reversed(known)))
    return name
