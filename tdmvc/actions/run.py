"""`run`: provides an environment, runs a command in it, and removes the environment."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tdmvc.environments.keeper.control import start_keeper
from tdmvc.environments.keeper.records import Records
from tdmvc.environments.planning.selection import find_environment
from tdmvc.environments.running.command import find_program, run_command
from tdmvc.environments.running.own_programs import put_own_programs_first
from tdmvc.environments.running.processes import ProcessGroups
from tdmvc.environments.running.provide import DEFAULT_ENVIRONMENT, EnvironmentOptions, provided
from tdmvc.environments.running.services import EndedServices, RunningService
from tdmvc.errors import TdmvcError
from tdmvc.model.environment import Environment, RunStep
from tdmvc.model.environment_report import RunReport
from tdmvc.servers.run_folders import own_run_folder
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a command is run."""

    environment: str | None = None
    """By default, the one for the folder."""
    folder: Path = Path()
    """Where the command was given, and where it runs."""
    provide: EnvironmentOptions = DEFAULT_ENVIRONMENT
    is_kept: bool = False
    """Keep the environment running after the command."""
    stdout: int | None = None
    """The descriptor for the command's output; None: this process's."""


def run(
    workspace: Workspace, command: Sequence[str], options: RunOptions, on_report: Callable[[RunReport], None]
) -> RunReport:
    """Provide an environment, run a command in it, and remove the environment, whatever happens.

    Args:
        on_report: gets the report, also if the environment cannot be provided, or something interrupts.

    Raises:
        DatabaseError: the database cannot be provided, a migration fails, or a service does not start.
        NotFoundError: there is no such environment, dataset, version or release.
        PartError: rows of a state are missing.
        UsageError: there is no command, or the configuration is wrong.
    """
    put_own_programs_first()
    find_program(command, options.folder)
    environment = find_environment(workspace, options.environment, options.folder)
    running = _Run(workspace, environment, tuple(command), options)
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(running.kept() if options.is_kept else running.provided())
            running.run()
    except TdmvcError as error:
        running.report = replace(running.report, error=error.what)
        raise
    except BaseException as error:
        if not running.report.error:
            running.report = replace(running.report, error=f"interrupted ({type(error).__name__})")
        raise
    finally:
        running.report = replace(running.report, steps=tuple(running.steps))
        on_report(running.report)
    return running.report


class _Run:
    """One run, and its report so far."""

    def __init__(
        self, workspace: Workspace, environment: Environment, command: tuple[str, ...], options: RunOptions
    ) -> None:
        self._workspace = workspace
        self._environment = environment
        self._options = options
        self._exports: Mapping[str, str] = {}
        self._groups: ProcessGroups | None = None
        self._services: Sequence[RunningService] = ()
        self._outer = options.provide.on_step
        self._provide = replace(options.provide, on_step=self._on_step)
        self.steps: list[RunStep] = []
        self.report = RunReport(environment.name, command)

    @contextmanager
    def provided(self) -> Iterator[None]:
        """Provide the environment in this process."""
        with provided(self._workspace, self._environment, self._provide) as running:
            self._exports, self._groups, self._services = running.exports, running.groups, running.services
            self.report = replace(
                self.report,
                database=str(running.database.location),
                refs=running.refs,
                template=running.key.digest,
            )
            yield

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Let another process provide the environment, and keep it."""
        records = Records(self._workspace.root)
        with records.changing(self._workspace):
            records.await_started(self._workspace)
            name = records.free_name(self._environment.name)
            kept = start_keeper(self._workspace, self._environment, name, self._provide)
        with own_run_folder() as folder:
            self._exports, self._groups = kept.exports, ProcessGroups(folder)
            self.report = replace(
                self.report, database=kept.database, refs=kept.refs, template=kept.template, kept=kept
            )
            yield

    def run(self) -> None:
        """Run the command, and note how it ended."""
        assert self._groups is not None
        self._on_step("command", None)
        started = time.perf_counter()
        code = run_command(
            self.report.command,
            self._exports,
            self._groups,
            EndedServices(self._services, self._note),
            folder=self._options.folder,
            stdout=self._options.stdout,
        )
        self.report = replace(self.report, exit_code=code)
        words = " ".join(self.report.command)
        self._on_step(
            "command",
            RunStep(
                "command", time.perf_counter() - started, words, error=f"exit code {code}" if code else ""
            ),
        )

    def _on_step(self, name: str, step: RunStep | None) -> None:
        if step is not None:
            self.steps.append(step)
        self._outer(name, step)

    def _note(self, message: str) -> None:
        self.report = replace(self.report, notes=(*self.report.notes, message))
        self._workspace.warn(message)
