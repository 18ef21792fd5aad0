"""Tables as a dataset describes them, from what the catalog of a server declares."""

import pyarrow as pa

from tdmvc.arrow.types import format_type
from tdmvc.databases.mysql.catalog import MysqlTable
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.defaults import read_default
from tdmvc.databases.mysql.names import DIALECT, quoted, table_sql
from tdmvc.databases.mysql.types import ColumnReading, MysqlColumn, column_reading
from tdmvc.errors import format_names
from tdmvc.model.declarations import Collation, Generated, Identity, TableOptions
from tdmvc.model.schema import Column, TableSchema

_USUAL_COLLATIONS = ("utf8mb4_general_ci", "utf8mb4_0900_ai_ci", "utf8mb4_uca1400_ai_ci")
"""The defaults of utf8mb4; a table with one of them declares nothing."""


def look_at_rows(connection: MysqlConnection, table: MysqlTable) -> tuple[dict[str, str], int | None]:
    """Return the columns with values that their usual canonical type cannot hold, each with the reason.

    Beside them, the greatest number of a column that the server numbers; None without a row or such a column.
    Reads all rows of a table with dates, times or flags once.
    """
    probes = {column.name: column_reading(column) for column in table.columns}
    probes = {name: reading for name, reading in probes.items() if reading.probe is not None}
    selected = [f"MAX({reading.probe})" for reading in probes.values()]
    numbered = numbered_column(table)
    if numbered is not None and (table.next_number or 1) > 1:
        selected.append(f"MAX({quoted(numbered)})")
    if not selected:
        return {}, None
    (row,) = connection.query(
        f"SELECT {', '.join(selected)} FROM {table_sql(table.schema, table.name)}", f"Reading {table.name}"
    )
    unusual = {
        name: reading.reason
        for (name, reading), found in zip(probes.items(), row, strict=False)
        if found == "1"
    }
    highest = row[len(probes)] if len(row) > len(probes) else None
    return unusual, int(float(highest)) if highest is not None else None


def numbered_column(table: MysqlTable) -> str | None:
    """Return the column that the server numbers."""
    return next((column.name for column in table.columns if "auto_increment" in column.extra), None)


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


def table_notes(table: MysqlTable, unusual: dict[str, str], highest: int | None) -> list[str]:
    """Return what people should know about a table that was read.

    Args:
        highest: the greatest number of the column that the server numbers.
    """
    notes = [f"{name}: {reason}" for name, reason in unusual.items()]
    if table.left_out:
        notes.append(f"not kept: {format_names(table.left_out, len(table.left_out))}")
    if table.engine and not table.is_transactional:
        notes.append(
            f"{table.engine} keeps no versions of rows: what others write while it is read may be missing or doubled"
        )
    numbered = numbered_column(table)
    # It never gives 0 or less.
    if (
        numbered is not None
        and table.next_number is not None
        and table.next_number > max(highest or 0, 0) + 1
    ):
        notes.append(
            f"{numbered}: AUTO_INCREMENT stands at {table.next_number}; a copy "
            + (
                "starts again, because there are no rows"
                if highest is None
                else f"goes on after {highest}, its greatest number"
            )
        )
    return notes
