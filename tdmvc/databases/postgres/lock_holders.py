"""Names the sessions that hold a lock for which another one waited too long."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from tdmvc.databases.postgres.connection import LOCK_TIMEOUT_SECONDS, PostgresConnection
from tdmvc.databases.postgres.errors import LockTimeoutError, StatementTimeoutError
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
    shown = _names(holders)
    remedy = "wait until the other session ends, then run the same command again."
    if holders:
        remedy += f" To end it: SELECT pg_terminate_backend({holders[0][0]})."
    return DatabaseError(
        "Another session holds a lock that is needed, and did not release it within "
        f"{LOCK_TIMEOUT_SECONDS} seconds{': ' + shown if shown else ''}. Nothing was changed.",
        where=where,
        remedy=remedy,
    )


def _names(holders: Sequence[Holder]) -> str:
    shown = "; ".join(
        f"process {pid} of {user or 'the server'}"
        + (f" ({application})" if application else "")
        + (f", {state}" if state else "")
        + (f", since {age}" if age else "")
        + (f", on {table}" if table else "")
        for pid, user, application, state, table, age in holders[:3]
    )
    return f"{shown}, and {len(holders) - 3} more" if len(holders) > 3 else shown


_TIMEOUT = """
SELECT current_setting('statement_timeout'), source, current_user::text, current_database()::text
FROM pg_catalog.pg_settings WHERE name = 'statement_timeout'
"""
_ALLOW = "add `?options=-c%20statement_timeout%3D4h` to the URL, which allows four hours for each statement"
_SET_BY: Mapping[str, tuple[str, str]] = {
    "user": (" for the user {user} (ALTER ROLE)", _ALLOW),
    "database": (" for the database {database} (ALTER DATABASE)", _ALLOW),
    "database user": (" for the user {user} in the database {database} (ALTER ROLE … IN DATABASE)", _ALLOW),
    "global": (" for all users (ALTER ROLE ALL)", _ALLOW),
    "configuration file": (" in the server's configuration", _ALLOW),
    "command line": (" on the server's command line", _ALLOW),
    "client": (" in the URL or in PGOPTIONS", "allow more time there"),
    "session": (" by tdmvc", _ALLOW),
}
"""Who set the limit of a session, by the source that the server names, and what to do about it."""


def statement_timed_out(
    connection: PostgresConnection, holders: Sequence[Holder], where: str
) -> DatabaseError:
    """Return the error about a statement that took longer than the session allows, which says where that is set.

    Args:
        holders: sessions that hold locks, for one of which it may have waited.
    """
    ((limit, source, user, database),) = connection.execute(_TIMEOUT).fetchall()
    place, remedy = _SET_BY.get(source, ("", _ALLOW))
    place = place.format(user=user, database=database)
    waited = f" It may have waited for a lock: {_names(holders)}." if holders else ""
    if holders:
        ends = f"SELECT pg_terminate_backend({holders[0][0]}) ends it"
        remedy = f"wait until the other session ends ({ends}), or {remedy}"
    return DatabaseError(
        f"A statement took longer than allowed: statement_timeout is {limit}, set{place}.{waited} "
        "Nothing was changed.",
        where=where,
        remedy=f"{remedy}.",
    )


@contextmanager
def naming_any_holders(connection: PostgresConnection, where: str) -> Iterator[None]:
    """Turn the error of a lock that kept a statement waiting, whichever it was, into one that names who holds locks.

    The error of a statement that took too long names who set the limit.
    """
    try:
        yield
    except (LockTimeoutError, StatementTimeoutError) as error:
        try:
            # The transaction is over, and so is the work.
            connection.rollback()
            found = find_holders(connection, None)
            if isinstance(error, LockTimeoutError):
                named = held_by(found, where)
            else:
                named = statement_timed_out(connection, found, where)
        except connection.Error:
            raise error from None
        raise named from None
