"""Proposes rules, and keeps only those that say something new and that every row keeps."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from tdmvc.checks.inference.columns import propose_for_columns
from tdmvc.checks.inference.combinations import Combination, likely_combinations
from tdmvc.checks.inference.profile import TableProfile, profile_table
from tdmvc.checks.inference.tables import LikelyKeys, propose_for_table
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.diff import TableSide
from tdmvc.model.inference import MINIMUM_ROWS, Proposal, TableInference
from tdmvc.model.rule_strength import implies, is_implied
from tdmvc.model.rules import References, Rule, with_unique_ids
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.model.text import plural
from tdmvc.model.validation import RuleVerdict
from tdmvc.sql.duckdb import DuckDBConnection, store_errors
from tdmvc.sql.typed_conditions import typed_rules


def infer_rules(
    con: DuckDBConnection,
    tables: Mapping[str, TableSide],
    declared: Contract,
    *,
    conditions: ConditionEngines,
    only: Collection[str] | None = None,
    minimum_rows: int = MINIMUM_ROWS,
) -> tuple[TableInference, ...]:
    """Return the rules that the rows suggest, by table: those that every row keeps and that no other rule implies.

    Values of columns that are, or look, personal or secret suggest nothing but that there are none missing,
    that none repeats, and what they refer to.

    Cost: one scan of each table for its profile, up to two of a few of its columns, and one validation of what
    that suggests.

    Args:
        declared: what the contract demands already.
        conditions: what evaluates conditions.
        only: the tables to propose rules for; None means all.
        minimum_rows: how many rows must support a rule.

    Raises:
        PartError: a part is missing or damaged.
        StoreError: memory or the room for spilling ran out.
    """
    profiles: dict[str, TableProfile] = {}
    combinations: dict[str, list[Combination]] = {}
    for name, side in tables.items():
        with store_errors(name, what="The inference", parts="its parts"):
            profiles[name] = profile_table(con, side)
            combinations[name] = likely_combinations(con, side, profiles[name])
    keys = LikelyKeys.of(profiles, combinations)
    wanted = [name for name in profiles if only is None or name in only]
    suggested = {}
    for name in wanted:
        profile = profiles[name]
        found = [
            *propose_for_table(profile, profiles, keys, combinations[name], minimum_rows),
            *propose_for_columns(profile, minimum_rows),
        ]
        suggested[name] = _new_ones(found, declared.table(name))
    kept = _kept_by_all_rows(con, tables, suggested, keys, conditions)
    return tuple(
        TableInference(
            name,
            profiles[name].rows,
            tuple(_strongest([one for one in suggested[name] if one.rule.id in kept])),
            tuple(_notes(profiles[name], minimum_rows)),
        )
        for name in wanted
    )


def _new_ones(suggested: Iterable[Proposal], declared: TableSchema | None) -> list[Proposal]:
    """Return what the contract does not imply, with ids that none of its rules has."""
    known = declared.rules if declared is not None else ()
    # A CHECK says in SQL what a range or a list of values says.
    plain = typed_rules(declared) if declared is not None else ()
    found = [one for one in suggested if not is_implied(one.rule, (*known, *plain))]
    named = with_unique_ids([*known, *(one.rule for one in found)])[len(known) :]
    return [replace(one, rule=rule) for one, rule in zip(found, named, strict=True)]


def _strongest(found: Sequence[Proposal]) -> Iterator[Proposal]:
    """Yield the proposals that no other one implies, of two equal ones the first."""
    for place, one in enumerate(found):
        if not any(
            implies(other.rule, one.rule) and (n < place or not implies(one.rule, other.rule))
            for n, other in enumerate(found)
            if n != place and other.command is None
        ):
            yield one


def _kept_by_all_rows(
    con: DuckDBConnection,
    tables: Mapping[str, TableSide],
    suggested: Mapping[str, list[Proposal]],
    keys: LikelyKeys,
    conditions: ConditionEngines,
) -> set[str]:
    """Return the ids of the proposals that were evaluated and that no row breaks; nor does one its target's key."""
    needed: dict[str, list[Rule]] = {name: [one.rule for one in own] for name, own in suggested.items()}
    assumed: dict[str, Rule] = {}
    for rule in [one for own in needed.values() for one in own]:
        key = keys.proposed.get(rule.test.reference.table) if isinstance(rule.test, References) else None
        if key is not None:
            assumed[key.table] = replace(key, id=f"{key.table}.(key)")
    for name, key in assumed.items():
        needed.setdefault(name, []).append(key)
    contract = Contract({name: _with_only(tables[name].schema, rules) for name, rules in needed.items()})
    options = ValidationOptions(examples=0, is_full=True, conditions=conditions)
    found = validate_tables(con, dict(tables), contract, options)
    kept = {
        result.rule.id for table in found for result in table.results if result.verdict is RuleVerdict.PASSED
    }
    return {
        one.rule.id
        for own in suggested.values()
        for one in own
        if one.rule.id in kept
        and not (
            isinstance(one.rule.test, References)
            and (key := assumed.get(one.rule.test.reference.table)) is not None
            and key.id not in kept
        )
    }


def _with_only(schema: TableSchema, rules: Iterable[Rule]) -> TableSchema:
    """Return a table whose only rules are these."""
    columns = tuple(Column(one.name, one.type) for one in schema.columns)
    return TableSchema(schema.name, columns, further_rules=tuple(rules))


def _notes(profile: TableProfile, minimum_rows: int) -> Iterator[str]:
    if profile.rows < minimum_rows:
        yield f"{plural(profile.rows, 'row')}: too few to tell a rule from chance (--min-rows)"
        return
    hidden = [one.column.name for one in profile.columns if one.is_hidden]
    if hidden:
        yield f"personal or secret, so values were only counted: {', '.join(hidden)}"
    sparse = [one.column.name for one in profile.columns if one.values < minimum_rows]
    if sparse:
        yield f"too few values: {', '.join(sparse)}"
