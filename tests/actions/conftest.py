"""The repository that tests of verbs start from: golden@1.0.0, with customers and their orders."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import CUSTOMERS, ORDERS
from tests.builders import add_tables, copy_repo, publish


@pytest.fixture(scope="session")
def published(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository, built once: two commits, the second of which published golden@1.0.0."""
    app = copy_repo(template, tmp_path_factory.mktemp("published") / "app")
    add_tables(app, {"customers": CUSTOMERS, "orders": ORDERS})
    publish(app)
    return app


@pytest.fixture
def app(published: Path, tmp_path: Path) -> Path:
    """A copy of the repository."""
    return copy_repo(published, tmp_path / "app")


@pytest.fixture
def workspace(app: Path) -> Iterator[Workspace]:
    """The copy, opened."""
    with Workspace.open(app) as opened:
        yield opened
