"""Looks among a revision's ancestors for migrations that the revision does not hold."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from tdmvc.errors import MigrationsError
from tdmvc.model.migration import MigrationLocation, MigrationState, RemovedIds
from tdmvc.workspace.migrations import read_location
from tdmvc.workspace.workspace import Workspace

_MOST_COMMITS = 12
"""A history that was squashed or renumbered more often is not looked through to its beginning."""


def removed_migrations(
    workspace: Workspace, location: MigrationLocation, starts: Sequence[str], *, is_work_tree: bool
) -> Callable[[Sequence[str]], RemovedIds]:
    """Return what asks the ancestors of revisions for ids; each state is read once, and only when asked for.

    Args:
        starts: the revisions; of the work tree, HEAD.
        is_work_tree: whether HEAD itself is a past of what is compared.
    """
    read: list[tuple[str, frozenset[str]]] = []
    unread = _states(workspace, location, starts, is_work_tree=is_work_tree)

    def ask(ids: Sequence[str]) -> RemovedIds:
        removed: dict[str, str] = {}
        wanted = set(ids)
        for by, held in _remembering(read, unread):
            found = wanted & held
            removed.update(dict.fromkeys(found, by))
            wanted -= found
            if not wanted:
                break
        return RemovedIds(removed, workspace.git.is_shallow)

    return ask


def _remembering(
    read: list[tuple[str, frozenset[str]]], unread: Iterator[tuple[str, frozenset[str]]]
) -> Iterator[tuple[str, frozenset[str]]]:
    yield from read
    for one in unread:
        read.append(one)
        yield one


def _states(
    workspace: Workspace, location: MigrationLocation, starts: Sequence[str], *, is_work_tree: bool
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield who took migrations away, and the ids that were there before, the latest first."""
    git = workspace.git
    known = [start for start in starts if git.try_resolve(start)]
    if is_work_tree and known:
        yield "the work tree", _ids(workspace, known[0], location)
    for commit in git.commits_that_removed(known, location.path, most=_MOST_COMMITS) if known else ():
        if git.try_resolve(f"{commit}^"):
            yield f"commit {commit[:10]}", _ids(workspace, f"{commit}^", location)


def _ids(workspace: Workspace, rev: str, location: MigrationLocation) -> frozenset[str]:
    try:
        state: MigrationState = read_location(workspace.git.tree(rev), location)
    except MigrationsError:
        return frozenset()
    replaced: Iterable[str] = (id_ for migration in state.migrations for id_ in migration.replaces)
    return frozenset([*(migration.id for migration in state.migrations), *replaced])
