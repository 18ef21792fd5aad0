"""`log --key`: every commit or version that changed one row, with its cells before and after."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tdmvc.changes.key_words import parse_key
from tdmvc.changes.row_lookup import whole_row_steps
from tdmvc.errors import NotFoundError, StoreError
from tdmvc.history.past_rows import PastRows
from tdmvc.history.row_trace import KeyQuery, RowState, RowTrace
from tdmvc.history.timeline import (
    Span,
    Timeline,
    cut_notes,
    first_versions,
    hidden_columns,
    looks_hidden,
    open_timeline,
    parse_history_reference,
    read_span,
    start_points,
    unread_note,
)
from tdmvc.model.history import CellStep, RowEvent, RowHistory, RowStep
from tdmvc.model.options import LogOptions
from tdmvc.model.schema import TableSchema
from tdmvc.model.text import plural, short_commit
from tdmvc.workspace.workspace import Workspace


def log_row(
    workspace: Workspace,
    ref: str,
    table: str,
    key: Sequence[str],
    options: LogOptions | None = None,
) -> RowHistory:
    """Return every commit or version that changed the row with a key, newest first.

    A merge that took one side's row is not listed; the commit that changed the row is. Cost: one
    `git log`, and one read of each part that can contain the key.

    Args:
        key: the texts of the key (see `changes.key_words`).

    Raises:
        NotFoundError: no such dataset or table, or no row ever had that key.
        UsageError: the texts do not form a key of the table, or a date is empty.
    """
    dataset, at = parse_history_reference(ref)
    options = options or LogOptions()
    timeline = open_timeline(workspace, dataset, at, by_version=options.by_version)
    walk = _RowWalk(workspace, timeline, read_span(workspace, options))
    history = walk.run(table, key)
    workspace.store.index.save()
    return history


class _RowWalk:
    def __init__(self, workspace: Workspace, timeline: Timeline, span: Span) -> None:
        self._workspace = workspace
        self._timeline = timeline
        self._span = span
        self._rows = PastRows(workspace, timeline)
        self._trace = RowTrace(self._rows)
        self._listed = frozenset(timeline.order)

    def run(self, table: str, texts: Sequence[str]) -> RowHistory:
        timeline = self._timeline
        starts = start_points(timeline, table)
        self._trace.tables.add(table)
        self._rows.prepare(table)
        schema = self._schema_of_key(starts, table)
        hidden = hidden_columns(self._workspace, [table], schema.column_names)
        values = parse_key(texts, schema, hidden=hidden)
        query = KeyQuery(table, schema.key, values)
        key = dict(zip(schema.key, values, strict=True))
        steps, looked_at, is_cut, was_there = self._walk(starts, query)
        if not steps and not was_there:
            raise self._never(table, key, hidden, looked_at)
        if self._span.oldest_first:
            steps.reverse()
        return RowHistory(
            timeline.dataset,
            table,
            key,
            tuple(self._with_versions(steps)),
            hidden_columns(
                self._workspace, self._trace.tables, self._trace.columns | set(schema.column_names)
            )
            | looks_hidden(self._workspace, self._trace.tables, _cells(key, steps)),
            looked_at,
            is_cut,
            tuple(self._all_notes(steps)),
        )

    def _walk(self, starts: Sequence[str], query: KeyQuery) -> tuple[list[RowStep], int, bool, bool]:
        """Return the steps, how many points were examined, whether more may follow, and whether a row was found."""
        timeline, span = self._timeline, self._span
        wanted = dict.fromkeys(starts, query)
        steps: list[RowStep] = []
        looked_at, was_there = 0, False
        for place, id_ in enumerate(timeline.order):
            if not wanted:
                break
            if id_ not in wanted:
                continue
            if span.most is not None and len(steps) >= span.most:
                return steps, looked_at, True, True
            self._workspace.on_progress(f"log of {query.table}", place, len(timeline.order), "commits")
            here_query = wanted.pop(id_)
            if span.is_too_old(timeline.seconds(id_)):
                continue
            looked_at += 1
            try:
                here = self._trace.look_up(id_, here_query)
            except StoreError as error:
                self._trace.unread[id_] = error.what
                for before in self._trace.origin_states(id_, here_query)[0]:
                    self._follow(before, wanted)
                continue
            was_there = was_there or bool(here.rows)
            origin_states, unread = self._trace.origin_states(id_, here.query)
            same = next((before for before in origin_states if self._trace.is_same(before, here)), None)
            if same is not None:
                self._follow(same, wanted)
                continue
            if origin_states or unread or id_ not in timeline.cut:
                step = self._step(here, origin_states, unread)
                if step is not None and span.is_listed(timeline.seconds(id_)):
                    steps.append(step)
            for before in origin_states:
                self._follow(before, wanted)
        return steps, looked_at, False, was_there

    def _follow(self, before: RowState, wanted: dict[str, KeyQuery]) -> None:
        if before.id in self._listed and not before.other_key:
            wanted.setdefault(before.id, before.query)

    def _step(
        self, here: RowState, origin_states: Sequence[RowState], unread: tuple[str, ...]
    ) -> RowStep | None:
        """Return what happened to the row at a point that differs from all its parents; None if there is no row."""
        before = next((one for one in origin_states if one.rows), origin_states[0] if origin_states else None)
        rows = before.rows if before is not None else ()
        if not rows and not here.rows:
            return None
        notes = [
            f"the table had a different key before ({one.other_key}), so the row cannot be followed further"
            for one in origin_states
            if one.other_key
        ]
        cells: tuple[CellStep, ...] = ()
        if not rows or before is None:
            event = RowEvent.ADDED
            cells = whole_row_steps(here.rows[0], is_added=True)
        elif not here.rows:
            event = RowEvent.REMOVED
            cells = whole_row_steps(rows[0], is_added=False)
        else:
            event = RowEvent.CHANGED
            cells = self._trace.cells(before, here) if len(rows) == len(here.rows) == 1 else ()
        state = here if here.rows or before is None else before
        several = max(len(rows), len(here.rows))
        if several > 1:
            notes.append(
                f"the key is not unique: {len(rows)} rows had it before, {len(here.rows)} have it after"
            )
        renamed = self._trace.origins.renames.get((here.id, here.query.table))
        if renamed is not None:
            notes.append(f"the table was called {renamed} before")
        elif event is RowEvent.ADDED and origin_states and all(one.snapshot is None for one in origin_states):
            notes.append(f"the table first appears here, under the name {here.query.table}")
        elif event is RowEvent.REMOVED and here.snapshot is None:
            notes.append("the whole table was removed")
        return RowStep(
            self._timeline.point(here.id),
            event,
            here.query.table,
            dict(zip(state.query.names, state.query.values or (), strict=True)),
            cells,
            several,
            unread,
            notes=tuple(notes),
        )

    def _schema_of_key(self, starts: Sequence[str], table: str) -> TableSchema:
        """Return the table's schema at the newest point that can be read."""
        ids = [*starts, *(parent for id_ in starts for parent in self._timeline.parents(id_))]
        ids += [id_ for id_ in self._timeline.order if id_ not in ids]
        for id_ in ids:
            try:
                snapshot = self._rows.snapshot(id_, table)
            except StoreError:
                declared = self._timeline.contract(id_).table(table)
                if declared is not None:
                    return declared
                continue
            if snapshot is not None:
                return snapshot.schema
        raise NotFoundError(
            f"This clone has no rows of {table} from any point of its history.",
            where=self._timeline.ref,
            remedy="run `tdmvc pull`, or ask whoever added the rows to run `tdmvc push`.",
        )

    def _never(
        self, table: str, key: dict[str, object], hidden: frozenset[str], looked_at: int
    ) -> NotFoundError:
        shown_key = (
            "that key"
            if hidden & key.keys()
            else "the key "
            + ", ".join(f"{name}={'NULL' if value is None else value}" for name, value in key.items())
        )
        noun = "version" if self._timeline.point(self._timeline.order[0]).is_version else "commit"
        unread = f"; the rows of {len(self._trace.unread)} of them are not here" if self._trace.unread else ""
        where = f"{self._timeline.ref}, {plural(looked_at, noun)} that changed the table{unread}"
        remedy = f"look at the rows: tdmvc sql 'select * from {table}' --at {self._timeline.ref}."
        if self._timeline.cut:
            remedy = "this is a shallow clone; get the older history with `git fetch --unshallow`."
        return NotFoundError(f"No row of {table} ever had {shown_key}.", where=where, remedy=remedy)

    def _with_versions(self, steps: Sequence[RowStep]) -> list[RowStep]:
        if any(step.point.is_version for step in steps):
            return list(steps)
        marks = first_versions(self._workspace, self._timeline.dataset)
        found = []
        for step in steps:
            pointer = self._timeline.pointers(step.point.id).get(step.table)
            found.append(replace(step, version=marks.get(pointer.object) if pointer is not None else None))
        return found

    def _all_notes(self, steps: Sequence[RowStep]) -> list[str]:
        notes = cut_notes(self._timeline)
        if self._trace.unread:
            first = next(iter(self._trace.unread))
            name = f"{self._timeline.dataset}@{first if len(first) < 40 else short_commit(first)}"
            notes.append(
                f"{unread_note(self._timeline, list(self._trace.unread))}; "
                f"to fetch them from a remote, run `tdmvc pull {name}`."
            )
        return notes


def _cells(key: Mapping[str, object], steps: Sequence[RowStep]) -> Iterator[tuple[str, object]]:
    """Yield all cells that the history of a row shows, by column."""
    yield from key.items()
    for step in steps:
        yield from step.key.items()
        for cell in step.cells:
            yield cell.column, cell.old
            yield cell.column, cell.new
