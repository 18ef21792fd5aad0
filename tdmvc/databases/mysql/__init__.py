"""MySQL and MariaDB, through PyMySQL.

`connection` opens sessions at an `address` and turns `errors` into ours. `catalog` reads what a database declares, and
`reading` takes rows out of it. `creating` makes tables, `encoding` gives values the exact form of their columns, and
`writing` loads them. `pending` remembers what a killed seed leaves to undo. `script` runs SQL as people write it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from tdmvc.databases.base import DatabaseTarget, ReadOptions, Snapshot
from tdmvc.databases.mysql.reading.snapshot import open_snapshot
from tdmvc.databases.mysql.script import open_script
from tdmvc.databases.mysql.writing.opening import open_target
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
