"""Knows which tool a folder belongs to when several recognise it, and finds all locations of a tree."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from tdmvc.errors import UnreadableFileError
from tdmvc.migrations.base import Reader
from tdmvc.model.migration import MigrationLocation
from tdmvc.model.tree import FileTree

BY_NAME_ALONE: Final = ("golang-migrate", "sql")
"""Tools that know a folder by the names of its files alone, the surer one first.

A folder that any other tool recognises is never theirs: that one has seen more.
"""

MAX_REMEMBERED: Final = 32_000_000
"""How many characters of files are kept in mind for the next reader that asks."""


def find_locations(tree: FileTree, readers: Mapping[str, Reader]) -> list[MigrationLocation]:
    """Return what the readers find, each folder for one tool alone, in the readers' order.

    A folder belongs to the first tool in `precedence` that recognises it.
    """
    once = ReadOnce(tree)
    found = {tool: readers[tool].detect(once) for tool in precedence(readers)}
    owners: dict[str, str] = {}
    for tool, locations in found.items():
        for location in locations:
            owners.setdefault(location.path, tool)
    return [location for tool in readers for location in found[tool] if owners[location.path] == tool]


def precedence(tools: Iterable[str]) -> list[str]:
    """Return the tools in the order in which they may claim a folder."""
    return sorted(tools, key=lambda tool: BY_NAME_ALONE.index(tool) if tool in BY_NAME_ALONE else -1)


class ReadOnce:
    """A tree that is listed once and whose small files are read once, however many readers ask."""

    def __init__(self, tree: FileTree) -> None:
        self._tree = tree
        self._paths = tree.list_files()
        self._names = [_bytes(path) for path in self._paths]
        self._known = frozenset(self._paths)
        self._texts: dict[str, str] = {}
        self._room = MAX_REMEMBERED

    @property
    def label(self) -> str:
        return self._tree.label

    def list_files(self, folder: str = "") -> list[str]:
        if not folder:
            return self._paths
        prefix = _bytes(folder) + b"/"
        # A slash is followed by '0' in the order of bytes: between the two lies all that is below.
        first, end = bisect_left(self._names, prefix), bisect_left(self._names, _bytes(folder) + b"0")
        return self._paths[first:end]

    def read_text(self, path: str) -> str | None:
        if path not in self._known:
            return None
        text = self._texts.get(path)
        if text is None:
            # What is too large to be text says nothing of whose a folder is.
            with suppress(UnreadableFileError):
                text = self._tree.read_text(path)
            if text is not None and len(text) <= self._room:
                self._room -= len(text)
                self._texts[path] = text
        return text

    def read_texts(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        for path in paths:
            text = self.read_text(path)
            if text is not None:
                yield path, text


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
