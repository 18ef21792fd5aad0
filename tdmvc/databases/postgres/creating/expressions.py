"""Finds expressions of a contract that would do more than compute a value."""

from tdmvc.databases.postgres.connection import PostgresConnection

_HARMLESS = (
    "nextval",
    "currval",
    "random",
    "clock_timestamp",
    "timeofday",
    "statement_timestamp",
    "gen_random_uuid",
    "uuidv7",
    "uuidv4",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "gen_random_bytes",
    "gen_salt",
    "setseed",
)
"""Functions that PostgreSQL calls volatile, and that only give a value."""
_REACHES_OUT = (
    "pg_stat_file",
    "database_to_xml",
    "schema_to_xml",
    "table_to_xml",
    "database_to_xml_and_xmlschema",
    "schema_to_xml_and_xmlschema",
    "table_to_xml_and_xmlschema",
)
_QUERY = r"""
WITH trees (tree) AS (
    SELECT adbin::text FROM pg_attrdef WHERE age(xmin) <= 0
    UNION ALL SELECT conbin::text FROM pg_constraint WHERE age(xmin) <= 0 AND conbin IS NOT NULL
    UNION ALL SELECT typdefaultbin::text FROM pg_type WHERE age(xmin) <= 0 AND typdefaultbin IS NOT NULL
    UNION ALL SELECT concat(indexprs, indpred) FROM pg_index WHERE age(xmin) <= 0
    UNION ALL SELECT ev_action::text FROM pg_rewrite WHERE age(xmin) <= 0
), called (oid) AS (
    SELECT m[1]::oid FROM trees, regexp_matches(tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') m
    UNION
    SELECT o.oprcode::oid FROM trees, regexp_matches(tree, ':opno (\d+)', 'g') m
        JOIN pg_operator o ON o.oid = m[1]::oid
)
SELECT p.proname::text FROM called c JOIN pg_proc p ON p.oid = c.oid
WHERE p.proname = ANY (%s)
    OR p.provolatile = 'v' AND NOT (p.proname = ANY (%s) AND (p.pronamespace = 'pg_catalog'::regnamespace
        OR EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')))
LIMIT 1
"""
"""Looks at what the transaction has made; it must have a number of its own since its beginning."""


def find_unsafe(connection: PostgresConnection) -> str | None:
    """Return a function that the expressions of new objects call, and that may change or reveal something.

    The server decides when it evaluates a condition or a default, with all rights of the user: a contract, which may
    come from anybody, must not make it read files or end sessions.
    """
    rows = connection.execute(_QUERY, [list(_REACHES_OUT), list(_HARMLESS)]).fetchall()
    return str(rows[0][0]) if rows else None
