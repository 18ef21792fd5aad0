"""Paths in conflict in Git's index: reading them, marking them as resolved, and restoring the conflict."""

from collections.abc import Sequence

from tdmvc.errors import LocalWorkError, NotFoundError
from tdmvc.gitrepo.index_lock import try_index_write, write_index
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.merge import Side

_STAGES = {"1": Side.BASE, "2": Side.OURS, "3": Side.THEIRS}
_OTHER_HEADS = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "REVERT_HEAD")
_OPERATIONS = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}


def changed_paths(git: GitRepo, *words: str, folder: str | None = None) -> set[str]:
    """Return the files, also those in conflict, that `git diff` finds changed.

    Args:
        words: what is compared: nothing (the work tree with the index), a revision (the work tree with it), or
            `--cached` and a revision (the index with it).
        folder: only files below it.
    """
    paths = () if folder is None else (folder,)
    listing = git.commands.run("diff", "--name-only", "--no-renames", "-z", *words, "--", *paths)
    return set(filter(None, listing.split("\0")))


def read_stages(git: GitRepo, folder: str) -> dict[str, dict[Side, str]]:
    """Return the blobs of each path in conflict below a folder, by side; a side without the file is left out."""
    return _read_records(git, "--unmerged", folder)


def read_resolved(git: GitRepo, folder: str) -> list[str]:
    """Return the paths below a folder whose resolved conflict Git can restore."""
    return sorted(_read_records(git, "--resolve-undo", folder))


def mark_resolved(git: GitRepo, paths: Sequence[str]) -> None:
    """Mark conflicts as resolved by the present files, or by their removal, as `git mergetool` does.

    Raises:
        StoreError: another program holds the index, or Git cannot write.
    """
    if paths:
        write_index(git, "add", "--all", "--", *paths)


def bring_back(git: GitRepo, path: str) -> None:
    """Restore a conflict that was marked as resolved, as `git checkout --merge` does.

    Raises:
        LocalWorkError: the file was changed since.
        StoreError: another program holds the index.
        NotFoundError: the resolution is committed, or Git cannot restore the conflict.
    """
    if operation(git) is None and git.commands.try_run("diff", "--cached", "--quiet", "--", path) is not None:
        raise NotFoundError(
            "This conflict cannot be restored: its resolution is committed.",
            where=path,
            remedy="merge again.",
        )
    if git.commands.try_run("diff", "--quiet", "--", path) is None:
        raise LocalWorkError(
            "The pointer was changed after its conflict was resolved.",
            where=path,
            remedy=f"keep the change with `git add {path}` or discard it with `git checkout -- {path}`, then retry.",
        )
    # If one side removed the file, Git restores the sides in the index only.
    for words in (("checkout", "--merge", "--"), ("update-index", "--unresolve")):
        status, _ = try_index_write(git, *words, path)
        if not status and path in read_stages(git, path):
            return
    raise NotFoundError(
        "Git cannot restore this conflict.", where=path, remedy="abort the merge and start it again."
    )


def operation(git: GitRepo) -> str | None:
    """Return the Git command that waits for conflicts to be resolved: `merge`, `rebase`, `cherry-pick`, `revert`."""
    places = zip(_OPERATIONS.values(), git.own_paths(*_OPERATIONS), strict=True)
    return next((command for command, path in places if path.exists()), None)


def operation_sides(git: GitRepo) -> dict[Side, str]:
    """Return the commits that the operation in progress joins, by side; one that does not exist is left out.

    A rebase and a cherry-pick join HEAD with a commit, on the base of its parent; a revert joins HEAD with the
    parent, on the base of the commit. If no operation is in progress, only our side is known.
    """
    sides = {Side.OURS: git.try_resolve("HEAD")}
    for name in _OTHER_HEADS:
        commit = git.try_resolve(name)
        if commit is None:
            continue
        if name == "MERGE_HEAD":
            sides[Side.THEIRS] = commit
            sides[Side.BASE] = (git.commands.try_run("merge-base", "HEAD", commit) or "").strip()
        else:
            parent = git.try_resolve(f"{commit}^")
            is_undone = name == "REVERT_HEAD"
            sides[Side.THEIRS] = parent if is_undone else commit
            sides[Side.BASE] = commit if is_undone else parent
        break
    return {side: commit for side, commit in sides.items() if commit}


def _read_records(git: GitRepo, which: str, folder: str) -> dict[str, dict[Side, str]]:
    found: dict[str, dict[Side, str]] = {}
    for record in git.commands.run("ls-files", which, "-z", "--full-name", "--", folder).split("\0"):
        facts, _, path = record.partition("\t")
        if path:
            _, blob, stage = facts.split(" ")
            found.setdefault(path, {})[_STAGES[stage]] = blob
    return found
