"""Locks tables for a load, and says who stands in the way."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tdmvc.databases.postgres.catalog.relations import Relation
from tdmvc.databases.postgres.connection import LOCK_TIMEOUT_SECONDS, PostgresConnection
from tdmvc.errors import DatabaseError
from tdmvc.sql.quoting import quote_name

_SEEDS = 0x74646D76635F7331
"""The advisory lock that seeds of one database take, so that one waits for the other."""
_AT_ONCE = 500
_LOCK_NOT_AVAILABLE = "55P03"
_HOLDERS = """
SELECT DISTINCT a.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), coalesce(a.state, ''),
    coalesce(c.relname::text, ''), age(clock_timestamp(), a.xact_start)::text
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid LEFT JOIN pg_class c ON c.oid = l.relation
WHERE l.granted AND l.pid <> pg_backend_pid()
    AND (l.relation = ANY (%s::oid[]) AND l.mode = ANY (%s) OR l.locktype = 'advisory' AND %s
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (l.classid::bigint << 32 | l.objid::bigint) = %s)
ORDER BY 1
"""
_WRITING = (
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
)
_READING = ("AccessShareLock", "RowShareLock")
_ALL = ("AccessExclusiveLock", *_WRITING)


def table_sql(relation: Relation) -> str:
    """Return a table's name as SQL, for statements that change it."""
    return f"{quote_name(relation.schema)}.{quote_name(relation.name)}"


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
        if error.sqlstate != _LOCK_NOT_AVAILABLE:
            raise
        modes = [*_ALL, *(_READING if also_readers else ())]
        oids = [relation.oid for relation in relations]
        holders = connection.execute(_HOLDERS, [oids, modes, is_seed, _SEEDS]).fetchall()
        raise _held(holders, where) from None


def _held(holders: Sequence[tuple[object, ...]], where: str) -> DatabaseError:
    shown = "; ".join(
        f"process {pid} of {user or 'the server'}"
        + (f" ({application})" if application else "")
        + (f", {state}" if state else "")
        + (f", since {age}" if age else "")
        + (f", on {table}" if table else "")
        for pid, user, application, state, table, age in holders[:3]
    )
    more = f", and {len(holders) - 3} more" if len(holders) > 3 else ""
    pids = ", ".join(str(holder[0]) for holder in holders[:1])
    remedy = "wait until the other session ends, then run the same command again."
    if pids:
        remedy += f" To end it: SELECT pg_terminate_backend({pids})."
    return DatabaseError(
        "Another session holds a lock that the load needs, and did not release it within "
        f"{LOCK_TIMEOUT_SECONDS} seconds{': ' + shown if shown else ''}{more}. Nothing was changed.",
        where=where,
        remedy=remedy,
    )
