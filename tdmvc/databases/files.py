"""What databases that are a single file share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tdmvc.databases.staging import staging_folder
from tdmvc.errors import DatabaseError, SourceError
from tdmvc.model.location import Location, PathLocation

_SIGNATURE_BYTES = 16


def file_path(location: Location) -> Path:
    """Return the path of a location that an engine of files has accepted."""
    if not isinstance(location, PathLocation):
        raise TypeError(f"{location} is not a file")
    return location.path


def existing_file(location: Location) -> Path:
    """Return the path of a file that exists.

    Raises:
        SourceError: it does not.
    """
    path = file_path(location)
    if not path.is_file():
        raise SourceError.unreadable(path, "there is no such file.", remedy="check the path.")
    return path


def first_bytes(path: Path) -> bytes:
    """Return the bytes that show what kind of database a file is; none if it is not a file."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(_SIGNATURE_BYTES)


@contextmanager
def replacing_file(path: Path, log_suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Yield where to write; afterwards the new file, if there is one, replaces the one at `path` in one step.

    Args:
        path: missing folders are made.
        log_suffixes: suffixes of files in which the engine keeps unfinished work (`-wal`).
            If an old one stayed, the engine would apply it to the new database.

    Raises:
        DatabaseError: the folder cannot be written, or the old file is in use.
    """
    for suffix in log_suffixes:
        leftover = path.with_name(path.name + suffix)
        if leftover.exists() and leftover.stat().st_size:
            raise DatabaseError(
                "The database to replace has changes that are not in its file yet.",
                where=str(leftover),
                remedy="close the programs that use it, or remove both files; then run the same command again.",
            )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with staging_folder(path) as folder:
            new = folder / path.name
            yield new
            if new.exists():
                with new.open("rb+") as file:
                    os.fsync(file.fileno())
                os.replace(new, path)
    except OSError as error:
        what = "The database cannot be written"
        raise DatabaseError.disk(what, path, error, also="nothing was changed.") from error
