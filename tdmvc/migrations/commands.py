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
class _Tool:
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
_COMMANDS: Final[Mapping[str, _Tool]] = {
    "alembic": _Tool("alembic upgrade heads", ("alembic.ini", "pyproject.toml")),
    "django": _Tool("python manage.py migrate --no-input", ("manage.py",), needs="manage.py"),
    "flyway": _Tool(
        "flyway migrate",
        ("flyway.toml", "flyway.conf"),
        {
            **{f"FLYWAY_{name}": value for name, value in _JDBC.items()},
            "FLYWAY_LOCATIONS": "filesystem:{{path}}",
        },
    ),
    "liquibase": _Tool(
        "liquibase update",
        ("liquibase.properties",),
        {
            "LIQUIBASE_COMMAND_URL": "{jdbc_url}",
            "LIQUIBASE_COMMAND_USERNAME": "{user}",
            "LIQUIBASE_COMMAND_PASSWORD": "{password}",
        },
        needs="liquibase.properties",
    ),
    "prisma": _Tool("npx prisma migrate deploy", _NODE),
    "drizzle": _Tool("npx drizzle-kit migrate", _NODE),
    "knex": _Tool("npx knex migrate:latest", _NODE),
    "kysely": _Tool("npx kysely migrate:latest", _NODE),
    "mikroorm": _Tool("npx mikro-orm migration:up", _NODE),
    "node-pg-migrate": _Tool("npx node-pg-migrate up --migrations-dir {{path}}", _NODE),
    "sequelize": _Tool("npx sequelize-cli db:migrate", _NODE),
    "rails": _Tool("bin/rails db:migrate", ("bin/rails",)),
    "laravel": _Tool("php artisan migrate --force", ("artisan",)),
    "doctrine": _Tool("php bin/console doctrine:migrations:migrate --no-interaction", ("bin/console",)),
    "phinx": _Tool("vendor/bin/phinx migrate", ("phinx.php", "phinx.yml", "phinx.json")),
    "ecto": _Tool("mix ecto.migrate", ("mix.exs",)),
    "efcore": _Tool("dotnet ef database update"),
    "goose": _Tool(
        "goose up",
        variables={"GOOSE_DBSTRING": "{url}", "GOOSE_DRIVER": "postgres", "GOOSE_MIGRATION_DIR": "{{path}}"},
        schemes=("postgresql",),
    ),
    "dbmate": _Tool("dbmate --no-dump-schema --migrations-dir {{path}} migrate"),
    "diesel": _Tool("diesel migration run --migration-dir {{path}}"),
    "refinery": _Tool("refinery migrate -e DATABASE_URL -p {{path}}"),
    "sqlx": _Tool("sqlx migrate run --source {{path}}"),
    "seaorm": _Tool("sea-orm-cli migrate up -d {{path}}"),
    "aerich": _Tool("aerich upgrade", ("pyproject.toml",)),
    "piccolo": _Tool("piccolo migrations forwards all", ("piccolo_conf.py",)),
    "yoyo": _Tool("yoyo apply --batch", ("yoyo.ini",), needs="yoyo.ini"),
}
"""Tools that take the address of the database from a variable. The others need a command in tdmvc.yaml."""


_PATH = "{{path}}"
"""Replaced when a command is looked up; the placeholders with single braces are replaced when it is run."""


def find_command(tree: FileTree, location: MigrationLocation, scheme: str) -> MigrateCommand | None:
    """Return the usual command of a location's tool; None if there is none that takes the address from a variable.

    Args:
        scheme: of the database: `postgresql`, `mysql`, `sqlite` or `duckdb`.
    """
    tool = _COMMANDS.get(location.tool)
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
