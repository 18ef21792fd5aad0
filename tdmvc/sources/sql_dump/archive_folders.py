"""Which files an archive in the form of a folder names; pg_restore would read them wherever they are."""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from tdmvc.errors import SourceError

TABLE_OF_CONTENTS = "toc.dat"
MAGIC = b"PGDMP"
_OLDEST, _NEWEST = (1, 12), (1, 16)
"""Versions of the form, since PostgreSQL 9.0."""
_COMPRESSION_IS_BYTE = (1, 15)
_HAS_ACCESS_METHOD = (1, 14)
_HAS_KIND = (1, 16)
_TAR_FORM = 3
"""What a table of contents in a folder says it belongs to."""
_TIME_PARTS = 7
_DATA_FILE = re.compile(rb"\d+\.dat|blobs(?:_\d+)?\.toc")
_LARGE_OBJECTS = re.compile(rb"(?:\d+ blob_\d+\.dat\n?)*")


def check_folder(folder: Path) -> None:
    """Make sure that an archive has all that it names in its own folder.

    Raises:
        SourceError: it names or links to another file, or cannot be read.
    """
    try:
        for path in folder.iterdir():
            if not stat.S_ISREG(path.lstat().st_mode):
                raise _leads_away(folder, f"{path.name} is no file, but a link or something else")
            if ".toc." in path.name:
                raise _leads_away(folder, f"{path.name} is compressed, which pg_dump does not do")
            if path.suffix == ".toc" and not _LARGE_OBJECTS.fullmatch(path.read_bytes()):
                raise _leads_away(folder, f"{path.name} does not name the files of large objects")
        names = list(_Contents((folder / TABLE_OF_CONTENTS).read_bytes(), folder).file_names())
    except OSError as error:
        raise SourceError.unreadable(
            folder, f"{error.strerror or error}.", remedy="check its files and their permissions."
        ) from error
    for name in names:
        if name and not _DATA_FILE.fullmatch(name):
            raise _leads_away(folder, f"{TABLE_OF_CONTENTS} names a file as pg_dump does not")


class _Contents:
    """The table of contents, as `pg_backup_archiver.c` writes it."""

    def __init__(self, data: bytes, folder: Path) -> None:
        self._data = data
        self._position = len(MAGIC)
        self._folder = folder

    def file_names(self) -> Iterator[bytes]:
        """Yield the names of the files that have the rows of a table, or large objects."""
        version = (self._byte(), self._byte())
        self._byte()
        if not _OLDEST <= version <= _NEWEST:
            raise SourceError.unreadable(
                self._folder,
                f"its form has the version {version[0]}.{version[1]}, which tdmvc does not know.",
                remedy="dump it as SQL: `pg_dump --file=dump.sql`.",
            )
        self._int_size = self._byte()
        self._byte()  # the size of an offset
        if self._byte() != _TAR_FORM:
            raise self._broken()
        if version >= _COMPRESSION_IS_BYTE:
            self._byte()
        else:
            self._int()
        for _ in range(_TIME_PARTS):
            self._int()
        for _ in ("database", "version of the server", "version of pg_dump"):
            self._text()
        for _ in range(self._int()):
            yield self._file_name(version)

    def _file_name(self, version: tuple[int, int]) -> bytes:
        for _ in ("number", "has rows"):
            self._int()
        for _ in ("table", "object", "name", "kind"):
            self._text()
        self._int()  # the section
        for _ in ("definition", "DROP", "COPY", "schema", "tablespace"):
            self._text()
        if version >= _HAS_ACCESS_METHOD:
            self._text()
        if version >= _HAS_KIND:
            self._int()
        for _ in ("owner", "has oids"):
            self._text()
        while self._text() is not None:
            pass  # what it depends on
        return self._text() or b""

    def _text(self) -> bytes | None:
        length = self._int()
        if length < 0:
            return None
        self._position += length
        if self._position > len(self._data):
            raise self._broken()
        return self._data[self._position - length : self._position]

    def _int(self) -> int:
        is_negative = self._byte()
        value = sum(self._byte() << 8 * place for place in range(self._int_size))
        return -value if is_negative else value

    def _byte(self) -> int:
        if self._position >= len(self._data):
            raise self._broken()
        self._position += 1
        return self._data[self._position - 1]

    def _broken(self) -> SourceError:
        return SourceError.unreadable(
            self._folder / TABLE_OF_CONTENTS, "it is cut off or damaged.", remedy="make the dump again."
        )


def _leads_away(folder: Path, why: str) -> SourceError:
    return SourceError.unreadable(
        folder,
        f"{why}; such an archive could read files outside of its folder.",
        remedy="make the dump again: `pg_dump --format=directory`.",
    )
