"""Brings an empty database to the application's schema, with the application's own migration tool."""

import subprocess
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tdmvc.databases import find_target_engine
from tdmvc.databases.base import READ_ALL
from tdmvc.environments.addresses import address_values
from tdmvc.environments.planning.migrations import MigrationPlan
from tdmvc.environments.running.exports import database_exports, process_variables, without_secrets
from tdmvc.environments.running.processes import ProcessGroups
from tdmvc.environments.running.scripts import run_scripts
from tdmvc.errors import DatabaseError
from tdmvc.migrations.commands import MigrateCommand
from tdmvc.model.environment import Environment
from tdmvc.model.location import Location
from tdmvc.model.placeholders import fill_placeholders
from tdmvc.workspace.workspace import Workspace

_LAST_LINES = 20

OutputListener = Callable[[str], None]
"""Called with each line that a program prints, without passwords."""


def ignore_output(line: str) -> None:
    """Ignore output."""


@dataclass(frozen=True, slots=True)
class Migrator:
    """Carries out a plan."""

    workspace: Workspace
    environment: Environment
    plan: MigrationPlan
    services: Mapping[str, str]
    """The exports of services, which an application may read from its settings."""
    groups: ProcessGroups
    on_output: OutputListener = ignore_output

    def __call__(self, location: Location) -> None:
        """Migrate a database.

        Raises:
            DatabaseError: a command or a script fails, or left the database empty.
        """
        for command in self.plan.commands:
            self._run(command, location)
        if self.plan.scripts:
            run_scripts(self.workspace.root, self.plan.scripts, location)
        if self.plan.is_needed and any(state.migrations for state in self.plan.states):
            self._check(location)

    def _run(self, command: MigrateCommand, location: Location) -> None:
        exports = {**self.services, **database_exports(self.environment, location)}
        values = address_values(location)
        for name, template in command.variables.items():
            exports[name] = fill_placeholders(template, {"user": "", "password": "", **values})
        if "DATABASE_URL" not in exports:
            exports["DATABASE_URL"] = values["url"]
        folder = self.workspace.root / command.folder
        lines: deque[str] = deque(maxlen=_LAST_LINES)
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", command.command],
                cwd=folder,
                env=process_variables(exports, self.groups.run),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise _cannot_run(command, folder, error) from error
        with self.groups.held(process):
            assert process.stdout is not None
            with process.stdout as output:
                for line in output:
                    shown = without_secrets(line.rstrip("\n"), exports)
                    lines.append(shown)
                    self.on_output(shown)
            code = process.wait()
        if code:
            raise DatabaseError(
                f"The migrations failed: `{command.command}` "
                + (f"was ended by signal {-code}." if code < 0 else f"ended with exit code {code}."),
                where=str(folder),
                remedy="run the command by hand with DATABASE_URL set to an empty database, or name another one as "
                f"`migrate` of the environment {self.environment.name} in tdmvc.yaml.",
                details=[line for line in lines if line.strip()],
            )

    def _check(self, location: Location) -> None:
        """Make sure that what ran reached this database, and no other.

        Raises:
            DatabaseError: the database has no table.
        """
        with find_target_engine(location).open_target(location, READ_ALL) as target:
            if target.read_catalog():
                return
        raise DatabaseError(
            f"The migrations ran, but the environment's database has no table: {self.plan.label}",
            where=f"tdmvc.yaml, environments, {self.environment.name}",
            remedy="let the application take the address of its database from $DATABASE_URL, or name the variable that "
            'it reads: `exports: {VARIABLE: "{url}"}`. Look whether another database was migrated instead.',
        )


def _cannot_run(command: MigrateCommand, folder: Path, error: OSError) -> DatabaseError:
    return DatabaseError(
        f"Cannot run `{command.command}`: {error.strerror or error}.",
        where=str(folder),
        remedy="check `folder` and `migrate` of the environment in tdmvc.yaml.",
    )
