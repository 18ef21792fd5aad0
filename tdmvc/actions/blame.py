"""`blame`: who last changed each cell of a table's rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tdmvc.changes.key_words import parse_key
from tdmvc.changes.part_order import parts_in_order
from tdmvc.changes.row_lookup import KeyId, Row, first_rows, key_id
from tdmvc.errors import NotFoundError
from tdmvc.history.blame_walk import WORKING_COPY, BlameWalk, PresentRow
from tdmvc.history.past_rows import PastRows, TableSnapshot
from tdmvc.history.timeline import (
    Timeline,
    cut_notes,
    hidden_columns,
    looks_hidden,
    open_timeline,
    parse_history_reference,
    start_points,
    unread_note,
)
from tdmvc.model.history import BlamedCell, BlamedRow, BlameReport, HistoryPoint
from tdmvc.model.schema import TableSchema
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.tables import edited_tables, open_tables
from tdmvc.workspace.workspace import Workspace

DEFAULT_ROWS = 20


@dataclass(frozen=True, slots=True)
class BlameOptions:
    """Which cells to trace, and through which history."""

    key: Sequence[str] = ()
    """Words for the key of one row (see `changes.key_words`); empty means the first rows."""
    rows: int | None = DEFAULT_ROWS
    """The maximum number of rows, in key order; None means all. Memory: all of these rows."""
    columns: Sequence[str] = ()
    """The columns to trace; empty means all."""
    by_version: bool = False
    """Walk published versions instead of commits."""


def blame(workspace: Workspace, ref: str, table: str, options: BlameOptions | None = None) -> BlameReport:
    """Return the commit or version that gave each cell its current value.

    The rows are those of the working copy, with edits that were not added yet, or those of the
    revision or version that `ref` names. One walk from the newest point traces all rows, and it
    ends when the last one is traced. A part that two points share is not read.

    Raises:
        NotFoundError: no such dataset, table, column, revision or row.
        UsageError: the texts do not form a key of the table.
        PartError: current rows cannot be found.
    """
    options = options or BlameOptions()
    dataset, at = parse_history_reference(ref)
    timeline = open_timeline(workspace, dataset, at, by_version=options.by_version)
    report = _BlameRun(workspace, timeline, options, with_working_copy=at is None).run(table)
    workspace.store.index.save()
    return report


class _BlameRun:
    def __init__(
        self, workspace: Workspace, timeline: Timeline, options: BlameOptions, *, with_working_copy: bool
    ) -> None:
        self._workspace = workspace
        self._timeline = timeline
        self._with_working_copy = with_working_copy
        self._options = options
        self._rows = PastRows(workspace, timeline)

    def run(self, table: str) -> BlameReport:
        start, snapshot, total = self._start(table)
        schema = snapshot.schema
        hidden = hidden_columns(self._workspace, [table], schema.column_names)
        names = self._chosen(schema, self._options.columns)
        present = self._present_rows(snapshot, schema, hidden)
        self._rows.prepare(table)
        walk = BlameWalk(self._rows, present, names, schema)
        looked_at = walk.run(start, snapshot, self._workspace.on_progress)
        cells = (cell for row in present for cell in row.row.items())
        hidden |= looks_hidden(self._workspace, [table], cells)
        return BlameReport(
            self._timeline.dataset,
            table,
            self._timeline.dataset if self._with_working_copy else self._timeline.ref,
            names,
            schema.key,
            tuple(self._row(row, names, schema.key, walk) for row in present),
            total,
            hidden,
            looked_at,
            self._options.by_version,
            frozenset(walk.edges),
            tuple(self._notes(schema, walk)),
        )

    def _start(self, table: str) -> tuple[str, TableSnapshot, int | None]:
        """Return the newest point, the table there, and its number of rows if that is known."""
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
                snapshot = TableSnapshot(side.schema, frozenset(side.parts), side.locate, lambda part: True)
                return WORKING_COPY, snapshot, side.rows
            start = newest
        else:
            start = start_points(self._timeline, table)[0]
        found = self._rows.snapshot(start, table)
        if found is None:
            known = sorted(self._timeline.pointers(start))
            raise NotFoundError.named("table", table, known, where=self._timeline.ref)
        return start, found, self._count(start, table)

    def _count(self, id_: str, table: str) -> int | None:
        store = self._workspace.store
        listing = store.listing(self._timeline.pointers(id_)[table].object, table)
        if store.is_here(listing):
            return store.rows(listing, table)
        return None

    def _chosen(self, schema: TableSchema, columns: Sequence[str]) -> tuple[str, ...]:
        for name in columns:
            if schema.column(name) is None:
                raise NotFoundError.named("column", name, schema.column_names, where=schema.name)
        return tuple(name for name in schema.column_names if not columns or name in columns)

    def _present_rows(
        self,
        snapshot: TableSnapshot,
        schema: TableSchema,
        hidden: Collection[str],
    ) -> list[PresentRow]:
        key_texts, limit = self._options.key, self._options.rows
        names = schema.key or schema.column_names
        found: list[tuple[KeyId, tuple[object, ...], Row, str]] = []
        if key_texts:
            values = parse_key(key_texts, schema, hidden=hidden)
            for key, one in self._rows.find(snapshot, names, {key_id(values): values}).items():
                found += [(key, values, row, one.part) for row in one.rows]
            if not found:
                raise NotFoundError(
                    f"No row of {schema.name} has that key now.",
                    where=self._timeline.ref,
                    remedy=f"see whether it ever had: `tdmvc log {self._timeline.dataset} {schema.name} --key …`.",
                )
        else:
            paths = dict(zip(sorted(snapshot.parts), snapshot.locate(sorted(snapshot.parts)), strict=True))
            for part in parts_in_order(paths, names):
                # One extra row shows whether the last row's key repeats.
                left = None if limit is None else limit + 1 - len(found)
                if left is not None and left <= 0:
                    break
                found += [(*row, part) for row in first_rows(paths[part], names, left)]
        count: dict[KeyId, int] = {}
        for key, *_ in found:
            count[key] = count.get(key, 0) + 1
        seen: dict[KeyId, int] = {}
        present = []
        for key, values, row, part in found if limit is None or key_texts else found[:limit]:
            seen[key] = seen.get(key, -1) + 1
            present.append(PresentRow((key, seen[key]), values, row, part, count[key] == 1))
        return present

    def _row(
        self, present: PresentRow, names: Sequence[str], key: Sequence[str], walk: BlameWalk
    ) -> BlamedRow:
        settled = walk.blamed[present.id]
        cells = tuple(
            BlamedCell(name, present.row[name], self._point(settled[place][0]), settled[place][1])
            for place, name in enumerate(names)
        )
        return BlamedRow({name: present.row[name] for name in key}, cells)

    def _point(self, id_: str) -> HistoryPoint:
        return self._timeline.point(id_) if id_ != WORKING_COPY else HistoryPoint(WORKING_COPY, "")

    def _notes(self, schema: TableSchema, walk: BlameWalk) -> list[str]:
        notes = [note for note in cut_notes(self._timeline) if walk.edges]
        if not schema.key:
            notes.append(
                f"{schema.name} has no key, so a row is identified by all of its cells: any change makes it a new row."
            )
        if walk.unread:
            unread = unread_note(self._timeline, sorted(walk.unread))
            notes.append(f"{unread}: they may have changed the cells marked ?.")
        return notes
