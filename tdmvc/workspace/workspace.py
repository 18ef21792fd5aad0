"""An open repository: its Git, configuration, store and SQL engine."""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import cached_property, wraps
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from tdmvc.databases import condition_engines
from tdmvc.errors import ConfigError, NotFoundError, StoreError, UsageError
from tdmvc.formats.config import read_config
from tdmvc.formats.datasets import dataset_path, list_datasets
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.gitrepo.work_trees import other_roots
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.dataset import DatasetState, RepoConfig
from tdmvc.model.names import is_dataset_name
from tdmvc.model.progress import ProgressCallback, Timing, ignore_progress
from tdmvc.model.tree import FileTree
from tdmvc.model.version import looks_like_version
from tdmvc.sql.duckdb import DuckDBConnection, connect, duckdb_error
from tdmvc.store import journal as journals
from tdmvc.store import lock as locks
from tdmvc.store.state_folder import state_folder
from tdmvc.store.store import Store
from tdmvc.store.transfer import TransferOptions
from tdmvc.workspace.staging import find_staging, remove_staging

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")
_AnyWorkspace = TypeVar("_AnyWorkspace", bound="Workspace")
_timed_name: ContextVar[str] = ContextVar("timed_name", default="")
"""The verb and the step that this thread is running."""
ENGINE_MEMORY = "1GB"
"""The memory that DuckDB may use before it spills to disk; override it with TDMVC_MEMORY (`4GB`)."""


class Workspace:
    """An open repository. Use it in a `with` statement, or close it."""

    def __init__(self, git: GitRepo, config: RepoConfig) -> None:
        self.git = git
        self.config = config
        self.root: Path = git.root
        self.on_progress: ProgressCallback = ignore_progress
        """Called with progress by every verb that takes long."""
        self.warn: Callable[[str], None] = lambda message: None
        """Called with messages that a person should see at once, such as waiting for another process."""
        self.timings: list[Timing] = []
        """How long each verb and each of its steps took; a step comes before its verb."""
        self._stack = contextlib.ExitStack()

    @classmethod
    def open(cls, path: str | Path = ".", *, recover: bool = True) -> Self:
        """Open the repository that contains `path`.

        Args:
            recover: finish what a killed process began; not in a process that Git starts during its own work.

        Raises:
            NotFoundError: there is no tdmvc.yaml at the root of the Git repository.
            UsageError: `path` is not in a Git repository.
        """
        git = GitRepo.find(Path(path))
        workspace = cls(git, read_config(git.work_tree()))
        if recover:
            workspace._recover()
        return workspace

    def close(self) -> None:
        """Close all files and processes."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def store(self) -> Store:
        """The store with the objects of all datasets."""
        options = TransferOptions(
            self.config.release_remote,
            other_roots=lambda: other_roots(self.git),
            warn=lambda message: self.warn(message),
            timed=self.timed,
        )
        store = Store(self.root, options)
        self._stack.callback(store.close)
        return store

    @cached_property
    def engine(self) -> DuckDBConnection:
        """The DuckDB connection of tdmvc's own queries; see `new_engine`."""
        return self.new_engine()

    def new_engine(self) -> DuckDBConnection:
        """Return a DuckDB connection with bounded memory, in UTC, with its own folder for spilling.

        It closes with the workspace, loads no extension by itself, and sees no variable of Python.

        Raises:
            UsageError: the memory limit of the environment is not valid.
        """
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
                    "python_enable_replacements": False,
                }
            )
        except (duckdb_error(), RuntimeError) as error:  # the latter for bytes that are not UTF-8
            raise UsageError(
                f"The memory limit {memory!r} is not valid.",
                where="environment variable TDMVC_MEMORY",
                remedy="write, for example, TDMVC_MEMORY=2GB.",
            ) from error
        self._stack.callback(connection.close)
        return connection

    @cached_property
    def conditions(self) -> ConditionEngines:
        """What evaluates the conditions that contracts declare, as the database of each does."""
        return condition_engines(self._stack)

    @cached_property
    def tree(self) -> FileTree:
        """The files of the work tree."""
        return self.git.work_tree()

    def temporary_folder(self) -> Path:
        """Return a new folder that is removed when the workspace closes."""
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="tdmvc-")))

    def datasets(self) -> list[str]:
        """Return the names of the datasets in the working copy."""
        return list_datasets(self.tree, self.config)

    def dataset_path(self, dataset: str) -> str:
        """Return a dataset's folder, relative to the root, with forward slashes."""
        return dataset_path(self.config, dataset)

    def working_copy(self, dataset: str) -> Path:
        """Return the folder of a dataset's working copy."""
        return self.root / self.config.datasets_folder / dataset

    def chosen(self, names: tuple[str, ...] | list[str]) -> list[str]:
        """Return the named datasets, or all if none is named.

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
                    where=str(self.root / self.config.datasets_folder),
                    remedy=self._dataset_remedy(name, known),
                )
        return list(names) or known

    def _dataset_remedy(self, name: str, known: list[str]) -> str:
        """Return what to write instead of a name that is no dataset, if it is a version or a table."""
        if not known:
            return f"create it: `tdmvc add {name} SOURCE`."
        if looks_like_version(name):
            return f"a version follows its dataset: {' or '.join(f'{one}@{name}' for one in known[:3])}."
        owners = [one for one in known if (self.working_copy(one) / f"{name}.dvc").is_file()]
        return f"{name} is a table of {' and '.join(owners)}: name the dataset first." if owners else ""

    def check_name(self, dataset: str) -> None:
        """Make sure that a new dataset can have this name.

        Raises:
            UsageError: it cannot.
        """
        if not is_dataset_name(dataset):
            remedy = "use letters, digits, dots, dashes and underscores, and start with a letter or digit."
            if "/" in dataset:
                known = self.datasets()
                name = known[0] if len(known) == 1 else "NAME"
                remedy = f"to add a file or a folder, name the dataset first: `tdmvc add {name} {dataset}`."
            raise UsageError(f"{dataset!r} is not a valid name for a dataset.", remedy=remedy)

    def allow(self, verb: str, state: DatasetState, environment: str | None = None) -> None:
        """Return if a verb may write a state's rows in an environment; called before anything is written.

        Everything is allowed for now. This is the only place where a policy can refuse.

        Args:
            verb: the command, such as `checkout`.
            state: the state whose rows are requested.
            environment: where they will be used; None is this working copy.

        Raises:
            PolicyError: a policy of the environment forbids it.
        """

    def refuse_links(self, dataset: str) -> None:
        """Raise a StoreError if the dataset's folder, or one above it, is a link: nothing is written through one."""
        path = self.working_copy(dataset)
        for place in (path, *path.parents):
            if place == self.root or self.root not in place.parents:
                return
            if place.is_symlink():
                raise StoreError.linked_folder(place)

    @contextlib.contextmanager
    def writing(self, dataset: str) -> Iterator[journals.Journal]:
        """Hold the dataset's lock, after finishing what an earlier process began.

        Raises:
            StoreError: the dataset's folder, or one above it, is a link.
        """
        self.refuse_links(dataset)
        lock = locks.writer_lock(
            self._lock_path(dataset), write_gate(self.root), on_wait=lambda: self.warn(_waiting(dataset))
        )
        with lock:
            journal = self._journal(dataset)
            if journal.recover():
                self.warn(f"Finished a change to {dataset} that an earlier process had started.")
            yield journal

    @contextlib.contextmanager
    def merging(self) -> Iterator[None]:
        """Hold the lock of merges: Git has one merge at a time in a work tree."""
        path = state_folder(self.root) / "merging.gate"
        message = "Another tdmvc process is merging here; waiting for it."
        with locks.exclusive(path, on_wait=lambda: self.warn(message)):
            yield

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Record how long the block takes, even if it raises; a step's name follows its verb's."""
        outer = _timed_name.get()
        name = f"{outer}: {name}" if outer else name
        token = _timed_name.set(name)
        started = time.perf_counter()
        try:
            yield
        finally:
            self.timings.append(Timing(name, time.perf_counter() - started))
            _timed_name.reset(token)

    def _recover(self) -> None:
        """Finish changes whose process died, and remove what it had prepared, unless another process works on it."""
        folder = state_folder(self.root)
        names = {path.name.removesuffix(".journal") for path in folder.glob("*.journal")}
        names |= {path.name for path in find_staging(self.root / self.config.datasets_folder)}
        for dataset in sorted(names):
            lock = locks.try_exclusive(self._lock_path(dataset))
            if lock is not None:
                try:
                    self._journal(dataset).recover()
                    remove_staging(self.working_copy(dataset))
                finally:
                    lock.release()

    def _journal(self, dataset: str) -> journals.Journal:
        return journals.Journal(self.root, state_folder(self.root) / f"{dataset}.journal")

    def _lock_path(self, dataset: str) -> Path:
        return state_folder(self.root) / f"{dataset}.lock"


def timed_as(
    name: str,
) -> Callable[
    [Callable[Concatenate[_AnyWorkspace, _Parameters], _Result]],
    Callable[Concatenate[_AnyWorkspace, _Parameters], _Result],
]:
    """Record how long each call takes of a function whose first parameter is a workspace."""

    def decorate(
        function: Callable[Concatenate[_AnyWorkspace, _Parameters], _Result],
    ) -> Callable[Concatenate[_AnyWorkspace, _Parameters], _Result]:
        @wraps(function)
        def call(
            workspace: _AnyWorkspace, /, *args: _Parameters.args, **kwargs: _Parameters.kwargs
        ) -> _Result:
            with workspace.timed(name):
                return function(workspace, *args, **kwargs)

        return call

    return decorate


def require_dvc(root: Path) -> None:
    """Raise if `.dvc` is missing, before anything is written below it."""
    if not (root / ".dvc").is_dir():
        raise ConfigError(
            "DVC is not set up in this repository.", where=str(root / ".dvc"), remedy="run `tdmvc init`."
        )


def write_gate(root: Path) -> Path:
    """Return the lock that `gc` holds while nobody else may write."""
    return state_folder(root) / "gc.gate"


def _waiting(dataset: str) -> str:
    return f"Another tdmvc process is changing {dataset}; waiting for it."
