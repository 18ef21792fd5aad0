"""A cache of facts about files: their md5, how many rows they have, and the content hash of the rows.

It may be deleted at any time. An entry is valid only while the file's inode, size and both times
are the same as when it was hashed.
"""

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists seen (path text primary key, stamp text not null, md5 text not null) without rowid;
create table if not exists fact (md5 text primary key, rows integer not null) without rowid;
create table if not exists laid (path text primary key, oid text not null) without rowid;
create table if not exists made (oid text primary key, path text not null) without rowid;
create table if not exists content (md5 text primary key, content text not null) without rowid;
create table if not exists pushed (remote text, oid text, primary key (remote, oid)) without rowid;
"""
_TICK_NS = 20_000_000
"""Two writes within this time may have one timestamp, so a file this new is not cached."""
_BLOCK_BYTES = 1 << 20
_PATIENCE_SECONDS = 1.0
"""How long to wait for another process, once; hashing files again costs less than waiting often."""


def md5_of_file(path: Path) -> str:
    """Return the md5 of a file's bytes. Cost: one read."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


class FileIndex:
    """A cache of file hashes and row counts, shared by all processes of a repository."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pending: dict[str, tuple[str, str]] = {}
        self._known: dict[str, tuple[Any, ...]] = {}
        """Entries that this process has read, so that the next look-up costs only a stat."""
        self._facts: dict[str, int] = {}
        self._new_contents: dict[str, str] = {}
        self._connection: sqlite3.Connection | None = None
        self._is_broken = False

    def md5(self, path: Path) -> str:
        """Return a file's md5, from the cache if the file has not changed.

        Raises:
            OSError: the file cannot be read.
        """
        stamp = _stamp(path)
        row = self._known.get(str(path)) or self._one("select stamp, md5 from seen where path = ?", str(path))
        if row and row[0] == stamp:
            self._known[str(path)] = row
            return str(row[1])
        # A write after this read, within one clock tick of the previous write, could not be detected.
        is_settled = _is_settled(stamp)
        md5 = md5_of_file(path)
        if is_settled and _stamp(path) == stamp:
            self._pending[str(path)] = (stamp, md5)
        return md5

    def remember(self, path: Path, md5: str) -> None:
        """Record the md5 of a file that this process has just written."""
        with contextlib.suppress(OSError):
            self._pending[str(path)] = (_stamp(path), md5)

    def rows(self, md5: str) -> int | None:
        """Return how many rows an object has, if that is known."""
        if md5 in self._facts:
            return self._facts[md5]
        row = self._one("select rows from fact where md5 = ?", md5)
        return int(row[0]) if row else None

    def remember_rows(self, md5: str, rows: int) -> None:
        self._facts[md5] = rows

    @cached_property
    def _contents(self) -> dict[str, str]:
        connection = self._open()
        if connection is None:
            return {}
        try:
            return {
                str(md5): str(name) for md5, name in connection.execute("select md5, content from content")
            }
        except sqlite3.Error as error:
            self._forget(error)
            return {}

    def content(self, md5: str) -> str | None:
        """Return the content hash of the rows in a part, if some process has computed it."""
        return self._contents.get(md5)

    def remember_content(self, md5: str, content: str) -> None:
        """Record the content hash of the rows in a part."""
        if self._contents.get(md5) != content:
            self._contents[md5] = self._new_contents[md5] = content

    def written(self, folder: str) -> str | None:
        """Return which listing was last written into a folder (a path from the root), if that is known."""
        row = self._one("select oid from laid where path = ?", folder)
        return str(row[0]) if row else None

    def remember_written(self, folder: str, oid: str | None) -> None:
        """Record which listing a folder has now; None removes the record."""
        connection = self._open()
        if connection is None:
            return
        with self._tolerating(), connection:
            connection.execute("delete from laid where path = ?", (folder,))
            if oid is not None:
                connection.execute("insert into laid values (?, ?)", (folder, oid))

    def remember_made(self, folder: str, oid: str) -> None:
        """Record the table folder (a path from the root) for which a listing was first written."""
        connection = self._open()
        if connection is None:
            return
        with self._tolerating(), connection:
            connection.execute("insert or ignore into made values (?, ?)", (oid, folder))

    def made(self) -> dict[str, str]:
        """Return the table folder of every listing that this clone has written."""
        connection = self._open()
        if connection is None:
            return {}
        try:
            return {str(oid): str(path) for oid, path in connection.execute("select oid, path from made")}
        except sqlite3.Error as error:
            self._forget(error)
            return {}

    def renew(self, path: Path, *, after_seconds: float) -> None:
        """Set a file's date to now if it is older than this; its cache entry stays valid."""
        try:
            before = _stamp(path)
            if time.time() - path.stat().st_mtime < after_seconds:
                return
            row = self._known.get(str(path)) or self._one(
                "select stamp, md5 from seen where path = ?", str(path)
            )
            os.utime(path)
        except OSError:
            return  # another user's file in a shared cache
        if row and row[0] == before:
            self.remember(path, str(row[1]))

    def pushed(self, remote: str) -> set[str]:
        """Return the objects that this clone has found on a remote."""
        connection = self._open()
        if connection is None:
            return set()
        try:
            return {
                str(r[0]) for r in connection.execute("select oid from pushed where remote = ?", (remote,))
            }
        except sqlite3.Error as error:
            self._forget(error)
            return set()

    def remember_pushed(self, remote: str, oids: Iterable[str], *, is_there: bool = True) -> None:
        """Record that objects are on a remote, or are not."""
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
        except sqlite3.Error as error:
            self._forget(error)

    def save(self) -> None:
        """Write new entries to disk. Losing them costs time, not data, so errors are ignored."""
        if not self._pending and not self._facts and not self._new_contents:
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
                connection.executemany(
                    "insert or replace into content values (?, ?)", list(self._new_contents.items())
                )
        except sqlite3.Error as error:
            self._forget(error)
            return
        self._pending.clear()
        self._facts.clear()
        self._new_contents.clear()

    def close(self) -> None:
        """Save and close the file."""
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
                self._connection = sqlite3.connect(
                    self._path, timeout=_PATIENCE_SECONDS, check_same_thread=False
                )
                self._connection.execute("pragma synchronous = off")
                self._connection.executescript(_SCHEMA)
            except (sqlite3.Error, OSError) as error:
                # A read-only folder has no cache.
                self._forget(error)
        return None if self._is_broken else self._connection

    @contextlib.contextmanager
    def _tolerating(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self._forget(error)

    def _forget(self, error: Exception) -> None:
        """Go on without the file; delete it if it is damaged, so that the next process creates a new one."""
        self._is_broken = True
        # An OperationalError (locked, read-only) does not mean that the file is damaged.
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            with contextlib.suppress(OSError):
                self._path.unlink()


def _stamp(path: Path) -> str:
    stat = os.stat(path)
    newest = max(stat.st_mtime_ns, stat.st_ctime_ns)
    return f"{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{newest}"


def _is_settled(stamp: str) -> bool:
    """Return whether any later write would change the stamp."""
    return time.time_ns() - int(stamp.rsplit(":", 1)[1]) > _TICK_NS


def _is_still(path: str, stamp: str) -> bool:
    try:
        return _stamp(Path(path)) == stamp
    except OSError:
        return False
