"""What a difference changed in a table, as far as references need it: nothing else breaks one that held before."""

from collections.abc import Collection, Sequence

from tdmvc.databases.mysql.catalog.relations import MysqlTable
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.names import alias, quoted, table_sql


class MysqlChanges:
    """The rows of one table that were inserted, updated or deleted; kept in temporary tables."""

    def __init__(
        self, connection: MysqlConnection, table: MysqlTable, key: Sequence[str], referred: Collection[str]
    ) -> None:
        """Prepare to keep changes.

        Args:
            referred: the columns to which references lead.
        """
        self._connection = connection
        self._table = table
        self.key = tuple(key)
        self._referred = sorted({name.lower() for name in referred})
        self.written = alias("written", table.schema, table.name)
        """The temporary table with the keys of rows that were inserted or updated, once there is one."""
        self.has_written = False
        self._left = alias("left", table.schema, table.name)
        self._has_left = False

    @property
    def left(self) -> str | None:
        """The temporary table with the values that referred columns had in rows that were deleted or updated; None if
        there are none."""
        return self._left if self._has_left else None

    def leave(self, chosen: str, rows: str, written: Collection[str] | None = None) -> None:
        """Keep the referred values of rows that are about to be deleted or updated.

        Args:
            chosen: what follows FROM to select the rows.
            rows: their alias in it.
            written: the columns that may change; None if the rows are deleted.
        """
        changes = written is None or not {name.lower() for name in written}.isdisjoint(self._referred)
        if not self._referred or not changes:
            return
        names = ", ".join(f"{rows}.{quoted(name)}" for name in self._referred)
        if not self._has_left:
            name = table_sql(self._table.schema, self._table.name)
            plain = ", ".join(quoted(one) for one in self._referred)
            self._connection.execute(
                f"CREATE TEMPORARY TABLE {self._left} ENGINE=InnoDB AS SELECT {plain} FROM {name} LIMIT 0"
            )
        self._connection.execute(f"INSERT INTO {self._left} SELECT {names} FROM {chosen}")
        self._has_left = True
