"""SQLite: restores the file by SQLite's own backup, so that connections stay open and see the seeded state."""

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from tdmvc.environments.base import EphemeralDatabase
from tdmvc.environments.files.failures import busy_database, file_error, refused_reset, unfinished_build
from tdmvc.environments.files.processes import describe_holders, has_open, read_locks
from tdmvc.environments.files.stamps import read_stamp, stamp_file
from tdmvc.environments.files.template_file import TemplateFile
from tdmvc.environments.files.working_files import WorkingFile
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod, ResetReport
from tdmvc.model.location import PathLocation

WAIT_SECONDS = 5.0
"""How long a reset waits for the transactions of others."""
_POLL_SECONDS = 0.01
_SIDES = ("-wal", "-shm", "-journal")
_READ_MARKS = range(123, 128)
"""Where SQLite locks the file -shm while somebody reads from the log."""
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_BROKEN = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


class SqliteFiles:
    """Files of SQLite."""

    name = "sqlite"
    version = f"sqlite {sqlite3.sqlite_version}"
    side_suffixes = _SIDES

    def make_empty(self, path: Path) -> None:
        path.touch(exist_ok=False)

    def settle(self, path: Path) -> None:
        try:
            with closing(_connect(path)) as database:
                _empty_log(database)
                # Waits for those that write.
                database.execute("BEGIN IMMEDIATE")
                database.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise unfinished_build(path, str(error)) from None

    def open(
        self, working: WorkingFile, template_file: TemplateFile, location: PathLocation
    ) -> EphemeralDatabase:
        return SqliteFile(working, template_file, location)


class SqliteFile:
    """A database in a file that programs open themselves."""

    def __init__(self, working: WorkingFile, template_file: TemplateFile, location: PathLocation) -> None:
        self._working = working
        self._path = working.path
        self._template_file = template_file
        self._location = location
        with file_error(self._path):
            self._stamp = stamp_file(self._path)
            self._mode = self._path.stat().st_mode
        self._keeps_log = False
        """Whether there is a write-ahead log that the template does not have."""

    @property
    def location(self) -> PathLocation:
        return self._location

    def reset(self) -> ResetReport:
        started = time.perf_counter()
        why = self._what_replaced()
        if not why:
            try:
                with file_error(self._path):
                    os.chmod(self._path, self._mode)
                with closing(_connect(self._path)) as database:
                    why = self._restore_if_written(database)
            except sqlite3.Error as error:
                if not _is(error, _BROKEN):
                    raise self._refused(error) from None
                why = "the file was no database any more"
                self._place()
        else:
            self._place()
        method = ResetMethod.COPY if why else ResetMethod.NOTHING
        return ResetReport(method, time.perf_counter() - started, why=why)

    def is_used(self) -> bool:
        return has_open(self._path) is not False

    def drop(self) -> None:
        self._working.release()

    def _refused(self, error: sqlite3.Error) -> DatabaseError:
        if _is(error, _BUSY):
            return busy_database(self._path, WAIT_SECONDS, _find_users(self._path))
        return refused_reset(self._path, str(error))

    def _what_replaced(self) -> str:
        """Return what happened to the file if the database is not in it any more."""
        now = read_stamp(self._path)
        if now is None:
            return "the file was removed"
        if (now.device, now.inode) != (self._stamp.device, self._stamp.inode):
            return "another file took its place"
        return ""

    def _place(self) -> None:
        self._working.place(self._template_file.copy_to)
        self._keeps_log = False
        with file_error(self._path):
            os.chmod(self._path, self._mode)
            self._stamp = stamp_file(self._path)

    def _restore_if_written(self, database: sqlite3.Connection) -> str:
        """Bring the seeded state back, and return why that was necessary; empty if it was not.

        Raises:
            sqlite3.Error: others use it, or it cannot be written.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        # Nobody else has a transaction that could still be committed, and what a killed process left is undone.
        database.execute("BEGIN IMMEDIATE")
        is_written = self._is_written()
        database.execute("ROLLBACK")
        why = "the file was written"
        if not is_written:
            if not self._keeps_log or _has_log(database):
                return ""
            why = "the log that a connection kept could be left"
        with self._template_file.readable(self._working.new_path) as source:
            while not self._restore(database, source, deadline):
                _busy_after(deadline)
        return why

    def _is_written(self) -> bool:
        """Whether anybody wrote since the stamp; only while a lock keeps others from writing.

        A commit writes to the file or, in WAL mode, to the log, which a checkpoint may empty again: by writing to
        the file. Both ways, the file has another time, or the log is not empty.
        """
        return read_stamp(self._path) != self._stamp or bool(_log_size(self._path))

    def _restore(self, database: sqlite3.Connection, source: Path, deadline: float) -> bool:
        """Copy the template into the file; False if somebody wrote to it meanwhile."""
        with closing(sqlite3.connect(f"{source.as_uri()}?immutable=1&mode=ro", uri=True)) as template:
            has_log = _read(database, "journal_mode") == "wal"
            wants_log = _wants_log(source)
            if has_log and _read(database, "page_size") != _read(template, "page_size"):
                # SQLite cannot change it while there is a log.
                has_log = _leave_log(database)
            elif has_log and not wants_log:
                has_log = _has_log(database)
            # Connections that are open keep a log, which changes nothing of what they see.
            self._keeps_log = has_log and not wants_log
            if not has_log:
                # A run that is killed removes the file, so nobody needs a journal on disk.
                database.execute("PRAGMA journal_mode = MEMORY")
            before = _read(database, "data_version")

            def check(status: int, remaining: int, total: int) -> None:
                if status in _BUSY:
                    _busy_after(deadline)

            template.backup(database, progress=check, sleep=_POLL_SECONDS)
        _empty_log(database)
        database.execute("BEGIN IMMEDIATE")
        try:
            if _read(database, "data_version") != before:
                return False
            with file_error(self._path):
                self._stamp = stamp_file(self._path)
        finally:
            database.execute("ROLLBACK")
        return True


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(
        f"{path.as_uri()}?mode=rw", uri=True, timeout=WAIT_SECONDS, isolation_level=None
    )
    database.execute("PRAGMA synchronous = OFF")
    return database


def _read(database: sqlite3.Connection, pragma: str) -> object:
    (value,) = database.execute(f"PRAGMA {pragma}").fetchone()
    return value


def _wants_log(path: Path) -> bool:
    """Whether a file says that connections use a write-ahead log; one that is read without locks shows none."""
    with path.open("rb") as file:
        return file.read(19)[18:] == b"\2"


def _has_log(database: sqlite3.Connection) -> bool:
    """Whether other connections keep a log; it is left if there are none."""
    with suppress(sqlite3.OperationalError):
        return _leave_log(database)
    return True


def _leave_log(database: sqlite3.Connection) -> bool:
    """Go on without a log; return False, as there is none then.

    Raises:
        sqlite3.OperationalError: other connections use it.
    """
    database.execute("PRAGMA busy_timeout = 0")
    try:
        database.execute("PRAGMA journal_mode = DELETE").fetchone()
    finally:
        database.execute(f"PRAGMA busy_timeout = {int(WAIT_SECONDS * 1000)}")
    return False


def _empty_log(database: sqlite3.Connection) -> None:
    """Write what is in the log into the file; does nothing without a log.

    Raises:
        _BusyError: others read or write.
    """
    (busy, *_) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise _BusyError


def _busy_after(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise _BusyError


def _find_users(path: Path) -> list[str]:
    """Return the processes that hold a lock which keeps a reset from going on."""
    shared_memory = path.with_name(f"{path.name}-shm")
    if shared_memory.exists():
        locks = [lock for lock in read_locks(shared_memory) if lock.is_write or lock.first in _READ_MARKS]
    else:
        locks = read_locks(path)
    return describe_holders(locks)


class _BusyError(sqlite3.OperationalError):
    """Others use the database."""

    sqlite_errorcode = sqlite3.SQLITE_BUSY


def _is(error: sqlite3.Error, codes: tuple[int, ...]) -> bool:
    # The lowest byte is the kind; the others say more.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in codes


def _log_size(path: Path) -> int:
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size
    except FileNotFoundError:
        return 0
