"""The command with which each migration tool brings a database to the newest schema."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tdmvc.migrations.paths import (
    ancestors,
    base_of,
    below,
    folder_of,
    inside,
    is_inside,
    normalize_folder,
    own_files,
)
from tdmvc.model.migration import MigrationLocation
from tdmvc.model.tree import FileTree


@dataclass(frozen=True, slots=True)
class MigrateCommand:
    """How a tool is run; the database is in variables only, because anybody can read arguments."""

    command: str
    """For a shell, in `folder`."""
    folder: str = ""
    """Relative to the repository's root; `''` is the root."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Variables that the tool reads, beside DATABASE_URL; values have placeholders such as {jdbc_url}."""


@dataclass(frozen=True, slots=True)
class KnownTool:
    """How a tool is run, wherever its migrations are."""

    command: str
    """`{{path}}` stands for the location's path, relative to the folder in which the command runs."""
    project: tuple[str, ...] = ()
    """The command runs in the nearest folder, at the location or above it, with a file of one of these names."""
    variables: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""
    """A file without which the tool would not find the database."""
    schemes: tuple[str, ...] = ()
    """The kinds of databases for which this command is right; empty: all."""


_NODE = ("package.json",)
_JDBC = {"URL": "{jdbc_url}", "USER": "{user}", "PASSWORD": "{password}"}
COMMANDS: Final[Mapping[str, KnownTool]] = {
    "alembic": KnownTool("alembic upgrade heads", ("alembic.ini", "pyproject.toml")),
    "django": KnownTool("python manage.py migrate --no-input", ("manage.py",), needs="manage.py"),
    "flyway": KnownTool(
        "flyway migrate",
        ("flyway.toml", "flyway.conf"),
        {
            **{f"FLYWAY_{name}": value for name, value in _JDBC.items()},
            "FLYWAY_LOCATIONS": "filesystem:{{path}}",
        },
    ),
    "liquibase": KnownTool(
        "liquibase update",
        ("liquibase.properties",),
        {
            "LIQUIBASE_COMMAND_URL": "{jdbc_url}",
            "LIQUIBASE_COMMAND_USERNAME": "{user}",
            "LIQUIBASE_COMMAND_PASSWORD": "{password}",
        },
        needs="liquibase.properties",
    ),
    "prisma": KnownTool("npx prisma migrate deploy", _NODE),
    "drizzle": KnownTool("npx drizzle-kit migrate", _NODE),
    "knex": KnownTool("npx knex migrate:latest", _NODE),
    "kysely": KnownTool("npx kysely migrate:latest", _NODE),
    "mikroorm": KnownTool("npx mikro-orm migration:up", _NODE),
    "node-pg-migrate": KnownTool("npx node-pg-migrate up --migrations-dir {{path}}", _NODE),
    "sequelize": KnownTool("npx sequelize-cli db:migrate", _NODE),
    "rails": KnownTool("bin/rails db:migrate", ("bin/rails",)),
    "laravel": KnownTool("php artisan migrate --force", ("artisan",)),
    "doctrine": KnownTool("php bin/console doctrine:migrations:migrate --no-interaction", ("bin/console",)),
    "phinx": KnownTool("vendor/bin/phinx migrate", ("phinx.php", "phinx.yml", "phinx.json")),
    "ecto": KnownTool("mix ecto.migrate", ("mix.exs",)),
    "efcore": KnownTool("dotnet ef database update"),
    "goose": KnownTool(
        "goose up",
        variables={"GOOSE_DBSTRING": "{url}", "GOOSE_DRIVER": "postgres", "GOOSE_MIGRATION_DIR": "{{path}}"},
        schemes=("postgresql",),
    ),
    "dbmate": KnownTool("dbmate --no-dump-schema --migrations-dir {{path}} migrate"),
    "diesel": KnownTool("diesel migration run --migration-dir {{path}}"),
    "refinery": KnownTool("refinery migrate -e DATABASE_URL -p {{path}}"),
    "sqlx": KnownTool("sqlx migrate run --source {{path}}"),
    "seaorm": KnownTool("sea-orm-cli migrate up -d {{path}}"),
    "aerich": KnownTool("aerich upgrade", ("pyproject.toml",)),
    "piccolo": KnownTool("piccolo migrations forwards all", ("piccolo_conf.py",)),
    "yoyo": KnownTool("yoyo apply --batch", ("yoyo.ini",), needs="yoyo.ini"),
}
"""Tools that take the address of the database from a variable. The others need a command in tdmvc.yaml."""


_PATH = "{{path}}"
"""Replaced when a command is looked up; the placeholders with single braces are replaced when it is run."""


def find_command(tree: FileTree, location: MigrationLocation, scheme: str) -> MigrateCommand | None:
    """Return the usual command of a location's tool; None if there is none that takes the address from a variable.

    Args:
        scheme: of the database: `postgresql`, `mysql`, `sqlite` or `duckdb`.
    """
    tool = COMMANDS.get(location.tool)
    if tool is None or (tool.schemes and scheme not in tool.schemes):
        return None
    path = normalize_folder(location.path)
    folder = _project_of(tree, path, tool.project)
    if location.tool == "alembic" and folder == path != "":
        # Flask-Migrate keeps Alembic's settings beside the scripts, and is run from the application's folder.
        return MigrateCommand("flask db upgrade", folder_of(path))
    if tool.needs and tree.read_text(inside(folder, tool.needs)) is None:
        return None
    place = below(path, folder) or "."
    variables = {name: value.replace(_PATH, place) for name, value in tool.variables.items()}
    return MigrateCommand(tool.command.replace(_PATH, shlex.quote(place)), folder, variables)


def _project_of(tree: FileTree, path: str, names: tuple[str, ...]) -> str:
    """Return the nearest folder with one of these files, at a path or above it, else below it; else the root."""
    for folder in ancestors(path):
        if any(tree.read_text(inside(folder, name)) is not None for name in names):
            return folder
    found = [file for file in own_files(tree) if is_inside(file, path) and base_of(file) in names]
    return folder_of(min(found, key=lambda file: (file.count("/"), file))) if found else ""
