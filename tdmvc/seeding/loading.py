"""Carries out a plan in an open transaction: locks, makes, clears, loads, checks and remembers."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tdmvc import __version__
from tdmvc.databases.base import DatabaseTarget, TableLoad, TableToWrite, TargetTable
from tdmvc.errors import DatabaseError
from tdmvc.model.database_names import TableNames, match_columns
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.location import Location
from tdmvc.model.seeding import (
    DatasetSeedReport,
    LoadMethod,
    SeededDataset,
    SeededTable,
    SeededTableReport,
    SeedMode,
    SeedOptions,
    WrittenRows,
)
from tdmvc.seeding.columns import check_columns
from tdmvc.seeding.held_references import find_held, remember_held
from tdmvc.seeding.methods import TableMethod, choose_methods
from tdmvc.seeding.plan import SeedPlan, TablePlan
from tdmvc.seeding.protection import cannot_take
from tdmvc.seeding.references import judge_references
from tdmvc.seeding.rows import rename_columns, rename_rows, table_to_write
from tdmvc.store.content import dataset_content
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Load:
    """What one load works with."""

    workspace: Workspace
    target: DatabaseTarget
    location: Location
    options: SeedOptions
    recorded: Mapping[str, SeededDataset]


def load_plan(load: Load, plan: SeedPlan) -> DatasetSeedReport:
    """Write the rows of a plan, and what the database is to remember of them; the caller commits.

    Raises:
        DatabaseError: the database refuses something, or the rows would not be what the plan says.
    """
    started = time.perf_counter()
    timed, target = load.workspace.timed, load.target
    with timed("prove and compare"):
        methods = choose_methods(load.workspace, target, plan, load.recorded)
        findings = [*plan.findings, *_check_again(load, plan, methods)]
    with timed("write"):
        if plan.missing:
            findings += target.create_tables(_tables_to_make(load, plan), plan.views)
            plan, methods = _with_made_tables(target, plan, methods)
        written = [one for one in methods if one.writes]
        _clear(target, written, plan.others)
        with closing(target.load_all(_whole_loads(load, plan, methods))) as counts:
            reports = [_load_table(load, plan, one, counts) for one in methods]
    before = load.recorded.get(plan.seeded.name)
    is_moved = (before.sequence_offset if before else 0) != load.options.sequence_offset
    finished = [one.plan.target_name for one in (methods if is_moved else written)]
    broken: list[Finding] = []
    held = find_held(methods)
    if finished or plan.others:
        with timed("move sequences and analyze"):
            target.finish(finished, sequence_offset=load.options.sequence_offset)
        with timed("check references"):
            names = [*finished, *(table.name for table in plan.others)]
            broken = target.find_broken_references(names, held)
            findings += judge_references(broken, plan, load.location, force=load.options.force)
    with timed("count and remember"):
        remembered = [
            one.before if one.before and one.plan.target_name not in finished else _remember(load, plan, one)
            for one in methods
        ]
        remembered = remember_held(methods, remembered, finished, held, broken)
    if load.options.verify:
        # What compares rows takes long to import.
        from tdmvc.seeding.read_back import verify_rows

        with timed("read back"):
            findings += verify_rows(load.workspace, target, plan, load.location)
    if finished or plan.others:
        target.write_state(_state(load, plan, remembered))
    return DatasetSeedReport(
        plan.seeded.name,
        plan.seeded.ref,
        plan.seeded.content,
        plan.seeded.mode,
        (
            *(replace(report, rows=one.rows) for report, one in zip(reports, remembered, strict=True)),
            *_cleared(plan),
        ),
        tuple(replace(finding, dataset=plan.seeded.name) for finding in findings),
        is_verified=load.options.verify,
        seconds=time.perf_counter() - started,
    )


def _check_again(load: Load, plan: SeedPlan, methods: Sequence[TableMethod]) -> list[Finding]:
    """Check all values of tables that are reloaded, because somebody may have changed their columns since.

    Raises:
        DatabaseError: the database cannot take them.
    """
    findings = [
        finding
        for one in methods
        if one.before
        and one.plan.target
        and one.method in (LoadMethod.RELOADED, LoadMethod.UPSERTED)
        and not (one.plan.check and one.plan.check.holds_for(one.plan.side, one.plan.target.schema))
        for finding in check_columns(
            load.workspace, load.target, one.plan.side, one.plan.target.schema, one.plan.columns
        )
    ]
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise cannot_take([(plan, finding) for finding in errors], load.location)
    return findings


def _tables_to_make(load: Load, plan: SeedPlan) -> list[TableToWrite]:
    return [
        replace(table_to_write(load.workspace, table.side), schema=schema) for table, schema in plan.missing
    ]


def _with_made_tables(
    target: DatabaseTarget, plan: SeedPlan, methods: Sequence[TableMethod]
) -> tuple[SeedPlan, list[TableMethod]]:
    """Return the plan with the tables as the database made them."""
    catalog = target.read_catalog()
    names = TableNames(catalog)
    target.lock(sorted(one.plan.name for one in methods if one.plan.target is None))
    made: list[TableMethod] = []
    for one in methods:
        table = one.plan
        if table.target is None:
            [name] = names.find(table.name)
            schema = catalog[name].schema
            columns = match_columns(table.side.schema.column_names, schema.column_names)
            table = TablePlan(table.side, catalog[name], columns)
        made.append(replace(one, plan=table))
    return replace(plan, tables=tuple(one.plan for one in made)), made


def _clear(target: DatabaseTarget, written: Sequence[TableMethod], others: Sequence[TargetTable]) -> None:
    """Delete the rows of tables that are reloaded, and of those that no dataset has."""
    reloaded = [one.plan.target_name for one in reversed(written) if one.method is LoadMethod.RELOADED]
    if names := [*(table.name for table in others), *reloaded]:
        target.clear(names)


def _whole_loads(load: Load, plan: SeedPlan, methods: Sequence[TableMethod]) -> list[TableLoad]:
    """Return how those tables are written whose rows are loaded as a whole."""
    found = []
    for one in methods:
        if one.method in (LoadMethod.NOTHING, LoadMethod.DIFFERENCE):
            continue
        assert one.plan.target is not None
        mode = SeedMode.REPLACE if one.method is LoadMethod.CREATED else plan.seeded.mode
        rows = rename_columns(table_to_write(load.workspace, one.plan.side), one.plan.columns)
        found.append(TableLoad(rows, one.plan.target.schema, mode))
    return found


def _load_table(
    load: Load, plan: SeedPlan, one: TableMethod, whole_loads: Iterator[WrittenRows]
) -> SeededTableReport:
    started = time.perf_counter()
    table = one.plan
    assert table.target is not None
    schema = table.target.schema
    match one.method:
        case LoadMethod.NOTHING:
            counts = WrittenRows(unchanged=table.side.rows)
        case LoadMethod.DIFFERENCE:
            assert one.difference is not None
            is_whole = plan.seeded.mode is SeedMode.REPLACE
            deleted = one.difference.deleted() if is_whole else one.difference.nothing_deleted()
            upserts = TableToWrite(table.side.schema, one.difference.upserts)
            counts = load.target.apply_changes(
                rename_columns(upserts, table.columns), rename_rows(deleted, table.columns), schema
            )
            counts = replace(counts, unchanged=table.side.rows - counts.inserted - counts.updated)
        case _:
            counts = next(whole_loads)
    seconds = time.perf_counter() - started
    return SeededTableReport(table.name, table.target_name, one.method, counts, 0, seconds, one.why)


def _remember(load: Load, plan: SeedPlan, one: TableMethod) -> SeededTable:
    """Return what the database is to remember of a table, after comparing its number of rows.

    Raises:
        DatabaseError: the table has another number of rows than the load leaves.
    """
    table = one.plan
    load.workspace.on_progress(f"{table.name}: count", 0, table.side.rows, "rows")
    rows, fingerprint = load.target.fingerprint(table.target_name)
    expected = table.side.rows
    if rows < expected or (plan.seeded.mode is SeedMode.REPLACE and rows > expected):
        raise DatabaseError(
            f"{table.target_name} has {rows:,} rows after loading, and should have {expected:,}. Nothing was written.",
            where=str(load.location),
            remedy="look for triggers or rules that add, remove or redirect rows, and disable them for the load.",
        )
    return SeededTable(
        table.name,
        plan.seeded.objects[table.name],
        plan.seeded.content_of(table.name),
        rows,
        fingerprint,
        is_exact=rows == expected,
        is_created=one.method is LoadMethod.CREATED or bool(one.before and one.before.is_created),
    )


def _state(load: Load, plan: SeedPlan, remembered: Sequence[SeededTable]) -> SeededDataset:
    """Return what the database is to remember: these tables, and those of the dataset that are not touched."""
    before = load.recorded.get(plan.seeded.name)
    names = {table.name for table in remembered}
    kept = (
        [replace(table, ref=table.ref or before.ref) for table in before.tables if table.name not in names]
        if before
        else []
    )
    kept = [replace(table, ref="" if table.ref == plan.seeded.ref else table.ref) for table in kept]
    return SeededDataset(
        plan.seeded.name,
        plan.seeded.ref,
        dataset_content({table.name: table.content for table in (*kept, *remembered)}),
        plan.seeded.heads,
        datetime.now(UTC).replace(microsecond=0),
        __version__,
        tuple(sorted([*kept, *remembered], key=lambda table: table.name)),
        load.options.sequence_offset,
    )


def foresee_load(plan: SeedPlan, methods: Sequence[TableMethod]) -> DatasetSeedReport:
    """Return what `load_plan` would report, as far as it can be known without writing."""
    tables = [
        SeededTableReport(
            one.plan.name, one.plan.target_name, one.method, WrittenRows(), one.plan.side.rows, why=one.why
        )
        for one in methods
    ]
    seeded = plan.seeded
    return DatasetSeedReport(
        seeded.name, seeded.ref, seeded.content, seeded.mode, (*tables, *_cleared(plan)), plan.findings
    )


def _cleared(plan: SeedPlan) -> list[SeededTableReport]:
    """Return the reports on the tables that no dataset has."""
    return [
        SeededTableReport("", table.name, LoadMethod.CLEARED, WrittenRows(deleted=table.rows), 0)
        for table in plan.others
    ]
