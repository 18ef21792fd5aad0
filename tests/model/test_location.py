"""Locations: what is a path, what is a URL, and that no text of one shows a password."""

from pathlib import Path

import pytest

from tdmvc.errors import UsageError
from tdmvc.model.location import PathLocation, ServerLocation, parse_location


@pytest.mark.parametrize(
    ("text", "path", "scheme"),
    [
        ("shop.db", "shop.db", ""),
        ("../a b/shop.db", "../a b/shop.db", ""),
        ("/srv/shop.db", "/srv/shop.db", ""),
        (r"C:\shop.db", r"C:\shop.db", ""),
        ("sqlite:///shop.db", "shop.db", "sqlite"),
        ("SQLite:///a/shop.db", "a/shop.db", "sqlite"),
        ("sqlite:////srv/shop.db", "/srv/shop.db", "sqlite"),
        ("duckdb:///my%20shop%3F.db", "my shop?.db", "duckdb"),
        ("duckdb:///me@home#1.db", "me@home#1.db", "duckdb"),
    ],
)
def test_a_path_or_a_file_url_names_a_file(text: str, path: str, scheme: str) -> None:
    assert parse_location(text) == PathLocation(Path(path), scheme)


def test_relative_paths_begin_at_the_given_folder() -> None:
    folder = Path("app")
    assert parse_location("x.db", folder=folder) == PathLocation(Path("app/x.db"))
    assert parse_location("sqlite:///x.db", folder=folder) == PathLocation(Path("app/x.db"), "sqlite")
    assert parse_location("sqlite:////x.db", folder=folder) == PathLocation(Path("/x.db"), "sqlite")


def test_a_server_url_has_parts() -> None:
    location = parse_location("postgresql://me%40work:p%2Fw@[::1]:5433/shop?sslmode=require&password=p%2Fw")
    assert location == ServerLocation(
        "postgresql",
        host="[::1]",
        port=5433,
        user="me@work",
        password="p/w",
        database="shop",
        query=(("sslmode", "require"), ("password", "p/w")),
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:secret@db.example/shop", "postgresql://me@db.example/shop"),
        ("postgresql://me:sec@ret@db:5432/shop", "postgresql://me@db:5432/shop"),
        ("mysql://db?user=me&password=secret", "mysql://db"),
        ("postgresql:///shop", "postgresql:///shop"),
    ],
)
def test_no_text_of_a_location_shows_its_password(text: str, shown: str) -> None:
    location = parse_location(text)
    assert str(location) == shown
    assert "sec" not in repr(location)
    assert "sec" not in f"{location} {location!r} {[location]}"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:sec/ret@db/shop",
        "postgresql://me:p@sec/ret@db/shop",
        "postgresql://me:p@sec?ret@db/shop",
        "postgresql://me:sec#ret@db/shop",
        "postgresql://db:secret/shop",
        "sqlite://me:secret@shop.db",
    ],
)
def test_a_url_that_cannot_be_understood_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(UsageError, match=r"://") as caught:
        parse_location(text)
    assert "sec" not in caught.value.message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    [
        "jdbc:postgresql://me:secret@db/shop",
        "jdbc:sqlserver://db;user=me;Password=secret",
        " postgres://me:secret@db/shop",
        "postgres:/me:secret@db/shop",
        "postgres:me:secret@db",
        "p://me:secret@db/shop",
        "me:secret@db/shop",
        "m:secret@db/shop",
        "host=db password=secret",
        "Server=db;PWD = secret",
    ],
)
def test_a_text_like_a_url_is_no_path_and_is_not_shown(text: str) -> None:
    with pytest.raises(UsageError, match="not shown") as caught:
        parse_location(text)
    assert "sec" not in caught.value.message
    assert parse_location(f"./{text}") == PathLocation(Path(text))


@pytest.mark.parametrize(
    "text",
    ["C:/me@work/shop.db", r"C:\me@work\shop.db", "me@work/a:b.csv", "day=1/at 10:30.csv", "/srv/a:b@c"],
)
def test_a_colon_or_an_at_sign_makes_no_url(text: str) -> None:
    assert parse_location(text) == PathLocation(Path(text))


@pytest.mark.parametrize("text", ["sqlite://shop.db", "duckdb://", "sqlite:///", "duckdb:///:memory:"])
def test_a_file_url_names_a_file_and_nothing_else(text: str) -> None:
    with pytest.raises(UsageError, match="does not name a file") as caught:
        parse_location(text)
    assert f"{text.partition(':')[0]}:///FILE" in caught.value.remedy


def test_the_query_of_a_file_url_is_refused_as_such_and_not_shown() -> None:
    with pytest.raises(UsageError, match=r"sqlite:///x\.db has a query") as caught:
        parse_location("sqlite:///x.db?key=secret")
    assert "sqlite:///FILE" in caught.value.remedy
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "text", ["sqlite:///%00", "sqlite:///a%ff.db", "duckdb:///a%ff/x", "x\0", "\udcff.csv"]
)
def test_a_name_that_no_engine_can_open_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not valid UTF-8, or has a NUL"):
        parse_location(text)


VARIABLES = {
    "URL": "postgresql://me:p%40w@db:5433/shop",
    "USER": "me@work",
    "PASSWORD": "p@/:?#${USER} %41",
    "SERVER": "db:5433",
    "NAME": "my shop/1",
    "FOLDER": "/srv/${x}",
    "EMPTY": "",
}


SECRET = VARIABLES["PASSWORD"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${URL}", ServerLocation("postgresql", "db", 5433, "me", "p@w", "shop")),
        (
            "postgresql://me:${PASSWORD}@db/shop",
            ServerLocation("postgresql", "db", None, "me", SECRET, "shop"),
        ),
        (
            "postgresql://${USER}:${PASSWORD}@${SERVER}/${NAME}?password=${PASSWORD}",
            ServerLocation("postgresql", "db", 5433, "me@work", SECRET, "my shop/1", (("password", SECRET),)),
        ),
        (
            "mysql://${SERVER}?password=${PASSWORD}",
            ServerLocation("mysql", "db", 5433, query=(("password", SECRET),)),
        ),
        ("postgresql://${SERVER}", ServerLocation("postgresql", "db", 5433)),
    ],
)
def test_variables_stand_for_a_url_or_its_parts_whatever_characters_they_have(
    text: str, expected: ServerLocation
) -> None:
    location = parse_location(text, variables=VARIABLES)
    assert location == expected
    assert "p@" not in f"{location} {location!r}"


def test_a_variable_may_hold_the_beginning_of_a_path_or_url() -> None:
    assert parse_location("${FOLDER}/x.db", variables=VARIABLES) == PathLocation(Path("/srv/${x}/x.db"))
    location = parse_location("${URL}?application_name=${NAME}", variables=VARIABLES)
    assert isinstance(location, ServerLocation)
    assert (location.password, location.query) == ("p@w", (("application_name", "my shop/1"),))


def test_a_path_with_the_sign_of_a_variable_stays_a_path() -> None:
    assert parse_location("./${URL}", variables=VARIABLES) == PathLocation(Path("${URL}"))
    assert parse_location("a${URL}.csv", variables=VARIABLES) == PathLocation(Path("a${URL}.csv"))


@pytest.mark.parametrize("text", ["${GONE}", "${EMPTY}", "postgresql://me:${GONE}@db", "${URL}/${GONE}"])
def test_a_variable_that_is_not_set_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match=r"variable (GONE|EMPTY) is not set") as caught:
        parse_location(text, variables=VARIABLES)
    assert "p%40w" not in caught.value.message
