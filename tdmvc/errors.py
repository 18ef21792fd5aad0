"""What can go wrong, in words a person can act on, and the exit code of each.

A message says *what* went wrong, *where*, and *what to do*. The classes below
are the only exceptions that cross a room's door; `cli/main.py` is the only place
that turns them into exit codes. A fault *in the data* is not an error but a
`tdmvc.model.finding.Finding`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Self


class TdmvcError(Exception):
    """The root: tdmvc cannot do what was asked."""

    exit_code: ClassVar[int] = 70

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """What, where and what to do, a line each."""
        lines = [self.what]
        if self.where:
            lines.append(f"Where: {self.where}")
        if self.remedy:
            lines.append(f"Fix: {self.remedy}")
        return "\n".join(lines)


class UsageError(TdmvcError):
    """The words of the call do not make sense."""

    exit_code = 2

    @classmethod
    def unsupported_url(cls, url: str, known: Sequence[str]) -> "UsageError":
        return cls(
            f"tdmvc does not support this kind of URL: {url}.",
            remedy=f"use {', '.join(known)}, or the path of a file or folder.",
        )


class ConfigError(UsageError):
    """A file that people write (tdmvc.yaml, dataset.yaml, …) is wrong."""

    line: int | None = None
    """Counted from 1; None where the fault has no line."""

    @classmethod
    def at(
        cls, what: str, path: Path | str, *, line: int | None = None, key: str = "", remedy: str = ""
    ) -> "ConfigError":
        """Build the message for a fault at a line or key of a file."""
        where = str(path)
        if line is not None:
            where += f", line {line}"
        if key:
            where += f", key '{key}'"
        error = cls(what, where=where, remedy=remedy)
        error.line = line
        return error


class MergeConflictError(ConfigError):
    """A file holds what two branches say, and a person has not decided yet."""

    @classmethod
    def in_text(cls, path: str, line: int) -> Self:
        remedy = "finish the merge: keep what is right between the markers, and remove them."
        if Path(path).name == "dvc.lock":
            remedy = (
                f"rows that a pipeline makes are made again, not merged: `git checkout --ours -- {path}`, "
                f"then `dvc repro` and `git add {path}`."
            )
        return cls("The file holds Git conflict markers.", where=f"{path}, line {line}", remedy=remedy)


class TableConflictError(MergeConflictError):
    """A merge left two states of a table, and a person has to decide first."""

    exit_code = 4

    @classmethod
    def in_pointer(cls, dataset: str, table: str, path: str, line: int) -> Self:
        return cls(
            f"The table {table} of {dataset} is in conflict: a merge left two states of it.",
            where=f"{path}, line {line}",
            remedy=f"settle it with `tdmvc resolve {dataset}`, which shows what is left; "
            "or take the merge back with `git merge --abort` or what `git status` says.",
        )


class UnreadableFileError(ConfigError):
    """A file of a tree is there and is not read."""

    @classmethod
    def too_large(cls, path: str, size_bytes: int, most_bytes: int) -> "UnreadableFileError":
        return cls(
            f"The file has {size_bytes / 1e6:,.0f} MB, and no more than {most_bytes / 1e6:,.0f} MB are read of one.",
            where=path,
            remedy="keep rows out of it: load them from a file of their own, or with `tdmvc add`.",
        )

    @classmethod
    def in_conflict(cls, path: str, merge: str) -> "UnreadableFileError":
        return cls(
            f"The file is in conflict in {merge}.",
            where=path,
            remedy="merge the two branches and settle the conflict; then ask again.",
        )


class SourceError(UsageError):
    """Rows cannot be read from where they were said to be."""

    @classmethod
    def unreadable(cls, path: Path | str, why: str, *, remedy: str = "") -> "SourceError":
        return cls(f"The source cannot be read: {why}", where=str(path), remedy=remedy)

    @classmethod
    def unknown_kind(cls, path: Path | str, known: Iterable[str]) -> "SourceError":
        return cls(
            "tdmvc does not know how to read this source.",
            where=str(path),
            remedy=f"give one of: {', '.join(known)}.",
        )

    @classmethod
    def would_lose(cls, table: str, column: str, why: str, *, remedy: str) -> "SourceError":
        """A value cannot be kept exactly in any canonical type."""
        return cls(f"A value would be lost: {why}", where=f"table {table}, column {column}", remedy=remedy)


class NotFoundError(TdmvcError):
    """No such dataset, version, table, release or revision."""

    exit_code = 3

    @classmethod
    def named(
        cls, kind: str, name: str, known: Sequence[str], *, where: str = "", remedy: str = ""
    ) -> "NotFoundError":
        """Build the message for an unknown name, with near ones."""
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=3, cutoff=0.5)
        if not remedy:
            if near:
                remedy = "did you mean " + " or ".join(repr(n) for n in near) + "?"
            elif known:
                shown = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
                remedy = f"known: {shown}."
            else:
                remedy = f"there is no {kind} here yet."
        return cls(f"There is no {kind} '{name}'.", where=where, remedy=remedy)


class LocalWorkError(TdmvcError):
    """Going on would overwrite work that is kept nowhere else."""

    exit_code = 4

    @classmethod
    def would_be_lost(cls, dataset: str, tables: Sequence[str]) -> "LocalWorkError":
        return cls(
            f"The working copy of {dataset} holds changes that no version and no pointer keeps.",
            where=f"{dataset}: {', '.join(tables)}",
            remedy=f"keep them with `tdmvc add {dataset}`, or throw them away with --force.",
        )


class PolicyError(TdmvcError):
    """An environment's policy forbids it."""

    exit_code = 5


class StoreError(TdmvcError):
    """The store cannot give or take bytes: disk, cache or remote."""

    exit_code = 6

    @classmethod
    def disk(cls, path: Path | str, error: OSError) -> "StoreError":
        """Build the message for a full disk, a read-only folder and their kin."""
        return cls(
            f"Cannot write: {error.strerror or error}.",
            where=str(error.filename or path),
            remedy="free some space or mend the permissions, then run the same command again; nothing was changed.",
        )

    @classmethod
    def remote(cls, remote: str, why: str) -> "StoreError":
        return cls(
            f"The remote '{remote}' did not do its part: {why}",
            where=f"remote {remote}",
            remedy="check `dvc remote list` and its credentials, then run the same command again.",
        )

    @classmethod
    def locked(cls, path: Path | str, waited_seconds: float) -> "StoreError":
        return cls(
            f"Another tdmvc process has held the lock for over {waited_seconds:.0f} seconds.",
            where=str(path),
            remedy="wait for it to end, or end it, then run the same command again.",
        )


class PartError(StoreError):
    """An object or a part is missing, damaged or not what it says it is."""

    @classmethod
    def missing(cls, name: str, owner: str, looked_in: Sequence[str]) -> "PartError":
        return cls(
            f"Part {name[:12]}… of {owner} is not here.",
            where="looked in " + ", ".join(looked_in),
            remedy="run `tdmvc pull`, or ask whoever added it to run `tdmvc push`.",
        )

    @classmethod
    def damaged(cls, path: Path | str, owner: str, why: str) -> "DamagedPartError":
        return DamagedPartError(
            f"A part of {owner} is damaged: {why}",
            where=str(path),
            remedy="run `tdmvc pull` to fetch a good copy; the damaged one was set aside and is never used.",
        )

    @classmethod
    def set_aside(
        cls, name: str, owner: str, aside: Path | str, looked_in: Sequence[str]
    ) -> "DamagedPartError":
        return DamagedPartError(
            f"Part {name[:12]}… of {owner} was damaged and set aside, and no good copy is here.",
            where=f"{aside}; looked in " + ", ".join(looked_in),
            remedy="run `tdmvc pull`, or ask whoever added it to run `tdmvc push`.",
        )

    @classmethod
    def hostile_listing(cls, path: Path | str, entry: str) -> "PartError":
        return cls(
            f"A listing names a file that no table may hold: {entry!r}.",
            where=str(path),
            remedy="do not trust this pointer; ask where it comes from. Nothing was written.",
        )


class DamagedPartError(PartError):
    """An object is here and its bytes are not what its name says."""


class HostError(TdmvcError):
    """GitHub or GitLab cannot be reached, or does not do what it was asked."""

    exit_code = 6

    @classmethod
    def unreachable(cls, url: str, why: str) -> Self:
        return cls(
            f"The host does not answer: {why}.",
            where=url,
            remedy="try again later; if it is your own server, check its address, certificate and proxy.",
        )

    @classmethod
    def refused(cls, what: str, url: str, *, status: int, said: str, remedy: str) -> Self:
        """Build the message for an answer that is a no; `said` is the host's own word for it."""
        return cls(f"{what} (HTTP {status}{': ' + said if said else ''}).", where=url, remedy=remedy)

    @classmethod
    def rate_limited(cls, url: str, wait_seconds: float) -> "HostError":
        return cls(
            f"The host takes no more requests for {wait_seconds:.0f} seconds: its rate limit is reached.",
            where=url,
            remedy="run the same job again later, or let fewer jobs share one token.",
        )

    @classmethod
    def elsewhere(cls, url: str, host: str) -> "HostError":
        return cls(
            f"The host sends us to another one ({host}), which must not see the token.",
            where=url,
            remedy="give the address of the API itself; nothing was sent to the other host.",
        )


class HostUnavailableError(HostError):
    """The host failed while it was asked: whether it did what was asked is not known."""


class ReadOnlyTokenError(HostError):
    """The token may not write, as in every run for a fork: nobody's fault, and not to be mended in that run."""


class TextTooLongError(HostError):
    """The host does not take a text of this length."""

    @classmethod
    def over(cls, limit: int, length: int, url: str) -> "TextTooLongError":
        return cls(
            f"The text has {length:,} characters, and the host takes {limit:,}.",
            where=url,
            remedy="keep the whole text as an artifact of the run and post a shorter one.",
        )


class DatabaseError(TdmvcError):
    """A database cannot be opened, loaded or reset."""

    exit_code = 7


class MigrationsError(ConfigError):
    """A migration folder cannot be understood; says which file and why."""
