"""SQL that pairs the rows and columns of two sides."""

from dataclasses import dataclass

from tdmvc.changes.join.forms import FormPair, pair_forms
from tdmvc.changes.join.parts import RowScan
from tdmvc.changes.pairs import ColumnPair, ColumnPairs


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two scans and what their columns have in common."""

    old: RowScan
    new: RowScan
    pairs: ColumnPairs
    forms: dict[str, FormPair]
    """By the new side's name of the column."""

    @property
    def key(self) -> tuple[ColumnPair, ...]:
        return self.pairs.key

    @property
    def compared(self) -> tuple[ColumnPair, ...]:
        return self.pairs.compared

    @property
    def counted(self) -> tuple[ColumnPair, ...]:
        """The columns that identify rows without a usable key: all but ignored ones."""
        key = set(self.pairs.key_names)
        return tuple(pair for pair in self.pairs.columns if pair.name in key or not pair.is_ignored)

    @property
    def needs_json(self) -> bool:
        return any(forms.is_json for forms in self.forms.values())

    @property
    def sort_columns(self) -> tuple[str, ...]:
        """The names that a found row's place in key order has in SQL."""
        return tuple(f"k{i}" for i in range(len(self.key))) or ("k0",)

    def old_rows(self) -> str:
        """Return the query over the old side's rows: `f`, `r`, the key as `k0`…, compared columns as `c0`…."""
        key = [self.forms[pair.name].grouped_old(self.old.alias(pair.old.name)) for pair in self.key]
        cells = [self.forms[pair.name].old(self.old.alias(pair.old.name)) for pair in self.compared]
        return _select_forms(key, cells, self.old)

    def new_rows(self) -> str:
        """Return the same query over the new side's rows."""
        key = [self.forms[pair.name].grouped_new(self.new.alias(pair.name)) for pair in self.key]
        cells = [self.forms[pair.name].new(self.new.alias(pair.name)) for pair in self.compared]
        return _select_forms(key, cells, self.new)

    def old_whole_rows(self) -> str:
        """Return the query over the old side's rows with every counted column as `w0`…, fit for GROUP BY."""
        forms = [self.forms[pair.name].grouped_old(self.old.alias(pair.old.name)) for pair in self.counted]
        return _select_whole(forms, self.old)

    def new_whole_rows(self) -> str:
        """Return the same query over the new side's rows."""
        forms = [self.forms[pair.name].grouped_new(self.new.alias(pair.name)) for pair in self.counted]
        return _select_whole(forms, self.new)

    def all_whole_rows(self) -> tuple[str, str]:
        """Return both sides' queries over whole rows with the ignored columns behind the counted ones."""
        pairs = (*self.counted, *self.left_out)
        old = [self.forms[pair.name].grouped_old(self.old.alias(pair.old.name)) for pair in pairs]
        new = [self.forms[pair.name].grouped_new(self.new.alias(pair.name)) for pair in pairs]
        if not self.counted:
            # Rows of which nothing counts are all alike.
            old, new = ["0", *old], ["0", *new]
        return _select_whole(old, self.old), _select_whole(new, self.new)

    @property
    def left_out(self) -> tuple[ColumnPair, ...]:
        """The columns that do not identify whole rows."""
        counted = {pair.name for pair in self.counted}
        return tuple(pair for pair in self.pairs.columns if pair.name not in counted)

    def whole_columns(self) -> tuple[str, ...]:
        return tuple(f"w{i}" for i in range(max(1, len(self.counted))))

    def key_columns_in_whole(self) -> tuple[str, ...]:
        """Return the positions of the key among the whole row's columns."""
        names = [pair.name for pair in self.counted]
        return tuple(f"w{names.index(pair.name)}" for pair in self.key)


def pair_scans(old: RowScan, new: RowScan, pairs: ColumnPairs) -> Pairing:
    """Return how two scans compare."""
    return Pairing(old, new, pairs, {pair.name: pair_forms(pair) for pair in pairs.columns})


def _select_forms(key: list[str], cells: list[str], scan: RowScan) -> str:
    keys = [f"{form} AS k{i}" for i, form in enumerate(key)]
    values = [f"{form} AS c{i}" for i, form in enumerate(cells)]
    return f"SELECT {', '.join(['f', 'r', *keys, *values])} FROM ({scan.select()})"


def _select_whole(forms: list[str], scan: RowScan) -> str:
    """Return the query over whole rows; without a shared column, all rows are equal and are only counted."""
    values = [f"{form} AS w{i}" for i, form in enumerate(forms)] or ["0 AS w0"]
    return f"SELECT {', '.join(['f', 'r', *values])} FROM ({scan.select()})"
