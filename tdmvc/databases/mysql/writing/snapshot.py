"""Reads the tables of a database in the transaction that writes them."""

from collections.abc import Collection

from tdmvc.databases.base import OtherObjects, QualifiedName
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.reading.snapshot import MysqlSnapshot


class TargetSnapshot(MysqlSnapshot):
    """Reads locked tables in their own session, which can read no others, and those in another one."""

    def __init__(
        self,
        connection: MysqlConnection,
        other: MysqlConnection,
        schemas: tuple[str, ...],
        locked: Collection[str],
    ) -> None:
        super().__init__(connection, schemas)
        self._elsewhere = MysqlSnapshot(other, schemas)
        self._locked = locked

    def read_rows(self, name: QualifiedName, most: int) -> list[dict[str, object]]:
        schema = name.schema or self._schemas[0]
        if not self._locked or (schema in self._schemas and self.name_of(schema, name.table) in self._locked):
            return super().read_rows(name, most)
        return self._elsewhere.read_rows(name, most)

    def read_columns(self, others: Collection[str] = ()) -> dict[QualifiedName, tuple[str, ...]]:
        return self._elsewhere.read_columns(others)

    def read_others(self) -> OtherObjects:
        return self._elsewhere.read_others()
