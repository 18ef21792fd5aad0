"""Knows whether a clone has what others pushed, and whether its history is whole."""

from dataclasses import dataclass

from tdmvc.gitrepo.repository import GitRepo


@dataclass(frozen=True, slots=True)
class UnfetchedRefs:
    """What a Git remote has and this clone does not know."""

    remote: str
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnreachableRemote:
    """A Git remote that did not answer."""

    remote: str
    why: str


def ask_remotes(git: GitRepo, known: set[str]) -> list[UnfetchedRefs | UnreachableRemote]:
    """Ask every Git remote for its branches and tags; return those whose commits are not among `known`.

    A remote-tracking branch may be missing, as in a clone of a single branch, or left
    out by what a fetch asks for; so commits are compared, not names.
    """
    found: list[UnfetchedRefs | UnreachableRemote] = []
    for remote in git.commands.run("remote").split("\n"):
        if not remote:
            continue
        status, output, said = git.commands.ask("ls-remote", "--quiet", "--heads", "--tags", remote)
        if status:
            found.append(UnreachableRemote(remote, said.split("\n")[0] or f"exit code {status}"))
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
    """Tell whether the clone leaves objects at a remote until they are asked for."""
    found = git.commands.try_run(
        "config", "--get-regexp", r"^(remote\..*\.promisor|extensions\.partialclone)$"
    )
    return bool(found and found.strip())


def _is_no_commit(git: GitRepo, sha: str) -> bool:
    """Tell whether a tag is of a tree or a file that is here: refs are looked at wherever they lead."""
    return git.commands.object_id(sha) is not None and git.commands.object_id(f"{sha}^{{commit}}") is None
