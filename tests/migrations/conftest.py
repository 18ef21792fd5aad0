"""Trees of files for the tests of the readers: in memory, and on disk under tests/cases."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tdmvc.model.recorded import MigrationLocation
from tdmvc.model.tree import FileTree
from tdmvc.repo.trees import WorkTree


class MemoryTree:
    """Files in a dict, as a Git revision would give them."""

    label = "abc1234"

    def __init__(self, files: dict[str, str | bytes]) -> None:
        self._files = files

    def list_files(self, folder: str = "") -> list[str]:
        return sorted(path for path in self._files if not folder or path.startswith(folder + "/"))

    def read_text(self, path: str) -> str | None:
        content = self._files.get(path)
        if isinstance(content, bytes):
            return content.decode("utf-8", "replace").removeprefix("\ufeff")
        return content

    def read_texts(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        for path in paths:
            text = self.read_text(path)
            if text is not None:
                yield path, text


@pytest.fixture
def tree() -> Callable[[dict[str, str | bytes]], FileTree]:
    return MemoryTree


@pytest.fixture
def at() -> Callable[..., MigrationLocation]:
    def location(tool: str, path: str, pattern: str | None = None) -> MigrationLocation:
        return MigrationLocation("main", tool, path, pattern)

    return location


CASES = Path(__file__).parents[1] / "cases" / "migrations"


@pytest.fixture
def case_tree() -> Callable[[str], FileTree]:
    """Open a real-looking repository of tests/cases/migrations as the work tree that it is."""
    return lambda name: WorkTree(CASES / name)
