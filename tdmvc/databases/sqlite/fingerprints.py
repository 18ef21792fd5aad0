"""What proves that nobody changed a table of a SQLite file: the sum of the hashes of its rows.

Reading all rows for it takes half as long as loading them. The sums are therefore kept in the file, together with
the count of changes that SQLite keeps in its header: as long as this count is the same, so are the rows. The count
of a copy by VACUUM INTO, .dump or .backup begins again, and would reach that of the original; therefore the version of
the schema counts as well, which no such copy keeps, and which is a random number.
"""

import hashlib
import marshal
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tdmvc.databases.sqlite.catalog import has_table
from tdmvc.databases.state_table import FINGERPRINT_TABLE
from tdmvc.model.progress import ProgressCallback
from tdmvc.sql.quoting import quote_name

_BATCH_ROWS = 4096
_COUNT_PLACE = slice(24, 28)
"""The file change counter in the header (sqlite.org/fileformat2.html); with a write-ahead log it means nothing."""
_MODULUS = 2**128
_SCHEMA_VERSIONS = 2**31


class Fingerprints:
    """The sums of the tables of an open database, as far as they are known."""

    def __init__(self, database: sqlite3.Connection, file: Path, on_progress: ProgressCallback) -> None:
        self._database = database
        self._file = file
        self._on_progress = on_progress
        self._changes = 0
        self._known: dict[str, tuple[int, int]] = {}
        """Rows and sum by the table's name in lower case."""

    def begin(self) -> None:
        """Read what is known at the beginning of a transaction."""
        self._known.clear()
        self._changes = self._change_count()
        if not self._is_counted() or not has_table(self._database, FINGERPRINT_TABLE):
            return
        rows = self._database.execute(f"SELECT name, rows, total FROM {FINGERPRINT_TABLE}").fetchall()
        sums = {name: (count, int(total)) for name, count, total in rows}
        if sums.pop("", None) == (self._changes, self._schema_version()):
            self._known = sums

    def of(self, table: str) -> tuple[int, int]:
        """Return the row count of a table, and the sum of the hashes of its rows; reads all rows if it must."""
        if table.lower() not in self._known:
            self._known[table.lower()] = self._read(table)
        return self._known[table.lower()]

    def forget(self, table: str) -> None:
        """Forget the sum of a table whose rows change."""
        self._known.pop(table.lower(), None)

    def change(self, table: str, key: Sequence[str], keys: str, sign: int) -> None:
        """Take rows out of the sum of a table before they change, or add them afterwards; nothing if it is not known.

        Args:
            keys: SQL that selects the keys of the rows.
            sign: -1 or 1.
        """
        if table.lower() not in self._known:
            return
        columns = ", ".join(f"t.{quote_name(name)}" for name in key)
        rows, total = self._sum(
            f"SELECT t.* FROM main.{quote_name(table)} AS t WHERE ({columns}) IN ({keys})", table
        )
        count, before = self._known[table.lower()]
        self._known[table.lower()] = count + sign * rows, (before + sign * total) % _MODULUS

    def save(self) -> None:
        """Write what is known into the file, valid until another transaction writes to it."""
        if not (self._known and self._is_counted()):
            if has_table(self._database, FINGERPRINT_TABLE):
                self._database.execute(f"DELETE FROM {FINGERPRINT_TABLE}")
            return
        version = secrets.randbelow(_SCHEMA_VERSIONS)
        self._database.execute(
            f"CREATE TABLE IF NOT EXISTS {FINGERPRINT_TABLE} "
            "(name TEXT NOT NULL PRIMARY KEY, rows INTEGER NOT NULL, total TEXT NOT NULL)"
        )
        self._database.execute(f"DELETE FROM {FINGERPRINT_TABLE}")
        self._database.executemany(
            f"INSERT INTO {FINGERPRINT_TABLE} VALUES (?, ?, ?)",
            [
                ("", self._changes + 1, str(version)),
                *((name, rows, str(total)) for name, (rows, total) in sorted(self._known.items())),
            ],
        )
        self._database.execute(f"PRAGMA schema_version = {version}")

    def _read(self, table: str) -> tuple[int, int]:
        return self._sum(f"SELECT * FROM {quote_name(table)}", table)

    def _sum(self, query: str, table: str) -> tuple[int, int]:
        try:
            return self._sum_of(query, table)
        except sqlite3.OperationalError as error:
            if "decode" not in str(error).lower():
                raise
        # A text that is not UTF-8 must not stop the comparison.
        self._database.text_factory = _text
        try:
            return self._sum_of(query, table)
        finally:
            self._database.text_factory = str

    def _sum_of(self, query: str, table: str) -> tuple[int, int]:
        rows = total = 0
        for batch in self._batches(query):
            rows += len(batch)
            total += sum(memoryview(b"".join(map(_hash, batch))).cast("Q"))
            self._on_progress(f"{table}: compare", rows, None, "rows")
        return rows, total % _MODULUS

    def _batches(self, query: str) -> Iterator[list[tuple[Any, ...]]]:
        cursor = self._database.execute(query)
        while batch := cursor.fetchmany(_BATCH_ROWS):
            yield batch

    def _is_counted(self) -> bool:
        ((mode,),) = self._database.execute("PRAGMA journal_mode").fetchall()
        return str(mode).lower() != "wal"

    def _schema_version(self) -> int:
        ((version,),) = self._database.execute("PRAGMA schema_version").fetchall()
        return int(version)

    def _change_count(self) -> int:
        with self._file.open("rb") as file:
            return int.from_bytes(file.read(_COUNT_PLACE.stop)[_COUNT_PLACE], "big")


def _hash(row: tuple[Any, ...]) -> bytes:
    # Version 2 of the format depends on nothing but the values.
    return hashlib.blake2b(marshal.dumps(row, 2), digest_size=8).digest()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
