"""The last numbers of AUTOINCREMENT columns, which SQLite keeps in a table of its own."""

import sqlite3

from tdmvc.databases.numbering import move_on
from tdmvc.databases.sqlite.catalog import has_table, read_table
from tdmvc.sql.quoting import quote_name

_LAST = 2**63 - 1


def read_sequence(database: sqlite3.Connection, table: str) -> int | None:
    """Return the last number of an AUTOINCREMENT column; None if the table has none."""
    if not has_table(database, "sqlite_sequence"):
        return None
    row = database.execute(
        "SELECT seq FROM sqlite_sequence WHERE lower(name) = lower(?)", (table,)
    ).fetchone()
    return row[0] if row else None


def move_sequence(database: sqlite3.Connection, table: str, offset: int) -> None:
    """Have an AUTOINCREMENT column go on after its greatest number, and by an offset more."""
    declared = read_table(database, table)
    numbered = next((column for column in declared.columns if column.identity is not None), None)
    if numbered is None:
        return
    (highest,) = database.execute(
        f"SELECT coalesce(max({quote_name(numbered.name)}), 0) FROM {quote_name(table)}"
    ).fetchone()
    database.execute("DELETE FROM sqlite_sequence WHERE lower(name) = lower(?)", (table,))
    if last := move_on(highest, offset, _LAST):
        database.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, last))
