"""Knows how Git merges two revisions into a tree of its object store, without a work tree."""

import re
from typing import TYPE_CHECKING

from tdmvc.errors import UsageError
from tdmvc.late_dataclass import dataclass
from tdmvc.repo.git import GitRepo
from tdmvc.repo.git_commands import GitCommands

if TYPE_CHECKING:
    from tdmvc.repo.prepared_merge import PreparedMerge

MARKER_SIZE = 7
"""How long Git's conflict markers are where nobody says otherwise."""
_OLDEST = (2, 38)
_CONFLICTS = 1


@dataclass(frozen=True, slots=True)
class MergedTrees:
    """What a merge would give."""

    tree: str
    """The id of the merged tree."""
    conflicts: frozenset[str]
    """The files that a person would have to settle."""


def merge_trees(commands: GitCommands, ours: str, theirs: str) -> MergedTrees:
    """Merge two commits; only objects that no branch names are written.

    Raises:
        UsageError: Git is too old, or cannot merge the two.
    """
    return _merge(commands, (), {}, ours, theirs)


def merge_trees_prepared(git: GitRepo, prepared: "PreparedMerge", ours: str, theirs: str) -> MergedTrees:
    """Merge two commits, with prepared files where both changed a pointer. Nothing is put into the work tree.

    Raises:
        UsageError: Git is too old, or cannot merge the two.
    """
    place = str(prepared.quiet_place(git, ours))
    folder = git.commands.run("rev-parse", "--absolute-git-dir").rstrip("\n")
    env = {"GIT_DIR": folder, "GIT_WORK_TREE": place}
    return _merge(git.commands, ("-C", place, *prepared.words), env, ours, theirs)


def _merge(
    commands: GitCommands, words: tuple[str, ...], env: dict[str, str], ours: str, theirs: str
) -> MergedTrees:
    _check_version(commands)
    asked = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
    status, output, said = commands.ask(*words, *asked, env=env)
    if status not in (0, _CONFLICTS):
        raise UsageError(
            f"Git cannot merge {ours[:10]} and {theirs[:10]}: {said or f'exit code {status}'}",
            remedy="merge the two branches by hand, and ask for the drift of the result.",
        )
    tree, *conflicts = output.decode("utf-8", "surrogateescape").split("\0")
    return MergedTrees(tree, frozenset(filter(None, conflicts)))


def _check_version(commands: GitCommands) -> None:
    said = commands.run("version")
    found = re.search(r"([0-9]{1,4})\.([0-9]{1,4})", said)
    if found is None or (int(found[1]), int(found[2])) < _OLDEST:
        raise UsageError(
            f"A preview of a merge needs Git 2.38 or newer; this is {said.strip()}.",
            remedy="install a newer Git, or merge into a scratch branch and run `tdmvc drift` there.",
        )


def is_inner_merge(git: GitRepo, path: str, marker_size: int) -> bool:
    """Tell whether a merge driver is asked about the common past of two commits, where nobody can settle a conflict.

    Git tells it by longer markers alone: two more for each level; one more is a rename's.
    """
    if marker_size <= MARKER_SIZE:
        return False
    said = git.attribute(path, "conflict-marker-size")
    return marker_size - (int(said) if said.isdecimal() else MARKER_SIZE) > 1
