"""Knows which rows name a row of another table that is not there.

A reference follows SQL's MATCH SIMPLE: where one of its columns is null, the row
names nothing, and nothing is broken.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE
from tdmvc.checks.table_rows import (
    MASK,
    counted,
    first_keys,
    has_personal_key,
    list_keys,
    locate_parts,
    rows_sql,
    sql_command,
    text_sql,
)
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, ForeignKey, TableSchema
from tdmvc.sql.duckdb import DuckDBConnection, store_errors
from tdmvc.sql.quoting import quote_name

_BROKEN_NEW, _BROKEN_OLD = "tdmvc_broken_new", "tdmvc_broken_old"

_Form = Callable[[Column, str], str]
"""Given a column and the SQL of its value, return SQL that compares with the other side's."""


def check_references(
    con: DuckDBConnection,
    tables: Mapping[str, TableSide],
    *,
    changed: Collection[str],
    old: Sequence[Mapping[str, TableSide]] = (),
    is_asked: Callable[[str, ForeignKey], bool] = lambda table, reference: True,
    at: str | None = None,
) -> tuple[Finding, ...]:
    """Return the broken references from and to the changed tables, by table and in declared order.

    Rows that were broken before in the same way (same key, same values) are one
    warning, `reference-broken-before`; all others one error, `broken-reference`.
    A reference that leads to no table or column is `reference-without-target`, one
    whose types have nothing in common `reference-not-comparable`.

    Args:
        old: the tables before the change, of a merge those of both sides: what was broken in
            one of them is broken no more than before. Without them every broken row is new.
        is_asked: leaves references out, by the table that has them.
        at: the new state's reference, for the commands that remedies name.

    Cost: reads the columns of the reference on both of its ends; `old` is read only
    where something is broken now.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    findings: list[Finding] = []
    for name in sorted(tables):
        for reference in tables[name].schema.references:
            if (name in changed or reference.table in changed) and is_asked(name, reference):
                with store_errors(name, what="The check", parts="its parts"):
                    findings.extend(_check(con, name, reference, tables, old, at))
    return tuple(findings)


def _check(
    con: DuckDBConnection,
    name: str,
    reference: ForeignKey,
    tables: Mapping[str, TableSide],
    old: Sequence[Mapping[str, TableSide]],
    at: str | None,
) -> Iterator[Finding]:
    child = tables[name]
    lacking = _lacking(reference, name, tables)
    if lacking is not None:
        yield from _without_target(con, child, reference, lacking, was_there=_was_there(name, reference, old))
        return
    parent = tables[reference.table]
    if _pair_all(reference, child.schema, parent.schema) is None:
        yield _not_comparable(child.schema, reference, parent.schema)
        return
    if not child.rows:
        return
    try:
        if _collect(con, _BROKEN_NEW, reference, child, parent, child.schema.key):
            before = _collect_old(con, name, reference, old, child.schema.key)
            schemas = tuple(side[name].schema for side in old if name in side)
            yield from _Broken(con, child.schema, reference, parent.schema, schemas, at).findings(
                has_old=before
            )
    finally:
        for broken in (_BROKEN_NEW, _BROKEN_OLD):
            con.execute(f"DROP TABLE IF EXISTS temp.{broken}")


def _lacking(reference: ForeignKey, name: str, tables: Mapping[str, TableSide]) -> str | None:
    """Return what the reference needs and the tables do not have."""
    for table, columns in ((name, reference.columns), (reference.table, reference.to)):
        if table not in tables:
            return f"there is no table {table}"
        for column in columns:
            if tables[table].schema.column(column) is None:
                return f"{table} has no column {column}"
    return None


def _was_there(name: str, reference: ForeignKey, old: Sequence[Mapping[str, TableSide]]) -> bool:
    """Tell whether a target was there, and no state had lost it already while it still named it."""
    lacking = [side for side in old if _lacking(reference, name, side) is not None]
    lost = any(name in side and reference in side[name].schema.references for side in lacking)
    return len(lacking) < len(old) and not lost


def _without_target(
    con: DuckDBConnection, child: TableSide, reference: ForeignKey, lacking: str, *, was_there: bool
) -> Iterator[Finding]:
    """A target that was never there may be left out on purpose; one that went is missed."""
    schema, rows = child.schema, 0
    if all(schema.column(column) is not None for column in reference.columns):
        source = rows_sql(schema, locate_parts(child))
        rows = int(con.execute(f"SELECT count(*) FROM {source} c WHERE {_whole(reference)}").fetchall()[0][0])
        if not rows:
            return
    yield Finding(
        "reference-without-target",
        Severity.ERROR if was_there else Severity.WARNING,
        f"{_spell(schema, reference)} leads nowhere: {lacking}"
        + (
            f"; {counted(rows, 'row')} of {schema.name} name{'s' if rows == 1 else ''} a row of it."
            if rows
            else "."
        ),
        table=schema.name,
        columns=reference.columns,
        remedy=f"bring {reference.table} back as it was, or remove the relationship from contract.yaml.",
        details={"parent": reference.table, "to": list(reference.to), "rows": rows},
    )


def _not_comparable(schema: TableSchema, reference: ForeignKey, parent: TableSchema) -> Finding:
    return Finding(
        "reference-not-comparable",
        Severity.WARNING,
        f"{_spell(schema, reference)} cannot be checked: its columns are {_types(schema, reference.columns)},"
        f" those of {parent.name} are {_types(parent, reference.to)}.",
        table=schema.name,
        columns=reference.columns,
        remedy="give both ends one type.",
        details={"parent": parent.name, "to": list(reference.to)},
    )


@dataclass(frozen=True, slots=True)
class _Broken:
    """A reference with broken rows, collected in the connection."""

    con: DuckDBConnection
    schema: TableSchema
    reference: ForeignKey
    parent: TableSchema
    old: tuple[TableSchema, ...]
    """The table before."""
    at: str | None

    def findings(self, *, has_old: bool) -> Iterator[Finding]:
        """Return what is broken anew, then what was broken before."""
        split = f"SELECT *, 0 AS before FROM {_BROKEN_NEW}"
        if has_old:
            same = " AND ".join(f"n.i{i} IS NOT DISTINCT FROM o.i{i}" for i in range(self._identity))
            split = (
                f"SELECT n.*, coalesce(o.rows, 0) AS before FROM {_BROKEN_NEW} n"
                f" LEFT JOIN (SELECT {self._columns}, max(rows) AS rows FROM {_BROKEN_OLD} GROUP BY ALL) o ON {same}"
            )
        # Rows alike in key and reference are told apart by number only: so many were broken before.
        fresh, stale = self.con.execute(
            f"SELECT sum(greatest(rows - before, 0)), sum(least(rows, before)) FROM ({split})"
        ).fetchall()[0]
        if fresh:
            yield self._finding(
                "broken-reference", Severity.ERROR, int(fresh), f"({split}) WHERE rows > before"
            )
        if stale:
            yield self._finding(
                "reference-broken-before", Severity.WARNING, int(stale), f"({split}) WHERE before > 0"
            )

    @property
    def _identity(self) -> int:
        return len(self.schema.key) + len(self.reference.columns)

    @property
    def _columns(self) -> str:
        return ", ".join(f"i{i}" for i in range(self._identity))

    def _finding(self, rule: str, severity: Severity, count: int, source: str) -> Finding:
        schema, reference = self.schema, self.reference
        is_personal = has_personal_key(schema) or self._was_personal()
        named = ", ".join(f"k{i} AS {quote_name(name)}" for i, name in enumerate(schema.key))
        broken = f"(SELECT {named or '0'} FROM {source}) AS broken"
        keys = first_keys(self.con, schema, broken, is_personal=is_personal)
        shown = "" if not keys or keys[0] == MASK else f", by {', '.join(schema.key)}{list_keys(keys, count)}"
        how = "was broken before and still is" if severity is Severity.WARNING else "is broken"
        return Finding(
            rule,
            severity,
            f"{_spell(schema, reference)} {how}: {counted(count, 'row')} of {schema.name}"
            f" name{'s' if count == 1 else ''} no row of {reference.table}{shown}.",
            table=schema.name,
            columns=reference.columns,
            remedy=f"add the missing rows to {reference.table}, or change these; see them: "
            + sql_command(self._query(), self.at),
            details={
                "parent": reference.table,
                "to": list(reference.to),
                "count": count,
                "keys": list(keys),
            },
        )

    def _was_personal(self) -> bool:
        return any(not schema.personal_columns.isdisjoint(self.schema.key) for schema in self.old)

    def _query(self) -> str:
        return (
            f"select c.* from {quote_name(self.schema.name)} c"
            f" anti join {quote_name(self.reference.table)} p"
            f" on {_same(self.reference, self.schema, self.parent)} where {_whole(self.reference)}"
        )


def _collect_old(
    con: DuckDBConnection,
    name: str,
    reference: ForeignKey,
    old: Sequence[Mapping[str, TableSide]],
    key: tuple[str, ...],
) -> bool:
    """Collect the rows that were broken before, of each state apart; False where no old tables can tell."""
    queries = []
    for side in old:
        if _lacking(reference, name, side) is not None:
            continue
        child, parent = side[name], side[reference.table]
        is_keyed = all(child.schema.column(column) is not None for column in key)
        if is_keyed and child.rows and _pair_all(reference, child.schema, parent.schema) is not None:
            queries.append(_broken_sql(reference, child, parent, key, with_keys=False))
    if queries:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {_BROKEN_OLD} AS {' UNION ALL '.join(queries)}")
    return bool(queries)


def _collect(
    con: DuckDBConnection,
    into: str,
    reference: ForeignKey,
    child: TableSide,
    parent: TableSide,
    key: tuple[str, ...],
) -> bool:
    """Fill a temporary table with the broken rows; tell whether there are any."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS {_broken_sql(reference, child, parent, key)}")
    return bool(con.execute(f"SELECT count(*) FROM {into}").fetchall()[0][0])


def _broken_sql(
    reference: ForeignKey,
    child: TableSide,
    parent: TableSide,
    key: tuple[str, ...],
    *,
    with_keys: bool = True,
) -> str:
    """Return a SELECT of the broken rows: the key as `k0`…, the identity as texts `i0`…, and how many `rows`."""
    identity = ", ".join(
        f"{_as_text(_column(child.schema, column), f'c.{quote_name(column)}')} AS i{i}"
        for i, column in enumerate((*key, *reference.columns))
    )
    keys = "".join(f"c.{quote_name(column)} AS k{i}, " for i, column in enumerate(key)) if with_keys else ""
    return (
        f"SELECT {keys}{identity}, count(*) AS rows"
        f" FROM {rows_sql(child.schema, locate_parts(child))} c"
        f" ANTI JOIN {rows_sql(parent.schema, locate_parts(parent))} p"
        f" ON {_same(reference, child.schema, parent.schema)}"
        f" WHERE {_whole(reference)} GROUP BY ALL"
    )


def _same(reference: ForeignKey, child: TableSchema, parent: TableSchema) -> str:
    """Return the condition under which a row `c` names a row `p`."""
    forms = _pair_all(reference, child, parent) or []
    return " AND ".join(
        f"{form(_column(child, column), f'c.{quote_name(column)}')}"
        f" = {form(_column(parent, to), f'p.{quote_name(to)}')}"
        for column, to, form in zip(reference.columns, reference.to, forms, strict=True)
    )


def _whole(reference: ForeignKey) -> str:
    """Return the condition under which a row `c` names a row at all."""
    return " AND ".join(f"c.{quote_name(column)} IS NOT NULL" for column in reference.columns)


def _pair_all(reference: ForeignKey, child: TableSchema, parent: TableSchema) -> list[_Form] | None:
    """Return in which form the columns compare, or None where a pair has none in common."""
    forms = [
        _pair(_column(child, column).type, _column(parent, to).type)
        for column, to in zip(reference.columns, reference.to, strict=True)
    ]
    known = [form for form in forms if form is not None]
    return known if len(known) == len(forms) else None


def _pair(child: pa.DataType, parent: pa.DataType) -> _Form | None:
    both = (child, parent)
    if child == parent:
        return _itself
    if any(pa.types.is_nested(type_) or pa.types.is_binary(type_) for type_ in both):
        return None
    if all(map(pa.types.is_integer, both)):
        return lambda _, sql: f"CAST({sql} AS HUGEINT)"
    if all(map(_is_number, both)) and any(map(pa.types.is_floating, both)):
        return lambda _, sql: f"CAST({sql} AS DOUBLE)"
    if all(pa.types.is_date(type_) or pa.types.is_timestamp(type_) for type_ in both):
        return _as_naive
    return _as_text


def _itself(column: Column, sql: str) -> str:
    return sql


def _as_naive(column: Column, sql: str) -> str:
    zoned = column.type == SIMPLE["timestamptz"]
    return f"({sql} AT TIME ZONE 'UTC')" if zoned else f"CAST({sql} AS TIMESTAMP)"


def _as_text(column: Column, sql: str) -> str:
    """A decimal is written without trailing zeros, so that 5.00 is 5."""
    text = text_sql(column, sql)
    if pa.types.is_decimal(column.type) and column.type.scale > 0:
        return f"rtrim(rtrim({text}, '0'), '.')"
    return text


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def _column(schema: TableSchema, name: str) -> Column:
    return next(column for column in schema.columns if column.name == name)


def _spell(schema: TableSchema, reference: ForeignKey) -> str:
    return (
        f"The reference {schema.name} ({', '.join(reference.columns)})"
        f" → {reference.table} ({', '.join(reference.to)})"
    )


def _types(schema: TableSchema, names: tuple[str, ...]) -> str:
    return ", ".join(_column(schema, name).type_text for name in names)
