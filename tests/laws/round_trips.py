"""One table through a database and back, for laws: what comes back differently was refused or reported before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from tdmvc.arrow.values import python_rows
from tdmvc.databases.base import TableToWrite
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeedMode
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.store.ingest import prepare_ingest
from tests.databases.conformance.access import content_of, open_snapshot, open_target, to_write
from tests.databases.conformance.engines.base import Database

Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table of a dataset with its rows."""

    schema: TableSchema
    rows: pa.Table

    @property
    def source(self) -> SourceTable:
        return SourceTable(
            self.schema, ArrowScan(self.rows.to_reader), "a dataset", is_keyed=True, declares_types=True
        )


def dataset_of(schema: TableSchema, rows: Rows) -> Dataset:
    """Return a table with rows."""
    return Dataset(schema, to_write(schema, rows).read().read_all())


def read_as_dataset(con: DuckDBConnection, source: SourceTable) -> Dataset:
    """Return what `add` takes of a table."""
    with prepare_ingest(con, source.schema.name, [source], None) as ingest:
        rows = con.sql(ingest.query).to_arrow_table().cast(ingest.schema.arrow_schema())
    return Dataset(ingest.schema, rows)


@dataclass(frozen=True, slots=True)
class Trip:
    """What became of a table."""

    findings: tuple[Finding, ...]
    is_refused: bool
    """Whether an error stopped it before a row was written."""
    unreported: tuple[str, ...] = ()
    """What came back differently without a word, for people."""


def round_trips(database: Database, con: DuckDBConnection, datasets: Sequence[Dataset]) -> dict[str, Trip]:
    """Seed tables as the contract says, in one transaction, read them again, and return what became of each, by name.

    Those that exist are loaded as they are; the others are made.
    """
    by_name = {dataset.schema.name: dataset for dataset in datasets}
    with open_target(database, con) as target:
        target.lock(list(by_name))
        known = target.read_catalog()
        made = target.create_tables(
            [to_write_table(one) for name, one in by_name.items() if name not in known], []
        )
        target.lock(list(by_name))
        catalog = target.read_catalog()
        findings = {name: [one for one in made if one.table == name] for name in by_name}
        refused = set()
        for name, dataset in by_name.items():
            if name not in catalog:
                assert any(one.severity is Severity.ERROR for one in findings[name]), f"{name} was not made"
                refused.add(name)
                continue
            table = to_write_table(dataset)
            findings[name] += target.check_columns(table, catalog[name].schema)
            if any(one.severity is Severity.ERROR for one in findings[name]):
                refused.add(name)
        loaded = [name for name in by_name if name not in refused]
        target.clear(loaded)
        for name in loaded:
            counts = target.load(to_write_table(by_name[name]), catalog[name].schema, SeedMode.REPLACE)
            assert counts.inserted == by_name[name].rows.num_rows
        target.finish(loaded)
        target.commit()
    trips = {name: Trip(tuple(findings[name]), True) for name in refused}
    with open_snapshot(database, con) as snapshot:
        for source in snapshot.read_tables(loaded):
            name = source.schema.name
            # As `seed --verify` compares: an engine that lacks a type of the dataset has a wider one.
            source = replace(source, declares_types=False)
            unreported = tuple(_differences(con, by_name[name], source, findings[name]))
            trips[name] = Trip(tuple(findings[name]), False, unreported)
    return trips


def to_write_table(dataset: Dataset) -> TableToWrite:
    """Return a dataset as engines take it, in small batches."""
    return TableToWrite(dataset.schema, lambda: dataset.rows.to_reader(max_chunksize=3))


def _differences(
    con: DuckDBConnection, dataset: Dataset, source: SourceTable, findings: Sequence[Finding]
) -> list[str]:
    """Return what differs in columns that no finding names."""
    schema, content = content_of(source, con, dataset.schema)
    old_schema, old_content = content_of(dataset.source, con, dataset.schema)
    if content == old_content and schema.arrow_schema() == old_schema.arrow_schema():
        return []
    found = [
        name
        for name in dataset.schema.column_names
        if not any(_is_named(name, finding) for finding in findings)
    ]
    missing = [f"{name} is missing" for name in found if schema.column(name) is None]
    retyped = [
        f"{name} became {new.type_text} instead of {old.type_text}"
        for name in found
        if (new := schema.column(name)) and (old := dataset.schema.column(name)) and new.type != old.type
    ]
    if missing or retyped:
        return missing + retyped
    with prepare_ingest(con, source.schema.name, [source], dataset.schema) as ingest:
        rows = con.sql(ingest.query).to_arrow_table().cast(ingest.schema.arrow_schema())
    was, now = _sorted(dataset.rows.select(found)), _sorted(rows.select(found))
    return [f"{old:.200} became {new:.200}" for old, new in zip(was, now, strict=False) if old != new] or (
        [] if len(was) == len(now) else [f"{len(was)} rows became {len(now)}"]
    )


def _is_named(column: str, finding: Finding) -> bool:
    return column in finding.columns or column in finding.message


def _sorted(rows: pa.Table) -> list[str]:
    return sorted(repr(row) for row in python_rows(rows))
