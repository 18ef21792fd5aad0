"""From a key to the rows that a moment of history had under it: only parts that can hold it are opened."""

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
from tdmvc.store.objects import Listing
from tdmvc.store.parquet import read_order
from tdmvc.workspace.tables import table_schema
from tdmvc.workspace.workspace import Workspace

Wanted = Mapping[KeyId, Sequence[object]]
"""The values of keys, by what stands for them."""
_REMEMBERED = 64
"""Rows of so few keys are remembered part by part."""


@dataclass(frozen=True, slots=True)
class Held:
    """A table as one moment held it."""

    schema: TableSchema
    parts: frozenset[str]
    locate: Callable[[Sequence[str]], Sequence[Path]]
    """Return the files of parts, fetching what is missing in one go."""
    is_here: Callable[[str], bool]
    """Whether a part can be opened without fetching it."""

    def side(self, parts: Sequence[str]) -> TableSide:
        """Return some of the parts as one side of a comparison; its rows are not counted."""
        return TableSide(self.schema, tuple(parts), 0, self.locate)


@dataclass(frozen=True, slots=True)
class Found:
    """The rows under one key."""

    part: str
    rows: tuple[Row, ...]


@dataclass(slots=True)
class PastRows:
    """Finds rows by key at any moment of a timeline; remembers what it has opened."""

    workspace: Workspace
    timeline: Timeline
    opened: list[str] = field(default_factory=list)
    """The parts in which a key was looked for, in that order."""
    _held: dict[tuple[str, TableSchema | None, str], Held] = field(default_factory=dict)
    _memory: dict[tuple[str, tuple[str, ...]], dict[KeyId, tuple[Row, ...]]] = field(default_factory=dict)
    _nowhere: dict[str, TdmvcError] = field(default_factory=dict)

    def prepare(self, table: str) -> None:
        """Fetch every listing of a table that is not here, in one go; what no remote has is told later."""
        objects = self.workspace.store.objects
        missing = {
            pointer.object
            for id_ in self.timeline.order
            if (pointer := self.timeline.pointers(id_).get(table)) is not None
            and not objects.has(pointer.object)
        }
        if missing:
            self._fetch(missing, table)

    def held(self, id_: str, table: str) -> Held | None:
        """Return the table at a moment; None where it is not there.

        Raises:
            PartError: its listing is nowhere, or its pointer cannot be read.
        """
        fault = self.timeline.fault(id_, table)
        if fault is not None:
            raise PartError(f"The pointer of {table} cannot be read there: {fault}", where=id_[:10])
        pointer = self.timeline.pointers(id_).get(table)
        if pointer is None:
            return None
        declared = self.timeline.contract(id_).table(table)
        place = (pointer.object, declared, table)
        if place not in self._held:
            self._held[place] = self._open(id_, table, pointer)
        return self._held[place]

    def find(
        self, held: Held, names: Sequence[str], wanted: Wanted, *, without: Iterable[str] = ()
    ) -> dict[KeyId, Found]:
        """Return the rows that have one of the keys.

        A key is in one part only: those that are here are asked first, and others are fetched
        only for keys that are in none of them.

        Args:
            names: the key's columns there.
            without: parts that are known to hold none of the keys.

        Raises:
            PartError: a part is needed that is nowhere.
        """
        names = tuple(names)
        found: dict[KeyId, Found] = {}
        left = dict(wanted)
        parts = self._unknown(held.parts.difference(without), names, left, found)
        here = sorted(part for part in parts if held.is_here(part)) if left else []
        self._look(held, here, names, left, found)
        if left and len(here) < len(parts):
            away = sorted(set(parts).difference(here))
            self._check(away)
            try:
                held.locate(away)
            except StoreError as error:
                self._nowhere.update(dict.fromkeys(away, error))
                raise
            self._look(held, away, names, left, found)
        return found

    def renames(
        self, child: Held, parent: Held, new_parts: Sequence[str], old_parts: Sequence[str]
    ) -> dict[str, str]:
        """Return old names of renamed columns by new ones, told from a few parts of each side that meet in key."""
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
        found: dict[KeyId, Found],
    ) -> list[str]:
        """Return the parts in which not every key was looked for yet; take what is remembered of the others."""
        unknown = []
        for part in parts:
            known = self._memory.get((part, names))
            if known is None or not left.keys() <= known.keys():
                unknown.append(part)
                continue
            for key in [key for key in left if known[key]]:
                found[key] = Found(part, known[key])
                del left[key]
        return unknown

    def _look(
        self,
        held: Held,
        parts: Sequence[str],
        names: tuple[str, ...],
        left: dict[KeyId, Sequence[object]],
        found: dict[KeyId, Found],
    ) -> None:
        for part in parts:
            if not left:
                return
            for key, rows in self._rows_in(held, part, names, left).items():
                if rows:
                    found[key] = Found(part, rows)
                    left.pop(key, None)

    def _rows_in(
        self, held: Held, part: str, names: tuple[str, ...], wanted: Wanted
    ) -> Mapping[KeyId, tuple[Row, ...]]:
        known = self._memory.setdefault((part, names), {})
        asked = {key: values for key, values in wanted.items() if key not in known}
        if asked:
            self.opened.append(part)
            rows = find_rows(held.locate([part])[0], names, asked)
            if len(wanted) > _REMEMBERED:
                return known | rows
            known.update({key: rows.get(key, ()) for key in asked})
        return {key: known[key] for key in wanted}

    def _open(self, id_: str, table: str, pointer: Pointer) -> Held:
        store = self.workspace.store
        ref = f"{self.timeline.dataset}@{id_[:10]}"
        owner = f"{ref}/{table}"
        self._check([pointer.object])
        listing = store.listing(pointer.object, owner)
        contract = self.timeline.contract(id_)
        state = DatasetState(ref, DatasetConfig(self.timeline.dataset), contract, {table: pointer})
        schema = table_schema(self.workspace, state, table, listing)
        if not schema.key and contract.table(table) is None:
            schema = TableSchema(table, schema.columns, key=self._sorted_by(listing, schema))
        by_content = {entry.content: entry.md5 for entry in listing.entries}
        return Held(
            schema,
            frozenset(by_content),
            store.locate(listing, owner),
            lambda part: store.objects.has(by_content[part]),
        )

    def _sorted_by(self, listing: Listing, schema: TableSchema) -> tuple[str, ...]:
        """Return the key that the parts were sorted by, where no contract names one."""
        objects = self.workspace.store.objects
        here = next((entry.md5 for entry in listing.entries if objects.has(entry.md5)), None)
        order = read_order(str(objects.verified(here, schema.name))) if here is not None else ()
        names = schema.column_names
        return order if set(order) < set(names) else ()

    def _check(self, names: Iterable[str]) -> None:
        """Ask no remote a second time for what it does not have."""
        for name in names:
            if name in self._nowhere:
                raise self._nowhere[name]

    def _fetch(self, objects: set[str], table: str) -> None:
        store = self.workspace.store
        owner = f"{self.timeline.dataset}/{table}"
        try:
            absent = store.fetch(objects, owner) if store.config.remotes else objects
        except StoreError as error:
            self._nowhere.update(dict.fromkeys(objects, error))
            return  # whoever needs one of them is told why
        missing = {oid: PartError.missing(oid, owner, store.looked_in()) for oid in absent}
        self._nowhere.update(missing)
