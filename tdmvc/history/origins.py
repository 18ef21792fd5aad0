"""Where a table and its key stood before: renames of tables and of key columns are followed."""

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
    """How the key's columns are called at one moment, and what became of the values."""

    names: tuple[str, ...]
    retype: bool = False
    """A column has another type there."""


@dataclass(frozen=True, slots=True)
class Before:
    """A table at a moment that another one came from."""

    id: str
    table: str


class Origins:
    """Knows under which name a table stood where a moment came from: a rename is followed."""

    def __init__(self, rows: PastRows) -> None:
        self._rows = rows
        self.renames: dict[tuple[str, str], str] = {}
        """Old names, by (moment, new name)."""

    def parents(self, id_: str, table: str) -> list[Before]:
        """Return where the table stood before, in the order of the parents."""
        return [Before(parent, self._name_in(id_, parent, table)) for parent in self._timeline.parents(id_)]

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
        """Tell whether two pointers stand for one table: the same object, or half of its parts."""
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
    """Return what the key's columns were called before; None where the table had another key.

    A column that is not there is taken for renamed where the keys have one length, and the
    column at its place is not here.
    """
    if not before.key:
        return None
    found = []
    retype = False
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
        retype = retype or new_column.type != old_column.type
        found.append(old)
    return KeyColumns(tuple(found), retype)


def retyped_keys(
    wanted: Mapping[KeyId, Sequence[object]], names: Sequence[str], schema: TableSchema
) -> dict[KeyId, tuple[KeyId, tuple[object, ...]]]:
    """Return (key, values) there, by the key here; without keys that no value there equals."""
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
