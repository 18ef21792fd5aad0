"""The folders in which changes of a dataset's files are prepared; a killed process leaves its folder behind."""

import shutil
from pathlib import Path

from tdmvc.store.atomic_files import remove_quietly

STAGING_PREFIX = ".tdmvc-staging-"


def find_staging(datasets: Path) -> list[Path]:
    """Return the datasets' folders in which something is, or was, being prepared."""
    found = {path.parent for path in datasets.glob(f"*/{STAGING_PREFIX}*")}
    return sorted(folder for folder in found if not folder.is_symlink())


def remove_staging(folder: Path) -> None:
    """Remove what killed processes left in a dataset's folder. Hold the dataset's lock."""
    for path in folder.glob(STAGING_PREFIX + "*") if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            remove_quietly(path)
