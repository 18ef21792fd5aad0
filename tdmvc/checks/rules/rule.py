"""What checks a rule of a contract, and the rows that it is checked on."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from tdmvc.arrow.parquet import count_nulls
from tdmvc.checks.predicates import InexactError, checked_predicate_sql
from tdmvc.checks.table_rows import (
    compared_sql,
    first_keys,
    has_personal_key,
    list_keys,
    locate_parts,
    rows_sql,
)
from tdmvc.errors import PartError
from tdmvc.model.conditions import ConditionEngines, NotEvaluatedError
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.masking import MASK
from tdmvc.model.rules import Condition, Length, References, Required, Rule, Unique
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name

Tables = Mapping[str, TableSide]


class RuleCheck(Protocol):
    """Checks rows against one rule."""

    @property
    def rule(self) -> Rule:
        """What the contract demands."""

    def is_declared_in(self, tables: Tables) -> bool:
        """Return whether a state has the rule at all: rows that no rule forbids violate nothing."""

    def check(self, table: "CheckedTable") -> Iterator[Finding]:
        """Yield what is wrong; nothing if the rows keep the rule.

        Raises:
            PartError: a part is damaged.
        """

    def violations_sql(self, con: DuckDBConnection, tables: Tables) -> str | None:
        """Return a SELECT of texts that identify each violation, so that those of two states can be compared.

        None if a violation has no identity: its row has no key, or a column is missing.
        """

    def query(self, table: "CheckedTable") -> str:
        """Return the query with which `tdmvc sql` shows the violations."""


@dataclass(frozen=True)
class CheckedTable:
    """A table whose rows are checked, with the tables that its references lead to."""

    con: DuckDBConnection
    tables: Tables
    name: str
    old: Sequence[Tables] = ()
    """The states before the change; of a merge, both sides."""
    fresh: Collection[str] | None = None
    """The parts (content hashes) that can hold a new violation; None means all."""
    at: str | None = None
    """The state's reference, for the commands that remedies name."""
    conditions: ConditionEngines = field(default_factory=dict)
    """What evaluates the conditions of each dialect."""

    @property
    def schema(self) -> TableSchema:
        return self.tables[self.name].schema

    @cached_property
    def source(self) -> str:
        """SQL to put behind FROM: the rows that are looked at."""
        return rows_sql(self.schema, self._paths)

    @cached_property
    def nulls(self) -> Mapping[str, int]:
        """Nulls by column, of the key and the required ones: from the footers, and from SQL where these lack them."""
        key = self.schema.key
        columns = [column for column in self.schema.columns if column.required or column.name in key]
        counts = {column.name: 0 for column in columns}
        types = {column.name: column.type for column in columns}
        unknown: set[str] = set()
        for path in self._paths if types else ():
            for name, nulls in _footer_nulls(self.name, path, types).items():
                if nulls is None:
                    unknown.add(name)
                else:
                    counts[name] += nulls
        if unknown:
            names = sorted(unknown)
            nulls_sql = ", ".join(f"count(*) FILTER (WHERE {quote_name(name)} IS NULL)" for name in names)
            counts.update(zip(names, self.fetch(f"SELECT {nulls_sql} FROM {self.source}"), strict=True))
        return counts

    @property
    def has_rows(self) -> bool:
        return bool(self.tables[self.name].rows and self._looked_at.parts)

    @cached_property
    def too_long(self) -> Mapping[tuple[str, int], int]:
        """How many texts are longer than a rule allows, by column and limit, in code points."""
        limits = {
            (name, test.maximum): None
            for name, test in ((rule.columns[0], rule.test) for rule in self.schema.rules if rule.columns)
            if isinstance(test, Length) and test.maximum is not None
            if (column := self.schema.column(name)) is not None and pa.types.is_string(column.type)
        }
        if not limits:
            return {}
        counts = ", ".join(f"count(*) FILTER (WHERE {is_too_long(*one)})" for one in limits)
        return dict(zip(limits, self.fetch(f"SELECT {counts} FROM {self.source}"), strict=True))

    @cached_property
    def broken(self) -> Mapping[tuple[object, ...], int]:
        """How many rows break each test of single rows that SQL can say, by what the rule demands: in one scan."""
        conditions: dict[tuple[object, ...], str] = {}
        for rule in self.schema.rules:
            is_counted = isinstance(rule.test, Length) and rule.test.minimum is None
            if not is_counted and not isinstance(rule.test, Required | Condition | Unique | References):
                with suppress(InexactError, KeyError, NotEvaluatedError):
                    conditions[rule.demand] = checked_predicate_sql(self.con, rule, self.schema)
        if not conditions:
            return {}
        counts = ", ".join(f"count(*) FILTER (WHERE {sql})" for sql in conditions.values())
        return dict(zip(conditions, self.fetch(f"SELECT {counts} FROM {self.source}"), strict=True))

    def source_with_values_of(self, columns: Sequence[Column], *, nulls_distinct: bool = True) -> str:
        """Return SQL to put behind FROM: the rows of all parts that share a value with those looked at."""
        side = self.tables[self.name]
        if self._looked_at is side:
            return self.source
        every = rows_sql(side.schema, locate_parts(side))
        same = join_sql(columns, "every", "fresh", nulls_distinct=nulls_distinct)
        return f"(SELECT every.* FROM {every} every SEMI JOIN {self.source} fresh ON {same})"

    def fetch(self, query: str) -> tuple[int, ...]:
        """Return the numbers in the first row of a query's result."""
        return tuple(int(value) for value in self.con.execute(query).fetchall()[0])

    def first_keys(self, source: str) -> tuple[str, ...]:
        """Return the keys of the first rows of a source as texts, masked if the key is personal."""
        return first_keys(self.con, self.schema, source, is_personal=has_personal_key(self.schema))

    def finding(
        self,
        name: str,
        message: str,
        columns: tuple[str, ...],
        *,
        remedy: str,
        details: dict[str, object],
        severity: Severity = Severity.ERROR,
    ) -> Finding:
        return Finding(
            name,
            severity,
            message,
            table=self.name,
            columns=columns,
            remedy=remedy,
            details=details,
        )

    @cached_property
    def _looked_at(self) -> TableSide:
        side = self.tables[self.name]
        return side if self.fresh is None else side.only(self.fresh)

    @cached_property
    def _paths(self) -> list[Path]:
        return locate_parts(self._looked_at)


def format_keys(key: Sequence[str], keys: Sequence[str], count: int) -> str:
    """Return the shown keys for a message: ` (id: 1, 3, …)`; nothing for masks, which would only repeat the count."""
    if not keys or keys[0] == MASK:
        return ""
    return f" ({', '.join(key)}: {list_keys(keys, count)})"


def is_too_long(column: str, limit: int) -> str:
    """Return an SQL condition for a text of more code points than a limit; most texts need no count of them."""
    name = quote_name(column)
    return f"strlen({name}) > {limit} AND length({name}) > {limit}"


def join_sql(columns: Sequence[Column], left: str, right: str, *, nulls_distinct: bool = True) -> str:
    """Return an SQL condition for two rows that a unique key takes for equal."""
    equals = "=" if nulls_distinct else "IS NOT DISTINCT FROM"
    pairs = (
        [compared_sql(column, f"{side}.{quote_name(column.name)}") for side in (left, right)]
        for column in columns
    )
    return " AND ".join(f"{one} {equals} {other}" for one, other in pairs)


def _footer_nulls(table: str, path: Path, types: Mapping[str, pa.DataType]) -> dict[str, int | None]:
    try:
        return count_nulls(path, types)
    except (pa.ArrowException, OSError) as error:
        raise PartError.damaged(path, f"table {table}", "its footer cannot be read") from error
