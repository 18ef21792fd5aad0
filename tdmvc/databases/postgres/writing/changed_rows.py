"""What a difference changed, as far as references need it: only these rows can break one that held before."""

from collections.abc import Collection, Sequence

from tdmvc.databases.postgres.catalog.relations import Relation
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.sql.quoting import quote_name, quote_names

_REFERRED = """
SELECT DISTINCT a.attname::text FROM pg_constraint k
    JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey)
WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid = %s
ORDER BY 1
"""


class PostgresChanges:
    """The rows of one table that were inserted, updated or deleted; kept in temporary tables until the commit."""

    def __init__(self, connection: PostgresConnection, relation: Relation, key: Sequence[str]) -> None:
        self._connection = connection
        self._relation = relation
        self.key = tuple(key)
        self.referred = [name for (name,) in connection.execute(_REFERRED, [relation.oid]).fetchall()]
        """The columns to which references lead."""
        self.written: str | None = None
        """The temporary table with the keys of rows that were inserted or updated; None if there are none."""
        self.left: str | None = None
        """The temporary table with the values that referred columns had in rows that were deleted, or changed in
        them; None if there are none."""

    def leave_all(self, staged: str, same_key: str) -> None:
        """Keep the referred values of rows that are about to be deleted.

        Args:
            staged: the table with their keys.
            same_key: SQL that is true if a row `t` has the key of a staged row `s`.
        """
        self._leave(f"{staged} s ON {same_key}")

    def leave_changed(
        self, staged: str, same_key: str, written: Collection[str], generated: Collection[str]
    ) -> None:
        """Keep the referred values that are about to be changed.

        Args:
            written: the columns that get other values.
            generated: those that the table computes.
        """
        changed = [name for name in self.referred if name in written]
        if any(name in generated for name in self.referred):
            self._leave(f"{staged} s ON {same_key}")
        elif changed:
            here, there = (", ".join(f"{side}.{quote_name(name)}" for name in changed) for side in "ts")
            self._leave(f"{staged} s ON {same_key} WHERE ROW({here})::record *<> ROW({there})::record")

    def _leave(self, chosen: str) -> None:
        if not self.referred:
            return
        name = self._own_name("left")
        values = (
            f"SELECT {', '.join(f't.{quote_name(one)}' for one in self.referred)} FROM {self._relation.sql} t "
            f"JOIN {chosen}"
        )
        self._connection.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} ON COMMIT DROP AS "
            f"SELECT {quote_names(self.referred)} FROM {self._relation.sql} WITH NO DATA"
        )
        if self._connection.execute(f"INSERT INTO pg_temp.{name} {values}").rowcount:
            self.left = f"pg_temp.{name}"
            self._connection.execute(f"ANALYZE {self.left}")

    def keep(self, staged: str) -> None:
        """Keep a temporary table whose rows were inserted or updated."""
        name = self._own_name("written")
        self._connection.execute(f"ALTER TABLE {staged} RENAME TO {name}")
        self.written = f"pg_temp.{name}"

    def _own_name(self, what: str) -> str:
        return f"tdmvc_{what}_{self._relation.oid}"
