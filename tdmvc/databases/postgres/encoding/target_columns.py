"""The columns of a table to be loaded, with what decides about the form of their values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tdmvc.databases.postgres.connection import PostgresConnection

_QUERY = """
WITH RECURSIVE columns AS (
    SELECT * FROM pg_attribute WHERE attrelid = ANY (%(tables)s::oid[]) AND attnum > 0 AND NOT attisdropped
), chain AS (
    SELECT attrelid, attnum, atttypid AS type, atttypmod AS modifier, false AS is_domain FROM columns
    UNION ALL
    SELECT c.attrelid, c.attnum, t.typbasetype, CASE WHEN c.modifier < 0 THEN t.typtypmod ELSE c.modifier END, true
    FROM chain c JOIN pg_type t ON t.oid = c.type WHERE t.typtype = 'd'
), base AS (
    SELECT c.* FROM chain c JOIN pg_type t ON t.oid = c.type WHERE t.typtype <> 'd'
), elements AS (
    SELECT b.attrelid, b.attnum, t.typelem AS declared, t.typelem AS type
    FROM base b JOIN pg_type t ON t.oid = b.type WHERE t.typreceive = 'array_recv'::regproc
    UNION ALL
    SELECT e.attrelid, e.attnum, e.declared, t.typbasetype
    FROM elements e JOIN pg_type t ON t.oid = e.type WHERE t.typtype = 'd'
)
SELECT a.attrelid::bigint, a.attname, a.attnotnull, a.attgenerated <> '', a.attidentity::text,
    a.atttypid::bigint, format_type(a.atttypid, a.atttypmod), format_type(b.type, b.modifier),
    format_type(b.type, -1), t.typreceive::regproc::text, b.modifier, b.is_domain,
    (SELECT array_agg(l.enumlabel::text ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = b.type),
    e.declared::bigint, format_type(e.declared, b.modifier), format_type(e.type, b.modifier),
    format_type(e.type, -1), et.typreceive::regproc::text, b.modifier, e.type <> e.declared,
    (SELECT array_agg(l.enumlabel::text ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = e.type)
FROM columns a
    JOIN base b USING (attrelid, attnum)
    JOIN pg_type t ON t.oid = b.type
    LEFT JOIN (elements e JOIN pg_type et ON et.oid = e.type AND et.typtype <> 'd') USING (attrelid, attnum)
ORDER BY attrelid, attnum
"""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type of PostgreSQL, by what decides about the form of its values."""

    oid: int
    sql: str
    """Its name with modifiers, qualified: `numeric(10,2)`, `shop.mood`."""
    base_sql: str
    """The same for a domain's base type."""
    bare_sql: str
    """The base type without modifiers."""
    receiver: str
    """The server's function that reads the binary form of the base type, which tells what this form is."""
    modifier: int = -1
    is_domain: bool = False
    labels: tuple[str, ...] | None = None
    """Of an enum."""
    element: "ColumnType | None" = None
    """Of an array."""

    @property
    def length_limit(self) -> int | None:
        """The most characters of `varchar(n)` and `char(n)`."""
        is_limited = self.receiver in ("varcharrecv", "bpcharrecv") and self.modifier > 0
        return self.modifier - 4 if is_limited else None

    @property
    def numeric_size(self) -> tuple[int, int] | None:
        """Precision and scale of `numeric(p,s)`; the scale may be negative."""
        if self.receiver != "numeric_recv" or self.modifier < 4:
            return None
        packed = self.modifier - 4
        scale = packed & 0x7FF
        return packed >> 16, scale - 0x800 if scale & 0x400 else scale

    @property
    def fraction_digits(self) -> int | None:
        """The digits after the seconds of a time, if fewer than six."""
        is_limited = self.receiver in _TIMES and 0 <= self.modifier < 6
        return self.modifier if is_limited else None


_TIMES = ("timestamp_recv", "timestamptz_recv", "time_recv", "timetz_recv")


@dataclass(frozen=True, slots=True)
class TargetColumn:
    """A column that is to be written."""

    name: str
    type: ColumnType
    is_required: bool
    is_generated: bool
    identity: str = ""
    """`a` if only OVERRIDING SYSTEM VALUE may choose the number, `d` if every INSERT may; empty for other columns."""


def read_target_columns(connection: PostgresConnection, table: str) -> dict[str, TargetColumn]:
    """Return the columns of a table by name.

    Args:
        table: its name as SQL.
    """
    ((oid,),) = connection.execute("SELECT %s::regclass::oid::bigint", [table]).fetchall()
    return read_columns_of_all(connection, [oid])[oid]


def read_columns_of_all(
    connection: PostgresConnection, oids: Sequence[int]
) -> dict[int, dict[str, TargetColumn]]:
    """Return the columns of tables by name, by the OID of the table."""
    found: dict[int, dict[str, TargetColumn]] = {oid: {} for oid in oids}
    for oid, name, required, generated, identity, *types in connection.execute(
        _QUERY, {"tables": list(oids)}
    ).fetchall():
        half = len(types) // 2
        element = None if types[half] is None else _column_type(types[half:], None)
        found[oid][name] = TargetColumn(
            name, _column_type(types[:half], element), required, generated, identity
        )
    return found


def _column_type(row: Sequence[Any], element: ColumnType | None) -> ColumnType:
    oid, sql, base_sql, bare_sql, receiver, modifier, is_domain, labels = row
    return ColumnType(
        oid,
        sql,
        base_sql,
        bare_sql,
        receiver.rpartition(".")[2],
        modifier,
        is_domain,
        None if labels is None else tuple(labels),
        element,
    )
