"""Making commits, snapshots and tags without changing what you have staged."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tdmvc.errors import UsageError
from tdmvc.gitrepo.commands import GitFailure
from tdmvc.gitrepo.index_lock import try_index_write, write_index
from tdmvc.gitrepo.repository import GitRepo


def commit_only(git: GitRepo, paths: Sequence[str], message: str) -> str:
    """Commit these paths as they are on disk and return the commit; everything else stays staged.

    If none of them differs from HEAD, nothing is committed and HEAD is returned.

    Raises:
        StoreError: another program holds the index.
        UsageError: Git has no identity for the commit, or refuses it.
    """
    head = git.head()
    if head is not None and not git.is_dirty(paths):
        return head
    need_identity(git)
    known = [path for path in paths if os.path.lexists(git.root / path) or _is_tracked(git, path)]
    then = "commit the files yourself; they are written"
    write_index(git, "add", "--all", "--", *known, then=then)
    words = ("commit", "--quiet", "--only", f"--message={message}", "--", *known)
    status, output = try_index_write(git, *words, then=then)
    if status:
        raise UsageError(
            f"Git refused the commit: {output}",
            where=str(git.root),
            remedy="correct what Git reports, then commit the files yourself; they are written.",
        )
    return git.commands.run("rev-parse", "HEAD").strip()


def keep_snapshot(git: GitRepo, path: str, ref: str, message: str) -> None:
    """Save a folder as it is on disk under a separate ref; the branch and the index do not change.

    Ignored files are left out. The ref's previous snapshot becomes the parent, so that none is lost.
    """
    who = {f"GIT_{role}_{what}": "tdmvc" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    with tempfile.TemporaryDirectory(prefix="tdmvc-index-") as folder:
        env = {**who, "GIT_INDEX_FILE": str(Path(folder) / "index")}

        def run(*words: str) -> str:
            return git.commands.run(*words, env=env).strip()

        if git.head() is not None:
            run("read-tree", "HEAD")
        run("add", "--all", "--", path)
        tree = run("write-tree")
        parent = git.try_resolve(ref) or git.head()
        parents = ("-p", parent) if parent else ()
        commit = run("commit-tree", tree, *parents, "-m", message)
        run("update-ref", ref, commit)


def create_annotated_tag(git: GitRepo, name: str, message: str, *, commit: str = "HEAD") -> None:
    """Create an annotated tag.

    Raises:
        UsageError: the tag exists, Git does not allow its name, or Git has no identity.
    """
    if git.tag_exists(name):
        raise UsageError(
            f"The tag '{name}' already exists.", where=str(git.root), remedy=f"see `git show {name}`."
        )
    if name.startswith("-") or git.commands.try_run("check-ref-format", f"refs/tags/{name}") is None:
        raise UsageError(f"Git does not allow the tag name '{name}'.", where=str(git.root))
    need_identity(git)
    try:
        git.commands.run("tag", "--annotate", f"--message={message}", name, git.resolve(commit))
    except GitFailure as error:
        raise UsageError(f"Git refused the tag: {error.why}", where=str(git.root)) from None


def _is_tracked(git: GitRepo, path: str) -> bool:
    return bool(git.commands.run("ls-files", "-z", "--", path))


def need_identity(git: GitRepo) -> None:
    """Raise an error if Git does not know who commits."""
    for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if git.commands.try_run("var", who) is None:
            raise UsageError(
                "Git does not know who you are, so it cannot commit.",
                where=str(git.root),
                remedy='run `git config user.name "…"` and `git config user.email "…"`, then try again.',
            )
