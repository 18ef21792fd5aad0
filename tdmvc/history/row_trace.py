"""What each moment has under one key, and under which names: what `log --key` is made of."""

from dataclasses import dataclass, replace

from tdmvc.changes.row_lookup import Row, key_id
from tdmvc.changes.row_steps import compare_rows, same_rows
from tdmvc.errors import StoreError
from tdmvc.history.origins import Before, Origins, key_before, retyped_keys
from tdmvc.history.past_rows import Held, PastRows
from tdmvc.model.history import CellStep


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for at a moment."""

    table: str
    names: tuple[str, ...]
    values: tuple[object, ...] | None
    """None where no value of the column's type there equals the key's."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a moment has under the key."""

    id: str
    asked: Asked
    held: Held | None
    rows: tuple[Row, ...] = ()
    part: str = ""
    lost: str = ""
    """The table had another key: which one."""


class RowTrace:
    """Looks one key up at any moment; notes what it met on the way."""

    def __init__(self, rows: PastRows) -> None:
        self._rows = rows
        self.origins = Origins(rows)
        self.unread: dict[str, str] = {}
        """Moments whose rows are not here, and why."""
        self.tables: set[str] = set()
        """Every name that the table had."""
        self.columns: set[str] = set()
        """Every column that it had."""

    def see(self, id_: str, asked: Asked) -> Seen:
        """Look the key up at a moment, under names that are right for it."""
        self.tables.add(asked.table)
        held = self._rows.held(id_, asked.table)
        if held is None or asked.values is None:
            return Seen(id_, asked, held)
        self.columns.update(held.schema.column_names)
        wanted = {key_id(asked.values): asked.values}
        found = self._rows.find(held, asked.names, wanted)
        for one in found.values():
            return Seen(id_, asked, held, one.rows, one.part)
        return Seen(id_, asked, held)

    def befores(self, id_: str, asked: Asked) -> tuple[list[Seen], tuple[str, ...]]:
        """Return what is under the key where a moment came from, and the moments that could not be read.

        A moment that cannot be read is looked through, to those that it came from.
        """
        found: list[Seen] = []
        unread: list[str] = []
        met: set[str] = set()
        left = [(id_, asked, origin) for origin in self.origins.parents(id_, asked.table)][::-1]
        while left:
            child, child_asked, origin = left.pop()
            if origin.id in met:
                continue
            met.add(origin.id)
            try:
                found.append(self._see_before(child, child_asked, origin))
            except StoreError as error:
                self.unread[origin.id] = error.what
                unread.append(origin.id)
                there = replace(child_asked, table=origin.table)
                further = self.origins.parents(origin.id, origin.table)
                left += [(origin.id, there, one) for one in further][::-1]
        return found, tuple(unread)

    def _see_before(self, id_: str, asked: Asked, origin: Before) -> Seen:
        there = replace(asked, table=origin.table)
        before = self._rows.held(origin.id, origin.table)
        try:
            here = self._rows.held(id_, asked.table)
        except StoreError:
            here = None
        if before is None or here is None or asked.values is None:
            return self.see(origin.id, there)
        columns = key_before(asked.names, here.schema, before.schema)
        if columns is None:
            return Seen(origin.id, there, before, lost=", ".join(before.schema.key) or "none")
        values: tuple[object, ...] | None = asked.values
        if columns.retype:
            keys = retyped_keys({key_id(asked.values): asked.values}, columns.names, before.schema)
            values = next((values for _, values in keys.values()), None)
        return self.see(origin.id, Asked(origin.table, columns.names, values))

    def is_same(self, before: Seen, here: Seen) -> bool:
        """Tell whether two moments have the same under the key."""
        if not before.rows or not here.rows:
            return not before.rows and not here.rows and not before.lost
        if before.part == here.part:
            return True
        json_columns = _json_columns(before.held) | _json_columns(here.held)
        if len(before.rows) == len(here.rows) == 1:
            return not self.cells(before, here)
        return same_rows(before.rows, here.rows, json_columns)

    def cells(self, before: Seen, here: Seen) -> tuple[CellStep, ...]:
        """Return what became of the cells of a row that both moments have once."""
        json_columns = _json_columns(before.held) | _json_columns(here.held)
        renames: dict[str, str] = {}
        if before.held is not None and here.held is not None:
            pairs = zip(here.asked.names, before.asked.names, strict=True)
            renames = {new: old for new, old in pairs if new != old}
            renames |= self._rows.renames(here.held, before.held, [here.part], [before.part])
        return compare_rows(before.rows[0], here.rows[0], renames, json_columns)


def _json_columns(held: Held | None) -> frozenset[str]:
    if held is None:
        return frozenset()
    return frozenset(column.name for column in held.schema.columns if column.is_json)
