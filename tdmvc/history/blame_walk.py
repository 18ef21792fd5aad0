"""The walk of `blame`: from parent to parent, each present cell is traced to the point that gave it its value."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tdmvc.changes.row_lookup import KeyId, Row
from tdmvc.changes.same_value import same_value
from tdmvc.errors import StoreError
from tdmvc.history.origins import Origins, key_before, retyped_keys
from tdmvc.history.past_rows import PastRows, TableSnapshot
from tdmvc.model.progress import ProgressCallback
from tdmvc.model.schema import TableSchema

WORKING_COPY = ""
"""The id of the working copy, which is not yet committed or published."""

RowId = tuple[KeyId, int]
"""A row: its key, and its number among the rows that have this key."""


@dataclass(frozen=True, slots=True)
class PresentRow:
    """A row in its present state."""

    id: RowId
    key: tuple[object, ...]
    row: Row
    part: str
    is_alone: bool = True
    """Whether it is the only row with its key."""


@dataclass(slots=True)
class PendingCells:
    """Cells that have their present value at a history point, so that this point or an earlier one gave it."""

    table: str
    names: tuple[str, ...]
    """The names of the key columns at that point."""
    columns: dict[str, str]
    """The name of each present column at that point."""
    parts: dict[str, dict[RowId, int]] = field(default_factory=dict)
    """Rows by the part that contains them at that point, with a bit for each present column still to be traced."""
    values: dict[KeyId, tuple[KeyId, tuple[object, ...]]] | None = None
    """Keys at that point by present keys, if a column had a different type; None if they are the same."""


class BlameWalk:
    """One walk from the newest point; it ends when every cell is traced."""

    def __init__(
        self, rows: PastRows, present: Sequence[PresentRow], names: Sequence[str], schema: TableSchema
    ) -> None:
        """Start with the present rows and the columns whose cells are asked for."""
        self._rows = rows
        self._timeline = rows.timeline
        self._origins = Origins(rows)
        self._present = {row.id: row for row in present}
        self._names = tuple(names)
        self._schema = schema
        self._json = frozenset(column.name for column in schema.columns if column.is_json)
        self._pending: dict[str, PendingCells] = {}
        self.blamed: dict[RowId, dict[int, tuple[str, tuple[str, ...]]]] = {}
        """For each row, by column position: the point to blame, and unread points that may be to blame instead."""
        self.edges: set[str] = set()
        """Points that are blamed only because the history ends there."""
        self.unread: set[str] = set()
        """Points whose rows are not in this clone."""

    def run(self, start: str, snapshot: TableSnapshot, on_progress: ProgressCallback) -> int:
        """Walk from the point that has the present rows until every cell is traced.

        Returns:
            How many points were examined.
        """
        everything = (1 << len(self._names)) - 1
        columns = dict(zip(self._names, self._names, strict=True))
        pending = PendingCells(snapshot.schema.name, self._schema.key or self._schema.column_names, columns)
        for present in self._present.values():
            pending.parts.setdefault(present.part, {})[present.id] = everything
        self._pending[start] = pending
        return self._walk(start, snapshot, on_progress)

    def _walk(self, start: str, snapshot: TableSnapshot, on_progress: ProgressCallback) -> int:
        order = [start, *self._timeline.order] if start == WORKING_COPY else list(self._timeline.order)
        looked_at = 0
        for place, id_ in enumerate(order):
            if not self._pending:
                break
            pending = self._pending.pop(id_, None)
            if pending is None:
                continue
            looked_at += 1
            on_progress("blame", place, len(order), "commits")
            self._pass_on(id_, pending, snapshot if id_ == WORKING_COPY else None)
        for id_, pending in self._pending.items():
            # These points lie outside the range that was asked for.
            self.edges.add(id_)
            self._blame(id_, pending.parts, ())
        self._pending.clear()
        return looked_at

    def _pass_on(self, id_: str, pending: PendingCells, snapshot: TableSnapshot | None) -> None:
        """Pass each cell on to the first parent that has the same value; blame this point for the others."""
        here = snapshot or self._rows.snapshot(id_, pending.table)
        assert here is not None  # only points that were read get cells
        skipped: list[str] = []
        left = pending.parts
        # A parent that cannot be read is replaced by its own parents.
        parents = self._parents(id_, pending.table)[::-1]
        visited: set[str] = set()
        while parents and left:
            parent, table = parents.pop()
            if parent in visited:
                continue
            visited.add(parent)
            left, is_read = self._offer(here, pending, parent, table, left)
            if not is_read:
                self.unread.add(parent)
                skipped.append(parent)
                parents += self._parents(parent, table)[::-1]
        if left:
            if id_ in self._timeline.cut:
                self.edges.add(id_)
            self._blame(id_, left, tuple(dict.fromkeys(skipped)))

    def _parents(self, id_: str, table: str) -> list[tuple[str, str]]:
        if id_ == WORKING_COPY:
            return [(start, table) for start in self._timeline.starts]
        return [(before.id, before.table) for before in self._origins.parents(id_, table)]

    def _offer(
        self,
        here: TableSnapshot,
        pending: PendingCells,
        parent: str,
        table: str,
        groups: dict[str, dict[RowId, int]],
    ) -> tuple[dict[str, dict[RowId, int]], bool]:
        """Pass on the cells that a parent has too; return the others, and whether the parent could be read."""
        others = groups
        try:
            before = self._rows.snapshot(parent, table)
            there = self._pending_at(here, before, pending, table) if before is not None else None
            if before is None or there is None:
                return groups, True
            others = {part: rows for part, rows in groups.items() if part not in before.parts}
            if len(others) < len(groups):
                shared = {part: rows for part, rows in groups.items() if part in before.parts}
                self._hand_over(parent, there, shared)
            given, left = self._compare(here, before, pending, there, others) if others else ({}, {})
        except StoreError:
            return others, False
        if given:
            self._hand_over(parent, there, given)
        return left, True

    def _pending_at(
        self, here: TableSnapshot, before: TableSnapshot, pending: PendingCells, table: str
    ) -> PendingCells | None:
        """Return the names of columns and keys at a parent, with no rows yet; None if its key is different."""
        if not here.schema.key:
            # Without a key, a row is identified by all of its cells.
            if set(before.schema.column_names) != set(here.schema.column_names):
                return None
            return PendingCells(table, pending.names, pending.columns, values=pending.values)
        columns = key_before(pending.names, here.schema, before.schema)
        if columns is None:
            return None
        names = dict(pending.columns)
        old = set(before.schema.column_names)
        if not old >= set(names.values()):
            renames = dict(zip(pending.names, columns.names, strict=True))
            renames |= self._renames(here, before, pending, columns.names)
            names = {
                now: renames.get(then, then) for now, then in names.items() if renames.get(then, then) in old
            }
        values = pending.values
        if columns.is_retyped:
            known = values or {p.id[0]: (p.id[0], p.key) for p in self._present.values()}
            wanted = {now: then for now, (_, then) in known.items()}
            values = retyped_keys(wanted, columns.names, before.schema)
        return PendingCells(table, columns.names, names, values=values)

    def _renames(
        self, here: TableSnapshot, before: TableSnapshot, pending: PendingCells, key: tuple[str, ...]
    ) -> dict[str, str]:
        """Return the old names of renamed columns, from a part that contains one of the rows."""
        for part, rows in pending.parts.items():
            if part in before.parts:
                continue
            wanted = self._keys(pending, rows)
            found = self._rows.find(before, key, dict(list(wanted.items())[:1]))
            for one in found.values():
                return self._rows.renames(here, before, [part], [one.part])
        return {}

    def _keys(self, pending: PendingCells, rows: Collection[RowId]) -> dict[KeyId, tuple[object, ...]]:
        """Return the keys that rows have at the point of pending cells."""
        if pending.values is None:
            return {id_[0]: self._present[id_].key for id_ in rows}
        return dict(pending.values[id_[0]] for id_ in rows if id_[0] in pending.values)

    def _compare(
        self,
        here: TableSnapshot,
        before: TableSnapshot,
        pending: PendingCells,
        there: PendingCells,
        groups: Mapping[str, dict[RowId, int]],
    ) -> tuple[dict[str, dict[RowId, int]], dict[str, dict[RowId, int]]]:
        """Return the cells that a parent has too, by the parent's parts, and the others."""
        ids = [id_ for rows in groups.values() for id_ in rows]
        # A key in a part that both points share is in none of their other parts.
        found = self._rows.find(
            before, there.names, self._keys(there, ids), without=here.parts & before.parts
        )
        given: dict[str, dict[RowId, int]] = {}
        left: dict[str, dict[RowId, int]] = {}
        for part, rows in groups.items():
            for id_, bits in rows.items():
                key = id_[0] if there.values is None else there.values.get(id_[0], (id_[0], ()))[0]
                match = found.get(key)
                same = (
                    self._same_bits(self._present[id_], match.rows, there) & bits if match is not None else 0
                )
                if same and match is not None:
                    given.setdefault(match.part, {})[id_] = same
                if bits & ~same:
                    left.setdefault(part, {})[id_] = bits & ~same
        return given, left

    def _same_bits(self, present: PresentRow, rows: Sequence[Row], there: PendingCells) -> int:
        """Return a bit for each column whose cell has the same value at the parent."""
        everything = (1 << len(self._names)) - 1
        if not present.is_alone or len(rows) > 1:
            # Rows that share a key are compared as a whole.
            for row in rows:
                if all(
                    name in row and same_value(row[name], value, is_json=name in self._json)
                    for name, value in present.row.items()
                ):
                    return everything
            return 0
        bits = 0
        for place, name in enumerate(self._names):
            old = there.columns.get(name)
            if old is not None and same_value(rows[0][old], present.row[name], is_json=name in self._json):
                bits |= 1 << place
        return bits

    def _hand_over(self, parent: str, there: PendingCells, groups: Mapping[str, dict[RowId, int]]) -> None:
        pending = self._pending.setdefault(parent, there)
        for part, rows in groups.items():
            known = pending.parts.get(part)
            if known is None:
                pending.parts[part] = rows
            else:
                pending.parts[part] = {
                    **known,
                    **{id_: bits | known.get(id_, 0) for id_, bits in rows.items()},
                }

    def _blame(self, id_: str, groups: Mapping[str, Mapping[RowId, int]], skipped: tuple[str, ...]) -> None:
        for rows in groups.values():
            for row, bits in rows.items():
                settled = self.blamed.setdefault(row, {})
                for place in range(len(self._names)):
                    if bits >> place & 1:
                        settled[place] = (id_, skipped)
