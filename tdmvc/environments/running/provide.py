"""Provides an environment: chooses the states, makes or finds the template, and hands out a database of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tdmvc.environments.addresses import address_values
from tdmvc.environments.base import (
    DatabaseProvider,
    DatabaseSource,
    EphemeralDatabase,
    TemplateBuild,
    TemplateKey,
)
from tdmvc.environments.endpoint import DatabaseOrigin, serve_endpoint
from tdmvc.environments.planning.key import USUAL_LAYOUT, missing_inputs
from tdmvc.environments.planning.preparing import Preparation, choose_and_open, prepare
from tdmvc.environments.running.exports import database_exports
from tdmvc.environments.running.migrating import (
    Migrator,
    OutputListener,
    ignore_output,
)
from tdmvc.environments.running.processes import ProcessGroups, ignored_signals
from tdmvc.environments.running.services import (
    PlannedService,
    RunningService,
    plan_services,
    started_services,
)
from tdmvc.environments.running.steps import StepListener, Steps, ignore_steps
from tdmvc.environments.serial import SerialDatabase
from tdmvc.model.environment import Environment, ResetReport, RowLayout, RunStep, TemplateOrigin
from tdmvc.model.location import Location
from tdmvc.model.seeding import SeedOptions
from tdmvc.model.text import plural
from tdmvc.model.variables import ENVIRONMENT_VARIABLE
from tdmvc.seeding.seed import seed_states
from tdmvc.servers.run_folders import own_run_folder
from tdmvc.workspace.valid_rows import refuse_invalid_rows
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class EnvironmentOptions:
    """What a run changes about its environment."""

    more: tuple[str, ...] = ()
    """References to further states; one of a dataset that the environment loads replaces that one."""
    rebuild: bool = False
    """Make the template again, even if there is one."""
    layout: RowLayout = USUAL_LAYOUT
    validates: bool = True
    """Refuse rows that break a rule of their contract which no database enforces."""
    has_services: bool = True
    has_endpoint: bool = True
    on_step: StepListener = ignore_steps
    on_output: OutputListener = ignore_output
    """Gets what migrations print."""


DEFAULT_ENVIRONMENT = EnvironmentOptions()


@dataclass(frozen=True, slots=True)
class RunningEnvironment:
    """An environment that is ready."""

    environment: Environment
    database: EphemeralDatabase
    source: DatabaseSource
    """Where further databases in the same state come from."""
    provider: DatabaseProvider
    key: TemplateKey
    refs: tuple[str, ...]
    """The states that were loaded."""
    exports: Mapping[str, str] = field(repr=False)
    """The variables for the command; among them are passwords."""
    groups: ProcessGroups
    services: Sequence[RunningService]
    _steps: Steps = field(repr=False)

    @property
    def url(self) -> str:
        """The database's URL, with its password."""
        return address_values(self.database.location)["url"]

    @property
    def steps(self) -> tuple[RunStep, ...]:
        """What was done so far, and how long it took."""
        return self._steps.done

    @property
    def recorder(self) -> Steps:
        """Takes further steps."""
        return self._steps

    @property
    def template_bytes(self) -> int | None:
        """The size of the template; None if it is not known."""
        sizes = [one.size_bytes for one in self.provider.list_templates() if one.key == self.key]
        return sizes[0] if sizes else None

    def reset(self) -> ResetReport:
        """Bring the database back to its seeded state.

        Raises:
            DatabaseError: it cannot be reset; it must not be used any more.
        """
        return self.database.reset()


@contextmanager
def provided(
    workspace: Workspace, environment: Environment, options: EnvironmentOptions = DEFAULT_ENVIRONMENT
) -> Iterator[RunningEnvironment]:
    """Provide an environment until the end of the block; then everything of it is removed but the template.

    Raises:
        DatabaseError: the database cannot be provided or says that it is production, a migration fails, or a service
            does not start.
        InvalidRowsError: rows break their contract.
        NotFoundError: there is no such dataset, version or release.
        PartError: rows of a state are missing.
        UsageError: tdmvc.yaml names a database that no engine provides.
    """
    steps = Steps(options.on_step)
    stack = ExitStack()
    try:
        groups = ProcessGroups(stack.enter_context(own_run_folder()))
        with steps.step("checkout") as note:
            states = choose_and_open(workspace, environment, options.more)
            note.detail = ", ".join(state.ref for state in states) or "no datasets"
            if options.validates:
                for state in states:
                    refuse_invalid_rows(workspace, state.state, state.tables)
        if not states and environment.datasets is None:
            workspace.warn(
                "There is no golden or reference dataset, so no rows are loaded; `tdmvc add golden SOURCE` makes one."
            )
        for state in states:
            if not state.tables:
                workspace.warn(f"{state.ref} has no table, so nothing is loaded from it.")
        for pattern in missing_inputs(workspace, environment):
            workspace.warn(f"migrate_inputs of the environment {environment.name} names no file: {pattern}")
        planned = plan_services(environment.services) if options.has_services else []
        with steps.step("database") as note:
            prepared = prepare(workspace, environment, states, options.layout)
            provider, key = prepared.provider, prepared.key
            if options.rebuild:
                provider.remove_template(key)
            builder = _Builder(workspace, environment, prepared, planned, groups, options, steps)
            source = stack.enter_context(provider.open(key, builder.build))
            database = SerialDatabase(source.create())
            note.detail = _origin_text(source.origin, key, str(database.location))
        builder.note_skipped(source.origin)
        exports = database_exports(environment, database.location)
        exports[ENVIRONMENT_VARIABLE] = environment.name
        services: list[RunningService] = []
        if planned:
            with steps.step("services") as note:
                folder = workspace.root / environment.folder
                services = stack.enter_context(started_services(planned, exports, folder, groups))
                note.detail = ", ".join(f"{one.name} on port {one.planned.port}" for one in services)
            for one in planned:
                exports.update(one.exports)
        if options.has_endpoint:
            origin = DatabaseOrigin(prepared.refs, tuple(exports), str(workspace.root))
            exports.update(stack.enter_context(serve_endpoint(database, source, origin)).exports)
        yield RunningEnvironment(
            environment, database, source, provider, key, prepared.refs, exports, groups, services, steps
        )
    finally:
        # Also if the listener fails when it is told that the step begins.
        with ignored_signals(), stack, steps.step("tear-down"):
            stack.close()


def _origin_text(origin: TemplateOrigin, key: TemplateKey, where: str) -> str:
    words = {
        TemplateOrigin.BUILT: "made a template",
        TemplateOrigin.DERIVED: "derived a template from one with other rows",
        TemplateOrigin.REUSED: "reused a template",
    }
    return f"{where}, {words[origin]} {key.digest[:8]}"


@dataclass(frozen=True, slots=True)
class _Builder:
    """Makes the database of a template, and notes how."""

    workspace: Workspace
    environment: Environment
    prepared: Preparation
    planned: Sequence[PlannedService]
    groups: ProcessGroups
    options: EnvironmentOptions
    steps: Steps

    @property
    def build(self) -> TemplateBuild:
        return TemplateBuild(self.migrate, self.seed)

    def migrate(self, location: Location) -> None:
        """Bring an empty database to the schema."""
        if not self.prepared.plan.is_needed:
            return
        services = {name: value for one in self.planned for name, value in one.exports.items()}
        migrator = Migrator(
            self.workspace,
            self.environment,
            self.prepared.plan,
            services,
            self.groups,
            self.options.on_output,
        )
        with self.steps.step("migrate") as note:
            migrator(location)
            count = sum(state.count for state in self.prepared.plan.states)
            note.detail = ", ".join(
                [self.prepared.plan.label, *([plural(count, "migration")] if count else [])]
            )

    def seed(self, location: Location) -> None:
        """Load the states into a database with the schema, whatever it has of these datasets."""
        if not self.prepared.states:
            return
        # The database is ours alone: rows that migrations inserted give way to those of the datasets.
        seed_options = SeedOptions(force=True, sequence_offset=self.options.layout.sequence_offset)
        report = seed_states(
            self.workspace, [one.state for one in self.prepared.states], location, seed_options
        )
        shuffle_seed = self.options.layout.shuffle_seed
        if shuffle_seed is not None:
            self.prepared.provider.shuffle_rows(location, shuffle_seed)
        for dataset in report.datasets:
            for finding in dataset.findings:
                self.workspace.warn(f"{dataset.ref}: {finding.message}")
            detail = f"{dataset.ref}, {plural(len(dataset.tables), 'table')}, {plural(dataset.rows, 'row')}"
            self.steps.add(RunStep("seed", dataset.seconds, detail))

    def note_skipped(self, origin: TemplateOrigin) -> None:
        """Add the steps that a template made unnecessary."""
        if origin is not TemplateOrigin.BUILT and self.prepared.plan.is_needed:
            self.steps.add(RunStep("migrate", 0.0, self.prepared.plan.label, is_skipped=True))
        if origin is TemplateOrigin.REUSED:
            for state in self.prepared.states:
                self.steps.add(RunStep("seed", 0.0, state.ref, is_skipped=True))
