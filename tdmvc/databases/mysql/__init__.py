"""MySQL and MariaDB, through PyMySQL."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from tdmvc.databases.base import DatabaseTarget, ReadOptions, Snapshot
from tdmvc.databases.mysql.opening import open_target
from tdmvc.databases.mysql.reading import open_snapshot
from tdmvc.databases.mysql.script import open_script
from tdmvc.databases.scripts import Script
from tdmvc.model.location import Location
from tdmvc.sql.duckdb import DuckDBConnection


class MysqlEngine:
    """Reads and writes databases of MySQL 8 and of MariaDB 10.6 and later."""

    name = "MySQL"
    url_form = "mysql://USER@HOST/DATABASE"

    def open_snapshot(
        self, location: Location, duckdb: Callable[[], DuckDBConnection], options: ReadOptions
    ) -> AbstractContextManager[Snapshot]:
        return open_snapshot(location, options)

    def open_target(self, location: Location, options: ReadOptions) -> AbstractContextManager[DatabaseTarget]:
        return open_target(location, options)

    def open_script(self, location: Location) -> AbstractContextManager[Script]:
        return open_script(location)
