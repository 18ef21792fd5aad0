"""Gives the rows of tables another physical order, so that queries without ORDER BY return them in another order."""

from tdmvc.databases.postgres.connection import PostgresConnection, plain_connection, reporting
from tdmvc.model.location import Location
from tdmvc.sql.quoting import quote_name

_TABLES = """
    SELECT space.nspname, class.relname FROM pg_catalog.pg_class AS class
    JOIN pg_catalog.pg_namespace AS space ON space.oid = class.relnamespace
    WHERE class.relkind = 'r' AND class.relpersistence <> 't'
        AND space.nspname NOT IN ('pg_catalog', 'information_schema') AND space.nspname NOT LIKE 'pg_toast%'
    ORDER BY 1, 2
"""
_PLACE = """
    CREATE FUNCTION {function} ({table}) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
    'BEGIN RETURN pg_catalog.md5($1::text || ''{salt}''); END'
"""
_SAME = """
    SELECT pg_catalog.array_agg(number) = pg_catalog.array_agg(number ORDER BY pg_catalog.md5(text || %s))
    FROM (SELECT pg_catalog.row_number() OVER () AS number, one::text AS text FROM {table} AS one LIMIT 8) AS first
"""
_MOST_SALTS = 20


def shuffle_rows(location: Location, seed: int) -> None:
    """Rewrite all tables in an order that depends on a number.

    No trigger and no constraint notices, and what belongs to a table stays as it is.

    Raises:
        DatabaseError: the server refuses.
    """
    connection = plain_connection(location)
    try:
        with reporting(str(location)):
            for space, name in connection.execute(_TABLES).fetchall():
                table = f"{quote_name(space)}.{quote_name(name)}"
                function = f"{quote_name(space)}.{quote_name('tdmvc_place')}"
                with connection.transaction():
                    salt = _find_salt(connection, table, seed)
                    connection.execute(_PLACE.format(function=function, table=table, salt=salt))
                    connection.execute(
                        f"CREATE INDEX tdmvc_place ON {table} ({function}({quote_name(name)}))"
                    )
                    connection.execute(f"CLUSTER {table} USING tdmvc_place")
                    connection.execute(f"DROP INDEX {quote_name(space)}.tdmvc_place")
                    connection.execute(f"DROP FUNCTION {function}")
    finally:
        connection.close()


def _find_salt(connection: PostgresConnection, table: str, seed: int) -> str:
    """Return what is added to rows before they are hashed: a few rows must not keep their order by chance."""
    query = _SAME.format(table=table.replace("%", "%%"))
    salts = [f"{seed}.{number}" for number in range(_MOST_SALTS)]
    return next((one for one in salts if connection.execute(query, [one]).fetchall() != [(True,)]), salts[0])
