"""Converts table names to safe folder names, and back."""

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

from tdmvc.errors import UsageError

RESERVED = frozenset({"versions", "conflicts", "scenarios"})
"""Folder names inside a dataset that mean something else."""

_FILES = frozenset({"dataset.yaml", "contract.yaml", "dvc.yaml", "dvc.lock"})
"""Files inside a dataset, beside the folders."""

_DATASET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_SAFE_PUNCTUATION = "_-. ()+,=@~"
_MAX_BYTES = 180
_LONGEST_NAME = 180
"""A percent-encoded name may grow beyond what file systems take (255 bytes)."""


def is_dataset_name(name: str) -> bool:
    """Return whether a dataset may have this name: letters, digits, dot, dash and underscore."""
    return bool(_DATASET.fullmatch(name)) and ".." not in name and not _DEVICES.fullmatch(name)


def folder_name(table: str) -> str:
    """Return the folder's name for a table: reversible, and safe on every file system.

    `new_folder_name` also avoids names that differ only in case.

    Raises:
        UsageError: the name is empty or too long for a file system.
    """
    if not table:
        raise UsageError("A table has no name.", remedy="name it in its source, or with --table.")
    # Letters beyond ASCII are encoded too: file systems disagree on how they are composed.
    encoded = quote(table, safe=_SAFE_PUNCTUATION)
    if encoded != encoded.strip(" ."):
        head = encoded[:1]
        tail = encoded[-1:] if len(encoded) > 1 else ""
        middle = encoded[1:-1] if tail else ""
        encoded = _percent_if(head, " .") + middle + _percent_if(tail, " .")
    if _is_taken(encoded.lower()):
        encoded = f"%{ord(encoded[0]):02X}" + encoded[1:]
    if len(encoded) > _MAX_BYTES:
        raise UsageError(
            f"The name of the table {table[:40]}… is too long for a folder: it takes {len(encoded):,} bytes, "
            f"and a folder's name may take {_MAX_BYTES}.",
            where=f"a table name of {len(table):,} characters",
            remedy="shorten the name in the source (a letter beyond ASCII takes 6 bytes or more), or leave the "
            "table out with --exclude.",
        )
    return encoded


def table_name(folder: str) -> str:
    """Return the name of the table in a folder."""
    return unquote(folder, errors="strict")


def new_folder_name(table: str, taken: Iterable[str]) -> str:
    """Return a folder's name for a table that differs from every taken name by more than case.

    `Orders` next to `orders` becomes `%4Frders`: letters are encoded from the left until the name is unique.
    """
    folder = folder_name(table)
    folded = {name.casefold() for name in taken}
    for length in range(len(folder) + 1):
        head = "".join(
            f"%{ord(c):02X}" if len(c) == 1 and c.isalpha() else c for c in _characters(folder)[:length]
        )
        name = head + "".join(_characters(folder)[length:])
        if name.casefold() not in folded:
            return name
    raise ValueError(f"no folder is left for the table {table!r}")


def encode_file_name(table: str) -> str:
    """Return the table's name with anything but letters, digits, `_`, `.` and `-` percent-encoded.

    A leading dot is encoded too; a name too long for a file is cut and ends in its hash.
    """
    name = quote(table, safe="").replace("~", "%7E")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > _LONGEST_NAME:
        name = name[:_LONGEST_NAME] + "-" + hashlib.sha256(table.encode()).hexdigest()[:16]
    return name


def _is_taken(folder: str) -> bool:
    """Return whether a lower-case name means something else in a dataset's folder, or on Windows."""
    is_file = folder in _FILES or folder.endswith(".dvc")
    return is_file or folder in RESERVED or _DEVICES.fullmatch(folder) is not None


def _characters(folder: str) -> list[str]:
    """Return the characters of the name; a percent-encoded byte is one of them."""
    return re.findall(r"%[0-9A-F]{2}|.", folder, flags=re.DOTALL)


def _percent_if(char: str, which: str) -> str:
    return f"%{ord(char):02X}" if char and char in which else char
