"""Plans a seed, and says what stands in its way: all before the first row is written."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from tdmvc.databases.base import DatabaseTarget, TargetTable
from tdmvc.databases.statements import identifies_rows
from tdmvc.errors import PartError
from tdmvc.migrations.migration_tables import find_migration_tables
from tdmvc.model.database_names import TableNames, match_columns
from tdmvc.model.declarations import View
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.reference_order import order_by_references
from tdmvc.model.seeding import SeededDataset, SeedMode, SeedOptions
from tdmvc.seeding.columns import ColumnCheck, check_columns
from tdmvc.seeding.plan import KnownDatabase, SeedPlan, TablePlan
from tdmvc.seeding.references import leaving_references
from tdmvc.seeding.states import StateToSeed
from tdmvc.workspace.source_views import SourceViews
from tdmvc.workspace.workspace import Workspace


def plan_state(
    workspace: Workspace,
    target: DatabaseTarget,
    state: StateToSeed,
    known: KnownDatabase,
    options: SeedOptions,
) -> SeedPlan:
    """Compare a state with a database's catalog. Cost: rows are read only where a column's type is not enough."""
    may_create = options.create or known.is_made_by_tdmvc
    findings: list[Finding] = []
    tables: list[TablePlan] = []
    targets: set[str] = set()
    kept = find_migration_tables({name: side.schema.column_names for name, side in state.tables.items()})
    names = TableNames(known.catalog)
    for side in state.tables.values():
        found = names.find(side.schema.name)
        if (
            side.schema.name in kept
            and any(known.has_own_rows(name) for name in found)
            and not options.selection.tables
        ):
            findings.append(_kept(side.schema.name))
        elif len(found) > 1:
            findings.append(_ambiguous(side.schema.name, found))
        elif not found and not may_create:
            findings.append(_missing(side.schema.name))
        else:
            table = _plan_table(side, known.catalog[found[0]] if found else None)
            findings += _check_table(state, table, known, targets)
            targets.add(table.target_name)
            if table.target is not None:
                new = _without_loaded_parts(workspace, side, known.recorded.get(state.name))
                check = known.checked.get(table.name)
                if check is None or not check.holds_for(new, table.target.schema):
                    found_columns = check_columns(workspace, target, new, table.target.schema, table.columns)
                    check = ColumnCheck(tuple(new.parts), table.target.schema, tuple(found_columns))
                findings += [known.with_remedy(finding, table) for finding in check.findings]
                table = replace(table, check=check)
            tables.append(table)
    findings += leaving_references(workspace, state, tables, known, force=options.force)
    is_whole = not known.catalog and options.selection.is_everything
    return SeedPlan(
        state,
        tuple(_in_order(tables)),
        views=_views(state, tables) if is_whole else (),
        findings=tuple(replace(finding, dataset=state.name) for finding in findings),
    )


def _without_loaded_parts(
    workspace: Workspace, side: TableSide, remembered: SeededDataset | None
) -> TableSide:
    """Return a table without the parts that the database took before, whose values need no second look."""
    before = remembered.table(side.schema.name) if remembered else None
    if remembered is None or before is None or not before.object:
        return side
    try:
        listing = workspace.store.listing(before.object, f"{remembered.ref}/{before.name}")
    except PartError:
        return side
    loaded = {entry.content for entry in listing.entries}
    return side.only([part for part in side.parts if part not in loaded])


def _plan_table(side: TableSide, target: TargetTable | None) -> TablePlan:
    names = side.schema.column_names
    known = target.schema.column_names if target else names
    return TablePlan(side, target, match_columns(names, known))


def _in_order(tables: Collection[TablePlan]) -> list[TablePlan]:
    """Return tables in the order of the references of the database and of the dataset."""
    by_target = {table.target_name: table for table in tables}
    by_name = {table.name: table for table in tables}
    refers_to: dict[str, set[str]] = {}
    for name, table in by_target.items():
        own = {by_name[one.table].target_name for one in table.side.schema.references if one.table in by_name}
        declared = {one.table for one in table.target.schema.references} if table.target else set()
        refers_to[name] = own | declared
    return [by_target[name] for name in order_by_references(refers_to)]


def _views(state: StateToSeed, tables: Iterable[TablePlan]) -> tuple[View, ...]:
    """Return the views that read only tables which are there."""
    contract = state.state.contract
    views = SourceViews(contract.views, frozenset(contract.tables))
    return views.merged((), [table.name for table in tables])[0]


def _check_table(
    state: StateToSeed, table: TablePlan, known: KnownDatabase, before: Collection[str]
) -> list[Finding]:
    """Return why a table cannot be loaded as the mode says, apart from its columns.

    Args:
        before: the tables of the database that tables of the same dataset are already.
    """
    findings: list[Finding] = []
    name, target = table.name, table.target_name
    if target in before:
        findings.append(
            Finding(
                "table-twice",
                Severity.ERROR,
                f"Two tables of the dataset are the table {target} of the database.",
                table=name,
                remedy="seed one of them: --tables.",
            )
        )
    if target in known.taken and state.mode is SeedMode.REPLACE:
        findings.append(
            Finding(
                "table-of-two-datasets",
                Severity.ERROR,
                f"Both {known.taken[target].ref} and {state.ref} have the table {target}, and the second would "
                "replace the rows of the first.",
                table=name,
                remedy="choose tables with --tables, or seed the second by itself with --mode upsert.",
            )
        )
    if state.mode is SeedMode.UPSERT and not table.side.schema.key:
        findings.append(
            Finding(
                "upsert-without-key",
                Severity.ERROR,
                f"{name} has no key, by which an upsert could find the rows that are there.",
                table=name,
                remedy=f"name its key with `tdmvc add {state.name} --key {name}=COLUMN`, or use --mode replace.",
            )
        )
    elif state.mode is SeedMode.UPSERT and table.target is not None:
        key = [table.columns[column] for column in table.side.schema.key if column in table.columns]
        if len(key) == len(table.side.schema.key) and not identifies_rows(key, table.target.schema):
            findings.append(
                Finding(
                    "upsert-key-not-unique",
                    Severity.ERROR,
                    f"Several rows of the database's table {target} may have the same {' and '.join(key)}, by which an "
                    "upsert finds the rows that are there.",
                    table=name,
                    columns=tuple(table.side.schema.key),
                    remedy="declare a primary key or a unique constraint on these columns in the database, or use "
                    "--mode replace.",
                )
            )
    return findings


def _kept(name: str) -> Finding:
    return Finding(
        "migration-table",
        Severity.INFO,
        f"{name} stays as it is: it says which migrations were run on this database.",
        table=name,
        remedy=f"to load its rows anyway, name it: --tables {name}.",
    )


def _ambiguous(name: str, found: list[str]) -> Finding:
    return Finding(
        "ambiguous-table",
        Severity.ERROR,
        f"{name} may be any of these tables of the database: {', '.join(sorted(found))}.",
        table=name,
        remedy="name one schema in the URL: ?schema=NAME.",
    )


def _missing(name: str) -> Finding:
    return Finding(
        "missing-table",
        Severity.ERROR,
        f"The database has no table {name}.",
        table=name,
        remedy="run the application's migrations on the database first, or let tdmvc make the tables that are "
        "missing: --create.",
    )
