"""Rows by key at any history point, reading only the parts that can contain the key."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tdmvc.changes.renames import find_column_renames
from tdmvc.changes.row_lookup import KeyId, Row, find_rows
from tdmvc.errors import PartError, StoreError, TdmvcError
from tdmvc.history.timeline import Timeline
from tdmvc.model.dataset import DatasetConfig, DatasetState, Pointer
from tdmvc.model.diff import TableSide
from tdmvc.model.schema import TableSchema
from tdmvc.model.text import short_commit
from tdmvc.store.objects import Listing
from tdmvc.store.parquet import read_order
from tdmvc.workspace.tables import table_schema
from tdmvc.workspace.workspace import Workspace

Wanted = Mapping[KeyId, Sequence[object]]
"""The values of each key, by its id."""
_MOST_CACHED_KEYS = 64
"""Rows are cached for each part only if a caller asks for at most this many keys."""


@dataclass(frozen=True, slots=True)
class TableSnapshot:
    """A table at one history point."""

    schema: TableSchema
    parts: frozenset[str]
    locate: Callable[[Sequence[str]], Sequence[Path]]
    """Returns the files of parts; missing ones are fetched together."""
    is_here: Callable[[str], bool]
    """Returns whether a part is in the cache."""

    def side(self, parts: Sequence[str]) -> TableSide:
        """Return some of the parts as one side of a comparison, with its rows not counted."""
        return TableSide(self.schema, tuple(parts), 0, self.locate)


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """The rows that one part has under a key."""

    part: str
    rows: tuple[Row, ...]


@dataclass(slots=True)
class PastRows:
    """Finds rows by key at any point of a timeline, and caches what it has read."""

    workspace: Workspace
    timeline: Timeline
    opened: list[str] = field(default_factory=list)
    """The parts that were searched, in order."""
    _snapshots: dict[tuple[str, TableSchema | None, str], TableSnapshot] = field(default_factory=dict)
    _cached: dict[tuple[str, tuple[str, ...]], dict[KeyId, tuple[Row, ...]]] = field(default_factory=dict)
    _unavailable: dict[str, TdmvcError] = field(default_factory=dict)

    def prepare(self, table: str) -> None:
        """Fetch all missing listings of a table at once; one that no remote has is an error only when needed."""
        objects = self.workspace.store.objects
        missing = {
            pointer.object
            for id_ in self.timeline.order
            if (pointer := self.timeline.pointers(id_).get(table)) is not None
            and not objects.has(pointer.object)
        }
        if missing:
            self._fetch(missing, table)

    def snapshot(self, id_: str, table: str) -> TableSnapshot | None:
        """Return the table at a history point, or None if it did not exist there.

        Raises:
            PartError: its listing is missing everywhere, or its pointer cannot be read.
        """
        fault = self.timeline.fault(id_, table)
        if fault is not None:
            raise PartError(
                f"The pointer of {table} cannot be read at this commit: {fault}", where=short_commit(id_)
            )
        pointer = self.timeline.pointers(id_).get(table)
        if pointer is None:
            return None
        declared = self.timeline.contract(id_).table(table)
        place = (pointer.object, declared, table)
        if place not in self._snapshots:
            self._snapshots[place] = self._open(id_, table, pointer)
        return self._snapshots[place]

    def find(
        self, snapshot: TableSnapshot, names: Sequence[str], wanted: Wanted, *, without: Iterable[str] = ()
    ) -> dict[KeyId, KeyMatch]:
        """Return the rows that have one of the keys.

        Each key is in one part only. The cached parts are searched first; other parts are
        fetched only for keys that none of these contains.

        Args:
            names: the key columns at that point.
            without: parts that are known to contain none of the keys.

        Raises:
            PartError: a part that is needed is missing everywhere.
        """
        names = tuple(names)
        found: dict[KeyId, KeyMatch] = {}
        left = dict(wanted)
        parts = self._unknown(snapshot.parts.difference(without), names, left, found)
        here = sorted(part for part in parts if snapshot.is_here(part)) if left else []
        self._search(snapshot, here, names, left, found)
        if left and len(here) < len(parts):
            away = sorted(set(parts).difference(here))
            self._check(away)
            try:
                snapshot.locate(away)
            except StoreError as error:
                self._unavailable.update(dict.fromkeys(away, error))
                raise
            self._search(snapshot, away, names, left, found)
        return found

    def renames(
        self, child: TableSnapshot, parent: TableSnapshot, new_parts: Sequence[str], old_parts: Sequence[str]
    ) -> dict[str, str]:
        """Return the old name of each renamed column by its new name, from parts of both sides that share keys."""
        before, after = set(parent.schema.column_names), set(child.schema.column_names)
        if before <= after or after <= before or not new_parts or not old_parts:
            return {}
        found = find_column_renames(
            lambda: self.workspace.engine, parent.side(old_parts), child.side(new_parts), old_parts, new_parts
        )
        return {rename.new: rename.old for rename in found}

    def _unknown(
        self,
        parts: Iterable[str],
        names: tuple[str, ...],
        left: dict[KeyId, Sequence[object]],
        found: dict[KeyId, KeyMatch],
    ) -> list[str]:
        """Return the parts that still have to be searched for a key, and take cached rows from the others."""
        unknown = []
        for part in parts:
            known = self._cached.get((part, names))
            if known is None or not left.keys() <= known.keys():
                unknown.append(part)
                continue
            for key in [key for key in left if known[key]]:
                found[key] = KeyMatch(part, known[key])
                del left[key]
        return unknown

    def _search(
        self,
        snapshot: TableSnapshot,
        parts: Sequence[str],
        names: tuple[str, ...],
        left: dict[KeyId, Sequence[object]],
        found: dict[KeyId, KeyMatch],
    ) -> None:
        for part in parts:
            if not left:
                return
            for key, rows in self._rows_in(snapshot, part, names, left).items():
                if rows:
                    found[key] = KeyMatch(part, rows)
                    left.pop(key, None)

    def _rows_in(
        self, snapshot: TableSnapshot, part: str, names: tuple[str, ...], wanted: Wanted
    ) -> Mapping[KeyId, tuple[Row, ...]]:
        known = self._cached.setdefault((part, names), {})
        requested = {key: values for key, values in wanted.items() if key not in known}
        if requested:
            self.opened.append(part)
            rows = find_rows(snapshot.locate([part])[0], names, requested)
            if len(wanted) > _MOST_CACHED_KEYS:
                return known | rows
            known.update({key: rows.get(key, ()) for key in requested})
        return {key: known[key] for key in wanted}

    def _open(self, id_: str, table: str, pointer: Pointer) -> TableSnapshot:
        store = self.workspace.store
        ref = f"{self.timeline.dataset}@{short_commit(id_)}"
        owner = f"{ref}/{table}"
        self._check([pointer.object])
        listing = store.listing(pointer.object, owner)
        contract = self.timeline.contract(id_)
        state = DatasetState(ref, DatasetConfig(self.timeline.dataset), contract, {table: pointer})
        schema = table_schema(self.workspace, state, table, listing)
        if not schema.key and contract.table(table) is None:
            schema = TableSchema(table, schema.columns, key=self._sorted_by(listing, schema))
        by_content = {entry.content: entry.md5 for entry in listing.entries}
        return TableSnapshot(
            schema,
            frozenset(by_content),
            store.locate(listing, owner),
            lambda part: store.objects.has(by_content[part]),
        )

    def _sorted_by(self, listing: Listing, schema: TableSchema) -> tuple[str, ...]:
        """Return the key by which the parts are sorted; used if no contract names one."""
        objects = self.workspace.store.objects
        here = next((entry.md5 for entry in listing.entries if objects.has(entry.md5)), None)
        order = read_order(str(objects.verified(here, schema.name))) if here is not None else ()
        names = schema.column_names
        return order if set(order) < set(names) else ()

    def _check(self, names: Iterable[str]) -> None:
        """Raise at once for objects that an earlier fetch did not find."""
        for name in names:
            if name in self._unavailable:
                raise self._unavailable[name]

    def _fetch(self, objects: set[str], table: str) -> None:
        store = self.workspace.store
        owner = f"{self.timeline.dataset}/{table}"
        try:
            absent = store.transfer.fetch(objects, owner) if store.config.remotes else objects
        except StoreError as error:
            self._unavailable.update(dict.fromkeys(objects, error))
            return  # raised again when one of them is needed
        missing = {oid: store.transfer.not_here(oid, owner) for oid in absent}
        self._unavailable.update(missing)
