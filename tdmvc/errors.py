"""The errors that tdmvc raises, with messages that people can act on, and their exit codes.

A message says *what* went wrong, *where*, and *what to do*. The classes below
are the only exceptions that a package raises on purpose; `cli/main.py` is the only
place that turns them into exit codes. A fault *in the data* is not an error but a
`tdmvc.model.finding.Finding`.
"""

import time
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import ClassVar, Self


def format_names(names: Sequence[str], most: int = 5) -> str:
    """Return the first names as a message lists them, and how many more there are."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


class TdmvcError(Exception):
    """The root of the tree: tdmvc cannot do its work."""

    exit_code: ClassVar[int] = 70

    def __init__(self, what: str, *, where: str = "", remedy: str = "", details: Sequence[str] = ()) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        self.details = tuple(details)
        """Further lines about what happened, such as one for each of many problems."""
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)

    @property
    def lines(self) -> list[str]:
        """What happened, where, and what to do; each may quote a file's text, with its line ends."""
        lines = [self.what, *(f"- {detail}" for detail in self.details)]
        if self.where:
            lines.append(f"Where: {self.where}")
        if self.remedy:
            lines.append(f"Fix: {self.remedy}")
        return lines


class UsageError(TdmvcError):
    """The arguments make no sense, or contradict each other."""

    exit_code = 2

    @classmethod
    def unsupported_url(cls, url: str, known: Sequence[str]) -> "UsageError":
        return cls(
            f"tdmvc does not support this kind of URL: {url}.",
            remedy=f"use {', '.join(known)}, or the path of a file or folder.",
        )


class ConfigError(UsageError):
    """A file that people write (tdmvc.yaml, dataset.yaml, …) is wrong."""

    path: str | None = None
    """The file; None if the fault is in no single file."""
    line: int | None = None
    """Counted from 1; None if the fault has no line."""
    key: str = ""
    revision: str = ""
    """The commit that holds the file; empty if it is on disk."""

    @classmethod
    def at(
        cls, what: str, path: Path | str, *, line: int | None = None, key: str = "", remedy: str = ""
    ) -> Self:
        """Build the message for a fault at a line or key of a file."""
        where = str(path)
        if line is not None:
            where += f", line {line}"
        if key:
            where += f", key '{key}'"
        error = cls(what, where=where, remedy=remedy)
        error.path, error.line, error.key = str(path), line, key
        return error

    def set_revision(self, label: str) -> None:
        """Say that the file is the one at a revision, and not the one on disk."""
        if not self.revision:
            self.revision = label
            self.where += f", at {label}"
            self.args = (self.message,)


class MergeConflictError(ConfigError):
    """A file still has the conflict markers of a merge."""

    @classmethod
    def in_text(cls, path: str, line: int) -> Self:
        remedy = "finish the merge: keep the right lines between the markers, and remove the markers."
        if Path(path).name == "dvc.lock":
            remedy = (
                f"do not merge the output of a pipeline, rebuild it: `git checkout --ours -- {path}`, "
                f"then `dvc repro` and `git add {path}`."
            )
        return cls.at("The file contains Git conflict markers.", path, line=line, remedy=remedy)


class TableConflictError(MergeConflictError):
    """A merge left a table in conflict, and a person has to resolve it first."""

    exit_code = 4

    @classmethod
    def in_pointer(cls, dataset: str, table: str, path: str, line: int) -> Self:
        return cls.at(
            f"The table {table} of {dataset} is in conflict after a merge.",
            path,
            line=line,
            remedy=f"run `tdmvc resolve {dataset}`, which shows what is left to resolve; "
            "or undo the merge with `git merge --abort`, or as `git status` says.",
        )


class UnreadableFileError(ConfigError):
    """A file exists, but cannot be read."""

    @classmethod
    def too_large(cls, path: str, size_bytes: int, most_bytes: int) -> "UnreadableFileError":
        return cls.at(
            f"The file is too large: {size_bytes / 1e6:,.0f} MB. The limit is {most_bytes / 1e6:,.0f} MB.",
            path,
            remedy="move the rows out of it, into a file that it loads, or add them with `tdmvc add`.",
        )

    @classmethod
    def not_utf8(cls, path: str, line: int) -> "UnreadableFileError":
        return cls.at(
            "The file is not valid UTF-8.",
            path,
            line=line,
            remedy="correct that line, and save the file as UTF-8.",
        )

    @classmethod
    def in_conflict(cls, path: str, merge: str) -> "UnreadableFileError":
        return cls.at(
            f"The file is in conflict in {merge}.",
            path,
            remedy="merge the two branches, resolve the conflict, and run the command again.",
        )


class SourceError(UsageError):
    """The rows of a source cannot be read."""

    @classmethod
    def unreadable(cls, path: Path | str, why: str, *, remedy: str = "") -> "SourceError":
        return cls(f"The source cannot be read: {why}", where=str(path), remedy=remedy)

    @classmethod
    def unknown_kind(cls, path: Path | str, known: Iterable[str]) -> "SourceError":
        return cls(
            "tdmvc does not know how to read this source.",
            where=str(path),
            remedy=f"use one of: {', '.join(known)}.",
        )

    @classmethod
    def would_lose(cls, table: str, column: str, why: str, *, remedy: str) -> "SourceError":
        """Build the message for a value that no canonical type can hold exactly."""
        return cls(f"A value would be lost: {why}", where=f"table {table}, column {column}", remedy=remedy)


class NotFoundError(TdmvcError):
    """No such dataset, version, table, release or revision."""

    exit_code = 3

    @classmethod
    def named(
        cls, kind: str, name: str, known: Sequence[str], *, where: str = "", remedy: str = ""
    ) -> "NotFoundError":
        """Build the message for an unknown name, with similar names."""
        remedy = remedy or _suggest(name, known, f"use one of: {_first(known)}.") or _MAKE_FIRST.get(kind, "")
        return cls(f"There is no {kind} '{name}'.", where=where, remedy=remedy)

    @classmethod
    def version(cls, dataset: str, name: str, known: Sequence[str]) -> "NotFoundError":
        """Build the message for an unknown version, with similar versions; `known` begins with the newest."""
        near = [f"{dataset}@{version}" for version in get_close_matches(name, known, n=3, cutoff=0.5)]
        if near:
            remedy = _did_you_mean(near)
        elif known:
            remedy = f"use one of its versions: {_first(known)}."
        else:
            remedy = f"publish one: `tdmvc publish {dataset} 1.0.0`."
        return cls(f"{dataset} has no version '{name}'.", where=dataset, remedy=remedy)

    @classmethod
    def in_conflict(cls, dataset: str, table: str, known: Sequence[str]) -> "NotFoundError":
        """Build the message for a table that is not in conflict; `known` are those that are."""
        remedy = _suggest(table, known, f"resolve one of: {_first(known)}.")
        return cls(
            f"No table '{table}' is in conflict.",
            where=dataset,
            remedy=remedy or f"nothing is left to resolve in {dataset}; see `tdmvc status {dataset}`.",
        )


_MAKE_FIRST = {
    "dataset": "create one: `tdmvc add NAME SOURCE`.",
    "table": "add one: `tdmvc add DATASET SOURCE`.",
    "revision": "commit first: `git add -A && git commit`.",
    "release": "tag one with `git tag`, or name a commit.",
    "remote": "add one: `dvc remote add -d NAME URL`.",
}
"""How to make the first thing of a kind where there is none yet."""


def _suggest(name: str, known: Sequence[str], otherwise: str) -> str:
    """Return a question with names like the unknown one, or the other text; nothing if no name is known."""
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    return _did_you_mean(near) if near else otherwise if known else ""


def _did_you_mean(names: Sequence[str]) -> str:
    return "did you mean " + " or ".join(repr(name) for name in names) + "?"


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")


class LocalWorkError(TdmvcError):
    """The command would overwrite work that is saved nowhere else."""

    exit_code = 4

    @classmethod
    def would_be_lost(cls, dataset: str, tables: Sequence[str]) -> "LocalWorkError":
        return cls(
            f"The working copy of {dataset} has changes that are saved nowhere else.",
            where=f"{dataset}: {', '.join(tables)}",
            remedy=f"save them with `tdmvc add {dataset}`, or discard them with --force.",
        )

    @classmethod
    def not_added(cls, dataset: str, tables: Sequence[str], *, remedy: str) -> "LocalWorkError":
        return cls(
            f"The working copy of {dataset} has edits that were not added.",
            where=f"{dataset}: {', '.join(tables)}",
            remedy=remedy,
        )


class PolicyError(TdmvcError):
    """An environment's policy forbids it."""

    exit_code = 5


class StoreError(TdmvcError):
    """The disk, the cache or a remote cannot be read or written."""

    exit_code = 6

    @classmethod
    def disk(cls, path: Path | str, error: OSError) -> "StoreError":
        """Build the message for a full disk, a read-only folder and the like."""
        return cls(
            f"Cannot write: {error.strerror or error}.",
            where=str(error.filename or path),
            remedy="free some space or fix the permissions, then run the same command again; nothing was changed.",
        )

    @classmethod
    def linked_folder(cls, path: Path | str) -> "StoreError":
        """Build the message for a link through which nothing is written, because it may lead anywhere."""
        return cls(
            "A folder of a dataset is a symbolic link.",
            where=str(path),
            remedy="replace the link with a real folder, then run the command again.",
        )

    @classmethod
    def memory(cls, where: str = "") -> "StoreError":
        """Build the message for rows that need more memory than there is."""
        return cls(
            "The memory of this machine, or of this container, is used up.",
            where=where,
            remedy="check that no file expands to far more rows or longer texts than it should hold; if it is right,"
            " run the command where there is more memory.",
        )

    @classmethod
    def rows_too_large(cls, table: str) -> "StoreError":
        """Build the message for a table whose rows do not fit into the memory, a few parts at a time."""
        return cls(
            f"The rows of {table} are too large for the memory; nothing was changed.",
            where=f"table {table}",
            remedy="check the source: a small file can expand to very many rows or very long texts. If it is right,"
            " raise the limit: TDMVC_MEMORY=8GB; texts of many megabytes are better kept as files.",
        )

    @classmethod
    def remote(cls, remote: str, why: str) -> "StoreError":
        return cls(
            f"The remote '{remote}' failed: {why}",
            where=f"remote {remote}",
            remedy="check its address (`dvc remote list`) and credentials, then run the same command again.",
        )

    @classmethod
    def remote_refused(cls, remote: str, why: str, remedy: str) -> "StoreError":
        """Build the message for a failure whose cause is known."""
        return cls(
            f"The remote '{remote}' failed: {why}.",
            where=f"remote {remote}",
            remedy=f"{remedy}; then run the same command again.",
        )

    @classmethod
    def locked(cls, path: Path | str, waited_seconds: float) -> "StoreError":
        return cls(
            f"Another tdmvc process has kept the lock for over {waited_seconds:.0f} seconds.",
            where=str(path),
            remedy="wait until it ends, or stop it, then run the same command again.",
        )

    @classmethod
    def git_locked(cls, path: Path, since: float, then: str) -> "StoreError":
        """Build the message for a file of Git that another program keeps locked.

        Args:
            path: the lock, such as `.git/index.lock`.
            since: when the lock was taken, in seconds since the epoch.
            then: what to do once it is gone.
        """
        taken = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since))
        return cls(
            f"Git's {path.name.removesuffix('.lock')} has been locked since {taken}:"
            " another program is at work, or a killed one left its lock.",
            where=str(path),
            remedy="wait until other programs that use Git (an editor, another terminal) are done; if there are "
            f"none, remove that file. Then {then}.",
        )


def _dataset_of(owner: str) -> str:
    """Return the dataset of a table that is written as `golden@1.0.0/orders`."""
    return owner.partition("/")[0].partition("@")[0]


class PartError(StoreError):
    """An object or a part is missing or damaged."""

    @classmethod
    def missing(
        cls, name: str, owner: str, looked_in: Sequence[str], *, has_remote: bool | None = None
    ) -> "PartError":
        """Return the error for an object that is in none of the places.

        Args:
            has_remote: whether a remote was asked and does not have it; None if none was asked.
        """
        match has_remote:
            case True:
                remedy = "ask whoever added it to run `tdmvc push`, then run `tdmvc pull`."
            case False:
                remedy = (
                    "add the remote to which it was pushed: `dvc remote add -d NAME URL`, then run `tdmvc pull`; "
                    "or ask whoever added it to run `tdmvc push`."
                )
            case None:
                remedy = "run `tdmvc pull`, or ask whoever added it to run `tdmvc push`."
        return cls(
            f"Part {name[:12]}… of {owner} is missing.",
            where="looked in " + ", ".join(looked_in),
            remedy=remedy,
        )

    @classmethod
    def damaged(cls, path: Path | str, owner: str, why: str) -> "DamagedPartError":
        return DamagedPartError(
            f"A part of {owner} is damaged: {why}",
            where=str(path),
            remedy="run `tdmvc pull` to fetch a good copy; the damaged one was set aside and is never used.",
        )

    @classmethod
    def arrived_damaged(cls, oid: str, owner: str, remote: str) -> "DamagedPartError":
        """Build the message for an object that a remote has damaged, and no other one whole."""
        dataset = owner.partition("/")[0].partition("@")[0]
        return DamagedPartError(
            f"A part of {owner} is damaged on the remote '{remote}': its bytes do not match its name (md5).",
            where=f"{remote}: files/md5/{oid[:2]}/{oid[2:]}",
            remedy=f"delete that object on the remote, run `tdmvc push {dataset}` in a clone that has these rows, then "
            "run the same command again. What arrived was set aside and is never used.",
        )

    @classmethod
    def set_aside(
        cls, name: str, owner: str, aside: Path | str, looked_in: Sequence[str]
    ) -> "DamagedPartError":
        return DamagedPartError(
            f"Part {name[:12]}… of {owner} is damaged and in quarantine, and there is no good copy.",
            where=f"{aside}; looked in " + ", ".join(looked_in),
            remedy="ask whoever added it to run `tdmvc push`, then run `tdmvc pull`.",
        )

    @classmethod
    def mislabelled(cls, name: str, path: Path | str, owner: str) -> "MislabelledPartError":
        dataset = _dataset_of(owner)
        return MislabelledPartError(
            f"Part {name[:12]}… of {owner} does not hold the rows that its name stands for: its file was rewritten "
            "in place, or its listing is forged.",
            where=str(path),
            remedy="it is not used. To keep its rows, add them from the table's folder: "
            f"`tdmvc add {dataset} FOLDER`; to get the old rows back, restore the pointer with Git.",
        )

    @classmethod
    def empty(cls, owner: str) -> "PartError":
        dataset = _dataset_of(owner)
        return cls(
            f"The listing of {owner} names no part, and no contract says which columns the table has.",
            where=owner,
            remedy=f"restore the pointer with Git, or add the table again: `tdmvc add {dataset} SOURCE`.",
        )

    @classmethod
    def mixed(cls, path: Path | str, owner: str, difference: str) -> "PartError":
        dataset = _dataset_of(owner)
        return cls(
            f"The parts of {owner} do not belong to one table: {difference}.",
            where=str(path),
            remedy="its listing was merged or edited by hand: restore the pointer with Git, or add the whole table "
            f"again from its source: `tdmvc add {dataset} SOURCE`.",
        )

    @classmethod
    def hostile_listing(cls, path: Path | str, entry: str) -> "PartError":
        return cls(
            f"A listing names a file that cannot belong to a table: {entry!r}.",
            where=str(path),
            remedy="do not trust this pointer: find out where it comes from. Nothing was written.",
        )


class DamagedPartError(PartError):
    """An object exists, but its bytes do not match its name."""


class MislabelledPartError(DamagedPartError):
    """A part has the bytes that its listing names, but other rows than its name stands for."""


class HostError(TdmvcError):
    """GitHub or GitLab cannot be reached, or refuses a request."""

    exit_code = 6

    @classmethod
    def unreachable(cls, url: str, why: str) -> Self:
        return cls(
            f"The host does not answer: {why}.",
            where=url,
            remedy="try again later; if it is your own server, check the address, the certificate and the proxy.",
        )

    @classmethod
    def refused(cls, what: str, url: str, *, status: int, reason: str, remedy: str) -> Self:
        """Build the message for a refusal; `reason` is the text of the host's answer."""
        return cls(f"{what} (HTTP {status}{': ' + reason if reason else ''}).", where=url, remedy=remedy)

    @classmethod
    def rate_limited(cls, url: str, wait_seconds: float) -> "HostError":
        return cls(
            f"The rate limit of the host is reached: it accepts no requests for {wait_seconds:.0f} seconds.",
            where=url,
            remedy="run the job again later, or share the token among fewer jobs.",
        )

    @classmethod
    def elsewhere(cls, url: str, host: str) -> "HostError":
        return cls(
            f"The host redirects to another host ({host}), which must not get the token.",
            where=url,
            remedy="set the address of the API itself; nothing was sent to the other host.",
        )


class HostUnavailableError(HostError):
    """The host failed during a request, which it may or may not have carried out."""


class ReadOnlyTokenError(HostError):
    """The token is read-only, as in runs for forks; the run cannot change that."""


class TextTooLongError(HostError):
    """The text is longer than the host accepts."""

    @classmethod
    def over(cls, limit: int, length: int, url: str) -> "TextTooLongError":
        return cls(
            f"The text has {length:,} characters; the host accepts at most {limit:,}.",
            where=url,
            remedy="upload the whole text as an artifact of the run, and post a shorter one.",
        )


class DatabaseError(TdmvcError):
    """A database cannot be opened, loaded or reset."""

    exit_code = 7

    @classmethod
    def no_driver(cls, product: str, extra: str, error: ImportError) -> "DatabaseError":
        """Build the message for an optional install that is missing."""
        return cls(
            f"{product} needs a driver that is not installed: {error.name or error}.",
            remedy=f"run `pip install 'tdmvc[{extra}]'`.",
        )


class MigrationsError(ConfigError):
    """A migration folder cannot be understood; the message names the file and the reason."""
