"""Writes the parts of a merged table: merged rows between parts that are reused."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.batches import cast_batches
from tdmvc.changes.merge.key_ranges import KeyedPart
from tdmvc.changes.merge.plan import MergedContents, TableMergePlan, WholePart
from tdmvc.model.merge import Side
from tdmvc.model.schema import TableSchema
from tdmvc.sql.quoting import quote_names, scan_parquet
from tdmvc.store.build import BuildOptions, build_table
from tdmvc.store.built import BuiltTable, KnownPart
from tdmvc.store.cutting import DEFAULT_PART_ROWS
from tdmvc.store.objects import Listing
from tdmvc.store.splice import ReusedPart, SpliceItem, splice_table
from tdmvc.workspace.workspace import Workspace, timed_as


@timed_as("build parts")
def write_merged(
    workspace: Workspace, plan: TableMergePlan, listings: Mapping[Side, Listing], part_rows: int | None
) -> Listing:
    """Write the new parts of a merged table to the store, and return its listing."""
    contents, schema = plan.contents, plan.merge.schema
    assert contents is not None
    assert schema is not None
    writer = _Writer(workspace, contents, schema, listings, part_rows or DEFAULT_PART_ROWS)
    built = writer.spliced() if contents.ordered is not None else writer.rebuilt()
    for md5, rows in built.part_rows.items():
        workspace.store.index.remember_rows(md5, rows)
    return built.listing


class _Writer:
    def __init__(
        self,
        workspace: Workspace,
        contents: MergedContents,
        schema: TableSchema,
        listings: Mapping[Side, Listing],
        part_rows: int,
    ) -> None:
        self._workspace = workspace
        self._contents = contents
        self._schema = schema
        self._part_rows = part_rows
        self._md5 = {e.content: e.md5 for listing in listings.values() for e in listing.entries}
        self._known: dict[str, KnownPart] = {}
        for listing in listings.values():
            self._known |= workspace.store.known_parts(listing)

    def spliced(self) -> BuiltTable:
        """Split the merged rows into parts between those that are reused."""
        contents = self._contents
        key_ranges = contents.ordered or []

        def following(number: int) -> list[ReusedPart]:
            after = key_ranges[number + 1] if number + 1 < len(key_ranges) else None
            return [self._reused(span) for span in contents.shared_between(key_ranges[number], after)]

        return splice_table(
            (self._pieces(pieces) for _, pieces in contents.key_ranges()),
            following,
            [self._shared(content) for content in contents.shared],
            self._schema,
            self._workspace.store,
            options=self._options(),
        )

    def rebuilt(self) -> BuiltTable:
        """Sort and split all rows again, because the order of rows allows no reuse of parts."""
        with self._contents.query() as query:
            shared = self._contents.shared_paths()
            if shared:
                names = quote_names(self._schema.column_names)
                query += f" UNION ALL SELECT {names} FROM {scan_parquet(shared)}"
            return build_table(
                self._workspace.engine,
                query,
                self._schema,
                self._workspace.store,
                options=self._options(),
            )

    def _options(self) -> BuildOptions:
        return BuildOptions(self._known, self._part_rows, self._workspace.on_progress)

    def _pieces(self, pieces: Iterable[WholePart | pa.RecordBatch]) -> Iterator[SpliceItem]:
        for piece in pieces:
            if isinstance(piece, WholePart):
                yield self._reused(piece.span, is_closed=piece.is_closed)
            else:
                yield from cast_batches(iter([piece]), self._schema.arrow_schema())

    def _reused(self, span: KeyedPart, *, is_closed: bool = True) -> ReusedPart:
        return ReusedPart(span.content, self._known[span.content], span.rows, span.path, is_closed)

    def _shared(self, content: str) -> ReusedPart:
        """Return a part that all sides have; only its name is needed, so it may be missing here."""
        store, md5 = self._workspace.store, self._md5[content]
        known = self._known.get(content) or KnownPart(md5, 0)
        return ReusedPart(content, known, store.index.rows(md5) or 0, Path(store.objects.path(md5)))
