"""What `init` suggests as an environment, from the application's own files."""

import pytest

from tdmvc.environments.planning.suggestion import suggest_environment
from tdmvc.model.environment import Environment
from tdmvc.model.migration import MigrationLocation
from tests.builders import MemoryTree

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


def test_an_application_without_migrations_gets_no_environment() -> None:
    assert suggest_environment(MemoryTree({".env": "DATABASE_URL=postgres://x/y"}), []) is None
