"""On a server that runs, databases are copies of a template that is a database on it, too."""

import os
import secrets
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pymysql
import pytest

from tdmvc.environments.base import EphemeralDatabase, TemplateBuild, TemplateKey
from tdmvc.environments.mariadb import MariadbServerProvider, provider_for
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod, TemplateOrigin
from tdmvc.model.location import Location, ServerLocation
from tests.environments.mariadb.conftest import KEY, ROWS, SCHEMA, build, connect, content, run
from tests.servers import DatabaseServer

HERE = tuple(statement for statement in SCHEMA if "VERSIONING" not in statement and "MEMORY" not in statement)
VIEWS = (
    "CREATE VIEW a_later AS SELECT name FROM z_first",
    "CREATE VIEW z_first AS SELECT name FROM customers",
    "CREATE TABLE numbered (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(numbers), x INT)",
)
SEEDED = tuple(statement for statement in ROWS if "kept" not in statement)


def refuse(location: Location) -> None:
    raise AssertionError("this is not necessary")


def everything(location: Location) -> dict[str, str]:
    """Return all that a database has, whatever it is called."""
    assert isinstance(location, ServerLocation)
    found = content(location)
    return {
        name: repr(value).replace(location.database, "app")
        for name, value in found.items()
        if not name.isupper() and name not in ("databases", "accounts")
    }


@pytest.fixture
def location(mariadb_server: DatabaseServer) -> Iterator[ServerLocation]:
    base = f"shop{secrets.token_hex(3)}"
    yield mariadb_server.location(base)
    for (name,) in mariadb_server.rows("", f"SHOW DATABASES LIKE '{base}%'"):
        mariadb_server.execute("", f"DROP DATABASE `{name}`")


@pytest.fixture
def provider(location: ServerLocation) -> MariadbServerProvider:
    return MariadbServerProvider(location)


def names(server: DatabaseServer, location: ServerLocation) -> list[str]:
    return [name for (name,) in server.rows("", f"SHOW DATABASES LIKE '{location.database}%'")]


def test_a_copy_has_all_that_was_seeded(
    provider: MariadbServerProvider, mariadb_server: DatabaseServer, location: ServerLocation
) -> None:
    order = (*HERE[:-4], VIEWS[2], HERE[-4], VIEWS[1], VIEWS[0], *HERE[-3:])
    whole = TemplateBuild(lambda place: run(place, order), lambda place: run(place, SEEDED))
    with mariadb_server.fresh_database() as name:
        expected_at = mariadb_server.location(name)
        whole.migrate(expected_at)
        whole.seed(expected_at)
        expected = {kind: text.replace(name, "app") for kind, text in everything(expected_at).items()}
        with provider.open(KEY, whole) as source:
            assert source.origin is TemplateOrigin.BUILT
            database = source.create()
            assert everything(database.location) == expected
            for statements in (
                ("DELETE FROM orders",),
                ("DROP VIEW names",),
                ("DROP TRIGGER audited_insert",),
                ("CREATE OR REPLACE FUNCTION twice (x INT) RETURNS INT DETERMINISTIC RETURN 3 * x",),
                ("TRUNCATE isam",),
                ("DELETE FROM isam",),
                ("SELECT NEXTVAL(numbers)",),
                ("ALTER DATABASE CHARACTER SET latin1",),
                ("BEGIN", "INSERT INTO orders (customer) VALUES (1)", "ROLLBACK"),
            ):
                run(database.location, statements)
                assert database.reset().method is ResetMethod.COPY, statements
                assert everything(database.location) == expected, statements
            assert database.reset().method is ResetMethod.NOTHING
            other = source.create()
            assert everything(other.location) == expected
    assert len(names(mariadb_server, location)) == 1
    with provider.open(KEY, TemplateBuild(refuse, refuse)) as source:
        assert source.origin is TemplateOrigin.REUSED
        assert everything(source.create().location) == expected
        assert not provider.remove_template(KEY)
    assert [stored.key for stored in provider.list_templates()] == [KEY]
    assert provider.remove_template(KEY)
    assert names(mariadb_server, location) == []


SMALL = build(
    ("CREATE TABLE customers (id INT PRIMARY KEY, name TEXT)",), ("INSERT INTO customers VALUES (1, 'Ann')",)
)


def test_templates_are_derived(provider: MariadbServerProvider) -> None:
    with provider.open(KEY, SMALL):
        pass
    more = TemplateBuild(refuse, lambda place: run(place, ("INSERT INTO customers VALUES (2, 'Bo')",)))
    with provider.open(replace(KEY, rows="more"), more) as source:
        assert source.origin is TemplateOrigin.DERIVED
        assert count(source.create()) == 2


POLLUTION = (
    "INSERT INTO customers VALUES (7, 'written into the template')",
    "UPDATE customers SET name = 'Ana' WHERE id = 1",
    "DELETE FROM customers",
    "TRUNCATE customers",
    "ALTER TABLE customers ADD COLUMN note TEXT",
    "ALTER TABLE counted AUTO_INCREMENT = 90",
    "SELECT NEXTVAL(numbers)",
    "DROP TABLE customers",
    "CREATE TABLE added (id INT)",
    "DROP VIEW names",
    "CREATE OR REPLACE VIEW names AS SELECT 'x' AS name FROM customers",
    "CREATE TRIGGER noting BEFORE INSERT ON customers FOR EACH ROW SET NEW.name = 'x'",
    "CREATE OR REPLACE FUNCTION twice (x INT) RETURNS INT DETERMINISTIC RETURN 3 * x",
    "ALTER DATABASE CHARACTER SET latin1",
    "DROP DATABASE `{template}`",
)
"""What a test may do to a template whose name it finds, as a loop over all databases does."""


@pytest.mark.parametrize("statement", POLLUTION)
def test_a_template_that_a_test_changed_is_named_and_made_again(
    provider: MariadbServerProvider,
    mariadb_server: DatabaseServer,
    location: ServerLocation,
    statement: str,
) -> None:
    schema = (
        "CREATE TABLE customers (id INT PRIMARY KEY, name TEXT)",
        "CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY)",
        "CREATE SEQUENCE numbers",
        "CREATE VIEW names AS SELECT name FROM customers",
        "CREATE FUNCTION twice (x INT) RETURNS INT DETERMINISTIC RETURN 2 * x",
    )
    made = build(schema, ("INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bo')",))
    with provider.open(KEY, made) as source:
        database = source.create()
        seeded = everything(database.location)
        (template,) = (name for name in names(mariadb_server, location) if "_template_" in name)
        run(replace(location, database=template), (statement.format(template=template),))
        with pytest.raises(DatabaseError, match=f"The database {template} was changed") as caught:
            database.reset()
        assert f"let no test connect to {template}" in str(caught.value)
        with pytest.raises(DatabaseError, match="was changed"):
            source.create()
    with provider.open(KEY, made) as source:
        assert source.origin is TemplateOrigin.BUILT
        assert everything(source.create().location) == seeded


def test_nothing_is_derived_from_a_template_that_a_test_changed(
    provider: MariadbServerProvider, mariadb_server: DatabaseServer, location: ServerLocation
) -> None:
    with provider.open(KEY, SMALL):
        (template,) = names(mariadb_server, location)
        run(replace(location, database=template), ("INSERT INTO customers VALUES (7, 'x')",))
    with provider.open(replace(KEY, rows="more"), SMALL) as source:
        assert source.origin is TemplateOrigin.BUILT
        assert count(source.create()) == 1


def test_several_threads_get_and_reset_databases(provider: MariadbServerProvider) -> None:
    failures: list[BaseException] = []
    with provider.open(KEY, SMALL) as source:

        def work() -> None:
            try:
                database = source.create()
                for _ in range(3):
                    run(database.location, ("DELETE FROM customers",))
                    database.reset()
                    assert count(database) == 1
                assert not database.is_used()
                database.drop()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


def test_old_templates_make_room(
    provider: MariadbServerProvider,
    mariadb_server: DatabaseServer,
    location: ServerLocation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tdmvc.environments.mariadb.server.LIMIT_BYTES", 1)
    for schema in ("first", "second"):
        with provider.open(replace(KEY, schema=schema), SMALL):
            assert len(names(mariadb_server, location)) == 1
    with provider.open(replace(KEY, schema="second"), TemplateBuild(refuse, refuse)):
        pass
    with (
        provider.open(replace(KEY, schema="third"), SMALL),
        provider.open(replace(KEY, schema="fourth"), SMALL),
    ):
        # One that is used stays.
        assert len(provider.list_templates()) == 2


def count(database: EphemeralDatabase) -> int:
    with closing(connect(database.location)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers")
        return int(cursor.fetchone()[0])


def test_sessions_are_ended_and_named(provider: MariadbServerProvider) -> None:
    with provider.open(KEY, SMALL) as source:
        database = source.create()
        assert not database.is_used()
        with closing(connect(database.location, autocommit=False)) as user, user.cursor() as cursor:
            cursor.execute("DELETE FROM customers")
            assert database.is_used()
            report = database.reset()
            assert (report.method, len(report.ended_connections)) == (ResetMethod.COPY, 1)
        assert count(database) == 1


def test_a_failed_build_leaves_nothing(
    provider: MariadbServerProvider, mariadb_server: DatabaseServer, location: ServerLocation
) -> None:
    def fail(place: Location) -> None:
        raise ValueError("the migration failed")

    with (
        pytest.raises(ValueError, match="the migration failed"),
        provider.open(KEY, TemplateBuild(fail, fail)),
    ):
        pass
    assert names(mariadb_server, location) == []


def test_a_killed_run_leaves_nothing_to_the_next(
    provider: MariadbServerProvider, mariadb_server: DatabaseServer, location: ServerLocation
) -> None:
    program = textwrap.dedent(
        """
        import os, signal, sys
        from tdmvc.environments.base import TemplateBuild, TemplateKey
        from tdmvc.environments.mariadb import MariadbServerProvider
        from tdmvc.model.location import parse_location

        key = TemplateKey("killed", "rows", "")
        with MariadbServerProvider(parse_location(os.environ["URL"])).open(
            key, TemplateBuild(lambda _: None, lambda _: None)
        ) as source:
            source.create()
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        env={**os.environ, "URL": mariadb_server.url(location.database)},
    )
    assert done.returncode == -signal.SIGKILL
    assert len(names(mariadb_server, location)) == 2
    with provider.open(KEY, SMALL):
        assert len(names(mariadb_server, location)) == 2
    assert len(names(mariadb_server, location)) == 2
    assert provider.remove_template(TemplateKey("killed", "rows", ""))


def test_rights_that_lack_are_named(mariadb_server: DatabaseServer, location: ServerLocation) -> None:
    mariadb_server.execute("", "CREATE USER weak IDENTIFIED BY 'secret word'")
    weak = replace(location, user="weak", password="secret word")
    try:
        with (
            pytest.raises(DatabaseError, match="may not make databases") as caught,
            provider_for(weak).open(KEY, SMALL),
        ):
            pass
        assert "GRANT ALL PRIVILEGES ON `%_tdmvc_%`.*" in str(caught.value)
        assert "secret word" not in str(caught.value)
        # What the message advises.
        mariadb_server.execute(
            "", "GRANT ALL PRIVILEGES ON `%_tdmvc_%`.* TO weak", "GRANT PROCESS ON *.* TO weak"
        )
        with provider_for(weak).open(KEY, SMALL) as source:
            database = source.create()
            run(database.location, ("DELETE FROM customers",))
            assert database.reset().method is ResetMethod.COPY
            assert count(database) == 1
    finally:
        mariadb_server.execute("", "DROP USER weak")


def test_a_history_cannot_be_copied(provider: MariadbServerProvider) -> None:
    made = build(("CREATE TABLE kept (id INT) WITH SYSTEM VERSIONING",), ())
    with (
        pytest.raises(DatabaseError, match="another history: kept") as caught,
        provider.open(KEY, made) as source,
    ):
        source.create()
    assert "embedded-mariadb" in str(caught.value)


def test_a_server_for_production_is_refused() -> None:
    with pytest.raises(DatabaseError, match="Environments for tests are never made there"):
        provider_for(ServerLocation("mysql", "db.production.example.test", database="shop"))


def test_a_server_that_is_not_there_is_told() -> None:
    provider = provider_for(ServerLocation("mysql", "127.0.0.1", 1, "me", "hunter2", "shop"))
    with pytest.raises(DatabaseError) as caught, provider.open(KEY, SMALL):
        pass
    assert "hunter2" not in str(caught.value)
    assert isinstance(caught.value, DatabaseError)
    assert not isinstance(caught.value, pymysql.MySQLError)
