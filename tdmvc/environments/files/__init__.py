"""Environments whose database is a file: SQLite and DuckDB."""

from collections.abc import Callable, Mapping
from typing import Final

from tdmvc.environments.base import EmbeddedServer
from tdmvc.environments.files.base import EngineFiles
from tdmvc.environments.files.duckdb import DuckdbFiles
from tdmvc.environments.files.provider import FileProvider
from tdmvc.environments.files.sqlite import SqliteFiles
from tdmvc.errors import UsageError
from tdmvc.model.location import Location, PathLocation

ENGINES: Final[Mapping[str, Callable[[], EngineFiles]]] = {"sqlite": SqliteFiles, "duckdb": DuckdbFiles}
"""The engines whose databases are files, by the scheme of their URLs."""


def provider_for(wanted: EmbeddedServer | Location) -> FileProvider:
    """Return what provides databases as a file of this name, and copies beside it.

    Raises:
        UsageError: it is no file.
    """
    if not isinstance(wanted, PathLocation) or wanted.scheme not in ENGINES:
        raise UsageError.unsupported_url(str(wanted), [f"{scheme}:///FILE" for scheme in ENGINES])
    return FileProvider(wanted, ENGINES[wanted.scheme]())
