"""Gives each present cell to the oldest moment that has it, from parent to parent: what `blame` is made of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tdmvc.changes.row_lookup import KeyId, Row
from tdmvc.changes.same_value import same_value
from tdmvc.errors import StoreError
from tdmvc.history.origins import Origins, key_before, retyped_keys
from tdmvc.history.past_rows import Held, PastRows
from tdmvc.model.progress import Report
from tdmvc.model.schema import TableSchema

WORKING_COPY = ""
"""The id of the moment that is not committed, or not published, yet."""

RowId = tuple[KeyId, int]
"""A row: its key, and which of those that have this key it is."""


@dataclass(frozen=True, slots=True)
class Present:
    """A row as it is now."""

    id: RowId
    key: tuple[object, ...]
    row: Row
    part: str
    is_alone: bool = True
    """Whether no other row has its key."""


@dataclass(slots=True)
class Pending:
    """Cells at a moment for which it, or one before it, is to be blamed."""

    table: str
    names: tuple[str, ...]
    """What the key's columns are called there."""
    columns: dict[str, str]
    """What each present column is called there."""
    parts: dict[str, dict[RowId, int]] = field(default_factory=dict)
    """By the part that holds them there: rows, with a bit for each present column that is not settled."""
    values: dict[KeyId, tuple[KeyId, tuple[object, ...]]] | None = None
    """Keys there by present keys, where a column has had another type; None where they are the same."""


class BlameWalk:
    """One walk from the newest moment; what is settled is not looked for any more."""

    def __init__(
        self, rows: PastRows, present: Sequence[Present], names: Sequence[str], schema: TableSchema
    ) -> None:
        """Take the rows as they are now, and the columns whose cells are asked for."""
        self._rows = rows
        self._timeline = rows.timeline
        self._origins = Origins(rows)
        self._present = {row.id: row for row in present}
        self._names = tuple(names)
        self._schema = schema
        self._json = frozenset(column.name for column in schema.columns if column.is_json)
        self._pending: dict[str, Pending] = {}
        self.blamed: dict[RowId, dict[int, tuple[str, tuple[str, ...]]]] = {}
        """For each row, by the position of a column: the moment, and those that may have been it as well."""
        self.edges: set[str] = set()
        """Moments that were blamed because the history ends there."""
        self.unread: set[str] = set()
        """Moments whose rows are not here."""

    def run(self, start: str, held: Held, report: Report) -> int:
        """Walk from a moment that holds the present rows until every cell is settled.

        Returns:
            How many moments were looked at.
        """
        everything = (1 << len(self._names)) - 1
        columns = dict(zip(self._names, self._names, strict=True))
        pending = Pending(held.schema.name, self._schema.key or self._schema.column_names, columns)
        for present in self._present.values():
            pending.parts.setdefault(present.part, {})[present.id] = everything
        self._pending[start] = pending
        return self._walk(start, held, report)

    def _walk(self, start: str, held: Held, report: Report) -> int:
        order = [start, *self._timeline.order] if start == WORKING_COPY else list(self._timeline.order)
        looked_at = 0
        for place, id_ in enumerate(order):
            if not self._pending:
                break
            pending = self._pending.pop(id_, None)
            if pending is None:
                continue
            looked_at += 1
            report("blame", place, len(order), "commits")
            self._pass_on(id_, pending, held if id_ == WORKING_COPY else None)
        for id_, pending in self._pending.items():
            # Beyond the range that was asked for.
            self.edges.add(id_)
            self._settle(id_, pending.parts, ())
        self._pending.clear()
        return looked_at

    def _pass_on(self, id_: str, pending: Pending, held: Held | None) -> None:
        """Give each cell to the first parent that has the same; settle what none has."""
        here = held or self._rows.held(id_, pending.table)
        assert here is not None  # only moments that were read get cells
        skipped: list[str] = []
        left = pending.parts
        # A parent that cannot be read is looked through, to those that it came from.
        parents = self._parents(id_, pending.table)[::-1]
        met: set[str] = set()
        while parents and left:
            parent, table = parents.pop()
            if parent in met:
                continue
            met.add(parent)
            left, is_read = self._offer(here, pending, parent, table, left)
            if not is_read:
                self.unread.add(parent)
                skipped.append(parent)
                parents += self._parents(parent, table)[::-1]
        if left:
            if id_ in self._timeline.cut:
                self.edges.add(id_)
            self._settle(id_, left, tuple(dict.fromkeys(skipped)))

    def _parents(self, id_: str, table: str) -> list[tuple[str, str]]:
        if id_ == WORKING_COPY:
            return [(start, table) for start in self._timeline.starts]
        return [(before.id, before.table) for before in self._origins.parents(id_, table)]

    def _offer(
        self, here: Held, pending: Pending, parent: str, table: str, groups: dict[str, dict[RowId, int]]
    ) -> tuple[dict[str, dict[RowId, int]], bool]:
        """Give a parent the cells that it has too; return the others, and whether it could be read as far as needed."""
        others = groups
        try:
            before = self._rows.held(parent, table)
            there = self._there(here, before, pending, table) if before is not None else None
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

    def _there(self, here: Held, before: Held, pending: Pending, table: str) -> Pending | None:
        """Return what columns and keys are called at a parent, with no rows yet; None where it has another key."""
        if not here.schema.key:
            # Without a key, a row is known by all of its cells.
            if set(before.schema.column_names) != set(here.schema.column_names):
                return None
            return Pending(table, pending.names, pending.columns, values=pending.values)
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
        if columns.retype:
            known = values or {p.id[0]: (p.id[0], p.key) for p in self._present.values()}
            wanted = {now: then for now, (_, then) in known.items()}
            values = retyped_keys(wanted, columns.names, before.schema)
        return Pending(table, columns.names, names, values=values)

    def _renames(self, here: Held, before: Held, pending: Pending, key: tuple[str, ...]) -> dict[str, str]:
        """Return old names of columns, told from the parts that hold one of the rows."""
        for part, rows in pending.parts.items():
            if part in before.parts:
                continue
            wanted = self._keys(pending, rows)
            found = self._rows.find(before, key, dict(list(wanted.items())[:1]))
            for one in found.values():
                return self._rows.renames(here, before, [part], [one.part])
        return {}

    def _keys(self, pending: Pending, rows: Collection[RowId]) -> dict[KeyId, tuple[object, ...]]:
        """Return the keys of rows as they are where the cells are pending."""
        if pending.values is None:
            return {id_[0]: self._present[id_].key for id_ in rows}
        return dict(pending.values[id_[0]] for id_ in rows if id_[0] in pending.values)

    def _compare(
        self,
        here: Held,
        before: Held,
        pending: Pending,
        there: Pending,
        groups: Mapping[str, dict[RowId, int]],
    ) -> tuple[dict[str, dict[RowId, int]], dict[str, dict[RowId, int]]]:
        """Return the cells that a parent has too, by its parts, and the others."""
        ids = [id_ for rows in groups.values() for id_ in rows]
        # A key that stands in a part of both moments is in no part of one of them only.
        found = self._rows.find(
            before, there.names, self._keys(there, ids), without=here.parts & before.parts
        )
        given: dict[str, dict[RowId, int]] = {}
        left: dict[str, dict[RowId, int]] = {}
        for part, rows in groups.items():
            for id_, bits in rows.items():
                key = id_[0] if there.values is None else there.values.get(id_[0], (id_[0], ()))[0]
                twin = found.get(key)
                same = self._same_bits(self._present[id_], twin.rows, there) & bits if twin is not None else 0
                if same and twin is not None:
                    given.setdefault(twin.part, {})[id_] = same
                if bits & ~same:
                    left.setdefault(part, {})[id_] = bits & ~same
        return given, left

    def _same_bits(self, present: Present, rows: Sequence[Row], there: Pending) -> int:
        """Return a bit for each column whose cell is the same there."""
        everything = (1 << len(self._names)) - 1
        if not present.is_alone or len(rows) > 1:
            # Rows of one key cannot be told apart but as wholes.
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

    def _hand_over(self, parent: str, there: Pending, groups: Mapping[str, dict[RowId, int]]) -> None:
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

    def _settle(self, id_: str, groups: Mapping[str, Mapping[RowId, int]], skipped: tuple[str, ...]) -> None:
        for rows in groups.values():
            for row, bits in rows.items():
                settled = self.blamed.setdefault(row, {})
                for place in range(len(self._names)):
                    if bits >> place & 1:
                        settled[place] = (id_, skipped)
