"""Chinook and Pagila in databases: what is seeded reads back equal, and nothing in the database changes it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import tdmvc
from tdmvc.api import Repository
from tdmvc.model.seeding import LoadMethod
from tests.builders import copy_repo
from tests.series import trials
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


ENGINES = {
    "sqlite": ("chinook", "dumped"),
    "duckdb": ("dumped", "chinook"),
    "postgres_server": ("dumped", "chinook"),
    "mariadb_server": ("chinook", "dumped"),
}
"""Every engine takes both; in `make test`, only the first."""


@pytest.mark.parametrize(
    ("engine", "dataset"),
    [(engine, dataset) for engine, datasets in ENGINES.items() for dataset in datasets[: trials(2, 1)]],
)
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
