"""Why a database that is a file cannot be provided or reset, and what to do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tdmvc.errors import DatabaseError


def foreign_file(path: Path) -> DatabaseError:
    """Return the error for a file in the way of the environment's database."""
    return DatabaseError(
        "There is a file where the environment's database will be, and tdmvc did not make it.",
        where=str(path),
        remedy="move or remove it, or name another file in `database` in tdmvc.yaml; it was not changed.",
    )


def changed_template(path: Path) -> DatabaseError:
    """Return the error for a template that another program wrote to."""
    return DatabaseError(
        "Another program wrote to the template from which the database is restored.",
        where=str(path),
        remedy="run the same command again; it makes a new one.",
    )


def busy_database(path: Path, seconds: float, holders: Sequence[str]) -> DatabaseError:
    """Return the error for a database that others use in a way that prevents a reset.

    Args:
        seconds: how long the reset waited for them.
        holders: as people recognise them; empty if nobody can tell.
    """
    return DatabaseError(
        f"The database cannot be reset: for {seconds:g} seconds, it has been used by "
        f"{', '.join(holders) or 'other connections'}.",
        where=str(path),
        remedy="commit, roll back or close what a test began and read its results to the end, before the reset.",
    )


def refused_reset(path: Path, reason: str) -> DatabaseError:
    """Return the error for a database that cannot be written."""
    return DatabaseError(
        f"The database cannot be reset: {reason}.",
        where=str(path),
        remedy="see that there is room and that the file can be written, then run the same command again.",
    )


def unfinished_build(path: Path, reason: str) -> DatabaseError:
    """Return the error for a new database that a program still uses after it was migrated and seeded."""
    return DatabaseError(
        f"The new database cannot become a template: {reason}.",
        where=str(path),
        remedy="see that the migrate command ends with all that it starts, then run the same command again.",
    )


@contextmanager
def file_error(path: Path) -> Iterator[None]:
    """Turn errors of files into tdmvc's own.

    Raises:
        DatabaseError: a file cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise DatabaseError.disk("The database cannot be written", path, error) from error
