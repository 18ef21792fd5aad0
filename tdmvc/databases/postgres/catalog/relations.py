"""Finds the schemas of a PostgreSQL database, and what has rows in them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tdmvc.databases.postgres.connection import SETTINGS, PostgresConnection
from tdmvc.errors import DatabaseError
from tdmvc.sql.quoting import quote_name

_RELATIONS = """
SELECT c.oid::int8, n.nspname::text, c.relname::text, c.relkind::text, c.relpersistence::text, c.relispartition,
    EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
        AND d.deptype = 'e'::"char"),
    pg_catalog.has_schema_privilege(n.oid, 'USAGE'::text) AND (
        pg_catalog.has_table_privilege(c.oid, 'SELECT'::text) OR NOT EXISTS (
            SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0::int2 AND NOT a.attisdropped
            AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'::text))),
    CASE WHEN c.relrowsecurity THEN pg_catalog.row_security_active(c.oid) ELSE false END,
    pg_catalog.obj_description(c.oid, 'pg_class'::name),
    CASE WHEN c.relkind = 'p'::"char" THEN pg_catalog.pg_get_partkeydef(c.oid) END,
    c.reloptions,
    EXISTS (SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0::int2 AND NOT a.attisdropped)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%s::name[]) AND c.relkind = ANY ('{r,p,v,m,f}'::"char"[])
"""
PARTITION_TREE = """tree (root, oid) AS (
    SELECT o.oid, o.oid FROM unnest(%(oids)s::oid[]) o (oid)
    UNION ALL
    SELECT o.oid, p.relid::oid FROM unnest(%(oids)s::oid[]) o (oid) JOIN pg_class c ON c.oid = o.oid
        CROSS JOIN LATERAL pg_partition_tree(o.oid::regclass) p
    WHERE c.relkind = 'p' AND p.relid <> o.oid
)"""
"""Tables and all of their partitions, for WITH."""
TABLE_KINDS = frozenset({"r", "p"})
KIND_NAMES: Mapping[str, str] = {
    "r": "table",
    "p": "table",
    "v": "view",
    "m": "materialised view",
    "f": "foreign table",
}


STATE_SCHEMA = "tdmvc"
"""Where a database remembers what was seeded."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What has rows: a table, a view, a foreign table."""

    oid: int
    schema: str
    name: str
    kind: str
    """As pg_class has it: `r` table, `p` partitioned table, `v` view, `m` materialised view, `f` foreign table."""
    persistence: str
    """`p` permanent, `u` unlogged, `t` temporary."""
    is_partition: bool
    is_of_extension: bool
    is_readable: bool
    """Whether the user may read all columns."""
    hides_rows: bool
    """Whether row-level security may hide rows from the user."""
    comment: str | None
    partition_key: str | None
    storage_options: list[str] | None
    has_columns: bool

    @property
    def is_own_table(self) -> bool:
        """Whether a dataset takes it in: no view, no partition, nothing of an extension or of one session."""
        is_whole = self.kind in TABLE_KINDS and not self.is_partition and self.has_columns
        return is_whole and not self.is_of_extension and self.persistence != "t"

    @property
    def full_name(self) -> str:
        """Its name as SQL, for statements that change it."""
        return f"{quote_name(self.schema)}.{quote_name(self.name)}"

    @property
    def sql(self) -> str:
        """What can follow FROM: the rows of the table itself, and of its partitions."""
        return f"ONLY {self.full_name}" if self.kind == "r" else self.full_name


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas that are read, and how their objects are named."""

    names: tuple[str, ...]
    unnamed: str | None
    """The one whose objects are named without it; None if all objects are named with their schema."""
    are_chosen: bool = True
    """Whether somebody named them."""

    def own_name(self, schema: str, name: str) -> str:
        """Return the name of an object in a dataset."""
        return name if schema == self.unnamed else f"{schema}.{name}"

    def other_name(self, schema: str, name: str) -> str:
        """Return the name that an object has if other schemas are read."""
        return f"{schema}.{name}" if schema == self.unnamed else name


def find_schemas(connection: PostgresConnection, wanted: Sequence[str], usual: Sequence[str] = ()) -> Schemas:
    """Return the schemas to read: the wanted ones, else the usual ones, else the first of the search path.

    Objects are named without their schema if it is the only one, or if nobody chose it and it is the first of
    the search path.

    Raises:
        DatabaseError: there is no such schema.
    """
    rows = connection.execute(
        "SELECT nspname::text, pg_catalog.has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace"
    ).fetchall()
    known = {name for name, _ in rows}
    closed = {name for name, is_open in rows if not is_open}
    if refused := [name for name in wanted if name in closed]:
        raise _no_usage(connection, refused)
    if wanted:
        if missing := [name for name in wanted if name not in known]:
            shown = sorted(one for one in known if not one.startswith("pg_") and one != "information_schema")
            raise DatabaseError(
                f"The database has no schema {', '.join(missing)}.",
                where=f"database {connection.info.dbname}",
                remedy=f"name one of: {', '.join(shown)}.",
            )
        names = tuple(dict.fromkeys(wanted))
        return Schemas(names, names[0] if len(names) == 1 else None)
    connection.execute("RESET search_path")
    ((path, on_path),) = connection.execute(
        "SELECT pg_catalog.current_schemas(false)::text[], pg_catalog.current_setting('search_path')"
    ).fetchall()
    first = next((name for name in path if not name.startswith("pg_")), None)
    _set_search_path(connection, SETTINGS["search_path"])
    if first is None and (
        refused := [name for name in sorted(closed) if re.search(rf"\b{re.escape(name)}\b", on_path)]
    ):
        raise _no_usage(connection, refused)
    if first is None and not usual:
        raise DatabaseError(
            "The search path of the connection leads to no schema.",
            where=f"database {connection.info.dbname}",
            remedy="name the schema: `?schema=NAME` in the URL.",
        )
    names = tuple(usual) or (str(first),)
    return Schemas(names, names[0] if len(names) == 1 else first, are_chosen=False)


def _no_usage(connection: PostgresConnection, schemas: Sequence[str]) -> DatabaseError:
    """Return the error about schemas whose tables the user may not even name."""
    user, names = quote_name(connection.info.user), ", ".join(map(quote_name, schemas))
    return DatabaseError(
        f"The user {connection.info.user} may not use the schema {', '.join(schemas)}.",
        where=f"database {connection.info.dbname}",
        remedy=f"ask its owner: GRANT USAGE ON SCHEMA {names} TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA "
        f"{names} TO {user}; (to seed it, also INSERT, UPDATE, DELETE, TRUNCATE).",
    )


def _set_search_path(connection: PostgresConnection, value: str) -> None:
    connection.execute("SELECT pg_catalog.set_config('search_path', %s, false)", [value])


@contextmanager
def naming_from(connection: PostgresConnection, schemas: Schemas) -> Iterator[None]:
    """Let the server write expressions with the names that a dataset has for objects."""
    ((before,),) = connection.execute("SELECT pg_catalog.current_setting('search_path')").fetchall()
    if schemas.unnamed is not None:
        _set_search_path(connection, quote_name(schemas.unnamed))
    yield
    # After an error, the transaction is over anyway.
    _set_search_path(connection, before)


def read_relations(connection: PostgresConnection, schemas: Schemas) -> dict[str, Relation]:
    """Return all that has rows in the schemas, by its name in a dataset, sorted.

    Raises:
        DatabaseError: two names are the same, with their schemas.
    """
    found: dict[str, Relation] = {}
    for row in connection.execute(_RELATIONS, [list(schemas.names)]):
        relation = Relation(*row)
        name = schemas.own_name(relation.schema, relation.name)
        if name in found:
            raise DatabaseError(
                f"Two tables have the same name, with their schemas: {name}.",
                where=f"database {connection.info.dbname}",
                remedy="read one of the schemas only: `?schema=NAME` in the URL.",
            )
        found[name] = relation
    return dict(sorted(found.items()))
