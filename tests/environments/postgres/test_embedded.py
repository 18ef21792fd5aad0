"""An embedded PostgreSQL comes up with the seeded database, which is made once, and gets back to that state."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tdmvc.environments.base import DatabaseSource, EmbeddedServer, TemplateBuild, TemplateKey
from tdmvc.environments.postgres import EmbeddedPostgres
from tdmvc.environments.postgres.database import PostgresDatabase
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod, TemplateOrigin
from tdmvc.model.location import Location, ServerLocation
from tests.environments.postgres.observed import connect, observe
from tests.environments.postgres.shop import Shop

KEY = TemplateKey("schema", "rows", "golden@1.0.0")


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("templates")


@pytest.fixture(scope="module")
def provider(templates: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(EmbeddedServer("postgresql"), folder=templates)


@pytest.fixture(scope="module")
def database(provider: EmbeddedPostgres) -> Iterator[PostgresDatabase]:
    with provider.open(KEY, Shop().build) as source:
        yield source.create()


def test_a_template_is_reused_and_derived_for_other_rows(
    provider: EmbeddedPostgres, database: PostgresDatabase
) -> None:
    seeded = observe(database.location)
    again, other = Shop(), Shop(rows=5)
    with provider.open(KEY, again.build) as source:
        assert source.origin is TemplateOrigin.REUSED
        assert (again.migrated, again.seeded) == (0, 0)
        assert observe(source.create().location) == seeded
    key = replace(KEY, rows="others", label="golden@1.1.0")
    with provider.open(key, other.build) as source:
        assert source.origin is TemplateOrigin.DERIVED
        assert (other.migrated, other.seeded) == (0, 1)
        assert len(observe(source.create().location).rows["public.orders"]) == 5
    assert {one.key.label for one in provider.list_templates()} == {"golden@1.0.0", "golden@1.1.0"}
    assert provider.remove_template(key)
    assert [one.key for one in provider.list_templates()] == [KEY]


def test_runs_have_the_settings_that_migrations_made_for_the_server(provider: EmbeddedPostgres) -> None:
    def migrate(location: Location) -> None:
        Shop().migrate(location)
        assert isinstance(location, ServerLocation)
        with connect(location) as connection:
            connection.execute("ALTER SYSTEM SET work_mem = '7MB'")
            connection.execute("ALTER SYSTEM SET shop.note = 'it''s = 1'")
            connection.execute("ALTER SYSTEM SET timezone = 'Asia/Tokyo'")
            connection.execute("ALTER SYSTEM SET log_statement = 'all'")

    def shown(source: DatabaseSource) -> list[str]:
        database = source.create()
        assert isinstance(database.location, ServerLocation)
        with connect(database.location) as connection:
            connection.execute("ALTER SYSTEM SET work_mem = '9MB'")
            assert database.reset().method is not ResetMethod.NOTHING
            names = ("work_mem", "shop.note", "timezone", "log_statement", "autovacuum")
            return [connection.execute(f"SHOW {name}").fetchall()[0][0] for name in names]

    key = TemplateKey("settings", "rows", "golden@1.0.0")
    expected = ["7MB", "it's = 1", "Asia/Tokyo", "none", "off"]
    with provider.open(key, TemplateBuild(migrate, Shop().seed)) as source:
        assert shown(source) == expected
    with provider.open(replace(key, rows="others"), TemplateBuild(migrate, Shop(rows=5).seed)) as source:
        assert source.origin is TemplateOrigin.DERIVED
        assert shown(source) == expected


def test_a_run_that_takes_the_data_folder_of_an_earlier_one_finds_the_seeded_state(
    templates: Path, provider: EmbeddedPostgres
) -> None:
    key = replace(KEY, rows="used again")
    with provider.open(key, Shop().build) as source:
        first = source.create()
        seeded = observe(first.location)
        source.create()
        with connect(first.location) as connection:
            connection.execute("DELETE FROM orders")
            connection.execute("CREATE TABLE more AS SELECT i FROM generate_series(1, 1000) AS i")
            connection.execute("ALTER DATABASE tdmvc_template ALLOW_CONNECTIONS true")
            connection.execute("CREATE DATABASE left_over")
            connection.execute("ALTER SYSTEM SET work_mem = '7MB'")
            connection.execute("ALTER ROLE CURRENT_USER SET work_mem = '8MB'")
            connection.execute("CHECKPOINT")
        with connect(replace(first.location, database="tdmvc_template")) as connection:
            connection.execute("DELETE FROM orders")
    (spare,) = templates.glob(f"*{key.digest}/spare-*")
    inode = spare.stat().st_ino
    with provider.open(key, Shop().build) as source, provider.open(key, Shop().build) as second:
        database = source.create()
        assert observe(database.location) == seeded == observe(second.create().location)
        with connect(database.location) as connection:
            names = "SELECT datname FROM pg_database WHERE datname IN ('left_over', 'app1')"
            assert connection.execute(names).fetchall() == []
            assert connection.execute("SHOW work_mem").fetchall() == [("4MB",)]
            connection.execute("DELETE FROM orders")
        assert database.reset().method is ResetMethod.DELTA
        assert observe(database.location) == seeded
        assert observe(source.create().location) == seeded
    # The second one at once had a new copy.
    assert inode in {path.stat().st_ino for path in templates.glob(f"*{key.digest}/spare-*")}
    assert len(list(templates.glob(f"*{key.digest}/spare-*"))) == 2
    assert provider.remove_template(key)


def test_a_database_to_which_nobody_wrote_is_left_alone(database: PostgresDatabase) -> None:
    with connect(database.location) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchall() == [(3,)]
        report = database.reset()
        assert (report.method, report.ended_connections, report.why) == (ResetMethod.NOTHING, (), "")
        assert connection.execute("SELECT count(*) FROM orders").fetchall() == [(3,)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO orders (note) VALUES ('b')",
        "SELECT nextval('orders_id_seq')",
        "SELECT setval('orders_id_seq', 3, false)",
        "CREATE TABLE more ()",
        "TRUNCATE orders",
        "ALTER DATABASE app SET search_path = pg_catalog",
    ],
)
def test_whatever_was_written_is_gone(database: PostgresDatabase, statement: str) -> None:
    seeded = observe(database.location)
    with connect(database.location) as connection:
        connection.execute(statement)
    report = database.reset()
    assert report.method is not ResetMethod.NOTHING
    assert report.why
    assert observe(database.location) == seeded


def test_an_open_transaction_that_wrote_is_ended_and_named(database: PostgresDatabase) -> None:
    seeded = observe(database.location)
    with connect(database.location, autocommit=False, application_name="worker") as connection:
        connection.execute("INSERT INTO orders (note) VALUES ('open')")
        report = database.reset()
        assert any(name.startswith("worker") for name in report.ended_connections)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("COMMIT")
    assert observe(database.location) == seeded


@pytest.mark.timeout(90)
def test_what_the_build_raises_is_passed_on_and_leaves_no_template(provider: EmbeddedPostgres) -> None:
    def fail(location: Location) -> None:
        raise DatabaseError("The migrations fail.")

    key = TemplateKey("broken", "rows", "golden@1.0.0")
    with (
        pytest.raises(DatabaseError, match="The migrations fail"),
        provider.open(key, TemplateBuild(fail, fail)),
    ):
        pass
    assert key not in [one.key for one in provider.list_templates()]
