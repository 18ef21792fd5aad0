"""The queries that read the catalog of PostgreSQL: one for each kind of thing, however many tables there are.

Names in them could be taken by objects of the selected schema, so every comparison is between values of one exact type.
"""

COLUMNS = """
SELECT a.attrelid::int8, a.attname::text, a.attnum, a.atttypid::int8, a.atttypmod,
    pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text, a.attgenerated::text,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid), pg_catalog.col_description(a.attrelid, a.attnum::int4),
    CASE WHEN a.attcollation <> t.typcollation THEN CASE WHEN cn.nspname = 'pg_catalog'::name
        THEN pg_catalog.quote_ident(co.collname::text)
        ELSE pg_catalog.quote_ident(cn.nspname::text) || '.'::text || pg_catalog.quote_ident(co.collname::text) END END
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
WHERE a.attrelid = ANY (%s::oid[]) AND a.attnum > 0::int2 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

TYPES = """
WITH RECURSIVE needed (oid) AS (
    SELECT unnest FROM pg_catalog.unnest(%(types)s::oid[])
    UNION
    SELECT part.oid FROM needed JOIN pg_catalog.pg_type t ON t.oid = needed.oid CROSS JOIN LATERAL (
        SELECT t.typelem UNION ALL SELECT t.typbasetype
        UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = t.typrelid AND t.typrelid <> 0::oid AND a.attnum > 0::int2 AND NOT a.attisdropped
        UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
        {multirange}
    ) part (oid) WHERE part.oid <> 0::oid
)
SELECT t.oid::int8, n.nspname::text, t.typname::text, t.typtype::text, pg_catalog.format_type(t.oid, NULL::int4),
    CASE WHEN e.typarray = t.oid THEN t.typelem::int8 ELSE 0::int8 END, t.typbasetype::int8, t.typtypmod,
    EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_type'::regclass
        AND d.objid = CASE WHEN e.typarray = t.oid THEN e.oid ELSE t.oid END AND d.deptype = 'e'::"char"),
    ARRAY (SELECT a.atttypid::int8 FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid
            AND t.typrelid <> 0::oid AND a.attnum > 0::int2 AND NOT a.attisdropped
        UNION ALL SELECT r.rngsubtype::int8 FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
        {multirange_parts}),
    ARRAY (SELECT l.enumlabel::text FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid ORDER BY l.enumsortorder),
    CASE t.typtype
    WHEN 'd'::"char" THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
        || coalesce((SELECT ' COLLATE '::text || pg_catalog.quote_ident(cn.nspname::text) || '.'::text
                || pg_catalog.quote_ident(co.collname::text)
            FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
            JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
            WHERE co.oid = t.typcollation AND t.typcollation <> b.typcollation), ''::text)
        || coalesce(' DEFAULT '::text || pg_catalog.pg_get_expr(t.typdefaultbin, 0::oid), ''::text)
        || CASE WHEN t.typnotnull THEN ' NOT NULL'::text ELSE ''::text END
        || coalesce((SELECT pg_catalog.string_agg(' CONSTRAINT '::text || pg_catalog.quote_ident(c.conname::text)
                || ' '::text || pg_catalog.pg_get_constraintdef(c.oid), ''::text ORDER BY c.conname)
            FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c'::"char"), ''::text)
    WHEN 'c'::"char" THEN '('::text || coalesce((SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname::text)
                || ' '::text || pg_catalog.format_type(a.atttypid, a.atttypmod), ', '::text ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = t.typrelid AND a.attnum > 0::int2 AND NOT a.attisdropped), ''::text) || ')'::text
    WHEN 'r'::"char" THEN (SELECT 'RANGE (SUBTYPE = '::text || pg_catalog.format_type(r.rngsubtype, NULL::int4)
            || ')'::text FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)
    END,
    EXISTS (SELECT FROM pg_catalog.pg_cast c WHERE c.castsource = t.oid AND c.castmethod = 'f'::"char"
        AND c.casttarget = ANY ('{text,text[]}'::pg_catalog.regtype[]::oid[]) AND c.oid >= 16384::oid)
FROM needed JOIN pg_catalog.pg_type t ON t.oid = needed.oid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typelem <> 0::oid
"""

CONSTRAINTS = """
SELECT c.conrelid::int8, c.conname::text, c.contype::text, {columns}, c.condeferrable, c.condeferred, c.convalidated,
    c.connoinherit, c.confdeltype::text, c.confupdtype::text, c.confmatchtype::text,
    tn.nspname::text, tc.relname::text, {target_columns}, pg_catalog.pg_get_expr(c.conbin, c.conrelid),
    CASE WHEN c.contype = ANY ('{{x,t}}'::"char"[]) OR {is_period} THEN pg_catalog.pg_get_constraintdef(c.oid) END,
    {delete_columns}, coalesce({nulls_not_distinct}, false),
    ARRAY (SELECT a.attname::text FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k (num, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num
        WHERE k.place > i.indnkeyatts::int8 ORDER BY k.place),
    {is_enforced}
FROM pg_catalog.pg_constraint c
LEFT JOIN pg_catalog.pg_class tc ON tc.oid = c.confrelid AND c.contype = 'f'::"char"
LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.conindid AND c.contype = ANY ('{{p,u}}'::"char"[])
WHERE c.conrelid = ANY (%(tables)s::oid[]) AND {condition}
ORDER BY c.conrelid, c.oid
"""
_NAMES = """
    ARRAY (SELECT a.attname::text FROM pg_catalog.unnest({numbers}) WITH ORDINALITY k (num, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = {table} AND a.attnum = k.num ORDER BY k.place)"""
_NOT_OF_PARTITIONS = """(c.contype <> 'f'::"char" OR c.conparentid = 0::oid)"""
_BY_PARTITIONS = """c.conislocal AND c.contype = ANY ('{f,c,u,x}'::"char"[])
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o
        WHERE o.oid = c.conparentid AND (o.conrelid = c.conrelid OR o.conrelid = ANY (%(roots)s::oid[])))"""
"""What partitions declare by themselves."""
LEAVES = """
SELECT p.relid::oid::int8, r.oid::int8 FROM pg_catalog.unnest(%s::oid[]) r (oid)
CROSS JOIN LATERAL pg_catalog.pg_partition_tree(r.oid) p WHERE p.isleaf
"""

INDEXES = """
SELECT i.indrelid::int8, x.relname::text, i.indisunique, i.indisvalid, pg_catalog.pg_get_indexdef(i.indexrelid),
    'CREATE '::text || CASE WHEN i.indisunique THEN 'UNIQUE '::text ELSE ''::text END || 'INDEX '::text
        || pg_catalog.quote_ident(x.relname::text) || ' ON '::text
        || CASE WHEN t.relkind = 'p'::"char" THEN 'ONLY '::text ELSE ''::text END
        || pg_catalog.quote_ident(n.nspname::text) || '.'::text || pg_catalog.quote_ident(t.relname::text) || ' '::text,
    ARRAY (SELECT a.attname::text FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k (num, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num ORDER BY k.place),
    'USING btree ('::text || coalesce((SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname::text), ', '::text
            ORDER BY k.place) FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k (num, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num), ''::text) || ')'::text
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
WHERE i.indrelid = ANY (%s::oid[])
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conindid = i.indexrelid
        AND c.contype = ANY ('{p,u,x}'::"char"[]))
ORDER BY i.indrelid, x.relname
"""

SEQUENCES = """
SELECT u.relation::int8, u.place, n.nspname::text, c.relname::text, s.seqstart, s.seqincrement,
    s.seqmin, s.seqmax, s.seqcycle, s.seqcache, pg_catalog.quote_ident(n.nspname::text) || '.'::text
        || pg_catalog.quote_ident(c.relname::text), pg_catalog.quote_ident(c.relname::text),
    CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT,USAGE'::text)
        THEN pg_catalog.pg_sequence_last_value(c.oid) END,
    pg_catalog.format_type(s.seqtypid, NULL),
    EXISTS (SELECT FROM pg_catalog.pg_depend o WHERE o.classid = 'pg_catalog.pg_class'::regclass
        AND o.objid = c.oid AND o.refclassid = 'pg_catalog.pg_class'::regclass AND o.refobjsubid > 0
        AND o.deptype = ANY ('{a,i}'::"char"[]))
FROM (
    SELECT d.refobjid, d.refobjsubid, d.objid FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
        AND d.deptype = 'i'::"char" AND d.refobjid = ANY (%(tables)s::oid[])
    UNION ALL
    SELECT a.adrelid, a.adnum::int4, d.refobjid FROM pg_catalog.pg_attrdef a
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = a.oid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass
    WHERE a.adrelid = ANY (%(tables)s::oid[])
) u (relation, place, sequence)
JOIN pg_catalog.pg_sequence s ON s.seqrelid = u.sequence
JOIN pg_catalog.pg_class c ON c.oid = u.sequence
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
"""

LEFT_OUT_OF_TABLES = """
SELECT t.tgrelid::int8, 'trigger '::text || t.tgname::text FROM pg_catalog.pg_trigger t
WHERE t.tgrelid = ANY (%(tables)s::oid[]) AND NOT t.tgisinternal
UNION ALL SELECT r.ev_class::int8, 'rule '::text || r.rulename::text FROM pg_catalog.pg_rewrite r
WHERE r.ev_class = ANY (%(tables)s::oid[]) AND r.rulename <> '_RETURN'::name
UNION ALL SELECT p.polrelid::int8, 'policy '::text || p.polname::text FROM pg_catalog.pg_policy p
WHERE p.polrelid = ANY (%(tables)s::oid[])
UNION ALL SELECT s.stxrelid::int8, 'statistics '::text || s.stxname::text FROM pg_catalog.pg_statistic_ext s
WHERE s.stxrelid = ANY (%(tables)s::oid[])
UNION ALL SELECT h.inhrelid::int8, 'inheritance from '::text || c.relname::text FROM pg_catalog.pg_inherits h
JOIN pg_catalog.pg_class c ON c.oid = h.inhparent AND c.relkind = 'r'::"char" WHERE h.inhrelid = ANY (%(tables)s::oid[])
UNION ALL SELECT c.conrelid::int8, 'the comment on constraint '::text || c.conname::text
FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_description d ON d.objoid = c.oid
    AND d.classoid = 'pg_catalog.pg_constraint'::regclass WHERE c.conrelid = ANY (%(tables)s::oid[])
UNION ALL SELECT i.indrelid::int8, 'the comment on index '::text || c.relname::text
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_description d ON d.objoid = i.indexrelid AND d.classoid = 'pg_catalog.pg_class'::regclass
WHERE i.indrelid = ANY (%(tables)s::oid[])
UNION ALL SELECT a.attrelid::int8, f.words || a.attname::text FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
CROSS JOIN LATERAL (VALUES
    ('the storage of '::text, a.attstorage <> t.typstorage),
    ('the compression of '::text, {compression}),
    ('the statistics target of '::text, coalesce(a.attstattarget::int4, -1::int4) >= 0::int4),
    ('the options of '::text, a.attoptions IS NOT NULL)) f (words, is_set)
WHERE f.is_set AND a.attrelid = ANY (%(tables)s::oid[]) AND a.attnum > 0::int2 AND NOT a.attisdropped
UNION ALL SELECT c.oid::int8, 'REPLICA IDENTITY'::text FROM pg_catalog.pg_class c
WHERE c.oid = ANY (%(tables)s::oid[]) AND c.relreplident <> ALL ('{{d,n}}'::"char"[])
UNION ALL SELECT i.indrelid::int8, 'CLUSTER ON '::text || c.relname::text
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE i.indisclustered AND i.indrelid = ANY (%(tables)s::oid[])
UNION ALL SELECT c.oid::int8, 'tablespace '::text || s.spcname::text FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace WHERE c.oid = ANY (%(tables)s::oid[])
UNION ALL SELECT r.oid::int8, 'index '::text || x.relname::text || ' of a partition'::text
FROM pg_catalog.pg_class r CROSS JOIN LATERAL pg_catalog.pg_partition_tree(r.oid) p
JOIN pg_catalog.pg_index i ON i.indrelid = p.relid::oid AND p.level > 0::int4
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid AND NOT x.relispartition
WHERE r.oid = ANY (%(tables)s::oid[]) AND r.relkind = 'p'::"char" AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype = ANY ('{{p,u,x}}'::"char"[]))
ORDER BY 1, 2
"""


def types_query(version: int) -> str:
    """Return the query for types and all that they are made of."""
    has_multiranges = version >= 140000
    needed = (
        "UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngmultitypid = t.oid"
        if has_multiranges
        else ""
    )
    parts = needed.replace("r.rngtypid FROM", "r.rngtypid::int8 FROM")
    return TYPES.replace("{multirange}", needed).replace("{multirange_parts}", parts)


def left_out_query(version: int) -> str:
    """Return the query for what tables have that no dataset keeps."""
    compression = "a.attcompression <> ''::\"char\"" if version >= 140000 else "false"
    return LEFT_OUT_OF_TABLES.format(compression=compression)


def constraints_query(version: int, *, of_partitions: bool = False) -> str:
    """Return the query for the constraints of tables, or those that partitions declare by themselves."""
    deleted = "c.confdelsetcols" if version >= 150000 else "NULL::int2[]"
    return CONSTRAINTS.format(
        columns=_NAMES.format(numbers="c.conkey", table="c.conrelid"),
        target_columns=_NAMES.format(numbers="c.confkey", table="c.confrelid"),
        delete_columns=_NAMES.format(numbers=deleted, table="c.conrelid"),
        nulls_not_distinct="i.indnullsnotdistinct" if version >= 150000 else "NULL::bool",
        is_enforced="c.conenforced" if version >= 180000 else "true",
        is_period="c.conperiod" if version >= 180000 else "false",
        condition=_BY_PARTITIONS if of_partitions else _NOT_OF_PARTITIONS,
    )
