"""Keys and indexes of a table, from the columns of its indexes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from tdmvc.databases.mysql.names import DIALECT, quoted
from tdmvc.model.declarations import Index, UniqueKey


@dataclass(frozen=True, slots=True)
class IndexPart:
    """One column, or one expression, of an index."""

    index: str
    is_unique: bool
    column: str | None
    expression: str | None
    is_descending: bool
    length: int | None
    """How many characters or bytes of the value count; None for all."""
    method: str
    """`BTREE`, `FULLTEXT`, `SPATIAL`."""

    @property
    def is_plain(self) -> bool:
        return self.column is not None and not self.is_descending and self.length is None

    @property
    def sql(self) -> str:
        text = quoted(self.column) if self.column is not None else f"({self.expression})"
        text += f"({self.length})" if self.length is not None else ""
        return text + (" DESC" if self.is_descending else "")


@dataclass(slots=True)
class Indexes:
    """What the indexes of a table declare."""

    key: tuple[str, ...] = ()
    unique: frozenset[str] = frozenset()
    unique_keys: tuple[UniqueKey, ...] = ()
    indexes: tuple[Index, ...] = ()
    left_out: list[str] = field(default_factory=list)


def read_indexes(parts: Sequence[IndexPart]) -> Indexes:
    """Return keys and indexes.

    Args:
        parts: of all indexes, those of each in their order.
    """
    found = Indexes()
    unique, unique_keys, indexes = [], [], []
    by_name = sorted(parts, key=lambda part: part.index)
    for name, grouped in groupby(by_name, key=lambda part: part.index):
        group = list(grouped)
        columns = tuple(part.column or "" for part in group)
        is_plain = all(part.is_plain for part in group)
        if group[0].method in ("FULLTEXT", "SPATIAL", "VECTOR"):
            found.left_out.append(f"the {group[0].method.lower()} index {name}")
        elif name == "PRIMARY":
            found.key = columns
        elif is_plain and group[0].is_unique and len(columns) == 1:
            unique.append(columns[0])
        elif is_plain and group[0].is_unique:
            unique_keys.append(UniqueKey(columns, name, is_declared=True))
        elif is_plain:
            indexes.append(Index(name, columns))
        else:
            definition = "(" + ", ".join(part.sql for part in group) + ")"
            indexes.append(Index(name, (), definition, group[0].is_unique, DIALECT))
    found.unique = frozenset(unique)
    found.unique_keys = tuple(unique_keys)
    found.indexes = tuple(indexes)
    return found
