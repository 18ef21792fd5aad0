"""Knows how the full list of touched rows is written to a file, on request.

One line a row: `change` (added, removed or changed), then `key_<column>` for the
key, `old_<column>` for every column of the old side and `new_<column>` for every
column of the new side. A side that a row is not on is null. Rows come in key order.
Values of personal columns are masked; a null stays a null.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

_LONGEST_NAME = 180
"""A percent-encoded name may grow beyond what file systems take (255 bytes)."""


class RowsFormat(StrEnum):
    """How row files are written."""

    PARQUET = "parquet"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class RowsTarget:
    """Where the full list of touched rows goes."""

    folder: Path
    format: RowsFormat = RowsFormat.PARQUET

    def path_of(self, table: str) -> Path:
        """Return the table's file; the name is spelled so that it can only lie in the folder."""
        return self.folder / f"{spell_file_name(table)}.{self.format.value}"


def spell_file_name(table: str) -> str:
    """Return the table's name with anything but letters, digits, `_`, `.` and `-` percent-encoded.

    A leading dot is encoded too; a name too long for a file is cut and ends in its hash.
    """
    spelled = quote(table, safe="").replace("~", "%7E")
    if spelled.startswith("."):
        spelled = "%2E" + spelled[1:]
    if len(spelled) > _LONGEST_NAME:
        spelled = spelled[:_LONGEST_NAME] + "-" + hashlib.sha256(table.encode()).hexdigest()[:16]
    return spelled
