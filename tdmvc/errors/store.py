"""Errors of the store: parts that are missing or damaged, disks and remotes."""

import time
from collections.abc import Sequence
from pathlib import Path

from tdmvc.errors.base import TdmvcError


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
