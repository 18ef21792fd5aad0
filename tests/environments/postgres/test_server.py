"""A server that runs keeps templates as databases, for a user who may create databases and nothing else."""

import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tdmvc.environments.base import TemplateBuild, TemplateKey
from tdmvc.environments.postgres import PostgresServerProvider
from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.environments.postgres.template import TemplateDatabase
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod, TemplateOrigin
from tdmvc.model.location import Location, ServerLocation
from tests.environments.postgres.observed import connect, observe
from tests.environments.postgres.shop import Shop
from tests.servers import DatabaseServer

KEY = TemplateKey("schema", "rows", "golden@1.0.0")
LONG = "ü" * 31


@pytest.fixture
def tests(postgres_server: DatabaseServer) -> Iterator[ServerLocation]:
    """The URL of a user who may create databases and nothing else."""
    yield from _user(postgres_server)


@pytest.fixture
def old_tests(system_postgres: DatabaseServer) -> Iterator[ServerLocation]:
    """The same on the server of the system."""
    yield from _user(system_postgres)


def _user(server: DatabaseServer) -> Iterator[ServerLocation]:
    name = f"tester_{secrets.token_hex(4)}"
    server.execute("", f"CREATE ROLE {name} LOGIN CREATEDB PASSWORD 'secret'")
    yield replace(server.location(f"shop_{LONG}"), user=name, password="secret")
    for (database,) in server.rows("", f"SELECT datname FROM pg_database WHERE datdba = '{name}'::regrole"):
        server.execute("", f'DROP DATABASE "{database}" WITH (FORCE)')
    server.execute("", f"DROP ROLE {name}")


def databases(location: ServerLocation) -> list[str]:
    """Return the databases of the user."""
    with connect(replace(location, database="postgres")) as connection:
        query = "SELECT datname FROM pg_database WHERE datdba = current_user::regrole ORDER BY 1"
        return [name for (name,) in connection.execute(query)]


def test_a_template_is_built_once_derived_for_other_rows_and_reused(tests: ServerLocation) -> None:
    provider, first, again, other = PostgresServerProvider(tests), Shop(), Shop(), Shop(rows=5)
    with provider.open(KEY, first.build) as source:
        assert source.origin is TemplateOrigin.BUILT
        seeded = observe(source.create().location)
    with provider.open(KEY, again.build) as source:
        assert source.origin is TemplateOrigin.REUSED
        assert again.migrated == again.seeded == 0
        assert observe(source.create().location) == seeded
    with provider.open(replace(KEY, rows="others"), other.build) as source:
        assert source.origin is TemplateOrigin.DERIVED
        assert (other.migrated, other.seeded) == (0, 1)
        assert len(observe(source.create().location).rows["public.orders"]) == 5
    assert len(databases(tests)) == 2
    assert [one.key for one in provider.list_templates()] == [replace(KEY, rows="others"), KEY]
    assert provider.remove_template(KEY)
    assert not provider.remove_template(KEY)
    assert len(databases(tests)) == 1


def test_a_database_is_reset_by_a_copy_that_has_its_settings(old_tests: ServerLocation) -> None:
    with PostgresServerProvider(old_tests).open(KEY, Shop().build) as source:
        database = source.create()
        seeded = observe(database.location, with_schema=False)
        for statement in ("INSERT INTO orders (note) VALUES ('b')", "DROP TABLE orders", "SELECT 1"):
            with connect(database.location, application_name="worker") as connection:
                connection.execute(statement)
                report = database.reset()
            assert report.method in (ResetMethod.SWAP, ResetMethod.COPY)
            assert [name.partition(" ")[0] for name in report.ended_connections] == ["worker"]
            assert observe(database.location, with_schema=False) == seeded
            with connect(database.location) as connection:
                assert connection.execute("SHOW search_path").fetchone() == ('"$user", public, pg_catalog',)
        with connect(database.location):
            assert database.is_used()
        # A session that was just closed needs a moment to end.
        assert any(not database.is_used() for _ in range(1000))
    assert len(databases(old_tests)) == 1


def test_the_pool_never_grows_and_what_is_not_needed_is_dropped(tests: ServerLocation) -> None:
    most = []
    with PostgresServerProvider(tests).open(KEY, Shop().build) as source:
        database = source.create()
        for _ in range(12):
            assert database.reset().why.startswith("other programs may use the server")
            most.append(len(databases(tests)))
        # The template, the database, a spare copy, and a few that wait until they are dropped.
        assert max(most) <= 3 + 4 + 1
    assert len(databases(tests)) == 1


def test_what_fails_in_the_background_is_done_by_the_next_reset(
    tests: ServerLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()
    copy_to = TemplateDatabase.copy_to

    def fail(self: TemplateDatabase, administrator: Administrator, database: str) -> None:
        if threading.current_thread() is not threading.main_thread():
            failed.set()
            raise DatabaseError("The background fails.")
        copy_to(self, administrator, database)

    monkeypatch.setattr(TemplateDatabase, "copy_to", fail)
    with PostgresServerProvider(tests).open(KEY, Shop().build) as source:
        database = source.create()
        assert failed.wait(10)
        assert database.reset().method is ResetMethod.COPY


def test_databases_of_a_run_that_was_killed_are_dropped_by_the_next_one(tests: ServerLocation) -> None:
    with PostgresServerProvider(tests).open(KEY, Shop().build) as source:
        alive = source.create().location.database
        killed = alive.replace(alive[-10:-2], "0123abcd")
        with connect(replace(tests, database="postgres")) as connection:
            connection.execute(f'CREATE DATABASE "{killed}"')
            connection.execute(f'CREATE DATABASE "{killed[:-2]}"')
        with PostgresServerProvider(tests).open(KEY, Shop().build):
            found = databases(tests)
            assert killed not in found
            assert {alive, killed[:-2]} <= set(found)


def test_a_template_that_was_not_finished_is_made_anew(tests: ServerLocation) -> None:
    provider = PostgresServerProvider(tests)

    def fail(location: Location) -> None:
        raise DatabaseError("The migrations fail.")

    with (
        pytest.raises(DatabaseError, match="The migrations fail"),
        provider.open(KEY, TemplateBuild(fail, fail)),
    ):
        pass
    assert databases(tests) == []
    with provider.open(KEY, Shop().build):
        pass
    (name,) = databases(tests)
    with connect(replace(tests, database="postgres")) as connection:
        # Killed before it was renamed, and another one whose comment was lost.
        connection.execute(f'CREATE DATABASE "{name}_building"')
        connection.execute(f'COMMENT ON DATABASE "{name}" IS NULL')
    shop = Shop()
    with provider.open(KEY, shop.build) as source:
        assert (source.origin, shop.migrated) == (TemplateOrigin.BUILT, 1)
    assert databases(tests) == [name]


def test_a_template_that_a_test_may_have_changed_is_an_error_and_made_anew(tests: ServerLocation) -> None:
    provider, again = PostgresServerProvider(tests), Shop()
    with provider.open(KEY, Shop().build) as source:
        database = source.create()
        seeded = observe(database.location)
        (name, *_) = databases(tests)
        with connect(replace(tests, database="postgres")) as connection:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            with connect(replace(tests, database=name)) as other:
                other.execute("DELETE FROM orders")
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        with pytest.raises(DatabaseError, match="was changed"):
            source.create()
    with provider.open(KEY, again.build) as source:
        assert (source.origin, again.migrated) == (TemplateOrigin.BUILT, 1)
        assert observe(source.create().location) == seeded


def test_two_runs_at_once_build_one_template(tests: ServerLocation) -> None:
    shop, origins = Shop(), []

    def run() -> None:
        with PostgresServerProvider(tests).open(KEY, shop.build) as source:
            origins.append(source.origin)
            source.create()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(origins) == [TemplateOrigin.BUILT, TemplateOrigin.REUSED, TemplateOrigin.REUSED]
    assert shop.migrated == 1


def test_unused_templates_make_room(tests: ServerLocation) -> None:
    small = PostgresServerProvider(tests, limit_bytes=1)
    with small.open(KEY, Shop().build), small.open(replace(KEY, schema="second"), Shop().build):
        assert len(small.list_templates()) == 2
    with small.open(replace(KEY, schema="third"), Shop().build):
        assert [one.key.schema for one in small.list_templates()] == ["third"]


def test_a_user_who_may_not_create_databases_is_told_so(
    tests: ServerLocation, postgres_server: DatabaseServer
) -> None:
    postgres_server.execute("", f"ALTER ROLE {tests.user} NOCREATEDB")
    opened = PostgresServerProvider(tests).open(KEY, Shop().build)
    with pytest.raises(DatabaseError, match="may not create databases") as raised, opened:
        pass
    postgres_server.execute("", raised.value.remedy.split("`")[1])
    with PostgresServerProvider(tests).open(KEY, Shop().build):
        pass


@pytest.mark.parametrize("change", [{"database": "shop_prod"}, {"host": "live.example.com"}])
def test_a_server_for_production_is_refused(tests: ServerLocation, change: dict[str, str]) -> None:
    with pytest.raises(DatabaseError, match="never made there"):
        PostgresServerProvider(replace(tests, **change))  # type: ignore[arg-type]
