"""What a difference changed in a table, as far as references need it: nothing else breaks one that held before."""

import sqlite3
from collections.abc import Collection, Sequence

from tdmvc.sql.quoting import quote_name, quote_names

_REFERRED = """
SELECT DISTINCT f."to" FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f
WHERE m.type = 'table' AND lower(f."table") = lower(?)
"""
_KEY = "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk"


class SqliteChanges:
    """The rows of one table that were inserted, updated or deleted; kept in temporary tables."""

    def __init__(self, database: sqlite3.Connection, table: str, key: Sequence[str]) -> None:
        self._database = database
        self._table = table
        self.key = tuple(key)
        self.referred = _referred_columns(database, table)
        """The columns to which references lead."""
        self.written = f"temp.{quote_name(f'tdmvc_written {table}')}"
        """The temporary table with the keys of rows that were inserted or updated."""
        self._left = f"temp.{quote_name(f'tdmvc_left {table}')}"
        self.has_left = False

    @property
    def left(self) -> str | None:
        """The temporary table with the values that referred columns had in rows that were deleted, or changed in
        them; None if there are none."""
        return self._left if self.has_left else None

    def leave(self, keys: str, written: Collection[str] | None = None) -> None:
        """Keep the referred values of rows that are about to be deleted, or updated.

        Args:
            keys: SQL that selects the keys of the rows.
            written: the columns that are updated, or that the table computes from them; None if the rows are deleted.
        """
        if not self.referred or (written is not None and self.referred.isdisjoint(written)):
            return
        names = ", ".join(f"t.{quote_name(name)}" for name in sorted(self.referred))
        own = ", ".join(f"t.{quote_name(name)}" for name in self.key)
        chosen = f"SELECT {names} FROM main.{quote_name(self._table)} AS t"
        self._database.execute(f"CREATE TEMP TABLE IF NOT EXISTS {self._left[5:]} AS {chosen} LIMIT 0")
        count = self._database.execute(
            f"INSERT INTO {self._left} {chosen} WHERE ({own}) IN ({keys})"
        ).rowcount
        self.has_left = self.has_left or count > 0

    def is_among(self, rows: str) -> str:
        """Return SQL that is true for one of the rows `rows` that were inserted or updated."""
        own = ", ".join(f"{rows}.{quote_name(name)}" for name in self.key)
        return f"coalesce(({own}) IN (SELECT {quote_names(self.key)} FROM {self.written}), 0)"


def key_columns(database: sqlite3.Connection, table: str) -> list[str]:
    """Return the columns of the primary key, in its order."""
    return [name for (name,) in database.execute(_KEY, (table,)).fetchall()]


def _referred_columns(database: sqlite3.Connection, table: str) -> frozenset[str]:
    names = {name for (name,) in database.execute(_REFERRED, (table,)).fetchall()}
    if None in names:
        names |= set(key_columns(database, table))
    return frozenset(name.lower() for name in names if name is not None)
