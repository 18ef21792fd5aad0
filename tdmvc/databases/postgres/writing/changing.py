"""Empties tables, and writes rows by their key: what is new, what differs, and what is gone."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tdmvc.databases.postgres.catalog.relations import Relation
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.encoding.ahead import EncodedRows
from tdmvc.databases.postgres.encoding.target_columns import TargetColumn
from tdmvc.databases.postgres.writing.changed_rows import PostgresChanges
from tdmvc.databases.postgres.writing.copying import copy_rows
from tdmvc.databases.postgres.writing.locking import naming_holders
from tdmvc.errors import DatabaseError
from tdmvc.model.seeding import WrittenRows
from tdmvc.sql.quoting import quote_name, quote_names

_ROWS = "pg_temp.tdmvc_rows"
_GONE = "pg_temp.tdmvc_gone"
_CHANGED = "pg_temp.tdmvc_changed"
_UNIQUE = "23505"
_EXCLUSION = "23P01"
_REFERRING = """
SELECT DISTINCT k.confrelid::bigint, k.conrelid::bigint FROM pg_constraint k
WHERE k.contype = 'f' AND k.confrelid = ANY (%s::oid[]) AND k.conrelid <> k.confrelid
"""
_ARE_NEW = """
SELECT coalesce(bool_and(c.relkind = 'r' AND pg_relation_size(c.oid) = 0), true)
FROM pg_class c WHERE c.oid = ANY (%s::oid[])
"""
"""Whether no table has a page, so that there is no row: TRUNCATE would make new files of each table and index."""
_MAY_TRUNCATE = "SELECT oid::bigint FROM unnest(%s::oid[]) o (oid) WHERE has_table_privilege(oid, 'TRUNCATE')"


def clear_tables(connection: PostgresConnection, where: str, relations: Sequence[Relation]) -> None:
    """Delete all rows of tables.

    TRUNCATE takes no time, leaves no dead rows that later checks have to pass, and is undone with the transaction; but
    it refuses a table to which one that stays refers. Such a table, and one that the user may not truncate, is emptied
    with DELETE.

    Args:
        relations: each after those that refer to it.

    Raises:
        DatabaseError: another session holds a lock.
    """
    oids = [relation.oid for relation in relations]
    ((are_new,),) = connection.execute(_ARE_NEW, [oids]).fetchall()
    if are_new:
        return
    referring = connection.execute(_REFERRING, [oids]).fetchall()
    truncated = {oid for (oid,) in connection.execute(_MAY_TRUNCATE, [oids])}
    while blocked := {to for to, of in referring if to in truncated and of not in truncated}:
        truncated -= blocked
    with naming_holders(connection, where, relations, also_readers=True):
        if names := [relation.sql for relation in relations if relation.oid in truncated]:
            connection.execute(f"TRUNCATE {', '.join(names)}")
        for relation in relations:
            if relation.oid not in truncated:
                _delete(connection, where, relation)


def _delete(connection: PostgresConnection, where: str, relation: Relation) -> None:
    try:
        connection.execute(f"DELETE FROM {relation.sql}")
    except connection.IntegrityError as error:
        referring, reference = error.diag.table_name, error.diag.constraint_name
        raise DatabaseError(
            f"Rows of {referring} refer to rows of {relation.name} by the reference {reference}, so that these cannot "
            "be replaced. Nothing was changed.",
            where=f"{where}, table {relation.name}",
            remedy=f"connect as the owner of {referring} or as a superuser, who can load without the reference; "
            "or use --mode upsert.",
        ) from None


@dataclass(frozen=True, slots=True)
class KeyedTable:
    """A table whose rows are written by their key."""

    connection: PostgresConnection
    relation: Relation
    columns: dict[str, TargetColumn]
    key: Sequence[str]
    can_delete: bool
    """Whether a row may be deleted and inserted again: no reference acts."""
    version_sum: str | None = None
    """SQL for the sum of the hashes of row versions; None if nobody asks for it."""
    differences: list[int] = field(default_factory=list)
    """What the changes add to that sum, or take off it."""
    changed: PostgresChanges | None = None
    """Told which rows change; None if nobody asks for them."""

    @property
    def _same_key(self) -> str:
        return " AND ".join(f"t.{quote_name(name)} = s.{quote_name(name)}" for name in self.key)

    def upsert(self, rows: EncodedRows) -> WrittenRows:
        """Insert the rows whose key is not there, and update the others where they differ."""
        if not rows.has(1):
            return WrittenRows()
        count = self._stage(_ROWS, rows)
        self._sum(_ROWS, -1)
        values = [name for name in rows.plan.names if name not in self.key]
        if self.changed is not None:
            generated = [column.name for column in self.columns.values() if column.is_generated]
            self.changed.leave_changed(_ROWS, self._same_key, values, generated)
        updated = self._update(values)
        names = quote_names(rows.plan.names)
        inserted = self.connection.execute(
            f"INSERT INTO {self.relation.full_name} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {_ROWS} s "
            f"WHERE NOT EXISTS (SELECT FROM {self.relation.sql} t WHERE {self._same_key})"
        ).rowcount
        self._sum(_ROWS, 1)
        if self.changed is not None:
            self.changed.keep(_ROWS)
        else:
            self.connection.execute(f"DROP TABLE {_ROWS}")
        return WrittenRows(inserted, updated, 0, count - inserted - updated)

    def delete(self, rows: EncodedRows) -> int:
        """Delete the rows with these keys, and return how many there were."""
        if not rows.has(1):
            return 0
        self._stage(_GONE, rows)
        self._sum(_GONE, -1)
        if self.changed is not None:
            self.changed.leave_all(_GONE, self._same_key)
        deleted = self.connection.execute(
            f"DELETE FROM {self.relation.sql} t USING {_GONE} s WHERE {self._same_key}"
        ).rowcount
        self.connection.execute(f"DROP TABLE {_GONE}")
        return deleted

    def _sum(self, staged: str, sign: int) -> None:
        """Add up the hashes of the rows with the keys of staged ones."""
        if self.version_sum is not None:
            ((found,),) = self.connection.execute(
                f"SELECT {self.version_sum} FROM {self.relation.sql} t JOIN {staged} s ON {self._same_key}"
            ).fetchall()
            self.differences.append(sign * int(found))

    def _stage(self, name: str, rows: EncodedRows) -> int:
        """Put rows into a temporary table whose columns have the types of the table's; return how many there are."""
        self.connection.execute(
            f"CREATE TEMPORARY TABLE {name.partition('.')[2]} ON COMMIT DROP AS "
            f"SELECT {quote_names(rows.plan.names)} FROM {self.relation.sql} WITH NO DATA"
        )
        count = copy_rows(self.connection, name, rows)
        self.connection.execute(f"ANALYZE {name}")
        return count

    def _update(self, values: Sequence[str]) -> int:
        if not values:
            return 0
        # By their bytes: `=` calls 1.0 and 1.00 the same, and JSON has none.
        differs = (
            f"ROW({', '.join(f't.{quote_name(name)}' for name in values)})::record *<> "
            f"ROW({', '.join(f's.{quote_name(name)}' for name in values)})::record"
        )
        # An identity that is always generated takes no value from an UPDATE.
        if any(self.columns[name].identity == "a" for name in values):
            return self._replace(values, differs)
        assigned = ", ".join(f"{quote_name(name)} = s.{quote_name(name)}" for name in values)
        try:
            with self.connection.transaction():
                return self.connection.execute(
                    f"UPDATE {self.relation.sql} t SET {assigned} FROM {_ROWS} s WHERE {self._same_key} AND {differs}"
                ).rowcount
        except self.connection.IntegrityError as error:
            # Two rows may exchange a unique value, and the server checks after each row.
            if error.sqlstate not in (_UNIQUE, _EXCLUSION) or not self.can_delete:
                raise
        return self._replace(values, differs)

    def _replace(self, values: Sequence[str], differs: str) -> int:
        """Delete the rows that differ, and insert them again as they will be."""
        if not self.can_delete:
            raise DatabaseError(
                f"Rows of {self.relation.name} cannot be changed one by one: references of other tables act on it. "
                "Nothing was changed.",
                where=f"table {self.relation.name}",
                remedy="connect as the owner of the tables, or use --mode replace.",
            )
        own = [column.name for column in self.columns.values() if not column.is_generated]
        chosen = ", ".join(f"{'s' if name in values else 't'}.{quote_name(name)}" for name in own)
        self.connection.execute(
            f"CREATE TEMPORARY TABLE tdmvc_changed ON COMMIT DROP AS "
            f"SELECT {chosen} FROM {self.relation.sql} t JOIN {_ROWS} s ON {self._same_key} WHERE {differs}"
        )
        self.connection.execute(
            f"DELETE FROM {self.relation.sql} t USING {_CHANGED} s WHERE {self._same_key}"
        )
        count = self.connection.execute(
            f"INSERT INTO {self.relation.full_name} ({quote_names(own)}) OVERRIDING SYSTEM VALUE "
            f"SELECT {quote_names(own)} FROM {_CHANGED}"
        ).rowcount
        self.connection.execute(f"DROP TABLE {_CHANGED}")
        return count
