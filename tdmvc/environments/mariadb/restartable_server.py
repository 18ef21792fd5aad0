"""A server for one database, which can restart from the template's data folder on the same port."""

import contextlib
import os
import secrets
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.environments.mariadb.accounts import USER, open_administrator, prepare_application
from tdmvc.environments.templates.metadata import Template, stamp_folder
from tdmvc.environments.templates.store import missing_template
from tdmvc.errors import DatabaseError
from tdmvc.model.location import ServerLocation
from tdmvc.servers import MariadbBinaries, RunningServer, ServerOptions, start_mariadb
from tdmvc.servers.accounts import server_account
from tdmvc.servers.run_folders import run_folder
from tdmvc.store.reflinks import copy_folder

DATABASE = "app"
BUILD_SETTINGS = {
    # Every copy has it, whatever was written.
    "innodb-log-file-size": "16M",
    "event-scheduler": "OFF",
}
_RUN_SETTINGS = {
    **BUILD_SETTINGS,
    # Tells which tables were written, of whatever engine.
    "log-bin": "changes",
    "binlog-format": "ROW",
    "binlog-row-image": "MINIMAL",
    "binlog-annotate-row-events": "OFF",
    "log-bin-trust-function-creators": "ON",
    "server-id": "1",
}


def app_location(server: RunningServer, password: str) -> ServerLocation:
    """Return where applications connect."""
    return ServerLocation(server.scheme, server.host, server.port, USER, password, DATABASE)


def fill_from(template: Template) -> Callable[[Path], str]:
    """Return what fills a server's data folder from a template's.

    It raises an error if somebody removes the template meanwhile, or writes to it.
    """
    content = template.content / "data"
    expected = stamp_folder(content)

    def fill(data: Path) -> str:
        try:
            copy_folder(content, data)
        except FileNotFoundError:
            raise missing_template(content) from None
        except OSError:
            if stamp_folder(content) != expected:
                raise missing_template(content) from None
            raise
        if stamp_folder(content) != expected:
            raise missing_template(content)
        return ""

    return fill


class RestartableServer:
    """A server with a copy of a template, and a spare copy that is made while it runs."""

    def __init__(self, binaries: MariadbBinaries, fill: Callable[[Path], str]) -> None:
        """Prepare a server.

        Args:
            fill: fills its data folder from the template.
        """
        self._binaries = binaries
        self._fill = fill
        self._password = secrets.token_urlsafe(24)
        self._running: RunningServer | None = None
        self._administrator: MysqlConnection | None = None
        self._life = ExitStack()
        self._spare = _Spare(self._fill)

    @property
    def location(self) -> ServerLocation:
        """Where applications connect; stays the same."""
        return app_location(self._server, self._password)

    @property
    def administrator(self) -> MysqlConnection:
        """A connection that stays open as long as the server runs."""
        if self._administrator is None:
            raise RuntimeError("the server does not run")
        return self._administrator

    def start(self) -> None:
        """Start the server with a copy of the template.

        Raises:
            DatabaseError: it does not start, or there is no room.
        """
        self._start(ServerOptions(settings=_RUN_SETTINGS, fill=self._fill))
        self._spare.begin()

    def restart(self) -> bool:
        """End the server with all connections, and start it on the same port with another copy of the template.

        Returns:
            Whether that copy had been made before.

        Raises:
            DatabaseError: it does not start, or there is no room.
        """
        before = self._server
        self._end()
        spare = self._spare.take()
        fill = self._fill if spare is None else _mover(spare)
        self._start(
            ServerOptions(port=before.port, password=before.password, settings=_RUN_SETTINGS, fill=fill)
        )
        self._spare.begin()
        return spare is not None

    def close(self) -> None:
        """Stop the server and remove all that belongs to it; nothing happens the second time."""
        self._end()
        self._spare.close()

    @property
    def _server(self) -> RunningServer:
        if self._running is None:
            raise RuntimeError("the server does not run")
        return self._running

    def _start(self, options: ServerOptions) -> None:
        with ExitStack() as stack:
            server = stack.enter_context(start_mariadb(self._binaries, options))
            administrator = stack.enter_context(open_administrator(server))
            prepare_application(administrator, self._password)
            self._running, self._administrator = server, administrator
            self._life = stack.pop_all()

    def _end(self) -> None:
        self._life.close()


class _Spare:
    """A copy of the template's data folder, in the place of temporary servers, made in the background."""

    def __init__(self, fill: Callable[[Path], str]) -> None:
        self._fill = fill
        self._folder = ExitStack()
        self._data: Path | None = None
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin to make a copy; what prevents it is told when it is needed."""
        self.close()
        try:
            folder = self._folder.enter_context(run_folder(server_account()))
        except DatabaseError:
            return
        self._thread = threading.Thread(target=self._make, args=(folder / "data",), daemon=True)
        self._thread.start()

    def take(self) -> Path | None:
        """Return the copy, once it is complete; None if it could not be made."""
        if self._thread is not None:
            self._thread.join()
        data, self._data = self._data, None
        return data

    def close(self) -> None:
        """Remove the copy."""
        if self._thread is not None:
            self._thread.join()
        self._thread = self._data = None
        self._folder.close()

    def _make(self, data: Path) -> None:
        with contextlib.suppress(OSError, DatabaseError):
            self._fill(data)
            self._data = data


def _mover(spare: Path) -> Callable[[Path], str]:
    def fill(data: Path) -> str:
        os.rename(spare, data)
        return ""

    return fill
