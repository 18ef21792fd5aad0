"""The root of the errors, and those that most commands can raise."""

import errno
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import ClassVar


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


_MAKE_FIRST = {
    "dataset": "create one: `tdmvc add NAME SOURCE`.",
    "table": "add one: `tdmvc add DATASET SOURCE`.",
    "revision": "commit first: `git add -A && git commit`.",
    "release": "tag one with `git tag`, or name a commit.",
    "remote": "add one: `dvc remote add -d NAME URL`.",
}


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


def near_name(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown name, with the known name that is most like it; else nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a question with the known word that is most like an unknown one, or the other text."""
    near = get_close_matches(word, list(known), n=1)
    return _did_you_mean(near) if near else otherwise


def _suggest(name: str, known: Sequence[str], otherwise: str) -> str:
    """Return a question with names like the unknown one, or the other text; nothing if no name is known."""
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    return _did_you_mean(near) if near else otherwise if known else ""


def _did_you_mean(names: Sequence[str]) -> str:
    return "did you mean " + " or ".join(repr(str(name)) for name in names) + "?"


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


class InvalidRowsError(TdmvcError):
    """Rows break their contract, and nobody said that they are wanted all the same."""

    exit_code = 1


class PolicyError(TdmvcError):
    """An environment's policy forbids it."""

    exit_code = 5


class DatabaseError(TdmvcError):
    """A database cannot be opened, loaded or reset."""

    exit_code = 7

    @classmethod
    def no_driver(cls, engine: str, extra: str, error: ImportError) -> "DatabaseError":
        """Build the message for an optional install that is missing."""
        return cls(
            f"{engine} needs a driver that is not installed: {error.name or error}.",
            remedy=f"run `pip install 'tdmvc[{extra}]'`.",
        )

    @classmethod
    def disk(
        cls, what: str, path: Path | str, error: OSError, *, variable: str = "", also: str = ""
    ) -> "DatabaseError":
        """Build the message for a full disk, a folder that this user may not write to, and the like.

        Args:
            what: what cannot be done: `The database cannot be written`.
            variable: the one that names another folder, if there is one: `TMPDIR`.
            also: what else there is to say, such as what was not changed.
        """
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        if variable:
            remedy = another_folder(variable, is_full=is_full)
        else:
            remedy = "use a folder that you can write to and that has room."
        return cls(
            f"{what}: {error.strerror or error}.",
            where=str(path),
            remedy=f"{remedy.rstrip('.')}; {also}" if also else remedy,
        )


_FOLDERS = {"TMPDIR": "temporary files", "XDG_CACHE_HOME": "caches"}
"""What people keep in the folder that a variable names."""


def another_folder(variable: str, *, is_full: bool = True) -> str:
    """Return what to do about a folder that has no room, or that cannot be written.

    Args:
        variable: the one that names another folder.
    """
    first = "free some space there" if is_full else "let this user write there"
    return f"{first}, or name another folder for {_FOLDERS[variable]} in the variable {variable}."
