"""The commits that changed a dataset, as a timeline, and the dataset's files at each of them."""

import contextlib
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tdmvc.contracts.odcs.reading import CONTRACT_FILE, parse_contract
from tdmvc.errors import ConfigError, NotFoundError
from tdmvc.formats.dataset import DATASET_FILE, parse_dataset
from tdmvc.formats.datasets import dataset_path
from tdmvc.formats.pointers import parse_pointer, pointer_folder, stage_pointers
from tdmvc.formats.versions import FOLDER, parse_version
from tdmvc.gitrepo.branch_tips import tree_entries
from tdmvc.gitrepo.log import read_commits, resolve_range, shallow_commits, stage_files, watched_paths
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.gitrepo.trees import RevisionTree
from tdmvc.model.dataset import DatasetConfig, DatasetState, Pointer, RepoConfig
from tdmvc.model.history import Commit, HistoryPoint, PublishedMark
from tdmvc.model.names import is_dataset_name
from tdmvc.model.schema import Contract
from tdmvc.model.text import short_commit
from tdmvc.model.version import SemVer, looks_like_version
from tdmvc.workspace.versions import latest_version, version_names, versions
from tdmvc.workspace.workspace import Workspace


class CommitTimeline:
    """The commits that changed a dataset's folder, or a DVC pipeline that builds its tables."""

    def __init__(self, workspace: Workspace, dataset: str, at: str | None) -> None:
        self.dataset = dataset
        self._git = workspace.git
        if not is_dataset_name(dataset):
            workspace.chosen([dataset])
        self._past = PastDataset(workspace.git, workspace.config, dataset)
        if workspace.git.head() is not None or at is not None:
            arguments = resolve_range(workspace.git, _as_revision(workspace, dataset, at))
        else:
            workspace.chosen([dataset])
            arguments = []
        self._commits = (
            {
                commit.sha: commit
                for commit in read_commits(workspace.git, arguments, watched_paths(self._past.folder))
            }
            if arguments
            else {}
        )
        self._others: dict[str, Commit] = {}
        self.order: Sequence[str] = list(self._commits)
        known = {parent for commit in self._commits.values() for parent in commit.parents}
        self.starts: Sequence[str] = [sha for sha in self.order if sha not in known]
        self.cut = shallow_commits(workspace.git) & self._commits.keys()
        self.ref = f"{dataset}@{at or 'HEAD'}"
        self._past.prepare([*self.order, *known])
        if not any(self._past.has_files(sha) for sha in (*self.order, *known)):
            # A dataset that does not exist is reported as such, and not as an empty history.
            workspace.chosen([dataset])

    def point(self, id_: str) -> HistoryPoint:
        return self.commit(id_).point

    def seconds(self, id_: str) -> int:
        return self.commit(id_).committed

    def commit(self, id_: str) -> Commit:
        """Return a commit's facts, also of a commit outside the walk."""
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
        # Versions whose files no parent has.
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
    """Return a range or revision that Git understands: version numbers become the commits that published them."""
    if at is None:
        return None
    for dots in ("...", ".."):
        left, sign, right = at.partition(dots)
        if sign:
            return dots.join(_one_revision(workspace, dataset, name) for name in (left, right))
    return _one_revision(workspace, dataset, at)


def _one_revision(workspace: Workspace, dataset: str, name: str) -> str:
    name = name.removeprefix(f"{dataset}@")
    published = versions(workspace, dataset) if SemVer.parse(name) or name == "latest" else []
    latest = latest_version(published)
    named = (
        [latest] if name == "latest" and latest else [v for v in published if v.version == SemVer.parse(name)]
    )
    for version in named:
        for name in (f"refs/tags/{version.tag}", version.commit or ""):
            if workspace.git.try_resolve(name) is not None:
                return name
        raise NotFoundError(
            f"This clone does not know which commit published {version.ref}.",
            remedy="fetch its tag with `git fetch --tags`, or list versions instead of commits: "
            f"--versions {version.ref}.",
        )
    if (
        looks_like_version(name)
        and dataset in workspace.datasets()
        and workspace.git.try_resolve(name) is None
    ):
        raise NotFoundError.version(dataset, name, version_names(workspace, dataset))
    return name


@dataclass(frozen=True, slots=True)
class PastPointers:
    """The tables of a dataset at one commit."""

    pointers: Mapping[str, Pointer]
    contract: str | None
    """The blob of contract.yaml."""
    faults: Mapping[str, str]
    """Why a pointer cannot be read, by table; the empty name stands for all tables of a pipeline."""


_NOTHING = PastPointers({}, None, {})


class PastDataset:
    """One dataset at any commit. Each distinct file is read and parsed once."""

    def __init__(self, git: GitRepo, config: RepoConfig, name: str) -> None:
        self._git = git
        self.name = name
        self.folder = dataset_path(config, name)
        self._stage_files = stage_files(self.folder)
        self._blobs: dict[str, tuple[str | None, ...]] = {}
        self._folders: dict[str, dict[str, tuple[str, str]]] = {}
        self._tables: dict[tuple[str | None, ...], PastPointers] = {}
        self._pointers: dict[tuple[str, str], tuple[str, Pointer | str]] = {}
        self._contracts: dict[str, Contract] = {}
        self._stages: dict[tuple[str | None, ...], Mapping[str, Pointer]] = {}

    def prepare(self, commits: Sequence[str]) -> None:
        """Look up the files of many commits at once."""
        wanted = [sha for sha in dict.fromkeys(commits) if sha not in self._blobs]
        names = [f"{sha}:{path}" for sha in wanted for path in (self._tree_path, *self._stage_files)]
        found = list(self._git.commands.object_ids(names))
        size = 1 + len(self._stage_files)
        for index, sha in enumerate(wanted):
            self._blobs[sha] = tuple(found[index * size : (index + 1) * size])

    def has_files(self, sha: str) -> bool:
        """Return whether the dataset has a folder at a commit."""
        return self._blobs_of(sha)[0] is not None

    def tables(self, sha: str) -> PastPointers:
        """Return the pointers at a commit; none if the dataset does not exist there."""
        blobs = self._blobs_of(sha)
        if blobs not in self._tables:
            self._tables[blobs] = self._read_tables(blobs)
        return self._tables[blobs]

    def contract(self, sha: str) -> Contract:
        """Return the contract at a commit; an empty one if it has none or it cannot be read."""
        blob = self.tables(sha).contract
        if blob is None:
            return Contract()
        if blob not in self._contracts:
            path = posixpath.join(self.folder, CONTRACT_FILE)
            try:
                self._contracts[blob] = parse_contract(self._text(blob), path)
            except ConfigError:
                self._contracts[blob] = Contract()
        return self._contracts[blob]

    def state(self, sha: str) -> DatasetState:
        """Return the dataset as it was at a commit, as far as it can be read."""
        entry = self._entries(self._blobs_of(sha)[0]).get(DATASET_FILE)
        config = DatasetConfig(self.name)
        if entry is not None:
            # Rules that cannot be read are ignored.
            with contextlib.suppress(ConfigError):
                config = replace(parse_dataset(self._text(entry[1]), DATASET_FILE), name=self.name)
        return DatasetState(
            f"{self.name}@{short_commit(sha)}", config, self.contract(sha), dict(self.tables(sha).pointers)
        )

    def versions(self, sha: str) -> dict[str, str]:
        """Return the blobs of the version files at a commit, by file name."""
        entry = self._entries(self._blobs_of(sha)[0]).get(FOLDER)
        if entry is None or not entry[0].startswith("4"):
            return {}
        return {
            name: blob
            for name, (mode, blob) in self._entries(entry[1]).items()
            if name.endswith(".yaml") and mode.startswith("1")
        }

    def mark(self, file: str, blob: str) -> PublishedMark:
        """Return the version and the release that a version file names."""
        try:
            version = parse_version(self._text(blob), file)
        except ConfigError:
            return PublishedMark(file.removesuffix(".yaml"))
        return PublishedMark(str(version.version), version.release)

    @property
    def _tree_path(self) -> str:
        return "" if self.folder == "." else self.folder

    def _blobs_of(self, sha: str) -> tuple[str | None, ...]:
        if sha not in self._blobs:
            self.prepare([sha])
        return self._blobs[sha]

    def _read_tables(self, blobs: tuple[str | None, ...]) -> PastPointers:
        folder, *above = blobs
        entries = self._entries(folder)
        if folder is None:
            return _NOTHING
        pointers: dict[str, Pointer] = {}
        faults: dict[str, str] = {}
        for file, (mode, blob) in entries.items():
            if not file.endswith(".dvc") or file == ".dvc" or not mode.startswith("100"):
                continue
            table, read = self._pointer(file, blob)
            if isinstance(read, Pointer):
                pointers[table] = read
            else:
                faults[table] = read
        own = tuple(entries.get(name, ("", None))[1] for name in ("dvc.yaml", "dvc.lock"))
        try:
            for table, pointer in self._stage_tables((*above, *own)).items():
                pointers.setdefault(table, pointer)
        except ConfigError as error:
            faults[""] = error.what
        contract = entries.get(CONTRACT_FILE)
        return PastPointers(dict(sorted(pointers.items())), contract[1] if contract else None, faults)

    def _pointer(self, file: str, blob: str) -> tuple[str, Pointer | str]:
        """Return the table's name, and its pointer or why that cannot be read."""
        if (file, blob) not in self._pointers:
            path = posixpath.join(self.folder, file)
            table = file.removesuffix(".dvc")
            try:
                table = pointer_folder(path)[1]
                found: Pointer | str = parse_pointer(self._text(blob), path)
            except ConfigError as error:
                found = error.what
            self._pointers[file, blob] = (table, found)
        return self._pointers[file, blob]

    def _stage_tables(self, blobs: tuple[str | None, ...]) -> Mapping[str, Pointer]:
        if not any(blobs):
            return {}
        if blobs not in self._stages:
            paths = [*self._stage_files, *(posixpath.join(self.folder, n) for n in ("dvc.yaml", "dvc.lock"))]
            there = {path: blob for path, blob in zip(paths, blobs, strict=True) if blob is not None}
            tree = RevisionTree("history", there, self._git.commands.read_objects)
            self._stages[blobs] = stage_pointers(tree, self.folder)
        return self._stages[blobs]

    def _entries(self, tree: str | None) -> dict[str, tuple[str, str]]:
        """Return (mode, id) of a folder's entries, by name."""
        if tree is None:
            return {}
        if tree not in self._folders:
            self._folders[tree] = tree_entries(self._git.commands.read_object(tree), len(tree) // 2)
        return self._folders[tree]

    def _text(self, blob: str) -> str:
        return self._git.commands.read_object(blob).decode("utf-8-sig", "replace")
