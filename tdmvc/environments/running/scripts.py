"""Runs plain SQL files in a database, for applications whose migrations have no tool."""

from collections.abc import Sequence
from pathlib import Path

from tdmvc.databases import find_target_engine
from tdmvc.databases.scripts import StatementError
from tdmvc.errors import DatabaseError
from tdmvc.model.location import Location


def run_scripts(root: Path, paths: Sequence[str], location: Location) -> None:
    """Run files in their order, each as a whole.

    Args:
        paths: relative to the root.

    Raises:
        DatabaseError: a file cannot be read, or the database refuses a statement; earlier files stay applied.
    """
    with find_target_engine(location).open_script(location) as script:
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
