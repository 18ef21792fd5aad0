"""Merging two revisions into a tree object, without a work tree."""

import re

from tdmvc.errors import UsageError
from tdmvc.gitrepo.commands import GitCommands
from tdmvc.gitrepo.prepared_merge import PreparedMerge
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.gitrepo.trees import RevisionTree
from tdmvc.model.text import short_commit

MARKER_SIZE = 7
"""The default length of Git's conflict markers."""
_OLDEST = (2, 38)
_CONFLICTS = 1


def preview_merge(
    git: GitRepo, ours: str, theirs: str, prepared: PreparedMerge | None = None
) -> RevisionTree:
    """Return the files that a merge of two revisions would give. Writes only unreachable objects.

    A file in conflict is listed, and reading it raises an error that names it.

    Args:
        prepared: files that are merged already, used instead of Git's merge of their lines.

    Raises:
        NotFoundError: a revision is unknown, or the two share no history here.
        UsageError: Git is too old.
    """
    git.merge_base(ours, theirs)
    tree, conflicts = merge_trees(git, git.resolve(ours), git.resolve(theirs), prepared)
    return git.listed(tree, f"the merge of {ours} and {theirs}", conflicts)


def merge_trees(
    git: GitRepo, ours: str, theirs: str, prepared: PreparedMerge | None = None
) -> tuple[str, frozenset[str]]:
    """Merge two revisions in memory, and return the id of the merged tree and the files in conflict.

    Args:
        ours: a revision; it is the label of our side in conflict markers, as `theirs` is of theirs.

    Raises:
        UsageError: Git is too old.
    """
    words: tuple[str, ...] = ()
    env: dict[str, str] = {}
    if prepared is not None:
        place = str(prepared.quiet_place(git, git.resolve(ours)))
        folder = git.commands.run("rev-parse", "--absolute-git-dir").rstrip("\n")
        words, env = ("-C", place, *prepared.words), {"GIT_DIR": folder, "GIT_WORK_TREE": place}
    return _merge(git.commands, words, env, ours, theirs)


def _merge(
    commands: GitCommands, words: tuple[str, ...], env: dict[str, str], ours: str, theirs: str
) -> tuple[str, frozenset[str]]:
    """Return the id of the merged tree, and the files in conflict."""
    if not can_merge_in_memory(commands):
        raise UsageError(
            f"A preview of a merge needs Git 2.38 or newer; this is {commands.run('version').strip()}.",
            remedy="install a newer Git, or merge into a scratch branch and run `tdmvc drift` there.",
        )
    arguments = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
    status, output, message = commands.ask(*words, *arguments, env=env)
    if status not in (0, _CONFLICTS):
        raise UsageError(
            f"Git cannot merge {short_commit(ours)} and {short_commit(theirs)}: {message or f'exit code {status}'}",
            remedy="merge the two branches by hand, then run `tdmvc drift` on the result.",
        )
    tree, *conflicts = output.decode("utf-8", "surrogateescape").split("\0")
    return tree, frozenset(filter(None, conflicts))


def can_merge_in_memory(commands: GitCommands) -> bool:
    """Return whether Git is new enough."""
    found = re.search(r"([0-9]{1,4})\.([0-9]{1,4})", commands.run("version"))
    return found is not None and (int(found[1]), int(found[2])) >= _OLDEST


def is_inner_merge(git: GitRepo, path: str, marker_size: int) -> bool:
    """Return whether Git runs a merge driver to build a virtual merge base, where no conflict can be resolved.

    Longer markers are the only sign: Git adds two characters for each level, and one for a rename.
    """
    if marker_size <= MARKER_SIZE:
        return False
    message = git.attribute(path, "conflict-marker-size")
    return marker_size - (int(message) if message.isdecimal() else MARKER_SIZE) > 1
