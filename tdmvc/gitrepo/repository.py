"""A Git repository: its revisions, trees, tags and commits."""

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.gitrepo.commands import GitCommands, GitFailure, UntrustedRepository
from tdmvc.gitrepo.trees import RevisionTree, UnignoredTree, WorkTree
from tdmvc.model.location import check_path
from tdmvc.model.text import short_commit
from tdmvc.model.tree import FileTree

_MOVED_BY = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_CEILING_DIRECTORIES"})
_FILE_MODES = frozenset({"100644", "100755", "100664"})
_SUBMODULE_MODE = "160000"


class GitRepo:
    """One Git repository with a work tree."""

    def __init__(self, root: Path) -> None:
        check_path(root)
        self.root = root
        self.commands = GitCommands(root)
        self._trees: dict[str, RevisionTree] = {}
        self._commits: set[str] = set()
        """Full ids that were resolved: they never change, and each question would cost a process."""

    @classmethod
    def find(cls, path: Path) -> "GitRepo":
        """Return the repository that holds `path`.

        Raises:
            UsageError: there is none, it is bare, Git does not trust its owner, or there is no Git.
        """
        folder = path.absolute()
        while not folder.is_dir():
            folder = folder.parent
        if not os.environ.keys() & _MOVED_BY:
            for root in (folder, *folder.parents):
                if (root / ".git").exists():
                    if (root / "tdmvc.yaml").is_file():
                        return cls(root)
                    break
        try:
            probe = cls(folder)
            if probe.commands.run("rev-parse", "--is-bare-repository").strip() == "true":
                raise UsageError(
                    "This Git repository is bare: it has no work tree for datasets.",
                    where=str(folder),
                    remedy="clone it, and run tdmvc in the clone.",
                )
            return cls(Path(probe.commands.run("rev-parse", "--show-toplevel").rstrip("\n")))
        except UntrustedRepository:
            raise
        except GitFailure as error:
            raise _not_usable(folder, error.why) from None

    def resolve(self, rev: str) -> str:
        """Return the commit that a revision names.

        Raises:
            NotFoundError: there is no such commit; the error suggests similar names.
        """
        sha = self.try_resolve(rev)
        if sha is not None:
            return sha
        if self.is_shallow:
            raise NotFoundError(
                f"There is no revision '{rev}' in this clone.",
                where=f"{self.root} (a shallow clone)",
                remedy="it may be older than the clone's history: run `git fetch --deepen=100`, "
                "or `git fetch --unshallow --tags` to get everything.",
            )
        raise NotFoundError.named("revision", rev, self._ref_names(), where=str(self.root))

    def try_resolve(self, rev: str) -> str | None:
        """Return the commit that a revision names, or None."""
        if not rev or rev.startswith("-") or "\0" in rev or "\n" in rev:
            return None
        if rev in self._commits:
            return rev
        commit = self.commands.commit_id(rev)
        if commit:
            self._commits.add(commit)
        return commit

    def head(self) -> str | None:
        """Return the commit of HEAD, or None before the first commit."""
        return self.try_resolve("HEAD")

    def parents(self, commit: str) -> list[str]:
        """Return the parents that a commit names, including those that are not in this clone."""
        head, _, _ = self.commands.read_object(commit).partition(b"\n\n")
        return [line.split(b" ")[1].decode() for line in head.split(b"\n") if line.startswith(b"parent ")]

    @property
    def is_shallow(self) -> bool:
        return self.commands.run("rev-parse", "--is-shallow-repository").strip() == "true"

    def branch(self) -> str | None:
        """Return the current branch, even before its first commit; None if HEAD is detached."""
        name = self.commands.try_run("symbolic-ref", "--quiet", "--short", "HEAD")
        return name.strip() if name else None

    def tree(self, rev: str) -> FileTree:
        """Return the files of a revision: one listing, one process for all texts."""
        sha = self.resolve(rev)
        if sha not in self._trees:
            self._trees[sha] = self.listed(sha, short_commit(sha))
        return self._trees[sha]

    def listed(self, tree: str, label: str, conflicts: frozenset[str] = frozenset()) -> RevisionTree:
        """Return the files of a tree object; reading a file in conflict raises an error that names it."""
        files, submodules = _read_listing(self.commands.run_bytes("ls-tree", "-r", "-z", "--full-tree", tree))
        return RevisionTree(
            label, files, self.commands.read_objects, conflicts=conflicts, submodules=submodules
        )

    def work_tree(self) -> FileTree:
        """Return the files on disk."""
        return WorkTree(self.root)

    def unignored_tree(self) -> FileTree:
        """Return the files on disk that Git does not ignore."""
        return UnignoredTree(self.root, self.commands.list_unignored)

    def tags(self, pattern: str = "*") -> dict[str, str]:
        """Return the commits of the tags whose name matches a shell pattern, by name."""
        form = "%(refname:strip=2)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)"
        found = {}
        for line in self.commands.run("for-each-ref", f"--format={form}", "refs/tags").split("\n"):
            if not line:
                continue
            name, kind, sha, peeled_kind, peeled = line.split("\0")
            if fnmatchcase(name, pattern) and "commit" in (kind, peeled_kind):
                found[name] = sha if kind == "commit" else peeled
        return found

    def merged_tags(self) -> list[str]:
        """Return the names of the tags in HEAD's history."""
        found = self.commands.try_run(
            "for-each-ref", "--merged=HEAD", "--format=%(refname:strip=2)", "refs/tags"
        )
        return found.split("\n")[:-1] if found else []

    def tag_exists(self, name: str) -> bool:
        return self.commands.try_run("show-ref", "--verify", "--quiet", f"refs/tags/{name}") is not None

    def merge_base(self, a: str, b: str) -> str:
        """Return the merge base of two revisions.

        Raises:
            NotFoundError: a revision is unknown, or the two have no common ancestor here.
        """
        base = self.commands.try_run("merge-base", self.resolve(a), self.resolve(b))
        if base:
            return base.strip()
        remedy = (
            "run `git fetch --deepen=100` until they meet."
            if self.is_shallow
            else "compare with A..B instead."
        )
        raise NotFoundError(
            f"'{a}' and '{b}' have no common ancestor here.", where=str(self.root), remedy=remedy
        )

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Return whether a commit is another one, or one of its ancestors in this clone."""
        return self.commands.try_run("merge-base", "--is-ancestor", older, newer) is not None

    def read_blob_text(self, blob: str) -> str:
        """Return the text of a file by the id of its blob."""
        return self.commands.read_object(blob).decode("utf-8-sig", errors="replace")

    def commits_that_removed(self, revs: Sequence[str], folder: str, *, most: int) -> list[str]:
        """Return the latest ancestors of these revisions that removed or moved files of a folder."""
        words = ("--format=%H", "--diff-filter=D", "--no-renames", f"--max-count={most}")
        commits = [self.resolve(rev) for rev in revs]
        found = self.commands.try_run("log", *words, *commits, "--", folder or ".")
        return found.split() if found else []

    def describe_release(self, pattern: str) -> str | None:
        """Return the newest tag at or before HEAD that matches a pattern.

        If several tags are at one commit, the highest version wins, and a release wins over its
        release candidates.
        """
        nearest = self.commands.try_run("describe", "--tags", "--abbrev=0", f"--match={pattern}", "HEAD")
        if not nearest:
            return None
        here = self.commands.run(
            "-c",
            "versionsort.suffix=-",
            "for-each-ref",
            "--sort=-version:refname",
            f"--points-at={nearest.strip()}^{{commit}}",
            "--format=%(refname:strip=2)",
            "refs/tags",
        )
        return next((name for name in here.split("\n") if fnmatchcase(name, pattern)), nearest.strip())

    def is_dirty(self, paths: Sequence[str]) -> bool:
        """Return whether any of the paths differs from HEAD or is untracked (ignored files do not count)."""
        return bool(self.dirty_files(paths))

    def dirty_files(self, paths: Sequence[str]) -> list[str]:
        """Return the files below the paths that differ from HEAD or are untracked (ignored files do not count)."""
        if not paths:
            return []
        words = ("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", *paths)
        return [entry[3:] for entry in self.commands.run(*words).split("\0") if entry]

    def attribute(self, path: str, name: str) -> str:
        """Return a Git attribute of a path: `unspecified`, `set`, `unset` or its value."""
        return self.commands.run("check-attr", "-z", name, "--", path).split("\0")[2]

    def wants_color(self, *, is_terminal: bool) -> bool:
        """Return whether Git would colour a diff on a terminal, or in its pager."""
        answer = self.commands.try_run("config", "--get-colorbool", "color.diff", str(is_terminal).lower())
        return answer is not None and answer.strip() == "true"

    @property
    def common_folder(self) -> Path:
        """The `.git` folder that all work trees of this clone share."""
        if self.is_main:
            return self.root / ".git"
        return self.root / self.commands.run("rev-parse", "--git-common-dir").rstrip("\n")

    @property
    def is_main(self) -> bool:
        """Whether this work tree has the clone's `.git` folder in it, as all but linked ones and submodules have."""
        folder = self.root / ".git"
        return (
            not os.environ.keys() & _MOVED_BY
            and not folder.is_symlink()
            and (folder / "objects").is_dir()
            and not (folder / "commondir").exists()
        )

    @property
    def holds_index(self) -> bool:
        """Whether a Git command has locked this work tree's index, as a merge does while its drivers run."""
        return self.own_paths("index.lock")[0].exists()

    def own_paths(self, *names: str) -> list[Path]:
        """Return where Git keeps files of its own for this work tree, such as `MERGE_HEAD`.

        Cost: one process in a linked work tree or a submodule, none in others.
        """
        if self.is_main:
            return [self.root / ".git" / name for name in names]
        words = [word for name in names for word in ("--git-path", name)]
        return [self.root / path for path in self.commands.run("rev-parse", *words).splitlines()]

    def close(self) -> None:
        """End the processes that read objects; the next read starts others."""
        self.commands.close()

    def _ref_names(self) -> list[str]:
        names = self.commands.run(
            "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"
        )
        return [name for name in names.split("\n") if name]


def _read_listing(listing: bytes) -> tuple[dict[str, str], frozenset[str]]:
    """Return the plain files of a NUL-ended `ls-tree` listing with their blobs, and the submodules."""
    blobs: dict[str, str] = {}
    submodules: set[str] = set()
    for record in listing.decode("utf-8", "surrogateescape").split("\0"):
        facts, _, path = record.partition("\t")
        if path:
            mode, _, sha = facts.split(" ")
            if mode in _FILE_MODES:
                blobs[path] = sha
            elif mode == _SUBMODULE_MODE:
                submodules.add(path)
    return blobs, frozenset(submodules)


def _not_usable(folder: Path, why: str) -> UsageError:
    if "must be run in a work tree" in why:
        return UsageError("This folder is inside .git.", where=str(folder), remedy="change to the work tree.")
    if "not a git repository" in why:
        return UsageError(
            "This folder is not in a Git repository.",
            where=str(folder),
            remedy="run `git init`, or change to the application's repository.",
        )
    return UsageError(f"Git cannot use this repository: {why}", where=str(folder))
