"""Knows how folders of a repository are named and which ones are nobody's migrations."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from posixpath import normpath

from tdmvc.model.migration import MigrationLocation

TESTS = frozenset(
    {"__fixtures__", "__mocks__", "__tests__", "e2e", "spec", "test", "testdata", "testing", "tests"}
)
"""Folders whose migrations belong to tests."""

LEFT_OUT = TESTS | {
    ".eggs",
    ".git",
    ".hg",
    ".nox",
    ".tox",
    ".venv",
    "__pycache__",
    "bower_components",
    "dist",
    "dist-packages",
    "env",
    "node_modules",
    "site-packages",
    "target",
    "third-party",
    "third_party",
    "vendor",
    "vendored",
    "venv",
    "virtualenv",
}
"""Folders whose migrations belong to tests, to somebody else, or to a build."""

NAMELESS = frozenset(
    {
        "alembic", "app", "backend", "changelog", "changelogs", "db", "database", "drizzle", "flyway", "java",
        "kotlin", "lib", "liquibase", "main", "migrate", "migration", "migrations", "prisma", "resources",
        "schema", "server", "sql", "src", "versions",
    }
)  # fmt: skip
"""Folders whose name does not tell one location from another."""


def plain_folder(path: str) -> str:
    """Return a path as a folder of the tree: `''` for the root, no `./`, no slash at the end."""
    folder = normpath(path.strip().replace("\\", "/") or ".").strip("/")
    return "" if folder == "." else folder


def join(folder: str, path: str) -> str | None:
    """Return `path` as seen from `folder`, or None where it would leave the repository."""
    if path.startswith("/"):
        return None
    joined = normpath(f"{folder}/{path}" if folder else path)
    if joined == ".." or joined.startswith("../"):
        return None
    return "" if joined == "." else joined


def inside(folder: str, name: str) -> str:
    """Return the path of what lies in a folder; `''` is the root."""
    return f"{folder}/{name}" if folder else name


def folder_of(path: str) -> str:
    """Return the folder that a file lies in; `''` for the root."""
    return path.rpartition("/")[0]


def base_of(path: str) -> str:
    """Return the last component of a path."""
    return path.rpartition("/")[2]


def below(path: str, folder: str) -> str:
    """Return a path relative to a folder that it lies in."""
    return path[len(folder) + 1 :] if folder else path


def is_inside(path: str, folder: str) -> bool:
    """Tell whether a path is a folder or lies in it."""
    return not folder or path == folder or path.startswith(folder + "/")


def is_left_out(path: str) -> bool:
    """Tell whether a file lies in a folder of tests, of vendored code or of build output."""
    return not LEFT_OUT.isdisjoint(path.split("/")[:-1])


def ancestors(folder: str) -> list[str]:
    """Return a folder and the folders above it, the nearest first, the root last."""
    found = [folder]
    while folder:
        folder = folder_of(folder)
        found.append(folder)
    return found


def common_folder(folders: Iterable[str]) -> str:
    """Return the deepest folder that holds all of them."""
    split = [folder.split("/") if folder else [] for folder in folders]
    shared: list[str] = []
    for parts in zip(*split, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "/".join(shared)


def with_unique_names(locations: Sequence[MigrationLocation]) -> list[MigrationLocation]:
    """Name the locations: `main` for the only one, else by the folder that tells them apart."""
    if len(locations) == 1:
        return [replace(locations[0], name="main")]
    names = [_folder_name(location.path) for location in locations]
    names = _told_apart(names, [f"{name}-{loc.tool}" for name, loc in zip(names, locations, strict=True)])
    names = _told_apart(names, [_slug(location.path) or "main" for location in locations])
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
        if part.lower() not in NAMELESS and _slug(part):
            return _slug(part)
    return "main"


def _told_apart(names: list[str], longer: list[str]) -> list[str]:
    count = Counter(names)
    return [long if count[name] > 1 else name for name, long in zip(names, longer, strict=True)]


def _slug(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")
