"""What the bytes of a CSV file tell before DuckDB reads it, and where its fault is when DuckDB refuses."""

import codecs
import csv
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tdmvc.errors import SourceError
from tdmvc.sources.base import open_binary

_CHUNK_BYTES = 1 << 22
_LINE_FEED = b"\n"
_NEITHER_QUOTE_NOR_FEED = bytes(set(range(256)) - set(b'"\n'))
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class ByteFacts:
    """What was seen in the bytes."""

    may_span_lines: bool
    """Some quoted value may hold a line end."""
    has_mixed_line_ends: bool
    """Some lines end in LF alone, some in CRLF; may be so inside of values."""
    lines: int
    """Lines that end in LF, and a last one that does not."""


def check_bytes(path: Path) -> ByteFacts:
    """Read the whole file once: it must be UTF-8 without NUL bytes.

    Raises:
        SourceError: it is not; names the line.
    """
    try:
        with open_binary(path) as file:
            return _check_stream(file, path)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError.unreadable(path, f"{error}.", remedy="check the file; is it complete?") from error


def _check_stream(file: BinaryIO, path: Path) -> ByteFacts:
    decoder = codecs.getincrementaldecoder("utf-8")()
    quotes = _QuoteWatch()
    line, pairs, last = 1, 0, b""
    while chunk := file.read(_CHUNK_BYTES):
        if line == 1 and chunk.startswith(_WIDE_MARKS):
            raise _encoding_error(path, "it is UTF-16", "UTF-16")
        pending = len(decoder.getstate()[0])
        try:
            if pending or not chunk.isascii():
                decoder.decode(chunk)
        except UnicodeDecodeError as error:
            at = line + chunk.count(_LINE_FEED, 0, max(error.start - pending, 0))
            raise _encoding_error(path, f"line {at} is not UTF-8", "LATIN1") from None
        nul = chunk.find(b"\0")
        if nul >= 0:
            raise SourceError.unreadable(
                path,
                f"line {line + chunk.count(_LINE_FEED, 0, nul)} holds a NUL byte.",
                remedy="remove it, or keep binary values in a Parquet file or a database.",
            )
        quotes.see(chunk)
        line += chunk.count(_LINE_FEED)
        pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(_LINE_FEED))
        last = chunk[-1:]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _encoding_error(path, f"line {line} is not UTF-8", "LATIN1") from None
    has_mixed_line_ends = 0 < pairs < line - 1
    return ByteFacts(quotes.may_span_lines, has_mixed_line_ends, line if last != _LINE_FEED else line - 1)


class _QuoteWatch:
    """Watches for values that may hold a line end; a false alarm costs only speed."""

    def __init__(self) -> None:
        self.may_span_lines = False
        self._last_line = b""
        """The quotes of the line that a chunk ended in."""

    def see(self, chunk: bytes) -> None:
        if self.may_span_lines or (b'"' not in chunk and not self._last_line):
            return
        # Of each line only its quotes are left, and of these only an odd one.
        marks = self._last_line + chunk.translate(None, _NEITHER_QUOTE_NOR_FEED)
        lines, feed, self._last_line = marks.rpartition(_LINE_FEED)
        has_lone_return = chunk.count(b"\r") != chunk.count(b"\r\n")
        self.may_span_lines = has_lone_return or not feed or b'"' in lines.replace(b'""', b"")


def _encoding_error(path: Path, what: str, encoding: str) -> SourceError:
    return SourceError.unreadable(
        path,
        f"{what}.",
        remedy=f"convert it: `iconv -f {encoding} -t UTF-8 {path.name} > new{path.suffix}`"
        + (" (if Latin-1 is what it is)." if encoding == "LATIN1" else "."),
    )


def count_rows(path: Path, delimiter: str, width: int) -> int:
    """Return the number of rows after the header, by another reader than DuckDB's.

    DuckDB leaves out rows without a word where a quote is never closed. Slow: for
    files in which lines and rows are not the same, and for broken ones.

    Raises:
        SourceError: a row is broken; names its first line in the file.
    """
    with open_binary(path) as file:
        text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        line, rows = 1, 0
        try:
            for row in reader:
                # An empty line is a row only where a row may be a single null.
                # DuckDB, too, takes a delimiter at the end of a row for nothing.
                is_closed = len(row) == width + 1 and row[-1] == ""
                if row and len(row) != width and not is_closed:
                    raise _width_error(path, line, len(row), width)
                rows += bool(row) or (width == 1 and rows > 0)
                line = reader.line_num + 1
        except csv.Error:
            raise SourceError.unreadable(
                path,
                f"the value quotes are wrong in the row that begins at line {line}.",
                remedy="double a quote inside of a quoted value, and close every quote.",
            ) from None
    return rows - 1


def _width_error(path: Path, line: int, found: int, width: int) -> SourceError:
    return SourceError.unreadable(
        path,
        f"line {line} has {found} values, but the header names {width} columns.",
        remedy="complete the row, or quote values that hold the delimiter or a line end.",
    )


def check_line_ends(path: Path) -> None:
    """Refuse a file that ends its lines now with LF, now with CRLF.

    Raises:
        SourceError: it does.
    """
    with open_binary(path) as file:
        pairs = feeds = 0
        for text in file:
            is_pair = text.endswith(b"\r\n")
            pairs += is_pair
            feeds += text.endswith(_LINE_FEED) and not is_pair
    if pairs and feeds:
        raise SourceError.unreadable(
            path,
            f"the line ends are mixed ({feeds} LF, {pairs} CRLF).",
            remedy=f"make them one kind: `sed -i 's/\\r$//' {path.name}`.",
        )
