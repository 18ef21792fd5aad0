"""MariaDB that tdmvc starts itself, whose template is a data folder in the user's cache."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tdmvc.environments.base import (
    DatabaseSource,
    EmbeddedServer,
    EphemeralDatabase,
    StoredTemplate,
    TemplateBuild,
    TemplateKey,
)
from tdmvc.environments.mariadb.accounts import open_administrator, prepare_builder
from tdmvc.environments.mariadb.database import MariadbDatabase
from tdmvc.environments.mariadb.failures import other_major
from tdmvc.environments.mariadb.restartable_server import (
    BUILD_SETTINGS,
    DATABASE,
    RestartableServer,
    app_location,
    fill_from,
)
from tdmvc.environments.mariadb.seeded_tables import keep_seeded_tables, remove_seeded_tables
from tdmvc.environments.templates.metadata import Template
from tdmvc.environments.templates.store import TemplateStore
from tdmvc.model.environment import TemplateOrigin
from tdmvc.model.location import Location
from tdmvc.servers import MariadbBinaries, ServerOptions, find_mariadb, start_mariadb, stop_mariadb
from tdmvc.store.reflinks import copy_folder

ENGINE = "mariadb"
_LAYOUT = 2
"""Raised when data folders of templates change."""


class EmbeddedMariadb:
    """Provides databases on a server of its own for each, and keeps templates in the user's cache."""

    def __init__(self, wanted: EmbeddedServer, *, folder: Path | None = None) -> None:
        """Find the programs of the server.

        Args:
            folder: where templates are kept; by default, in the user's cache.

        Raises:
            DatabaseError: there are none, or they are of another major version.
        """
        self._binaries = find_mariadb()
        if wanted.major not in (None, int(self._binaries.version.split(".", 1)[0])):
            raise other_major(wanted.major, self._binaries)
        self._store = TemplateStore(ENGINE, self.version, folder=folder)

    @property
    def version(self) -> str:
        return f"{ENGINE} {self._binaries.version} ({self._binaries.digest}, {_LAYOUT})"

    @contextmanager
    def open(self, key: TemplateKey, build: TemplateBuild) -> Iterator[DatabaseSource]:
        def make(content: Path, nearest: Template | None) -> str:
            _make(self._binaries, content, nearest, build)
            return ""

        with self._store.open(key, make) as template, ExitStack() as databases:
            yield _Source(self._binaries, template, databases)

    def shuffle_rows(self, location: Location, seed: int) -> None:
        """Leave the rows where they are: the order is that of their keys."""

    def list_templates(self) -> Sequence[StoredTemplate]:
        return self._store.list()

    def remove_template(self, key: TemplateKey) -> bool:
        return self._store.remove(key)


class _Source:
    """A template in the cache, from which databases are made, each with a server."""

    def __init__(self, binaries: MariadbBinaries, template: Template, databases: ExitStack) -> None:
        self._binaries = binaries
        self._template = template
        # What is copied later is compared with what the template is now.
        self._fill = fill_from(template)
        self._databases = databases

    @property
    def origin(self) -> TemplateOrigin:
        return self._template.origin

    def create(self) -> EphemeralDatabase:
        server = RestartableServer(self._binaries, self._fill)
        self._databases.callback(server.close)
        server.start()
        return MariadbDatabase(server)


def _make(binaries: MariadbBinaries, content: Path, nearest: Template | None, build: TemplateBuild) -> None:
    """Make the data folder of a template.

    Raises:
        DatabaseError: the server does not start or refuses, or there is no room. What `build` raises is passed on.
    """
    fill = None if nearest is None else fill_from(nearest)
    with start_mariadb(binaries, ServerOptions(settings=BUILD_SETTINGS, fill=fill)) as server:
        with open_administrator(server) as administrator:
            password = prepare_builder(administrator)
            if nearest is None:
                administrator.execute(f"CREATE DATABASE {DATABASE}")
            remove_seeded_tables(administrator)
        location = app_location(server, password)
        if nearest is None:
            build.migrate(location)
        build.seed(location)
        with open_administrator(server) as administrator:
            keep_seeded_tables(administrator)
        copy_folder(stop_mariadb(server), content / "data")
