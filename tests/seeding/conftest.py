"""A shop with two published versions, and a database in memory that is registered as an engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import tdmvc
from tdmvc.api import Repository
from tdmvc.databases import FILES
from tests.builders import copy_repo, publish, quiet_shop
from tests.seeding.memory_database import MemoryDatabase

LATER = {1: ("Ann", "ann@x.test"), 2: ("Bo", "bob@x.test"), 4: ("Dan", "dan@x.test")}
"""Customers of golden@1.1.0: one changed, one removed, one added."""


@pytest.fixture(scope="session")
def versions(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with golden@1.0.0, and golden@2.0.0 with other customers."""
    app = copy_repo(template, tmp_path_factory.mktemp("seeding") / "app")
    shop = quiet_shop(app)
    shop.commit("First")
    publish(app, "1.0.0")
    shop.commit("Later", LATER)
    publish(app, "2.0.0")
    return app


@pytest.fixture
def shop(versions: Path, tmp_path: Path) -> Iterator[Repository]:
    """An open repository of one's own."""
    with tdmvc.open(copy_repo(versions, tmp_path / "app")) as repository:
        yield repository


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> MemoryDatabase:
    """An empty database; `shop.memory` names it."""
    database = MemoryDatabase()
    monkeypatch.setattr("tdmvc.databases.FILES", {**FILES, "memory": database})
    return database
