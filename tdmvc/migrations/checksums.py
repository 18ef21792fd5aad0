"""The checksums by which tools notice in a database that a script was edited after it was run."""

import hashlib
import re
import zlib
from collections.abc import Iterable


def digests(text: str, algorithm: str) -> tuple[str, ...]:
    """Return the digests that a tool may have of a script, whatever its line ends were when it ran, as hexadecimals."""
    unix = text.replace("\r\n", "\n")
    forms = dict.fromkeys((text, unix, unix.replace("\n", "\r\n")))
    return tuple(_digest(form, algorithm) for form in forms)


def _digest(text: str, algorithm: str) -> str:
    return hashlib.new(algorithm, text.encode("utf-8", "surrogatepass")).hexdigest()


def crc_of_lines(text: str) -> str:
    """Return the CRC-32 of the lines of a script without their ends, as a signed number."""
    value = 0
    for line in _lines(text.removeprefix("\ufeff")):
        value = zlib.crc32(line.encode("utf-8", "surrogatepass"), value)
    return str(value - 2**32 if value >= 2**31 else value)


def _lines(text: str) -> Iterable[str]:
    return re.split(r"\r\n|\r|\n", text)


def checksum_of(value: object) -> str:
    """Return a checksum as a database or a file gives it: a text, a number, bytes; empty without one."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    text = "" if value is None else str(value).strip().lower()
    return text.removeprefix("\\x").removeprefix("0x")
