"""Putting a whole new database file in the place of an old one, or leaving the old one as it is."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tdmvc.errors import DatabaseError


@contextmanager
def replacing(path: Path, beside: tuple[str, ...]) -> Iterator[Path]:
    """Yield where to write; afterwards the file is put at `path` in one step.

    Args:
        path: folders on the way to it are made.
        beside: suffixes of files in which the engine keeps unfinished work (`-wal`).
            Left there, an old one would be played into the new database.

    Raises:
        DatabaseError: the folder cannot be written, or the old file is in use.
    """
    for suffix in beside:
        leftover = path.with_name(path.name + suffix)
        if leftover.exists() and leftover.stat().st_size:
            raise DatabaseError(
                "The database to be replaced holds work that is not in the file yet.",
                where=str(leftover),
                remedy="close the programs that use it, or remove both files, then run the same command again.",
            )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            fresh = Path(folder) / path.name
            yield fresh
            with fresh.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(fresh, path)
    except OSError as error:
        raise DatabaseError(
            f"The database cannot be written: {error.strerror or error}.",
            where=str(path),
            remedy="name a folder that can be written and has room; nothing was changed.",
        ) from error
