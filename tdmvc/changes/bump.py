"""Suggests the part of a semantic version that a difference calls for, and why."""

from collections.abc import Iterable, Iterator

from tdmvc.model.diff import (
    Bump,
    BumpLevel,
    SchemaChange,
    SchemaChangeKind,
    TableDiff,
    TableStatus,
    ViewChange,
)
from tdmvc.model.text import plural

_Reason = tuple[BumpLevel, str]


_VIEW_LEVELS = {
    TableStatus.ADDED: BumpLevel.MINOR,
    TableStatus.CHANGED: BumpLevel.MINOR,
    TableStatus.REMOVED: BumpLevel.MAJOR,
}


_LOOSER_WORDS = {
    SchemaChangeKind.REQUIRED_CHANGED: "optional",
    SchemaChangeKind.UNIQUE_CHANGED: "not unique",
}
"""What a change of a constraint says if the column may hold more than before."""

_SCHEMA_REASONS: dict[SchemaChangeKind, tuple[BumpLevel | None, str]] = {
    SchemaChangeKind.COLUMN_ADDED: (BumpLevel.MINOR, "column {column} added"),
    SchemaChangeKind.COLUMN_REMOVED: (BumpLevel.MAJOR, "column {column} removed"),
    SchemaChangeKind.COLUMN_RENAMED: (BumpLevel.MAJOR, "column {table}.{old} renamed to {new}"),
    SchemaChangeKind.TYPE_WIDENED: (BumpLevel.MINOR, "type of {column} widened from {old} to {new}"),
    SchemaChangeKind.TYPE_CHANGED: (BumpLevel.MAJOR, "type of {column} changed from {old} to {new}"),
    SchemaChangeKind.KEY_CHANGED: (BumpLevel.MAJOR, "key of {table} changed from {old} to {new}"),
    SchemaChangeKind.REQUIRED_CHANGED: (None, "column {column} became {new}"),
    SchemaChangeKind.UNIQUE_CHANGED: (None, "column {column} became {new}"),
    SchemaChangeKind.REFERENCES_CHANGED: (BumpLevel.PATCH, "references of {table} changed"),
    SchemaChangeKind.DECLARED_TYPE_CHANGED: (
        BumpLevel.MINOR,
        "declared type of {column} changed from {old} to {new}",
    ),
    SchemaChangeKind.LENGTH_CHANGED: (None, "length limit of {column} changed"),
    SchemaChangeKind.UNIQUE_KEYS_CHANGED: (None, "unique keys of {table} changed"),
    SchemaChangeKind.CHECKS_CHANGED: (None, "checks of {table} changed"),
    SchemaChangeKind.DEFAULT_CHANGED: (BumpLevel.PATCH, "default of {column} changed"),
    SchemaChangeKind.GENERATED_CHANGED: (BumpLevel.PATCH, "expression of {column} changed"),
    SchemaChangeKind.IDENTITY_CHANGED: (BumpLevel.PATCH, "identity of {column} changed"),
    SchemaChangeKind.COLLATION_CHANGED: (BumpLevel.PATCH, "collation of {column} changed"),
    SchemaChangeKind.INDEXES_CHANGED: (BumpLevel.PATCH, "indexes of {table} changed"),
    SchemaChangeKind.OPTIONS_CHANGED: (BumpLevel.PATCH, "options of {table} changed"),
}
"""The level of each kind of change, and how it is said; None: minor if the constraint is looser, else patch."""


def suggest_bump(tables: Iterable[TableDiff], views: Iterable[ViewChange] = ()) -> Bump:
    """Return the highest level that any change requires, with every reason, the most important first.

    Major: a table, view or column was removed or renamed, a type changed other than by
    widening, a key changed, or rows were removed. Minor: tables, columns or rows were added, a type
    was widened or is declared in another way, a view was added or changed, a constraint was dropped. Patch:
    values changed, a constraint was added, references, defaults or other declarations changed.
    """
    reasons = list(dict.fromkeys(reason for table in tables for reason in _table_reasons(table)))
    reasons += map(view_reason, views)
    reasons.sort(key=lambda reason: -reason[0].rank)
    level = reasons[0][0] if reasons else BumpLevel.NONE
    return Bump(level, tuple(text for _, text in reasons))


def _table_reasons(table: TableDiff) -> Iterator[_Reason]:
    if table.status is TableStatus.ADDED:
        yield BumpLevel.MINOR, f"table {table.name} added"
        return
    if table.status is TableStatus.REMOVED:
        yield BumpLevel.MAJOR, f"table {table.name} removed"
        return
    if table.status is TableStatus.RENAMED:
        yield BumpLevel.MAJOR, f"table {table.old_name} renamed to {table.name}"
    for change in table.schema:
        yield schema_reason(table.name, change)
    yield from _row_reasons(table)


def _row_reasons(table: TableDiff) -> Iterator[_Reason]:
    rows = table.rows
    if rows.removed:
        yield BumpLevel.MAJOR, f"{plural(rows.removed, 'row')} removed from {table.name}"
    if rows.added:
        yield BumpLevel.MINOR, f"+{plural(rows.added, 'row')} in {table.name}"
    if rows.changed:
        yield BumpLevel.PATCH, f"{plural(rows.changed, 'row')} changed in {table.name}"


def view_reason(view: ViewChange) -> tuple[BumpLevel, str]:
    """Return the level that a change of a view calls for, and its words."""
    return _VIEW_LEVELS[view.status], f"view {view.name} {view.status}"


def schema_reason(table: str, change: SchemaChange) -> tuple[BumpLevel, str]:
    """Return the level that a change of a table's schema calls for, and its words."""
    level, text = _SCHEMA_REASONS[change.kind]
    column = f"{table}.{change.column}"
    old, new = change.old or "none", change.new or "none"
    if level is None:
        level = BumpLevel.MINOR if _is_looser(change) else BumpLevel.PATCH
    return level, text.format(table=table, column=column, old=old, new=new)


def _is_looser(change: SchemaChange) -> bool:
    """Whether a constraint allows what it did not allow before, which readers do not expect, like a wider type."""
    if change.kind in _LOOSER_WORDS:
        return change.new == _LOOSER_WORDS[change.kind]
    if change.kind is SchemaChangeKind.LENGTH_CHANGED and change.old is not None and change.new is not None:
        return int(change.new) > int(change.old)
    return change.new is None
