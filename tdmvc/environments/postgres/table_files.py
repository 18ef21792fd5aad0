"""Which file of a database belongs to which table: what the server's log names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tdmvc.databases.postgres.connection import PostgresConnection, Statement
from tdmvc.sql.quoting import quote_name

_FIRST_OWN = 16384
"""The number of the first object that does not belong to the catalog."""
_RELATIONS = """
    SELECT class.oid::bigint, pg_catalog.pg_relation_filenode(class.oid)::bigint, class.relkind::text,
        space.nspname, class.relname, class.relpersistence = 'u',
        class.relkind = 'r' AND coalesce(access.amname, '') <> 'heap'
    FROM pg_catalog.pg_class AS class
    JOIN pg_catalog.pg_namespace AS space ON space.oid = class.relnamespace
    LEFT JOIN pg_catalog.pg_am AS access ON access.oid = class.relam
    WHERE class.relkind IN ('r', 't', 'i', 'S') AND class.relpersistence <> 't'
"""
_DETAILS = """
    SELECT ARRAY(
        SELECT attname::text FROM pg_catalog.pg_attribute
        WHERE attrelid = %(table)s AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
    ), EXISTS (
        SELECT 1 FROM pg_catalog.pg_trigger WHERE tgrelid = %(table)s AND tgenabled IN ('A', 'R')
    ) OR EXISTS (
        SELECT 1 FROM pg_catalog.pg_rewrite WHERE ev_class = %(table)s AND ev_enabled IN ('A', 'R')
    )
"""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table whose rows can be restored."""

    oid: int
    name: str
    """With its schema, quoted for SQL."""
    label: str
    """For messages."""


@dataclass(frozen=True, slots=True)
class TableDetails:
    """What an INSERT into a table has to know."""

    columns: tuple[str, ...]
    """Those that are not computed, quoted for SQL."""
    has_lasting_triggers: bool
    """Whether triggers or rules run even where those of applications do not."""


@dataclass(frozen=True, slots=True)
class TableFiles:
    """The files of a database at a moment."""

    tables: Mapping[int, TableFile]
    """By the number of the file."""
    derived: tuple[int, ...]
    """Files that only change together with those of tables: indexes, values that are stored out of line; and
    sequences, which are read."""
    why_unknown: str
    """Why changes of some table are not in the server's log; empty if all are."""


def read_table_files(connection: PostgresConnection) -> TableFiles:
    """Return the files of the database that a connection leads to; the driver's errors are passed on."""
    tables: dict[int, TableFile] = {}
    derived: list[int] = []
    why = ""
    for oid, file, kind, space, name, is_unlogged, is_foreign in connection.execute(_RELATIONS).fetchall():
        if file is None:
            continue
        if kind != "r":
            derived.append(file)
        elif oid >= _FIRST_OWN:
            tables[file] = TableFile(oid, f"{quote_name(space)}.{quote_name(name)}", f"{space}.{name}")
        if is_unlogged and kind in ("r", "S"):
            why = f"{space}.{name} is unlogged"
        elif is_foreign:
            why = f"{space}.{name} is stored in a way of its own"
    return TableFiles(tables, tuple(derived), why)


def details_statement(table: TableFile) -> Statement:
    """Return the statement whose rows `parse_details` takes."""
    return _DETAILS, {"table": table.oid}


def parse_details(rows: list[Any]) -> TableDetails:
    """Return what is needed to insert rows into a table."""
    ((columns, has_lasting_triggers),) = rows
    return TableDetails(tuple(quote_name(column) for column in columns), has_lasting_triggers)
