"""Addresses of ephemeral databases in the forms of drivers and tools."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from tdmvc.environments.addresses import address_values, client_variables
from tdmvc.model.location import PathLocation, ServerLocation, parse_location

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
SERVERS = st.builds(
    ServerLocation,
    scheme=st.sampled_from(
        ["postgresql", "postgres", "postgresql+asyncpg", "mysql", "mariadb", "mysql+aiomysql"]
    ),
    host=st.just("127.0.0.1"),
    port=st.integers(1, 65535),
    user=TEXTS,
    password=TEXTS,
    database=TEXTS,
)


@given(SERVERS)
def test_every_form_of_a_url_names_the_same_database(location: ServerLocation) -> None:
    values = address_values(location)
    engine = "postgresql" if location.scheme.startswith("postgres") else "mysql"
    assert parse_location(values["url"]) == replace(location, scheme=engine)
    sqlalchemy = make_url(values["sqlalchemy_url"])
    assert sqlalchemy.get_backend_name() == engine
    assert sqlalchemy.get_driver_name() in location.scheme or "+" not in location.scheme
    assert (
        client_variables(location).keys() == client_variables(parse_location(values["url"])).keys() != set()
    )
    assert (sqlalchemy.username, sqlalchemy.password) == (location.user, location.password)
    assert (sqlalchemy.host, sqlalchemy.port) == (location.host, location.port)
    jdbc = urlsplit(values["jdbc_url"].removeprefix("jdbc:"))
    assert jdbc.scheme in (engine, "mariadb")
    query = parse_qs(jdbc.query, keep_blank_values=True)
    assert (query["user"], query["password"]) == ([location.user], [location.password])
    assert unquote(jdbc.path) == f"/{location.database}"


@pytest.mark.parametrize("scheme", ["sqlite", "duckdb"])
def test_a_file_is_named_by_its_absolute_path(scheme: str, tmp_path: Path) -> None:
    path = tmp_path / "a shop #1.db"
    values = address_values(PathLocation(path, scheme))
    assert values["path"] == str(path)
    assert make_url(values["sqlalchemy_url"]).database == str(path)
    assert parse_location(values["url"]) == PathLocation(path, scheme)
    assert client_variables(PathLocation(path, scheme)) == {}


def test_clients_of_a_server_find_it_in_their_own_variables() -> None:
    location = ServerLocation("postgresql", "127.0.0.1", 5433, "me", "geheim", "shop")
    assert client_variables(location) == {
        "PGHOST": "127.0.0.1",
        "PGPORT": "5433",
        "PGUSER": "me",
        "PGPASSWORD": "geheim",
        "PGDATABASE": "shop",
    }
