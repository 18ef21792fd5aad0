"""Knows whether rows keep what the contract says of single tables: required, unique, key."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tdmvc.checks.table_rows import (
    MASK,
    counted,
    first_keys,
    has_personal_key,
    list_keys,
    locate_parts,
    rows_sql,
    sql_command,
)
from tdmvc.errors import PartError
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.duckdb import DuckDBConnection, store_errors
from tdmvc.sql.quoting import quote_name, quote_names


def check_contract(
    con: DuckDBConnection,
    tables: Mapping[str, TableSide],
    *,
    only: Collection[str] | None = None,
    fresh: Collection[str] | None = None,
    at: str | None = None,
) -> tuple[Finding, ...]:
    """Return what is wrong with the rows of each table: at most one finding a rule and column set.

    The rules `duplicate-key` and `null-key` are those of a diff: drop what agrees
    with one of its findings in rule and table.

    Args:
        only: the tables to look at; None means all.
        fresh: the parts (content hashes) outside of which nothing new can be wrong. Nulls and keys are
            looked for in these alone, and unique values that stand in these are looked for in all.
        at: the state's reference, for the commands that remedies name.

    Cost: nulls are read from the footers; keys and unique columns are read whole,
    in memory that the connection bounds. A table that declares nothing is not opened.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    findings: list[Finding] = []
    for name in sorted(tables):
        if only is None or name in only:
            findings.extend(_check_table(con, tables[name], fresh, at))
    return tuple(findings)


def _check_table(
    con: DuckDBConnection, side: TableSide, fresh: Collection[str] | None, at: str | None
) -> Iterator[Finding]:
    schema = side.schema
    required = [c for c in schema.columns if c.required and c.name not in schema.key]
    unique = [c for c in schema.columns if c.unique and schema.key != (c.name,)]
    if not side.rows or not (schema.key or required or unique):
        return
    with store_errors(schema.name, what="The check", parts="its parts"):
        looked_at = side if fresh is None else side.only(fresh)
        if not looked_at.parts:
            return
        paths = locate_parts(looked_at)
        asked = _Asked(con, schema, rows_sql(schema, paths), at)
        key = [c for c in schema.columns if c.name in schema.key]
        nulls = _count_nulls(asked, paths, [*required, *key])
        for column in required:
            if nulls[column.name]:
                yield asked.null_in_required(column, nulls[column.name])
        for column in unique:
            yield from _suspects(asked, side, looked_at, column).repeated_unique(column)
        if any(nulls[name] for name in schema.key):
            yield asked.null_key()
        if schema.key:
            yield from asked.duplicate_key()


def _suspects(asked: "_Asked", side: TableSide, looked_at: TableSide, column: Column) -> "_Asked":
    """Return the question about all rows whose value stands in the parts that are looked at."""
    if looked_at is side:
        return asked
    name = quote_name(column.name)
    every = rows_sql(side.schema, locate_parts(side))
    return replace(asked, rows=f"(SELECT * FROM {every} WHERE {name} IN (SELECT {name} FROM {asked.rows}))")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A table that is asked, one rule a method."""

    con: DuckDBConnection
    schema: TableSchema
    rows: str
    """SQL to put behind FROM."""
    at: str | None

    def fetch(self, query: str) -> tuple[int, ...]:
        return tuple(int(value) for value in self.con.execute(query).fetchall()[0])

    def null_in_required(self, column: Column, count: int) -> Finding:
        where = f"{quote_name(column.name)} IS NULL"
        keys = self._keys(f"{self.rows} WHERE {where}")
        return self._finding(
            "null-in-required",
            f"{self.schema.name}.{column.name} is required, but {counted(count, 'row')} {_has(count)} a null"
            f" in it{self._named(keys, count)}.",
            (column.name,),
            f"fill the column, or drop `required` from contract.yaml; see the rows: {self._show(where)}",
            {"count": count, "keys": list(keys)},
        )

    def repeated_unique(self, column: Column) -> Iterator[Finding]:
        name = quote_name(column.name)
        repeated = (
            f"SELECT {name}, count(*) FROM {{}} WHERE {name} IS NOT NULL GROUP BY {name} HAVING count(*) > 1"
        )
        values, rows = self.fetch(
            f"SELECT count(*), coalesce(sum(n), 0) FROM ({repeated.format(self.rows)}) AS repeated (v, n)"
        )
        if not values:
            return
        inner = (
            f"(SELECT {name} FROM {self.rows} WHERE {name} IS NOT NULL GROUP BY {name} HAVING count(*) > 1)"
        )
        keys = self._keys(f"{self.rows} WHERE {name} IN {inner}")
        yield self._finding(
            "repeated-unique",
            f"{self.schema.name}.{column.name} is unique, but {counted(values, 'value')} {_stands(values)} in"
            f" {counted(rows, 'row')}{self._named(keys, rows)}.",
            (column.name,),
            "change or remove the surplus rows, or drop `unique` from contract.yaml; see the values: "
            + sql_command(repeated.format(quote_name(self.schema.name)), self.at),
            {"count": values, "rows": rows, "keys": list(keys)},
        )

    def null_key(self) -> Finding:
        where = " OR ".join(f"{quote_name(name)} IS NULL" for name in self.schema.key)
        (count,) = self.fetch(f"SELECT count(*) FROM {self.rows} WHERE {where}")
        keys = self._keys(f"{self.rows} WHERE {where}")
        return self._finding(
            "null-key",
            f"The key ({', '.join(self.schema.key)}) of {self.schema.name} is null: {counted(count, 'row')}"
            f"{list_keys(keys, count)}.",
            self.schema.key,
            f"fill the key columns, or name other key columns with --key; see the rows: {self._show(where)}",
            {"count": count, "keys": list(keys)},
        )

    def duplicate_key(self) -> Iterator[Finding]:
        names = quote_names(self.schema.key)
        whole = " AND ".join(f"{quote_name(name)} IS NOT NULL" for name in self.schema.key)
        grouped = f"SELECT {names}, count(*) FROM {{}} WHERE {whole} GROUP BY {names} HAVING count(*) > 1"
        aliases = ", ".join(f"k{i}" for i in range(len(self.schema.key)))
        count, rows = self.fetch(
            f"SELECT count(*), coalesce(sum(n), 0)"
            f" FROM ({grouped.format(self.rows)}) AS repeated ({aliases}, n)"
        )
        if not count:
            return
        distinct = f"(SELECT {names} FROM {self.rows} WHERE {whole} GROUP BY {names} HAVING count(*) > 1)"
        keys = self._keys(distinct)
        yield self._finding(
            "duplicate-key",
            f"The key ({', '.join(self.schema.key)}) of {self.schema.name} repeats: {counted(count, 'key')}"
            f"{list_keys(keys, count)}.",
            self.schema.key,
            "give each row its own key, or name other key columns with --key; see the keys: "
            + sql_command(grouped.format(quote_name(self.schema.name)), self.at),
            {"count": count, "rows": rows, "keys": list(keys)},
        )

    def _finding(
        self, rule: str, message: str, columns: tuple[str, ...], remedy: str, details: dict[str, object]
    ) -> Finding:
        return Finding(
            rule,
            Severity.ERROR,
            message,
            table=self.schema.name,
            columns=columns,
            remedy=remedy,
            details=details,
        )

    def _keys(self, source: str) -> tuple[str, ...]:
        return first_keys(self.con, self.schema, source, is_personal=has_personal_key(self.schema))

    def _named(self, keys: Sequence[str], count: int) -> str:
        """A list of masks would say nothing that the count does not."""
        if not keys or keys[0] == MASK:
            return ""
        return f", by {', '.join(self.schema.key)}{list_keys(keys, count)}"

    def _show(self, where: str) -> str:
        return sql_command(f"select * from {quote_name(self.schema.name)} where {where}", self.at)


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


def _stands(count: int) -> str:
    return "stands" if count == 1 else "stand"


def _count_nulls(asked: _Asked, paths: Sequence[Path], columns: Sequence[Column]) -> dict[str, int]:
    """Return the nulls by column: from the footers, and by SQL where these do not tell."""
    counts = {column.name: 0 for column in columns}
    unknown = {column.name for column in columns if not _is_told_by_footer(column)}
    for path in paths if len(unknown) < len(counts) else ():
        for name, nulls in _footer_nulls(asked.schema.name, path, counts.keys() - unknown).items():
            if nulls is None:
                unknown.add(name)
            else:
                counts[name] += nulls
    if unknown:
        names = sorted(unknown)
        nulls_sql = ", ".join(f"count(*) FILTER (WHERE {quote_name(name)} IS NULL)" for name in names)
        counts.update(zip(names, asked.fetch(f"SELECT {nulls_sql} FROM {asked.rows}"), strict=True))
    return counts


def _is_told_by_footer(column: Column) -> bool:
    """A footer counts nulls of leaves, and spells a dot in a name like a step into a struct."""
    return not pa.types.is_nested(column.type) and "." not in column.name


def _footer_nulls(table: str, path: Path, names: Collection[str]) -> dict[str, int | None]:
    """Return the nulls of a file by column; None where its writer did not count."""
    try:
        footer = pq.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        raise PartError.damaged(path, f"table {table}", "its footer cannot be read") from error
    counts: dict[str, int | None] = dict.fromkeys(names, 0)
    found = {footer.schema.column(i).path: i for i in range(footer.num_columns)}
    for group in range(footer.num_row_groups):
        for name in names:
            total = counts[name]
            statistics = footer.row_group(group).column(found[name]).statistics if name in found else None
            if statistics is None or not statistics.has_null_count or total is None:
                counts[name] = None
            else:
                counts[name] = total + int(statistics.null_count)
    return counts
