"""Knows which commits touched a dataset's files, and in which order they came."""

import posixpath
from collections.abc import Sequence

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.history import Commit

_FORMAT = "%H%x00%P%x00%aN%x00%aI%x00%ct%x00%s"
_FIELDS = 6


def read_commits(git: GitRepo, revisions: Sequence[str], paths: Sequence[str]) -> list[Commit]:
    """Return the commits that touched the paths, children before their parents, newest first.

    Their parents are the nearest ancestors that touched the paths, too. Where a merge took one
    side's files as they are, only that side is followed, as `git log -- PATH` does. Cost: one
    process, whatever the length of the history.

    Args:
        revisions: resolved commits; with `^` before those whose past is left out.
    """
    said = git.commands.run(
        "log",
        "-z",
        "--parents",
        "--date-order",
        "--no-follow",
        f"--format={_FORMAT}",
        *revisions,
        "--",
        *(path or "." for path in paths),
    )
    fields = said.split("\0")
    # Each record is ended by a NUL, or parted by one, by the release of Git; a subject holds none.
    commits = []
    for start in range(0, len(fields) - _FIELDS + 1, _FIELDS):
        sha, parents, author, when, committed, subject = fields[start : start + _FIELDS]
        commits.append(Commit(sha, tuple(parents.split()), author, when, int(committed), subject))
    return commits


def resolve_range(git: GitRepo, text: str | None) -> list[str]:
    """Return what `REV`, `A..B` or `A...B` names, as words for `read_commits`.

    Raises:
        NotFoundError: there is no such revision, or no commit at all yet.
    """
    if text is None:
        head = git.head()
        if head is None:
            raise NotFoundError(
                "There is no commit yet.", where=str(git.root), remedy="commit: `git add -A && git commit`."
            )
        return [head]
    for dots in ("...", ".."):
        left, sign, right = text.partition(dots)
        if sign:
            old, new = git.resolve(left or "HEAD"), git.resolve(right or "HEAD")
            if dots == "..":
                return [new, f"^{old}"]
            return [old, new, f"^{git.merge_base(old, new)}"]
    return [git.resolve(text)]


def shallow_commits(git: GitRepo) -> frozenset[str]:
    """Return the commits at which a shallow clone's history is cut off."""
    if not git.is_shallow:
        return frozenset()
    path = git.root / git.commands.run("rev-parse", "--git-path", "shallow").rstrip("\n")
    try:
        return frozenset(path.read_text("ascii").split())
    except OSError:
        return frozenset()


def parse_date(git: GitRepo, option: str, text: str) -> int:
    """Return seconds since 1970 of a date as Git reads it: `2026-01-31`, `2 weeks ago`.

    Raises:
        UsageError: it is empty.
    """
    if not text.strip() or "\n" in text:
        raise UsageError(f"{option} needs a date.", remedy="write 2026-01-31, or '2 weeks ago'.")
    said = git.commands.run("rev-parse", f"--since={text}").strip()
    return int(said.rpartition("=")[2])


def watched_paths(dataset_folder: str) -> list[str]:
    """Return what a dataset's tables depend on: its folder, and the pipelines above it."""
    return [dataset_folder, *stage_files(dataset_folder)]


def stage_files(dataset_folder: str) -> list[str]:
    """Return every dvc.yaml and dvc.lock that may own a table of the dataset, those outside its folder."""
    parts = [part for part in dataset_folder.split("/") if part not in ("", ".")]
    places = ["/".join(parts[:depth]) for depth in range(len(parts))]
    return [posixpath.join(place, name) for place in places for name in ("dvc.yaml", "dvc.lock")]
