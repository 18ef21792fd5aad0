"""One row at every point of a history, followed through renames by its key: the basis of `log --key`."""

from dataclasses import dataclass, replace

from tdmvc.changes.row_lookup import Row, compare_rows, key_id, same_rows
from tdmvc.errors import StoreError
from tdmvc.history.origins import Origins, TableOrigin, key_before, retyped_keys
from tdmvc.history.past_rows import PastRows, TableSnapshot
from tdmvc.model.history import CellStep


@dataclass(frozen=True, slots=True)
class KeyQuery:
    """A row to look up at a history point: its table and key, under the names used there."""

    table: str
    names: tuple[str, ...]
    values: tuple[object, ...] | None
    """None if the column's type there has no value equal to the key."""


@dataclass(frozen=True, slots=True)
class RowState:
    """The row that a history point has under the key."""

    id: str
    query: KeyQuery
    snapshot: TableSnapshot | None
    rows: tuple[Row, ...] = ()
    part: str = ""
    other_key: str = ""
    """The columns of the table's key there, if the row cannot be followed because that key is different."""


class RowTrace:
    """Looks up one key at any history point, and collects what it found on the way."""

    def __init__(self, rows: PastRows) -> None:
        self._rows = rows
        self.origins = Origins(rows)
        self.unread: dict[str, str] = {}
        """History points whose rows are not in this clone, and why."""
        self.tables: set[str] = set()
        """Every name that the table has had."""
        self.columns: set[str] = set()
        """Every column that it has had."""

    def look_up(self, id_: str, query: KeyQuery) -> RowState:
        """Look up the key at a history point, under the names that the query gives."""
        self.tables.add(query.table)
        snapshot = self._rows.snapshot(id_, query.table)
        if snapshot is None or query.values is None:
            return RowState(id_, query, snapshot)
        self.columns.update(snapshot.schema.column_names)
        wanted = {key_id(query.values): query.values}
        found = self._rows.find(snapshot, query.names, wanted)
        for one in found.values():
            return RowState(id_, query, snapshot, one.rows, one.part)
        return RowState(id_, query, snapshot)

    def origin_states(self, id_: str, query: KeyQuery) -> tuple[list[RowState], tuple[str, ...]]:
        """Return the row at each parent of a history point, and the points whose rows could not be read.

        A parent that cannot be read is replaced by its own parents.
        """
        found: list[RowState] = []
        unread: list[str] = []
        visited: set[str] = set()
        pending = [(id_, query, origin) for origin in self.origins.parents(id_, query.table)][::-1]
        while pending:
            child, child_query, origin = pending.pop()
            if origin.id in visited:
                continue
            visited.add(origin.id)
            try:
                found.append(self._look_up_origin(child, child_query, origin))
            except StoreError as error:
                self.unread[origin.id] = error.what
                unread.append(origin.id)
                there = replace(child_query, table=origin.table)
                further = self.origins.parents(origin.id, origin.table)
                pending += [(origin.id, there, one) for one in further][::-1]
        return found, tuple(unread)

    def _look_up_origin(self, id_: str, query: KeyQuery, origin: TableOrigin) -> RowState:
        there = replace(query, table=origin.table)
        before = self._rows.snapshot(origin.id, origin.table)
        try:
            here = self._rows.snapshot(id_, query.table)
        except StoreError:
            here = None
        if before is None or here is None or query.values is None:
            return self.look_up(origin.id, there)
        columns = key_before(query.names, here.schema, before.schema)
        if columns is None:
            return RowState(origin.id, there, before, other_key=", ".join(before.schema.key) or "none")
        values: tuple[object, ...] | None = query.values
        if columns.is_retyped:
            keys = retyped_keys({key_id(query.values): query.values}, columns.names, before.schema)
            values = next((values for _, values in keys.values()), None)
        return self.look_up(origin.id, KeyQuery(origin.table, columns.names, values))

    def is_same(self, before: RowState, here: RowState) -> bool:
        """Return whether two history points have the same row under the key."""
        if not before.rows or not here.rows:
            return not before.rows and not here.rows and not before.other_key
        if before.part == here.part:
            return True
        json_columns = _json_columns(before.snapshot) | _json_columns(here.snapshot)
        if len(before.rows) == len(here.rows) == 1:
            return not self.cells(before, here)
        return same_rows(before.rows, here.rows, json_columns)

    def cells(self, before: RowState, here: RowState) -> tuple[CellStep, ...]:
        """Return how the cells changed of a row that both history points have exactly once."""
        json_columns = _json_columns(before.snapshot) | _json_columns(here.snapshot)
        renames: dict[str, str] = {}
        if before.snapshot is not None and here.snapshot is not None:
            pairs = zip(here.query.names, before.query.names, strict=True)
            renames = {new: old for new, old in pairs if new != old}
            renames |= self._rows.renames(here.snapshot, before.snapshot, [here.part], [before.part])
        return compare_rows(before.rows[0], here.rows[0], renames, json_columns)


def _json_columns(snapshot: TableSnapshot | None) -> frozenset[str]:
    if snapshot is None:
        return frozenset()
    return frozenset(column.name for column in snapshot.schema.columns if column.is_json)
