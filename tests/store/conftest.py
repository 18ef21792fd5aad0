"""What the tests of the store share: an object store of one's own, and an engine."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tdmvc.store.index import FileIndex
from tdmvc.store.objects import ObjectStore


@pytest.fixture
def index(tmp_path: Path) -> Iterator[FileIndex]:
    memory = FileIndex(tmp_path / "state" / "index.sqlite")
    yield memory
    memory.close()


@pytest.fixture
def objects(tmp_path: Path, index: FileIndex) -> ObjectStore:
    return ObjectStore(tmp_path / "cache", tmp_path / "quarantine", index)


@pytest.fixture(scope="session")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    yield connection
    connection.close()
