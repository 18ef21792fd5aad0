"""Knows Git: revisions, trees, tags and commits. The only door of GitPython."""

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tdmvc.errors import NotFoundError, TdmvcError, UsageError
from tdmvc.late import import_late
from tdmvc.model.tree import FileTree
from tdmvc.repo.trees import RevisionTree, WorkTree

if TYPE_CHECKING:
    import tempfile

    import git
else:
    tempfile = import_late("tempfile")
    # Where tdmvc.yaml lies beside .git, much is done without asking Git anything.
    git = import_late("git")

# No path is a pattern, no read takes a lock, and no configured monitor is run by a status.
_ENVIRONMENT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1", "GIT_TERMINAL_PROMPT": "0"}
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "log.showSignature=false")
_MOVED_BY = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_CEILING_DIRECTORIES"})
_FILE_MODES = frozenset({"100644", "100755", "100664"})


class GitRepo:
    """One Git repository with a work tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._trees: dict[str, RevisionTree] = {}

    @cached_property
    def _git(self) -> "git.Git":
        commands = git.Git(str(self.root))
        commands.update_environment(**_ENVIRONMENT)
        return commands

    @classmethod
    def find(cls, path: Path) -> "GitRepo":
        """Return the repository that holds `path`.

        Raises:
            UsageError: there is none, it is bare, or Git does not trust its owner.
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
            if probe._run("rev-parse", "--is-bare-repository").strip() == "true":
                raise UsageError(
                    "This Git repository is bare: it has no work tree for datasets.",
                    where=str(folder),
                    remedy="clone it, and run tdmvc in the clone.",
                )
            return cls(Path(probe._run("rev-parse", "--show-toplevel").rstrip("\n")))
        except git.GitCommandNotFound:
            raise UsageError(
                "The command `git` is not to be found.", remedy="install Git 2.25 or newer."
            ) from None
        except git.GitCommandError as error:
            raise _not_usable(folder, _why(error)) from None

    def resolve(self, rev: str) -> str:
        """Return the commit that a revision names.

        Raises:
            NotFoundError: no commit is called so; near names are given.
        """
        sha = self.try_resolve(rev)
        if sha is not None:
            return sha
        if self.is_shallow:
            raise NotFoundError(
                f"There is no revision '{rev}' in this clone.",
                where=f"{self.root} (a shallow clone)",
                remedy="it may lie beyond the clone's depth: run `git fetch --deepen=100`, "
                "or `git fetch --unshallow --tags` for everything.",
            )
        raise NotFoundError.named("revision", rev, self._ref_names(), where=str(self.root))

    def try_resolve(self, rev: str) -> str | None:
        """Return the commit that a revision names, or None."""
        if not rev or rev.startswith("-") or "\0" in rev or "\n" in rev:
            return None
        found = self._try_run("rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}")
        return found.strip() or None if found is not None else None

    def head(self) -> str | None:
        """Return the commit of HEAD, or None before the first commit."""
        return self.try_resolve("HEAD")

    @property
    def is_shallow(self) -> bool:
        return self._run("rev-parse", "--is-shallow-repository").strip() == "true"

    def branch(self) -> str | None:
        """Return the current branch, also before its first commit; None where HEAD is detached."""
        name = self._try_run("symbolic-ref", "--quiet", "--short", "HEAD")
        return name.strip() if name else None

    def tree(self, rev: str) -> FileTree:
        """Return the files of a revision: one listing, one process for all texts."""
        sha = self.resolve(rev)
        if sha not in self._trees:
            listing = self._run_bytes("ls-tree", "-r", "-z", "--full-tree", sha)
            self._trees[sha] = RevisionTree(sha[:10], _read_listing(listing), self._read_blob)
        return self._trees[sha]

    def work_tree(self) -> FileTree:
        """Return the files on disk."""
        return WorkTree(self.root)

    def tags(self, pattern: str = "*") -> dict[str, str]:
        """Return the commits of the tags whose name matches a shell pattern, by name."""
        form = "%(refname:strip=2)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)"
        found = {}
        for line in self._run("for-each-ref", f"--format={form}", "refs/tags").split("\n"):
            if not line:
                continue
            name, kind, sha, peeled_kind, peeled = line.split("\0")
            if fnmatchcase(name, pattern) and "commit" in (kind, peeled_kind):
                found[name] = sha if kind == "commit" else peeled
        return found

    def tag_exists(self, name: str) -> bool:
        return self._try_run("show-ref", "--verify", "--quiet", f"refs/tags/{name}") is not None

    def merge_base(self, a: str, b: str) -> str:
        """Return the commit at which two revisions parted.

        Raises:
            NotFoundError: a revision is unknown, or the two share no history here.
        """
        base = self._try_run("merge-base", self.resolve(a), self.resolve(b))
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

    def describe_release(self, pattern: str) -> str | None:
        """Return the newest tag at or before HEAD that matches a pattern.

        Of several tags at one commit the highest version counts, a release before
        its own release candidate.
        """
        nearest = self._try_run("describe", "--tags", "--abbrev=0", f"--match={pattern}", "HEAD")
        if not nearest:
            return None
        here = self._run(
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
        """Tell whether any of the paths differs from HEAD or is not tracked (ignored files do not count)."""
        if not paths:
            return False
        return bool(self._run("status", "--porcelain=v1", "-z", "--untracked-files=all", "--", *paths))

    def commit_only(self, paths: Sequence[str], message: str) -> str:
        """Commit these paths as they are on disk and return the commit; what else is staged stays staged.

        Where none of them differs from HEAD, nothing is committed and HEAD is returned.

        Raises:
            UsageError: Git has no identity to commit with, or refuses the commit.
        """
        head = self.head()
        if head is not None and not self.is_dirty(paths):
            return head
        self._need_identity()
        known = [path for path in paths if os.path.lexists(self.root / path) or self._is_tracked(path)]
        try:
            self._run("add", "--all", "--", *known)
            self._run("commit", "--quiet", "--only", f"--message={message}", "--", *known)
        except git.GitCommandError as error:
            raise UsageError(
                f"Git refused the commit: {_why(error)}",
                where=str(self.root),
                remedy="mend what Git says, then commit the files yourself; they are written.",
            ) from None
        return self._run("rev-parse", "HEAD").strip()

    def keep_snapshot(self, path: str, ref: str, message: str) -> None:
        """Keep a folder as it is on disk under a ref of its own; branch and index do not move.

        What Git ignores is left out. The ref's former snapshot becomes the parent, so none is forgotten.
        """
        who = {
            f"GIT_{role}_{what}": "tdmvc" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        with tempfile.TemporaryDirectory(prefix="tdmvc-index-") as folder:
            env = {**who, "GIT_INDEX_FILE": str(Path(folder) / "index")}
            if self.head() is not None:
                self._run_with(env, "read-tree", "HEAD")
            self._run_with(env, "add", "--all", "--", path)
            tree = self._run_with(env, "write-tree")
            parent = self.try_resolve(ref) or self.head()
            parents = ("-p", parent) if parent else ()
            commit = self._run_with(env, "commit-tree", tree, *parents, "-m", message)
            self._run_with(env, "update-ref", ref, commit)

    def create_annotated_tag(self, name: str, message: str, *, commit: str = "HEAD") -> None:
        """Create an annotated tag.

        Raises:
            UsageError: there is such a tag, Git does not allow the name, or knows no identity.
        """
        if self.tag_exists(name):
            raise UsageError(
                f"There is a tag '{name}' already.", where=str(self.root), remedy=f"see `git show {name}`."
            )
        if name.startswith("-") or self._try_run("check-ref-format", f"refs/tags/{name}") is None:
            raise UsageError(f"Git does not allow a tag to be called '{name}'.", where=str(self.root))
        self._need_identity()
        try:
            self._run("tag", "--annotate", f"--message={message}", name, self.resolve(commit))
        except git.GitCommandError as error:
            raise UsageError(f"Git refused the tag: {_why(error)}", where=str(self.root)) from None

    def config(self, name: str) -> tuple[str, ...]:
        """Return the values that the clone's own configuration has for a setting."""
        found = self._try_run("config", "--local", "--null", "--get-all", name)
        return tuple(found.removesuffix("\0").split("\0")) if found is not None else ()

    def set_config(self, name: str, value: str) -> None:
        """Give a setting one value, in the clone's own configuration; all its work trees share it.

        Raises:
            UsageError: the configuration cannot be written.
        """
        self._write_config("--replace-all", name, value)

    def unset_config(self, name: str) -> None:
        """Take a setting out of the clone's own configuration.

        Raises:
            UsageError: the configuration cannot be written.
        """
        self._write_config("--unset-all", name)

    def attribute(self, path: str, name: str) -> str:
        """Return what Git takes an attribute of a path for: `unspecified`, `set`, `unset` or its value."""
        return self._run("check-attr", "-z", name, "--", path).split("\0")[2]

    def wants_color(self, *, is_terminal: bool) -> bool:
        """Tell whether Git would colour a diff that goes to a terminal, or to its own pager."""
        said = self._try_run("config", "--get-colorbool", "color.diff", str(is_terminal).lower())
        return said is not None and said.strip() == "true"

    @property
    def common_folder(self) -> Path:
        """The `.git` folder that all work trees of this clone share."""
        return self.root / self._run("rev-parse", "--git-common-dir").rstrip("\n")

    def texts_at_tips(self, folder: str, file: str) -> Iterator[tuple[str, str]]:
        """Yield (path, text) of `<folder>/*/<file>` at HEAD and every branch's tip, each text once.

        Reads by one process; a folder that is the same on many branches is looked at once.
        """
        tips = self._run("for-each-ref", "--format=%(objectname)", "refs/heads", "refs/remotes").split("\n")
        folder = "" if folder == "." else folder
        trees = {self._id_of(f"{tip}:{folder}") for tip in ("HEAD", *tips) if tip}
        seen: set[str | None] = {None}
        for tree in sorted(filter(None, trees)):
            for name in _folders_of(self._read_blob(tree), len(tree) // 2):
                blob = self._id_of(f"{tree}:{name}/{file}")
                if blob not in seen:
                    seen.add(blob)
                    yield (
                        f"{folder}/{name}/{file}".lstrip("/"),
                        self._read_blob(str(blob)).decode("utf-8-sig", "replace"),
                    )

    def _id_of(self, name: str) -> str | None:
        if "\n" in name:
            return None
        try:
            found = self._git.get_object_header(name)[0]
        except ValueError:
            return None
        return found.decode() if isinstance(found, bytes) else str(found)

    def _write_config(self, *words: str) -> None:
        try:
            self._run("config", "--local", *words)
        except git.GitCommandError as error:
            raise UsageError(
                f"Git cannot write this clone's configuration: {_why(error)}",
                where=str(self.root),
                remedy="mend what Git says, then run the same command again.",
            ) from None

    def close(self) -> None:
        """End the process that reads objects; the next read starts another."""
        self._git.clear_cache()

    def _is_tracked(self, path: str) -> bool:
        return bool(self._run("ls-files", "-z", "--", path))

    def _need_identity(self) -> None:
        for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
            if self._try_run("var", who) is None:
                raise UsageError(
                    "Git does not know who you are, so it cannot commit.",
                    where=str(self.root),
                    remedy='run `git config user.name "…"` and `git config user.email "…"`, then try again.',
                )

    def _ref_names(self) -> list[str]:
        names = self._run(
            "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"
        )
        return [name for name in names.split("\n") if name]

    def _read_blob(self, sha: str) -> bytes:
        try:
            return bytes(self._git.get_object_data(sha)[3])
        except (ValueError, BrokenPipeError, git.GitCommandError) as error:
            raise TdmvcError(
                f"Git cannot read the object {sha[:10]}.", where=str(self.root), remedy="run `git fsck`."
            ) from error

    def _run_with(self, env: dict[str, str], *words: str) -> str:
        command = [git.Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *_SETTINGS, *words]
        return str(self._git.execute(command, env=env)).strip()

    def _run(self, *words: str) -> str:
        # Lines end as Git wrote them: an output of NUL-ended records must not lose its last byte.
        return self._run_bytes(*words).decode("utf-8", "surrogateescape")

    def _run_bytes(self, *words: str) -> bytes:
        command = [git.Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *_SETTINGS, *words]
        output = self._git.execute(command, stdout_as_string=False, strip_newline_in_stdout=False)
        return output if isinstance(output, bytes) else b""

    def _try_run(self, *words: str) -> str | None:
        try:
            return self._run(*words)
        except git.GitCommandError:
            return None


def _read_listing(listing: bytes) -> dict[str, str]:
    """Return the blobs of a NUL-ended `ls-tree` listing by path; only plain files."""
    blobs = {}
    for record in listing.decode("utf-8", "surrogateescape").split("\0"):
        facts, _, path = record.partition("\t")
        if path:
            mode, _, sha = facts.split(" ")
            if mode in _FILE_MODES:
                blobs[path] = sha
    return blobs


def _folders_of(tree: bytes, id_bytes: int) -> list[str]:
    """Return the names of the folders that a tree object holds."""
    names, at = [], 0
    while at < len(tree):
        end = tree.index(b"\0", at)
        mode, _, name = tree[at:end].partition(b" ")
        if mode == b"40000":
            names.append(name.decode("utf-8", "surrogateescape"))
        at = end + 1 + id_bytes
    return names


def _why(error: "git.GitCommandError") -> str:
    """Return what Git said, without GitPython's frame around it."""
    said = error.stderr if isinstance(error.stderr, str) else ""
    text = re.sub(r"^\s*stderr: '(.*)'\s*$", r"\1", said, flags=re.DOTALL).strip()
    if not text:
        out = error.stdout if isinstance(error.stdout, str) else ""
        text = re.sub(r"^\s*stdout: '(.*)'\s*$", r"\1", out, flags=re.DOTALL).strip()
    return text or f"exit code {error.status}"


def _not_usable(folder: Path, why: str) -> UsageError:
    if "dubious ownership" in why or "unsafe repository" in why:
        return UsageError(
            "Git does not trust this repository: its folder belongs to another user.",
            where=str(folder),
            remedy=f"if you trust it, run `git config --global --add safe.directory {folder}`.",
        )
    if "must be run in a work tree" in why:
        return UsageError("This folder is inside .git.", where=str(folder), remedy="go to the work tree.")
    if "not a git repository" in why:
        return UsageError(
            "This folder is not in a Git repository.",
            where=str(folder),
            remedy="run `git init`, or go to the application's repository.",
        )
    return UsageError(f"Git cannot use this repository: {why}", where=str(folder))
