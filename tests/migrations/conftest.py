"""Trees of files for the tests of the readers: in memory, and on disk under tests/cases."""

from collections.abc import Callable

import pytest

from tdmvc.gitrepo.trees import WorkTree
from tdmvc.model.migration import MigrationLocation
from tdmvc.model.tree import FileTree
from tests.builders import MemoryTree
from tests.migrations.states import CASES


@pytest.fixture
def tree() -> Callable[[dict[str, str | bytes]], FileTree]:
    return MemoryTree


@pytest.fixture
def at() -> Callable[..., MigrationLocation]:
    def location(tool: str, path: str, pattern: str | None = None) -> MigrationLocation:
        return MigrationLocation("main", tool, path, pattern)

    return location


@pytest.fixture
def case_tree() -> Callable[[str], FileTree]:
    """Open a realistic repository of tests/cases/migrations as a work tree."""
    return lambda name: WorkTree(CASES / name)
