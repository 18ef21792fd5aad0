"""Git's merge in the work tree: starting, committing and aborting it."""

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from tdmvc.errors import LocalWorkError, StoreError, UsageError, format_names
from tdmvc.gitrepo.commits import need_identity
from tdmvc.gitrepo.index import changed_paths, operation
from tdmvc.gitrepo.index_lock import AGAIN, FINISH, IndexWait, try_index_write, write_index
from tdmvc.gitrepo.merge_record import (
    MergeRecord,
    find_record,
    forget_unwritten,
    merge_heads,
    touched_files,
)
from tdmvc.gitrepo.prepared_merge import PreparedMerge
from tdmvc.gitrepo.repository import GitRepo

_LOCK = re.compile(r"'([^'\n]+\.lock)'")
"""The path of a lock in a message of Git, whatever its language."""


def refuse_while_merging(git: GitRepo) -> None:
    """Raise an error if an unfinished Git operation or an interrupted merge prevents a merge."""
    record = find_record(git)
    if record is not None and not record.is_written:
        if merge_heads(git) or touched_files(git, record):
            raise interrupted(git, record)
        forget_unwritten(git)
    what = operation(git)
    if what is not None:
        command = "tdmvc" if what == "merge" else "git"
        raise LocalWorkError(
            f"A {what} is in progress in this clone.",
            where=str(git.root),
            remedy=f"finish it with `{command} {what} --continue`, or undo it with"
            f" `{command} {what} --abort`.",
        )


def interrupted(git: GitRepo, record: MergeRecord) -> LocalWorkError:
    """Return the error for a merge that was killed while Git wrote it."""
    paths = touched_files(git, record)
    what = f"files of the merge are written: {format_names(paths)}" if paths else "nothing is written yet"
    again = f"`tdmvc merge {shlex.quote(record.branch)}`"
    undo = (
        "undo it with `tdmvc merge --abort`, then merge again" if paths or merge_heads(git) else "merge again"
    )
    return LocalWorkError(
        f"The merge of {record.branch} was interrupted; {what}.",
        where=str(git.root),
        remedy=f"{undo}: {again}.",
    )


def merging_commit(git: GitRepo) -> str:
    """Return the commit that is being merged.

    Raises:
        UsageError: no merge is in progress, or one of several branches at once.
    """
    heads = merge_heads(git)
    if not heads:
        raise UsageError(
            "No merge is in progress in this clone.",
            where=str(git.root),
            remedy="start one: tdmvc merge BRANCH.",
        )
    if len(heads) != 1:
        raise UsageError("A merge of several branches is in progress.", remedy="undo it: git merge --abort.")
    return heads[0]


def merge_bases(git: GitRepo, ours: str, theirs: str) -> list[str]:
    """Return the merge bases of two revisions; criss-cross merges lead to several.

    Raises:
        NotFoundError: a revision is unknown, or the two have no common ancestor here.
    """
    found = git.commands.try_run("merge-base", "--all", git.resolve(ours), git.resolve(theirs))
    return found.split() if found else [git.merge_base(ours, theirs)]


def branches_at(git: GitRepo, commit: str) -> list[str]:
    """Return the local branches whose tip is a commit."""
    output = git.commands.run(
        "for-each-ref", f"--points-at={commit}", "--format=%(refname:short)", "refs/heads"
    )
    return output.split()


def begin_merge(git: GitRepo, record: MergeRecord, prepared: PreparedMerge, *, message: str | None) -> None:
    """Merge a revision into the index and the work tree without a commit.

    Raises:
        LocalWorkError: changes of the work tree or the index would be lost, and nothing was changed; or Git was killed.
        StoreError: another program holds the index, or Git cannot write.
        UsageError: Git refuses for another reason; nothing was changed.
    """
    need_identity(git)
    words = ["--no-commit", "--no-ff", "--quiet", *([f"-m{message}"] if message is not None else [])]
    wait = IndexWait(git)
    while True:
        status, output = git.commands.run_to_end(*prepared.words, "merge", *words, record.branch)
        if status < 0:
            raise interrupted(git, record)
        if not merge_heads(git):
            if ("index.lock" in output or wait.is_needed) and wait.pause():
                continue
            raise _refused(output)
        if not status or git.commands.try_run("diff", "--cached", "--quiet", record.ours) is None:
            return
        # If Git cannot write its index, it says so, but leaves MERGE_HEAD as after a merge.
        if touched_files(git, record):
            raise StoreError(
                f"Git stopped in the middle of the merge: {output}",
                where=str(git.root),
                remedy="correct what Git reports, then run `tdmvc merge --abort`, and merge again.",
            )
        git.commands.run("merge", "--quit")
        if not wait.pause():
            raise StoreError(
                f"Git cannot merge: {output}",
                where=str(git.root),
                remedy="correct what Git reports, then merge again; nothing was changed.",
            )


def fast_forward(git: GitRepo, record: MergeRecord) -> None:
    """Move the branch, the index and the work tree to a descendant commit.

    Raises:
        LocalWorkError: changes of the work tree or the index would be lost, and nothing was changed; or Git was killed.
        StoreError: another program holds the index.
        UsageError: Git refuses for another reason; nothing was changed.
    """
    status, output = try_index_write(git, "merge", "--ff-only", "--quiet", record.branch)
    if status < 0:
        raise interrupted(git, record)
    if status:
        raise _refused(output)


def commit_merge(git: GitRepo, message: str | None = None) -> str:
    """Commit the merge in progress, with Git's prepared message or another one.

    Raises:
        StoreError: another program holds the index; the merge stays in progress.
        UsageError: Git or a hook refuses; the merge stays in progress.
    """
    words = [f"--message={message}"] if message is not None else ["--no-edit"]
    status, output = try_index_write(git, "commit", "--quiet", *words, then=FINISH)
    if status:
        raise UsageError(
            f"Git refused the commit: {output}",
            where=str(git.root),
            remedy="correct what Git reports, then run `tdmvc merge --continue`.",
        )
    return git.resolve("HEAD")


def abort_merge(git: GitRepo) -> None:
    """Restore the index and the work tree to their state before the merge.

    Raises:
        StoreError: another program holds the index.
    """
    status, output = try_index_write(git, "merge", "--abort")
    if status:
        raise _refused(output)


def unstaged_files(git: GitRepo, folder: str) -> set[str]:
    """Return the files of a folder that differ from the index on disk, without those in conflict."""
    return changed_paths(git, folder=folder) - set(unmerged_paths(git))


def unmerged_paths(git: GitRepo) -> list[str]:
    """Return the files that are in conflict in Git's index."""
    listing = git.commands.run("ls-files", "--unmerged", "-z", "--full-name")
    return sorted({record.partition("\t")[2] for record in listing.split("\0") if record})


def index_planned(
    git: GitRepo, folder: str, ours: str, planned: Iterable[tuple[str, str | None, bool]]
) -> None:
    """Add the pointers of a plan, which are on disk, to the index where Git's merge has another result.

    Args:
        planned: the path, the text (None if the file is removed) and whether it is resolved, of each
            pointer that changes; all others are as in our commit.
    """
    blobs, unmerged = _index_blobs(git, folder), set(unmerged_paths(git))
    expected = {path: (text, is_settled) for path, text, is_settled in planned}
    resolved: list[str] = []
    for path, (text, is_settled) in expected.items():
        staged = git.commands.read_object(blobs[path]) if path in blobs else None
        if is_settled and staged != (text.encode("utf-8", "surrogateescape") if text is not None else None):
            resolved.append(path)
        if not is_settled and path not in unmerged:
            _mark_unmerged(git, path, ours)
    stage(git, [*resolved, *(path for path, (text, ok) in expected.items() if ok and path in unmerged)])
    changed = changed_paths(git, "--cached", ours, folder=folder)
    moved = {path for path in changed if path.endswith(".dvc")} - expected.keys()
    # A pointer of a stage is in dvc.lock, so every .dvc file of a dataset is a table of the plan.
    for path in sorted(moved):
        if git.commands.object_id(f"{ours}:{path}"):
            write_index(git, "checkout", "--quiet", ours, "--", path, then=FINISH)
        else:
            write_index(git, "rm", "--quiet", "--force", "--", path, then=FINISH)


def stage(git: GitRepo, paths: Sequence[str]) -> None:
    """Stage files as they are on disk, including removed ones."""
    if paths:
        known = git.commands.run("ls-files", "-z", "--", *paths).split("\0")
        there = [path for path in paths if os.path.lexists(git.root / path) or path in known]
        if there:
            write_index(git, "add", "--all", "--", *there, then=FINISH)


def check_branches(branches: Sequence[str]) -> str:
    """Return the one branch to be merged.

    Raises:
        UsageError: there is none, or several.
    """
    if len(branches) == 1:
        return branches[0]
    if not branches:
        raise UsageError("merge needs a branch.", remedy="write `tdmvc merge BRANCH`.")
    raise UsageError(
        f"{len(branches)} branches cannot be merged at once, because conflicts depend on their order.",
        remedy=f"merge them one by one: tdmvc merge {branches[0]}.",
    )


def _refused(message: str) -> LocalWorkError | StoreError | UsageError:
    lock = _LOCK.search(message)
    if lock is not None and (path := Path(lock[1])).exists():
        return StoreError.git_locked(path, path.stat().st_mtime, AGAIN)
    lines = [line for line in message.splitlines() if line.strip()]
    what = "\n".join(lines) or "no reason was given"
    if "would be overwritten" in message or "uncommitted changes" in message or "not uptodate" in message:
        return LocalWorkError(
            f"Git refused the merge, because local changes would be lost:\n{what}",
            remedy="commit them, or save them with `git stash`, then merge again.",
        )
    return UsageError(f"Git refused the merge: {what}")


def _index_blobs(git: GitRepo, folder: str) -> dict[str, str]:
    """Return the blobs of a folder's files in the index by path, without those in conflict."""
    found: dict[str, str] = {}
    for record in git.commands.run("ls-files", "--stage", "-z", "--full-name", "--", folder).split("\0"):
        facts, _, path = record.partition("\t")
        if path and facts.endswith(" 0"):
            found[path] = facts.split(" ")[1]
    return found


def _mark_unmerged(git: GitRepo, path: str, ours: str) -> None:
    """Add all sides of a path to the index, so that it cannot be committed by mistake."""
    theirs = merging_commit(git)
    base = git.commands.run("merge-base", ours, theirs).strip()
    lines = [f"0 {'0' * len(base)}\t{path}"]
    for number, revision in enumerate((base, ours, theirs), start=1):
        blob = git.commands.object_id(f"{revision}:{path}")
        if blob is not None:
            lines.append(f"100644 {blob} {number}\t{path}")
    write_index(git, "update-index", "-z", "--index-info", text="\0".join([*lines, ""]), then=FINISH)
