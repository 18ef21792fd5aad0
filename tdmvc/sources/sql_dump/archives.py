"""Archives of pg_dump (custom, directory, tar) as SQL, by its own program pg_restore."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from tdmvc.errors import SourceError


@contextmanager
def restored(path: Path, pg_restore: Path) -> Iterator[BinaryIO]:
    """Yield the SQL text of an archive, as it is made.

    Raises:
        SourceError: pg_restore cannot read the archive, or its version or compression.
    """
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            [str(pg_restore), "--file=-", str(path.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
        )
        try:
            yield cast(BinaryIO, process.stdout)
            if process.wait() != 0:
                messages.seek(0)
                raise _unreadable(path, messages.read().decode("utf-8", "replace"))
        finally:
            process.kill()
            process.wait()
            cast(BinaryIO, process.stdout).close()


def _unreadable(path: Path, messages: str) -> SourceError:
    first = next((line for line in messages.splitlines() if "error" in line or "fatal" in line), messages)
    why = first.rpartition("error: ")[2].strip() or "pg_restore says nothing."
    if "compress" in why:
        remedy = "dump it with gzip or without compression: `pg_dump --compress=gzip` or `--compress=0`."
    elif "unsupported version" in why:
        remedy = "dump it as SQL with the program of the newer server: `pg_dump --file=dump.sql`."
    else:
        remedy = "make the dump again."
    return SourceError.unreadable(path, f"pg_restore says: {why}", remedy=remedy)
