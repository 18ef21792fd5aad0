"""Names the sessions that hold a lock for which another one waited too long."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tdmvc.databases.postgres.connection import LOCK_TIMEOUT_SECONDS, PostgresConnection
from tdmvc.databases.postgres.errors import LockTimeoutError
from tdmvc.errors import DatabaseError

_HOLDERS = """
SELECT a.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), coalesce(a.state, ''),
    coalesce(min(c.relname::text), ''), min(age(clock_timestamp(), a.xact_start))::text
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
WHERE l.granted AND l.pid <> pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    AND (l.mode = ANY (%(modes)s) AND (l.relation = ANY (%(tables)s::oid[])
            OR %(any)s AND c.relkind IN ('r', 'p', 'm', 'S') AND l.relation >= 16384)
        OR l.locktype = 'advisory' AND (l.classid::bigint << 32 | l.objid::bigint) = %(advisory)s)
GROUP BY 1, 2, 3, 4 ORDER BY bool_or(l.mode = 'AccessExclusiveLock') DESC, 1
"""
"""The objects of users have OIDs from 16384 on."""
_WRITING = (
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
)
_READING = ("AccessShareLock", "RowShareLock")
_ALL = ("AccessExclusiveLock", *_WRITING)
Holder = tuple[object, ...]


def find_holders(
    connection: PostgresConnection,
    tables: Sequence[int] | None,
    *,
    also_readers: bool = False,
    advisory: int | None = None,
) -> list[Holder]:
    """Return the sessions that hold locks on tables, those first that keep everybody out.

    Args:
        tables: their OIDs; None means all of the database.
        also_readers: whether sessions that only read count.
        advisory: an advisory lock whose holders count, too.
    """
    modes = [*_ALL, *(_READING if also_readers else ())]
    asked = {"modes": modes, "tables": list(tables or ()), "any": tables is None, "advisory": advisory}
    return connection.execute(_HOLDERS, asked).fetchall()


def held_by(holders: Sequence[Holder], where: str) -> DatabaseError:
    """Return the error about a lock that sessions hold."""
    shown = "; ".join(
        f"process {pid} of {user or 'the server'}"
        + (f" ({application})" if application else "")
        + (f", {state}" if state else "")
        + (f", since {age}" if age else "")
        + (f", on {table}" if table else "")
        for pid, user, application, state, table, age in holders[:3]
    )
    more = f", and {len(holders) - 3} more" if len(holders) > 3 else ""
    remedy = "wait until the other session ends, then run the same command again."
    if holders:
        remedy += f" To end it: SELECT pg_terminate_backend({holders[0][0]})."
    return DatabaseError(
        "Another session holds a lock that is needed, and did not release it within "
        f"{LOCK_TIMEOUT_SECONDS} seconds{': ' + shown if shown else ''}{more}. Nothing was changed.",
        where=where,
        remedy=remedy,
    )


@contextmanager
def naming_any_holders(connection: PostgresConnection, where: str) -> Iterator[None]:
    """Turn the error of a lock that kept a statement waiting, whichever it was, into one that names who holds locks."""
    try:
        yield
    except LockTimeoutError as error:
        try:
            # The transaction is over, and so is the work.
            connection.rollback()
            found = find_holders(connection, None)
        except connection.Error:
            raise error from None
        raise held_by(found, where) from None
