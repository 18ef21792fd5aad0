"""Takes paths of a tree apart, and leaves out folders of tests, vendored code and build output."""

from collections.abc import Iterable
from posixpath import normpath

from tdmvc.model.tree import FileTree

TESTS = frozenset(
    {"__fixtures__", "__mocks__", "__tests__", "e2e", "spec", "test", "testdata", "testing", "tests"}
)
"""Folders whose migrations belong to tests."""

LEFT_OUT = TESTS | {
    ".eggs", ".git", ".hg", ".nox", ".tox", ".venv", "__pycache__", "bower_components", "dist", "dist-packages",
    "env", "node_modules", "site-packages", "target", "third-party", "third_party", "vendor", "vendored", "venv",
    "virtualenv",
}  # fmt: skip
"""Folders whose migrations belong to tests, to somebody else, or to a build."""


def normalize_folder(path: str) -> str:
    """Return a path as a folder of the tree: `''` for the root, no `./`, no slash at the end."""
    folder = normpath(path.strip().replace("\\", "/") or ".").strip("/")
    return "" if folder == "." else folder


def join(folder: str, path: str) -> str | None:
    """Return a path relative to `folder` as one of the tree, or None if it leaves the repository."""
    if path.startswith("/"):
        return None
    joined = normpath(f"{folder}/{path}" if folder else path)
    if joined == ".." or joined.startswith("../"):
        return None
    return "" if joined == "." else joined


def inside(folder: str, name: str) -> str:
    """Return the path of a name in a folder; `''` is the root."""
    return f"{folder}/{name}" if folder else name


def folder_of(path: str) -> str:
    """Return the folder of a file; `''` is the root."""
    return path.rpartition("/")[0]


def base_of(path: str) -> str:
    """Return the last component of a path."""
    return path.rpartition("/")[2]


def below(path: str, folder: str) -> str:
    """Return a path relative to a folder that contains it."""
    return path[len(folder) + 1 :] if folder else path


def is_inside(path: str, folder: str) -> bool:
    """Return whether a path is a folder or is below it."""
    return not folder or path == folder or path.startswith(folder + "/")


def is_left_out(path: str) -> bool:
    """Return whether a file is in a folder of tests, vendored code or build output."""
    return not LEFT_OUT.isdisjoint(path.split("/")[:-1])


def own_files(tree: FileTree) -> list[str]:
    """Return the files of a tree, without tests, vendored code and build output."""
    return [path for path in tree.list_files() if not is_left_out(path)]


def outermost(folders: Iterable[str]) -> list[str]:
    """Return the folders that are not inside another one of them."""
    every = list(folders)
    return [f for f in every if not any(f != other and is_inside(f, other) for other in every)]


def ancestors(folder: str) -> list[str]:
    """Return a folder and the folders above it, the nearest first, the root last."""
    found = [folder]
    while folder:
        folder = folder_of(folder)
        found.append(folder)
    return found


def common_folder(folders: Iterable[str]) -> str:
    """Return the deepest folder that contains all of them."""
    split = [folder.split("/") if folder else [] for folder in folders]
    shared: list[str] = []
    for parts in zip(*split, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "/".join(shared)
