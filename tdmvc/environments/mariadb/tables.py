"""The tables of a database, with what decides how their rows can be restored."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tdmvc.databases.mysql.connection import MysqlConnection, text_of
from tdmvc.databases.mysql.names import table_sql, text_literal

_LARGEST_BYTES = 4 * 1024**2
"""The largest table that is restored by a copy; for more, a restart of the server takes less time."""
_INEXACT = ("float", "double", "enum", "set")
_SEQUENCE = "SEQUENCE"
_BASE = "BASE TABLE"


@dataclass(frozen=True, slots=True)
class MariadbTable:
    """A table or a sequence."""

    schema: str
    name: str
    kind: str
    engine: str
    size_bytes: int
    columns: tuple[str, ...]
    """Those that are written; generated columns follow from them."""
    key: tuple[str, ...]
    """The columns of the primary key; none if it has only the beginnings of texts."""
    inexact: frozenset[str]
    """Columns whose texts do not tell all of a value: floating-point numbers and enums."""
    has_triggers: bool

    @property
    def sql(self) -> str:
        """Its qualified name, quoted."""
        return table_sql(self.schema, self.name)

    @property
    def is_sequence(self) -> bool:
        return self.kind == _SEQUENCE

    @property
    def can_be_copied(self) -> bool:
        """Whether its rows can be written again as they are: no trigger fires, and the server keeps no history."""
        return (
            self.kind == _BASE
            and self.engine in ("InnoDB", "Aria", "MyISAM")
            and not self.has_triggers
            and self.size_bytes <= _LARGEST_BYTES
        )


def read_tables(connection: MysqlConnection, schema: str) -> Mapping[str, MariadbTable]:
    """Return the tables and sequences of a database, by name.

    Raises:
        DatabaseError: the server refuses.
    """
    wanted = f"= {text_literal(schema)}"
    columns: dict[str, list[str]] = {}
    inexact: dict[str, set[str]] = {}
    for table, column, data_type in connection.query(
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS "
        f"WHERE TABLE_SCHEMA {wanted} AND coalesce(GENERATION_EXPRESSION, '') = '' "
        "ORDER BY TABLE_NAME, ORDINAL_POSITION"
    ):
        columns.setdefault(text_of(table), []).append(text_of(column))
        if text_of(data_type) in _INEXACT:
            inexact.setdefault(text_of(table), set()).add(text_of(column))
    keys = _read_keys(connection, wanted)
    triggered = {
        text_of(table)
        for (table,) in connection.query(
            "SELECT DISTINCT EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS "
            f"WHERE EVENT_OBJECT_SCHEMA {wanted}"
        )
    }
    return {
        (name := text_of(row[0])): MariadbTable(
            schema,
            name,
            text_of(row[1]),
            text_of(row[2]),
            int(text_of(row[3]) or 0),
            tuple(columns.get(name, ())),
            keys.get(name, ()),
            frozenset(inexact.get(name, ())),
            name in triggered,
        )
        for row in connection.query(
            "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, DATA_LENGTH + INDEX_LENGTH FROM information_schema.TABLES "
            f"WHERE TABLE_SCHEMA {wanted} AND TABLE_TYPE NOT LIKE '%VIEW%' ORDER BY TABLE_NAME"
        )
    }


def _read_keys(connection: MysqlConnection, wanted: str) -> Mapping[str, tuple[str, ...]]:
    """Return the columns of primary keys by table."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for table, column, is_part in connection.query(
        "SELECT TABLE_NAME, COLUMN_NAME, SUB_PART IS NOT NULL FROM information_schema.STATISTICS "
        f"WHERE TABLE_SCHEMA {wanted} AND INDEX_NAME = 'PRIMARY' ORDER BY TABLE_NAME, SEQ_IN_INDEX"
    ):
        found.setdefault(text_of(table), []).append((text_of(column), text_of(is_part) == "1"))
    return {
        table: tuple(column for column, _ in parts)
        for table, parts in found.items()
        if not any(is_part for _, is_part in parts)
    }


def write_sequence(connection: MysqlConnection, sequence: str, state: Sequence[Any]) -> None:
    """Give a sequence the state of another one, or an earlier one of its own.

    Args:
        sequence: its qualified name, quoted.
        state: the row that SELECT * returns.

    Raises:
        DatabaseError: the server refuses.
    """
    connection.execute(f"INSERT INTO {sequence} VALUES ({', '.join(map(str, state))})")
    # The server keeps numbers that it has not given away yet.
    connection.execute(f"FLUSH LOCAL TABLES {sequence}")


def read_counters(connection: MysqlConnection, schema: str) -> Mapping[str, str]:
    """Return the next number of each table that counts its rows, by name.

    Raises:
        DatabaseError: the server refuses.
    """
    rows = connection.query(
        "SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES "
        f"WHERE TABLE_SCHEMA = {text_literal(schema)} AND AUTO_INCREMENT IS NOT NULL"
    )
    return {text_of(name): text_of(number) for name, number in rows}


def read_cascades(connection: MysqlConnection, schema: str) -> Mapping[str, frozenset[str]]:
    """Return the tables whose rows change, without a trace elsewhere, when rows of a table do; by that table.

    Raises:
        DatabaseError: the server refuses.
    """
    cascades: dict[str, set[str]] = {}
    for parent, child in connection.query(
        "SELECT REFERENCED_TABLE_NAME, TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS "
        f"WHERE CONSTRAINT_SCHEMA = {text_literal(schema)} AND "
        "(DELETE_RULE NOT IN ('RESTRICT', 'NO ACTION') OR UPDATE_RULE NOT IN ('RESTRICT', 'NO ACTION'))"
    ):
        cascades.setdefault(text_of(parent), set()).add(text_of(child))
    return {parent: frozenset(children) for parent, children in cascades.items()}


def with_cascades(names: Collection[str], cascades: Mapping[str, frozenset[str]]) -> set[str]:
    """Return tables together with all that change with them."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(cascades.get(name, ()))
    return found
