"""The words for row counts, schema changes, shares and migrations that all formats share."""

import re
from collections.abc import Mapping, Sequence

from tdmvc.model.diff import (
    DatasetDiff,
    RowCounts,
    SchemaChange,
    SchemaChangeKind,
    TableDiff,
    TableStatus,
    ViewChange,
)
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.migration import Migration
from tdmvc.model.remote import Comparison
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible

STATUS_ORDER = (TableStatus.CHANGED, TableStatus.RENAMED, TableStatus.ADDED, TableStatus.REMOVED)
_SEPARATORS = re.compile(r"[\W_]+")


def row_words(rows: RowCounts) -> str:
    """Return what happened to rows: `1 added, 2 removed`, or `no change`."""
    counts = [
        (rows.added, "added"),
        (rows.removed, "removed"),
        (rows.changed, "changed"),
        (rows.ignored, "ignored"),
    ]
    return ", ".join(f"{number(count)} {word}" for count, word in counts if count) or "no change"


def total_rows(tables: Sequence[TableDiff]) -> RowCounts:
    """Return the counts of all tables together."""
    return RowCounts(
        sum(table.rows.old for table in tables),
        sum(table.rows.new for table in tables),
        sum(table.rows.added for table in tables),
        sum(table.rows.removed for table in tables),
        sum(table.rows.changed for table in tables),
        sum(table.rows.ignored for table in tables),
    )


def totals(diff: DatasetDiff) -> list[str]:
    """Return the sum of a diff, as `tables: …`, `rows: …` and the changed cells."""
    states = [table.status for table in diff.tables]
    tables = [f"{number(states.count(status))} {status.value}" for status in STATUS_ORDER if status in states]
    if TableStatus.UNCHANGED in states:
        tables.append(f"{number(states.count(TableStatus.UNCHANGED))} unchanged")
    cells = sum(table.cells for table in diff.tables)
    parts = [f"tables: {', '.join(tables) or 'none'}", f"rows: {row_words(total_rows(diff.tables))}"]
    states = [view.status for view in diff.views]
    views = [f"{number(states.count(status))} {status.value}" for status in STATUS_ORDER if status in states]
    parts += [f"views: {', '.join(views)}"] if views else []
    return [*parts, plural(cells, "changed cell")] if cells else parts


def table_name(table: TableDiff) -> str:
    """Return the name; after a rename, both names."""
    name = visible(table.name)
    return name if table.old_name is None else f"{visible(table.old_name)} → {name}"


def view_words(change: ViewChange) -> str:
    """Return a change of a view in words, with its query."""
    if change.old is None or change.new is None:
        return f"view {change.status}: {visible(change.new or change.old or '')}"
    return f"view changed: {visible(change.old)} → {visible(change.new)}"


def view_sign(change: ViewChange) -> str:
    """Return `+` for an added view, `−` for a removed one, `~` for a changed one."""
    return {TableStatus.ADDED: "+", TableStatus.REMOVED: "−"}.get(change.status, "~")


def schema_sign(change: SchemaChange) -> str:
    """Return `+` for an added column, `−` for a removed one, `~` for all else."""
    signs = {SchemaChangeKind.COLUMN_ADDED: "+", SchemaChangeKind.COLUMN_REMOVED: "−"}
    return signs.get(change.kind, "~")


def schema_words(change: SchemaChange) -> str:
    """Return a change of the schema in words, with the evidence of a rename."""
    words = _schema_fact(change)
    return f"{words} ({visible(change.evidence)})" if change.evidence else words


def _schema_fact(change: SchemaChange) -> str:
    column = visible(change.column or "")
    old, new = visible(change.old or "none"), visible(change.new or "none")
    match change.kind:
        case SchemaChangeKind.COLUMN_ADDED:
            return f"column {column} {new}"
        case SchemaChangeKind.COLUMN_REMOVED:
            return f"column {column} {old}"
        case SchemaChangeKind.COLUMN_RENAMED:
            return f"column {old} → {new}"
        case SchemaChangeKind.TYPE_WIDENED:
            return f"type of {column} widened: {old} → {new}"
        case SchemaChangeKind.TYPE_CHANGED:
            return f"type of {column} changed: {old} → {new}"
        case SchemaChangeKind.KEY_CHANGED:
            return f"key: {old} → {new}"
        case SchemaChangeKind.REFERENCES_CHANGED:
            return _declared("reference", change)
        case SchemaChangeKind.REQUIRED_CHANGED | SchemaChangeKind.UNIQUE_CHANGED:
            return f"column {column}: {old} → {new}"
        case SchemaChangeKind.DECLARED_TYPE_CHANGED:
            return f"declared type of {column}: {old} → {new}"
        case SchemaChangeKind.DEFAULT_CHANGED:
            return f"default of {column}: {old} → {new}"
        case SchemaChangeKind.GENERATED_CHANGED:
            return f"expression of {column}: {old} → {new}"
        case SchemaChangeKind.IDENTITY_CHANGED:
            return f"identity of {column}: {old} → {new}"
        case SchemaChangeKind.COLLATION_CHANGED:
            return f"collation of {column}: {old} → {new}"
        case SchemaChangeKind.LENGTH_CHANGED:
            return f"length limit of {column}: {old} → {new}"
        case SchemaChangeKind.UNIQUE_KEYS_CHANGED:
            return _declared("unique key", change)
        case SchemaChangeKind.CHECKS_CHANGED:
            return _declared("check", change)
        case SchemaChangeKind.INDEXES_CHANGED:
            return _declared("index", change)
        case SchemaChangeKind.OPTIONS_CHANGED:
            return f"options: {old} → {new}"


def _declared(noun: str, change: SchemaChange) -> str:
    if change.old is not None and change.new is not None:
        return f"{noun} changed: {visible(change.old)} → {visible(change.new)}"
    words = (
        f"added: {visible(change.new)}" if change.new is not None else f"removed: {visible(change.old or '')}"
    )
    return f"{noun} {words}"


def bar(share: float, width: int) -> str:
    """Return a bar of at most `width` characters; a share above zero has at least one."""
    if not share > 0:
        return ""
    return "█" * max(1, round(min(share, 1.0) * width))


def title_of(migration: Migration) -> str:
    """Return a migration's name, or nothing if its id already contains it."""
    id_words = f" {_SEPARATORS.sub(' ', migration.id)} ".casefold()
    name = _SEPARATORS.sub(" ", migration.name).strip().casefold()
    # The name of a TypeORM class is a name and a timestamp, with nothing between.
    is_timed = migration.id[len(migration.name) :].isdigit() and migration.id.startswith(migration.name)
    return "" if f" {name} " in id_words or not name or is_timed else migration.name


def severities(findings: Sequence[Finding]) -> str:
    """Return how many findings there are of each severity: `2 errors, 1 warning`."""
    nouns = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}
    counts = {severity: sum(found.severity is severity for found in findings) for severity in Severity}
    return ", ".join(plural(counts[severity], noun) for severity, noun in nouns.items() if counts[severity])


def comparison_words(compared: Mapping[Comparison, int]) -> str:
    """Return by what objects on a remote were compared: `by size`, or `3 by size and checksum, 1 by size`."""
    words = [f"by {one}{' only' if one is Comparison.PRESENCE else ''}" for one in compared]
    if len(words) < 2:
        return "".join(words)
    return ", ".join(f"{number(count)} {one}" for one, count in zip(words, compared.values(), strict=True))


def compared_words(compared: Mapping[Comparison, int]) -> str:
    """Return `compared by size`, or `compared: 3 by size and checksum, 1 by size`; nothing if nothing was whole."""
    return f"compared{':' if len(compared) > 1 else ''} {comparison_words(compared)}" if compared else ""
