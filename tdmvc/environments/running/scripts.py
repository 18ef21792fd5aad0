"""Runs plain SQL files in a database, for applications whose migrations have no tool."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

from tdmvc.databases.scripts import StatementError
from tdmvc.errors import DatabaseError
from tdmvc.model.location import Location, engine_of

_SCRIPTS: Final = {
    "postgresql": "postgres.script",
    "mysql": "mysql.script",
    "sqlite": "sqlite.script",
    "duckdb": "duckdb.script",
}
"""The module of `tdmvc.databases` for each engine."""


class _Script(Protocol):
    def execute(self, statement: bytes, /) -> None: ...


def run_scripts(root: Path, paths: Sequence[str], location: Location) -> None:
    """Run files in their order, each as a whole.

    Args:
        paths: relative to the root.

    Raises:
        DatabaseError: a file cannot be read, or the database refuses a statement; earlier files stay applied.
    """
    module = import_module(f"tdmvc.databases.{_SCRIPTS[engine_of(location)]}")
    opened: AbstractContextManager[_Script] = module.open_script(location)
    with opened as script:
        for path in paths:
            try:
                script.execute((root / path).read_bytes().removeprefix(b"\xef\xbb\xbf"))
            except OSError as error:
                raise DatabaseError(f"Cannot read a migration: {error.strerror}.", where=path) from error
            except StatementError as error:
                raise DatabaseError(
                    f"The database refuses a migration: {error.reason}",
                    where=path,
                    remedy="correct the file; if it is for another kind of database, choose that one as `database` of "
                    "the environment, or name a command as `migrate`.",
                ) from error
