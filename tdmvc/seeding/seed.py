"""Seeds a database with states of datasets: plans all of them first, then loads each in one transaction."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tdmvc.databases import find_target_engine
from tdmvc.databases.base import DatabaseTarget, ReadOptions, TargetTable
from tdmvc.errors import DatabaseError
from tdmvc.migrations.migration_tables import find_migration_tables
from tdmvc.model.database_names import TableNames
from tdmvc.model.dataset import DatasetState
from tdmvc.model.finding import Severity
from tdmvc.model.location import Location
from tdmvc.model.seeding import DatasetSeedReport, SeedOptions, SeedReport
from tdmvc.seeding.loading import Load, foresee_load, load_plan
from tdmvc.seeding.methods import choose_methods
from tdmvc.seeding.migrations import find_other_migrations
from tdmvc.seeding.plan import OTHER_MIGRATIONS, KnownDatabase, SeedPlan
from tdmvc.seeding.planning import plan_state
from tdmvc.seeding.protection import (
    SeedRefusal,
    cannot_take,
    refuse,
    refuse_loss,
    refuse_name,
    refuse_names,
    refuse_recorded,
)
from tdmvc.seeding.states import StateToSeed, open_states
from tdmvc.workspace.valid_rows import refuse_invalid_rows
from tdmvc.workspace.workspace import Workspace


def seed_states(
    workspace: Workspace, states: Sequence[DatasetState], location: Location, options: SeedOptions
) -> SeedReport:
    """Load states into a database, in their order, each in one transaction; what is there already is not written.

    All states are planned before the first row is written. Each plan is made again under lock, so
    that it holds while its rows are loaded.

    Raises:
        DatabaseError: the database lacks something, must not be seeded, cannot be reached, or refuses rows. The
            state that was being loaded left no trace.
        NotFoundError: a table does not exist.
        InvalidRowsError: rows break their contract.
        PartError: rows of a state are missing.
        UsageError: no engine can seed the location, or a dataset is named twice.
    """
    started = time.perf_counter()
    engine = find_target_engine(location)
    if not (options.force or options.dry_run) and (named := refuse_name(location)):
        refuse([named], location)
    opened = open_states(workspace, states, options)
    if options.validates:
        for one in opened:
            refuse_invalid_rows(workspace, one.state, one.tables)
    seeding = _Seeding(workspace, location, options, opened)
    read = ReadOptions(on_progress=workspace.on_progress)
    with workspace.timed("plan"), engine.open_target(location, read) as target:
        planned = seeding.plan(target, seeding.states)
        dialect = target.dialect
        if options.dry_run:
            foreseen = seeding.foresee(target, planned)
            refusal = " ".join(str(one) for one in planned.refusals)
            seconds = time.perf_counter() - started
            return SeedReport(str(location), dialect, tuple(foreseen), True, refusal, seconds)
    planned.check(location)
    done: list[DatasetSeedReport] = []
    for plan in planned.plans:
        with (
            _telling(plan, done, location),
            workspace.timed("load"),
            engine.open_target(location, read) as target,
        ):
            report = seeding.load(target, plan)
            target.commit()
        done.append(report)
    workspace.store.index.save()
    return SeedReport(str(location), dialect, tuple(done), seconds=time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class _Planned:
    """Plans, and why they are not carried out without --force."""

    plans: Sequence[SeedPlan]
    refusals: Sequence[SeedRefusal]

    def check(self, location: Location) -> None:
        """Raise with everything that stands in the way.

        Raises:
            DatabaseError: there is anything.
        """
        errors = [
            (plan, finding)
            for plan in self.plans
            for finding in plan.findings
            if plan.has_errors and (finding.severity is Severity.ERROR or finding.rule == OTHER_MIGRATIONS)
        ]
        # Nobody should be told how to make a production database fit.
        refuse([one for one in self.refusals if not one.lost], location)
        if errors:
            raise cannot_take(errors, location)
        refuse(self.refusals, location)


@dataclass(frozen=True, slots=True)
class _Seeding:
    """What one command works with."""

    workspace: Workspace
    location: Location
    options: SeedOptions
    states: Sequence[StateToSeed]

    def plan(
        self, target: DatabaseTarget, states: Sequence[StateToSeed], before: SeedPlan | None = None
    ) -> _Planned:
        """Plan states, in their order, against the database as it is now.

        Args:
            before: an earlier plan for the same state, whose values need no second look.
        """
        catalog, recorded = target.read_catalog(), target.read_state()
        checked = {table.name: table.check for table in before.tables if table.check} if before else {}
        known = KnownDatabase(catalog, recorded, checked=checked)
        plans: list[SeedPlan] = []
        other = find_other_migrations(self.workspace, target, self.location, states) if catalog else {}
        for state in states:
            plan = plan_state(self.workspace, target, state, known, self.options)
            plan = replace(plan, findings=(*other.get(state.name, ()), *plan.findings))
            if self.options.truncate_others and state is self.states[0]:
                names = [table for one in self.states for table in (*one.tables, *one.state.pointers)]
                plan = replace(plan, others=_others(names, catalog.values()))
            known = known.with_plan(plan)
            plans.append(plan)
        if self.options.force:
            return _Planned(plans, ())
        datasets = [state.name for state in self.states]
        found = (
            refuse_name(self.location) or refuse_names(target.names) or refuse_recorded(recorded, datasets),
            refuse_loss(plans, catalog, recorded),
        )
        return _Planned(plans, [refusal for refusal in found if refusal is not None])

    def load(self, target: DatabaseTarget, plan: SeedPlan) -> DatasetSeedReport:
        """Lock the tables of a plan, plan again, and load."""
        names = _existing(plan)
        # Always in the same order, so that two programs that lock tables one by one do not wait for each other.
        target.lock(sorted(names))
        while True:
            again = self.plan(target, [plan.seeded], plan)
            again.check(self.location)
            [plan] = again.plans
            if not (new := _existing(plan) - names):
                break
            target.lock(sorted(new))
            names |= new
        load = Load(self.workspace, target, self.location, self.options, target.read_state())
        return load_plan(load, plan)

    def foresee(self, target: DatabaseTarget, planned: _Planned) -> list[DatasetSeedReport]:
        """Return what the plans would do."""
        recorded = target.read_state()
        return [
            foresee_load(plan, choose_methods(self.workspace, target, plan, recorded))
            for plan in planned.plans
        ]


def _existing(plan: SeedPlan) -> set[str]:
    """Return the tables of the database that a plan writes, without those that it makes."""
    return {table.target.name for table in plan.tables if table.target} | {
        table.name for table in plan.others
    }


def _others(names: Iterable[str], catalog: Iterable[TargetTable]) -> tuple[TargetTable, ...]:
    """Return the tables with rows that no state has; what a migration tool keeps is left alone."""
    known = {table.name: table for table in catalog}
    there = TableNames(known)
    own = {found for name in names for found in there.find(name)}
    own |= find_migration_tables({name: table.schema.column_names for name, table in known.items()}).keys()
    return tuple(table for name, table in sorted(known.items()) if name not in own and table.rows)


@contextmanager
def _telling(plan: SeedPlan, done: Sequence[DatasetSeedReport], location: Location) -> Iterator[None]:
    """Add to an error which states were loaded before it, because they stay."""
    try:
        yield
    except DatabaseError as error:
        if not done:
            raise
        names = ", ".join(report.ref for report in done)
        raise DatabaseError(
            error.what,
            where=error.where or str(location),
            remedy=error.remedy,
            details=[
                *error.details,
                f"{plan.seeded.ref} was not loaded. Loaded before it, and still there: {names}.",
            ],
        ) from error
