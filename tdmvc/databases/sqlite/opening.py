"""Opens SQLite files for writing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tdmvc.databases.base import READ_ALL, ReadOptions
from tdmvc.databases.files import replacing_file
from tdmvc.databases.sqlite.errors import writing_errors
from tdmvc.databases.sqlite.target import SqliteTarget
from tdmvc.model.progress import ProgressCallback, ignore_progress

_LOG_SUFFIXES = ("-wal", "-journal")
_WAIT_SECONDS = 5.0


@contextmanager
def open_target(path: Path, options: ReadOptions = READ_ALL) -> Iterator[SqliteTarget]:
    """Open a file for writing, or a new one that takes its place once it is committed.

    Raises:
        DatabaseError: it is locked, read-only or damaged.
    """
    if not path.exists():
        with open_new(path, options.on_progress) as target:
            yield target
        return
    with writing_errors(path):
        uri = f"{path.resolve().as_uri()}?mode=rw"
        database = sqlite3.connect(
            uri,
            uri=True,
            timeout=options.timeout_seconds or _WAIT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
    with closing(database):
        with writing_errors(path):
            # References are checked at the end.
            database.execute("PRAGMA foreign_keys = OFF")
        target = SqliteTarget(path, path, database, options.on_progress)
        with writing_errors(path):
            target.begin()
        yield target


@contextmanager
def open_new(path: Path, on_progress: ProgressCallback = ignore_progress) -> Iterator[SqliteTarget]:
    """Open an empty database that takes the place of a file once it is committed.

    Raises:
        DatabaseError: the folder cannot be written, or the old file is in use.
    """
    with replacing_file(path, _LOG_SUFFIXES) as new:
        with closing(sqlite3.connect(new, isolation_level=None, check_same_thread=False)) as database:
            with writing_errors(path):
                # A file that is not complete is deleted, so it needs no journal.
                for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF"):
                    database.execute(f"PRAGMA {pragma}")
                database.execute("BEGIN")
            target = SqliteTarget(path, new, database, on_progress)
            yield target
        if not target.is_committed:
            new.unlink(missing_ok=True)
