"""A tree of files: a Git revision or the work tree."""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from tdmvc.errors import ConfigError

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")
WORK_TREE = "the work tree"
"""The label of the files on disk."""


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
        """Return a file's text (UTF-8, a BOM dropped, bad bytes replaced), or None if there is no such file.

        Raises:
            UnreadableFileError: it is too large, or a file that people and tdmvc both write is not UTF-8.
        """

    def read_texts(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield (path, text) of the files that exist, in the given order, in one batch."""


def names_revision(
    read: Callable[Concatenate[FileTree, _Parameters], _Result],
) -> Callable[Concatenate[FileTree, _Parameters], _Result]:
    """Let each ConfigError of a function that reads a tree name the revision, if the faulty file is not on disk."""

    @wraps(read)
    def call(tree: FileTree, /, *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        try:
            return read(tree, *args, **kwargs)
        except ConfigError as error:
            if tree.label != WORK_TREE:
                error.set_revision(tree.label)
            raise

    return call
