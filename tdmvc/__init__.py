"""Test data under version control, next to the code it tests."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tdmvc.api import Repository

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(path: "str | Path" = ".") -> "Repository":
    """Open the tdmvc repository that contains `path`.

    Raises:
        tdmvc.errors.NotFoundError: there is no tdmvc.yaml above `path`.
    """
    # Imported here, so that `tdmvc --help` does not load Arrow and DuckDB.
    from tdmvc.api import Repository

    return Repository.open(path)
