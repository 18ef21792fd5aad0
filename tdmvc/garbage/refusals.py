"""Reasons for which `gc` refuses to run, each with the command that removes the reason."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tdmvc.errors import format_names
from tdmvc.garbage.needs import NeededObjects
from tdmvc.garbage.reachable import FileLocation, Reachable
from tdmvc.gitrepo.remotes import UnfetchedRefs, ask_remotes, is_partial
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.gitrepo.work_trees import work_trees
from tdmvc.model.garbage import Refusal
from tdmvc.model.masking import without_passwords
from tdmvc.model.text import plural
from tdmvc.store.state_folder import state_folder
from tdmvc.workspace.workspace import Workspace

_MOST_NAMED = 5


def refuse_place(workspace: Workspace, remote: str | None, *, are_users_known: bool) -> Iterator[Refusal]:
    """Yield reasons not to collect garbage in this cache or remote.

    Args:
        remote: the remote's name; None means the cache.
    """
    config = workspace.store.config
    archive = workspace.config.release_remote
    if remote is not None:
        places = {name: _place(workspace.root, url) for name, url in config.remotes.items()}
        if archive is not None and (remote == archive or places[remote] == places.get(archive)):
            yield Refusal(
                "release-remote",
                f"The remote '{remote}' keeps published versions forever, so nothing is removed from it.",
                "tdmvc.yaml, key 'store.release_remote'",
                "choose another remote: `tdmvc gc --remote NAME`.",
            )
        elif not are_users_known:
            yield Refusal(
                "shared-place",
                f"Other repositories may use the remote '{remote}', and this clone does not know what they need.",
                without_passwords(config.remotes.get(remote, "")),
                "pass `--also PATH` with a clone of each other repository that pushes there, "
                "or `--alone` if there is none.",
            )
    elif not are_users_known and (config.is_shared or not _is_own(workspace.git, config.cache_dir)):
        yield Refusal(
            "shared-place",
            "The cache is outside this repository, so other repositories may use it, and this clone does not know what "
            "they need.",
            str(config.cache_dir),
            "pass `--also PATH` with each other repository that uses it, or `--alone` if there is none.",
        )


def refuse_clone(git: GitRepo) -> Iterator[Refusal]:
    """Yield reasons why a clone does not know its whole history."""
    where = str(git.root)
    if git.is_shallow:
        yield Refusal(
            "shallow-clone",
            "This clone is shallow: it lacks earlier pointers and those of most branches.",
            where,
            "run `git fetch --unshallow --tags`, or run gc in a full clone.",
        )
    if is_partial(git):
        yield Refusal(
            "partial-clone",
            "This clone is partial: it lacks earlier pointers.",
            where,
            "make a clone without --filter and run gc there.",
        )
    for tree in work_trees(git):
        if not tree.is_here:
            yield Refusal(
                "missing-work-tree",
                "A linked work tree is missing, so its pointers cannot be read.",
                str(tree.root),
                "restore it, or remove its record with `git worktree prune` (and `git worktree unlock`).",
            )
        journals = sorted(state_folder(tree.root).glob("*.journal"))
        if journals:
            yield Refusal(
                "open-journal",
                f"A change of {journals[0].stem} is unfinished.",
                str(journals[0]),
                f"run `tdmvc -C {tree.root} status`, which finishes the change.",
            )


def refuse_stale(
    git: GitRepo, reachable: Reachable, *, needs_answer: bool, notes: list[str]
) -> Iterator[Refusal]:
    """Yield branches and tags that Git remotes have and this clone lacks.

    Args:
        needs_answer: whether a remote that cannot be reached is a reason too, and not only a note.
    """
    for answer in ask_remotes(git, reachable.commits):
        if isinstance(answer, UnfetchedRefs):
            names = format_names([ref.removeprefix("refs/heads/") for ref in answer.refs], _MOST_NAMED)
            yield Refusal(
                "unfetched-branch",
                f"The Git remote '{answer.remote}' has branches or tags that are not fetched here: {names}.",
                str(git.root),
                f"run `git fetch {answer.remote} '+refs/heads/*:refs/remotes/{answer.remote}/*' --tags`.",
            )
        elif needs_answer:
            yield Refusal(
                "silent-remote",
                f"The Git remote '{answer.remote}' cannot be reached, so this clone may lack other people's branches: "
                f"{answer.why}",
                str(git.root),
                "run gc where it can be reached, or pass --without-origin if you know that everything is fetched.",
            )
        else:
            notes.append(
                f"The Git remote '{answer.remote}' could not be reached, so what others pushed may be missing."
            )


def refuse_unreadable(places: Sequence[FileLocation], root: Path) -> Iterator[Refusal]:
    """Yield the pointer and version files that cannot be read."""
    if places:
        named = "; ".join(str(place) for place in places[:_MOST_NAMED])
        count = f"{len(places)} files" if len(places) > 1 else "A file"
        yield Refusal(
            "unreadable-pointer",
            f"{count} that may name objects cannot be read, so gc does not know what to keep.",
            f"{root}: {named}",
            "correct them, or pass --accept-unknown if objects that only they name can be removed.",
        )


def refuse_missing_listings(workspace: Workspace, needs: NeededObjects) -> Iterator[Refusal]:
    """Yield the listings that are missing everywhere."""
    count = len(needs.missing_listings)
    if count:
        listed = [f"{oid} ({place})" for oid, place in list(needs.missing_listings.items())[:_MOST_NAMED]]
        error = f" {needs.fetch_errors[0]}" if needs.fetch_errors else ""
        yield Refusal(
            "lost-listing",
            f"{plural(count, 'listing')} that pointers name {'is' if count == 1 else 'are'} missing,"
            f" so gc does not know which parts to keep.{error}",
            "; ".join(listed),
            "run `tdmvc pull`, ask whoever added them to run `tdmvc push`, "
            "or pass --accept-unknown if rows that only they list can be removed.",
        )


def _place(root: Path, url: str) -> str:
    """Return a remote's location in a form that can be compared; DVC resolves relative paths from `.dvc`."""
    path = url.removeprefix("file://")
    return url.rstrip("/") if "://" in path else os.path.abspath(root / ".dvc" / path)


def _is_own(git: GitRepo, cache: Path) -> bool:
    """Return whether the cache is inside this clone: in one of its work trees or in its .git."""
    cache = cache.resolve()
    roots = [tree.root.resolve() for tree in work_trees(git)] + [git.common_folder.resolve()]
    return any(cache.is_relative_to(root) for root in roots)
