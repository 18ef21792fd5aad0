"""Finds columns that lost their classification as personal, and columns whose names or values call for one."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import pyarrow as pa

from tdmvc.model.diff import SchemaChangeKind, TableDiff
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.sensitive_names import says_about, split_name

_SINGLE = frozenset({"mobile", "zip", "zipcode", "postcode", "postalcode", "plz", "card", "ip", "ipaddress"})
"""Words of a name that suggest personal data, and are too common to hide values because of them."""
_PHRASES = frozenset({("post", "code"), ("postal", "code")})
"""Words in a row that suggest it only together."""


def check_classification(
    old: Mapping[str, TableSchema], new: Mapping[str, TableSchema], *, diffs: Sequence[TableDiff] = ()
) -> tuple[Finding, ...]:
    """Return the columns whose classification a person should look at, by table and column order.

    A column that was personal and no longer is, is an error (`classification-lost`).
    A column without a classification that is new, or newly text, and whose name or values
    suggest personal data or a secret is a warning (`unclassified-personal`); any classification
    at all answers it. What was true before is not reported again.

    Args:
        diffs: the renames in them: a renamed table or column is still the same one.
    """
    by_name = {diff.name: diff for diff in diffs}
    findings: list[Finding] = []
    for name in sorted(new):
        diff = by_name.get(name)
        before = old.get((diff.old_name if diff else None) or name)
        findings.extend(_check_table(name, before, new[name], _renames(diff)))
    return tuple(findings)


def suggests_personal(column: Column) -> bool:
    """Return whether a column's name, type or values suggest personal data, whatever its classification."""
    if column.suspicion is not None:
        return True
    words = split_name(column.name)
    if not _holds_text(column.type) or says_about(column.name):
        return False
    return not _SINGLE.isdisjoint(words) or not _PHRASES.isdisjoint(pairwise(words))


def _check_table(
    name: str, old: TableSchema | None, new: TableSchema, renames: Mapping[str, str]
) -> Iterator[Finding]:
    for column in new.columns:
        before = old.column(renames.get(column.name, column.name)) if old else None
        if before is not None and before.is_declared_personal and not column.is_declared_personal:
            yield _lost(name, before, column)
        elif _is_unclassified(column) and not (before is not None and _is_unclassified(before)):
            yield _unclassified(name, column, is_new=before is None)


def _renames(diff: TableDiff | None) -> dict[str, str]:
    """Return the old names of renamed columns by their new ones."""
    changes = diff.schema if diff else ()
    return {
        change.new: change.old
        for change in changes
        if change.kind is SchemaChangeKind.COLUMN_RENAMED and change.new and change.old
    }


def _is_unclassified(column: Column) -> bool:
    return not column.is_classified and suggests_personal(column)


def _holds_text(type_: pa.DataType) -> bool:
    if pa.types.is_list(type_):
        return _holds_text(type_.value_type)
    return bool(pa.types.is_string(type_))


def _lost(table: str, before: Column, column: Column) -> Finding:
    now = f"is {column.classification} now" if column.classification else "has no classification now"
    was = f" (as {before.name})" if before.name != column.name else ""
    return Finding(
        "classification-lost",
        Severity.ERROR,
        f"{table}.{column.name} was classified as {before.classification}{was} and {now}:"
        " its values would be shown.",
        table=table,
        columns=(column.name,),
        remedy=_format_setting(table, column.name, before.classification or "personal"),
        details={"old": before.classification, "new": column.classification},
    )


def _unclassified(table: str, column: Column, *, is_new: bool) -> Finding:
    what = "is new" if is_new else "has a new type or no classification any more"
    name = (
        "has a name that suggests personal data"
        if column.suspicion is None
        else f"looks like {column.suspicion}"
    )
    hidden = "" if column.suspicion is None else " Until it is, its values are hidden."
    return Finding(
        "unclassified-personal",
        Severity.WARNING,
        f"{table}.{column.name} {what}, {name}, and is not classified.{hidden}",
        table=table,
        columns=(column.name,),
        remedy=_format_setting(table, column.name, "personal") + " If it is not personal, write `public`.",
    )


def _format_setting(table: str, column: str, classification: str) -> str:
    return (
        f"in contract.yaml, under schema `name: {table}`, properties `name: {column}`,"
        f" write `classification: {classification}`."
    )
