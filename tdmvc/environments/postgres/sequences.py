"""The states of a database's sequences."""

from collections.abc import Mapping
from typing import Any

from tdmvc.databases.postgres.connection import PostgresConnection, Statement
from tdmvc.sql.quoting import quote_name

_DATA_SINCE = 180000
_SEQUENCES = """
    SELECT one.seqrelid::bigint, space.nspname, class.relname, one.seqcache
    FROM pg_catalog.pg_sequence AS one
    JOIN pg_catalog.pg_class AS class ON class.oid = one.seqrelid
    JOIN pg_catalog.pg_namespace AS space ON space.oid = class.relnamespace
    WHERE class.relpersistence <> 't'
    ORDER BY 1
"""
_DATA = """
    SELECT one.seqrelid::bigint, state.last_value, state.is_called
    FROM pg_catalog.pg_sequence AS one
    JOIN pg_catalog.pg_class AS class ON class.oid = one.seqrelid,
        pg_catalog.pg_get_sequence_data(one.seqrelid) AS state
    WHERE class.relpersistence <> 't'
"""

Sequences = Mapping[int, tuple[int, bool]]
"""Last value, and whether it was called, by the number of the sequence."""


class SequenceReader:
    """Reads the states of the sequences that a database had when the reader was made, in it or in a copy of it."""

    def __init__(self, connection: PostgresConnection) -> None:
        rows = connection.execute(_SEQUENCES).fetchall()
        self.cached = frozenset(number for number, _, _, cache in rows if cache > 1)
        """Those of which a session takes several numbers at once."""
        self._query = _DATA
        if connection.info.server_version < _DATA_SINCE:
            self._query = " UNION ALL ".join(
                f"SELECT {number}::bigint, last_value, is_called FROM {quote_name(space)}.{quote_name(name)}"
                for number, space, name, _ in rows
            )

    @property
    def statement(self) -> Statement:
        """Reads the states; `parse_sequences` takes the rows."""
        return self._query or "SELECT WHERE false", ()


def parse_sequences(rows: list[Any]) -> Sequences:
    """Return the states by the rows of a reader's statement."""
    return {number: (value, is_called) for number, value, is_called in rows}
