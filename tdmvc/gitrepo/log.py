"""The commits that changed given paths, in order, and what a range or a date means to Git."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.history import Commit

_FORMAT = "%H%x00%P%x00%aN%x00%aI%x00%ct%x00%s"
_FIELDS = 6
_NO_FILE = "000000"


def read_commits(git: GitRepo, revisions: Sequence[str], paths: Sequence[str]) -> list[Commit]:
    """Return the commits that changed the paths, children before their parents, newest first.

    Their parents are the nearest ancestors that also changed the paths. If a merge took one side's
    files unchanged, only that side is followed, as in `git log -- PATH`. Cost: one process.

    Args:
        revisions: resolved commits; those that begin with `^` are left out with their ancestors.
    """
    output = git.commands.run(
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
    fields = output.split("\0")
    # A NUL ends or separates the records, depending on the release of Git; a subject contains none.
    commits = []
    for start in range(0, len(fields) - _FIELDS + 1, _FIELDS):
        sha, parents, author, when, committed, subject = fields[start : start + _FIELDS]
        commits.append(Commit(sha, tuple(parents.split()), author, when, int(committed), subject))
    return commits


def read_commit_times(git: GitRepo, commits: Sequence[str]) -> dict[str, int]:
    """Return when each commit was committed, in seconds since 1970. Cost: one process.

    Args:
        commits: resolved commits, at least one.
    """
    output = git.commands.run("log", "--no-walk=unsorted", "--format=%H %ct", *dict.fromkeys(commits), "--")
    return {sha: int(seconds) for sha, seconds in (line.split() for line in output.splitlines())}


def count_commits(git: GitRepo, older: str, newer: str) -> int:
    """Return how many ancestors of a commit, itself included, are not ancestors of another one."""
    return int(git.commands.run("rev-list", "--count", newer, f"^{older}", "--"))


@dataclass(frozen=True, slots=True)
class Addition:
    """A file that a commit added: none of the commit's parents has a file at its path."""

    commit: str
    path: str
    blob: str


def read_additions(git: GitRepo, revisions: Sequence[str], paths: Sequence[str]) -> list[Addition]:
    """Return the files that commits added below the paths, parents before their children. Cost: one process.

    Every side of every merge is followed. A shallow clone's oldest commits add all of their files.

    Args:
        revisions: resolved commits.
    """
    if not revisions or not paths:
        return []
    output = git.commands.run(
        *("log", "--raw", "-c", "-z", "--abbrev=64", "--no-renames", "--full-history", "--topo-order"),
        *("--reverse", "--root", "--format=%x00%H", *revisions, "--", *paths),
    )
    found: list[Addition] = []
    commit = ""
    fields = iter(output.split("\0"))
    for field in fields:
        facts = field.lstrip("\n")
        if not facts.startswith(":"):
            commit = facts or commit
            continue
        parents = len(facts) - len(facts.lstrip(":"))
        words = facts.lstrip(":").split(" ")
        path = next(fields)
        if all(mode == _NO_FILE for mode in words[:parents]) and words[parents] != _NO_FILE:
            found.append(Addition(commit, path, words[2 * parents + 1]))
    return found


def resolve_range(git: GitRepo, text: str | None) -> list[str]:
    """Return `REV`, `A..B` or `A...B` as revisions for `read_commits`.

    Raises:
        NotFoundError: there is no such revision, or no commit yet.
    """
    if text is None:
        head = git.head()
        if head is None:
            raise NotFoundError(
                "There is no commit yet.",
                where=str(git.root),
                remedy="make one with `git add -A && git commit`.",
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
    """Return the commits at which a shallow clone's history ends."""
    if not git.is_shallow:
        return frozenset()
    path = git.own_paths("shallow")[0]
    try:
        return frozenset(path.read_text("ascii").split())
    except OSError:
        return frozenset()


def parse_date(git: GitRepo, option: str, text: str) -> int:
    """Return a date that Git accepts, such as `2026-01-31` or `2 weeks ago`, in seconds since 1970.

    Raises:
        UsageError: it is empty.
    """
    if not text.strip() or "\n" in text:
        raise UsageError(f"{option} needs a date.", remedy="write 2026-01-31, or '2 weeks ago'.")
    output = git.commands.run("rev-parse", f"--since={text}").strip()
    return int(output.rpartition("=")[2])


def watched_paths(dataset_folder: str) -> list[str]:
    """Return the paths on which a dataset's tables depend: its folder, and the pipelines above it."""
    return [dataset_folder, *stage_files(dataset_folder)]


def stage_files(dataset_folder: str) -> list[str]:
    """Return every dvc.yaml and dvc.lock above the dataset's folder that may define one of its tables."""
    parts = [part for part in dataset_folder.split("/") if part not in ("", ".")]
    places = ["/".join(parts[:depth]) for depth in range(len(parts))]
    return [posixpath.join(place, name) for place in places for name in ("dvc.yaml", "dvc.lock")]
