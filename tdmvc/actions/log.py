"""`log`: every commit or version that changed a dataset or one of its tables, with counts of rows and cells."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tdmvc.changes.dataset import DatasetSide, diff_dataset
from tdmvc.errors import StoreError
from tdmvc.history.origins import Origins
from tdmvc.history.past_rows import PastRows
from tdmvc.history.timeline import (
    Span,
    Timeline,
    cut_notes,
    first_versions,
    open_timeline,
    parse_history_reference,
    read_span,
    start_points,
)
from tdmvc.model.dataset import DatasetState
from tdmvc.model.diff import TableDiff, TableSide, TableStatus
from tdmvc.model.history import HistoryEntry, HistoryReport, TableChange
from tdmvc.model.options import DiffOptions, LogOptions
from tdmvc.model.schema import TableSchema
from tdmvc.model.text import plural, short_commit
from tdmvc.workspace.tables import pointer_side, table_schema
from tdmvc.workspace.workspace import Workspace

TableState = tuple[str, TableSchema | None, str | None]
"""A table's state for comparison: its object, its schema in the contract, and why it cannot be read."""


def log(
    workspace: Workspace,
    ref: str,
    table: str | None = None,
    options: LogOptions | None = None,
) -> HistoryReport:
    """Return every commit or version that changed a dataset, or one table of it, newest first.

    A merge is listed if a table differs from all of its parents. Cost: one `git log`, and for
    each entry a diff of the parts that differ.

    Raises:
        NotFoundError: no such dataset or revision, or the table never existed.
        UsageError: a date is empty.
    """
    dataset, at = parse_history_reference(ref)
    options = options or LogOptions()
    timeline = open_timeline(workspace, dataset, at, by_version=options.by_version)
    history = _TableWalk(workspace, timeline, read_span(workspace, options)).run(table)
    workspace.store.index.save()
    return history


class _TableWalk:
    def __init__(self, workspace: Workspace, timeline: Timeline, span: Span) -> None:
        self._workspace = workspace
        self._timeline = timeline
        self._span = span
        self._rows = PastRows(workspace, timeline)
        self._origins = Origins(self._rows)
        self._uncounted_points = 0

    def run(self, table: str | None) -> HistoryReport:
        timeline, span = self._timeline, self._span
        wanted = dict.fromkeys(start_points(timeline, table), table) if table is not None else {}
        marks = first_versions(self._workspace, timeline.dataset) if table is not None else {}
        entries: list[HistoryEntry] = []
        looked_at, is_cut = 0, False
        for place, id_ in enumerate(timeline.order):
            if table is not None and id_ not in wanted:
                continue
            if span.most is not None and len(entries) >= span.most:
                is_cut = True
                break
            self._workspace.on_progress(f"log of {timeline.dataset}", place, len(timeline.order), "commits")
            if span.is_too_old(timeline.seconds(id_)):
                continue
            looked_at += 1
            name = wanted.pop(id_) if table is not None else None
            touched = self._touched(id_, [name] if name is not None else None)
            if name is not None:
                self._follow(id_, name, wanted, is_touched=bool(touched))
            if not span.is_listed(timeline.seconds(id_)) or id_ in timeline.cut:
                continue
            changes = self._changes(id_, touched)
            published = timeline.published(id_)
            if changes or (published and table is None):
                pointer = timeline.pointers(id_).get(name) if name is not None else None
                entries.append(
                    HistoryEntry(
                        timeline.point(id_),
                        changes,
                        published,
                        marks.get(pointer.object) if pointer is not None else None,
                    )
                )
        notes = cut_notes(timeline)
        if not timeline.order and self._workspace.git.head() is None:
            notes.append("There is no commit yet. To make one, run `git add -A && git commit`.")
        if self._uncounted_points:
            noun = "version" if timeline.point(timeline.order[0]).is_version else "commit"
            notes.append(
                f"The rows of {plural(self._uncounted_points, noun)} could not "
                "be counted; to fetch them from a remote, run `tdmvc pull DATASET@COMMIT`."
            )
        if span.oldest_first:
            entries.reverse()
        return HistoryReport(timeline.dataset, table, tuple(entries), looked_at, is_cut, tuple(notes))

    def _follow(self, id_: str, name: str, wanted: dict[str, str], *, is_touched: bool) -> None:
        """Continue with every parent; after a point that changed nothing, with one parent that has the same state."""
        here = self._state(id_, name)
        for origin in self._origins.parents(id_, name):
            if not is_touched and self._state(origin.id, origin.table) != here:
                continue
            wanted.setdefault(origin.id, origin.table)
            if not is_touched:
                return

    def _touched(self, id_: str, only: Collection[str] | None) -> list[str]:
        """Return the tables that differ from every parent."""
        parents = self._timeline.parents(id_)
        names = set(only or ())
        if only is None:
            names = set(self._timeline.pointers(id_)).union(*map(self._timeline.pointers, parents))
        return [
            name
            for name in sorted(names)
            if all(self._state(parent, name) != self._state(id_, name) for parent in parents)
            and (parents or self._state(id_, name) is not None)
        ]

    def _state(self, id_: str, table: str) -> TableState | None:
        fault = self._timeline.fault(id_, table)
        pointer = self._timeline.pointers(id_).get(table)
        if pointer is None and fault is None:
            return None
        declared = self._timeline.contract(id_).table(table) if fault is None else None
        return (pointer.object if pointer is not None else "", declared, fault)

    def _changes(self, id_: str, touched: Sequence[str]) -> tuple[TableChange, ...]:
        """Count what differs from the first parent."""
        if not touched:
            return ()
        parents = self._timeline.parents(id_)
        names = list(touched)
        if parents:
            # A renamed table is listed once, with both names.
            names += [origin.table for name in touched for origin in self._origins.parents(id_, name)[:1]]
        names = sorted(set(names))
        parent = parents[0] if parents else None
        try:
            return self._diff(id_, parent, names)
        except StoreError:
            pass  # some rows are nowhere; each table reports its own
        found: list[TableChange] = []
        for name in names:
            try:
                found.extend(self._diff(id_, parent, [name]))
            except StoreError as error:
                self._uncounted_points += 1
                found.append(self._uncounted(id_, parent, name, error.what))
        return tuple(found)

    def _uncounted(self, id_: str, parent: str | None, name: str, why: str) -> TableChange:
        is_before = parent is not None and name in self._timeline.pointers(parent)
        is_after = name in self._timeline.pointers(id_)
        status = TableStatus.CHANGED
        if is_before != is_after:
            status = TableStatus.ADDED if is_after else TableStatus.REMOVED
        return TableChange(name, status, missing=why)

    def _diff(self, id_: str, parent: str | None, names: Collection[str]) -> tuple[TableChange, ...]:
        for name in names:
            for one in (id_, parent):
                if one is not None and (fault := self._timeline.fault(one, name)) is not None:
                    raise StoreError(f"its pointer cannot be read: {fault}", where=short_commit(one))
        new = self._timeline.state(id_)
        old = self._timeline.state(parent) if parent is not None else None
        olds = self._sides(old, names, new.pointers)
        news = self._sides(new, names, old.pointers if old is not None else {})
        rules = new if new.config.diff or new.config.ignore or old is None else old
        diff = diff_dataset(
            lambda: self._workspace.engine,
            replace(rules.config, name=new.name),
            DatasetSide(old.ref if old is not None else "", olds),
            DatasetSide(new.ref, news),
            options=DiffOptions(sample_rows=0),
        )
        return tuple(_change(table) for table in diff.tables if table.is_changed)

    def _sides(
        self, state: DatasetState | None, names: Collection[str], others: Mapping[str, object]
    ) -> dict[str, TableSide]:
        if state is None:
            return {}
        sides = {}
        for name in names:
            pointer = state.pointers.get(name)
            if pointer is None:
                continue
            if name not in others:
                sides[name] = pointer_side(self._workspace, state, pointer)
                continue
            # Parts that both sides have are never read, so they need not be fetched.
            owner = f"{state.ref}/{name}"
            listing = self._workspace.store.listing(pointer.object, owner)
            sides[name] = TableSide(
                table_schema(self._workspace, state, name, listing),
                tuple(entry.content for entry in listing.entries),
                0,
                self._workspace.store.locate(listing, owner),
            )
        return sides


def _change(table: TableDiff) -> TableChange:
    rows = table.rows
    return TableChange(
        table.name,
        table.status,
        rows.added,
        rows.removed,
        rows.changed,
        dict(table.columns),
        table.schema,
        table.old_name,
    )
