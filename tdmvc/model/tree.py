"""A tree of files: a Git revision or the work tree."""

from collections.abc import Iterable, Iterator
from typing import Protocol


class FileTree(Protocol):
    """Read-only files, named by POSIX paths relative to the repository root.

    Implementations never follow a symbolic link out of the repository.
    """

    @property
    def label(self) -> str:
        """What to call this tree in messages: a short commit id or `the work tree`."""

    def list_files(self, folder: str = "") -> list[str]:
        """Return the paths of all files below `folder`, sorted by bytes; empty if there are none."""

    def read_text(self, path: str) -> str | None:
        """Return a file's text (UTF-8, a BOM dropped, bad bytes replaced), or None if there is no such file."""

    def read_texts(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield (path, text) of the files that exist, in the given order, in one batch."""
