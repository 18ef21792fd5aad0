"""Looks at the rows of a table: which values need a wider type, and which number comes next."""

from tdmvc.databases.mysql.catalog.relations import MysqlTable
from tdmvc.databases.mysql.catalog.schemas import numbered_column
from tdmvc.databases.mysql.catalog.types import column_reading
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.names import quoted, table_sql
from tdmvc.databases.numbering import in_a_copy
from tdmvc.errors import format_names


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
        selected.append(f"MAX({quoted(numbered.name)})")
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
        notes.append(f"{numbered.name}: AUTO_INCREMENT stands at {table.next_number}; {in_a_copy(highest)}")
    return notes
