"""Every object that a clone's history, indexes and work trees name, read by a few processes in all."""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from tdmvc.formats.object_names import ObjectNames, may_name_objects, read_object_names
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.gitrepo.trees import WorkTree
from tdmvc.gitrepo.work_trees import LinkedTree, extra_heads, work_trees
from tdmvc.model.progress import ProgressCallback, ignore_progress
from tdmvc.model.text import short_commit

_LOG = ("log", "--format=%x02%H", "--raw", "-c", "--no-abbrev", "--no-renames", "--root", "-z")
# Objects hidden by `git replace` still count.
_ENV = {"GIT_NO_REPLACE_OBJECTS": "1"}
_AT_ONCE = 200
_NESTED = "/.dvc/config"


@dataclass(frozen=True, slots=True)
class FileLocation:
    """Where a file is that names objects."""

    path: str
    where: str
    """`commit 1a2b3c4d5e`, `the index of …` or `the work tree …`."""

    def __str__(self) -> str:
        return f"{self.path} in {self.where}"


@dataclass(slots=True)
class Reachable:
    """The objects that a clone names."""

    pointed: dict[str, FileLocation] = field(default_factory=dict)
    """Objects that outputs and versions name, each with one file that does."""
    mentioned: set[str] = field(default_factory=set)
    """Objects that are named elsewhere: kept if they exist, and never reported as missing."""
    unreadable: list[FileLocation] = field(default_factory=list)
    """Files that may name objects but cannot be read."""
    commits: set[str] = field(default_factory=set)

    def add(self, place: FileLocation, data: bytes, *, is_nested: bool = False) -> None:
        """Add a file's objects; those of a nested DVC repository count as mentioned only."""
        names = read_object_names(place.path, data)
        if names is None:
            self.unreadable.append(place)
            return
        self.mentioned |= names.mentioned
        if is_nested:
            self.mentioned |= names.pointed
            return
        for oid in names.pointed:
            self.pointed.setdefault(oid, place)


def read_reachable(git: GitRepo, *, on_progress: ProgressCallback = ignore_progress) -> Reachable:
    """Return what all refs, reflogs, stashes, unfinished merges, indexes and work trees name.

    The whole history of each counts. Each distinct file content is read once.

    Raises:
        GitFailure: the history cannot be read.
    """
    found = Reachable()
    history = _History()
    history.read(git, ["--all", "--reflog"])
    fresh = sorted(extra_heads(git) - history.commits)
    while chunk := list(islice(fresh, _AT_ONCE)):
        fresh = fresh[_AT_ONCE:]
        history.read(git, [*chunk, "--not", "--all"])
    for tagged in _tagged_trees(git):
        listing = git.commands.run_bytes("ls-tree", "-r", "-z", "--full-tree", tagged)
        history.add(_listed(listing), "a tagged tree")
    trees = work_trees(git)
    for tree in trees:
        history.add(_indexed(git, tree), f"the index of {tree.root}")
    _read_blobs(git, history, found, on_progress)
    for tree in trees:
        if tree.is_here:
            _read_work_tree(tree, found)
    found.commits = history.commits
    return found


def pointers_of(git: GitRepo, commits: Iterable[str]) -> Iterator[tuple[FileLocation, ObjectNames]]:
    """Yield the objects that these commits name and their parents do not, with the file that names them."""
    remaining = list(commits)
    history = _History()
    while remaining:
        history.read(git, ["--no-walk", *remaining[:_AT_ONCE]])
        remaining = remaining[_AT_ONCE:]
    blobs = list(history.blobs)  # in the history's order, because Git stores neighbours as deltas
    for blob, (content, _) in zip(blobs, git.commands.read_objects(blobs), strict=True):
        for place in history.blobs[blob].values():
            names = read_object_names(place.path, content or b"")
            if names is not None:
                yield place, names


def forgotten_commits(git: GitRepo, known: set[str]) -> list[str]:
    """Return the commits that Git still has but that nothing reaches. Cost: one pass over all objects."""
    arguments = (
        "cat-file",
        "--batch-all-objects",
        "--unordered",
        "--batch-check=%(objecttype) %(objectname)",
    )
    lines = git.commands.run(*arguments).split("\n")
    return sorted({line[7:] for line in lines if line.startswith("commit ")} - known)


class _History:
    """The files of many commits as pairs of path and blob, each once."""

    def __init__(self) -> None:
        self.commits: set[str] = set()
        self.blobs: dict[str, dict[str, FileLocation]] = {}
        """Locations by blob and path, because one blob may be at many paths."""
        self.nested: set[str] = set()
        """Folders that contain a nested DVC repository."""

    def read(self, git: GitRepo, arguments: list[str]) -> None:
        """Add commits, each with the files that differ from all of its parents.

        A merge's file that equals one parent's was added with that parent.
        """
        tokens = iter(git.commands.run(*_LOG, *arguments, "--", env=_ENV).split("\0"))
        commit = ""
        for token in tokens:
            token = token.lstrip("\n")
            if token.startswith("\x02"):
                commit = token[1:]
                self.commits.add(commit)
            elif token.startswith(":"):
                path = next(tokens)
                # One mode for each parent and one for the commit, then the ids in the same order.
                parents = len(token) - len(token.lstrip(":"))
                facts = token.split(" ")
                if facts[parents].startswith("100"):
                    self._add(path, facts[2 * parents + 1], f"commit {short_commit(commit)}")

    def add(self, pairs: Iterable[tuple[str, str]], where: str) -> None:
        for path, blob in pairs:
            self._add(path, blob, where)

    def _add(self, path: str, blob: str, where: str) -> None:
        if may_name_objects(path):
            self.blobs.setdefault(blob, {}).setdefault(path, FileLocation(path, where))
        elif path.endswith(_NESTED):
            self.nested.add(path.removesuffix(_NESTED) + "/")


def _read_blobs(git: GitRepo, history: _History, found: Reachable, on_progress: ProgressCallback) -> None:
    blobs = list(history.blobs)  # in the history's order, because Git stores neighbours as deltas
    nested = tuple(history.nested)
    contents = git.commands.read_objects(blobs)
    for number, (blob, (content, _)) in enumerate(zip(blobs, contents, strict=True), start=1):
        on_progress("gc: pointers", number, len(blobs), "files")
        for place in history.blobs[blob].values():
            found.add(place, content or b"", is_nested=place.path.startswith(nested))


def _read_work_tree(tree: LinkedTree, found: Reachable) -> None:
    files = WorkTree(tree.root).list_files()
    nested = tuple(path.removesuffix(_NESTED) + "/" for path in files if path.endswith(_NESTED))
    for path in files:
        if may_name_objects(path):
            place = FileLocation(path, f"the work tree {tree.root}")
            try:
                data = (tree.root / path).read_bytes()
            except FileNotFoundError:
                continue  # removed since we looked
            except OSError:
                found.unreadable.append(place)
                continue
            found.add(place, data, is_nested=path.startswith(nested))


def _indexed(git: GitRepo, tree: LinkedTree) -> list[tuple[str, str]]:
    """Return the files of an index with their blobs; a file in conflict with all its sides."""
    if not (tree.git_folder / "index").is_file():
        return []
    arguments = (f"--git-dir={tree.git_folder}", "ls-files", "-z", "--stage")
    pairs = []
    for record in git.commands.run(*arguments).split("\0"):
        facts, _, path = record.partition("\t")
        if path and facts.startswith("100"):
            pairs.append((path, facts.split(" ")[1]))
    return pairs


def _listed(listing: bytes) -> list[tuple[str, str]]:
    pairs = []
    for record in listing.decode("utf-8", "surrogateescape").split("\0"):
        facts, _, path = record.partition("\t")
        if path and facts.startswith("100"):
            pairs.append((path, facts.split(" ")[2]))
    return pairs


def _tagged_trees(git: GitRepo) -> list[str]:
    """Return the trees that refs name directly, without a commit."""
    form = "--format=%(objecttype) %(objectname)%0a%(*objecttype) %(*objectname)"
    lines = git.commands.run("for-each-ref", form).split("\n")
    return sorted({line[5:] for line in lines if line.startswith("tree ")})


def pointed_path(place: FileLocation) -> str:
    """Return the path of the table that a pointer file is for: `datasets/golden/orders`."""
    folder, name = posixpath.split(place.path)
    return posixpath.join(folder, name.removesuffix(".dvc")) if name.endswith(".dvc") else place.path
