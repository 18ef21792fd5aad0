"""What is known of files by looking at their inode: which md5 they have, how many rows.

A memory, never a truth: it may be deleted at any time, and a file is believed
only while its inode, size and both times are what they were when it was hashed.
"""

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists seen (path text primary key, stamp text not null, md5 text not null) without rowid;
create table if not exists fact (md5 text primary key, rows integer not null) without rowid;
create table if not exists laid (path text primary key, oid text not null) without rowid;
create table if not exists made (oid text primary key, path text not null) without rowid;
create table if not exists pushed (remote text, oid text, primary key (remote, oid)) without rowid;
"""
_TICK_NS = 20_000_000
"""Two writes closer than this may carry one time stamp; such a file is not believed."""
_BLOCK_BYTES = 1 << 20


def md5_of_file(path: Path) -> str:
    """Return the md5 of a file's bytes. Cost: one read."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


class FileIndex:
    """Memory of file hashes and part facts, shared by all processes of a repository."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pending: dict[str, tuple[str, str]] = {}
        self._believed: dict[str, tuple[Any, ...]] = {}
        """What this process has read of the file, so that a second question costs a stat only."""
        self._facts: dict[str, int] = {}
        self._connection: sqlite3.Connection | None = None
        self._is_broken = False

    def md5(self, path: Path) -> str:
        """Return a file's md5, from memory where the file has not changed since.

        Raises:
            OSError: the file cannot be read.
        """
        stamp = _stamp(path)
        row = self._believed.get(str(path)) or self._one(
            "select stamp, md5 from seen where path = ?", str(path)
        )
        if row and row[0] == stamp:
            self._believed[str(path)] = row
            return str(row[1])
        # A write after our reading, within the tick of the last one, would leave no trace.
        is_settled = _is_settled(stamp)
        md5 = md5_of_file(path)
        if is_settled and _stamp(path) == stamp:
            self._pending[str(path)] = (stamp, md5)
        return md5

    def remember(self, path: Path, md5: str) -> None:
        """Note the md5 of a file that was just written and read by nobody else."""
        with contextlib.suppress(OSError):
            self._pending[str(path)] = (_stamp(path), md5)

    def rows(self, md5: str) -> int | None:
        """Return how many rows the object holds, if that is known."""
        if md5 in self._facts:
            return self._facts[md5]
        row = self._one("select rows from fact where md5 = ?", md5)
        return int(row[0]) if row else None

    def remember_rows(self, md5: str, rows: int) -> None:
        self._facts[md5] = rows

    def laid(self, folder: str) -> str | None:
        """Return which listing was last laid into a folder, named from the root, if that is known."""
        row = self._one("select oid from laid where path = ?", folder)
        return str(row[0]) if row else None

    def remember_laid(self, folder: str, oid: str | None) -> None:
        """Note which listing a folder holds now; None forgets it."""
        connection = self._open()
        if connection is None:
            return
        with contextlib.suppress(sqlite3.Error), connection:
            connection.execute("delete from laid where path = ?", (folder,))
            if oid is not None:
                connection.execute("insert into laid values (?, ?)", (folder, oid))

    def remember_made(self, folder: str, oid: str) -> None:
        """Note which table's folder, named from the root, a listing was first written for."""
        connection = self._open()
        if connection is None:
            return
        with contextlib.suppress(sqlite3.Error), connection:
            connection.execute("insert or ignore into made values (?, ?)", (oid, folder))

    def made(self) -> dict[str, str]:
        """Return the table's folder of every listing that this clone has written."""
        connection = self._open()
        if connection is None:
            return {}
        try:
            return {str(oid): str(path) for oid, path in connection.execute("select oid, path from made")}
        except sqlite3.Error:
            return {}

    def renew(self, path: Path, *, after_seconds: float) -> None:
        """Give a file that was not touched for so long the present time; what is known of it stays known."""
        try:
            before = _stamp(path)
            if time.time() - path.stat().st_mtime < after_seconds:
                return
            row = self._believed.get(str(path)) or self._one(
                "select stamp, md5 from seen where path = ?", str(path)
            )
            os.utime(path)
        except OSError:
            return  # another user's file, in a cache that is shared
        if row and row[0] == before:
            self.remember(path, str(row[1]))

    def pushed(self, remote: str) -> set[str]:
        """Return the objects that this clone has seen on a remote."""
        connection = self._open()
        if connection is None:
            return set()
        try:
            return {
                str(r[0]) for r in connection.execute("select oid from pushed where remote = ?", (remote,))
            }
        except sqlite3.Error:
            return set()

    def remember_pushed(self, remote: str, oids: Iterable[str], *, is_there: bool = True) -> None:
        """Note that objects were seen on a remote, or were not."""
        connection = self._open()
        if connection is None:
            return
        verb = (
            "insert or ignore into pushed values (?, ?)"
            if is_there
            else "delete from pushed where remote=? and oid=?"
        )
        try:
            with connection:
                connection.executemany(verb, [(remote, oid) for oid in oids])
        except sqlite3.Error:
            pass

    def save(self) -> None:
        """Write down what was learnt. Losing it costs time, not data, so no error leaves here."""
        if not self._pending and not self._facts:
            return
        connection = self._open()
        if connection is None:
            return
        rows = [
            (path, stamp, md5)
            for path, (stamp, md5) in self._pending.items()
            if _is_settled(stamp) and _is_still(path, stamp)
        ]
        try:
            with connection:
                connection.executemany("insert or replace into seen values (?, ?, ?)", rows)
                connection.executemany("insert or replace into fact values (?, ?)", list(self._facts.items()))
        except sqlite3.Error:
            return
        self._pending.clear()
        self._facts.clear()

    def close(self) -> None:
        """Save and let go of the file."""
        self.save()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _one(self, query: str, value: str) -> tuple[Any, ...] | None:
        connection = self._open()
        if connection is None:
            return None
        try:
            row: tuple[Any, ...] | None = connection.execute(query, (value,)).fetchone()
        except sqlite3.Error as error:
            self._forget(error)
            return None
        return row

    def _open(self) -> "sqlite3.Connection | None":
        if self._connection is None and not self._is_broken:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._connection = sqlite3.connect(self._path, timeout=5, check_same_thread=False)
                self._connection.execute("pragma synchronous = off")
                self._connection.executescript(_SCHEMA)
            except (sqlite3.Error, OSError) as error:
                # A read-only folder has no memory.
                self._is_broken = True
                self._forget(error)
        return None if self._is_broken else self._connection

    def _forget(self, error: Exception) -> None:
        """Do without a damaged memory, and make room for a new one."""
        # An OperationalError (locked, read-only) says nothing against the file.
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            self._is_broken = True
            with contextlib.suppress(OSError):
                self._path.unlink()


def _stamp(path: Path) -> str:
    stat = os.stat(path)
    newest = max(stat.st_mtime_ns, stat.st_ctime_ns)
    return f"{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{newest}"


def _is_settled(stamp: str) -> bool:
    """Tell whether a write from now on would change the stamp."""
    return time.time_ns() - int(stamp.rsplit(":", 1)[1]) > _TICK_NS


def _is_still(path: str, stamp: str) -> bool:
    try:
        return _stamp(Path(path)) == stamp
    except OSError:
        return False
