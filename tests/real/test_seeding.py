"""Chinook, Pagila and bakerydemo in databases: what is seeded reads back equal, and nothing there changes it."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import tdmvc
from tdmvc.api import Repository
from tdmvc.model.seeding import LoadMethod
from tests.builders import copy_repo
from tests.series import long_only, trials
from tests.servers import DatabaseServer

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def shop(shared: Path, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A repository with Chinook as SQLite and as PostgreSQL declare it, and with Pagila."""
    app = copy_repo(template, tmp_path_factory.mktemp("real") / "app")
    pagila = shared / "pagila"
    with tdmvc.open(app) as repository:
        repository.add("chinook", shared / "chinook" / "Chinook_Sqlite.sqlite")
        repository.add("dumped", shared / "chinook" / "Chinook_PostgreSql.sql")
        repository.add("pagila", pagila / "pagila-schema.sql", pagila / "pagila-data.sql")
        yield repository


SEEDS = (
    ("sqlite", "chinook"),
    ("postgres_server", "dumped"),
    ("duckdb", "dumped"),
    ("mariadb_server", "chinook"),
    ("sqlite", "dumped"),
    ("duckdb", "chinook"),
    ("postgres_server", "chinook"),
    ("mariadb_server", "dumped"),
)
"""Every engine takes both; in `make test`, a file and a server take one each."""


@pytest.mark.parametrize(("engine", "dataset"), SEEDS[: trials(len(SEEDS), 2)])
def test_chinook_reads_back_equal(
    shop: Repository, dataset: str, engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if engine.endswith("_server"):
        server: DatabaseServer = request.getfixturevalue(engine)
        with server.fresh_database() as name:
            _seed_chinook(shop, dataset, server.url(name))
    else:
        _seed_chinook(shop, dataset, f"{engine}:///{tmp_path / 'chinook'}.{engine}")


def _seed_chinook(shop: Repository, dataset: str, url: str) -> None:
    report = shop.seed(dataset, into=url, verify=True)
    assert (len(report.datasets[0].tables), report.datasets[0].rows) == (11, 15_607)
    assert report.datasets[0].is_verified
    assert shop.seed(dataset, into=url).datasets[0].is_there
    if url.startswith("sqlite"):
        return  # a file without decimals needs the contract to tell 0.99 from a float
    # Another reader than the one that verified: a new dataset gets the same rows from the database.
    again = f"again-{len(shop.datasets())}"
    shop.add(again, url)
    for table in shop.show(dataset).tables:
        name = table.schema.name
        assert shop.table(again, name).to_pylist() == shop.table(dataset, name).to_pylist(), name


def test_pagila_fills_the_tables_of_its_own_schema_and_no_trigger_fires(
    shop: Repository, shared: Path, postgres_server: DatabaseServer
) -> None:
    schema = (shared / "pagila" / "pagila-schema.sql").read_text()
    with postgres_server.fresh_database() as name:
        postgres_server.execute(name, schema)
        report = shop.seed("pagila", into=postgres_server.url(name), verify=True)
        [pagila] = report.datasets
        assert (len(pagila.tables), pagila.rows, pagila.is_verified) == (15, 46_273, True)
        assert {table.method for table in pagila.tables} == {LoadMethod.RELOADED}
        with postgres_server.connect(name) as connection:
            triggers = connection.execute("SELECT DISTINCT tgenabled FROM pg_trigger").fetchall()
            # last_updated would have set the present time.
            newest = connection.execute("SELECT max(last_update) < current_date FROM public.actor").fetchall()
        assert (triggers, newest) == ([("O",)], [(True,)])
        assert shop.seed("pagila", into=postgres_server.url(name)).datasets[0].is_there


@long_only
def test_the_bakery_with_its_cycles_and_self_references_reads_back_equal(
    shop: Repository, shared: Path, postgres_server: DatabaseServer
) -> None:
    shop.add("bakery", shared / "bakerydemo" / "bakery_v7.1.sqlite3")
    with postgres_server.fresh_database() as name:
        [bakery] = shop.seed("bakery", into=postgres_server.url(name), verify=True).datasets
        assert bakery.is_verified
        with postgres_server.connect(name) as connection:
            counted = "SELECT count(*), count(*) FILTER (WHERE confrelid = conrelid) FROM pg_constraint"
            [(references, to_itself)] = connection.execute(f"{counted} WHERE contype = 'f'").fetchall()
        assert (references > 40, to_itself > 0) == (True, True)
        assert shop.seed("bakery", into=postgres_server.url(name)).datasets[0].is_there


@long_only
def test_the_bakery_fills_the_tables_that_its_django_migrations_made(
    shop: Repository, shared: Path, postgres_server: DatabaseServer
) -> None:
    # Wagtail's search index is text in SQLite, and a tsvector in PostgreSQL.
    left_out = ["wagtailsearch_index*"]
    shop.add("django", shared / "bakerydemo" / "bakery_v7.1.sqlite3")
    tables = gzip.decompress(Path(__file__).with_name("bakerydemo_v7.1_tables.sql.gz").read_bytes())
    with postgres_server.fresh_database() as name:
        postgres_server.execute(name, tables.decode())
        [seeded] = shop.seed("django", into=postgres_server.url(name), exclude=left_out, verify=True).datasets
        assert (len(seeded.tables), seeded.rows) == (79, 1_148)
        assert shop.seed("django", into=postgres_server.url(name), exclude=left_out).datasets[0].is_there
        for table in ("wagtailcore_page", "wagtailcore_revision", "locations_locationpage"):
            columns = shop.table("django", table).column_names
            query = f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1"
            found = [dict(zip(columns, row, strict=True)) for row in postgres_server.rows(name, query)]
            rows = shop.table("django", table).to_pylist()
            assert list(map(_django_row, found)) == list(map(_django_row, rows)), table


def _django_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row in one form for both databases.

    Django keeps a UUID as 32 digits in SQLite, JSON as a text, and times without a zone.
    """
    return {name: _django_value(value) for name, value in row.items()}


def _django_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if not isinstance(value, str):
        return value
    if value[:1] in ("{", "["):
        return json.loads(value)
    try:
        return UUID(value)
    except ValueError:
        return value
