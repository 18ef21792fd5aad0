"""Databases of an environment that are files, made from a small schema with rows."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import duckdb
import pytest

from tdmvc.environments.base import DatabaseSource, EphemeralDatabase, TemplateBuild, TemplateKey
from tdmvc.environments.files import provider_for
from tdmvc.model.location import Location, PathLocation

KEY = TemplateKey("schema", "rows", "golden@1.0.0")

SCHEMA = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT UNIQUE)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers, note TEXT)",
    "CREATE INDEX orders_customer ON orders (customer)",
    "CREATE VIEW names AS SELECT name FROM customers",
)
ROWS = (
    "INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bo')",
    "INSERT INTO orders VALUES (1, 1, 'first'), (2, 1, NULL)",
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of one's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "tdmvc" / "environments"


def run(location: Location, statements: tuple[str, ...]) -> None:
    """Run statements in a database that is a file."""
    assert isinstance(location, PathLocation)
    if location.scheme == "sqlite":
        with closing(sqlite3.connect(location.path)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()
    else:
        with closing(duckdb.connect(str(location.path))) as database:
            for statement in statements:
                database.execute(statement)


def build(schema: tuple[str, ...] = SCHEMA, rows: tuple[str, ...] = ROWS) -> TemplateBuild:
    return TemplateBuild(lambda location: run(location, schema), lambda location: run(location, rows))


Provide = Callable[..., DatabaseSource]


@pytest.fixture
def provide(tmp_path: Path) -> Iterator[Provide]:
    """Open a provider; what it made is dropped at the end of the test."""
    with ExitStack() as stack:

        def provide(
            scheme: str,
            made: TemplateBuild | None = None,
            *,
            key: TemplateKey = KEY,
            name: str = "app/db.sqlite3",
        ) -> DatabaseSource:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            provider = provider_for(PathLocation(tmp_path / name, scheme))
            return stack.enter_context(provider.open(key, made or build()))

        yield provide


@pytest.fixture
def sqlite_file(provide: Provide) -> EphemeralDatabase:
    return provide("sqlite").create()


@pytest.fixture
def duckdb_file(provide: Provide) -> EphemeralDatabase:
    return provide("duckdb", name="app/db.duckdb").create()


def path_of(database: EphemeralDatabase) -> Path:
    assert isinstance(database.location, PathLocation)
    return database.location.path
