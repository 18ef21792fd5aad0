"""Knows what a merge breaks: rules that both sides keep, and that the merged rows do not.

Each side may keep every rule and the merge of both break one: here a customer goes, there an order
for it comes. What a side broke before is told as that, and is not the merge's fault.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from tdmvc.checks.contract import check_contract
from tdmvc.checks.references import check_references
from tdmvc.checks.rule_breakers import count_new_breakers
from tdmvc.checks.table_rows import counted
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import ForeignKey, TableSchema
from tdmvc.sql.duckdb import DuckDBConnection

Tables = Mapping[str, TableSide]


def check_merged(
    con: DuckDBConnection,
    merged: Tables,
    sides: Sequence[Tables],
    *,
    declared: Mapping[str, TableSchema],
    unknown: Collection[str] = (),
    at: str | None = None,
) -> tuple[Finding, ...]:
    """Return what the merged tables break: an error for what no side broke, a warning for the rest.

    A table, or a pair of tables that a reference joins, is looked at only where neither side has
    it just so, and then only the parts that can hold something new: what a side has was checked when
    it was made. So what a side had broken before is told where it is seen, and not looked for.

    Args:
        merged: the tables of the merged state that changed on a side, and those that references join them with.
        sides: the same tables of ours and of theirs.
        declared: the merged contract's tables.
        unknown: tables that are still in conflict, in neither of the others: nothing is said of what refers to them.
        at: the merged state's reference, for the commands that remedies name.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    suspects = [name for name in sorted(merged) if not _is_as_on_a_side(name, merged, sides)]
    findings: list[Finding] = []
    for name in suspects:
        findings.extend(_check_columns(merged[name], declared.get(name)))
        olds = [side[name] for side in sides if name in side]
        for finding in check_contract(con, merged, only=[name], fresh=_fresh(merged[name], olds), at=at):
            findings.append(_weighed(finding, count_new_breakers(con, finding, merged[name], olds)))
    for name in sorted(merged):
        for reference in merged[name].schema.references:
            is_known = reference.table not in unknown
            if is_known and not _is_pair_as_on_a_side(name, reference, merged, sides):
                findings.extend(_check_reference(con, name, reference, merged, sides, at))
    return tuple(findings)


def _check_reference(
    con: DuckDBConnection,
    name: str,
    reference: ForeignKey,
    merged: Tables,
    sides: Sequence[Tables],
    at: str | None,
) -> tuple[Finding, ...]:
    """A side that does not declare the reference has broken nothing."""
    old = [side for side in sides if name in side and reference in side[name].schema.references]
    asked = (name, reference)
    return check_references(
        con,
        {**merged, name: merged[name].only(_suspects(name, reference, merged, old))},
        changed={name},
        old=old,
        is_asked=lambda table, one: (table, one) == asked,
        at=at,
    )


def _fresh(merged: TableSide, olds: Sequence[TableSide]) -> set[str]:
    """Return the parts that no side has all of: rows in any two others stood beside each other before."""
    rules = _rules(merged.schema)
    fresh = set(merged.parts)
    if not olds or any(_rules(old.schema) != rules for old in olds):
        return fresh
    shared = set(olds[0].parts).intersection(*(old.parts for old in olds))
    return fresh - shared


def _rules(schema: TableSchema) -> tuple[object, ...]:
    return schema.key, frozenset((c.name, c.type, c.required, c.unique) for c in schema.columns)


def _suspects(name: str, reference: ForeignKey, merged: Tables, old: Sequence[Tables]) -> set[str]:
    """Return the parts whose rows may be broken anew.

    Where the merge keeps all that a side's rows refer to, the parts of that side are as sound as before.
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
    """Tell whether the columns of a reference have the same types on both of its ends as before."""
    ends = ((parent, parents, reference.to), (child, children, reference.columns))
    return all(
        (a := old.schema.column(column)) is not None
        and (b := new.schema.column(column)) is not None
        and a.type == b.type
        for old, new, columns in ends
        for column in columns
    )


def _is_as_on_a_side(name: str, merged: Tables, sides: Sequence[Tables]) -> bool:
    return any(name in side and _says_the_same(merged[name], side[name]) for side in sides)


def _is_pair_as_on_a_side(name: str, reference: ForeignKey, merged: Tables, sides: Sequence[Tables]) -> bool:
    return any(
        name in side
        and reference in side[name].schema.references
        and _says_the_same(merged[name], side[name])
        and (reference.table in merged) == (reference.table in side)
        and (reference.table not in merged or _says_the_same(merged[reference.table], side[reference.table]))
        for side in sides
    )


def _says_the_same(one: TableSide, other: TableSide) -> bool:
    """References are asked about one by one, so they may differ."""
    return sorted(one.parts) == sorted(other.parts) and replace(one.schema, references=()) == replace(
        other.schema, references=()
    )


def _weighed(finding: Finding, new: int | None) -> Finding:
    """Return a finding of the merged rows as the merge's fault, or as what a side had before."""
    if new == 0:
        return replace(
            finding,
            severity=Severity.WARNING,
            message=f"{finding.message.removesuffix('.')}; so it was before the merge.",
            details={**finding.details, "new": 0},
        )
    count = finding.details.get("count")
    if new is None or new == count:
        return finding
    return replace(
        finding,
        message=f"{finding.message.removesuffix('.')}; {counted(new, 'of them')} {'is' if new == 1 else 'are'}"
        " so only since the merge.",
        details={**finding.details, "new": new},
    )


def _check_columns(side: TableSide, declared: TableSchema | None) -> Iterator[Finding]:
    """Compare the columns of the rows with those of contract.yaml, which was merged apart from them."""
    if declared is None:
        return
    rows = {column.name: column.type_text for column in side.schema.columns}
    contract = {column.name: column.type_text for column in declared.columns}
    lacking = sorted(contract.keys() - rows.keys())
    unknown = sorted(rows.keys() - contract.keys())
    other = sorted(name for name in rows.keys() & contract.keys() if rows[name] != contract[name])
    said = [
        *([f"the rows have no column {', '.join(lacking)}"] if lacking else []),
        *([f"the contract does not know the column {', '.join(unknown)}"] if unknown else []),
        *(f"{name} is {rows[name]} in the rows and {contract[name]} in the contract" for name in other),
    ]
    if said:
        yield Finding(
            "contract-not-of-rows",
            Severity.ERROR,
            f"contract.yaml and the rows of {side.schema.name} do not fit: {'; '.join(said)}.",
            table=side.schema.name,
            columns=(*lacking, *unknown, *other),
            remedy="make contract.yaml say what the rows are, or add the table again from rows that are as it says.",
        )
