"""What PostgreSQL does not copy with a database: its owner, the rights on it, and the settings of its sessions."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tdmvc.sql.quoting import quote_name, quote_text

_SETTINGS = """
    SELECT coalesce(role.rolname, ''), pg_catalog.unnest(setting.setconfig)
    FROM pg_catalog.pg_db_role_setting AS setting
    JOIN pg_catalog.pg_database AS base ON base.oid = setting.setdatabase
    LEFT JOIN pg_catalog.pg_roles AS role ON role.oid = setting.setrole
    WHERE base.datname = %s
"""
_OWNER = """
    SELECT pg_catalog.pg_get_userbyid(datdba) FROM pg_catalog.pg_database
    WHERE datname = %s AND pg_catalog.pg_get_userbyid(datdba) <> current_user
"""
_RIGHTS = """
    SELECT CASE WHEN one.grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(one.grantee) END,
        one.privilege_type, one.is_grantable
    FROM pg_catalog.pg_database AS base, pg_catalog.aclexplode(base.datacl) AS one
    WHERE base.datname = %s
"""
_LISTS = frozenset(
    {"local_preload_libraries", "search_path", "session_preload_libraries", "temp_tablespaces"}
)
"""Settings whose value is a list of names, each of which is quoted."""
_LIST_ITEM = re.compile(r'"((?:[^"]|"")*)"|([^,\s]+)')


def copied_settings(
    rows: Callable[[str, Sequence[Any]], list[Any]], template: str, database: str
) -> Iterator[str]:
    """Yield the statements that give a copy what its template has.

    Args:
        rows: returns the rows of a query.
    """
    name = quote_name(database)
    for role, setting in rows(_SETTINGS, [template]):
        variable, _, value = setting.partition("=")
        whose = f"ROLE {quote_name(role)} IN DATABASE" if role else "DATABASE"
        yield f"ALTER {whose} {name} SET {quote_name(variable)} TO {_value(variable, value)}"
    rights = rows(_RIGHTS, [template])
    if rights:
        yield f"REVOKE ALL ON DATABASE {name} FROM PUBLIC"
    for grantee, privilege, is_grantable in rights:
        whom = quote_name(grantee) if grantee else "PUBLIC"
        yield f"GRANT {privilege} ON DATABASE {name} TO {whom}{' WITH GRANT OPTION' if is_grantable else ''}"
    for (owner,) in rows(_OWNER, [template]):
        yield f"ALTER DATABASE {name} OWNER TO {quote_name(owner)}"


def _value(name: str, value: str) -> str:
    """Return the value of a setting of a database as it is written in SQL."""
    if name.lower() not in _LISTS:
        return quote_text(value)
    items = [plain or quoted.replace('""', '"') for quoted, plain in _LIST_ITEM.findall(value)]
    return ", ".join(quote_text(item) for item in items) or "''"
