"""Rules about several columns, rows or tables that profiles suggest: unique columns, keys, references, orders."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import pyarrow as pa

from tdmvc.checks.inference.combinations import Combination
from tdmvc.checks.inference.names import is_unique_name, key_rank, ordered_pairs, reference_rank, words
from tdmvc.checks.inference.profile import ColumnProfile, TableProfile
from tdmvc.model.declarations import Check, ForeignKey
from tdmvc.model.inference import Proposal
from tdmvc.model.rules import Condition, References, Rule, RuleTest, Unique, rule_id
from tdmvc.model.text import number, plural
from tdmvc.sql.quoting import quote_name

_PLAIN = re.compile(r"(?!current_)[a-z]+(?:_[a-z0-9]+)+")
"""A name with an underscore, which no word of SQL has but those of the clock."""


@dataclass(frozen=True, slots=True)
class LikelyKeys:
    """The keys that tables have, or seem to have."""

    declared: Mapping[str, tuple[str, ...]]
    proposed: Mapping[str, Rule]
    """Of tables without one, what holds if the columns are a key."""

    @classmethod
    def of(
        cls, profiles: Mapping[str, TableProfile], combinations: Mapping[str, Sequence[Combination]]
    ) -> Self:
        """Return the keys of all tables of a dataset."""
        declared = {name: one.schema.key for name, one in profiles.items() if one.schema.key}
        proposed = {
            name: Rule(rule_id(name, (), "pk"), name, columns, Unique(is_key=True))
            for name, one in profiles.items()
            if name not in declared and (columns := _likely_key(one, combinations.get(name, ())))
        }
        return cls(declared, proposed)

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the key of a table; empty for none."""
        rule = self.proposed.get(table)
        return rule.columns if rule is not None else self.declared.get(table, ())


def propose_for_table(
    profile: TableProfile,
    others: Mapping[str, TableProfile],
    keys: LikelyKeys,
    combinations: Sequence[Combination],
    minimum_rows: int,
) -> Iterator[Proposal]:
    """Yield rules about several columns of a table, or about other tables.

    Args:
        others: all tables of the dataset by name, this one included.
        combinations: what may identify rows of the table together.
    """
    schema = profile.schema
    key = keys.proposed.get(schema.name)
    if key is not None and profile.rows >= minimum_rows:
        words = "no value repeats" if len(key.columns) == 1 else "no combination repeats"
        evidence = f"{words} in {plural(profile.rows, 'row')}, and none is null"
        yield Proposal(key, evidence, profile.rows, f"--key {schema.name}={','.join(key.columns)}")
    yield from _uniques(profile, combinations, minimum_rows)
    for column in profile.columns:
        if column.values >= minimum_rows:
            yield from _references(profile, column, others, keys)
    for target in others.values():
        yield from _joint_references(profile, target, keys, minimum_rows)
    yield from _orders(profile, minimum_rows)


def _likely_key(profile: TableProfile, combinations: Sequence[Combination]) -> tuple[str, ...]:
    """Return the columns that may be the key of a table without one; none if there are none."""
    ranked = [
        (key_rank(one.column.name, profile.schema.name), one)
        for one in profile.columns
        if one.values == profile.rows and _identifies(one.column.type)
    ]
    rank, best = max(ranked, key=lambda pair: pair[0], default=(0, None))
    if best is not None and rank >= 2:
        return (best.column.name,)
    # Of several combinations, none is likelier than the others.
    return _in_order(profile, combinations[0].columns) if len(combinations) == 1 else ()


def _uniques(
    profile: TableProfile, combinations: Sequence[Combination], minimum_rows: int
) -> Iterator[Proposal]:
    for one in profile.columns:
        is_likely = is_unique_name(one.column.name, profile.schema.name) or "uuid" in one.formats
        if one.values >= minimum_rows and is_likely and _identifies(one.column.type):
            evidence = f"no value repeats among {number(one.values)}"
            yield _of_column(profile, one, Unique(), "unique", evidence)
    for found in combinations:
        if profile.rows >= minimum_rows:
            names, table = _in_order(profile, found.columns), profile.schema.name
            evidence = (
                f"no combination repeats in {plural(profile.rows, 'row')}, though each column does;"
                f" by chance, about {number(found.repeats_by_chance)} would"
            )
            rule = Rule(rule_id(table, names, "unique"), table, names, Unique())
            yield Proposal(rule, evidence, profile.rows)


def _in_order(profile: TableProfile, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in profile.schema.column_names if name in names)


def _references(
    profile: TableProfile, column: ColumnProfile, others: Mapping[str, TableProfile], keys: LikelyKeys
) -> Iterator[Proposal]:
    """Yield the reference that the name and the type of a column suggest, unless two tables fit equally well."""
    name, table = column.column.name, profile.schema.name
    if keys.columns(table) == (name,) or any(name in one.columns for one in profile.schema.references):
        return
    ranked: list[tuple[int, str, str]] = []
    for target in others.values():
        columns = keys.columns(target.schema.name)
        if len(columns) != 1 or not target.rows:
            continue
        key = target.by_name[columns[0]].column
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


def _joint_references(
    profile: TableProfile, target: TableProfile, keys: LikelyKeys, minimum_rows: int
) -> Iterator[Proposal]:
    """Yield the reference to a key of several columns, if the table has columns of all their names."""
    to, table = keys.columns(target.schema.name), profile.schema.name
    if len(to) < 2 or not target.rows or target is profile:
        return
    own = [_counterpart(profile, target, name) for name in to]
    columns = tuple(one.column.name for one in own if one is not None)
    if len(set(columns)) < len(to) or any(one.columns == columns for one in profile.schema.references):
        return
    support = min(one.values for one in own if one is not None)
    if support >= minimum_rows:
        reference = ForeignKey(columns, target.schema.name, to)
        rule = Rule(rule_id(table, columns, "references"), table, columns, References(reference))
        evidence = f"each combination is a key of {target.schema.name}, and so the names and the types say"
        yield Proposal(rule, evidence, support)


def _counterpart(profile: TableProfile, target: TableProfile, name: str) -> ColumnProfile | None:
    """Return the column that has the name and the kind of another table's column."""
    key = target.by_name[name].column
    for one in profile.columns:
        is_named = words(one.column.name) in (words(name), (*words(target.schema.name), *words(name)))
        if is_named and _same_kind(one.column.type, key.type):
            return one
    return None


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
