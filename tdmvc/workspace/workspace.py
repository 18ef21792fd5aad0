"""A repository that tdmvc works in: its Git, its configuration, its store, its engine."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from tdmvc.errors import ConfigError, NotFoundError, UsageError
from tdmvc.formats.config import read_config
from tdmvc.formats.datasets import list_datasets
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.dataset import RepoConfig
from tdmvc.model.names import is_dataset_name
from tdmvc.model.progress import Report, silent
from tdmvc.model.tree import FileTree
from tdmvc.sql.duckdb import DuckDBConnection, connect, duckdb_error
from tdmvc.store import journal as journals
from tdmvc.store import lock as locks
from tdmvc.store.store import Store

ENGINE_MEMORY = "1GB"
"""What DuckDB may hold before it spills to disk; override with TDMVC_MEMORY (`4GB`)."""


class Workspace:
    """An open repository. Use it in a `with`, or close it."""

    def __init__(self, git: GitRepo, config: RepoConfig) -> None:
        self.git = git
        self.config = config
        self.root: Path = git.root
        self.report: Report = silent
        """Told of progress by every verb that takes long."""
        self.warn: Callable[[str], None] = lambda message: None
        """Told what a person should know at once, such as that another process is waited for."""
        self._stack = contextlib.ExitStack()

    @classmethod
    def open(cls, path: str | Path = ".") -> Self:
        """Open the repository that holds `path`, and finish what a killed process began.

        Raises:
            NotFoundError: no tdmvc.yaml at the root of the Git repository.
            UsageError: `path` is in no Git repository.
        """
        git = GitRepo.find(Path(path))
        workspace = cls(git, read_config(git.work_tree()))
        workspace._recover()
        return workspace

    def close(self) -> None:
        """Let go of all files and processes."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def store(self) -> Store:
        """The bytes of all datasets."""
        store = Store(
            self.root,
            release_remote=self.config.release_remote,
            warn=lambda message: self.warn(message),
        )
        self._stack.callback(store.close)
        return store

    @cached_property
    def engine(self) -> DuckDBConnection:
        """A DuckDB connection with bounded memory, UTC, and a folder of its own to spill into."""
        folder = self.temporary_folder()
        memory = os.environ.get("TDMVC_MEMORY", ENGINE_MEMORY)
        try:
            connection = connect(
                config={
                    "memory_limit": memory,
                    "temp_directory": str(folder),
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "preserve_insertion_order": False,
                }
            )
        except duckdb_error() as error:
            raise UsageError(
                f"The memory limit {memory!r} is not understood.",
                where="environment variable TDMVC_MEMORY",
                remedy="write for example TDMVC_MEMORY=2GB.",
            ) from error
        self._stack.callback(connection.close)
        return connection

    @cached_property
    def tree(self) -> FileTree:
        """The files of the work tree."""
        return self.git.work_tree()

    def temporary_folder(self) -> Path:
        """Return a new folder that goes when the workspace closes."""
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="tdmvc-")))

    def datasets(self) -> list[str]:
        """Return the names of the datasets in the working copy."""
        return list_datasets(self.tree, self.config)

    def dataset_path(self, dataset: str) -> str:
        """Return a dataset's folder, relative to the root, in POSIX spelling."""
        return f"{self.config.datasets}/{dataset}"

    def dataset_folder(self, dataset: str) -> Path:
        return self.root / self.config.datasets / dataset

    def chosen(self, names: tuple[str, ...] | list[str]) -> list[str]:
        """Return the named datasets, or all where none is named.

        Raises:
            NotFoundError: there is no such dataset.
        """
        known = self.datasets()
        for name in names:
            if name not in known:
                raise NotFoundError.named(
                    "dataset",
                    name,
                    known,
                    where=str(self.root / self.config.datasets),
                    remedy="" if known else f"make it: tdmvc add {name} SOURCE.",
                )
        return list(names) or known

    def check_name(self, dataset: str) -> None:
        """Make sure that a new dataset may be called so.

        Raises:
            UsageError: it may not.
        """
        if not is_dataset_name(dataset):
            raise UsageError(
                f"A dataset cannot be called {dataset!r}.",
                remedy="use letters, digits, dot, dash and underscore, and begin with a letter or digit.",
            )

    @contextlib.contextmanager
    def writing(self, dataset: str) -> Iterator["journals.Journal"]:
        """Hold the dataset's lock, with what an earlier process began finished."""
        lock = locks.passing(
            self._lock_path(dataset), turnstile(self.root), on_wait=lambda: self.warn(_waiting(dataset))
        )
        with lock:
            journal = self._journal(dataset)
            if journal.recover():
                self.warn(f"Finished a change of {dataset} that an earlier process had begun.")
            yield journal

    def _recover(self) -> None:
        """Finish changes whose process died, unless another process is at it."""
        folder = self.root / ".dvc" / "tmp" / "tdmvc"
        for path in sorted(folder.glob("*.journal")) if folder.is_dir() else []:
            dataset = path.name.removesuffix(".journal")
            lock = locks.try_exclusive(self._lock_path(dataset))
            if lock is not None:
                try:
                    self._journal(dataset).recover()
                finally:
                    lock.release()

    def _journal(self, dataset: str) -> "journals.Journal":
        return journals.Journal(self.root, self.root / ".dvc" / "tmp" / "tdmvc" / f"{dataset}.journal")

    def _lock_path(self, dataset: str) -> Path:
        return self.root / ".dvc" / "tmp" / "tdmvc" / f"{dataset}.lock"


def require_dvc(root: Path) -> None:
    """Raise where `.dvc` is missing, before anything is written below it."""
    if not (root / ".dvc").is_dir():
        raise ConfigError(
            "This repository has no DVC yet.", where=str(root / ".dvc"), remedy="run `tdmvc init`."
        )


def turnstile(root: Path) -> Path:
    """Return the lock that `gc` holds while nobody may write."""
    return root / ".dvc" / "tmp" / "tdmvc" / "gc.turnstile"


def _waiting(dataset: str) -> str:
    return f"Another tdmvc process is changing {dataset}; waiting for it."
