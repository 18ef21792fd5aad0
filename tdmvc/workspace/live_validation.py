"""Validates the rows of a live database against a contract."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from tdmvc.databases import Snapshot
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.database_names import TableNames, match_columns
from tdmvc.model.dataset import DatasetState
from tdmvc.model.diff import TableSide
from tdmvc.model.location import Location
from tdmvc.model.schema import Contract, TableSchema
from tdmvc.model.selection import named_tables
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.model.validation import ValidationReport
from tdmvc.workspace.contract_files import open_contract
from tdmvc.workspace.live_state import open_live_database
from tdmvc.workspace.validation import ValidationRequest, read_contract_for, read_contract_of, validate_sides
from tdmvc.workspace.workspace import Workspace

_PUBLIC = "public"
"""The schema of PostgreSQL whose tables are named without it."""
_BATCH_ROWS = 10_000
_GROUP_ROWS = 100_000
"""Rows that are held in memory before they are written."""


def validate_database(
    workspace: Workspace, location: Location, state: DatasetState | None, request: ValidationRequest
) -> ValidationReport:
    """Validate the rows of a database, as it is at one moment.

    Cost: the tables of the contract, or those that are asked for and what their rules need, are copied to a
    temporary folder, in bounded memory.

    Args:
        state: whose contract is meant, unless the request names a file.

    Raises:
        ConfigError: the contract is wrong; the line is named.
        DatabaseError: the database cannot be reached or read.
        NotFoundError: the contract has no such table, or the database has one in a schema that is not read.
        UsageError: there is no contract.
    """
    if request.contract is not None:
        opened = open_contract(workspace, request.contract)
        contract = opened.path, opened.found
    elif state is not None:
        contract = read_contract_of(workspace, state)
    else:
        raise UsageError(
            "There is no contract to validate the database against.",
            remedy="name a dataset, or a contract with --contract FILE.",
        )
    declared = contract[1].contract
    request = replace(request, tables=named_tables(request.tables, declared.tables, contract[0]))
    folder = workspace.temporary_folder()
    with workspace.timed("read"), open_live_database(workspace, location, _schemas(declared)) as snapshot:
        sides = {
            name: _copied(workspace, source, declared.tables[name], folder)
            for name, source in _found(snapshot, declared, request, str(location)).items()
        }
    if request.contract is not None:
        contract = read_contract_for(workspace, request.contract, sides)
    # What was counted here is of no use later: nobody knows whether the rows are still the same.
    report = validate_sides(workspace, sides, contract, replace(request, is_full=True, keeps_counts=False))
    return replace(report, subject=str(location), undeclared=())


def _schemas(declared: Contract) -> tuple[str, ...]:
    """Return the schemas of the contract's tables, as far as their names have any: `sales` of `sales.orders`."""
    names = [name.rpartition(".")[0] or _PUBLIC for name in declared.tables]
    return tuple(dict.fromkeys(names)) if set(names) != {_PUBLIC} else ()


def _found(
    snapshot: Snapshot, declared: Contract, request: ValidationRequest, where: str
) -> Mapping[str, SourceTable]:
    """Return the tables of the database, or its views, by their names in the contract."""
    names, views = TableNames(snapshot.read_names()), TableNames(snapshot.read_relations())
    wanted = {}
    missing = []
    for table in declared.tables if _needs_all(declared, request) else request.tables:
        found = names.find(table) or views.find(table)
        if len(found) > 1:
            raise UsageError(
                f"The database has several tables that may be {table}: {', '.join(found)}.",
                remedy="name the schema in the URL: `?schema=NAME`.",
            )
        if found:
            wanted[table] = found[0]
        else:
            missing.append(table)
    if missing:
        _refuse_other_schemas(snapshot, missing, where)
    sources = snapshot.read_tables(list(wanted.values()))
    return dict(zip(wanted, sources, strict=True))


def _refuse_other_schemas(snapshot: Snapshot, missing: Sequence[str], where: str) -> None:
    """Raise an error if tables that are missing are in schemas that are not read: their rows would pass for absent."""
    known = {
        name.table: name.schema
        for name in snapshot.read_columns()
        if name.schema not in ("", *snapshot.schemas)
    }
    elsewhere = {table: known[table] for table in missing if table in known}
    if elsewhere:
        names = ", ".join(f"{schema}.{table}" for table, schema in elsewhere.items())
        schemas = ",".join(dict.fromkeys((*snapshot.schemas, *elsewhere.values())))
        raise NotFoundError(
            f"The schema {', '.join(snapshot.schemas)} has no table {', '.join(elsewhere)}, but there is {names}.",
            where=where,
            remedy=f"name the schemas in the URL: `?schema={schemas}`.",
        )


def _needs_all(declared: Contract, request: ValidationRequest) -> bool:
    """Whether rules may read tables that nobody asked for: references and queries do."""
    return not request.tables or any(
        not rule.columns or declared.tables[name].references
        for name in request.tables
        for rule in declared.tables[name].rules
    )


def _copied(workspace: Workspace, source: SourceTable, declared: TableSchema, folder: Path) -> TableSide:
    """Return a table with its rows in a temporary file."""
    names = match_columns(declared.column_names, source.schema.column_names)
    back = {found: own for own, found in names.items()}
    columns = tuple(replace(one, name=back.get(one.name, one.name)) for one in source.schema.columns)
    key = tuple(back.get(name, name) for name in source.schema.key) or declared.key
    known = {column.name for column in columns}
    schema = TableSchema(declared.name, columns, key if set(key) <= known else ())
    path = folder / f"{uuid4().hex}.parquet"
    arrow = schema.arrow_schema()
    rows = 0
    with pq.ParquetWriter(path, arrow, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in _batches(_opened(workspace, source), source.schema.column_names, arrow):
            waiting.append(batch)
            rows += batch.num_rows
            if sum(one.num_rows for one in waiting) >= _GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(waiting, arrow))
                waiting.clear()
            workspace.on_progress(f"{declared.name}: read", rows, None, "rows")
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting, arrow))
    parts = (path.stem,) if rows else ()
    return TableSide(schema, parts, rows, lambda wanted: [path for _ in wanted])


def _opened(workspace: Workspace, source: SourceTable) -> pa.RecordBatchReader:
    if isinstance(source.scan, ArrowScan):
        return source.scan.open()
    return workspace.engine.cursor().sql(source.scan.query).to_arrow_reader(_BATCH_ROWS)


def _batches(
    reader: pa.RecordBatchReader, names: Sequence[str], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Yield the rows with the named columns, in the types of a schema and under its names."""
    for batch in reader:
        arrays = [batch.column(name).cast(field.type) for name, field in zip(names, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
