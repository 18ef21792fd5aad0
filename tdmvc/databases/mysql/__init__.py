"""MySQL and MariaDB, through PyMySQL."""

from contextlib import AbstractContextManager

from tdmvc.databases.base import ReadOptions, Snapshot
from tdmvc.databases.mysql.address import URL_FORM, is_server
from tdmvc.databases.mysql.reading import open_snapshot
from tdmvc.model.location import Location
from tdmvc.sql.duckdb import DuckDBConnection


class MysqlEngine:
    """Reads databases of MySQL 8 and of MariaDB 10.6 and later."""

    name = "MySQL"
    url_form = URL_FORM

    def can_read(self, location: Location) -> bool:
        return is_server(location)

    def open_snapshot(
        self, location: Location, con: DuckDBConnection, options: ReadOptions
    ) -> AbstractContextManager[Snapshot]:
        return open_snapshot(location, options)
