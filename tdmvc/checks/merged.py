"""Checks what a merge breaks: rules that both sides keep and the merged rows do not.

Each side may keep every rule and their merge break one: one side removes a customer, the other adds an order
for it. What a side had broken before is reported as such, and not as the merge's fault.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tdmvc.checks.contract import (
    NO_ENGINES,
    check_queries,
    check_references,
    check_table,
    count_new_violations,
)
from tdmvc.checks.filled_columns import check_filled_columns
from tdmvc.checks.rules import CheckedTable, Tables
from tdmvc.checks.rules.length import TOO_LONG
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rules import Query, References, Rule
from tdmvc.model.schema import TableSchema
from tdmvc.sql.duckdb import DuckDBConnection


@dataclass(frozen=True, slots=True)
class CheckedState:
    """Tables of a state, and what its contract declares."""

    tables: Tables
    declared: Mapping[str, TableSchema]


def check_merged(
    con: DuckDBConnection,
    merged: CheckedState,
    sides: Sequence[CheckedState],
    *,
    unknown: Collection[str] = (),
    at: str | None = None,
    conditions: ConditionEngines = NO_ENGINES,
) -> tuple[Finding, ...]:
    """Return what the merged tables break: an error for what no side broke, a warning for the rest.

    A table, or a pair of tables that a reference joins, is checked only if neither side has
    exactly it, and then only in the parts that can hold something new: what a side has was checked when
    it was made. So what a side had broken before is reported if it is found, but not searched for.

    Args:
        merged: the tables of the merged state that changed on a side, and those that references join them with.
        sides: the same tables of ours and of theirs.
        unknown: tables that are still in conflict, and so not in `merged`: references to them are not checked.
        at: the merged state's reference, for the commands that remedies name.
        conditions: what evaluates conditions.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    tables, others = merged.tables, [side.tables for side in sides]
    suspects = [name for name in sorted(tables) if not _is_as_on_a_side(name, tables, others)]
    findings: list[Finding] = []
    for name in sorted(tables):
        if name in suspects or not any(_has_declared_rows(side, name, merged) for side in sides):
            findings.extend(_check_columns(tables[name], merged.declared.get(name)))
    for name in suspects:
        olds = [side for side in others if name in side]
        fresh = _fresh(tables[name], [side[name] for side in olds])
        table = CheckedTable(con, tables, name, fresh=fresh, at=at, conditions=conditions)
        for check, finding in check_table(table):
            findings.append(_weighed(finding, count_new_violations(con, check, tables, olds)))
        if len(olds) == 2:
            labelled = dict(zip(("ours", "theirs"), (side[name] for side in olds), strict=True))
            findings.extend(check_filled_columns(con, tables[name], labelled))
    findings.extend(_check_queries(con, tables, others, unknown, at))
    for name in sorted(tables):
        for reference in tables[name].schema.references:
            is_known = reference.table not in unknown
            if is_known and not _is_pair_as_on_a_side(name, reference, tables, others):
                findings.extend(_check_reference(con, name, reference, tables, others, at))
    return tuple(findings)


def check_table_names(tables: Collection[str], sides: Sequence[Collection[str]]) -> Iterator[Finding]:
    """Yield tables whose names differ only by case, unless a side has them all."""
    folded: dict[str, list[str]] = {}
    for name in sorted(tables):
        folded.setdefault(name.casefold(), []).append(name)
    for names in folded.values():
        if len(names) > 1 and not any(set(names) <= set(side) for side in sides):
            yield Finding(
                "names-differ-by-case",
                Severity.ERROR,
                f"The tables {' and '.join(names)} have one name in SQL; both are kept.",
                table=names[0],
                remedy="rename or remove one of them in your source, and add it again.",
            )


def _has_declared_rows(side: CheckedState, name: str, merged: CheckedState) -> bool:
    """Return whether a side has the merged rows of a table under the merged declaration."""
    return (
        name in side.tables
        and sorted(side.tables[name].parts) == sorted(merged.tables[name].parts)
        and side.declared.get(name) == merged.declared.get(name)
    )


def _check_queries(
    con: DuckDBConnection,
    merged: Tables,
    sides: Sequence[Tables],
    unknown: Collection[str],
    at: str | None,
) -> Iterator[Finding]:
    """Check the queries that name tables of which no side has exactly these."""
    rules: list[Rule] = []
    for name in sorted(merged):
        for rule in merged[name].schema.rules:
            if isinstance(rule.test, Query) and not rule.test.tables_in(unknown):
                named = {name, *rule.test.tables_in(merged)}
                if not any(
                    all(one in side and _is_equal(merged[one], side[one]) for one in named) for side in sides
                ):
                    rules.append(rule)
    for check, finding in check_queries(con, merged, rules, at=at):
        olds = [side for side in sides if check.rule.table in side]
        yield _weighed(finding, count_new_violations(con, check, merged, olds))


def _check_reference(
    con: DuckDBConnection,
    name: str,
    reference: ForeignKey,
    merged: Tables,
    sides: Sequence[Tables],
    at: str | None,
) -> tuple[Finding, ...]:
    """Check one reference; a side that does not declare it has broken nothing."""
    old = [side for side in sides if name in side and side[name].schema.has_reference(reference)]
    return check_references(
        con,
        {**merged, name: merged[name].only(_suspects(name, reference, merged, old))},
        changed={name},
        old=old,
        includes=lambda table, one: (table, one) == (name, reference.ends),
        at=at,
    )


def _fresh(merged: TableSide, olds: Sequence[TableSide]) -> set[str]:
    """Return the parts that are not on every side: rows of any two other parts were together before."""
    rules = _rules(merged.schema)
    fresh = set(merged.parts)
    if not olds or any(_rules(old.schema) != rules for old in olds):
        return fresh
    shared = set(olds[0].parts).intersection(*(old.parts for old in olds))
    return fresh - shared


def _rules(schema: TableSchema) -> tuple[object, ...]:
    """Return what decides whether rows keep the rules, but references."""
    types = frozenset((column.name, column.type, column.collation) for column in schema.columns)
    return types, frozenset(rule for rule in schema.rules if not isinstance(rule.test, References))


def _suspects(name: str, reference: ForeignKey, merged: Tables, old: Sequence[Tables]) -> set[str]:
    """Return the parts that may hold newly broken rows.

    If the merge keeps all rows that a side's rows refer to, that side's parts are as valid as before.
    """
    suspects = set(merged[name].parts)
    parents = merged.get(reference.table)
    for side in old:
        parent, child = side.get(reference.table), side[name]
        if parents is None or parent is None or not _fit(parent, parents, child, merged[name], reference):
            continue
        if set(parent.parts) <= set(parents.parts):
            suspects -= set(child.parts)
    return suspects


def _fit(
    parent: TableSide, parents: TableSide, child: TableSide, children: TableSide, reference: ForeignKey
) -> bool:
    """Return whether the columns of a reference have the same types on both of its ends as before."""
    ends = ((parent, parents, reference.to), (child, children, reference.columns))
    return all(
        (a := old.schema.column(column)) is not None
        and (b := new.schema.column(column)) is not None
        and a.type == b.type
        for old, new, columns in ends
        for column in columns
    )


def _is_as_on_a_side(name: str, merged: Tables, sides: Sequence[Tables]) -> bool:
    return any(name in side and _is_equal(merged[name], side[name]) for side in sides)


def _is_pair_as_on_a_side(name: str, reference: ForeignKey, merged: Tables, sides: Sequence[Tables]) -> bool:
    return any(
        name in side
        and side[name].schema.has_reference(reference)
        and _is_equal(merged[name], side[name])
        and (reference.table in merged) == (reference.table in side)
        and (reference.table not in merged or _is_equal(merged[reference.table], side[reference.table]))
        for side in sides
    )


def _is_equal(one: TableSide, other: TableSide) -> bool:
    """Compare all but the references, which are checked one by one."""
    return sorted(one.parts) == sorted(other.parts) and replace(one.schema, references=()) == replace(
        other.schema, references=()
    )


def _weighed(finding: Finding, new: int | None) -> Finding:
    """Return a finding in the merged rows as the merge's fault, or as what a side had before."""
    if new == 0:
        return replace(
            finding,
            severity=Severity.WARNING,
            message=f"{finding.message.removesuffix('.')}; this was already so before the merge.",
            details={**finding.details, "new": 0},
        )
    if new and finding.rule == TOO_LONG:
        # A source may hold longer texts than its type says, but no side has these.
        finding = replace(finding, severity=Severity.ERROR)
    count = finding.details.get("count")
    if new is None or new == count:
        return finding
    return replace(
        finding,
        message=f"{finding.message.removesuffix('.')}; {new:,} of them {'is' if new == 1 else 'are'} new since"
        " the merge.",
        details={**finding.details, "new": new},
    )


def _check_columns(side: TableSide, declared: TableSchema | None) -> Iterator[Finding]:
    """Compare the columns of the rows with those of contract.yaml, which is merged separately."""
    if declared is None:
        return
    rows = {column.name: column.type_text for column in side.schema.columns}
    contract = {column.name: column.type_text for column in declared.columns}
    lacking = sorted(contract.keys() - rows.keys())
    unknown = sorted(rows.keys() - contract.keys())
    other = sorted(name for name in rows.keys() & contract.keys() if rows[name] != contract[name])
    differences = [
        *([f"the rows have no column {', '.join(lacking)}"] if lacking else []),
        *([f"the contract has no column {', '.join(unknown)}"] if unknown else []),
        *(f"{name} is {rows[name]} in the rows and {contract[name]} in the contract" for name in other),
    ]
    if differences:
        yield Finding(
            "contract-not-of-rows",
            Severity.ERROR,
            f"contract.yaml and the rows of {side.schema.name} do not match: {'; '.join(differences)}.",
            table=side.schema.name,
            columns=(*lacking, *unknown, *other),
            remedy="correct contract.yaml, or add the table again from rows that match it.",
        )
