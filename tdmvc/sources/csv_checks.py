"""Checks of a CSV file's bytes before DuckDB reads it, and of its rows if DuckDB cannot."""

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
class LineFacts:
    """The lines of a file. Those inside of quoted values count, too."""

    lines: int
    """Lines that end in a line feed, and a last one that does not."""
    lf: int
    """Lines that end in a line feed alone."""
    crlf: int
    """Lines that end in carriage return and line feed."""
    may_span_lines: bool
    """Whether some quoted value may contain a line end."""


def check_bytes(path: Path) -> LineFacts:
    """Read the whole file and return what its lines are like.

    Raises:
        SourceError: it is not UTF-8, or contains a NUL byte; names the line.
    """
    try:
        with open_binary(path) as file:
            return _check_stream(file, path)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError.unreadable(path, f"{error}.", remedy="check that the file is complete.") from error


def _check_stream(file: BinaryIO, path: Path) -> LineFacts:
    decoder = codecs.getincrementaldecoder("utf-8")()
    quotes = _QuoteCheck()
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
                f"line {line + chunk.count(_LINE_FEED, 0, nul)} contains a NUL byte.",
                remedy="remove it, or keep binary values in a Parquet file or a database.",
            )
        quotes.add(chunk)
        line += chunk.count(_LINE_FEED)
        pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(_LINE_FEED))
        last = chunk[-1:]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _encoding_error(path, f"line {line} is not UTF-8", "LATIN1") from None
    feeds = line - 1
    lines = feeds if last == _LINE_FEED else line
    return LineFacts(lines, lf=feeds - pairs, crlf=pairs, may_span_lines=quotes.may_span_lines)


class _QuoteCheck:
    """Finds values that may contain a line end; a false alarm costs only speed."""

    def __init__(self) -> None:
        self.may_span_lines = False
        self._last_line = b""
        """The quotes in the last line of the chunk before."""

    def add(self, chunk: bytes) -> None:
        if self.may_span_lines or (b'"' not in chunk and not self._last_line):
            return
        # Keep only the quotes of each line, and of these only an odd one.
        marks = self._last_line + chunk.translate(None, _NEITHER_QUOTE_NOR_FEED)
        lines, feed, self._last_line = marks.rpartition(_LINE_FEED)
        has_lone_return = chunk.count(b"\r") != chunk.count(b"\r\n")
        self.may_span_lines = has_lone_return or not feed or b'"' in lines.replace(b'""', b"")


def _encoding_error(path: Path, what: str, encoding: str) -> SourceError:
    return SourceError.unreadable(
        path,
        f"{what}.",
        remedy=f"convert it: `iconv -f {encoding} -t UTF-8 {path.name} > new{path.suffix}`"
        + (" (if it is Latin-1)." if encoding == "LATIN1" else "."),
    )


def count_rows(path: Path, delimiter: str, width: int) -> int:
    """Return the number of rows after the header, which Python's reader finds.

    DuckDB silently leaves out rows if a quote is never closed. This is slow: use it only for
    broken files, and for those with more lines than rows.

    Raises:
        SourceError: a row is broken; names its first line in the file.
    """
    with open_binary(path) as file:
        text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        line, rows = 1, 0
        try:
            for row in reader:
                # An empty line is a row only if a row may be a single null.
                # Like DuckDB, ignore a delimiter at the end of a row.
                is_closed = len(row) == width + 1 and row[-1] == ""
                if row and len(row) != width and not is_closed:
                    raise _width_error(path, line, len(row), width)
                rows += bool(row) or (width == 1 and rows > 0)
                line = reader.line_num + 1
        except csv.Error:
            raise SourceError.unreadable(
                path,
                f"the quotes are wrong in the row that begins at line {line}.",
                remedy="double each quote inside a quoted value, and close every quote.",
            ) from None
    return rows - 1


def _width_error(path: Path, line: int, found: int, width: int) -> SourceError:
    return SourceError.unreadable(
        path,
        f"line {line} has {found} values, but the header has {width} columns.",
        remedy="complete the row, or quote values that contain the delimiter or a line end.",
    )


def check_line_ends(path: Path, facts: LineFacts) -> None:
    """Refuse a file that ends some lines with LF and others with CRLF.

    Raises:
        SourceError: it does.
    """
    if facts.lf and facts.crlf:
        raise SourceError.unreadable(
            path,
            f"the line ends are mixed ({facts.lf} LF, {facts.crlf} CRLF).",
            remedy=f"make them the same: `sed -i 's/\\r$//' {path.name}`.",
        )
