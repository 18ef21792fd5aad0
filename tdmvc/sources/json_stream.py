"""Objects of a JSON list or of JSON lines, one after the other, in memory bounded by the longest object.

They are read in Python, because DuckDB's `read_json` turns numbers beyond 64 bits into
floats and repeated keys into one, and infers types that depend on the order of its threads.
"""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import BinaryIO

from tdmvc.errors import SourceError
from tdmvc.sources.base import open_binary

_CHUNK_BYTES = 1 << 20
_BLANK = re.compile(r"[ \t\r\n]+")
_LONGEST_WORD = len("-Infinity")
_SURE_LENGTH = 16
"""Every number of up to 15 digits, and a point, is the shortest form of its float."""


@dataclass(frozen=True, slots=True)
class JsonItem:
    """One object, and where it is in the file."""

    value: dict[str, object]
    line: int
    start_byte: int
    """From the beginning of the uncompressed file."""
    size_bytes: int


def read_items(path: Path) -> Iterator[JsonItem]:
    """Yield the objects of a JSON list or of JSON lines.

    Raises:
        SourceError: the file is neither; names the line.
    """
    try:
        with open_binary(path) as file:
            yield from _Stream(file, path).items()
    except (OSError, EOFError) as error:
        raise SourceError.unreadable(path, f"{error}.", remedy="check that the file is complete.") from error


def is_list(path: Path) -> bool:
    """Whether the file begins with a list."""
    with open_binary(path) as file:
        head = file.read(_CHUNK_BYTES).removeprefix(codecs.BOM_UTF8)
    return head.lstrip().startswith(b"[")


def decode(text: str | bytes) -> dict[str, object]:
    """Return the object in a part of the file."""
    value: dict[str, object] = json.loads(text, object_pairs_hook=_unique, parse_float=_number)
    return value


def _number(text: str) -> float | Decimal:
    """Return a number as a float if the float tells all of its digits, else as a Decimal."""
    number = float(text)
    if len(text) <= _SURE_LENGTH and "e" not in text and "E" not in text:
        return number
    # Programs write the shortest form of a float, or 17 digits.
    digits = Decimal(text)
    is_exact = isfinite(number) and digits in (Decimal(repr(number)), Decimal(f"{number:.16e}"))
    return number if is_exact else digits


class _RepeatedKeyError(ValueError):
    """An object has a key twice: one of the values would be lost."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise _RepeatedKeyError
    return value


class _Stream:
    """A part of the file's text that moves on object by object."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._text_decoder = codecs.getincrementaldecoder("utf-8")()
        self._decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_number)
        self._text = ""
        self._at = 0
        self._byte = 0
        self._line = 1
        self._is_at_end = False

    def items(self) -> Iterator[JsonItem]:
        if self._peek() == "\ufeff":
            self._move(1)
        if self._peek() == "[":
            self._move(1)
            yield from self._list_items()
        else:
            while self._peek():
                yield self._item()

    def _list_items(self) -> Iterator[JsonItem]:
        if self._peek() != "]":
            yield self._item()
            while self._peek() == ",":
                self._move(1)
                yield self._item()
        if self._peek() != "]":
            raise self._error("a ',' or the closing ']' of the list is missing")
        self._move(1)
        if self._peek():
            raise self._error("there is something after the list")

    def _item(self) -> JsonItem:
        self._peek()
        line, start = self._line, self._byte
        value, end = self._decoded()
        if not isinstance(value, dict):
            raise self._error("a row must be an object", self._line)
        self._move(end - self._at)
        return JsonItem(value, line, start, self._byte - start)

    def _decoded(self) -> tuple[object, int]:
        while True:
            try:
                return self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not (self._may_be_cut(error) and self._fill()):
                    line = self._line + self._text.count("\n", self._at, error.pos)
                    raise self._error(f"this is not JSON ({error.msg})", line) from None
            except _RepeatedKeyError:
                raise self._error("an object has a key twice", self._line) from None
            except (ValueError, RecursionError):
                raise self._error(
                    "a number is too long, or a value is nested too deeply", self._line
                ) from None

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        is_open_string = error.msg.startswith("Unterminated string")
        return is_open_string or error.pos >= len(self._text) - _LONGEST_WORD

    def _peek(self) -> str:
        """Skip white space and return the next character, or nothing at the end."""
        while True:
            blank = _BLANK.match(self._text, self._at)
            if blank:
                self._move(blank.end() - self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill():
                return ""

    def _move(self, count: int) -> None:
        passed = self._text[self._at : self._at + count]
        self._byte += len(passed) if passed.isascii() else len(passed.encode())
        self._line += passed.count("\n")
        self._at += count

    def _fill(self) -> bool:
        """Read more, twice as much each time that a value needs it; return False at the end of the file."""
        if self._is_at_end:
            return False
        rest = self._text[self._at :]
        chunk = self._file.read(max(_CHUNK_BYTES, len(rest)))
        self._is_at_end = not chunk
        try:
            self._text = rest + self._text_decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            raise self._error("this is not UTF-8", self._line + rest.count("\n")) from None
        self._at = 0
        return bool(chunk)

    def _error(self, why: str, line: int | None = None) -> SourceError:
        return SourceError.unreadable(
            self._path,
            f"line {self._line if line is None else line}: {why}.",
            remedy="write a JSON list of objects, or JSON lines with one object per line, in UTF-8.",
        )
