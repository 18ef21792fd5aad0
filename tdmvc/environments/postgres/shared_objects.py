"""What belongs to the whole server, or to a database as a whole: roles, rights, settings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tdmvc.databases.postgres.connection import Statement

_PARAMETER_RIGHTS_SINCE = 150000
_KINDS = (
    """
    SELECT 'the role ' || rolname AS name, one::text AS state FROM pg_catalog.pg_authid AS one
    """,
    """
    SELECT 'that ' || member.rolname || ' is a member of ' || role.rolname, one::text
    FROM pg_catalog.pg_auth_members AS one
    JOIN pg_catalog.pg_authid AS role ON role.oid = one.roleid
    JOIN pg_catalog.pg_authid AS member ON member.oid = one.member
    """,
    """
    SELECT 'a setting of ' || coalesce('the role ' || role.rolname, 'all roles')
        || coalesce(' in the database ' || base.datname, ''), one.setconfig::text
    FROM pg_catalog.pg_db_role_setting AS one
    LEFT JOIN pg_catalog.pg_authid AS role ON role.oid = one.setrole
    LEFT JOIN pg_catalog.pg_database AS base ON base.oid = one.setdatabase
    WHERE one.setdatabase = 0 OR base.datname IN (SELECT name FROM others)
    """,
    """
    SELECT 'the database ' || base.datname, pg_catalog.concat_ws(
        ',', base.oid, base.datdba, base.datacl, base.datallowconn, base.datistemplate, base.datconnlimit
    )
    FROM pg_catalog.pg_database AS base WHERE base.datname IN (SELECT name FROM others)
    """,
    """
    SELECT 'the tablespace ' || spcname, one::text FROM pg_catalog.pg_tablespace AS one
    """,
    """
    SELECT 'the subscription ' || subname, oid::text FROM pg_catalog.pg_subscription
    """,
    """
    SELECT 'the comment on ' || coalesce('the role ' || role.rolname, 'the tablespace ' || space.spcname), description
    FROM pg_catalog.pg_shdescription AS one
    LEFT JOIN pg_catalog.pg_authid AS role
        ON role.oid = one.objoid AND one.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
    LEFT JOIN pg_catalog.pg_tablespace AS space
        ON space.oid = one.objoid AND one.classoid = 'pg_catalog.pg_tablespace'::pg_catalog.regclass
    WHERE role.oid IS NOT NULL OR space.oid IS NOT NULL
    """,
)
_PARAMETER_RIGHTS = """
    SELECT 'rights on the setting ' || parname, paracl::text FROM pg_catalog.pg_parameter_acl
"""
_SHARED = """
    WITH others AS (
        SELECT datname AS name FROM pg_catalog.pg_database
        WHERE NOT pg_catalog.starts_with(datname, %(prefix)s) AND datname <> ALL (%(made)s)
    )
    SELECT one.name, pg_catalog.md5(pg_catalog.string_agg(coalesce(one.state, ''), ',' ORDER BY one.state))
    FROM ({kinds}) AS one GROUP BY one.name
"""
_OWN = """
    SELECT base.datdba::text, base.datacl::text, base.datconnlimit::text, base.datallowconn::text,
        base.datistemplate::text, pg_catalog.shobj_description(base.oid, 'pg_database'),
        (SELECT pg_catalog.string_agg(pg_catalog.concat(setrole, ':', setconfig), ',' ORDER BY setrole)
            FROM pg_catalog.pg_db_role_setting WHERE setdatabase = base.oid)
    FROM pg_catalog.pg_database AS base WHERE base.datname = %(database)s
"""


@dataclass(frozen=True, slots=True)
class SharedObjects:
    """What tests may change beside the content of their database."""

    server: Mapping[str, str]
    """What no reset brings back: a digest of each object, by what people call it."""
    database: tuple[str | None, ...]
    """What a copy brings back."""

    def changes(self, seen: "SharedObjects") -> tuple[str, ...]:
        """Return what differs of the server, for people."""
        texts = []
        for name in sorted(self.server.keys() | seen.server.keys()):
            before, now = self.server.get(name), seen.server.get(name)
            if before != now:
                how = "was added" if before is None else "was removed" if now is None else "was changed"
                texts.append(f"{name} {how}")
        return tuple(texts)


def shared_statements(version: int, database: str, prefix: str, made: Collection[str]) -> list[Statement]:
    """Return the statements whose rows `read_shared_objects` takes.

    Args:
        version: of the server.
        prefix: how the names of databases begin that tdmvc makes and drops while tests run.
        made: other databases that tdmvc made or uses.
    """
    kinds = (*_KINDS, _PARAMETER_RIGHTS) if version >= _PARAMETER_RIGHTS_SINCE else _KINDS
    parameters = {"prefix": prefix, "made": list(made), "database": database}
    return [(_SHARED.format(kinds="UNION ALL".join(kinds)), parameters), (_OWN, parameters)]


def read_shared_objects(rows: Sequence[list[Any]]) -> SharedObjects:
    """Return what a server and one of its databases have, apart from its content."""
    server, own = rows
    return SharedObjects(dict(server), tuple(own[0]) if own else ())
