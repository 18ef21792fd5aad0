"""A tree of files in memory for the tests of the readers."""

from collections.abc import Callable, Iterable, Iterator

import pytest

from tdmvc.model.migration import MigrationLocation
from tdmvc.model.tree import FileTree


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
