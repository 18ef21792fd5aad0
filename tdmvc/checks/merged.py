"""Checks what a merge breaks: rules that both sides keep and the merged rows do not.

Each side may keep every rule and their merge break one: one side removes a customer, the other adds an order
for it. What a side had broken before is reported as such, and not as the merge's fault.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from tdmvc.checks.changed_rules import ChangedRules
from tdmvc.checks.filled_columns import check_filled_columns
from tdmvc.checks.new_violations import CheckedState
from tdmvc.checks.table_rows import Tables
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.rules import NO_ROWS, Query, References, RowCount, Rule, Unique
from tdmvc.model.schema import TableSchema
from tdmvc.sql.duckdb import DuckDBConnection

__all__ = ["CheckedState", "check_merged", "check_table_names"]


def check_merged(
    con: DuckDBConnection,
    merged: CheckedState,
    sides: Sequence[CheckedState],
    options: ValidationOptions,
    *,
    unknown: Collection[str] = (),
    at: str | None = None,
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

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    tables, others = merged.tables, [side.tables for side in sides]
    suspects = [name for name in sorted(tables) if not _is_as_on_a_side(name, tables, others)]
    changed = ChangedRules(con, sides, options, at)
    findings: list[Finding] = []
    for name in sorted(tables):
        if name in suspects or not any(_has_declared_rows(side, name, merged) for side in sides):
            findings.extend(_check_columns(tables[name], merged.declared.get(name)))
    for name in suspects:
        olds = [side[name] for side in others if name in side]
        findings += _check_rows(changed, name, merged, _fresh(tables[name], olds))
        if len(olds) == 2:
            labelled = dict(zip(("ours", "theirs"), olds, strict=True))
            findings.extend(check_filled_columns(con, tables[name], labelled))
    findings.extend(changed.check(merged, _suspect_queries(merged, others, unknown)))
    for name in sorted(tables):
        for rule in _declared(merged, name):
            if isinstance(rule.test, References) and rule.test.reference.table not in unknown:
                findings += _check_reference(changed, rule, rule.test.reference, merged, others)
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


def _declared(state: CheckedState, name: str) -> tuple[Rule, ...]:
    declared = state.declared.get(name)
    return declared.rules if declared is not None else ()


def _check_rows(
    changed: ChangedRules, name: str, merged: CheckedState, fresh: Collection[str]
) -> Iterator[Finding]:
    """Check the rules of a table but its references and queries, on the parts that can hold something new.

    A key cannot repeat in other parts, because their ranges of keys do not overlap.
    """
    alone, whole = list[Rule](), list[Rule]()
    for rule in _declared(merged, name):
        match rule.test:
            case References() | Query():
                continue
            case RowCount() | Unique(is_key=False):
                whole.append(rule)
            case _:
                (alone if rule.threshold == NO_ROWS else whole).append(rule)
    some = replace(merged, tables={**merged.tables, name: merged.tables[name].only(fresh)})
    for state, rules in ((some, alone), (merged, whole)):
        yield from map(_weighed, changed.check(state, rules))


def _weighed(finding: Finding) -> Finding:
    """Return new texts that are too long as an error: a source may hold longer ones than its type says."""
    is_new = finding.rule == "text-too-long" and finding.details.get("new") != 0
    return replace(finding, severity=Severity.ERROR) if is_new else finding


def _suspect_queries(
    merged: CheckedState, sides: Sequence[Tables], unknown: Collection[str]
) -> Iterator[Rule]:
    """Yield the queries that name tables of which no side has exactly these."""
    for name in sorted(merged.tables):
        for rule in _declared(merged, name):
            if isinstance(rule.test, Query) and not rule.test.tables_in(unknown):
                named = {name, *rule.test.tables_in(merged.tables)}
                if not any(
                    all(_is_as_on_a_side(one, merged.tables, [side]) for one in named) for side in sides
                ):
                    yield rule


def _check_reference(
    changed: ChangedRules, rule: Rule, reference: ForeignKey, merged: CheckedState, sides: Sequence[Tables]
) -> Iterator[Finding]:
    """Check one reference, if no side has exactly its tables; a side that does not declare it has broken nothing."""
    name, tables = rule.table, merged.tables
    if _is_pair_as_on_a_side(name, reference, tables, sides):
        return
    old = [side for side in sides if name in side and side[name].schema.has_reference(reference)]
    # The rows of a table that refers to itself are also those that are referred to.
    if reference.table != name:
        some = tables[name].only(_suspects(name, reference, tables, old))
        merged = replace(merged, tables={**tables, name: some})
    yield from changed.check(merged, [rule])


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
