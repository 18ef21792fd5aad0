"""What an open repository is besides its commands: where it is, what it tells while it works, and its end."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from tdmvc.model.progress import ProgressCallback, Timing
from tdmvc.workspace.workspace import Workspace

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")
_AnyRepository = TypeVar("_AnyRepository", bound="OpenRepository")


class OpenRepository:
    """An open repository. Use it in a `with` statement, or close it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @classmethod
    def open(cls, path: str | Path = ".") -> Self:
        """Open the repository that contains `path`; `tdmvc.open` does the same.

        Raises:
            NotFoundError: there is no tdmvc.yaml at the root of the Git repository.
            UsageError: `path` is not in a Git repository.
        """
        return cls(Workspace.open(path))

    def close(self) -> None:
        """Close all files and processes."""
        self._workspace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def root(self) -> Path:
        """The root of the Git repository."""
        return self._workspace.root

    @property
    def timings(self) -> Sequence[Timing]:
        """How long each call and each of its steps took; a step comes before its call."""
        return tuple(self._workspace.timings)

    @property
    def on_progress(self) -> ProgressCallback:
        """Called with the progress of every call that takes long; set it to see it."""
        return self._workspace.on_progress

    @on_progress.setter
    def on_progress(self, callback: ProgressCallback) -> None:
        self._workspace.on_progress = callback

    @property
    def warn(self) -> Callable[[str], None]:
        """Called with what you should know at once, such as waiting for another process; set it to see it."""
        return self._workspace.warn

    @warn.setter
    def warn(self, callback: Callable[[str], None]) -> None:
        self._workspace.warn = callback


def method(
    name: str,
) -> Callable[
    [Callable[Concatenate[_AnyRepository, _Parameters], _Result]],
    Callable[Concatenate[_AnyRepository, _Parameters], _Result],
]:
    """Record how long each call of a method takes, under the name of its command."""

    def decorate(
        function: Callable[Concatenate[_AnyRepository, _Parameters], _Result],
    ) -> Callable[Concatenate[_AnyRepository, _Parameters], _Result]:
        @wraps(function)
        def call(
            repository: _AnyRepository, /, *args: _Parameters.args, **kwargs: _Parameters.kwargs
        ) -> _Result:
            with repository._workspace.timed(name):
                return function(repository, *args, **kwargs)

        return call

    return decorate
