"""What belongs to the whole server, or to a database as a whole: roles, rights, settings."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from tdmvc.databases.postgres.connection import Statement

_SHARED = """
    SELECT
        (SELECT coalesce(pg_catalog.md5(pg_catalog.string_agg(one::text, ',' ORDER BY one.oid)), '')
            FROM pg_catalog.pg_authid AS one),
        (SELECT coalesce(pg_catalog.string_agg(one::text, ',' ORDER BY one::text), '')
            FROM pg_catalog.pg_auth_members AS one),
        (SELECT coalesce(pg_catalog.string_agg(one::text, ',' ORDER BY one::text), '')
            FROM pg_catalog.pg_db_role_setting AS one WHERE setdatabase = 0),
        (SELECT coalesce(pg_catalog.string_agg(datname, ',' ORDER BY datname), '')
            FROM pg_catalog.pg_database
            WHERE NOT pg_catalog.starts_with(datname, %(prefix)s) AND datname <> ALL (%(made)s)),
        (SELECT coalesce(pg_catalog.string_agg(one::text, ',' ORDER BY one::text), '')
            FROM pg_catalog.pg_tablespace AS one)
"""
_KINDS = ("roles", "members of roles", "settings of roles", "databases", "tablespaces")
_OWN = """
    SELECT base.datdba::text, base.datacl::text, base.datconnlimit::text, base.datallowconn::text,
        pg_catalog.shobj_description(base.oid, 'pg_database'),
        (SELECT pg_catalog.string_agg(pg_catalog.concat(setrole, ':', setconfig), ',' ORDER BY setrole)
            FROM pg_catalog.pg_db_role_setting WHERE setdatabase = base.oid)
    FROM pg_catalog.pg_database AS base WHERE base.datname = %(database)s
"""


@dataclass(frozen=True, slots=True)
class SharedObjects:
    """What tests may change beside the content of their database."""

    server: tuple[str, ...]
    """What no reset brings back, kind by kind."""
    database: tuple[str | None, ...]
    """What a copy brings back."""

    def kinds_changed(self, seen: "SharedObjects") -> tuple[str, ...]:
        """Return what differs of the server, for people."""
        pairs = zip(_KINDS, self.server, seen.server, strict=True)
        return tuple(kind for kind, before, now in pairs if before != now)


def shared_statements(database: str, prefix: str, made: Collection[str]) -> list[Statement]:
    """Return the statements whose rows `read_shared_objects` takes.

    Args:
        prefix: how the names of databases begin that tdmvc makes and drops while tests run.
        made: other databases that tdmvc made.
    """
    parameters = {"prefix": prefix, "made": list(made), "database": database}
    return [(_SHARED, parameters), (_OWN, parameters)]


def read_shared_objects(rows: Sequence[list[Any]]) -> SharedObjects:
    """Return what a server and one of its databases have, apart from its content."""
    (server,), own = rows
    return SharedObjects(tuple(server), tuple(own[0]) if own else ())
