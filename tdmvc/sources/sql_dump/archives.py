"""Archives of pg_dump (custom, directory, tar) as SQL, by its own program pg_restore."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from tdmvc.errors import SourceError
from tdmvc.sources.sql_dump.archive_folders import check_folder
from tdmvc.sources.sql_dump.parts import DumpFault


@contextmanager
def restored(path: Path, label: str, pg_restore: Path) -> Iterator[BinaryIO]:
    """Yield the SQL text of an archive, as it is made.

    Args:
        label: what the SQL text is, for messages about its lines.

    Raises:
        SourceError: pg_restore cannot read the archive, or its version or compression; or it is a folder that names
            files elsewhere.
    """
    if path.is_dir():
        check_folder(path)
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            [str(pg_restore), "--file=-", str(path.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
        )
        try:
            fault: DumpFault | None = None
            try:
                yield cast(BinaryIO, process.stdout)
            except DumpFault as error:
                # An archive that is cut off gives a text that is cut off.
                fault = error
            if fault is not None and not fault.is_cut_off:
                raise fault.of(label) from None
            if process.wait() != 0:
                messages.seek(0)
                raise _unreadable(path, messages.read().decode("utf-8", "replace")) from None
            if fault is not None:
                raise fault.of(label) from None
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
