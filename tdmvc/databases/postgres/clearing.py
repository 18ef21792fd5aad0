"""Empties tables, and nothing else."""

from collections.abc import Sequence

from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.locking import naming_holders
from tdmvc.databases.postgres.relations import Relation
from tdmvc.errors import DatabaseError

_REFERRING = """
SELECT DISTINCT k.confrelid::bigint, k.conrelid::bigint FROM pg_constraint k
WHERE k.contype = 'f' AND k.confrelid = ANY (%s::oid[]) AND k.conrelid <> k.confrelid
"""
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
