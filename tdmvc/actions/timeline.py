"""The moments of a dataset's history in their order, and what each held: commits, or published versions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from tdmvc.actions.states import version_state, versions
from tdmvc.actions.workspace import Workspace
from tdmvc.errors import ConfigError, NotFoundError, UsageError
from tdmvc.model.dataset import DatasetState, Pointer
from tdmvc.model.history import Commit, Moment, PublishedMark
from tdmvc.model.reference import Reference, parse_reference
from tdmvc.model.schema import Contract
from tdmvc.model.version import SemVer, Version
from tdmvc.repo.history import read_commits, resolve_range, shallow_commits, watched_paths
from tdmvc.repo.past import PastDataset


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

    def moment(self, id_: str) -> Moment:
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


class CommitTimeline:
    """The commits that touched a dataset's folder, or a pipeline that makes its tables."""

    def __init__(self, workspace: Workspace, dataset: str, at: str | None) -> None:
        self.dataset = dataset
        self._git = workspace.git
        self._past = PastDataset(workspace.git, workspace.config, dataset)
        if workspace.git.head() is not None or at is not None:
            words = resolve_range(workspace.git, _as_revision(workspace, dataset, at))
        else:
            workspace.chosen([dataset])
            words = []
        self._commits = (
            {
                commit.sha: commit
                for commit in read_commits(workspace.git, words, watched_paths(self._past.folder))
            }
            if words
            else {}
        )
        self._others: dict[str, Commit] = {}
        self.order: Sequence[str] = list(self._commits)
        known = {parent for commit in self._commits.values() for parent in commit.parents}
        self.starts: Sequence[str] = [sha for sha in self.order if sha not in known]
        self.cut = shallow_commits(workspace.git) & self._commits.keys()
        self.ref = f"{dataset}@{at or 'HEAD'}"
        self._past.prepare([*self.order, *known])
        if not self.order:
            # Whether there is such a dataset at all is told before its history is.
            workspace.chosen([dataset])

    def moment(self, id_: str) -> Moment:
        return self.commit(id_).moment

    def seconds(self, id_: str) -> int:
        return self.commit(id_).committed

    def commit(self, id_: str) -> Commit:
        """Return what Git says of a commit; of one outside the walk, too."""
        if id_ not in self._commits and id_ not in self._others:
            self._others[id_] = read_commits(self._git, [id_, "--no-walk"], [])[0]
        return self._commits.get(id_) or self._others[id_]

    def parents(self, id_: str) -> Sequence[str]:
        return self._commits[id_].parents if id_ in self._commits else ()

    def pointers(self, id_: str) -> Mapping[str, Pointer]:
        return self._past.tables(id_).pointers

    def contract(self, id_: str) -> Contract:
        return self._past.contract(id_)

    def state(self, id_: str) -> DatasetState:
        return self._past.state(id_)

    def fault(self, id_: str, table: str) -> str | None:
        faults = self._past.tables(id_).faults
        return faults.get(table) or faults.get("")

    def published(self, id_: str) -> tuple[PublishedMark, ...]:
        # Those whose files no parent has.
        if id_ in self.cut:
            return ()
        here = dict(self._past.versions(id_))
        for parent in self.parents(id_):
            for name in self._past.versions(parent):
                here.pop(name, None)
        marks = [self._past.mark(name, blob) for name, blob in here.items()]
        return tuple(sorted(marks, key=_mark_order))


class VersionTimeline:
    """The published versions that the work tree knows, by the parents that they name."""

    def __init__(self, workspace: Workspace, dataset: str, at: str | None) -> None:
        self.dataset = dataset
        self.cut: frozenset[str] = frozenset()
        self._workspace = workspace
        published = versions(workspace, dataset)
        if not published:
            workspace.chosen([dataset])
            raise NotFoundError(
                f"{dataset} has no published version yet.",
                remedy=f"publish one: `tdmvc publish {dataset} 1.0.0`, or leave --versions out.",
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

    def moment(self, id_: str) -> Moment:
        version = self._versions[id_]
        notes = (version.notes or "").strip().split("\n")[0]
        return Moment(id_, version.published, subject=notes, is_version=True, release=version.release)

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
        """Return the version that it names as its parent; else the one before it, as semver orders them."""
        version = self._versions[id_]
        if version.parent is not None and str(version.parent) in self._versions:
            # A parent must be older, or the order of the walk would have no end.
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


def _mark_order(mark: PublishedMark) -> tuple[bool, object]:
    version = SemVer.parse(mark.version)
    return (version is None, version or mark.version)


def _as_revision(workspace: Workspace, dataset: str, at: str | None) -> str | None:
    """Return a range or revision that Git knows, with a version's number for the commit that tagged it."""
    if at is None:
        return None
    for dots in ("...", ".."):
        left, sign, right = at.partition(dots)
        if sign:
            return dots.join(_one_revision(workspace, dataset, word) for word in (left, right))
    return _one_revision(workspace, dataset, at)


def _one_revision(workspace: Workspace, dataset: str, word: str) -> str:
    word = word.removeprefix(f"{dataset}@")
    published = versions(workspace, dataset) if SemVer.parse(word) or word == "latest" else []
    named = published[-1:] if word == "latest" else [v for v in published if v.version == SemVer.parse(word)]
    for version in named:
        for name in (f"refs/tags/{dataset}@v{version.version}", version.commit or ""):
            if workspace.git.try_resolve(name) is not None:
                return name
        raise NotFoundError(
            f"No commit here is known to have published {version.ref}.",
            remedy=f"fetch its tag: `git fetch --tags`, or walk the versions: --versions {version.ref}.",
        )
    return word


def _version_range(dataset: str, at: str | None, known: list[str]) -> tuple[str | None, str | None]:
    """Return the versions after which, and up to which, the walk goes."""
    if at is None:
        return None, None
    first, sign, last = at.partition("..")
    if not sign:
        return None, _known_version(dataset, first, known)
    return (
        _known_version(dataset, first, known) if first else None,
        _known_version(dataset, last.lstrip("."), known) if last.strip(".") else None,
    )


def _known_version(dataset: str, word: str, known: list[str]) -> str:
    parsed = SemVer.parse(word.removeprefix(f"{dataset}@"))
    name = known[-1] if word == "latest" else str(parsed) if parsed else word
    if name not in known:
        raise NotFoundError.named(f"version of {dataset}", word, list(reversed(known)))
    return name
