"""PostgreSQL that runs already, whose templates are databases on it."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

from tdmvc.environments.base import StoredTemplate, TemplateBuild, TemplateKey
from tdmvc.environments.failures import production_server, refuse_production
from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.environments.postgres.copies import opened_copies
from tdmvc.environments.postgres.counter import OwnTransactions
from tdmvc.environments.postgres.failures import may_not_create
from tdmvc.environments.postgres.server_locks import RUN, ServerLocks
from tdmvc.environments.postgres.server_names import name_template, new_run, run_of, run_prefix
from tdmvc.environments.postgres.server_templates import PostgresTemplates
from tdmvc.environments.postgres.shuffling import shuffle_rows
from tdmvc.environments.postgres.source import PostgresSource
from tdmvc.environments.templates.store import LIMIT_BYTES
from tdmvc.errors import DatabaseError
from tdmvc.model.location import Location, ServerLocation
from tdmvc.seeding.protection import refuse_names

_MAINTENANCE = "postgres"
_OTHER_MAINTENANCE = "template1"
"""The database to connect to where there is no `postgres`, or it is closed to this user."""
_USER = """
    SELECT rolname::text, rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user
"""
_VERSION = """
    SELECT pg_catalog.current_setting('server_version'), pg_catalog.pg_encoding_to_char(encoding),
        datcollate::text, datctype::text
    FROM pg_catalog.pg_database WHERE datname = 'template1'
"""
_DATABASES = """
    SELECT datname::text FROM pg_catalog.pg_database WHERE pg_catalog.pg_get_userbyid(datdba) = current_user
"""


class PostgresServerProvider:
    """Provides databases on a server that others may use, too; its user may create databases, and needs no more."""

    def __init__(self, location: ServerLocation, *, limit_bytes: int = LIMIT_BYTES) -> None:
        """Take a URL; its database need not exist.

        Args:
            limit_bytes: how large the templates of the user may become together.

        Raises:
            DatabaseError: the URL says that the server is for production.
        """
        refuse_production(location)
        named = dict(location.query).get("dbname", "")
        query = tuple((name, value) for name, value in location.query if name != "dbname")
        self._location = replace(location, query=query, database=location.database or named)
        self._limit_bytes = limit_bytes
        self._version = ""

    @property
    def version(self) -> str:
        """The server's version, and how it stores and sorts texts.

        Raises:
            DatabaseError: the server cannot be reached.
        """
        if not self._version:
            with closing(self._connect()) as administrator:
                self._version = "postgresql " + " ".join(map(str, administrator.rows(_VERSION)[0]))
        return self._version

    @contextmanager
    def open(self, key: TemplateKey, build: TemplateBuild) -> Iterator[PostgresSource]:
        """Find the template with the key on the server, or make it.

        Raises:
            DatabaseError: the server cannot be reached, or refuses.
        """
        with self._templates() as (templates, administrator, locks):
            user = _check_user(administrator)
            _drop_databases(administrator, lambda run: run is not None and locks.try_take(RUN, run))
            base = self._location.database or user
            name = name_template(base, user, key)
            origin = templates.provide(name, key, build)
            run = new_run()
            locks.take(RUN, run)
            try:
                template = administrator.location_of(name.name)
                prefix = run_prefix(base, run)
                with opened_copies(administrator.location, template, prefix=prefix) as copies:
                    names = iter(copies.new_name, None)
                    with closing(PostgresSource(origin, copies, names)) as source:
                        yield source
            finally:
                with contextlib.suppress(DatabaseError):
                    _drop_databases(administrator, lambda found: found == run)

    def shuffle_rows(self, location: Location, seed: int) -> None:
        shuffle_rows(location, seed)

    def list_templates(self) -> Sequence[StoredTemplate]:
        with self._templates() as (templates, _, _):
            return templates.stored()

    def remove_template(self, key: TemplateKey) -> bool:
        with self._templates() as (templates, _, _):
            return templates.remove(key)

    @contextmanager
    def _templates(self) -> Iterator[tuple[PostgresTemplates, Administrator, ServerLocks]]:
        with (
            closing(self._connect()) as administrator,
            closing(ServerLocks(administrator.location)) as locks,
        ):
            yield (
                PostgresTemplates(administrator, locks, self.version, self._limit_bytes),
                administrator,
                locks,
            )

    def _connect(self) -> Administrator:
        """Connect to a database of the server that is neither copied nor reset.

        Raises:
            DatabaseError: the server cannot be reached, or is for production.
        """
        try:
            administrator = Administrator(replace(self._location, database=_MAINTENANCE), OwnTransactions())
        except DatabaseError as error:
            try:
                other = replace(self._location, database=_OTHER_MAINTENANCE)
                administrator = Administrator(other, OwnTransactions())
            except DatabaseError:
                raise error from None
        # A service or a variable of libpq may have named the host.
        refusal = refuse_names({"host": administrator.host})
        if refusal is not None:
            administrator.close()
            raise production_server(str(self._location), refusal.what)
        return administrator


def _check_user(administrator: Administrator) -> str:
    """Return the name of the user.

    Raises:
        DatabaseError: the user may not create databases.
    """
    ((user, may_create),) = administrator.rows(_USER)
    if not may_create:
        raise may_not_create(str(administrator.location), user)
    return str(user)


def _drop_databases(administrator: Administrator, is_meant: Callable[[int | None], bool]) -> None:
    """Drop the databases of some runs.

    Args:
        is_meant: whether the databases of a run are dropped; None stands for no run.

    Raises:
        DatabaseError: the server refuses.
    """
    for (name,) in administrator.rows(_DATABASES):
        if is_meant(run_of(name)):
            administrator.drop(name)
