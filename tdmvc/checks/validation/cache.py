"""What earlier validations counted, so that a validation after an edit reads only what the edit changed.

It holds numbers: how many rows of a part break a test, and how many rows of a state break one. Parts and
states are named by hashes of the bytes of their parts, tests by a hash of what they say and of the programs that
evaluate them; no value of a row is in it, nor a hash of one. It may be deleted at any time.
"""

import contextlib
import hashlib
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from tdmvc import __version__
from tdmvc.model.diff import TableSide
from tdmvc.sql.duckdb import duckdb_version

_CHECKER = "2"
"""Counts of another version of this room are not used. Raise it when a test comes to mean something else."""
_SCHEMA = """
create table if not exists counted (
    test text, part text, rows integer not null, day integer not null, primary key (test, part)) without rowid;
create table if not exists state (name text primary key, parts blob not null) without rowid;
create table if not exists found (
    test text, state text, parents text, groups integer not null, rows integer not null, at integer not null,
    primary key (test, state, parents)) without rowid;
"""
_MOST_COUNTS = 2_000_000
_MOST_STATES = 4
"""Of each test, the states that were validated last."""
_KEEP_DAYS = 60
_DAY_NS = 86_400_000_000_000
_CHUNK = 500
_PATIENCE_SECONDS = 0.25
"""How long to wait for another process, once; counting again costs less than waiting often."""
_DAMAGE = frozenset(
    {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_MISMATCH}
)
"""What SQLite says of a file that is no database, or not one of ours; anything else may pass."""


@dataclass(frozen=True, slots=True)
class FoundBefore:
    """How many rows of a state, and of the state of its parents, broke a test."""

    parts: frozenset[str]
    parents: frozenset[str]
    groups: int
    """The values that repeat; equal to `rows` for other tests."""
    rows: int


class CountCache:
    """Counts by part and by state; without a path, nothing is kept.

    All errors of the file are ignored: losing it costs time only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._is_broken = path is None
        self._has_new = False

    def counts(self, test: str, parts: Iterable[str]) -> dict[str, int]:
        """Return how many rows of each part break a test, as far as it is known."""
        wanted, found = list(parts), dict[str, int]()
        connection = self._open()
        if connection is None:
            return found
        with self._tolerating():
            for start in range(0, len(wanted), _CHUNK):
                chunk = wanted[start : start + _CHUNK]
                marks = ", ".join("?" * len(chunk))
                query = f"select part, rows from counted where test = ? and part in ({marks})"
                rows = connection.execute(query, (test, *chunk))
                found.update((part, count) for part, count in rows if _is_count(count))
        return found

    def remember(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Keep how many rows of parts break tests: by test, and by part."""
        day = _today()
        entries = [
            (test, part, rows, day) for test, by_part in counts.items() for part, rows in by_part.items()
        ]
        connection = self._open()
        if connection is not None and entries:
            self._has_new = True
            with self._tolerating(), connection:
                connection.executemany("insert or replace into counted values (?, ?, ?, ?)", entries)

    def states(self, test: str) -> list[FoundBefore]:
        """Return what was found in the states that were validated last, newest first."""
        connection = self._open()
        if connection is None:
            return []
        with self._tolerating():
            query = (
                "select s.parts, p.parts, groups, rows from found"
                " join state s on s.name = found.state join state p on p.name = found.parents"
                " where test = ? order by at desc"
            )
            return [
                FoundBefore(_unpacked(parts), _unpacked(parents), groups, rows)
                for parts, parents, groups, rows in connection.execute(query, (test,))
                if _is_count(groups) and _is_count(rows)
            ]
        return []

    def remember_state(self, test: str, found: FoundBefore) -> None:
        """Keep what was found in a state."""
        connection = self._open()
        if connection is None:
            return
        self._has_new = True
        with self._tolerating(), connection:
            names = []
            for parts in (found.parts, found.parents):
                name, packed = _packed(parts)
                connection.execute("insert or ignore into state values (?, ?)", (name, packed))
                names.append(name)
            connection.execute(
                "insert or replace into found values (?, ?, ?, ?, ?, ?)",
                (test, *names, found.groups, found.rows, time.time_ns()),
            )
            connection.execute(
                "delete from found where test = ? and (state, parents) not in"
                " (select state, parents from found where test = ? order by at desc limit ?)",
                (test, test, _MOST_STATES),
            )

    def close(self) -> None:
        """Close the file, after removing what is old or too much if something was added."""
        if self._connection is None:
            return
        if self._has_new and not self._is_broken:
            with self._tolerating(), self._connection as connection:
                self._clean(connection)
        self._connection.close()
        self._connection = None

    def _clean(self, connection: sqlite3.Connection) -> None:
        (day,) = connection.execute("pragma user_version").fetchone()
        if day != _today():
            connection.execute("delete from counted where day < ?", (_today() - _KEEP_DAYS,))
            connection.execute("delete from found where at < ?", (time.time_ns() - _KEEP_DAYS * _DAY_NS,))
            (count,) = connection.execute("select count(*) from counted").fetchone()
            if count > _MOST_COUNTS:
                connection.execute("delete from counted")
            connection.execute(f"pragma user_version = {_today()}")
        connection.execute(
            "delete from state where name not in (select state from found union select parents from found)"
        )

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None and not self._is_broken and self._path is not None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._connection = sqlite3.connect(
                    self._path, timeout=_PATIENCE_SECONDS, check_same_thread=False
                )
                self._connection.execute("pragma synchronous = off")
                self._connection.executescript(_SCHEMA)
            except (sqlite3.Error, OSError) as error:
                self._forget(error)
        return None if self._is_broken else self._connection

    @contextlib.contextmanager
    def _tolerating(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, zlib.error, UnicodeDecodeError, TypeError) as error:
            self._forget(error)

    def _forget(self, error: Exception) -> None:
        """Go on without the cache; delete its file if it is damaged, so that the next process makes a new one."""
        self._is_broken = True
        is_damaged = not isinstance(error, OSError) and getattr(error, "sqlite_errorcode", None) in (
            None,
            *_DAMAGE,
        )
        if self._path is not None and is_damaged:
            with contextlib.suppress(OSError):
                self._path.unlink()


class KnownVerdict:
    """Whether the rows of some tables kept a contract when they were last validated: a count of broken rules."""

    def __init__(self, cache: CountCache, contract_text: str, tables: Mapping[str, TableSide]) -> None:
        self._cache = cache
        self._test = cache_name("contract", contract_text)
        self._rows = _named(tables)

    @property
    def is_valid(self) -> bool:
        """Whether it is known that they keep all rules; False if nothing is known."""
        rows = self._rows
        return rows is not None and self._cache.counts(self._test, [rows]).get(rows) == 0

    def remember(self) -> None:
        """Keep that they keep all rules."""
        if self._rows is not None:
            self._cache.remember({self._test: {self._rows: 0}})


def cache_name(*texts: str) -> str:
    """Return the name of a test in the cache: a hash of all that decides how many rows break it.

    The versions of the programs that evaluate tests are part of it.
    """
    digest = hashlib.sha256()
    for text in (*_programs(), *texts):
        data = text.encode(errors="surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


@cache
def _programs() -> tuple[str, ...]:
    others = (version("jsonschema-rs"), version("regress"), sqlite3.sqlite_version, pa.__version__)
    return (_CHECKER, __version__, duckdb_version(), *others)


def _is_count(value: object) -> bool:
    """Whether a value is a number of rows; a damaged file may hold anything, whatever its columns are declared as."""
    return isinstance(value, int) and value >= 0


def _packed(parts: Iterable[str]) -> tuple[str, bytes]:
    text = "\n".join(sorted(parts))
    return hashlib.sha256(text.encode()).hexdigest(), zlib.compress(text.encode())


def _unpacked(data: bytes) -> frozenset[str]:
    text = zlib.decompress(data).decode()
    return frozenset(text.split("\n")) if text else frozenset()


def _today() -> int:
    return time.time_ns() // _DAY_NS


def _named(tables: Mapping[str, TableSide]) -> str | None:
    """Return a name for the bytes of tables; None if a part has no hash of them."""
    digest = hashlib.sha256()
    for name, side in sorted(tables.items()):
        if not side.digests.keys() >= set(side.parts):
            return None
        digest.update(cache_name(name, *sorted(side.digests[part] for part in side.parts)).encode())
    return digest.hexdigest()
