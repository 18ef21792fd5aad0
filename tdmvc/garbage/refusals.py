"""Why `gc` would rather not: each reason with the command that takes it away."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tdmvc.garbage.needs import Needs
from tdmvc.garbage.reachable import Place, Reachable
from tdmvc.gitrepo.remotes import Unfetched, ask_remotes, is_partial
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.gitrepo.work_trees import work_trees
from tdmvc.model.garbage import Refusal
from tdmvc.workspace.workspace import Workspace

_MOST_NAMED = 5


def refuse_place(workspace: Workspace, remote: str | None, *, is_told_who_shares: bool) -> Iterator[Refusal]:
    """Yield what speaks against the cache or the remote itself.

    Args:
        remote: its name; None is the cache.
    """
    config = workspace.store.config
    archive = workspace.config.release_remote
    if remote is not None:
        places = {name: _place(workspace.root, url) for name, url in config.remotes.items()}
        if archive is not None and (remote == archive or places[remote] == places.get(archive)):
            yield Refusal(
                "release-remote",
                f"The remote '{remote}' keeps published versions for ever, so nothing is removed from it.",
                "tdmvc.yaml, key 'store.release_remote'",
                "name another remote: `tdmvc gc --remote NAME`.",
            )
        elif not is_told_who_shares:
            yield Refusal(
                "shared-place",
                f"A remote may be shared, and what another repository needs on '{remote}' is not known here.",
                config.remotes.get(remote, ""),
                "name a clone of each other repository that pushes there: `--also PATH`; "
                "or say that there is none: `--alone`.",
            )
    elif not is_told_who_shares and (config.is_shared or not _is_own(workspace.git, config.cache_dir)):
        yield Refusal(
            "shared-place",
            "The cache lies outside this repository, so others may use it, and what they need is not known here.",
            str(config.cache_dir),
            "name each other repository that uses it: `--also PATH`; or say that there is none: `--alone`.",
        )


def refuse_clone(git: GitRepo) -> Iterator[Refusal]:
    """Yield what keeps a clone from knowing all that it should."""
    where = str(git.root)
    if git.is_shallow:
        yield Refusal(
            "shallow-clone",
            "This clone is shallow: it does not know the pointers of the past, nor those of most branches.",
            where,
            "run `git fetch --unshallow --tags`, or gc in a full clone.",
        )
    if is_partial(git):
        yield Refusal(
            "partial-clone",
            "This clone is partial: the pointers of the past are not here.",
            where,
            "make a clone without --filter, and run gc there.",
        )
    for tree in work_trees(git):
        if not tree.is_here:
            yield Refusal(
                "missing-work-tree",
                "A linked work tree is not there, so its pointers cannot be read.",
                str(tree.root),
                "bring it back, or forget it with `git worktree prune` (and `git worktree unlock`).",
            )
        journals = sorted((tree.root / ".dvc" / "tmp" / "tdmvc").glob("*.journal"))
        if journals:
            yield Refusal(
                "open-journal",
                f"A change of {journals[0].stem} was begun and is not finished.",
                str(journals[0]),
                f"run `tdmvc -C {tree.root} status`, which finishes it.",
            )


def refuse_stale(
    git: GitRepo, reachable: Reachable, *, needs_answer: bool, notes: list[str]
) -> Iterator[Refusal]:
    """Yield what Git remotes have that this clone lacks.

    Args:
        needs_answer: a remote that does not answer is a reason too; else it becomes a note.
    """
    for told in ask_remotes(git, reachable.commits):
        if isinstance(told, Unfetched):
            names = ", ".join(ref.removeprefix("refs/heads/") for ref in told.refs[:_MOST_NAMED])
            more = f" and {len(told.refs) - _MOST_NAMED} more" if len(told.refs) > _MOST_NAMED else ""
            yield Refusal(
                "unfetched-branch",
                f"The Git remote '{told.remote}' has branches or tags that this clone has not fetched: {names}{more}.",
                str(git.root),
                f"run `git fetch {told.remote} '+refs/heads/*:refs/remotes/{told.remote}/*' --tags`.",
            )
        elif needs_answer:
            yield Refusal(
                "silent-remote",
                f"The Git remote '{told.remote}' does not answer, so branches of others may be missing here: "
                f"{told.why}",
                str(git.root),
                "run gc where it answers; or say --without-origin if you know that all is fetched.",
            )
        else:
            notes.append(
                f"The Git remote '{told.remote}' was not reached, so what others pushed may be missing."
            )


def refuse_unreadable(places: Sequence[Place], root: Path) -> Iterator[Refusal]:
    """Yield the pointers and versions that cannot be read."""
    if places:
        named = "; ".join(str(place) for place in places[:_MOST_NAMED])
        count = f"{len(places)} files" if len(places) > 1 else "A file"
        yield Refusal(
            "unreadable-pointer",
            f"{count} that may name objects cannot be read, so what they need is not known.",
            f"{root}: {named}",
            "mend them; or say --accept-unknown if what only they name may go.",
        )


def refuse_lost(workspace: Workspace, needs: Needs) -> Iterator[Refusal]:
    """Yield the listings that are nowhere."""
    if needs.lost:
        lost = [f"{oid} ({place})" for oid, place in list(needs.lost.items())[:_MOST_NAMED]]
        said = f" {needs.complaints[0]}" if needs.complaints else ""
        yield Refusal(
            "lost-listing",
            f"{len(needs.lost)} listing(s) that pointers name are not here, so which parts they need is not "
            f"known.{said}",
            "; ".join(lost),
            "run `tdmvc pull`, or ask whoever added them to run `tdmvc push`; "
            "or say --accept-unknown if the rows that only they list may go.",
        )


def _place(root: Path, url: str) -> str:
    """Return a remote's place in one spelling; DVC takes a relative path from its own folder."""
    path = url.removeprefix("file://")
    return url.rstrip("/") if "://" in path else os.path.abspath(root / ".dvc" / path)


def _is_own(git: GitRepo, cache: Path) -> bool:
    """Tell whether the cache lies in this clone: in any of its work trees, or in its .git."""
    cache = cache.resolve()
    roots = [tree.root.resolve() for tree in work_trees(git)] + [git.common_folder.resolve()]
    return any(cache.is_relative_to(root) for root in roots)
