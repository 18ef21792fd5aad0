"""`blame`: who last changed each cell of a table's rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tdmvc.actions.history import cut_notes, hidden_columns, moments_with
from tdmvc.actions.past_rows import Held, Origins, PastRows, key_before, retyped_keys
from tdmvc.actions.states import resolve_state
from tdmvc.actions.tables import edited_tables, open_tables
from tdmvc.actions.timeline import Timeline, open_timeline, parse_history_reference
from tdmvc.actions.workspace import Workspace
from tdmvc.changes.key_words import parse_key
from tdmvc.changes.part_order import parts_in_order
from tdmvc.changes.row_lookup import KeyId, Row, first_rows, key_id
from tdmvc.changes.same_value import same_value
from tdmvc.errors import NotFoundError, StoreError
from tdmvc.model.history import BlamedCell, BlamedRow, BlameReport, Moment
from tdmvc.model.schema import TableSchema

DEFAULT_ROWS = 20
WORKING_COPY = ""
"""The id of the moment that is not committed, or not published, yet."""


def blame(
    workspace: Workspace,
    ref: str,
    table: str,
    *,
    key: Sequence[str] = (),
    rows: int | None = DEFAULT_ROWS,
    columns: Sequence[str] = (),
    by_version: bool = False,
) -> BlameReport:
    """Return the moment that gave each cell its present value.

    Rows are those of the working copy, edits that nobody has added included, or those of the
    revision or version that `ref` names. One walk from the newest moment; a row that is
    settled is not looked for any more, and the walk ends with the last of them. A part that
    two moments share is opened for neither.

    Args:
        key: words for the key of one row (see `changes.key_words`); empty means the first rows.
        rows: at most so many rows, in key order; None means all. Memory: all rows asked for.
        columns: only cells of these columns; empty means all.

    Raises:
        NotFoundError: no such dataset, table, column, revision or row.
        UsageError: the words are no key of the table.
        PartError: present rows are nowhere.
    """
    dataset, at = parse_history_reference(ref)
    timeline = open_timeline(workspace, dataset, at, by_version=by_version)
    peel = _Peel(workspace, timeline, with_working_copy=at is None, by_version=by_version)
    report = peel.run(table, key, rows, columns)
    workspace.store.index.save()
    return report


RowId = tuple[KeyId, int]
"""A row: its key, and which of those that have this key it is."""


@dataclass(frozen=True, slots=True)
class _Present:
    """A row as it is now."""

    id: RowId
    key: tuple[object, ...]
    row: Row
    part: str
    is_alone: bool = True
    """Whether no other row has its key."""


@dataclass
class _Pending:
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


class _Peel:
    def __init__(
        self, workspace: Workspace, timeline: Timeline, *, with_working_copy: bool, by_version: bool
    ) -> None:
        self._workspace = workspace
        self._timeline = timeline
        self._with_working_copy = with_working_copy
        self._by_version = by_version
        self._rows = PastRows(workspace, timeline)
        self._origins = Origins(self._rows)
        self._listed = frozenset(timeline.order)
        self._pending: dict[str, _Pending] = {}
        self._present: dict[RowId, _Present] = {}
        self._names: tuple[str, ...] = ()
        self._json: frozenset[str] = frozenset()
        self._blamed: dict[RowId, dict[int, tuple[str, tuple[str, ...]]]] = {}
        self._edges: set[str] = set()
        self._unread: set[str] = set()

    def run(self, table: str, key: Sequence[str], limit: int | None, columns: Sequence[str]) -> BlameReport:
        start, held, total = self._start(table)
        schema = held.schema
        self._json = frozenset(column.name for column in schema.columns if column.is_json)
        hidden = hidden_columns(self._workspace, [table], schema.column_names)
        self._names = self._chosen(schema, columns)
        for present in self._present_rows(held, schema, key, limit, hidden):
            self._present[present.id] = present
        self._rows.prepare(table)
        everything = (1 << len(self._names)) - 1
        pending = _Pending(
            table, schema.key or schema.column_names, dict(zip(self._names, self._names, strict=True))
        )
        for present in self._present.values():
            pending.parts.setdefault(present.part, {})[present.id] = everything
        self._pending[start] = pending
        looked_at = self._walk(start, held)
        boundaries = frozenset(self._edges)
        return BlameReport(
            self._timeline.dataset,
            table,
            self._timeline.dataset if self._with_working_copy else self._timeline.ref,
            self._names,
            schema.key,
            tuple(self._row(present, schema.key) for present in self._present.values()),
            total,
            hidden,
            looked_at,
            self._by_version,
            boundaries,
            tuple(self._notes(schema, boundaries)),
        )

    def _start(self, table: str) -> tuple[str, Held, int | None]:
        """Return the newest moment, the table there, and its number of rows where that is known."""
        if self._with_working_copy:
            state = resolve_state(self._workspace, self._timeline.dataset)
            edits = edited_tables(self._workspace, state)
            newest = self._timeline.starts[0] if self._timeline.starts else None
            pointer = state.pointers.get(table)
            last = self._timeline.pointers(newest).get(table) if newest is not None else None
            is_same = pointer is not None and last is not None and pointer.object == last.object
            if table in edits or not is_same or newest is None:
                sides = open_tables(self._workspace, state, only={table}, with_edits=table in edits)
                if table not in sides:
                    raise NotFoundError.named("table", table, sorted(state.pointers), where=state.ref)
                side = sides[table]
                held = Held(side.schema, frozenset(side.parts), side.locate, lambda part: True)
                return WORKING_COPY, held, side.rows
            start = newest
        else:
            start = moments_with(self._timeline, table)[0]
        found = self._rows.held(start, table)
        if found is None:
            known = sorted(self._timeline.pointers(start))
            raise NotFoundError.named("table", table, known, where=self._timeline.ref)
        return start, found, self._count(start, table)

    def _count(self, id_: str, table: str) -> int | None:
        store = self._workspace.store
        listing = store.listing(self._timeline.pointers(id_)[table].object, table)
        if all(store.objects.has(entry.md5) for entry in listing.entries):
            return store.rows(listing, table)
        return None

    def _chosen(self, schema: TableSchema, columns: Sequence[str]) -> tuple[str, ...]:
        for name in columns:
            if schema.column(name) is None:
                raise NotFoundError.named("column", name, schema.column_names, where=schema.name)
        return tuple(name for name in schema.column_names if not columns or name in columns)

    def _present_rows(
        self,
        held: Held,
        schema: TableSchema,
        words: Sequence[str],
        limit: int | None,
        hidden: Collection[str],
    ) -> list[_Present]:
        names = schema.key or schema.column_names
        found: list[tuple[KeyId, tuple[object, ...], Row, str]] = []
        if words:
            values = parse_key(words, schema, hidden=hidden)
            for key, one in self._rows.find(held, names, {key_id(values): values}).items():
                found += [(key, values, row, one.part) for row in one.rows]
            if not found:
                raise NotFoundError(
                    f"No row of {schema.name} has that key now.",
                    where=self._timeline.ref,
                    remedy=f"`tdmvc log {self._timeline.dataset} {schema.name} --key …` tells whether it ever had.",
                )
        else:
            paths = dict(zip(sorted(held.parts), held.locate(sorted(held.parts)), strict=True))
            for part in parts_in_order(paths, names):
                left = None if limit is None else limit - len(found)
                if left is not None and left <= 0:
                    break
                found += [(*row, part) for row in first_rows(paths[part], names, left)]
        count: dict[KeyId, int] = {}
        for key, *_ in found:
            count[key] = count.get(key, 0) + 1
        seen: dict[KeyId, int] = {}
        present = []
        for key, values, row, part in found:
            seen[key] = seen.get(key, -1) + 1
            present.append(_Present((key, seen[key]), values, row, part, count[key] == 1))
        return present

    def _walk(self, start: str, held: Held) -> int:
        """Go from moment to moment until every cell is settled; return how many were looked at."""
        order = [start, *self._timeline.order] if start == WORKING_COPY else list(self._timeline.order)
        looked_at = 0
        for place, id_ in enumerate(order):
            if not self._pending:
                break
            pending = self._pending.pop(id_, None)
            if pending is None:
                continue
            looked_at += 1
            self._workspace.report("blame", place, len(order), "commits")
            self._pass_on(id_, pending, held if id_ == WORKING_COPY else None)
        for id_, pending in self._pending.items():
            # Beyond the range that was asked for.
            self._edges.add(id_)
            self._settle(id_, pending.parts, ())
        self._pending.clear()
        return looked_at

    def _pass_on(self, id_: str, pending: _Pending, held: Held | None) -> None:
        """Give each cell to the first parent that has the same; settle what none has."""
        here = held or self._rows.held(id_, pending.table)
        assert here is not None  # only moments that were read get cells
        skipped: list[str] = []
        left = pending.parts
        for parent, table in self._parents(id_, pending.table):
            if not left:
                break
            left = self._offer(here, pending, parent, table, left, skipped)
        if left:
            if id_ in self._timeline.cut:
                self._edges.add(id_)
            self._settle(id_, left, tuple(dict.fromkeys(skipped)))

    def _parents(self, id_: str, table: str) -> list[tuple[str, str]]:
        if id_ == WORKING_COPY:
            return [(start, table) for start in self._timeline.starts]
        return [(before.id, before.table) for before in self._origins.parents(id_, table)]

    def _offer(
        self,
        here: Held,
        pending: _Pending,
        parent: str,
        table: str,
        groups: dict[str, dict[RowId, int]],
        skipped: list[str],
    ) -> dict[str, dict[RowId, int]]:
        """Give a parent the cells that it has too, and return the others; a parent that cannot be read is passed by."""
        try:
            before = self._rows.held(parent, table)
            if before is None:
                return groups
            shared = {part: rows for part, rows in groups.items() if part in before.parts}
            others = {part: rows for part, rows in groups.items() if part not in before.parts}
            there = self._there(here, before, pending, table)
            if there is None:
                return groups
            if shared:
                self._hand_over(parent, there, shared)
            if not others:
                return {}
        except StoreError:
            others, shared = groups, {}
            return self._look_through(here, pending, parent, table, others, skipped)
        try:
            given, left = self._compare(here, before, pending, there, others)
        except StoreError:
            return self._look_through(here, pending, parent, table, others, skipped)
        if given:
            self._hand_over(parent, there, given)
        return left

    def _look_through(
        self,
        here: Held,
        pending: _Pending,
        parent: str,
        table: str,
        groups: dict[str, dict[RowId, int]],
        skipped: list[str],
    ) -> dict[str, dict[RowId, int]]:
        self._unread.add(parent)
        skipped.append(parent)
        for further, name in self._parents(parent, table):
            if groups:
                groups = self._offer(here, pending, further, name, groups, skipped)
        return groups

    def _there(self, here: Held, before: Held, pending: _Pending, table: str) -> _Pending | None:
        """Return what columns and keys are called at a parent, with no rows yet; None where it has another key."""
        if not here.schema.key:
            # Without a key, a row is known by all of its cells.
            if set(before.schema.column_names) != set(here.schema.column_names):
                return None
            return _Pending(table, pending.names, pending.columns, values=pending.values)
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
        return _Pending(table, columns.names, names, values=values)

    def _renames(self, here: Held, before: Held, pending: _Pending, key: tuple[str, ...]) -> dict[str, str]:
        """Return old names of columns, told from the parts that hold one of the rows."""
        for part, rows in pending.parts.items():
            if part in before.parts:
                continue
            wanted = self._keys(pending, rows)
            found = self._rows.find(before, key, dict(list(wanted.items())[:1]))
            for one in found.values():
                return self._rows.renames(here, before, [part], [one.part])
        return {}

    def _keys(self, pending: _Pending, rows: Collection[RowId]) -> dict[KeyId, tuple[object, ...]]:
        """Return the keys of rows as they are where the cells are pending."""
        if pending.values is None:
            return {id_[0]: self._present[id_].key for id_ in rows}
        return dict(pending.values[id_[0]] for id_ in rows if id_[0] in pending.values)

    def _compare(
        self,
        here: Held,
        before: Held,
        pending: _Pending,
        there: _Pending,
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

    def _same_bits(self, present: _Present, rows: Sequence[Row], there: _Pending) -> int:
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

    def _hand_over(self, parent: str, there: _Pending, groups: Mapping[str, dict[RowId, int]]) -> None:
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
                settled = self._blamed.setdefault(row, {})
                for place in range(len(self._names)):
                    if bits >> place & 1:
                        settled[place] = (id_, skipped)

    def _row(self, present: _Present, key: tuple[str, ...]) -> BlamedRow:
        settled = self._blamed[present.id]
        cells = tuple(
            BlamedCell(name, present.row[name], self._moment(settled[place][0]), settled[place][1])
            for place, name in enumerate(self._names)
        )
        return BlamedRow({name: present.row[name] for name in key}, cells)

    def _moment(self, id_: str) -> Moment:
        return self._timeline.moment(id_) if id_ != WORKING_COPY else Moment(WORKING_COPY, "")

    def _notes(self, schema: TableSchema, boundaries: Collection[str]) -> list[str]:
        notes = [note for note in cut_notes(self._timeline) if boundaries]
        if not schema.key:
            notes.append(
                f"{schema.name} has no key: a row is told by all of its cells, and new when one changed."
            )
        if self._unread:
            names = ", ".join(sorted(id_[:10] for id_ in self._unread)[:4])
            notes.append(
                f"The rows of {len(self._unread)} moment{'s' if len(self._unread) != 1 else ''} are not here "
                f"({names}{', …' if len(self._unread) > 4 else ''}): cells marked ? may be theirs."
            )
        return notes
