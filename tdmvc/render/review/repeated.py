"""What a review says once: equal changes of several tables, and distributions that follow from a pattern."""

from collections.abc import Iterable, Sequence

from tdmvc.model.diff import PatternKind, SchemaChangeKind, TableDiff, TableStatus
from tdmvc.model.review import DatasetReview, Shift
from tdmvc.render.wording import schema_sign, schema_words


def removed_columns(tables: Iterable[TableDiff]) -> list[tuple[str, str, list[str]]]:
    """Return (column, type, tables) for each removed column, with the tables that lost such a column."""
    found: dict[tuple[str, str], list[str]] = {}
    for table in tables:
        for change in table.schema:
            if change.kind is SchemaChangeKind.COLUMN_REMOVED:
                found.setdefault((change.column or "", change.old or ""), []).append(table.name)
    return [(column, type_, names) for (column, type_), names in found.items()]


def schema_groups(tables: Iterable[TableDiff]) -> list[tuple[str, str, list[str]]]:
    """Return (sign, words, tables) for each change of a schema but removed columns, those of most tables first."""
    found: dict[tuple[str, str], list[str]] = {}
    for table in tables:
        for change in table.schema:
            if change.kind is not SchemaChangeKind.COLUMN_REMOVED:
                found.setdefault((schema_sign(change), schema_words(change)), []).append(table.name)
    groups = [(sign, words, names) for (sign, words), names in found.items()]
    return sorted(groups, key=lambda group: -len(group[2]))


def telling_shifts(dataset: DatasetReview) -> Sequence[Shift]:
    """Return the shifts that patterns do not explain: other rows, or values that changed in various ways."""
    tables = {table.name: table for table in dataset.diff.tables}
    return [shift for shift in dataset.shifts if not _is_explained(shift, tables.get(shift.table))]


def _is_explained(shift: Shift, table: TableDiff | None) -> bool:
    if table is None or table.status is not TableStatus.CHANGED or table.rows.added or table.rows.removed:
        return False
    kinds = [pattern.kind for pattern in table.patterns if shift.column in pattern.columns]
    return bool(kinds) and PatternKind.VARIED not in kinds
