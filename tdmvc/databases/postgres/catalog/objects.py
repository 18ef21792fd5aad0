"""What a PostgreSQL database has beside tables: views, and what no dataset keeps."""

from collections import defaultdict
from collections.abc import Mapping
from graphlib import TopologicalSorter

from tdmvc.databases.base import OtherObjects, QualifiedName
from tdmvc.databases.postgres.catalog.relations import (
    KIND_NAMES,
    STATE_SCHEMA,
    Relation,
    Schemas,
    naming_from,
)
from tdmvc.databases.postgres.catalog.types import DIALECT
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.model.declarations import View

_VIEWS = """
SELECT c.oid::int8, pg_catalog.pg_get_viewdef(c.oid), c.reloptions FROM pg_catalog.pg_class c
WHERE c.oid = ANY (%s::oid[])
"""
_VIEW_NEEDS = """
SELECT DISTINCT r.ev_class::int8, d.refobjid::int8 FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
    AND d.refclassid = 'pg_catalog.pg_class'::regclass
WHERE r.ev_class = ANY (%(views)s::oid[]) AND d.refobjid = ANY (%(views)s::oid[]) AND d.refobjid <> r.ev_class
"""
_OF_VIEWS = """
SELECT c.oid::int8, f.words FROM pg_catalog.pg_class c CROSS JOIN LATERAL (
    SELECT 'index '::text || x.relname::text FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid
    UNION ALL SELECT 'trigger '::text || t.tgname::text FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
    UNION ALL SELECT 'rule '::text || r.rulename::text FROM pg_catalog.pg_rewrite r
        WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'::name
    UNION ALL SELECT 'the default of '::text || a.attname::text FROM pg_catalog.pg_attrdef d
        JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = c.oid
    UNION ALL SELECT 'the comment on '::text || a.attname::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0::int2 AND NOT a.attisdropped
            AND pg_catalog.col_description(a.attrelid, a.attnum::int4) IS NOT NULL
) f (words) WHERE c.oid = ANY (%s::oid[])
"""
_OTHERS = """
SELECT f.kind, f.name FROM (
    SELECT CASE p.prokind WHEN 'a'::"char" THEN 'aggregate'::text WHEN 'p'::"char" THEN 'procedure'::text
            ELSE 'function'::text END, p.proname::text, p.oid, 'pg_catalog.pg_proc'::regclass::oid, n.nspname
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    UNION ALL
    SELECT 'sequence'::text, c.relname::text, c.oid, 'pg_catalog.pg_class'::regclass::oid, n.nspname
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S'::"char" AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = ANY ('{i,a}'::"char"[])
            AND d.refclassid = 'pg_catalog.pg_class'::regclass)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass
            AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid)
    UNION ALL
    SELECT 'the unused type'::text, t.typname::text, t.oid, 'pg_catalog.pg_type'::regclass::oid, n.nspname
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    WHERE t.typtype = ANY ('{c,d,e,r}'::"char"[]) AND (t.typrelid = 0::oid OR c.relkind = 'c'::"char")
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_type'::regclass
            AND (d.refobjid = t.oid OR d.refobjid = t.typarray)
            AND d.classid = ANY (ARRAY['pg_catalog.pg_class'::regclass::oid, 'pg_catalog.pg_type'::regclass::oid])
            AND d.deptype = 'n'::"char")
    UNION ALL
    SELECT 'the comment on type'::text, t.typname::text, t.oid, 'pg_catalog.pg_type'::regclass::oid, n.nspname
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    WHERE (t.typrelid = 0::oid OR c.relkind = 'c'::"char")
        AND pg_catalog.obj_description(t.oid, 'pg_type'::name) IS NOT NULL
    UNION ALL
    SELECT 'the comment on sequence'::text, c.relname::text, c.oid, 'pg_catalog.pg_class'::regclass::oid, n.nspname
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S'::"char" AND pg_catalog.obj_description(c.oid, 'pg_class'::name) IS NOT NULL
    UNION ALL
    SELECT 'operator'::text, o.oprname::text, o.oid, 'pg_catalog.pg_operator'::regclass::oid, n.nspname
    FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
    UNION ALL
    SELECT 'collation'::text, o.collname::text, o.oid, 'pg_catalog.pg_collation'::regclass::oid, n.nspname
    FROM pg_catalog.pg_collation o JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace
    UNION ALL
    SELECT 'text search configuration'::text, o.cfgname::text, o.oid, 'pg_catalog.pg_ts_config'::regclass::oid,
        n.nspname
    FROM pg_catalog.pg_ts_config o JOIN pg_catalog.pg_namespace n ON n.oid = o.cfgnamespace
) f (kind, name, oid, class, schema)
WHERE f.schema = ANY (%s::name[]) AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = f.class AND d.objid = f.oid AND d.deptype = 'e'::"char")
UNION ALL
SELECT 'extension'::text, e.extname::text FROM pg_catalog.pg_extension e WHERE e.extname <> 'plpgsql'::name
UNION ALL
SELECT 'event trigger'::text, e.evtname::text FROM pg_catalog.pg_event_trigger e
UNION ALL
SELECT 'the names of'::text, CASE WHEN pg_catalog.count(*) = 1::int8 THEN '1 key or reference'::text
    ELSE pg_catalog.count(*)::text || ' keys and references'::text END
FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
WHERE n.nspname = ANY (%s::name[]) AND c.conparentid = 0::oid AND c.conname::text !~ '_(pkey|key|fkey)[0-9]*$'::text
    AND c.conname <> 'alembic_version_pkc'::name
    AND (c.contype = ANY ('{p,f}'::"char"[])
        OR c.contype = 'u'::"char" AND pg_catalog.array_length(c.conkey, 1::int4) = 1::int4)
HAVING pg_catalog.count(*) > 0::int8
UNION ALL
SELECT 'publication'::text, p.pubname::text FROM pg_catalog.pg_publication p
ORDER BY 1, 2
"""
_COLUMNS = """
SELECT n.nspname::text, c.relname::text, pg_catalog.array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = ANY ('{r,p}'::"char"[]) AND NOT c.relispartition AND c.relpersistence <> 't'::"char"
    AND n.nspname <> 'information_schema'::name AND n.nspname !~ '^pg_'::text
    AND a.attnum > 0::int2 AND NOT a.attisdropped
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE'::text) AND pg_catalog.has_table_privilege(c.oid, 'SELECT'::text)
GROUP BY 1, 2
"""


def read_columns(connection: PostgresConnection) -> dict[QualifiedName, tuple[str, ...]]:
    """Return the names of the columns of all tables that the user may read, in all schemas."""
    return {
        QualifiedName(schema, table): tuple(names) for schema, table, names in connection.execute(_COLUMNS)
    }


def read_others(
    connection: PostgresConnection, schemas: Schemas, relations: Mapping[str, Relation]
) -> OtherObjects:
    """Return the views of schemas, and what they have that no dataset keeps."""
    views = {name: one for name, one in relations.items() if one.kind in "vm" and not one.is_of_extension}
    oids = [one.oid for one in views.values()]
    left_out = [
        f"{KIND_NAMES[one.kind]} {name}{', which belongs to an extension' if one.is_of_extension else ''}"
        for name, one in relations.items()
        if one.kind == "f" or (one.is_of_extension and one.kind in "rp")
    ]
    left_out += [
        f"table {name}, which has no columns" for name, one in relations.items() if not one.has_columns
    ]
    with naming_from(connection, schemas):
        definitions = {row[0]: row[1:] for row in connection.execute(_VIEWS, [oids])}
        needs = _order(connection, oids)
        of_views = connection.execute(_OF_VIEWS, [oids]).fetchall()
        others = connection.execute(_OTHERS, [list(schemas.names)] * 2).fetchall()
    by_oid = {one.oid: name for name, one in views.items()}
    found = []
    for oid in needs:
        query, options = definitions[oid]
        name, relation = by_oid[oid], views[by_oid[oid]]
        found.append(
            View(name, query.strip().removesuffix(";"), DIALECT, is_materialized=relation.kind == "m")
        )
        left_out += [f"the options of view {name} ({', '.join(options)})"] if options else []
        left_out += [f"the comment on view {name}"] if relation.comment else []
    left_out += sorted(f"{words} of view {by_oid[oid]}" for oid, words in of_views)
    unread: set[str] = set()
    if not schemas.are_chosen:
        unread = {one.schema for one in read_columns(connection)} - {*schemas.names, STATE_SCHEMA}
    return OtherObjects(
        tuple(found), (*left_out, *(f"{kind} {name}" for kind, name in others)), tuple(sorted(unread))
    )


def _order(connection: PostgresConnection, oids: list[int]) -> list[int]:
    """Return views in an order in which they can be made."""
    needs: dict[int, set[int]] = defaultdict(set)
    for view, needed in connection.execute(_VIEW_NEEDS, {"views": oids}):
        needs[view].add(needed)
    sorter = TopologicalSorter({oid: sorted(needs[oid]) for oid in oids})
    return list(sorter.static_order())
