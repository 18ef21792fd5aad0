"""Finds rows whose references lead nowhere: those that were loaded while nothing checked them."""

from collections.abc import Callable, Sequence
from typing import Any

from tdmvc.databases.findings import broken_reference
from tdmvc.databases.postgres.catalog.relations import PARTITION_TREE
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.writing.counting import IS_SMALL, ask_of_all
from tdmvc.model.finding import Finding
from tdmvc.sql.quoting import quote_name

_REFERENCES = """
WITH {tree}
SELECT n.nspname::text, c.relname::text, c.relkind::text, pn.nspname::text, pc.relname::text, pc.relkind::text,
    k.confmatchtype = 'f', {is_period},
    ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u (num, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.place),
    ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u (num, place)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.place),
    ARRAY(SELECT 'OPERATOR(' || quote_ident(sn.nspname) || '.' || o.oprname || ')'
        FROM unnest(k.conpfeqop) WITH ORDINALITY u (oid, place) JOIN pg_operator o ON o.oid = u.oid
        JOIN pg_namespace sn ON sn.oid = o.oprnamespace ORDER BY u.place),
    {is_small} AND {is_small_too}
FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class pc ON pc.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = pc.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 {is_enforced}
    AND (k.conrelid IN (SELECT oid FROM tree) OR k.confrelid IN (SELECT oid FROM tree))
ORDER BY 1, 2, k.conname
"""
_PERIODS = 180000


def find_broken_references(
    connection: PostgresConnection, oids: Sequence[int], own_name: Callable[[str, str], str]
) -> list[Finding]:
    """Return the references of and to tables that rows break.

    Args:
        own_name: returns the name in a dataset of a table in a schema.
    """
    is_new = connection.info.server_version >= _PERIODS
    query = _REFERENCES.replace("{tree}", PARTITION_TREE).replace(
        "{is_period}", "k.conperiod" if is_new else "false"
    )
    query = query.replace("{is_small}", IS_SMALL).replace("{is_small_too}", IS_SMALL.replace("c.", "pc."))
    query = query.replace("{is_enforced}", "AND k.conenforced" if is_new else "")
    found = connection.execute(query, {"oids": list(oids)}).fetchall()
    queries = [(_count(row), bool(row[-1])) for row in found]
    findings = []
    for row, (count,) in zip(found, ask_of_all(connection, queries), strict=True):
        if count:
            name, to_name = own_name(row[0], row[1]), own_name(row[3], row[4])
            findings.append(broken_reference(name, tuple(row[8]), to_name, count))
    return findings


def _count(row: tuple[Any, ...]) -> str:
    """Return the query for the number of rows that break a reference."""
    schema, table, kind, to_schema, to_table, to_kind, is_full, is_period, columns, to, operators, _ = row
    referred = _rows(to_schema, to_table, to_kind)
    condition = _condition(columns, to, operators, referred, is_full=is_full, is_period=is_period)
    return f"SELECT count(*) FROM {_rows(schema, table, kind)} t WHERE {condition}"


def _rows(schema: str, table: str, kind: str) -> str:
    return f"{'' if kind == 'p' else 'ONLY '}{quote_name(schema)}.{quote_name(table)}"


def _condition(
    columns: Sequence[str],
    to: Sequence[str],
    operators: Sequence[str],
    referred: str,
    *,
    is_full: bool,
    is_period: bool,
) -> str:
    """Return SQL that is true for a row that breaks a reference."""
    present = " AND ".join(f"t.{quote_name(name)} IS NOT NULL" for name in columns)
    pairs = list(zip(columns, to, operators, strict=True))
    same = [
        f"p.{quote_name(there)} {operator} t.{quote_name(here)}"
        for here, there, operator in (pairs[:-1] if is_period else pairs)
    ]
    if is_period:
        found = (
            f"coalesce(t.{quote_name(columns[-1])} <@ (SELECT range_agg(p.{quote_name(to[-1])}) FROM {referred} p "
            f"WHERE {' AND '.join(same)}), false)"
        )
    else:
        found = f"EXISTS (SELECT FROM {referred} p WHERE {' AND '.join(same)})"
    broken = f"({present}) AND NOT {found}"
    if is_full and len(columns) > 1:
        some = " OR ".join(f"t.{quote_name(name)} IS NOT NULL" for name in columns)
        return f"({broken}) OR (({some}) AND NOT ({present}))"
    return broken
