"""MariaDB or MySQL that runs already, whose templates are databases on it."""

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from tdmvc.databases.mysql.address import resolve_address
from tdmvc.databases.mysql.connection import WRITING_MODE, MysqlConnection, connected, text_of
from tdmvc.databases.mysql.errors import RefusedStatementError
from tdmvc.databases.mysql.names import quoted
from tdmvc.environments.base import (
    DatabaseSource,
    EphemeralDatabase,
    StoredTemplate,
    TemplateBuild,
    TemplateKey,
)
from tdmvc.environments.failures import refuse_production
from tdmvc.environments.mariadb.failures import may_not_create
from tdmvc.environments.mariadb.schema_copies import create_schema, fill_schema
from tdmvc.environments.mariadb.server_database import ServerDatabase, ServerTemplate
from tdmvc.environments.mariadb.server_names import (
    name_copy,
    name_template,
    new_run,
    release_lock,
    run_of,
    take_lock,
)
from tdmvc.environments.mariadb.server_templates import MariadbTemplates
from tdmvc.environments.templates.store import LIMIT_BYTES
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import TemplateOrigin
from tdmvc.model.location import Location, ServerLocation

_FORBIDDEN = (1044, 1142, 1227)
_BASE = "app"


class MariadbServerProvider:
    """Provides databases on a server that others may use, too, beside the one that the URL names."""

    def __init__(self, location: ServerLocation) -> None:
        """Take a URL; its database need not exist, and is never touched.

        Raises:
            DatabaseError: the URL says that the server is for production.
        """
        refuse_production(location)
        self._location = location
        self._base = location.database or _BASE
        self._version = ""

    @property
    def version(self) -> str:
        """The server's version.

        Raises:
            DatabaseError: the server cannot be reached.
        """
        if not self._version:
            with self._connected() as connection:
                self._version = f"mysql {connection.version_text}"
        return self._version

    @contextmanager
    def open(self, key: TemplateKey, build: TemplateBuild) -> Iterator[DatabaseSource]:
        with self._connected() as connection:
            templates = MariadbTemplates(connection, self._base, self.version)
            with self._explained():
                _drop_abandoned(connection)
                run = new_run()
                take_lock(connection, run)
                lock = name_template(self._base, key)
                take_lock(connection, lock)
                try:
                    origin, stamp = self._provide(connection, templates, key, build)
                    templates.use(key, run)
                finally:
                    release_lock(connection, lock)
            names = (name_copy(self._base, run, number) for number in itertools.count(1))
            template = ServerTemplate(connection, name_template(self._base, key), stamp)
            try:
                yield _ServerSource(self, template, origin, names)
            finally:
                with template.lock, contextlib.suppress(DatabaseError):
                    _drop(connection, run)

    def shuffle_rows(self, location: Location, seed: int) -> None:
        """Leave the rows where they are: the order is that of their keys."""

    def list_templates(self) -> Sequence[StoredTemplate]:
        with self._connected() as connection:
            return MariadbTemplates(connection, self._base, self.version).stored()

    def remove_template(self, key: TemplateKey) -> bool:
        with self._connected() as connection:
            return MariadbTemplates(connection, self._base, self.version).remove(key)

    def create(self, template: ServerTemplate, name: str) -> ServerDatabase:
        """Make a copy of a template.

        Raises:
            DatabaseError: the server refuses, or somebody has changed the template.
        """
        with self._explained():
            return ServerDatabase(template, replace(self._location, database=name))

    def _provide(
        self,
        connection: MysqlConnection,
        templates: MariadbTemplates,
        key: TemplateKey,
        build: TemplateBuild,
    ) -> tuple[TemplateOrigin, str]:
        """Find or make the template, and return also its stamp."""
        if stamp := templates.find(key):
            return TemplateOrigin.REUSED, stamp
        name = name_template(self._base, key)
        # What a killed run left is not complete, and what somebody wrote to has not the seeded rows.
        connection.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")
        nearest = templates.nearest(key)
        location = replace(self._location, database=name)
        create_schema(connection, name, like=nearest)
        try:
            if nearest is None:
                build.migrate(location)
            else:
                fill_schema(connection, nearest, name)
            build.seed(location)
            stamp = templates.complete(key)
            templates.shrink(key, LIMIT_BYTES)
        except BaseException:
            with contextlib.suppress(DatabaseError):
                connection.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")
            raise
        return TemplateOrigin.BUILT if nearest is None else TemplateOrigin.DERIVED, stamp

    @contextmanager
    def _connected(self) -> Iterator[MysqlConnection]:
        address = resolve_address(replace(self._location, database=""))
        with connected(address, mode=WRITING_MODE) as connection:
            # Its locks tell that the run is alive.
            connection.execute("SET SESSION wait_timeout = 2147483")
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say which rights the user lacks."""
        try:
            yield
        except RefusedStatementError as error:
            if error.code in _FORBIDDEN:
                raise may_not_create(str(self._location), error) from error
            raise


class _ServerSource:
    def __init__(
        self,
        provider: MariadbServerProvider,
        template: ServerTemplate,
        origin: TemplateOrigin,
        names: Iterator[str],
    ) -> None:
        self._provider = provider
        self._template = template
        self._names = names
        self.origin = origin

    def create(self) -> EphemeralDatabase:
        with self._template.lock:
            return self._provider.create(self._template, next(self._names))


def _drop_abandoned(connection: MysqlConnection) -> None:
    """Drop the databases of runs that were killed.

    Raises:
        DatabaseError: the server refuses.
    """
    runs = {run for name in _names(connection) if (run := run_of(name)) is not None}
    for run in runs:
        if take_lock(connection, run, wait=False):
            _drop(connection, run)
            release_lock(connection, run)


def _drop(connection: MysqlConnection, run: str) -> None:
    for name in _names(connection):
        if run_of(name) == run:
            connection.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")


def _names(connection: MysqlConnection) -> list[str]:
    return [text_of(name) for (name,) in connection.query("SHOW DATABASES")]
