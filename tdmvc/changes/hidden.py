"""Which columns of a diff are hidden because of what they look like, and the finding that says so."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tdmvc.model.diff import TableDiff, TableStatus
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.hidden_columns import columns_that_look_sensitive, shown_cells
from tdmvc.model.schema import TableSchema

_MOST_NAMED = 6


def hide_suspicious(diff: TableDiff, schemas: Sequence[TableSchema]) -> TableDiff:
    """Return the diff with columns hidden whose shown cells look personal or secret, and a finding that says so.

    Columns that are hidden because of their names, or of what `add` saw, are in the finding too.

    Args:
        schemas: those of the sides that have the table.
    """
    looks = columns_that_look_sensitive(shown_cells(diff), schemas)
    if looks:
        diff = replace(diff, personal_columns=diff.personal_columns | frozenset(looks))
    reasons = _reasons(diff, schemas, looks)
    return replace(diff, findings=(*diff.findings, _finding(diff.name, reasons))) if reasons else diff


def _reasons(diff: TableDiff, schemas: Sequence[TableSchema], looks: Mapping[str, str]) -> dict[str, str]:
    """Return what those hidden columns look like whose cells changed, and that no contract classifies."""
    is_whole = diff.status in (TableStatus.ADDED, TableStatus.REMOVED) or diff.rows.added or diff.rows.removed
    reasons: dict[str, str] = {}
    for column in (column for schema in schemas for column in schema.columns):
        kind = looks.get(column.name) or column.suspicion
        is_touched = is_whole or column.name in diff.columns
        if kind is not None and is_touched and column.name in diff.personal_columns:
            reasons.setdefault(column.name, kind)
    settled = {column.name for schema in schemas for column in schema.columns if column.is_classified}
    return {name: kind for name, kind in reasons.items() if name not in settled}


def _finding(table: str, reasons: Mapping[str, str]) -> Finding:
    named = [f"{name} ({kind})" for name, kind in reasons.items()]
    more = len(named) - _MOST_NAMED
    shown = ", ".join([*named[:_MOST_NAMED], *([f"{more:,} more"] if more > 0 else [])])
    return Finding(
        "hidden-values",
        Severity.INFO,
        f"Values of {table} are hidden, because they look personal or secret: {shown}.",
        table=table,
        columns=tuple(reasons),
        remedy=f"in contract.yaml, under schema `name: {table}`, classify these columns: `personal`, or `public`"
        " to show them.",
    )
