"""What a table and its key columns were called at an earlier history point: renames are followed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tdmvc.changes.key_words import retyped
from tdmvc.changes.row_lookup import KeyId, key_id
from tdmvc.history.past_rows import PastRows
from tdmvc.history.timeline import Timeline
from tdmvc.model.dataset import Pointer
from tdmvc.model.schema import TableSchema


@dataclass(frozen=True, slots=True)
class KeyColumns:
    """What the key columns are called at one history point, and whether their types differ there."""

    names: tuple[str, ...]
    is_retyped: bool = False
    """A column has a different type there."""


@dataclass(frozen=True, slots=True)
class TableOrigin:
    """A table at a parent of a history point."""

    id: str
    table: str


class Origins:
    """Finds the name that a table had at the parents of a history point."""

    def __init__(self, rows: PastRows) -> None:
        self._rows = rows
        self.renames: dict[tuple[str, str], str] = {}
        """Old names of tables, by (history point, new name)."""

    def parents(self, id_: str, table: str) -> list[TableOrigin]:
        """Return the table at each parent, in the order of the parents."""
        return [
            TableOrigin(parent, self._name_in(id_, parent, table)) for parent in self._timeline.parents(id_)
        ]

    @cached_property
    def _timeline(self) -> Timeline:
        return self._rows.timeline

    def _name_in(self, id_: str, parent: str, table: str) -> str:
        before, after = self._timeline.pointers(parent), self._timeline.pointers(id_)
        if table in before or table not in after:
            return table
        for name in before.keys() - after.keys():
            if self._is_renamed(before[name], after[table]):
                self.renames[id_, table] = name
                return name
        return table

    def _is_renamed(self, old: Pointer, new: Pointer) -> bool:
        """Return whether two pointers are of the same table: one object, or at least half of the parts in common."""
        if old.object == new.object:
            return True
        objects = self._rows.workspace.store.objects
        if not objects.has(old.object) or not objects.has(new.object):
            return False
        parts = [
            {entry.content for entry in objects.read_listing(one.object, one.table).entries}
            for one in (old, new)
        ]
        return 2 * len(parts[0] & parts[1]) >= max(map(len, parts)) > 0


def key_before(names: Sequence[str], here: TableSchema, before: TableSchema) -> KeyColumns | None:
    """Return what the key columns were called before, or None if the table had a different key.

    A missing column counts as renamed if both keys have the same number of columns and the
    old column in its position no longer exists.
    """
    if not before.key:
        return None
    found = []
    is_retyped = False
    known = set(before.column_names)
    for place, name in enumerate(names):
        old = name
        if name not in known:
            if len(before.key) != len(names) or here.column(before.key[place]) is not None:
                return None
            old = before.key[place]
        new_column, old_column = here.column(name), before.column(old)
        if new_column is None or old_column is None:
            return None
        is_retyped = is_retyped or new_column.type != old_column.type
        found.append(old)
    return KeyColumns(tuple(found), is_retyped)


def retyped_keys(
    wanted: Mapping[KeyId, Sequence[object]], names: Sequence[str], schema: TableSchema
) -> dict[KeyId, tuple[KeyId, tuple[object, ...]]]:
    """Return each key with its id and values in another schema's types, if they have equal values there."""
    found: dict[KeyId, tuple[KeyId, tuple[object, ...]]] = {}
    for id_, values in wanted.items():
        try:
            there = tuple(
                retyped(value, column.type)
                for name, value in zip(names, values, strict=True)
                if (column := schema.column(name)) is not None
            )
        except ValueError:
            continue
        found[id_] = (key_id(there), there)
    return found
