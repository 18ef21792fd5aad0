"""Which columns of two sides belong together, what joins their rows, and what dataset.yaml's rules leave out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import pyarrow as pa

from tdmvc.model.dataset import DatasetConfig
from tdmvc.model.schema import Column, TableSchema, must_hide


@dataclass(frozen=True, slots=True)
class Translation:
    """A foreign key to a table whose surrogate keys differ between the sides, though its rows are the same."""

    table: str
    """The SQL name of a table of (`is_new`, `id`, `token`): the row that each side's surrogate key, identifies."""


@dataclass(frozen=True, slots=True)
class TableRules:
    """How a table is to be compared, by the rules of dataset.yaml."""

    key: tuple[str, ...] = ()
    """A natural key; empty for the primary key."""
    ignored: frozenset[str] = frozenset()
    """Columns whose changes do not count."""
    is_ignored: bool = False
    """No change of the table's rows counts."""
    translations: Mapping[str, Translation] = field(default_factory=dict)
    """By column: values that mean the same though they differ."""


NO_RULES = TableRules()


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """A column that both sides have."""

    old: Column
    new: Column
    is_ignored: bool = False
    translation: Translation | None = None

    @property
    def name(self) -> str:
        return self.new.name

    @property
    def is_personal(self) -> bool:
        """A column that was personal on either side is personal: a diff shows both."""
        return must_hide((self.old, self.new))

    @property
    def is_json(self) -> bool:
        """Texts that differ may still hold the same JSON."""
        return self.old.is_json or self.new.is_json

    @property
    def has_one_type(self) -> bool:
        """Whether values of the two sides compare as they are."""
        return self.old.type == self.new.type and not self.is_json and self.translation is None


@dataclass(frozen=True, slots=True)
class ColumnPairs:
    """What two schemas have in common."""

    key: tuple[ColumnPair, ...]
    """What joins the rows, in key order; empty if rows can only be counted."""
    columns: tuple[ColumnPair, ...]
    """Every common column, key columns too, in the new side's order."""

    @property
    def compared(self) -> tuple[ColumnPair, ...]:
        """The columns that can differ between rows of the same key."""
        key = {pair.name for pair in self.key}
        return tuple(pair for pair in self.columns if pair.name not in key)

    @property
    def key_names(self) -> tuple[str, ...]:
        return tuple(pair.name for pair in self.key)


def pair_columns(
    old: TableSchema, new: TableSchema, rules: TableRules, renames: Mapping[str, str]
) -> ColumnPairs:
    """Return how the columns of two sides compare.

    The rows join by the natural key, else by the new side's key, if both sides have its
    columns; else by none.

    Args:
        renames: new names of columns, by old name.
    """
    before = {renames.get(column.name, column.name): column for column in old.columns}
    pairs = {
        column.name: ColumnPair(
            before[column.name], column, column.name in rules.ignored, rules.translations.get(column.name)
        )
        for column in new.columns
        if column.name in before
    }
    key = rules.key if rules.key and all(name in pairs for name in rules.key) else new.key
    joined = tuple(pairs[name] for name in key) if all(name in pairs for name in key) else ()
    return ColumnPairs(joined, tuple(pairs.values()))


def share_key(old: TableSchema, new: TableSchema, pairs: ColumnPairs) -> bool:
    """Return whether the joining key is the key that the parts of both sides are cut and sorted by.

    Parts never overlap in their own key, so a key in an equal part is in no
    differing one. This does not hold for any other key.
    """
    names = tuple(pair.old.name for pair in pairs.key)
    return bool(names) and names == old.key and pairs.key_names == new.key


def may_skip_equal_parts(old: TableSchema, new: TableSchema, pairs: ColumnPairs) -> bool:
    """Return whether rows in equal parts can be left out of a comparison."""
    if any(pair.translation for pair in pairs.columns):
        # Equal bytes may name another row.
        return False
    return not pairs.key or share_key(old, new, pairs)


def can_walk(old: TableSchema, new: TableSchema, pairs: ColumnPairs) -> bool:
    """Return whether both sides can be walked in one order: by one key, with one plain type per column."""
    return (
        share_key(old, new, pairs)
        and all(pair.translation is None for pair in pairs.columns)
        and all(pair.old.type == pair.new.type and has_order(pair.new.type) for pair in pairs.key)
        and not any(pair.is_json for pair in pairs.key)
    )


def has_order(type_: pa.DataType) -> bool:
    """Return whether values of a type have one order: NaN has no place among floats; nested values have none."""
    return not (pa.types.is_floating(type_) or pa.types.is_nested(type_))


def table_rules(config: DatasetConfig, schema: TableSchema) -> TableRules:
    """Return how a table is to be compared.

    A pattern that matches `table.column` ignores a column; `table.*` ignores all rows.
    If a natural key is named, the primary key is a surrogate and carries no meaning, so its
    changes do not count.
    """
    table = schema.name
    patterns = config.ignore
    natural = config.diff[table].key if table in config.diff else ()
    surrogate = set(schema.key) - set(natural) if natural else set()
    ignored = {
        name
        for name in schema.column_names
        if name in surrogate or any(fnmatchcase(f"{table}.{name}", pattern) for pattern in patterns)
    }
    return TableRules(
        key=natural,
        ignored=frozenset(ignored),
        is_ignored=any(
            fnmatchcase(table, pattern.removesuffix(".*")) for pattern in patterns if pattern.endswith(".*")
        ),
    )
