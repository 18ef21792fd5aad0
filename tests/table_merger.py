"""Merges tables made of rows, through the real store, and reads the result."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tdmvc.actions.init import init
from tdmvc.arrow.values import python_values
from tdmvc.merging.tables import MergedTable, merge_states
from tdmvc.model.dataset import DatasetConfig, DatasetState, Pointer
from tdmvc.model.merge import UNDECIDED, Resolutions
from tdmvc.model.schema import Contract, TableSchema
from tdmvc.store.build import BuildOptions, build_table
from tdmvc.store.objects import Listing
from tdmvc.workspace.workspace import Workspace

TABLE = "orders"
Row = Mapping[str, object]


@dataclass(frozen=True)
class Rows:
    """A table as one side has it."""

    schema: TableSchema
    rows: Sequence[Row]


class TableMerger:
    """Merges tables of one dataset; its store is shared by all merges."""

    def __init__(self, workspace: Workspace, part_rows: int = 4) -> None:
        self._workspace = workspace
        self._part_rows = part_rows

    def merge(
        self, base: Rows | None, ours: Rows | None, theirs: Rows | None, resolutions: Resolutions = UNDECIDED
    ) -> MergedTable:
        """Merge three states of a table."""
        states = [
            self.state(side, name) for side, name in ((base, "base"), (ours, "ours"), (theirs, "theirs"))
        ]
        merged = merge_states(self._workspace, *states, resolutions={TABLE: resolutions})
        return merged[TABLE]

    def state(self, side: Rows | None, ref: str) -> DatasetState:
        """Build a state of the dataset in the store."""
        config = DatasetConfig("golden", part_rows=self._part_rows)
        if side is None:
            return DatasetState(ref, config, Contract(), {})
        listing = self.listing(side)
        self._workspace.store.objects.put_listing(listing)
        size = self._workspace.store.size_bytes(listing)
        pointer = Pointer(TABLE, listing.object, size, len(listing.entries), folder=TABLE)
        return DatasetState(ref, config, Contract({TABLE: side.schema}), {TABLE: pointer})

    def listing(self, side: Rows) -> Listing:
        """Cut rows into parts, as `add` does."""
        con = self._workspace.engine
        arrays = [pa.array([row[c.name] for row in side.rows], c.type) for c in side.schema.columns]
        con.register("merger_rows", pa.table(arrays, schema=side.schema.arrow_schema()))
        try:
            built = build_table(
                con,
                "SELECT * FROM merger_rows",
                side.schema,
                self._workspace.store,
                options=BuildOptions(part_rows=self._part_rows),
            )
        finally:
            con.unregister("merger_rows")
        return built.listing

    def size_bytes(self, listing: Listing) -> int:
        return self._workspace.store.size_bytes(listing)

    def read(self, listing: Listing) -> list[dict[str, object]]:
        """Return all rows of a table, in no order."""
        rows: list[dict[str, object]] = []
        for path in self._workspace.store.parts(listing, "test"):
            table = pq.ParquetFile(path).read()
            columns = {name: python_values(table.column(name)) for name in table.column_names}
            rows += [{name: values[i] for name, values in columns.items()} for i in range(table.num_rows)]
        return rows


@contextmanager
def open_table_merger(folder: Path, part_rows: int = 4) -> Iterator[TableMerger]:
    """Make a repository in a folder and merge in it."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    init(folder)
    with Workspace.open(folder) as workspace:
        workspace.engine.execute("SET threads = 1")
        yield TableMerger(workspace, part_rows)
        # Hypothesis keeps what a test was given, and DuckDB complains of connections that outlive the interpreter.
        del workspace.engine
