"""Write a rendered report to a file of the user's choice, all of it or nothing."""

from pathlib import Path

from tdmvc.errors import StoreError
from tdmvc.store.atomic_files import write_atomic


def write_report(path: Path, text: str) -> None:
    """Replace a file, or write to a device or pipe, which cannot be replaced; missing folders are made.

    Raises:
        StoreError: the disk is full or the file cannot be written; an earlier file is as it was.
    """
    data = text.encode("utf-8", "backslashreplace")
    try:
        target = path.resolve()
        if not target.exists() or target.is_file():
            write_atomic(target, data, mode=target.stat().st_mode & 0o777 if target.exists() else None)
        else:
            target.write_bytes(data)
    except OSError as error:
        raise StoreError.disk(path, error) from error
