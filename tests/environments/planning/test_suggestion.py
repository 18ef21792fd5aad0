"""What `init` suggests as an environment, from the application's own files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tdmvc.environments.planning.suggestion import suggest_environment
from tdmvc.formats.config import parse_config
from tdmvc.formats.environments import render_environment_in_line
from tdmvc.model.environment import Environment
from tdmvc.model.migration import MigrationLocation
from tests.builders import MemoryTree, Ran

ALEMBIC = MigrationLocation("main", "alembic", "migrations")
DJANGO = MigrationLocation("main", "django", "shop")
FLYWAY = MigrationLocation("main", "flyway", "db/migration")
SQL = MigrationLocation("main", "sql", "migrations")
DEFAULT = {"DATABASE_URL": "{url}"}


@pytest.mark.parametrize(
    ("files", "location", "expected"),
    [
        ({"alembic.ini": "[alembic]\n"}, ALEMBIC, ("embedded", "alembic upgrade heads", DEFAULT)),
        (
            {"api/alembic.ini": "sqlalchemy.url = mysql+pymysql://me:x@db/shop"},
            MigrationLocation("main", "alembic", "api/migrations"),
            ("embedded-mariadb", "cd api && alembic upgrade heads", DEFAULT),
        ),
        (
            {"manage.py": "", "shop/settings.py": "'ENGINE': 'django.db.backends.sqlite3'"},
            DJANGO,
            ("sqlite:///.dvc/tmp/test.sqlite3", "python manage.py migrate --no-input", DEFAULT),
        ),
        (
            {".env.example": "DEBUG=1\nSHOP_DB='postgresql+psycopg://me:geheim@db/shop'\n"},
            SQL,
            ("embedded", None, {"SHOP_DB": "{sqlalchemy_url}"}),
        ),
        (
            {"prisma/schema.prisma": 'datasource db { provider = "mysql" }', "package.json": "{}"},
            MigrationLocation("main", "prisma", "prisma/migrations"),
            ("embedded-mariadb", "npx prisma migrate deploy", DEFAULT),
        ),
        (
            {"shop/settings.py": "django.db.backends.sqlite3\nif URL:\n    'django.db.backends.postgresql'"},
            SQL,
            ("embedded", None, DEFAULT),
        ),
        ({"compose.yaml": "image: mariadb:11"}, SQL, ("embedded-mariadb", None, DEFAULT)),
        ({}, FLYWAY, ("embedded", None, DEFAULT)),
    ],
)
def test_database_command_and_variables_are_found(
    files: dict[str, str | bytes],
    location: MigrationLocation,
    expected: tuple[str, str | None, dict[str, str]],
) -> None:
    found = suggest_environment(MemoryTree(files), [location])
    database, migrate, exports = expected
    assert found == Environment("local", database, migrate=migrate, exports=exports)
    assert "geheim" not in str(found)
    text = render_environment_in_line(found)
    (read,) = parse_config(f"format: tdmvc/1\n{text}\n", "tdmvc.yaml").environments
    assert read == replace(found, exports=DEFAULT | exports)


@pytest.mark.parametrize("empty", ["", "environments:\n", "environments: {}\n"])
def test_init_prints_an_environment_for_a_tdmvc_yaml_without_one(
    tdmvc: Callable[..., Ran], repo: Path, empty: str
) -> None:
    config = repo / "tdmvc.yaml"
    kept = config.read_text() + "migrations:\n  main: {tool: alembic, path: migrations}\n# ours\n"
    text = kept + empty
    config.write_text(text)
    (repo / "alembic.ini").write_text("sqlalchemy.url = mysql://me:geheim@db/shop\n")
    said = tdmvc("init").out
    assert "geheim" not in said
    assert config.read_text() == text
    (note,) = tdmvc("init", "--format", "json").json["notes"]
    assert ("instead of the empty `environments`" in note) is bool(empty)
    config.write_text(f"{kept}{note.split('`')[-2]}\n")
    (local,) = tdmvc("env", "--format", "json").json["environments"]
    assert (local["name"], local["database"]) == ("local", "embedded-mariadb")
    assert tdmvc("init", "--format", "json").json["notes"] == []


def test_an_application_without_migrations_gets_no_environment() -> None:
    assert suggest_environment(MemoryTree({".env": "DATABASE_URL=postgres://x/y"}), []) is None
