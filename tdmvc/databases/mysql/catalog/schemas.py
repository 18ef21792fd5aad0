"""Tables as a dataset describes them, from what the catalog of a server declares."""

import pyarrow as pa

from tdmvc.arrow.types import format_type
from tdmvc.databases.mysql.catalog.defaults import read_default
from tdmvc.databases.mysql.catalog.relations import MysqlTable
from tdmvc.databases.mysql.catalog.types import ColumnReading, MysqlColumn, column_reading
from tdmvc.databases.mysql.names import DIALECT
from tdmvc.model.declarations import Collation, Generated, Identity, TableOptions
from tdmvc.model.schema import Column, TableSchema

_USUAL_COLLATIONS = ("utf8mb4_general_ci", "utf8mb4_0900_ai_ci", "utf8mb4_uca1400_ai_ci")
"""The defaults of utf8mb4; a table with one of them declares nothing."""


def numbered_column(table: MysqlTable) -> MysqlColumn | None:
    """Return the column that the server numbers."""
    return next((column for column in table.columns if "auto_increment" in column.extra), None)


def column_readings(table: MysqlTable, unusual: dict[str, str]) -> list[ColumnReading]:
    """Return how each column is read."""
    readings = []
    for column in table.columns:
        reading = column_reading(column)
        otherwise = reading.otherwise if column.name in unusual else None
        readings.append(otherwise or reading)
    return readings


def table_schema(
    table: MysqlTable, name: str, readings: list[ColumnReading], *, is_mariadb: bool
) -> TableSchema:
    """Return a table as a dataset describes it.

    Args:
        name: what the dataset calls it.
    """
    return TableSchema(
        name,
        tuple(
            _column(table, column, reading.type, is_mariadb=is_mariadb)
            for column, reading in zip(table.columns, readings, strict=True)
        ),
        table.key,
        table.references,
        table.unique_keys,
        table.checks,
        table.indexes,
        _options(table),
        table.comment or None,
    )


def _column(table: MysqlTable, column: MysqlColumn, type_: pa.DataType, *, is_mariadb: bool) -> Column:
    physical = column.physical_type
    own_collation = (
        column.collation is not None and column.collation != table.collation and not column.is_json
    )
    return Column(
        column.name,
        type_,
        None if physical == format_type(type_) else physical,
        column.required,
        column.name in table.unique,
        default=read_default(column, type_, is_mariadb=is_mariadb),
        generated=_generated(column),
        identity=Identity() if "auto_increment" in column.extra else None,
        collation=Collation(str(column.collation), DIALECT) if own_collation else None,
        description=column.comment or None,
    )


def _generated(column: MysqlColumn) -> Generated | None:
    if not column.generation:
        return None
    return Generated(column.generation, "virtual" not in column.extra, DIALECT)


def _options(table: MysqlTable) -> TableOptions | None:
    if not table.collation or table.collation in _USUAL_COLLATIONS:
        return None
    if not any(column.collation == table.collation for column in table.columns):
        return None
    return TableOptions((f"COLLATE {table.collation}",), DIALECT)
