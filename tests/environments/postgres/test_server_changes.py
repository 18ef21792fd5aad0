"""What a test changes outside its database is restored, named, or an error: never lost in silence."""

from dataclasses import replace

import psycopg
import pytest

from tdmvc.environments.postgres.database import PostgresDatabase
from tdmvc.environments.postgres.source import PostgresSource
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod
from tdmvc.model.location import ServerLocation
from tests.environments.postgres.conftest import MakeSource
from tests.environments.postgres.observed import connect
from tests.environments.postgres.shop import Shop


@pytest.fixture
def source(make_source: MakeSource) -> PostgresSource:
    return make_source(Shop().build)


@pytest.fixture
def database(source: PostgresSource) -> PostgresDatabase:
    return source.create()


def template_of(database: PostgresDatabase) -> ServerLocation:
    return replace(database.location, database=database.location.database.partition("_")[0])


def run(location: ServerLocation, *statements: str) -> None:
    with connect(location) as connection:
        for statement in statements:
            connection.execute(statement)


def test_nobody_can_connect_to_the_template(database: PostgresDatabase) -> None:
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError, match="not currently accepting connections"):
            connect(template_of(database))
        # A reset reads the template.
        run(database.location, "DELETE FROM orders")
        assert database.reset().method is ResetMethod.DELTA


END_SESSIONS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{template}'"


@pytest.mark.parametrize(
    ("writes", "statements"),
    [
        ("DELETE FROM orders", ["ALTER DATABASE {template} ALLOW_CONNECTIONS true"]),
        (
            "CREATE TABLE more ()",
            [
                "ALTER DATABASE {template} ALLOW_CONNECTIONS true",
                "ALTER DATABASE {template} ALLOW_CONNECTIONS false",
            ],
        ),
        ("SELECT 1", [END_SESSIONS, "ALTER DATABASE {template} RENAME TO {template}_x"]),
        ("SELECT 1", ["DROP DATABASE {template} WITH (FORCE)", "CREATE DATABASE {template}"]),
        ("CREATE TABLE more ()", ["DROP DATABASE {template} WITH (FORCE)"]),
        ("SELECT 1", ["ALTER DATABASE {template} SET search_path = pg_catalog"]),
        ("SELECT 1", ["ALTER ROLE CURRENT_USER IN DATABASE {template} SET work_mem = '7MB'"]),
        ("SELECT 1", ["UPDATE pg_database SET datallowconn = true WHERE datname = '{template}'"]),
    ],
)
def test_a_template_that_may_have_been_changed_is_an_error(
    database: PostgresDatabase, writes: str, statements: list[str]
) -> None:
    template = template_of(database).database
    run(database.location, "DELETE FROM orders")
    database.reset()
    run(database.location, writes, *(one.replace("{template}", template) for one in statements))
    for _ in range(2):
        with pytest.raises(DatabaseError, match=f"database {template} was changed"):
            database.reset()


def test_a_template_that_may_have_been_changed_is_not_copied(
    source: PostgresSource, database: PostgresDatabase
) -> None:
    template = template_of(database)
    run(database.location, f"ALTER DATABASE {template.database} ALLOW_CONNECTIONS true")
    run(template, "DELETE FROM orders")
    with pytest.raises(DatabaseError, match=f"database {template.database} was changed"):
        source.create()


CHANGES = {
    "CREATE ROLE visitor": "the role visitor was added",
    "ALTER ROLE visitor PASSWORD 'x'": "the role visitor was changed",
    "GRANT pg_monitor TO visitor": "that visitor is a member of pg_monitor was added",
    "ALTER ROLE visitor SET work_mem = '6MB'": "a setting of the role visitor was added",
    "ALTER ROLE ALL SET work_mem = '6MB'": "a setting of all roles was added",
    "ALTER DATABASE template1 SET work_mem = '6MB'": "a setting of all roles in the database template1 was added",
    "COMMENT ON ROLE visitor IS 'one'": "the comment on the role visitor was added",
    "GRANT SET ON PARAMETER log_statement TO visitor": "rights on the setting log_statement was added",
    "CREATE DATABASE left_over STRATEGY file_copy": "the database left_over was added",
    "GRANT CREATE ON DATABASE left_over TO visitor": "the database left_over was changed",
    "CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)": (
        "the subscription sub was added"
    ),
}
UNDO = [
    "ALTER SUBSCRIPTION sub SET (slot_name = NONE)",
    "DROP SUBSCRIPTION sub",
    "DROP DATABASE left_over",
    "ALTER DATABASE template1 RESET ALL",
    "ALTER ROLE ALL RESET ALL",
    "REVOKE SET ON PARAMETER log_statement FROM visitor",
    "DROP ROLE visitor",
]


def test_what_stays_changed_is_named_once(database: PostgresDatabase) -> None:
    for statement, change in CHANGES.items():
        run(database.location, statement)
        assert database.reset().remains == (change,), statement
    assert database.reset().remains == ()
    run(database.location, *UNDO)
    assert len(database.reset().remains) > len(UNDO) // 2


def test_writes_to_other_databases_are_named(database: PostgresDatabase) -> None:
    other = replace(database.location, database="postgres")
    run(other, "CREATE TABLE noted (id integer)", "INSERT INTO noted VALUES (1)")
    assert database.reset().remains == ("the content of the database postgres was changed",)
    run(other, "DROP TABLE noted")
    run(database.location, "TRUNCATE orders")
    assert database.reset().remains == ("the content of the database postgres was changed",)
    assert database.reset().remains == ()


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ("PASSWORD 'other'", "SELECT 1"),
        ("PASSWORD 'other'", "CREATE TABLE more ()"),
        ("PASSWORD NULL NOLOGIN CONNECTION LIMIT 0", "SELECT 1"),
    ],
)
def test_the_tests_can_connect_again_if_one_changed_the_password(
    database: PostgresDatabase, change: str, writes: str
) -> None:
    run(database.location, writes, f"ALTER ROLE CURRENT_USER {change}")
    assert database.reset().remains == ()
    run(database.location, "SELECT 1")
