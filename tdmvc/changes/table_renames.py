"""Knows which tables were renamed: those that went and came with the same rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tdmvc.changes.renames import name_likeness
from tdmvc.model.diff import TableDiff, TableSide
from tdmvc.model.schema import TableSchema

_LEAST_SHARE = 0.5
"""As Git has it for files: half of it must be equal."""
_LEAST_COLUMNS = 0.5
_MOST_ROWS = 200_000
"""Larger tables are compared by their parts only."""


@dataclass(frozen=True, slots=True)
class TableRename:
    """A table's two names, and why it is taken for one table."""

    old: str
    new: str
    evidence: str


def find_table_renames(
    old: Mapping[str, TableSide],
    new: Mapping[str, TableSide],
    compare: Callable[[TableSide, TableSide], TableDiff],
) -> tuple[TableRename, ...]:
    """Return the renames, by new name.

    Cost: nothing where no table both went and came; equal parts decide first, and
    only small tables of like columns are opened.

    Args:
        compare: gives the diff of two tables.
    """
    gone = [name for name in sorted(old) if name not in new and old[name].rows]
    came = [name for name in sorted(new) if name not in old and new[name].rows]
    scored: list[tuple[float, float, str, str]] = []
    for before in gone:
        for after in came:
            share = _equal_share(old[before], new[after], compare)
            if share >= _LEAST_SHARE:
                scored.append((-share, -name_likeness(before, after), before, after))
    renames: list[TableRename] = []
    taken: set[str] = set()
    for score, _, before, after in sorted(scored):
        if before not in taken and after not in taken:
            taken |= {before, after}
            renames.append(TableRename(before, after, _evidence(-score)))
    return tuple(sorted(renames, key=lambda rename: rename.new))


def _equal_share(
    old: TableSide, new: TableSide, compare: Callable[[TableSide, TableSide], TableDiff]
) -> float:
    """Return the share of rows that both have, 0 to 1; a lower bound where only parts were looked at."""
    common = set(old.parts) & set(new.parts)
    if set(old.parts) == set(new.parts):
        return 1.0
    by_parts = len(common) / max(len(old.parts), len(new.parts))
    if by_parts >= _LEAST_SHARE:
        return by_parts
    if _column_likeness(old.schema, new.schema) < _LEAST_COLUMNS or max(old.rows, new.rows) > _MOST_ROWS:
        return by_parts
    rows = compare(old, new).rows
    return (rows.old - rows.removed - rows.changed) / max(rows.old, rows.new)


def _column_likeness(old: TableSchema, new: TableSchema) -> float:
    before = {(column.name, column.type) for column in old.columns}
    after = {(column.name, column.type) for column in new.columns}
    return len(before & after) / max(len(before | after), 1)


def _evidence(share: float) -> str:
    return "all rows are equal" if share == 1.0 else f"{int(share * 100)} % of the rows are equal"
