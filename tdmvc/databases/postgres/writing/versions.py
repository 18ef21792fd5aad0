"""A text that shows whether a table is as it was: its row versions, its sequences, and all that it declares.

A row of PostgreSQL never changes: a change makes a new version, at another place (`ctid`) or by another transaction
(`xmin`). So a table whose versions have the same places and transactions has the same rows, and reading those takes a
sixth of the time that hashing all values takes. See docs/decisions/0064.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tdmvc.databases.postgres.catalog.relations import PARTITION_TREE, Relation
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.writing.counting import IS_SMALL, ask_of_all
from tdmvc.model.seeding import WrittenRows

_HAS_PLACE_HASH = 140000
_SUM = "coalesce(sum(hashtidextended(t.ctid, {transaction})), 0)"
_HAS_TRANSACTION_HASH = 180000
_TRANSACTION = "hashxidextended(t.xmin, t.tableoid::bigint)"
"""Unlike `age`, the server works it out in several processes."""
_OLD_TRANSACTION = "((SELECT age('3'::xid)::bigint) - age(t.xmin)) << 32 # t.tableoid::bigint"
"""Both ages grow with each transaction: how far apart two numbers are stays the same."""
_BY_TEXTS = "SELECT count(*), coalesce(sum(hashtextextended(textin(record_out(t.*)), 0)), 0) FROM {table} t"
_DEFINITIONS = f"""
WITH RECURSIVE {PARTITION_TREE}, used (root, oid) AS (
    SELECT t.root, a.atttypid FROM tree t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
        AND NOT a.attisdropped AND a.atttypid >= 16384::oid
    UNION
    SELECT u.root, d.refobjid FROM used u JOIN pg_type y ON y.oid = u.oid JOIN pg_depend d
        ON (d.classid, d.objid) IN (('pg_type'::regclass, y.oid), ('pg_class'::regclass, y.typrelid))
        AND d.refclassid = 'pg_type'::regclass
), said AS (
    SELECT t.root, concat_ws('|', 'relation', c.oid, c.relkind, c.relfilenode, c.relpersistence, c.relrowsecurity,
        pg_get_expr(c.relpartbound, c.oid), am.amname) AS line
    FROM tree t JOIN pg_class c ON c.oid = t.oid LEFT JOIN pg_am am ON am.oid = c.relam
    UNION ALL
    SELECT t.root, concat_ws('|', 'column', a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, a.attidentity, a.attgenerated, a.attcollation, a.attisdropped,
        pg_get_expr(d.adbin, d.adrelid))
    FROM tree t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT u.root, concat_ws('|', 'label', l.enumtypid, l.enumsortorder, l.enumlabel)
    FROM used u JOIN pg_enum l ON l.enumtypid = u.oid
    UNION ALL
    SELECT u.root, concat_ws('|', 'field', u.oid, a.attnum, format_type(a.atttypid, a.atttypmod), a.attisdropped)
    FROM used u JOIN pg_type y ON y.oid = u.oid JOIN pg_attribute a ON a.attrelid = y.typrelid AND a.attnum > 0
    UNION ALL
    SELECT t.root, concat_ws('|', 'constraint', c.conrelid, c.conname, pg_get_constraintdef(c.oid))
    FROM tree t JOIN pg_constraint c ON c.conrelid = t.oid
    UNION ALL
    SELECT t.root, concat_ws('|', 'index', pg_get_indexdef(i.indexrelid), i.indisvalid)
    FROM tree t JOIN pg_index i ON i.indrelid = t.oid
    UNION ALL
    SELECT t.root, concat_ws('|', 'trigger', g.tgenabled, pg_get_triggerdef(g.oid))
    FROM tree t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
    UNION ALL
    SELECT t.root, concat_ws('|', 'rule', r.ev_enabled, pg_get_ruledef(r.oid))
    FROM tree t JOIN pg_rewrite r ON r.ev_class = t.oid
)
SELECT root::bigint, md5(string_agg(line, E'\\n' ORDER BY line COLLATE "C")) FROM said GROUP BY root
"""
_STORAGE = f"""
SELECT c.oid::bigint, {IS_SMALL}, EXISTS (SELECT FROM pg_class p LEFT JOIN pg_am a ON a.oid = p.relam
    WHERE (a.amname <> 'heap' OR p.relkind = 'f') AND p.oid IN (SELECT c.oid UNION ALL
        SELECT relid FROM pg_partition_tree(c.oid::regclass)))
FROM pg_class c WHERE c.oid = ANY (%(oids)s::oid[])
"""
_ERA_BITS = 31


@dataclass(frozen=True, slots=True)
class Versions:
    """The row versions of a table."""

    rows: int
    total: int
    """The sum of their hashes."""
    era: int | None
    """How often the numbers of transactions have gone half round; None if texts of rows were hashed."""
    changed: int = 0
    """How many rows differ from those that were proven."""

    def after(self, written: WrittenRows, difference: int) -> "Versions":
        """Return the versions after a change.

        Args:
            difference: what it adds to the sum of the hashes.
        """
        return replace(
            self,
            rows=self.rows + written.inserted - written.deleted,
            total=self.total + difference,
            changed=self.changed + written.inserted + written.updated + written.deleted,
        )

    def __str__(self) -> str:
        # The numbers begin again after 2³²: versions of another round prove nothing.
        return f"texts {self.total}" if self.era is None else f"versions {self.era} {self.total}"


def count_versions(connection: PostgresConnection, relations: Sequence[Relation]) -> dict[int, Versions]:
    """Return the number of rows of tables, and a sum that differs once a row was added, changed or deleted, by OID.

    The tables must be locked.
    """
    oids = [relation.oid for relation in relations]
    storage = {oid: rest for oid, *rest in connection.execute(_STORAGE, {"oids": oids}).fetchall()}
    ((next_number,),) = connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchall()
    era = int(next_number) >> _ERA_BITS
    queries, eras = [], []
    for relation in relations:
        is_small, has_other_storage = storage[relation.oid]
        # Tables of other storage, as foreign ones, have no versions, or other ones.
        has_versions = not has_other_storage and connection.info.server_version >= _HAS_PLACE_HASH
        by_versions = f"SELECT count(*), {sum_of_versions(connection)} FROM {relation.sql} t"
        queries.append((by_versions if has_versions else _BY_TEXTS.format(table=relation.sql), is_small))
        eras.append(era if has_versions else None)
    answers = ask_of_all(connection, queries)
    return {
        oid: Versions(int(rows), int(total), own)
        for oid, own, (rows, total) in zip(oids, eras, answers, strict=True)
    }


def sum_of_versions(connection: PostgresConnection) -> str:
    """Return SQL for the sum of the hashes of some rows `t`."""
    is_new = connection.info.server_version >= _HAS_TRANSACTION_HASH
    return _SUM.format(transaction=_TRANSACTION if is_new else _OLD_TRANSACTION)


def read_definitions(connection: PostgresConnection, relations: Sequence[Relation]) -> Mapping[int, str]:
    """Return a digest of all that tables declare, by OID."""
    rows = connection.execute(_DEFINITIONS, {"oids": [relation.oid for relation in relations]})
    return {int(oid): str(digest) for oid, digest in rows.fetchall()}
