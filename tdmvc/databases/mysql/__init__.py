"""MySQL and MariaDB, through PyMySQL."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from tdmvc.databases.base import DatabaseTarget, ReadOptions, Snapshot
from tdmvc.databases.mysql.address import URL_FORM, is_server
from tdmvc.databases.mysql.opening import open_target
from tdmvc.databases.mysql.reading import open_snapshot
from tdmvc.model.location import Location
from tdmvc.sql.duckdb import DuckDBConnection


class MysqlEngine:
    """Reads and writes databases of MySQL 8 and of MariaDB 10.6 and later."""

    name = "MySQL"
    url_form = URL_FORM

    def can_read(self, location: Location) -> bool:
        return is_server(location)

    def open_snapshot(
        self, location: Location, duckdb: Callable[[], DuckDBConnection], options: ReadOptions
    ) -> AbstractContextManager[Snapshot]:
        return open_snapshot(location, options)

    def can_seed(self, location: Location) -> bool:
        return is_server(location)

    def open_target(self, location: Location, options: ReadOptions) -> AbstractContextManager[DatabaseTarget]:
        return open_target(location, options)
