"""Rules about several columns, rows or tables that profiles suggest: unique columns, keys, references, orders."""

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa

from tdmvc.checks.inference.names import (
    is_unique_name,
    key_rank,
    ordered_pairs,
    reference_rank,
)
from tdmvc.checks.inference.profile import ColumnProfile, TableProfile
from tdmvc.model.declarations import Check, ForeignKey
from tdmvc.model.inference import Proposal
from tdmvc.model.rules import Condition, References, Rule, RuleTest, Unique, rule_id
from tdmvc.model.text import number, plural
from tdmvc.sql.quoting import quote_name

_PLAIN = re.compile(r"(?!current_)[a-z]+(?:_[a-z0-9]+)+")
"""A name with an underscore, which no word of SQL has but those of the clock."""


def propose_for_table(
    profile: TableProfile, others: Mapping[str, TableProfile], minimum_rows: int
) -> Iterator[Proposal]:
    """Yield rules about several columns of a table, or about other tables.

    Args:
        others: all tables of the dataset by name, this one included.
    """
    yield from _keys(profile, minimum_rows)
    yield from _uniques(profile, minimum_rows)
    for column in profile.columns:
        if column.values >= minimum_rows:
            yield from _references(profile, column, others)
    yield from _orders(profile, minimum_rows)


def _keys(profile: TableProfile, minimum_rows: int) -> Iterator[Proposal]:
    """Yield the column that may be the key of a table without one."""
    schema = profile.schema
    if schema.key or profile.rows < minimum_rows:
        return
    ranked = [
        (key_rank(one.column.name, schema.name), one)
        for one in profile.columns
        if one.values == profile.rows and _identifies(one.column.type)
    ]
    rank, best = max(ranked, key=lambda pair: pair[0], default=(0, None))
    if best is not None and rank >= 2:
        names = (best.column.name,)
        rule = Rule(rule_id(schema.name, (), "pk"), schema.name, names, Unique(is_key=True))
        evidence = f"no value repeats in {plural(profile.rows, 'row')}, and none is null"
        yield Proposal(rule, evidence, profile.rows, f"--key {schema.name}={best.column.name}")


def _uniques(profile: TableProfile, minimum_rows: int) -> Iterator[Proposal]:
    for one in profile.columns:
        is_likely = is_unique_name(one.column.name, profile.schema.name) or "uuid" in one.formats
        if one.values >= minimum_rows and is_likely and _identifies(one.column.type):
            evidence = f"no value repeats among {number(one.values)}"
            yield _of_column(profile, one, Unique(), "unique", evidence)


def _references(
    profile: TableProfile, column: ColumnProfile, others: Mapping[str, TableProfile]
) -> Iterator[Proposal]:
    """Yield the reference that the name and the type of a column suggest, unless two tables fit equally well."""
    name, table = column.column.name, profile.schema.name
    if profile.schema.key == (name,) or any(name in one.columns for one in profile.schema.references):
        return
    ranked: list[tuple[int, str, str]] = []
    for target in others.values():
        if len(target.schema.key) != 1 or not target.rows:
            continue
        key = target.by_name[target.schema.key[0]].column
        if _same_kind(column.column.type, key.type) and (target.schema.name, key.name) != (table, name):
            rank = reference_rank(name, table, target.schema.name, key.name)
            ranked.append((rank, target.schema.name, key.name))
    best = max((rank for rank, _, _ in ranked), default=0)
    found = [one for one in ranked if one[0] == best]
    if best and len(found) == 1:
        _, to_table, to_column = found[0]
        reference = ForeignKey((name,), to_table, (to_column,))
        evidence = f"each of {plural(column.values, 'value')} is a key of {to_table}, and so the name and the type say"
        yield _of_column(profile, column, References(reference), "references", evidence)


def _orders(profile: TableProfile, minimum_rows: int) -> Iterator[Proposal]:
    """Yield that one column is never before another, if their names say so."""
    for early, late in ordered_pairs(profile.schema):
        support = profile.both.get((early.name, late.name), 0)
        if support >= minimum_rows and _has_order(early.type):
            expression = f"{_in_sql(late.name)} >= {_in_sql(early.name)}"
            word = f"{late.name}_not_before_{early.name}"
            rule = Rule(
                rule_id(profile.schema.name, (), word),
                profile.schema.name,
                tuple(one for one in profile.schema.column_names if one in (early.name, late.name)),
                Condition(Check(expression, word)),
            )
            yield Proposal(rule, f"in all {plural(support, 'row')} that have both", support)


def _of_column(
    profile: TableProfile, one: ColumnProfile, test: RuleTest, word: str, evidence: str
) -> Proposal:
    names, table = (one.column.name,), profile.schema.name
    return Proposal(Rule(rule_id(table, names, word), table, names, test), evidence, one.values)


def _in_sql(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else quote_name(name)


def _identifies(type_: pa.DataType) -> bool:
    """Whether values of a type usually name rows: texts and integers."""
    return bool(pa.types.is_integer(type_) or pa.types.is_string(type_))


def _same_kind(one: pa.DataType, other: pa.DataType) -> bool:
    return one == other or bool(pa.types.is_integer(one) and pa.types.is_integer(other))


def _has_order(type_: pa.DataType) -> bool:
    is_time = pa.types.is_date(type_) or pa.types.is_timestamp(type_) or pa.types.is_time(type_)
    return bool(is_time or pa.types.is_integer(type_) or pa.types.is_decimal(type_))
