"""The commits that touched a dataset, as a timeline."""

from collections.abc import Mapping, Sequence

from tdmvc.errors import NotFoundError
from tdmvc.gitrepo.history import read_commits, resolve_range, shallow_commits, watched_paths
from tdmvc.history.past_dataset import PastDataset
from tdmvc.model.dataset import DatasetState, Pointer
from tdmvc.model.history import Commit, HistoryPoint, PublishedMark
from tdmvc.model.names import is_dataset_name
from tdmvc.model.schema import Contract
from tdmvc.model.version import SemVer
from tdmvc.workspace.versions import versions
from tdmvc.workspace.workspace import Workspace


class CommitTimeline:
    """The commits that touched a dataset's folder, or a pipeline that makes its tables."""

    def __init__(self, workspace: Workspace, dataset: str, at: str | None) -> None:
        self.dataset = dataset
        self._git = workspace.git
        if not is_dataset_name(dataset):
            workspace.chosen([dataset])
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

    def moment(self, id_: str) -> HistoryPoint:
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
        tables = self._past.tables(id_)
        if table in tables.pointers:
            return None
        return tables.faults.get(table) or tables.faults.get("")

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
    if SemVer.parse(word) and workspace.git.try_resolve(word) is None:
        known = [str(version.version) for version in reversed(published)]
        raise NotFoundError.named(f"version of {dataset}", word, known)
    return word
