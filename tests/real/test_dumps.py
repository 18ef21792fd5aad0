"""Chinook and Pagila as SQL dumps, in through the command line."""

import contextlib
import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tdmvc.cli.main import run
from tdmvc.workspace.states import current_state
from tdmvc.workspace.workspace import Workspace
from tests.builders import copy_repo

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def app(shared: Path, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with both, and with Chinook from SQLite."""
    app = tmp_path_factory.mktemp("dumps") / "app"
    copy_repo(template, app)
    pagila, chinook = shared / "pagila", shared / "chinook"
    for words in (
        ["pagila", pagila / "pagila-schema.sql", pagila / "pagila-data.sql"],
        ["dumped", chinook / "Chinook_PostgreSql.sql"],
        ["sqlite", chinook / "Chinook_Sqlite.sqlite"],
    ):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            assert run(["-C", str(app), "add", *map(str, words)]) == 0, output.getvalue()
    return app


def tables(app: Path, dataset: str) -> dict[str, Path]:
    """Return the folder of each table of a dataset."""
    with Workspace.open(app) as workspace:
        return {path.name: path for path in workspace.working_copy(dataset).iterdir() if path.is_dir()}


def rows(folder: Path) -> list[tuple[object, ...]]:
    """Return the rows of a table."""
    return [
        tuple(row.values())
        for file in sorted(folder.glob("*.parquet"))
        for row in pq.read_table(file).to_pylist()
    ]


def test_chinook_has_the_rows_of_its_sqlite_file(app: Path) -> None:
    dumped, sqlite = tables(app, "dumped"), tables(app, "sqlite")
    by_name = {name.replace("_", ""): folder for name, folder in dumped.items()}
    assert sorted(by_name) == sorted(name.lower() for name in sqlite)
    total = 0
    for name, folder in sqlite.items():
        found = rows(by_name[name.lower()])
        total += len(found)
        assert _plain(found) == _plain(rows(folder)), name
    assert (len(dumped), total) == (11, 15_607)


def _plain(rows: list[tuple[object, ...]]) -> list[tuple[str, ...]]:
    """Return rows as texts: SQLite has no exact decimals, and PostgreSQL strips the blanks at the end of N'…'."""
    return sorted(tuple("" if value is None else str(value).rstrip(" ") for value in row) for row in rows)


def test_chinook_has_its_keys_and_references(app: Path) -> None:
    with Workspace.open(app) as workspace:
        dumped = current_state(workspace, "dumped").contract.tables
        sqlite = current_state(workspace, "sqlite").contract.tables
    shape = {name.lower(): table for name, table in sqlite.items()}
    for name, table in dumped.items():
        same = shape[name.replace("_", "")]
        assert [column.replace("_", "") for column in table.key] == [column.lower() for column in same.key]
        assert len(table.references) == len(same.references), name


def test_pagila_has_its_tables_rows_keys_and_references(app: Path) -> None:
    found = {name: len(rows(folder)) for name, folder in tables(app, "pagila").items()}
    assert (len(found), sum(found.values())) == (15, 46_273)
    assert found["payment"] == 16_049  # of all partitions
    with Workspace.open(app) as workspace:
        contract = current_state(workspace, "pagila").contract.tables
    assert contract["film_actor"].key == ("actor_id", "film_id")
    references = {key.table for key in contract["rental"].references}
    assert references == {"customer", "inventory", "staff"}
    assert len([1 for table in contract.values() if table.key]) == 15
