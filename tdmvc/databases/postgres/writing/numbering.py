"""Moves the sequences of tables past the numbers of their rows, and tells where they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from tdmvc.databases.numbering import move_on
from tdmvc.databases.postgres.catalog.relations import Relation
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.writing.counting import ask_of_all
from tdmvc.sql.quoting import quote_name

_SEQUENCES = """
WITH wanted AS (
    SELECT d.objid AS sequence FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('i', 'a')
        AND d.refobjid = ANY (%(oids)s::oid[])
    UNION
    SELECT d.refobjid FROM pg_attrdef a JOIN pg_depend d ON d.objid = a.oid AND d.classid = 'pg_attrdef'::regclass
        AND d.refclassid = 'pg_class'::regclass JOIN pg_class c ON c.oid = d.refobjid AND c.relkind = 'S'
    WHERE a.adrelid = ANY (%(oids)s::oid[])
), used (sequence, relation, place) AS (
    SELECT w.sequence, d.refobjid, d.refobjsubid FROM wanted w JOIN pg_depend d ON d.objid = w.sequence
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('i', 'a')
        AND d.refobjsubid > 0
    UNION
    SELECT w.sequence, a.adrelid, a.adnum FROM wanted w JOIN pg_depend d ON d.refobjid = w.sequence
        AND d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
        JOIN pg_attrdef a ON a.oid = d.objid
    WHERE pg_get_expr(a.adbin, a.adrelid) ~ '^nextval\\([^()]*\\)$'
)
SELECT s.seqrelid::bigint, quote_ident(sn.nspname) || '.' || quote_ident(sc.relname), s.seqstart, s.seqincrement,
    s.seqmin, s.seqmax, pg_has_role(sc.relowner, 'USAGE'), u.relation::bigint,
    CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END || quote_ident(n.nspname) || '.' || quote_ident(c.relname),
    a.attname::text, CASE CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
        WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 ELSE 9223372036854775807 END
FROM used u JOIN pg_sequence s ON s.seqrelid = u.sequence
    JOIN pg_class sc ON sc.oid = s.seqrelid JOIN pg_namespace sn ON sn.oid = sc.relnamespace
    JOIN pg_class c ON c.oid = u.relation AND NOT c.relispartition JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = u.relation AND a.attnum = u.place AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid AND t.typcategory = 'N'
ORDER BY 2, 9, 10
"""


@dataclass(frozen=True, slots=True)
class _Sequence:
    """A sequence, and the columns that get its numbers."""

    oid: int
    sql: str
    start: int
    increment: int
    lowest: int
    highest: int
    is_owned: bool
    """Whether the user may alter it."""
    columns: tuple[tuple[str, str], ...]
    tables: frozenset[int]
    largest: int
    """The largest number that fits all columns."""

    @property
    def extreme(self) -> str:
        """The function for the number of a column that comes last."""
        return "max" if self.increment > 0 else "min"

    def following(self, extremes: Sequence[int | None], offset: int) -> int | None:
        """Return the next number, after the rows' largest; None if there is none left.

        Args:
            extremes: the largest number of each column, the smallest for a sequence that counts down.
        """
        found = [value for value in extremes if value is not None and self.lowest <= value <= self.highest]
        if self.increment > 0:
            following = max([self.start, *(value + self.increment for value in found)])
            last = max(min(self.highest, self.largest), following)
            return move_on(following, offset, last) if following <= self.highest else None
        following = min([self.start, *(value + self.increment for value in found)])
        last = min(max(self.lowest, -self.largest - 1), following)
        return -move_on(-following, offset, -last) if following >= self.lowest else None


def _read_sequences(connection: PostgresConnection, oids: Sequence[int]) -> list[_Sequence]:
    found: dict[int, _Sequence] = {}
    rows = connection.execute(_SEQUENCES, {"oids": list(oids)})
    for oid, sql, start, increment, lowest, highest, is_owned, relation, table, column, largest in rows:
        before = found.get(oid)
        columns = (*(before.columns if before else ()), (table, column))
        tables = (before.tables if before else frozenset()) | {relation}
        largest = min(largest, before.largest) if before else largest
        found[oid] = _Sequence(
            oid, sql, start, increment, lowest, highest, is_owned, columns, tables, largest
        )
    return list(found.values())


class Numbering:
    """The sequences of a database that a transaction moves."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection
        self._moved: dict[str, tuple[int, bool]] = {}
        """Where sequences were that the transaction does not put back by itself."""

    def move(self, relations: Sequence[Relation], offset: int) -> None:
        """Let the sequences of tables go on after the largest numbers of all tables that use them."""
        sequences = _read_sequences(self._connection, [relation.oid for relation in relations])
        places = self._places(sequences)
        queries = [
            (f"SELECT {sequence.extreme}({quote_name(column)})::numeric FROM {table}", True)
            for sequence in sequences
            for table, column in sequence.columns
        ]
        found = ask_of_all(self._connection, queries)
        for sequence in sequences:
            extremes = [
                None if value is None else int(value) for (value,) in islice(found, len(sequence.columns))
            ]
            following = sequence.following(extremes, offset)
            last, is_called = places[sequence.sql]
            if following is None:
                wanted = (sequence.highest if sequence.increment > 0 else sequence.lowest, True)
            elif (last + sequence.increment if is_called else last) == following:
                continue
            else:
                wanted = (following, False)
            if wanted != (last, is_called):
                self._set(sequence, wanted, (last, is_called))

    def _set(self, sequence: _Sequence, wanted: tuple[int, bool], before: tuple[int, bool]) -> None:
        value, is_called = wanted
        if sequence.is_owned and not is_called:
            # Unlike setval, it is undone with the transaction.
            self._connection.execute(f"ALTER SEQUENCE {sequence.sql} RESTART WITH {value}")
            return
        self._moved.setdefault(sequence.sql, before)
        self._connection.execute("SELECT setval(%s::regclass, %s, %s)", [sequence.sql, value, is_called])

    def _places(self, sequences: Sequence[_Sequence]) -> Mapping[str, tuple[int, bool]]:
        if not sequences:
            return {}
        queries = " UNION ALL ".join(
            f"SELECT {place}, last_value, is_called FROM {sequence.sql}"
            for place, sequence in enumerate(sequences)
        )
        rows = self._connection.execute(queries).fetchall()
        return {sequences[place].sql: (last, is_called) for place, last, is_called in rows}

    def states(self, relations: Sequence[Relation]) -> Mapping[int, str]:
        """Return where the sequences of tables are, by the table's OID."""
        sequences = _read_sequences(self._connection, [relation.oid for relation in relations])
        places = self._places(sequences)
        found: dict[int, str] = {}
        for sequence in sequences:
            last, is_called = places[sequence.sql]
            for table in sequence.tables:
                text = f"{sequence.sql} {last} {is_called} {sequence.increment}"
                found[table] = f"{found[table]};{text}" if table in found else text
        return found

    def put_back(self) -> None:
        """Move back what a rollback leaves moved, in a transaction of its own."""
        for sql, (value, is_called) in self._moved.items():
            self._connection.execute("SELECT setval(%s::regclass, %s, %s)", [sql, value, is_called])
        if self._moved:
            self._connection.commit()
            self._moved.clear()

    def keep(self) -> None:
        """Leave all sequences where they are."""
        self._moved.clear()
