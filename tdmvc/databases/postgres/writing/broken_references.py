"""Finds rows whose references lead nowhere: those that were loaded while nothing checked them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from tdmvc.databases.findings import broken_reference
from tdmvc.databases.postgres.catalog.relations import PARTITION_TREE
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.writing.changed_rows import PostgresChanges
from tdmvc.databases.postgres.writing.counting import IS_SMALL, ask_of_all
from tdmvc.model.finding import Finding
from tdmvc.sql.quoting import quote_name

_REFERENCES = """
WITH {tree}
SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text,
    pc.oid::bigint, pn.nspname::text, pc.relname::text, pc.relkind::text,
    k.confmatchtype = 'f', {is_period},
    ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u (num, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.place),
    ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u (num, place)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.place),
    ARRAY(SELECT 'OPERATOR(' || quote_ident(sn.nspname) || '.' || o.oprname || ')'
        FROM unnest(k.conpfeqop) WITH ORDINALITY u (oid, place) JOIN pg_operator o ON o.oid = u.oid
        JOIN pg_namespace sn ON sn.oid = o.oprnamespace ORDER BY u.place),
    {is_small} AND {is_small_too}, k.convalidated AND
    (quote_ident(n.nspname) || '.' || quote_ident(c.relname), k.conname::text)
        IN (SELECT * FROM unnest(%(tables)s::text[], %(names)s::text[]))
FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class pc ON pc.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = pc.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 {is_enforced}
    AND (k.conrelid IN (SELECT oid FROM tree) OR k.confrelid IN (SELECT oid FROM tree))
ORDER BY 2, 3, k.conname
"""
_PERIODS = 180000


@dataclass(frozen=True, slots=True)
class KnownReferences:
    """What is known of references without looking at rows."""

    declared: Collection[tuple[str, str]]
    """Those that the server has checked in this transaction, if they are valid: the table as SQL, and the name."""
    held: Mapping[str, Collection[str]]
    """By the tables that refer, those to which their references held before `changed`."""
    changed: Mapping[int, PostgresChanges | None]
    """What was changed since, by OID; None if this was not kept."""


@dataclass(frozen=True, slots=True)
class _ForeignKeyToCheck:
    """A reference as the catalog has it."""

    oid: int
    schema: str
    table: str
    kind: str
    to_oid: int
    to_schema: str
    to_table: str
    to_kind: str
    is_full: bool
    """Whether all columns must have a value, or none."""
    is_period: bool
    columns: list[str]
    to: list[str]
    operators: list[str]
    is_small: bool
    is_checked: bool
    """Whether the server has just checked it."""

    @property
    def count_broken(self) -> str:
        """The query for the number of rows `t` that break it."""
        return f"SELECT count(*) FROM {_rows(self.schema, self.table, self.kind)} t WHERE ({self._condition})"

    def count_newly_broken(self, changed: Mapping[int, PostgresChanges | None]) -> list[str] | None:
        """Return queries for rows that break it, if none did before some changes; None if these do not tell."""
        own, others = changed.get(self.oid), changed.get(self.to_oid)
        is_kept = (self.oid not in changed or own) and (self.to_oid not in changed or others)
        if not is_kept or self.is_period or (others and not set(self.to).issubset(others.referred)):
            return None
        queries = []
        written = (
            f"EXISTS (SELECT FROM {own.written} s WHERE {_same(own.key)})" if own and own.written else ""
        )
        if own and own.written:
            rows = _rows(self.schema, self.table, self.kind)
            queries.append(
                f"SELECT count(*) FROM {own.written} s JOIN {rows} t ON {_same(own.key)} WHERE ({self._condition})"
            )
        if others and others.left:
            queries.append(
                f"{self.count_broken} AND EXISTS (SELECT FROM {others.left} p WHERE {self._same_values})"
                + (f" AND NOT {written}" if written else "")
            )
        return queries

    @property
    def _same_values(self) -> str:
        return " AND ".join(self._equalities)

    @property
    def _equalities(self) -> list[str]:
        return [
            f"p.{quote_name(there)} {operator} t.{quote_name(here)}"
            for here, there, operator in zip(self.columns, self.to, self.operators, strict=True)
        ]

    @property
    def _condition(self) -> str:
        """SQL that is true for a row that breaks it."""
        referred = _rows(self.to_schema, self.to_table, self.to_kind)
        present = " AND ".join(f"t.{quote_name(name)} IS NOT NULL" for name in self.columns)
        if self.is_period:
            found = (
                f"coalesce(t.{quote_name(self.columns[-1])} <@ (SELECT range_agg(p.{quote_name(self.to[-1])}) "
                f"FROM {referred} p WHERE {' AND '.join(self._equalities[:-1])}), false)"
            )
        else:
            found = f"EXISTS (SELECT FROM {referred} p WHERE {self._same_values})"
        broken = f"({present}) AND NOT {found}"
        if self.is_full and len(self.columns) > 1:
            some = " OR ".join(f"t.{quote_name(name)} IS NOT NULL" for name in self.columns)
            return f"({broken}) OR (({some}) AND NOT ({present}))"
        return broken


def find_broken_references(
    connection: PostgresConnection,
    oids: Sequence[int],
    own_name: Callable[[str, str], str],
    known: KnownReferences,
) -> list[Finding]:
    """Return the references of and to tables that rows break.

    Cost: both tables of each reference; of one that held before, the rows that were changed.

    Args:
        own_name: returns the name in a dataset of a table in a schema.
    """
    is_new = connection.info.server_version >= _PERIODS
    query = _REFERENCES.replace("{tree}", PARTITION_TREE).replace(
        "{is_period}", "k.conperiod" if is_new else "false"
    )
    query = query.replace("{is_small}", IS_SMALL).replace("{is_small_too}", IS_SMALL.replace("c.", "pc."))
    query = query.replace("{is_enforced}", "AND k.conenforced" if is_new else "")
    tables, names = [table for table, _ in known.declared], [name for _, name in known.declared]
    rows = connection.execute(query, {"oids": list(oids), "tables": tables, "names": names}).fetchall()
    places: list[int] = []
    queries: list[tuple[str, bool]] = []
    references = [_ForeignKeyToCheck(*row) for row in rows]
    for place, one in enumerate(references):
        if one.is_checked:
            continue
        name, to_name = own_name(one.schema, one.table), own_name(one.to_schema, one.to_table)
        changed = one.count_newly_broken(known.changed) if to_name in known.held.get(name, ()) else None
        asked = [(one.count_broken, one.is_small)] if changed is None else [(sql, False) for sql in changed]
        places += [place] * len(asked)
        queries += asked
    counts = [0] * len(references)
    for place, (count,) in zip(places, ask_of_all(connection, queries), strict=True):
        counts[place] += count
    return [
        broken_reference(
            own_name(one.schema, one.table),
            tuple(one.columns),
            own_name(one.to_schema, one.to_table),
            count,
        )
        for one, count in zip(references, counts, strict=True)
        if count
    ]


def _same(key: Sequence[str]) -> str:
    return " AND ".join(f"t.{quote_name(name)} = s.{quote_name(name)}" for name in key)


def _rows(schema: str, table: str, kind: str) -> str:
    return f"{'' if kind == 'p' else 'ONLY '}{quote_name(schema)}.{quote_name(table)}"
