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


def suggest_bump(tables: Iterable[TableDiff], views: Iterable[ViewChange] = ()) -> Bump:
    """Return the highest level that any change requires, with every reason, the most important first.

    Major: a table, view or column was removed or renamed, a type changed other than by
    widening, a key changed, or rows were removed. Minor: tables, columns or rows were added, a type
    was widened or is declared in another way, a view was added or changed, a constraint was dropped. Patch:
    values changed, a constraint was added, references, defaults or other declarations changed.
    """
    reasons = list(dict.fromkeys(reason for table in tables for reason in _table_reasons(table)))
    reasons += [(_VIEW_LEVELS[view.status], f"view {view.name} {view.status}") for view in views]
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
        yield _schema_reason(table.name, change)
    yield from _row_reasons(table)


def _row_reasons(table: TableDiff) -> Iterator[_Reason]:
    rows = table.rows
    if rows.removed:
        yield BumpLevel.MAJOR, f"{plural(rows.removed, 'row')} removed from {table.name}"
    if rows.added:
        yield BumpLevel.MINOR, f"+{plural(rows.added, 'row')} in {table.name}"
    if rows.changed:
        yield BumpLevel.PATCH, f"{plural(rows.changed, 'row')} changed in {table.name}"


def _schema_reason(table: str, change: SchemaChange) -> _Reason:
    column = f"{table}.{change.column}"
    match change.kind:
        case SchemaChangeKind.COLUMN_ADDED:
            return BumpLevel.MINOR, f"column {column} added"
        case SchemaChangeKind.COLUMN_REMOVED:
            return BumpLevel.MAJOR, f"column {column} removed"
        case SchemaChangeKind.COLUMN_RENAMED:
            return BumpLevel.MAJOR, f"column {table}.{change.old} renamed to {change.new}"
        case SchemaChangeKind.TYPE_WIDENED:
            return BumpLevel.MINOR, f"type of {column} widened from {change.old} to {change.new}"
        case SchemaChangeKind.TYPE_CHANGED:
            return BumpLevel.MAJOR, f"type of {column} changed from {change.old} to {change.new}"
        case SchemaChangeKind.KEY_CHANGED:
            return (
                BumpLevel.MAJOR,
                f"key of {table} changed from {change.old or 'none'} to {change.new or 'none'}",
            )
        case SchemaChangeKind.REQUIRED_CHANGED:
            is_looser = change.new == "optional"
            return _constraint_level(is_looser=is_looser), f"column {column} became {change.new}"
        case SchemaChangeKind.UNIQUE_CHANGED:
            is_looser = change.new == "not unique"
            return _constraint_level(is_looser=is_looser), f"column {column} became {change.new}"
        case SchemaChangeKind.REFERENCES_CHANGED:
            return BumpLevel.PATCH, f"references of {table} changed"
        case SchemaChangeKind.DECLARED_TYPE_CHANGED:
            return BumpLevel.MINOR, f"declared type of {column} changed from {change.old} to {change.new}"
        case SchemaChangeKind.LENGTH_CHANGED:
            is_looser = change.new is None or (change.old is not None and int(change.new) > int(change.old))
            return _constraint_level(is_looser=is_looser), f"length limit of {column} changed"
        case SchemaChangeKind.UNIQUE_KEYS_CHANGED:
            return _constraint_level(is_looser=change.new is None), f"unique keys of {table} changed"
        case SchemaChangeKind.CHECKS_CHANGED:
            return _constraint_level(is_looser=change.new is None), f"checks of {table} changed"
        case SchemaChangeKind.DEFAULT_CHANGED:
            return BumpLevel.PATCH, f"default of {column} changed"
        case SchemaChangeKind.GENERATED_CHANGED:
            return BumpLevel.PATCH, f"expression of {column} changed"
        case SchemaChangeKind.IDENTITY_CHANGED:
            return BumpLevel.PATCH, f"identity of {column} changed"
        case SchemaChangeKind.COLLATION_CHANGED:
            return BumpLevel.PATCH, f"collation of {column} changed"
        case SchemaChangeKind.INDEXES_CHANGED:
            return BumpLevel.PATCH, f"indexes of {table} changed"
        case SchemaChangeKind.OPTIONS_CHANGED:
            return BumpLevel.PATCH, f"options of {table} changed"


def _constraint_level(*, is_looser: bool) -> BumpLevel:
    """Return minor for a looser constraint: it allows what readers do not expect, like a wider type."""
    return BumpLevel.MINOR if is_looser else BumpLevel.PATCH
