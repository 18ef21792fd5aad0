"""Reads indexes, triggers, views and virtual tables of a SQLite file."""

import sqlite3
from collections.abc import Sequence

from tdmvc.model.declarations import Index, View
from tdmvc.sql.object_definitions import read_index, read_view

DIALECT = "sqlite"


def read_indexes(database: sqlite3.Connection, table: str, columns: Sequence[str]) -> tuple[Index, ...]:
    """Return the indexes that CREATE INDEX made, sorted by name."""
    rows = database.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND lower(tbl_name) = lower(?) "
        "AND sql IS NOT NULL ORDER BY name",
        (table,),
    ).fetchall()
    return tuple(read_index(name, sql, columns, DIALECT) for name, sql in rows)


def read_triggers(database: sqlite3.Connection, table: str) -> list[str]:
    """Return the table's triggers, as a note names them."""
    rows = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(?) ORDER BY name",
        (table,),
    ).fetchall()
    return [f"trigger {name}" for (name,) in rows]


def read_views(database: sqlite3.Connection) -> list[View]:
    """Return the views in the order in which they were made."""
    rows = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view' ORDER BY rowid")
    return [read_view(name, sql, DIALECT) for name, sql in rows.fetchall()]


def read_other_objects(database: sqlite3.Connection) -> list[str]:
    """Return what else the file has and no dataset keeps: virtual tables, and triggers of views."""
    virtual = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL %' ORDER BY name"
    ).fetchall()
    triggers = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) IN "
        "(SELECT lower(name) FROM sqlite_master WHERE type = 'view') ORDER BY name"
    ).fetchall()
    return [*(f"virtual table {name}" for (name,) in virtual), *(f"trigger {name}" for (name,) in triggers)]
