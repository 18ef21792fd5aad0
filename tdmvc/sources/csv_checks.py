"""Checks of a CSV file's bytes before DuckDB reads it, and of its rows if DuckDB cannot."""

import codecs
import csv
import io
import shlex
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tdmvc.errors import SourceError
from tdmvc.model.text import plural
from tdmvc.sources.base import SourceOptions, open_binary

_CHUNK_BYTES = 1 << 22
_LINE_FEED = b"\n"
_NEITHER_QUOTE_NOR_FEED = bytes(set(range(256)) - set(b'"\n'))
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file, and its copy in UTF-8 if it has another encoding."""

    path: Path
    """For messages."""
    data: Path
    """What is read."""


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


def in_utf8(path: Path, options: SourceOptions) -> CsvFile:
    """Return a file that can be read as UTF-8: the file itself, or a copy of it.

    Raises:
        SourceError: the encoding is unknown, or the file does not have it.
    """
    encoding = options.csv.encoding
    if encoding is None or options.temporary_folder is None:
        return CsvFile(path, path)
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise SourceError.unreadable(
            path,
            f"there is no encoding '{encoding}'.",
            remedy="use a name such as latin-1, cp1252 or utf-16.",
        ) from None
    if name == "utf-8":
        return CsvFile(path, path)
    copy = options.temporary_folder() / "utf-8.csv"
    line = 1
    try:
        with (
            open_binary(path) as file,
            io.TextIOWrapper(file, name, newline="") as text,
            copy.open("w", encoding="utf-8", newline="") as target,
        ):
            while chunk := text.read(_CHUNK_BYTES):
                target.write(chunk)
                line += chunk.count("\n")
    except UnicodeError:
        raise SourceError.unreadable(
            path,
            f"after line {line}, it is not {encoding}.",
            remedy="give the encoding that it has: --encoding NAME.",
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError.unreadable(path, f"{error}.", remedy="check that the file is complete.") from error
    return CsvFile(path, copy)


def check_bytes(csv_file: CsvFile) -> LineFacts:
    """Read the whole file and return what its lines are like.

    Raises:
        SourceError: it is not UTF-8, or contains a NUL byte; names the line.
    """
    try:
        with open_binary(csv_file.data) as file:
            return _check_stream(file, csv_file.path)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError.unreadable(
            csv_file.path, f"{error}.", remedy="check that the file is complete."
        ) from error


def _check_stream(file: BinaryIO, path: Path) -> LineFacts:
    decoder = codecs.getincrementaldecoder("utf-8")()
    quotes = _QuoteCheck()
    line, pairs, last = 1, 0, b""
    while chunk := file.read(_CHUNK_BYTES):
        if line == 1 and chunk.startswith(_WIDE_MARKS):
            raise _encoding_error(path, "it is UTF-16", "utf-16")
        pending = len(decoder.getstate()[0])
        try:
            if pending or not chunk.isascii():
                decoder.decode(chunk)
        except UnicodeDecodeError as error:
            at = line + chunk.count(_LINE_FEED, 0, max(error.start - pending, 0))
            raise _encoding_error(path, f"line {at} is not UTF-8", "latin-1 or cp1252") from None
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
        raise _encoding_error(path, f"line {line} is not UTF-8", "latin-1 or cp1252") from None
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
        path, f"{what}.", remedy=f"name its encoding: --encoding {encoding}. Its texts are stored as UTF-8."
    )


def count_rows(csv_file: CsvFile, delimiter: str, width: int, *, skip: int) -> int:
    """Return the number of rows, with the header, which Python's reader finds.

    DuckDB silently leaves out rows if a quote is never closed. This is slow: use it only for
    broken files, and for those with more lines than rows.

    Args:
        skip: how many lines there are before the header or the first row.

    Raises:
        SourceError: a row is broken; names its first line in the file.
    """
    with open_binary(csv_file.data) as file:
        text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        for _ in range(skip):
            text.readline()
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        line, rows = 1 + skip, 0
        try:
            for row in reader:
                # An empty line is a row only if a row may be a single null.
                # Like DuckDB, ignore a delimiter at the end of a row.
                is_closed = len(row) == width + 1 and row[-1] == ""
                if row and len(row) != width and not is_closed:
                    raise _width_error(csv_file.path, line, len(row), width)
                rows += bool(row) or (width == 1 and rows > 0)
                line = skip + reader.line_num + 1
        except csv.Error:
            raise SourceError.unreadable(
                csv_file.path,
                f"the quotes are wrong in the row that begins at line {line}.",
                remedy="double each quote inside a quoted value, and close every quote.",
            ) from None
    return rows


def _width_error(path: Path, line: int, found: int, width: int) -> SourceError:
    return SourceError.unreadable(
        path,
        f"line {line} has {plural(found, 'value')}, but the first line has {width}.",
        remedy="complete the row, quote values that contain the delimiter or a line end, or name the --delimiter.",
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
            remedy=f"make them the same: `sed -i 's/\\r$//' {shlex.quote(str(path))}`.",
        )
