"""Which files and folders are dumps, and how they are opened."""

import re
import shlex
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from tdmvc.errors import SourceError
from tdmvc.sources.base import open_binary
from tdmvc.sources.sql_dump.archive_folders import MAGIC, TABLE_OF_CONTENTS
from tdmvc.sources.sql_dump.archives import restored
from tdmvc.sources.sql_dump.mysql_scanner import MysqlScanner
from tdmvc.sources.sql_dump.parts import DumpPart
from tdmvc.sources.sql_dump.postgres_scanner import PostgresScanner

_SUFFIXES = (".sql", ".sql.gz", ".pgsql", ".psql", ".dump", ".dump.gz")
_HEAD = 1 << 16
_TAR_MAGIC = slice(257, 262)
_MYSQL = re.compile(
    rb"^-- (?:MySQL|MariaDB) dump |/\*M?!\d{5,6}|^\s*(?:CREATE TABLE|INSERT INTO|DROP TABLE)[^;'\"(]*`"
    rb"|\bENGINE\s*=\s*\w|\bAUTO_INCREMENT\b",
    re.IGNORECASE | re.MULTILINE,
)
_SQLITE = re.compile(rb"\A\s*(?:PRAGMA \w+\s*=\s*\w+;\s*)+BEGIN TRANSACTION;", re.IGNORECASE)


class DumpKind(StrEnum):
    """Which server reads a dump, and whether another program must read it first."""

    POSTGRES = "postgres"
    POSTGRES_ARCHIVE = "postgres archive"
    """The forms custom, directory and tar of pg_dump, which pg_restore turns into SQL."""
    MYSQL = "mysql"


@dataclass(frozen=True, slots=True)
class DumpFile:
    """A dump on disk."""

    path: Path
    kind: DumpKind

    @property
    def is_postgres(self) -> bool:
        return self.kind is not DumpKind.MYSQL

    @property
    def is_archive(self) -> bool:
        return self.kind is DumpKind.POSTGRES_ARCHIVE

    @property
    def label(self) -> str:
        """The file, and of what the lines are that messages name."""
        return f"{self.path}, as pg_restore writes it" if self.is_archive else str(self.path)

    @contextmanager
    def open_parts(self, pg_restore: Path | None = None) -> Iterator[tuple[Iterator[DumpPart], BinaryIO]]:
        """Yield the parts of the dump, and the file that they are read from.

        Args:
            pg_restore: the program; only needed for an archive.

        Raises:
            SourceError: pg_restore cannot read the archive.
        """
        if self.is_archive:
            if pg_restore is None:
                raise ValueError("an archive needs pg_restore")
            with restored(self.path, self.label, pg_restore) as text:
                yield PostgresScanner(text).parts(), text
            return
        with open_binary(self.path) as file:
            if file.read(3) != b"\xef\xbb\xbf":
                file.seek(0)
            scanner = PostgresScanner(file) if self.is_postgres else MysqlScanner(file)
            yield scanner.parts(), file


def find_dump(path: Path) -> DumpFile | None:
    """Return the dump at a path, or None if there is none.

    Raises:
        SourceError: it is a dump that tdmvc cannot read.
    """
    if path.is_dir():
        is_archive = (path / TABLE_OF_CONTENTS).is_file() and _begins(path / TABLE_OF_CONTENTS, MAGIC)
        return DumpFile(path, DumpKind.POSTGRES_ARCHIVE) if is_archive else None
    if not path.is_file():
        return None
    if _begins(path, MAGIC) or _is_tar(path):
        return DumpFile(path, DumpKind.POSTGRES_ARCHIVE)
    if not path.name.lower().endswith(_SUFFIXES):
        return None
    return DumpFile(path, _text_kind(path))


def _text_kind(path: Path) -> DumpKind:
    try:
        with open_binary(path) as file:
            head = file.read(_HEAD)
    except (OSError, EOFError, zlib.error) as error:
        why = f"{getattr(error, 'strerror', None) or error}."
        raise SourceError.unreadable(path, why, remedy="check the file and its permissions.") from error
    if head.startswith(MAGIC):
        raise SourceError.unreadable(
            path,
            "it is a compressed archive of pg_dump.",
            remedy=f"decompress it: `gunzip {shlex.quote(str(path))}`.",
        )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:
        raise SourceError.unreadable(
            path,
            "it is no SQL in UTF-8 or another encoding that extends ASCII; PowerShell writes UTF-16 with `>`.",
            remedy="let the program write the file: `pg_dump --file=dump.sql`, `mysqldump --result-file=dump.sql`.",
        )
    if _SQLITE.match(head):
        raise SourceError.unreadable(
            path, "it is a dump of SQLite.", remedy="add the database file itself, without a dump."
        )
    return DumpKind.MYSQL if _MYSQL.search(head) else DumpKind.POSTGRES


def _begins(path: Path, magic: bytes) -> bool:
    return _first_bytes(path, len(magic)) == magic


def _is_tar(path: Path) -> bool:
    """Whether a file is the form tar of pg_dump."""
    head = _first_bytes(path, _TAR_MAGIC.stop)
    return head[_TAR_MAGIC] == b"ustar" and head.startswith(TABLE_OF_CONTENTS.encode() + b"\0")


def _first_bytes(path: Path, count: int) -> bytes:
    """Return the beginning of a file, or nothing if it cannot be read; who reads the file itself says why."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError:
        return b""
