"""Reads rows back out of the database in the transaction that loaded them, and compares them with the dataset."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
from tdmvc.seeding.rows import rename_columns, rename_rows, table_to_write
from tdmvc.sql.quoting import quote_name, quote_names
from tdmvc.store.build import BuildOptions, PartSink, build_table
from tdmvc.store.built import BuiltTable
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

    Values that a column writes in another form are compared with what the database's own cast makes of them.
    With `upsert` and `append`, only rows whose keys the dataset has are read. Cost: all rows are read and sorted,
    and those of tables with values in another form are written once more.

    Returns:
        The tables whose rows cannot be told from others, and the columns that have another form.

    Raises:
        DatabaseError: they differ; it names tables and columns, and no value.
    """
    wrong: list[str] = []
    findings: list[Finding] = []
    for table in plan.tables:
        if plan.seeded.mode is not SeedMode.REPLACE and not table.side.schema.key:
            findings.append(_not_verified(plan, table))
            continue
        difference, found = _ReadBack(workspace, target, plan, table).compare()
        findings += found
        wrong += [difference] if difference else []
    if wrong:
        raise DatabaseError(
            f"The database returns other rows than {plan.seeded.ref} has. Nothing was written.",
            details=wrong,
            where=str(location),
            remedy="make the types of these columns in the database hold the values exactly, and look for triggers "
            "and rules that change rows; or seed without --verify.",
        )
    return findings


@dataclass(frozen=True, slots=True)
class _ReadBack:
    """Compares one table."""

    workspace: Workspace
    target: DatabaseTarget
    plan: SeedPlan
    table: TablePlan

    @property
    def _schema(self) -> TableSchema:
        """The table of the database."""
        assert self.table.target is not None
        return self.table.target.schema

    def compare(self) -> tuple[str, list[Finding]]:
        """Return in what the rows differ, or nothing; and a finding if some have another form."""
        table, side = self.table, self.table.side
        [source] = self.target.snapshot().read_tables([self._schema.name])
        source = _as_dataset(source, table)
        built, _ = self._build(source, _NoSink(), side)
        if built.listing.content == self.plan.seeded.content_of(table.name):
            return "", []
        reformed = self._reformed_columns()
        if not reformed:
            return self._describe(side, self._read(source, side)), []
        rows = rename_columns(table_to_write(self.workspace, side), table.columns)
        cast = self._read(_as_dataset(self.target.cast_rows(rows, self._schema), table), None)
        back = self._read(source, cast)
        if cast.parts != back.parts:
            return self._describe(cast, back), []
        exact = [name for name in side.schema.column_names if name not in reformed]
        if changed := [name for name in exact if self._content(side, [name]) != self._content(back, [name])]:
            return f"{table.name}: columns {format_names(changed)}", []
        if self._content(side, exact) != self._content(back, exact):
            return f"{table.name}: values are in other rows; columns {format_names(exact)}", []
        return "", [_in_other_form(self.plan, table, reformed)]

    def _reformed_columns(self) -> list[str]:
        """Return the columns of the dataset with values that the database writes in another form."""
        # Values are looked at even if the dataset declares the type that the column has.
        undeclared = [replace(column, physical_type=None) for column in self.table.side.schema.columns]
        rows = table_to_write(self.workspace, self.table.side)
        rows = replace(rows, schema=rows.schema.with_columns(tuple(undeclared)))
        findings = self.target.check_columns(rename_columns(rows, self.table.columns), self._schema)
        found = {name for one in findings if one.severity is Severity.WARNING for name in one.columns}
        return [own for own, name in self.table.columns.items() if name in found]

    def _read(self, source: SourceTable, keys: TableSide | None) -> TableSide:
        """Return rows as parts in a temporary folder."""
        folder = self.workspace.temporary_folder()
        built, schema = self._build(source, FolderSink(folder), keys)
        paths = {entry.content: folder / entry.name for entry in built.listing.entries}
        return TableSide(schema, tuple(paths), built.rows, lambda names: [paths[name] for name in names])

    def _build(
        self, source: SourceTable, sink: PartSink, keys: TableSide | None
    ) -> tuple[BuiltTable, TableSchema]:
        """Build the parts that adding rows to the dataset would make.

        Args:
            keys: if others may have added rows, only those with the keys of this table are meant.
        """
        workspace, side = self.workspace, self.table.side
        key = side.schema.key
        with prepare_ingest(workspace.engine, self.table.name, [source], side.schema, key=key) as ingest:
            query = ingest.query
            if self.plan.seeded.mode is not SeedMode.REPLACE and key and keys is not None:
                match = " AND ".join(
                    f"read.{quote_name(name)} IS NOT DISTINCT FROM own.{quote_name(name)}" for name in key
                )
                own = f"(SELECT {quote_names(key)} FROM {side_relation(keys)})"
                query = f"SELECT read.* FROM ({query}) read SEMI JOIN {own} own ON {match}"
            return self._build_parts(query, ingest.schema, sink), ingest.schema

    def _build_parts(self, query: str, schema: TableSchema, sink: PartSink) -> BuiltTable:
        return build_table(
            self.workspace.engine,
            query,
            schema,
            sink,
            options=BuildOptions(
                part_rows=self.plan.seeded.state.config.part_rows or DEFAULT_PART_ROWS,
                on_progress=lambda what, done, total, unit: self.workspace.on_progress(
                    f"{what}: read back", done, self.table.side.rows, unit
                ),
            ),
        )

    def _content(self, side: TableSide, names: Sequence[str]) -> str:
        """Return the content hash of some columns."""
        if not names:
            return ""
        columns = [column for column in side.schema.columns if column.name in names]
        key = side.schema.key if set(side.schema.key) <= set(names) else ()
        schema = TableSchema(side.schema.name, tuple(columns), key)
        query = f"SELECT {quote_names(schema.column_names)} FROM {side_relation(side)}"
        listing = self._build_parts(query, schema, _NoSink()).listing
        return listing.content

    def _describe(self, expected: TableSide, back: TableSide) -> str:
        """Return in what a table differs: columns, with the number of cells."""
        options = DiffOptions(sample_rows=0)
        return _differences(diff_table(lambda: self.workspace.engine, expected, back, options=options))


def _in_other_form(plan: SeedPlan, table: TablePlan, names: Sequence[str]) -> Finding:
    return Finding(
        "verified-in-other-form",
        Severity.INFO,
        f"{format_names(names, 8)} of {table.name} {'was' if len(names) == 1 else 'were'} compared in the form in "
        "which the database writes the values.",
        plan.seeded.name,
        table.name,
        tuple(names),
    )


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
