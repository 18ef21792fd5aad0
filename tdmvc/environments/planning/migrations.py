"""Finds out how a database gets the application's schema: its own migration tool, or plain SQL files."""

from dataclasses import dataclass

from tdmvc.errors import DatabaseError, MigrationsError
from tdmvc.migrations.commands import MigrateCommand, find_command
from tdmvc.migrations.paths import is_inside, normalize_folder
from tdmvc.model.environment import Environment
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.text import plural
from tdmvc.workspace.migrations import configured_locations, read_location, tree_at
from tdmvc.workspace.workspace import Workspace

_SCRIPTS = "sql"
"""The tool of plain SQL files, which tdmvc runs itself."""


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """How an environment's database gets its schema."""

    commands: tuple[MigrateCommand, ...] = ()
    scripts: tuple[str, ...] = ()
    """Plain SQL files, in their order, for locations that have no other tool."""
    locations: tuple[MigrationLocation, ...] = ()
    """The locations that belong to the environment."""
    states: tuple[MigrationState, ...] = ()
    """What could be read of them."""

    @property
    def is_needed(self) -> bool:
        return bool(self.commands or self.scripts)

    @property
    def label(self) -> str:
        """For people: `alembic upgrade heads`."""
        return ", ".join([*(one.command for one in self.commands), *([self._files] if self.scripts else [])])

    @property
    def _files(self) -> str:
        return plural(len(self.scripts), "SQL file")


def plan_migration(workspace: Workspace, environment: Environment, engine: str) -> MigrationPlan:
    """Return how an environment's database gets its schema.

    Args:
        engine: of the database: `postgresql`.

    Raises:
        DatabaseError: a location's tool needs a command that tdmvc.yaml does not name.
    """
    tree = tree_at(workspace, None)
    folder = normalize_folder(environment.folder)
    locations = tuple(
        location
        for location in configured_locations(workspace, tree)
        if is_inside(normalize_folder(location.path), folder)
    )
    states: list[MigrationState] = []
    for location in locations:
        try:
            states.append(read_location(workspace, tree, location))
        except MigrationsError:
            # The tool itself may understand what tdmvc does not.
            continue
    if environment.migrate is not None:
        command = MigrateCommand(environment.migrate, folder)
        commands = (command,) if environment.migrate.strip() else ()
        return MigrationPlan(commands, (), locations, tuple(states))
    found: list[MigrateCommand] = []
    scripts: list[str] = []
    for location in locations:
        known = find_command(tree, location, engine)
        if known is not None:
            found.append(known)
        elif location.tool == _SCRIPTS:
            scripts += [m.path for state in states if state.location == location for m in state.migrations]
        else:
            raise DatabaseError(
                f"tdmvc does not know how to run the migrations of {location.tool} in {location.path}.",
                where=f"tdmvc.yaml, environments, {environment.name}",
                remedy=f"name the command: `environments: {{{environment.name}: {{migrate: COMMAND}}}}`; it finds the "
                "database in $DATABASE_URL. If there is nothing to run, write `migrate: ''`.",
            )
    return MigrationPlan(tuple(found), tuple(scripts), locations, tuple(states))
