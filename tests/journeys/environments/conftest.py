"""The application that the journeys of environments share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import add_tables, copy_repo
from tests.journeys.environments.application import CONFIG, MIGRATIONS, App


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two migrations in plain SQL, and golden data for them."""
    folder = copy_repo(template, tmp_path_factory.mktemp("environments") / "app")
    (folder / "migrations").mkdir()
    for name, text in MIGRATIONS.items():
        (folder / "migrations" / name).write_text(text)
    with (folder / "tdmvc.yaml").open("a") as file:
        file.write("migrations:\n  main: {tool: sql, path: migrations}\n" + CONFIG)
    add_tables(folder, {"customers": "id,name\n1,Ann\n2,Bob\n", "orders": "id,total\n7,10\n"})
    return folder


@pytest.fixture
def app(made: Path, tmp_path: Path, fast_python: Path) -> Iterator[App]:
    (tmp_path / "tmp").mkdir()
    application = App(copy_repo(made, tmp_path / "app"), fast_python)
    yield application
    if application.records:
        application.run("down", "--all")
