"""Locks tables for a load, and says who stands in the way."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tdmvc.databases.postgres.catalog.relations import Relation
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.errors import LOCK_NOT_AVAILABLE, QUERY_CANCELED
from tdmvc.databases.postgres.lock_holders import find_holders, held_by, statement_timed_out

_SEEDS = 0x74646D76635F7331
"""The advisory lock that seeds of one database take, so that one waits for the other."""
_AT_ONCE = 500


def wait_for_seeds(connection: PostgresConnection, where: str) -> None:
    """Wait until no other seed of the database is running.

    Raises:
        DatabaseError: one runs for too long.
    """
    with naming_holders(connection, where, (), is_seed=True):
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_SEEDS])


def lock_tables(connection: PostgresConnection, where: str, relations: Sequence[Relation]) -> None:
    """Keep others from writing to tables, and from changing them.

    Raises:
        DatabaseError: another session holds a lock for too long.
    """
    ordered = sorted(relations, key=lambda relation: (relation.schema, relation.name))
    for start in range(0, len(ordered), _AT_ONCE):
        part = ordered[start : start + _AT_ONCE]
        with naming_holders(connection, where, part):
            names = ", ".join(relation.sql for relation in part)
            connection.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")


@contextmanager
def naming_holders(
    connection: PostgresConnection,
    where: str,
    relations: Sequence[Relation],
    *,
    is_seed: bool = False,
    also_readers: bool = False,
) -> Iterator[None]:
    """Turn the error of a lock that others hold into one that names them; the transaction goes on.

    Args:
        is_seed: whether other seeds may hold it.
        also_readers: whether sessions that only read stand in the way, too.
    """
    try:
        with connection.transaction():
            yield
    except connection.OperationalError as error:
        is_timeout = error.sqlstate == QUERY_CANCELED and "user request" not in str(error)
        if error.sqlstate != LOCK_NOT_AVAILABLE and not is_timeout:
            raise
        oids = [relation.oid for relation in relations]
        found = find_holders(
            connection, oids, also_readers=also_readers, advisory=_SEEDS if is_seed else None
        )
        if is_timeout:
            raise statement_timed_out(connection, found, where) from None
        raise held_by(found, where) from None
