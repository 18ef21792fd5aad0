"""Sequences of a DuckDB database, from which columns get their numbers."""

from collections.abc import Collection
from dataclasses import dataclass

from tdmvc.databases.duckdb.names import MAIN, AttachedName
from tdmvc.databases.numbering import move_on
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, quote_text
from tdmvc.sql.tokens import tokens

_BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32}


@dataclass(frozen=True, slots=True)
class _Sequence:
    """What the catalog says of a sequence."""

    start: int
    """When the file is opened, the number that comes next."""
    increment: int
    last: int | None


Place = tuple[str, str]
"""The schema and the name of a sequence."""


def find_sequence(default: str | None, schema: str, known: Collection[Place]) -> Place | None:
    """Return the sequence whose next number is the default of a column; None if it is something else.

    Args:
        schema: that of the table, in which DuckDB looks first.
        known: all sequences of the database.
    """
    parts = tokens(default or "")
    if len(parts) != 4 or [part.keyword for part in parts[:2]] != ["NEXTVAL", "("]:
        return None
    named = [part.name for part in tokens(parts[2].name) if part.keyword != "."]
    schemas = named[-2:-1] or [schema, MAIN]
    return next((place for one in schemas if (place := (one, named[-1])) in known), None)


class Sequences:
    """The sequences of an open database; they move when the transaction ends, which would not take it back."""

    def __init__(self, con: DuckDBConnection, database: str) -> None:
        self._con = con
        self._database = database
        self._opened = self._read(con, database)
        self._pending: dict[tuple[str, str], int] = {}

    def move(self, table: AttachedName, sql: str, offset: int) -> None:
        """Have the sequences of a table go on after its greatest numbers."""
        for column, place in self._columns(table).items():
            sequence = self._read(self._con, self._database)[place]
            greatest = f"max({quote_name(column)})"
            ((highest, kind),) = self._con.execute(
                f"SELECT {greatest}, typeof({greatest}) FROM {sql}"
            ).fetchall()
            following = highest + sequence.increment if highest is not None else 1
            following = move_on(following, offset, 2 ** (_BITS.get(kind, 64) - 1) - 1)
            # Several columns may share a sequence.
            self._pending[place] = max(following, self._pending.get(place, following))

    def apply(self) -> None:
        """Move the sequences."""
        now = self._read(self._con, self._database)
        for place, following in self._pending.items():
            if self._next(place, now) != following:
                name = ".".join(quote_name(part) for part in place)
                self._con.execute(f"SELECT setval({quote_text(name)}, {following}, false)").fetchall()

    def next_numbers(self, table: AttachedName) -> list[tuple[str, int]]:
        """Return the number that comes next in each column of a table that has a sequence."""
        now = self._read(self._con, self._database)
        return [
            (column, self._pending.get(place, self._next(place, now)))
            for column, place in self._columns(table).items()
        ]

    def copy_all(self, other: DuckDBConnection) -> None:
        """Make the sequences in another database."""
        for (schema, name), sequence in self._read(self._con, self._database).items():
            other.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_name(schema)}")
            other.execute(
                f"CREATE SEQUENCE {quote_name(schema)}.{quote_name(name)} INCREMENT {sequence.increment}"
            )

    def copy_new(self, other: DuckDBConnection) -> None:
        """Make the sequences that another database has."""
        ((database,),) = other.execute("SELECT current_database()").fetchall()
        known = self._read(self._con, self._database)
        for place, sequence in self._read(other, database).items():
            if place not in known:
                schema, name = (quote_name(part) for part in place)
                self._con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
                self._con.execute(
                    f"CREATE SEQUENCE {schema}.{name} START {sequence.start} INCREMENT {sequence.increment}"
                )

    def _next(self, place: tuple[str, str], now: dict[tuple[str, str], _Sequence]) -> int:
        sequence, opened = now[place], self._opened.get(place)
        is_used = sequence.last is not None and (opened is None or opened.last != sequence.last)
        return int(sequence.last or 0) + sequence.increment if is_used else sequence.start

    def _read(self, con: DuckDBConnection, database: str) -> dict[tuple[str, str], _Sequence]:
        rows = con.execute(
            "SELECT schema_name, sequence_name, start_value, increment_by, last_value FROM duckdb_sequences() "
            f"WHERE database_name = {quote_text(database)} AND NOT temporary ORDER BY 1, 2"
        ).fetchall()
        return {(schema, name): _Sequence(start, step, last) for schema, name, start, step, last in rows}

    def _columns(self, table: AttachedName) -> dict[str, Place]:
        """Return the sequences of the columns of a table, as their defaults name them."""
        rows = self._con.execute(
            f"SELECT column_name, column_default FROM duckdb_columns() WHERE {table.where} "
            "AND column_default IS NOT NULL ORDER BY column_index"
        ).fetchall()
        known = self._read(self._con, self._database)
        found = {}
        for column, default in rows:
            if (place := find_sequence(default, table.schema, known)) is not None:
                found[column] = place
        return found
