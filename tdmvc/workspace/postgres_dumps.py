"""Loads dumps of PostgreSQL into a server, as a role that may do nothing but own its database."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tdmvc.databases.postgres.script import open_script
from tdmvc.databases.scripts import Script, StatementError
from tdmvc.model.location import ServerLocation
from tdmvc.servers import RunningServer, find_postgres, start_postgres
from tdmvc.servers.postgres import scram_verifier
from tdmvc.sources.sql_dump import DumpFile
from tdmvc.sources.sql_dump.decisions import MakeExtension
from tdmvc.sources.sql_dump.postgres_statements import decide_postgres, label_postgres
from tdmvc.sql.quoting import quote_name
from tdmvc.workspace.dump_loading import Dialect, DumpLoader
from tdmvc.workspace.live_migrations import without_tool_schemas

_ROLE = "dump"
_DATABASE = "dump"
_ADMINISTRATORS_EXTENSIONS = frozenset({"vector"})
"""Extensions that only an administrator may make, and that reach nothing outside of the database."""
_STANDINS: dict[str, tuple[str, ...]] = {
    "uuid-ossp": ("uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4"),
    "pgcrypto": ("gen_random_uuid",),
}
"""Functions that defaults often call, from extensions that the server may lack; each returns a random UUID."""
_NO_EXTENSION = frozenset({"0A000", "58P01", "42501", "42704"})


class PostgresDumps:
    """Loads what pg_dump wrote; see `DumpServer`."""

    @contextmanager
    def loaded(
        self, dumps: Sequence[DumpFile], loader: DumpLoader
    ) -> Iterator[tuple[ServerLocation, tuple[str, ...]]]:
        postgres = find_postgres()
        with start_postgres(postgres) as server:
            location = make_dump_database(server)
            program = postgres.program("pg_restore")
            yield location, load_into_postgres(server, location, program, dumps, loader)


def load_into_postgres(
    server: RunningServer,
    location: ServerLocation,
    pg_restore: Path,
    dumps: Sequence[DumpFile],
    loader: DumpLoader,
) -> tuple[str, ...]:
    """Load dumps into the database that `make_dump_database` made.

    Returns:
        The schemas that have tables.

    Raises:
        DatabaseError: the connection is lost, or the disk is full.
        SourceError: a dump is cut off, or the server refuses a statement.
    """
    with open_script(server.location(_DATABASE)) as administrator:
        for dump in dumps:
            with open_script(location) as script, dump.open_parts(pg_restore) as (parts, file):
                dialect = Dialect(
                    "postgresql",
                    "psql",
                    decide_postgres,
                    label_postgres,
                    _extension_maker(script, administrator),
                )
                # Functions may be made before what they use.
                script.execute(b"SET check_function_bodies = off")
                loader.load(dump, parts, file, script, dialect)
    with open_script(location) as script:
        # Names without a schema are easier, and a tool's own schema gives no table a reason to have one.
        return tuple(without_tool_schemas(script.read_table_schemas(), script.read_columns()))


def make_dump_database(server: RunningServer) -> ServerLocation:
    """Make a database and a role that owns it, and has no other rights; return where the role connects."""
    password = secrets.token_urlsafe(24)
    with open_script(server.location("postgres")) as script:
        for statement in (
            f"CREATE ROLE {_ROLE} LOGIN PASSWORD '{scram_verifier(password)}'"
            " NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
            # Neither triggers nor references act while rows arrive in the order of the dump.
            f"ALTER ROLE {_ROLE} SET session_replication_role = 'replica'",
            f"CREATE DATABASE {_DATABASE} OWNER {_ROLE} TEMPLATE template0",
            "REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC",
        ):
            script.execute(statement.encode())
    with open_script(server.location(_DATABASE)) as script:
        script.execute(f"ALTER SCHEMA public OWNER TO {_ROLE}".encode())
    return replace(server.location(_DATABASE), user=_ROLE, password=password)


def _extension_maker(script: Script, administrator: Script) -> Callable[[MakeExtension], str]:
    def make(extension: MakeExtension) -> str:
        name, schema = extension.name, extension.schema
        in_schema = f" SCHEMA {quote_name(schema)}" if schema else ""
        maker = administrator if name in _ADMINISTRATORS_EXTENSIONS else script
        try:
            maker.execute(f"CREATE EXTENSION IF NOT EXISTS {quote_name(name)}{in_schema} CASCADE".encode())
        except StatementError as error:
            if error.state not in _NO_EXTENSION:
                raise
            for function in _STANDINS.get(name, ()):
                script.execute(
                    f"CREATE FUNCTION {quote_name(schema or 'public')}.{function}() RETURNS uuid LANGUAGE sql"
                    " AS 'SELECT pg_catalog.gen_random_uuid()'".encode()
                )
            return "" if name in _STANDINS else f"extension {name}"
        return ""

    return make
