"""`log --key`: each moment that changed one row, with what was there before and after."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.changes.key_words import parse_key
from tdmvc.changes.row_steps import whole_row_steps
from tdmvc.errors import NotFoundError, StoreError
from tdmvc.history.past_rows import PastRows
from tdmvc.history.row_trace import Asked, RowTrace, Seen
from tdmvc.history.timeline import (
    Span,
    Timeline,
    cut_notes,
    first_versions,
    hidden_columns,
    moments_with,
    open_timeline,
    parse_history_reference,
)
from tdmvc.model.history import CellStep, RowEvent, RowHistory, RowStep
from tdmvc.model.schema import TableSchema
from tdmvc.workspace.workspace import Workspace


def log_row(
    workspace: Workspace,
    ref: str,
    table: str,
    key: Sequence[str],
    *,
    span: Span | None = None,
    by_version: bool = False,
) -> RowHistory:
    """Return every moment that changed the row with a key, newest first.

    A merge that took one side's row is none of them; the moment that made it is. Cost: what
    Git tells of all commits, and the parts that can hold the key, each opened once.

    Args:
        key: words for the key (see `changes.key_words`).

    Raises:
        NotFoundError: no such dataset or table, or no moment had a row with that key.
        UsageError: the words are no key of the table.
    """
    dataset, at = parse_history_reference(ref)
    timeline = open_timeline(workspace, dataset, at, by_version=by_version)
    walk = _Walk(workspace, timeline, span or Span())
    history = walk.run(table, key)
    workspace.store.index.save()
    return history


class _Walk:
    def __init__(self, workspace: Workspace, timeline: Timeline, span: Span) -> None:
        self._workspace = workspace
        self._timeline = timeline
        self._span = span
        self._rows = PastRows(workspace, timeline)
        self._trace = RowTrace(self._rows)
        self._listed = frozenset(timeline.order)

    def run(self, table: str, words: Sequence[str]) -> RowHistory:
        timeline = self._timeline
        starts = moments_with(timeline, table)
        self._trace.tables.add(table)
        self._rows.prepare(table)
        schema = self._schema_of_key(starts, table)
        hidden = hidden_columns(self._workspace, [table], schema.column_names)
        values = parse_key(words, schema, hidden=hidden)
        asked = Asked(table, schema.key, values)
        key = dict(zip(schema.key, values, strict=True))
        steps, looked_at, is_cut, was_there = self._walk(starts, asked)
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
            ),
            looked_at,
            is_cut,
            tuple(self._all_notes(steps)),
        )

    def _walk(self, starts: Sequence[str], asked: Asked) -> tuple[list[RowStep], int, bool, bool]:
        """Return the steps, how many moments were looked at, whether more may follow, whether a row was seen."""
        timeline, span = self._timeline, self._span
        wanted = dict.fromkeys(starts, asked)
        steps: list[RowStep] = []
        looked_at, was_there = 0, False
        for place, id_ in enumerate(timeline.order):
            if not wanted:
                break
            if id_ not in wanted:
                continue
            if span.most is not None and len(steps) >= span.most:
                return steps, looked_at, True, True
            self._workspace.report(f"log of {asked.table}", place, len(timeline.order), "commits")
            here_asked = wanted.pop(id_)
            if span.is_too_old(timeline.seconds(id_)):
                continue
            looked_at += 1
            try:
                here = self._trace.see(id_, here_asked)
            except StoreError as error:
                self._trace.unread[id_] = error.what
                for before in self._trace.befores(id_, here_asked)[0]:
                    self._follow(before, wanted)
                continue
            was_there = was_there or bool(here.rows)
            befores, unread = self._trace.befores(id_, here.asked)
            same = next((before for before in befores if self._trace.is_same(before, here)), None)
            if same is not None:
                self._follow(same, wanted)
                continue
            if befores or unread or id_ not in timeline.cut:
                step = self._step(here, befores, unread)
                if step is not None and span.is_told(timeline.seconds(id_)):
                    steps.append(step)
            for before in befores:
                self._follow(before, wanted)
        return steps, looked_at, False, was_there

    def _follow(self, before: Seen, wanted: dict[str, Asked]) -> None:
        if before.id in self._listed and not before.lost:
            wanted.setdefault(before.id, before.asked)

    def _step(self, here: Seen, befores: Sequence[Seen], unread: tuple[str, ...]) -> RowStep | None:
        """Return what happened at a moment that is like none before it; None where there is no row at all."""
        before = next((one for one in befores if one.rows), befores[0] if befores else None)
        rows = before.rows if before is not None else ()
        if not rows and not here.rows:
            return None
        notes = [
            f"the table's key was another before ({one.lost}), so the row cannot be followed further"
            for one in befores
            if one.lost
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
        seen = here if here.rows or before is None else before
        several = max(len(rows), len(here.rows))
        if several > 1:
            notes.append(f"the key repeats: {len(rows)} rows had it before, {len(here.rows)} have it after")
        renamed = self._trace.origins.renames.get((here.id, here.asked.table))
        if renamed is not None:
            notes.append(f"the table was called {renamed} before")
        elif event is RowEvent.ADDED and befores and all(one.held is None for one in befores):
            notes.append(f"the table begins here under the name {here.asked.table}")
        elif event is RowEvent.REMOVED and here.held is None:
            notes.append("the whole table went")
        return RowStep(
            self._timeline.moment(here.id),
            event,
            here.asked.table,
            dict(zip(seen.asked.names, seen.asked.values or (), strict=True)),
            cells,
            several,
            unread,
            notes=tuple(notes),
        )

    def _schema_of_key(self, starts: Sequence[str], table: str) -> TableSchema:
        """Return what the table looks like at the newest moment that can be read."""
        ids = [*starts, *(parent for id_ in starts for parent in self._timeline.parents(id_))]
        ids += [id_ for id_ in self._timeline.order if id_ not in ids]
        for id_ in ids:
            try:
                held = self._rows.held(id_, table)
            except StoreError:
                declared = self._timeline.contract(id_).table(table)
                if declared is not None:
                    return declared
                continue
            if held is not None:
                return held.schema
        raise NotFoundError(
            f"No rows of {table} are here, at any moment of its history.",
            where=self._timeline.ref,
            remedy="run `tdmvc pull`, or ask whoever added them to run `tdmvc push`.",
        )

    def _never(
        self, table: str, key: dict[str, object], hidden: frozenset[str], looked_at: int
    ) -> NotFoundError:
        said = (
            "that key"
            if hidden & key.keys()
            else "the key "
            + ", ".join(f"{name}={'NULL' if value is None else value}" for name, value in key.items())
        )
        noun = "version" if self._timeline.moment(self._timeline.order[0]).is_version else "commit"
        unread = f"; the rows of {len(self._trace.unread)} of them are not here" if self._trace.unread else ""
        where = (
            f"{self._timeline.ref}, {looked_at} {noun}{'s' if looked_at != 1 else ''} that touched it{unread}"
        )
        remedy = f"ask for it: tdmvc sql 'select * from {table}' --at {self._timeline.ref}"
        if self._timeline.cut:
            remedy = "this is a shallow clone: `git fetch --unshallow` brings the older history."
        return NotFoundError(f"No row of {table} ever had {said}.", where=where, remedy=remedy)

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
            name = f"{self._timeline.dataset}@{first if len(first) < 40 else first[:10]}"
            count = len(self._trace.unread)
            notes.append(
                f"The rows of {count} moment{'s' if count != 1 else ''} are not here "
                f"({', '.join(id_[:10] for id_ in list(self._trace.unread)[:4])}{', …' if count > 4 else ''}); "
                f"`tdmvc pull {name}` brings them, where a remote has them."
            )
        return notes
