"""The usual command of each migration tool, and in which folder it runs."""

import pytest

from tdmvc.migrations import READERS
from tdmvc.migrations.commands import COMMANDS, MigrateCommand, find_command
from tdmvc.model.migration import MigrationLocation
from tests.builders import MemoryTree


def find(tool: str, path: str, *files: str, scheme: str = "postgresql") -> MigrateCommand | None:
    tree = MemoryTree(dict.fromkeys(files, ""))
    return find_command(tree, MigrationLocation("main", tool, path), scheme)


@pytest.mark.parametrize(
    ("tool", "path", "files", "expected"),
    [
        ("alembic", "migrations", ["alembic.ini"], MigrateCommand("alembic upgrade heads")),
        ("alembic", "api/db", ["api/alembic.ini"], MigrateCommand("alembic upgrade heads", "api")),
        (
            "alembic",
            "api/migrations",
            ["api/migrations/alembic.ini"],
            MigrateCommand("flask db upgrade", "api"),
        ),
        ("django", "", ["src/manage.py"], MigrateCommand("python manage.py migrate --no-input", "src")),
        ("knex", "web/migrations", ["web/package.json"], MigrateCommand("npx knex migrate:latest", "web")),
        ("sqlx", "my migrations", [], MigrateCommand("sqlx migrate run --source 'my migrations'")),
        (
            "goose",
            "db",
            [],
            MigrateCommand(
                "goose up",
                variables={
                    "GOOSE_DBSTRING": "{url}",
                    "GOOSE_DRIVER": "postgres",
                    "GOOSE_MIGRATION_DIR": "db",
                },
            ),
        ),
    ],
)
def test_the_command_runs_where_the_tool_finds_its_settings(
    tool: str, path: str, files: list[str], expected: MigrateCommand
) -> None:
    assert find(tool, path, *files) == expected


def test_a_tool_without_its_settings_or_for_another_database_has_no_command() -> None:
    assert find("django", "shop") is None
    assert find("liquibase", "db") is None
    assert find("goose", "db", scheme="sqlite") is None
    assert find("atlas", "db") is None


def test_every_command_is_of_a_tool_that_has_a_reader_and_shows_no_password() -> None:
    assert COMMANDS.keys() <= READERS.keys()
    for tool in COMMANDS.values():
        assert "{url}" not in tool.command
        assert "{password}" not in tool.command
