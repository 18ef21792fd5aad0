"""Which type of PostgreSQL a new column gets: the one that the dataset declares, if the database has it."""

import re
from collections.abc import Sequence

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.model.schema import Column
from tdmvc.sql.declared_types import POSTGRES_TYPES
from tdmvc.sql.quoting import quote_name

_NAME = r'(?:[A-Za-z_][A-Za-z0-9_]*|"(?:[^"\0]|"")+")'
_TYPE = re.compile(
    rf"(?P<name>{_NAME}(?:\.{_NAME})?(?: [A-Za-z_]+)*?)"
    r"(?P<size> ?\([A-Za-z0-9_]+(?:, ?-?[0-9]+)?\))?(?P<zone>(?: [A-Za-z_]+)*)(?P<lists>(?:\[[0-9]{0,6}\])*)"
)
_CANONICAL = {SIMPLE[canonical]: sql for sql, canonical in POSTGRES_TYPES.items()} | {
    SIMPLE["int8"]: "smallint",
    SIMPLE["uint8"]: "smallint",
    SIMPLE["uint16"]: "integer",
    SIMPLE["uint32"]: "bigint",
    SIMPLE["uint64"]: "numeric(20,0)",
}
_WHOLE_NUMBERS = frozenset({"smallint", "integer", "bigint", "real", "double precision"})
_EXTENSIONS = {
    "citext": "citext",
    "hstore": "hstore",
    "ltree": "ltree",
    "lquery": "ltree",
    "cube": "cube",
    "seg": "seg",
    "isbn": "isn",
    "isbn13": "isn",
    "ean13": "isn",
    "geometry": "postgis",
    "geography": "postgis",
    "vector": "vector",
}
"""The extensions that bring types."""
_OF_EXTENSIONS = """
SELECT quote_ident(n.nspname) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
WHERE t.typname = %s LIMIT 1
"""


def canonical_sql(type_: pa.DataType) -> str:
    """Return the type that holds all values of a canonical type."""
    if type_ in _CANONICAL:
        return _CANONICAL[type_]
    if pa.types.is_decimal(type_):
        return f"numeric({type_.precision},{type_.scale})" if type_.scale >= 0 else "numeric"
    if pa.types.is_list(type_) and not any(
        test(type_.value_type) for test in (pa.types.is_struct, pa.types.is_list)
    ):
        return f"{canonical_sql(type_.value_type)}[]"
    return "jsonb"


class TypeChooser:
    """Finds types in a database."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection
        self._known: dict[str, str | None] = {}

    def declared(self, column: Column) -> str | None:
        """Return the type that a column declares as the database names it; None if the canonical one is to be used."""
        if not column.physical_type or column.is_untyped:
            return None
        declared = column.physical_type
        if declared not in self._known:
            self._known[declared] = self._find(declared)
        found = self._known[declared]
        if found is None and (limit := column.length_limit) is not None:
            return f"character varying({limit})"
        # A width that just fits today's rows may be too narrow tomorrow.
        if found in _WHOLE_NUMBERS and found != canonical_sql(column.type):
            return None
        return found

    def _find(self, declared: str) -> str | None:
        parts = _TYPE.fullmatch(declared)
        if parts is None:
            return None
        if (found := self._resolve(declared)) is not None:
            return found
        name = parts["name"].lower()
        extension = _EXTENSIONS.get(name)
        if extension is None:
            return None
        schema = self._schema_of(name) or self._created(extension, name)
        return None if schema is None else f"{schema}.{quote_name(name)}{declared[len(parts['name']) :]}"

    def _resolve(self, declared: str) -> str | None:
        """Return a type as the server writes it, if it knows it."""
        try:
            with self._connection.transaction():
                ((found,),) = self._connection.execute("SELECT to_regtype(%s)::text", [declared]).fetchall()
        except self._connection.DatabaseError as error:
            if error.sqlstate in (None, "57014"):
                raise
            return None
        # The name that the server writes lacks the length.
        return None if found is None else (found if found in _WHOLE_NUMBERS else declared)

    def _schema_of(self, name: str) -> str | None:
        rows: Sequence[tuple[str]] = self._connection.execute(_OF_EXTENSIONS, [name]).fetchall()
        return rows[0][0] if rows else None

    def _created(self, extension: str, name: str) -> str | None:
        """Make an extension, if the server has it and the user may."""
        try:
            with self._connection.transaction():
                self._connection.execute(f"CREATE EXTENSION {quote_name(extension)} CASCADE")
        except self._connection.DatabaseError as error:
            if error.sqlstate in (None, "57014"):
                raise
            return None
        return self._schema_of(name)
