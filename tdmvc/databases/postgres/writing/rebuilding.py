"""Makes the indexes of a table after its rows, which takes a third of the time off a load."""

from dataclasses import dataclass
from itertools import chain

import pyarrow as pa

from tdmvc.databases.postgres.catalog.relations import Relation
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.writing.locking import table_sql
from tdmvc.sql.quoting import quote_name, quote_text

_ENOUGH_ROWS = 5_000
"""With fewer, making an index anew takes longer than filling it."""
_INDEXES = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(x.relname), k.conname::text,
    CASE WHEN k.oid IS NULL THEN pg_get_indexdef(x.oid) ELSE pg_get_constraintdef(k.oid) END,
    obj_description(x.oid, 'pg_class'), obj_description(k.oid, 'pg_constraint')
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = x.relnamespace LEFT JOIN pg_constraint k ON k.conindid = x.oid AND k.contype = 'u'
WHERE i.indrelid = %(table)s AND c.relkind = 'r' AND NOT c.relispartition AND pg_has_role(c.relowner, 'USAGE')
    AND has_schema_privilege(x.relnamespace, 'CREATE') AND pg_relation_size(c.oid) = 0 AND i.indisvalid AND i.indisready
    AND NOT (i.indisprimary OR i.indisexclusion OR i.indisreplident OR i.indisclustered)
    AND x.reltablespace = 0 AND (k.oid IS NULL OR x.reloptions IS NULL)
    AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conindid = x.oid AND f.contype <> 'u')
    AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = x.oid AND coalesce(a.attstattarget, -1) >= 0)
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = x.oid
        AND d.deptype = 'e')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = x.oid)
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_constraint'::regclass AND d.refobjid = k.oid
        AND d.objid <> x.oid)
ORDER BY x.oid
"""
"""Those of an empty table that are made again as they were: no key that others rely on, nothing with settings of its
own that its definition does not say."""


@dataclass(frozen=True, slots=True)
class _Index:
    """An index, or the unique constraint that has it."""

    table: str
    sql: str
    constraint: str | None
    definition: str
    comment: str | None
    constraint_comment: str | None

    @property
    def drop(self) -> str:
        if self.constraint is None:
            return f"DROP INDEX {self.sql}"
        return f"ALTER TABLE {self.table} DROP CONSTRAINT {quote_name(self.constraint)}"

    @property
    def make(self) -> list[str]:
        if self.constraint is None:
            statements = [self.definition]
        else:
            name = quote_name(self.constraint)
            statements = [f"ALTER TABLE {self.table} ADD CONSTRAINT {name} {self.definition}"]
            if self.constraint_comment is not None:
                comment = quote_text(self.constraint_comment)
                statements.append(f"COMMENT ON CONSTRAINT {name} ON {self.table} IS {comment}")
        if self.comment is not None:
            statements.append(f"COMMENT ON INDEX {self.sql} IS {quote_text(self.comment)}")
        return statements


class IndexRebuild:
    """The indexes of an empty table that are dropped before a load of many rows, and made again after it."""

    def __init__(self, connection: PostgresConnection, relation: Relation) -> None:
        self._connection = connection
        self._relation = relation
        self._dropped: list[_Index] = []

    def begin(self, rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
        """Drop the indexes if there are many rows, and return the rows."""
        first: list[pa.RecordBatch] = []
        count = 0
        for batch in rows:
            first.append(batch)
            count += batch.num_rows
            if count >= _ENOUGH_ROWS:
                self._drop()
                break
        return pa.RecordBatchReader.from_batches(rows.schema, chain(first, rows))

    def _drop(self) -> None:
        found = self._connection.execute(_INDEXES, {"table": self._relation.oid}).fetchall()
        for row in found:
            index = _Index(table_sql(self._relation), *row)
            self._connection.execute(index.drop)
            self._dropped.append(index)

    def end(self) -> None:
        """Make the indexes again.

        Raises:
            psycopg.Error: two rows have the same values in one that is unique.
        """
        for index in self._dropped:
            for statement in index.make:
                self._connection.execute(statement)
