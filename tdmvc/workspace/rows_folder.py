"""The folder that a person names for failing rows: nothing but earlier failing rows is removed from it."""

import contextlib
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.parquet import open_parquet
from tdmvc.checks.validation.failing_rows import is_marked
from tdmvc.errors import StoreError, UsageError, format_names
from tdmvc.store.state_folder import state_folder
from tdmvc.workspace.workspace import Workspace

_REMEDY = "name a new folder, or an empty one."


def check_rows_folder(workspace: Workspace, folder: Path) -> None:
    """Return if failing rows may be written into a folder; called before anything is written.

    Raises:
        StoreError: it cannot be read.
        UsageError: it is in a folder of Git, DVC or the datasets, is reached through a link in the work tree, or
            holds files that no earlier `validate --rows` wrote.
    """
    for place in (folder, *folder.parents):
        if place.is_symlink() and workspace.root in place.parents:
            raise UsageError(
                "Failing rows are not written through a symbolic link in the work tree.",
                where=str(place),
                remedy=_REMEDY,
            )
    resolved, root = folder.resolve(), workspace.root.resolve()
    datasets = root / workspace.config.datasets_folder
    for taken in (root / ".git", root / ".dvc", state_folder(root).parent.resolve(), datasets):
        if resolved.is_relative_to(taken):
            raise UsageError(
                f"Failing rows are not written into {taken.name}, where other files are expected.",
                where=str(folder),
                remedy="name a folder outside of it.",
            )
    foreign = [path.name for path in _entries(folder) if not _is_own(path)]
    if foreign:
        raise UsageError(
            f"The folder for failing rows holds files that tdmvc did not write: {format_names(foreign)}.",
            where=str(folder),
            remedy=_REMEDY,
        )


def remove_earlier_rows(folder: Path) -> None:
    """Remove the failing rows of an earlier validation from a folder that was checked, so that none looks new.

    Raises:
        StoreError: it cannot be written.
    """
    for path in _entries(folder):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError.disk(path, error) from error


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir()) if folder.exists() else []
    except OSError as error:
        raise StoreError.disk(folder, error) from error


def _is_own(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or path.suffix != ".parquet":
        return False
    try:
        with contextlib.closing(open_parquet(path)) as reader:
            return is_marked(reader.metadata.metadata)
    except (pa.ArrowException, OSError):
        return False
