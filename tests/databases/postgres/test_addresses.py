"""What a URL of PostgreSQL means, and what a server's refusal says."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tdmvc.databases import find_engine
from tdmvc.databases.base import ReadOptions
from tdmvc.databases.postgres import PostgresEngine
from tdmvc.databases.postgres.address import read_address
from tdmvc.databases.postgres.connection import Session, connected
from tdmvc.databases.postgres.errors import connection_error
from tdmvc.errors import DatabaseError, UsageError
from tdmvc.model.location import ServerLocation, parse_location
from tests.servers import DatabaseServer


@pytest.mark.parametrize(
    ("url", "parameters", "schemas"),
    [
        ("postgresql://me:p%40s@db:5433/shop", ["me", "p@s", "db", "5433", "shop"], ()),
        (
            "postgres://db/shop?schema=sales,public&schema=sales",
            [None, None, "db", None, "shop"],
            ("sales", "public"),
        ),
        ("postgresql+psycopg://%2Fvar%2Frun%2Fpg/shop", [None, None, "/var/run/pg", None, "shop"], ()),
        ("postgresql+asyncpg://me@[::1]:1/s%20hop", ["me", None, "::1", "1", "s hop"], ()),
        ("postgresql:///?host=/tmp&dbname=a&user=b&password=c", ["b", "c", "/tmp", None, "a"], ()),
        ("postgresql://db/shop?connection_limit=5&pgbouncer=true", [None, None, "db", None, "shop"], ()),
    ],
)
def test_what_a_url_says(url: str, parameters: list[str | None], schemas: tuple[str, ...]) -> None:
    location = parse_location(url)
    assert isinstance(find_engine(location), PostgresEngine)
    address = read_address(location)
    names = ("user", "password", "host", "port", "dbname")
    assert [address.parameters.get(name) for name in names] == parameters
    assert set(address.parameters) <= set(names)
    assert address.schemas == schemas


def test_parameters_of_libpq_are_passed_on() -> None:
    address = read_address(parse_location("postgresql:///?service=x&sslmode=verify-full&sslrootcert=/ca.pem"))
    assert address.parameters == {"service": "x", "sslmode": "verify-full", "sslrootcert": "/ca.pem"}


@pytest.mark.parametrize(
    ("query", "remedy"),
    [
        ("shema=a", "did you mean 'schema'?"),
        ("currentSchema=a", "did you mean 'schema'?"),
        ("sslMode=require", "did you mean 'sslmode'?"),
        ("replication=true", "remove it"),
        ("dbname=other", "remove one of them."),
        ("passfile=%00", "remove it."),
    ],
)
def test_a_parameter_that_no_address_has_is_refused(query: str, remedy: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_address(parse_location(f"postgresql://me:geheim@db/shop?{query}&password=geheim"))
    assert remedy in caught.value.remedy
    assert "geheim" not in caught.value.message


@contextmanager
def _refused(location: ServerLocation, what: str) -> Iterator[None]:
    with pytest.raises(DatabaseError) as caught, connected(location, Session()):
        raise AssertionError("connected")
    error = caught.value
    assert (error.exit_code, error.what, error.where) == (7, what, str(location))
    assert error.remedy
    assert "geheim" not in error.message
    assert error.__suppress_context__
    yield


def test_each_reason_for_a_refusal_has_its_own_message(postgres_server: DatabaseServer) -> None:
    location = postgres_server.location("postgres")
    name = location.user
    cases = [
        (replace(location, password="geheim"), f"The server refuses the password of the user {name}."),
        (replace(location, database="gone"), "The server has no database gone."),
        (replace(location, host="gone.invalid"), "There is no host gone.invalid."),
        (replace(location, port=_free_port()), f"No server answers at {location.host}."),
        (replace(location, host="%2Fgone"), "No server answers at the socket /gone."),
        (
            replace(location, query=(("sslmode", "require"),)),
            "The server offers no encryption, and the URL asks for it.",
        ),
        (replace(location, query=(("service", "gone"),)), "The service of the URL is in no service file."),
    ]
    for refused, what in cases:
        with _refused(refused, what):
            pass


def test_the_command_that_makes_a_database_goes_to_the_same_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGDATABASE", raising=False)
    said = 'FATAL:  database "x" does not exist'
    named = connection_error(
        said, read_address(parse_location("postgresql://me@db:5433/my%20shop?sslmode=require"))
    )
    assert named.what == "The server has no database my shop."
    assert "`createdb -h db -p 5433 -U me 'my shop'`" in named.remedy
    unnamed = connection_error(said, read_address(parse_location("postgresql://db")))
    assert unnamed.what == "The server has no database with the name of the user, and the URL names none."


def test_a_user_that_may_not_connect(postgres_server: DatabaseServer) -> None:
    with postgres_server.fresh_database() as name:
        postgres_server.execute(
            name,
            f"CREATE ROLE guest_{name} LOGIN PASSWORD 'geheim'",
            f"REVOKE CONNECT ON DATABASE {name} FROM public",
        )
        try:
            location = replace(postgres_server.location(name), user=f"guest_{name}", password="geheim")
            with _refused(location, f"The user guest_{name} may not connect to the database {name}."):
                pass
        finally:
            postgres_server.execute("", f"DROP ROLE guest_{name}")


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        location = ServerLocation(
            "postgresql",
            "127.0.0.1",
            listener.getsockname()[1],
            "me",
            "geheim",
            "shop",
            (("connect_timeout", "2"),),
        )
        with _refused(location, "The server does not answer in time."):
            pass


def test_the_environment_says_what_the_url_does_not(
    postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    location = postgres_server.location("postgres")
    monkeypatch.setenv("PGHOST", location.host)
    monkeypatch.setenv("PGPORT", str(location.port))
    monkeypatch.setenv("PGUSER", location.user)
    monkeypatch.setenv("PGPASSWORD", location.password or "")
    with connected(ServerLocation("postgresql", database="postgres"), Session()) as connection:
        assert connection.info.dbname == "postgres"
        found = connection.execute("SELECT current_setting('application_name')").fetchone()
        assert found == ("tdmvc",)
    monkeypatch.delenv("PGPASSWORD")
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"*:*:*:*:{location.password}\n", encoding="utf-8")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    with connected(ServerLocation("postgres", database="postgres"), Session()) as connection:
        assert connection.info.user == location.user


def test_what_the_environment_names_is_known_when_a_database_is_open(
    postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = postgres_server.location("postgres")
    monkeypatch.setenv("PGDATABASE", "postgres")
    monkeypatch.setenv("PGPASSWORD", location.password or "")
    url = ServerLocation("postgresql", location.host, location.port, location.user)
    with PostgresEngine().open_target(url, ReadOptions()) as target:
        assert target.names == {"database": "postgres", "host": location.host}


def test_a_missing_driver_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with (
        pytest.raises(DatabaseError, match="a driver that is not installed: psycopg") as caught,
        connected(ServerLocation("postgresql"), Session()),
    ):
        raise AssertionError("connected")
    assert caught.value.remedy == "run `pip install 'tdmvc[postgres]'`."


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_a_server_that_is_too_old_is_refused(
    postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tdmvc.databases.postgres.connection.OLDEST_VERSION", 990000)
    with (
        pytest.raises(DatabaseError, match=r"The server is PostgreSQL 18\.\d+; tdmvc needs 13 or newer"),
        connected(postgres_server.location("postgres"), Session()),
    ):
        raise AssertionError("connected")
