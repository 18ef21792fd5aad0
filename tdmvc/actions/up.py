"""`up`: starts an environment that runs until `down`."""

from dataclasses import dataclass, replace
from pathlib import Path

from tdmvc.environments.keeper.control import clean_killed, start_keeper, stop_keeper
from tdmvc.environments.keeper.records import Records
from tdmvc.environments.planning.preparing import choose_and_open, prepare
from tdmvc.environments.planning.selection import find_environment
from tdmvc.environments.running.own_programs import put_own_programs_first
from tdmvc.environments.running.provide import DEFAULT_ENVIRONMENT, EnvironmentOptions
from tdmvc.model.environment import RunStep
from tdmvc.model.environment_report import KeptEnvironment, UpReport, UpStatus
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class UpOptions:
    """How an environment is started."""

    folder: Path = Path()
    """Where the command was given."""
    provide: EnvironmentOptions = DEFAULT_ENVIRONMENT
    renew: bool = False
    """Stop it first, if it runs and would be made from something else now."""


def up(workspace: Workspace, name: str | None, options: UpOptions) -> UpReport:
    """Start an environment in a process of its own, or find the one that runs.

    Raises:
        DatabaseError: the database cannot be provided, a migration fails, or a service does not start.
        NotFoundError: there is no such environment, dataset, version or release.
        PartError: rows of a state are missing.
    """
    put_own_programs_first()
    environment = find_environment(workspace, name, options.folder)
    records = Records(workspace.root)
    steps: list[RunStep] = []

    def on_step(step_name: str, step: RunStep | None) -> None:
        if step is not None:
            steps.append(step)
        options.provide.on_step(step_name, step)

    provide = replace(options.provide, on_step=on_step)
    with records.changing(workspace):
        records.await_started(workspace)
        clean_killed(records)
        kept = records.read(environment.name)
        status = UpStatus.STARTED
        if kept is not None:
            states = choose_and_open(workspace, environment, provide.more)
            key = prepare(workspace, environment, states, provide.layout).key
            changed = _changed(kept, key.schema, key.rows)
            if not (options.renew and (changed or provide.rebuild)):
                return UpReport(UpStatus.OUTDATED if changed else UpStatus.RUNNING, kept, (), changed)
            stop_keeper(workspace, kept)
            status = UpStatus.RENEWED
        kept = start_keeper(workspace, environment, environment.name, provide)
        return UpReport(status, kept, tuple(steps))


def _changed(kept: KeptEnvironment, schema: str, rows: str) -> tuple[str, ...]:
    found = (("schema", kept.schema != schema), ("rows", kept.rows != rows))
    return tuple(name for name, is_changed in found if is_changed)
