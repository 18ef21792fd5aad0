"""DuckDB: puts a copy of the template in the place of the file."""

import os
import re
import time
from contextlib import closing
from pathlib import Path

from tdmvc.environments.base import EphemeralDatabase
from tdmvc.environments.files.failures import busy_database, file_error, refused_reset, unfinished_build
from tdmvc.environments.files.processes import describe_process, has_open
from tdmvc.environments.files.stamps import read_stamp, stamp_file
from tdmvc.environments.files.template_file import TemplateFile
from tdmvc.environments.files.working_files import WorkingFile
from tdmvc.model.environment import ResetMethod, ResetReport
from tdmvc.model.location import PathLocation
from tdmvc.sql.duckdb import DuckDBConnection, connect, duckdb_error, duckdb_version
from tdmvc.sql.quoting import quote_name, quote_text

WAIT_SECONDS = 5.0
"""How long a reset waits for the transactions of this process."""
_POLL_SECONDS = 0.01
_SIDES = (".wal", ".tmp")
_SCRATCH = "tdmvc_reset"
_PID = re.compile(r"\(PID (\d+)\)")


class DuckdbFiles:
    """Files of DuckDB."""

    name = "duckdb"
    side_suffixes = _SIDES

    @property
    def version(self) -> str:
        return f"duckdb {duckdb_version()}"

    def make_empty(self, path: Path) -> None:
        connect(str(path)).close()

    def settle(self, path: Path) -> None:
        try:
            with closing(connect(str(path))) as database:
                database.execute("CHECKPOINT")
        except duckdb_error() as error:
            raise unfinished_build(path, str(error).splitlines()[0]) from None

    def open(
        self, working: WorkingFile, template_file: TemplateFile, location: PathLocation
    ) -> EphemeralDatabase:
        return DuckdbFile(working, template_file, location)


class DuckdbFile:
    """A database in a file that programs open themselves.

    DuckDB keeps a file open as long as one connection to it is, and lets no other process write to it. Another
    process must have closed it before a reset that has anything to do. From the connections of this process it
    is taken away and given back, and they stay open.
    """

    def __init__(self, working: WorkingFile, template_file: TemplateFile, location: PathLocation) -> None:
        self._working = working
        self._path = working.path
        self._template_file = template_file
        self._location = location
        with file_error(self._path):
            self._stamp = stamp_file(self._path)

    @property
    def location(self) -> PathLocation:
        return self._location

    def reset(self) -> ResetReport:
        started = time.perf_counter()
        why = self._what_was_done()
        if not why:
            return ResetReport(ResetMethod.NOTHING, time.perf_counter() - started)
        deadline = time.monotonic() + WAIT_SECONDS
        database = self._connect(deadline)
        if database is None:
            self._place()
        else:
            with closing(database):
                self._replace(database, deadline)
        return ResetReport(ResetMethod.COPY, time.perf_counter() - started, why=why)

    def is_used(self) -> bool:
        return has_open(self._path) is not False

    def drop(self) -> None:
        self._working.release()

    def _what_was_done(self) -> str:
        """Return why the database may differ from the template; empty if nobody committed anything.

        A commit writes to a log, which a checkpoint brings into the file and removes.
        """
        now = read_stamp(self._path)
        if now is None:
            return "the file was removed"
        if (now.device, now.inode) != (self._stamp.device, self._stamp.inode):
            return "another file took its place"
        if now != self._stamp or self._path.with_name(f"{self._path.name}.wal").exists():
            return "the file was written"
        return ""

    def _connect(self, deadline: float) -> DuckDBConnection | None:
        """Return a connection, together with those of this process if it has any; None if there is no database.

        Raises:
            DatabaseError: another process has the file open, or this one with other settings.
        """
        while True:
            try:
                return connect(str(self._path))
            except duckdb_error() as error:
                holder = _find_holder(str(error))
            if not holder:
                return None
            if time.monotonic() > deadline:
                raise busy_database(self._path, WAIT_SECONDS, [holder])
            time.sleep(_POLL_SECONDS)

    def _replace(self, database: DuckDBConnection, deadline: float) -> None:
        """Put the copy in place while the file is closed, and open it again for all connections of this process."""
        try:
            ((name,),) = database.execute("SELECT current_database()").fetchall()
            attach = f"ATTACH {quote_text(str(self._path))} AS {quote_name(name)}"
            database.execute(f"ATTACH ':memory:' AS {_SCRATCH}")
            database.execute(f"USE {_SCRATCH}")
            database.execute(f"DETACH {quote_name(name)}")
            # It stays open until the last transaction ends.
            while _is_open(database, attach, name):
                if time.monotonic() > deadline:
                    holder = f"a transaction of this process ({os.getpid()})"
                    raise busy_database(self._path, WAIT_SECONDS, [holder])
                time.sleep(_POLL_SECONDS)
            self._place()
            database.execute(attach)
            database.execute(f"USE {quote_name(name)}")
            database.execute(f"DETACH {_SCRATCH}")
        except duckdb_error() as error:
            raise refused_reset(self._path, str(error).splitlines()[0]) from None

    def _place(self) -> None:
        self._working.place(self._template_file.copy_to)
        with file_error(self._path):
            self._stamp = stamp_file(self._path)


def _find_holder(message: str) -> str:
    """Return who has a file open, by DuckDB's error; empty if it is about something else."""
    if "different configuration" in message:
        return f"a connection of this process ({os.getpid()}) that was opened with other settings"
    if "Could not set lock" not in message:
        return ""
    pid = _PID.search(message)
    return describe_process(int(pid[1])) if pid else "another process"


def _is_open(database: DuckDBConnection, attach: str, name: str) -> bool:
    """Whether a transaction of this process still uses a file that was taken away from its connections."""
    try:
        database.execute(attach)
    except duckdb_error() as error:
        # Any other error says what is wrong with the file, which is then replaced.
        return "already attached" in str(error)
    database.execute(f"DETACH {quote_name(name)}")
    return False
