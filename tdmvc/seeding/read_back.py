"""Reads rows back out of the database in the transaction that loaded them, and compares them with the dataset."""

from dataclasses import replace

import pyarrow as pa

from tdmvc.changes.diff import diff_table
from tdmvc.databases.base import DatabaseTarget
from tdmvc.errors import DatabaseError, format_names
from tdmvc.model.diff import TableDiff, TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.location import Location
from tdmvc.model.options import DiffOptions
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeedMode
from tdmvc.model.source import ArrowScan, SourceTable, SqlScan
from tdmvc.model.text import plural
from tdmvc.seeding.plan import SeedPlan, TablePlan
from tdmvc.seeding.rows import rename_rows
from tdmvc.sql.quoting import quote_name, quote_names
from tdmvc.store.build import BuildOptions, BuiltTable, PartSink, build_table
from tdmvc.store.cutting import DEFAULT_PART_ROWS
from tdmvc.store.ingest import prepare_ingest
from tdmvc.workspace.edits import FolderSink
from tdmvc.workspace.tables import side_relation
from tdmvc.workspace.workspace import Workspace


class _NoSink:
    """Forgets parts: only their content hashes are needed."""

    def put(self, name: str, data: bytes) -> str:
        return ""


def verify_rows(
    workspace: Workspace, target: DatabaseTarget, plan: SeedPlan, location: Location
) -> list[Finding]:
    """Make sure that the database returns the rows of the dataset, by their content hash.

    With `upsert` and `append`, only rows whose keys the dataset has are read. Cost: all rows are read and sorted.

    Returns:
        The tables whose rows cannot be told from others.

    Raises:
        DatabaseError: they differ; it names tables and columns, and no value.
    """
    snapshot = target.snapshot()
    wrong: list[str] = []
    findings: list[Finding] = []
    for table in plan.tables:
        assert table.target is not None
        if plan.seeded.mode is not SeedMode.REPLACE and not table.side.schema.key:
            findings.append(_not_verified(plan, table))
            continue
        [source] = snapshot.read_tables([table.target.name])
        source = _as_dataset(source, table)
        built = _build(workspace, plan, table, source, _NoSink())
        if built.listing.content != plan.seeded.content_of(table.name):
            wrong.append(_describe(workspace, plan, table, source))
    if wrong:
        raise DatabaseError(
            f"The database returns other rows than {plan.seeded.ref} has. Nothing was written.",
            details=wrong,
            where=str(location),
            remedy="make the types of these columns in the database hold the values exactly, and look for triggers "
            "and rules that change rows; or seed without --verify.",
        )
    return findings


def _not_verified(plan: SeedPlan, table: TablePlan) -> Finding:
    return Finding(
        "not-verified",
        Severity.INFO,
        f"{table.name} has no key that tells its rows from those that were there: only their number was compared.",
        plan.seeded.name,
        table.name,
    )


def _as_dataset(source: SourceTable, table: TablePlan) -> SourceTable:
    """Return what the database returns with the dataset's names, and without columns that the dataset lacks."""
    back = {target: own for own, target in table.columns.items()}
    columns = tuple(replace(c, name=back[c.name]) for c in source.schema.columns if c.name in back)
    schema = TableSchema(table.name, columns)
    scan = source.scan
    if isinstance(scan, SqlScan):
        chosen = ", ".join(f"{quote_name(target)} AS {quote_name(own)}" for target, own in back.items())
        scan = replace(scan, query=f"SELECT {chosen} FROM ({scan.query})")
    else:
        scan = ArrowScan(lambda opened=scan: _chosen(opened.open(), back))  # type: ignore[misc]
    forms = {back[name]: form for name, form in source.text_forms.items() if name in back}
    # An engine that lacks a type of the dataset has a wider one: the question is whether the values are the same.
    return replace(source, schema=schema, scan=scan, text_forms=forms, declares_types=False)


def _chosen(rows: pa.RecordBatchReader, back: dict[str, str]) -> pa.RecordBatchReader:
    names = [name for name in rows.schema.names if name in back]
    schema = pa.schema([rows.schema.field(name) for name in names])
    batches = (
        pa.RecordBatch.from_arrays([batch.column(name) for name in names], schema=schema) for batch in rows
    )
    return rename_rows(pa.RecordBatchReader.from_batches(schema, batches), back)


def _build(
    workspace: Workspace, plan: SeedPlan, table: TablePlan, source: SourceTable, sink: PartSink
) -> BuiltTable:
    """Build the parts that adding the rows to the dataset would make."""
    key = table.side.schema.key
    with prepare_ingest(workspace.engine, table.name, [source], table.side.schema, key=key) as ingest:
        query = ingest.query
        if plan.seeded.mode is not SeedMode.REPLACE and key:
            keys = " AND ".join(
                f"read.{quote_name(name)} IS NOT DISTINCT FROM own.{quote_name(name)}" for name in key
            )
            own = f"(SELECT {quote_names(key)} FROM {side_relation(table.side)})"
            query = f"SELECT read.* FROM ({query}) read SEMI JOIN {own} own ON {keys}"
        return build_table(
            workspace.engine,
            query,
            ingest.schema,
            sink,
            options=BuildOptions(
                part_rows=plan.seeded.state.config.part_rows or DEFAULT_PART_ROWS,
                on_progress=lambda what, done, total, unit: workspace.on_progress(
                    f"{what}: read back", done, table.side.rows, unit
                ),
            ),
        )


def _describe(workspace: Workspace, plan: SeedPlan, table: TablePlan, source: SourceTable) -> str:
    """Return in what a table differs: columns, with the number of cells."""
    folder = workspace.temporary_folder()
    built = _build(workspace, plan, table, source, FolderSink(folder))
    paths = {entry.content: folder / entry.name for entry in built.listing.entries}
    schema = table.side.schema
    back = TableSide(schema, tuple(paths), built.rows, lambda names: [paths[name] for name in names])
    return _differences(
        diff_table(lambda: workspace.engine, table.side, back, options=DiffOptions(sample_rows=0))
    )


def _differences(diff: TableDiff) -> str:
    rows = diff.rows
    words = [
        f"{plural(count, 'row')} {what}"
        for count, what in ((rows.added, "more"), (rows.removed, "missing"), (rows.changed, "changed"))
        if count
    ]
    cells = [f"{name} ({plural(count, 'cell')})" for name, count in diff.columns.items()]
    text = ", ".join(words) or "its types or the text of its values differ"
    return f"{diff.name}: {text}" + (f"; columns {format_names(cells, 8)}" if cells else "")
