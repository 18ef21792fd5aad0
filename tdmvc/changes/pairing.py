"""Knows how the rows and the columns of two sides find each other, written as SQL."""

from dataclasses import dataclass

from tdmvc.changes.forms import FormPair, pair_forms
from tdmvc.changes.parts import RowScan
from tdmvc.model.change import TableSide
from tdmvc.model.schema import Column, TableSchema


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """A column that both sides have."""

    old: Column
    new: Column
    forms: FormPair

    @property
    def name(self) -> str:
        return self.new.name


@dataclass(frozen=True, slots=True)
class Pairing:
    """What two scans have in common: the key that joins their rows, and the columns that compare."""

    old: RowScan
    new: RowScan
    key: tuple[ColumnPair, ...]
    """In key order; empty where rows can only be counted."""
    columns: tuple[ColumnPair, ...]
    """Every common column, key columns too, in the new side's order."""

    @property
    def compared(self) -> tuple[ColumnPair, ...]:
        """The columns that can differ between rows of the same key."""
        key = {pair.name for pair in self.key}
        return tuple(pair for pair in self.columns if pair.name not in key)

    @property
    def needs_json(self) -> bool:
        return any(pair.forms.is_json for pair in self.columns)

    @property
    def sort_columns(self) -> tuple[str, ...]:
        """The names that a found row's place in key order has in SQL."""
        return tuple(f"k{i}" for i in range(len(self.key))) or ("k0",)

    def old_rows(self) -> str:
        """Return the query over the old side's rows: `f`, `r`, the key as `k0`…, compared columns as `c0`…."""
        key = [pair.forms.grouped_old(self.old.alias(pair.name)) for pair in self.key]
        cells = [pair.forms.old(self.old.alias(pair.name)) for pair in self.compared]
        return _select_forms(key, cells, self.old)

    def new_rows(self) -> str:
        """Return the same query over the new side's rows."""
        key = [pair.forms.grouped_new(self.new.alias(pair.name)) for pair in self.key]
        cells = [pair.forms.new(self.new.alias(pair.name)) for pair in self.compared]
        return _select_forms(key, cells, self.new)

    def old_whole_rows(self) -> str:
        """Return the query over the old side's rows with every common column as `w0`…, fit for GROUP BY."""
        forms = [pair.forms.grouped_old(self.old.alias(pair.name)) for pair in self.columns]
        return _select_whole(forms, self.old)

    def new_whole_rows(self) -> str:
        """Return the same query over the new side's rows."""
        forms = [pair.forms.grouped_new(self.new.alias(pair.name)) for pair in self.columns]
        return _select_whole(forms, self.new)

    def whole_columns(self) -> tuple[str, ...]:
        return tuple(f"w{i}" for i in range(max(1, len(self.columns))))

    def key_columns_in_whole(self) -> tuple[str, ...]:
        """Return where the key lies among the whole row's columns."""
        names = [pair.name for pair in self.columns]
        return tuple(f"w{names.index(pair.name)}" for pair in self.key)


def choose_key(old: TableSchema, new: TableSchema) -> tuple[str, ...]:
    """Return the key that joins rows: the new side's, if both sides have its columns; else none."""
    common = set(old.column_names)
    return new.key if all(column in common for column in new.key) else ()


def may_skip_equal_parts(old: TableSide, new: TableSide, key: tuple[str, ...]) -> bool:
    """Tell whether rows in equal parts can be left out.

    Parts never overlap in their own key, so a key in an equal part is in no
    differing one. That says nothing about any other key.
    """
    return not key or old.schema.key == key == new.schema.key


def pair_sides(old: RowScan, new: RowScan, key: tuple[str, ...]) -> Pairing:
    """Return how two scans compare, joined by the given key."""
    before = {column.name: column for column in old.schema.columns}
    pairs = {
        column.name: ColumnPair(before[column.name], column, pair_forms(before[column.name], column))
        for column in new.schema.columns
        if column.name in before
    }
    return Pairing(old, new, tuple(pairs[name] for name in key), tuple(pairs.values()))


def _select_forms(key: list[str], cells: list[str], scan: RowScan) -> str:
    keys = [f"{form} AS k{i}" for i, form in enumerate(key)]
    values = [f"{form} AS c{i}" for i, form in enumerate(cells)]
    return f"SELECT {', '.join(['f', 'r', *keys, *values])} FROM ({scan.select()})"


def _select_whole(forms: list[str], scan: RowScan) -> str:
    """Sides that share no column still have rows to count: all are alike."""
    values = [f"{form} AS w{i}" for i, form in enumerate(forms)] or ["0 AS w0"]
    return f"SELECT {', '.join(['f', 'r', *values])} FROM ({scan.select()})"
