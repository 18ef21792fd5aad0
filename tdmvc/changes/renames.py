"""Finds renamed columns and tables: those that were removed and added with the same values."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import pyarrow as pa

from tdmvc.changes.join.likeness import Likeness, TableParts, compare_columns
from tdmvc.model.diff import TableDiff, TableSide
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.duckdb import DuckDBConnection

LEAST_SHARE = 0.8
"""The least share of equal rows: a rename may come with edits, but not with many."""
_LEAST_LIKENESS = 0.6
"""The least likeness of two names that makes up for values that say little, such as true and false."""
_MOST_CANDIDATES = 400
_FEW_DISTINCT = 3


@dataclass(frozen=True, slots=True)
class Rename:
    """A column's two names, and why it is taken for one column."""

    old: str
    new: str
    evidence: str


def find_column_renames(
    engine: Callable[[], DuckDBConnection],
    old: TableSide,
    new: TableSide,
    old_parts: Sequence[str],
    new_parts: Sequence[str],
) -> tuple[Rename, ...]:
    """Return the renames, in the order of the new side's columns.

    Cost: nothing unless columns of one type were both removed and added; otherwise one join
    over the key and these columns.
    """
    removed, added = _only_in(old.schema, new.schema), _only_in(new.schema, old.schema)
    candidates = [
        (a, b) for a, b in product(removed, added) if a.type == b.type and not pa.types.is_nested(a.type)
    ]
    if not candidates or len(candidates) > _MOST_CANDIDATES or not old_parts or not new_parts:
        return ()
    con = engine()
    before, after = TableParts(old, old_parts), TableParts(new, new_parts)
    renames: list[Rename] = []
    keys = _key_candidates(old.schema, new.schema, candidates)
    if keys:
        found = compare_columns(con, before, after, keys, key={})
        renames = _choose(keys, found)
    key = _common_key(old.schema, new.schema, renames)
    taken = {rename.old for rename in renames} | {rename.new for rename in renames}
    rest = [(a, b) for a, b in candidates if a.name not in taken and b.name not in taken]
    if rest:
        found = compare_columns(con, before, after, rest, key=key)
        renames += _choose(rest, found)
    order = new.schema.column_names
    return tuple(sorted(renames, key=lambda rename: order.index(rename.new)))


def _only_in(schema: TableSchema, other: TableSchema) -> list[Column]:
    names = set(other.column_names)
    return [column for column in schema.columns if column.name not in names]


def _key_candidates(
    old: TableSchema, new: TableSchema, candidates: Sequence[tuple[Column, Column]]
) -> list[tuple[Column, Column]]:
    """Return columns with the same position in the key of both sides."""
    places = set(zip(old.key, new.key, strict=False)) if len(old.key) == len(new.key) else set()
    return [(a, b) for a, b in candidates if (a.name, b.name) in places]


def _common_key(old: TableSchema, new: TableSchema, renames: Sequence[Rename]) -> dict[str, str]:
    """Return the key's columns, new names by old ones; empty if the sides have none in common."""
    names = {rename.old: rename.new for rename in renames}
    key = {name: names.get(name, name) for name in old.key}
    return key if key and tuple(key.values()) == new.key else {}


def _choose(candidates: Sequence[tuple[Column, Column]], found: Sequence[Likeness]) -> list[Rename]:
    """Pair each column with the most similar one; of equals, with the one with the most similar name."""
    ranked = sorted(
        zip(candidates, found, strict=True),
        key=lambda one: (-one[1].share, -_name_likeness(*one[0]), one[0][0].name, one[0][1].name),
    )
    taken: set[str] = set()
    renames: list[Rename] = []
    for (a, b), likeness in ranked:
        if a.name in taken or b.name in taken or not _is_convincing(a, b, likeness):
            continue
        taken |= {a.name, b.name}
        if likeness.equal == likeness.rows:
            evidence = (
                f"all {likeness.rows:,} rows are equal" if likeness.rows > 1 else "its one row is equal"
            )
        else:
            evidence = f"{likeness.equal:,} of {likeness.rows:,} rows are equal"
        renames.append(Rename(a.name, b.name, evidence))
    return renames


def _is_convincing(a: Column, b: Column, likeness: Likeness) -> bool:
    """Return whether the columns are alike, and have enough different values or similar names.

    Many columns are null or false throughout, so equal values alone prove little.
    """
    if likeness.share < LEAST_SHARE or likeness.distinct == 0:
        return False
    has_many_values = likeness.distinct >= _FEW_DISTINCT or (
        likeness.rows <= likeness.distinct and not pa.types.is_boolean(a.type)
    )
    return has_many_values or _name_likeness(a, b) >= _LEAST_LIKENESS


def _name_likeness(a: Column, b: Column) -> float:
    return name_likeness(a.name, b.name)


def name_likeness(a: str, b: str) -> float:
    """Return how similar two names are, 0 to 1, in either order."""
    # The matcher itself is not symmetric.
    first, second = sorted((a.lower(), b.lower()))
    return difflib.SequenceMatcher(None, first, second, autojunk=False).ratio()


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

    Cost: nothing unless tables were both removed and added; equal parts decide first, and
    only small tables of like columns are opened.

    Args:
        compare: gives the diff of two tables.
    """
    removed = [name for name in sorted(old) if name not in new and old[name].rows]
    added = [name for name in sorted(new) if name not in old and new[name].rows]
    scored: list[tuple[float, float, str, str]] = []
    for before in removed:
        for after in added:
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
    """Return the share of rows that both have, 0 to 1; a lower bound if only parts were looked at."""
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
