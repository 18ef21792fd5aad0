"""Loads dumps of MySQL and MariaDB into a server, as a user who may do nothing outside of one database."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from tdmvc.databases.mysql.script import open_script
from tdmvc.model.location import ServerLocation
from tdmvc.servers import RunningServer, find_mariadb, start_mariadb
from tdmvc.sources.sql_dump import DumpFile
from tdmvc.sources.sql_dump.mysql_statements import decide_mysql, label_mysql
from tdmvc.workspace.dump_loading import Dialect, DumpLoader

_USER = "dump"
_DATABASE = "dump"


class MysqlDumps:
    """Loads what mysqldump wrote; see `DumpServer`."""

    @contextmanager
    def loaded(
        self, dumps: Sequence[DumpFile], loader: DumpLoader
    ) -> Iterator[tuple[ServerLocation, tuple[str, ...]]]:
        with start_mariadb(find_mariadb()) as server:
            location = make_dump_database(server)
            load_into_mysql(location, dumps, loader)
            yield location, ()


def load_into_mysql(location: ServerLocation, dumps: Sequence[DumpFile], loader: DumpLoader) -> None:
    """Load dumps into the database that `make_dump_database` made.

    Raises:
        DatabaseError: the connection is lost, or the disk is full.
        SourceError: a dump is cut off, or the server refuses a statement.
    """
    dialect = Dialect("mysql", "mysql", decide_mysql, label_mysql, lambda extension: "")
    for dump in dumps:
        with open_script(location) as script, dump.open_parts() as (parts, file):
            # Rows arrive in the order of the dump.
            script.execute(b"SET foreign_key_checks = 0")
            loader.load(dump, parts, file, script, dialect)
    with open_script(location) as script:
        loader.finish(script)


def make_dump_database(server: RunningServer) -> ServerLocation:
    """Make a database and a user with all rights in it, and no others; return where the user connects."""
    password = secrets.token_urlsafe(24)
    with open_script(server.location("")) as script:
        for statement in (
            f"CREATE DATABASE {_DATABASE} CHARACTER SET utf8mb4",
            f"CREATE USER {_USER}@'{server.host}' IDENTIFIED BY '{password}'",
            f"GRANT ALL PRIVILEGES ON {_DATABASE}.* TO {_USER}@'{server.host}'",
        ):
            script.execute(statement.encode())
    return replace(server.location(_DATABASE), user=_USER, password=password)
