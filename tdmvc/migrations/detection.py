"""Finds the migration locations of a tree, gives each folder to one tool, and names the locations."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from tdmvc.errors import UnreadableFileError
from tdmvc.migrations.base import Reader
from tdmvc.model.migration import MigrationLocation
from tdmvc.model.tree import FileTree

BY_NAME_ALONE: Final = ("golang-migrate", "sql")
"""Tools that recognise a folder only by its file names, the more certain one first.

A folder that any other tool recognises is never theirs: that tool has checked more.
"""

MAX_CACHED: Final = 32_000_000
"""How many characters of files are cached for the next reader that needs them."""

UNSPECIFIC: Final = frozenset(
    {
        "alembic", "app", "backend", "changelog", "changelogs", "db", "database", "drizzle", "flyway", "java",
        "kotlin", "lib", "liquibase", "main", "migrate", "migration", "migrations", "prisma", "resources",
        "schema", "server", "sql", "src", "versions",
    }
)  # fmt: skip
"""Folders whose name does not distinguish one location from another."""


def find_locations(tree: FileTree, readers: Mapping[str, Reader]) -> list[MigrationLocation]:
    """Return what the readers find, in their order, under unique names.

    A folder belongs to the first tool in `precedence` that recognises it.
    """
    cached = CachedTree(tree)
    found = {tool: sorted(readers[tool].detect(cached)) for tool in precedence(readers)}
    owners: dict[str, str] = {}
    for tool, paths in found.items():
        for path in paths:
            owners.setdefault(path, tool)
    owned = ((tool, path) for tool in readers for path in found[tool] if owners[path] == tool)
    return with_unique_names([MigrationLocation(tool, tool, path or ".") for tool, path in owned])


def precedence(tools: Iterable[str]) -> list[str]:
    """Return the tools in the order in which they may claim a folder."""
    return sorted(tools, key=lambda tool: BY_NAME_ALONE.index(tool) if tool in BY_NAME_ALONE else -1)


class CachedTree:
    """A tree that is listed once, and whose small files are read once for all readers."""

    def __init__(self, tree: FileTree) -> None:
        self._tree = tree
        self._paths = tree.list_files()
        self._names = [_bytes(path) for path in self._paths]
        self._known = frozenset(self._paths)
        self._texts: dict[str, str] = {}
        self._room = MAX_CACHED

    @property
    def label(self) -> str:
        return self._tree.label

    def list_files(self, folder: str = "") -> list[str]:
        if not folder:
            return self._paths
        # In byte order, '0' follows the slash: everything below the folder is between the two.
        first = bisect_left(self._names, _bytes(folder) + b"/")
        return self._paths[first : bisect_left(self._names, _bytes(folder) + b"0")]

    def read_text(self, path: str) -> str | None:
        if path not in self._known:
            return None
        text = self._texts.get(path)
        if text is None:
            # A file that is too large to be text does not show which tool owns the folder.
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


def with_unique_names(locations: Sequence[MigrationLocation]) -> list[MigrationLocation]:
    """Name the locations: `main` for the only one, otherwise by the folder that distinguishes them."""
    if len(locations) == 1:
        return [replace(locations[0], name="main")]
    names = [_folder_name(location.path) for location in locations]
    names = _distinguish(names, [f"{name}-{loc.tool}" for name, loc in zip(names, locations, strict=True)])
    names = _distinguish(names, [_slug(location.path) or "main" for location in locations])
    taken: set[str] = set()
    result = []
    for name, location in zip(names, locations, strict=True):
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name}-{number}", number + 1
        taken.add(unique)
        result.append(replace(location, name=unique))
    return result


def _folder_name(path: str) -> str:
    for part in reversed(PurePosixPath(path).parts):
        if part.lower() not in UNSPECIFIC and _slug(part):
            return _slug(part)
    return "main"


def _distinguish(names: list[str], longer: list[str]) -> list[str]:
    """Return the names, with the longer one in place of each that occurs more than once."""
    count = Counter(names)
    return [long if count[name] > 1 else name for name, long in zip(names, longer, strict=True)]


def _slug(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")
