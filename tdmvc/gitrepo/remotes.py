"""Whether a clone has everything that its Git remotes have, and whether its history is complete."""

from dataclasses import dataclass

from tdmvc.gitrepo.repository import GitRepo


@dataclass(frozen=True, slots=True)
class UnfetchedRefs:
    """Branches and tags of a Git remote that this clone has not fetched."""

    remote: str
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnreachableRemote:
    """A Git remote that could not be reached."""

    remote: str
    why: str


def ask_remotes(git: GitRepo, known: set[str]) -> list[UnfetchedRefs | UnreachableRemote]:
    """Ask every Git remote for its branches and tags; return those whose commits are not in `known`.

    Commits are compared instead of names, because a single-branch clone or a fetch refspec may
    leave out remote-tracking branches.
    """
    found: list[UnfetchedRefs | UnreachableRemote] = []
    for remote in git.commands.run("remote").split("\n"):
        if not remote:
            continue
        status, output, message = git.commands.ask("ls-remote", "--quiet", "--heads", "--tags", remote)
        if status:
            found.append(UnreachableRemote(remote, message.split("\n")[0] or f"exit code {status}"))
            continue
        tips: dict[str, str] = {}
        for line in output.decode("utf-8", "surrogateescape").split("\n"):
            sha, _, ref = line.partition("\t")
            if ref:
                # The commit of an annotated tag follows the tag itself.
                tips[ref.removesuffix("^{}")] = sha
        missing = [ref for ref, sha in tips.items() if sha not in known and not _is_no_commit(git, sha)]
        if missing:
            found.append(UnfetchedRefs(remote, tuple(sorted(missing))))
    return found


def is_partial(git: GitRepo) -> bool:
    """Return whether the clone fetches objects from a remote only on demand."""
    found = git.commands.try_run(
        "config", "--get-regexp", r"^(remote\..*\.promisor|extensions\.partialclone)$"
    )
    return bool(found and found.strip())


def _is_no_commit(git: GitRepo, sha: str) -> bool:
    """Return whether an object is here and is a tree or a blob, which some tags name."""
    return git.commands.object_id(sha) is not None and git.commands.object_id(f"{sha}^{{commit}}") is None
