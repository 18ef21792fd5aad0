"""PostgreSQL that tdmvc starts itself, whose template is a data folder in the user's cache."""

import itertools
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from tdmvc.databases.postgres.connection import plain_connection, reporting
from tdmvc.environments.base import EmbeddedServer, StoredTemplate, TemplateBuild, TemplateKey
from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.environments.postgres.copies import finish_template, opened_copies
from tdmvc.environments.postgres.counter import OwnTransactions
from tdmvc.environments.postgres.data_folders import COPIED, DATA, DataFolders
from tdmvc.environments.postgres.failures import outside_tablespace
from tdmvc.environments.postgres.shuffling import shuffle_rows
from tdmvc.environments.postgres.source import PostgresSource
from tdmvc.environments.postgres.system_settings import (
    made_settings,
    read_system_settings,
    write_system_settings,
)
from tdmvc.environments.templates.metadata import Template
from tdmvc.environments.templates.store import TemplateStore
from tdmvc.model.location import Location, ServerLocation
from tdmvc.servers import (
    PostgresBinaries,
    ServerOptions,
    find_postgres,
    settings_file,
    start_postgres,
    stop_postgres,
)
from tdmvc.sql.quoting import quote_name
from tdmvc.store.reflinks import copy_folder

ENGINE = "postgresql"
_LAYOUT = 3
"""Raised when data folders of templates change."""
_MAINTENANCE = "postgres"
_TEMPLATE = "tdmvc_template"
_DATABASE = "app"
_SETTINGS = {
    # It would write between two resets, and tests do not live long enough to need it.
    "autovacuum": "off",
    "wal_recycle": "off",
    "wal_init_zero": "off",
}
RUN_SETTINGS = {
    **_SETTINGS,
    # A reset reads the log since the one before; a checkpoint must not remove it.
    "wal_keep_size": "64MB",
    "max_wal_size": "1GB",
}
_BUILD_SETTINGS = {**_SETTINGS, "min_wal_size": "2MB"}


class EmbeddedPostgres:
    """Provides databases on a server of its own for each run, and keeps templates in the user's cache."""

    def __init__(self, wanted: EmbeddedServer, *, folder: Path | None = None) -> None:
        """Find the programs of the server.

        Args:
            folder: where templates are kept; by default, in the user's cache.

        Raises:
            DatabaseError: there are none.
        """
        self._binaries = find_postgres(f"embedded-{wanted.major}" if wanted.major else "embedded")
        self._store = TemplateStore(ENGINE, self.version, folder=folder)

    @property
    def version(self) -> str:
        return f"{ENGINE} {self._binaries.version} ({self._binaries.digest}, {_LAYOUT})"

    @contextmanager
    def open(self, key: TemplateKey, build: TemplateBuild) -> Iterator[PostgresSource]:
        """Start a server with the template with the key, which is made first if there is none.

        Raises:
            DatabaseError: the server does not start, or there is no room.
        """

        def make(content: Path, nearest: Template | None) -> str:
            return _make(self._binaries, content, nearest, build)

        with ExitStack() as stack:
            template = stack.enter_context(self._store.open(key, make))
            folders = DataFolders(template)
            settings = {**read_system_settings(template.content), **RUN_SETTINGS}
            options = ServerOptions(settings=settings, fill=folders.fill, keep=folders.keep)
            server = stack.enter_context(start_postgres(self._binaries, options))
            # Several threads may ask for names at once.
            names = map(_name, itertools.count())
            copies = stack.enter_context(
                opened_copies(
                    server.location(_MAINTENANCE),
                    server.location(_TEMPLATE),
                    prefix="tdmvc_",
                    server=server,
                )
            )
            yield stack.enter_context(closing(PostgresSource(template.origin, copies, names, has_first=True)))

    def shuffle_rows(self, location: Location, seed: int) -> None:
        shuffle_rows(location, seed)

    def list_templates(self) -> Sequence[StoredTemplate]:
        return self._store.list()

    def remove_template(self, key: TemplateKey) -> bool:
        return self._store.remove(key)


def _name(number: int) -> str:
    return f"{_DATABASE}{number or ''}"


def _make(binaries: PostgresBinaries, content: Path, nearest: Template | None, build: TemplateBuild) -> str:
    """Make the data folder of a template, and return the administrator's password in it.

    Raises:
        DatabaseError: the server does not start or refuses, or there is no room. What `build` raises is passed on.
    """
    fill = None if nearest is None else DataFolders(nearest).fill
    settings = {} if nearest is None else read_system_settings(nearest.content)
    options = ServerOptions(settings={**settings, **_BUILD_SETTINGS}, fill=fill)
    with start_postgres(binaries, options) as server:
        location = server.location(_TEMPLATE)
        before = settings_file(server).read_text(encoding="utf-8")
        if nearest is None:
            _prepare(server.location(_MAINTENANCE))
            build.migrate(location)
        build.seed(location)
        finish_template(location)
        after = settings_file(server).read_text(encoding="utf-8")
        write_system_settings(content, {**settings, **made_settings(before, after)})
        original, copied = _copy_first(server.location(_MAINTENANCE))
        data = stop_postgres(server)
        if any((data / "pg_tblspc").iterdir()):
            raise outside_tablespace(str(location))
        shutil.rmtree(data / "base" / copied)
        copy_folder(data, content / DATA)
        (content / COPIED).write_text(f"{original} {copied}", encoding="utf-8")
        return server.password


def _copy_first(maintenance: ServerLocation) -> tuple[str, str]:
    """Make the copy of the template with which every run begins, and return the numbers of both.

    A server that was stopped has equal files for both, so that a run copies them itself, which takes less time.

    Raises:
        DatabaseError: there is no room, or the server refuses.
    """
    query = "SELECT oid::text FROM pg_catalog.pg_database WHERE datname = %s"
    with closing(Administrator(maintenance, OwnTransactions())) as administrator:
        administrator.drop(_DATABASE)
        administrator.copy(_TEMPLATE, _DATABASE)
        ((original,),) = administrator.rows(query, [_TEMPLATE])
        ((copied,),) = administrator.rows(query, [_DATABASE])
        return original, copied


def _prepare(location: ServerLocation) -> None:
    """Make an empty database for the template, and what reads the server's log."""
    connection = plain_connection(location)
    try:
        with reporting(str(location)):
            connection.execute(f"CREATE DATABASE {quote_name(_TEMPLATE)}")
            available = "SELECT 1 FROM pg_catalog.pg_available_extensions WHERE name = 'pg_walinspect'"
            if connection.execute(available).fetchall():
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_walinspect")
    finally:
        connection.close()
