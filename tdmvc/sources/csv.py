"""CSV and TSV files: their dialect, header and nulls, and errors with line numbers."""

import csv
import io
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from tdmvc.errors import SourceError
from tdmvc.model.schema import TableSchema
from tdmvc.model.source import SourceTable, SqlScan
from tdmvc.sources.base import SourceOptions, check_column_names, is_gzip, open_binary, stem
from tdmvc.sources.csv_checks import LineFacts, check_bytes, check_line_ends, count_rows
from tdmvc.sources.csv_types import InferredTable, infer_columns
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error
from tdmvc.sql.quoting import quote_path, quote_text

_SUFFIXES = (".csv", ".tsv", ".tab", ".csv.gz", ".tsv.gz", ".tab.gz")
_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_ROWS = 200
_SNIFFED_BYTES = 1 << 18
_LINE_LIMITS = (2_000_000, 64_000_000, 1_000_000_000)

# A field may be as long as the file; the default limit is 128 KiB.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """How to read a CSV file."""

    path: Path
    delimiter: str
    names: tuple[str, ...]
    blank_lines: int
    """Empty lines before the header."""
    null_texts: tuple[str, ...]
    facts: LineFacts
    line_limit: int = _LINE_LIMITS[0]
    """In bytes."""

    def query(self) -> str:
        """Return a SELECT of every column as text."""
        columns = ", ".join(f"{quote_text(name)}: 'VARCHAR'" for name in self.names)
        # DuckDB's threads may cut a value that contains a line end.
        is_parallel = not self.facts.may_span_lines
        nulls = ", ".join(quote_text(text) for text in ("", *self.null_texts))
        return (
            f"SELECT * FROM read_csv({quote_path(self.path)}, auto_detect = false, header = true, "
            f"columns = {{{columns}}}, delim = {quote_text(self.delimiter)}, quote = '\"', escape = '\"', "
            f"comment = '', skip = {self.blank_lines}, nullstr = [{nulls}], allow_quoted_nulls = false, "
            f"strict_mode = true, null_padding = false, ignore_errors = false, hive_partitioning = false, "
            f"compression = '{'gzip' if is_gzip(self.path) else 'none'}', "
            f"max_line_size = {self.line_limit}, parallel = {str(is_parallel).lower()})"
        )


class CsvSource:
    """A file of separated values with a header."""

    name = "CSV or TSV (.csv, .tsv, also .gz)"

    def matches(self, path: Path) -> bool:
        return path.is_file() and path.name.lower().endswith(_SUFFIXES)

    def open(self, path: Path, con: DuckDBConnection, options: SourceOptions) -> list[SourceTable]:
        layout, inferred = _infer(_read_layout(path, options.null_texts), con)
        schema = TableSchema(options.table or stem(path), tuple(item.column for item in inferred.columns))
        casts = ", ".join(item.expression for item in inferred.columns)
        text_query = layout.query()
        query = f"SELECT {casts} FROM ({text_query})"
        return [SourceTable(schema, SqlScan(query), str(path), is_typed=False, text_query=text_query)]


def _read_layout(path: Path, null_texts: tuple[str, ...]) -> CsvLayout:
    facts = check_bytes(path)
    with open_binary(path) as file:
        head = file.read(_SNIFFED_BYTES).decode("utf-8-sig", errors="ignore")
    text = head.lstrip("\r\n")
    if not text:
        raise SourceError.unreadable(path, "the file is empty.", remedy="add a header line.")
    if not facts.may_span_lines:
        check_line_ends(path, facts)
    blank = head[: len(head) - len(text)].replace("\r\n", "\n").replace("\r", "\n")
    is_tab = path.name.lower().removesuffix(".gz").endswith((".tsv", ".tab"))
    delimiter = "\t" if is_tab else _sniff_delimiter(text)
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise SourceError.unreadable(
            path, f"the header is not CSV: {error}.", remedy="quote names that contain quotes or line ends."
        ) from error
    check_column_names(names, path)
    return CsvLayout(path, delimiter, tuple(names), len(blank), null_texts, facts)


def _sniff_delimiter(text: str) -> str:
    """Return the first delimiter that gives the first rows as many values as the header, and more than one."""
    widest = (1, ",")
    # The head of a long file ends in the middle of a row.
    is_cut = len(text) >= _SNIFFED_BYTES // 4
    for delimiter in _DELIMITERS:
        widths, is_whole = _widths(text, delimiter)
        if is_cut and is_whole and len(widths) > 1:
            widths.pop()
        if (is_whole or is_cut) and len(set(widths)) == 1 and widths[0] > 1:
            return delimiter
        if widths and widths[0] > widest[0]:
            widest = (widths[0], delimiter)
    return widest[1]


def _widths(text: str, delimiter: str) -> tuple[list[int], bool]:
    """Return how many values the first rows have, and whether they could all be read."""
    widths: list[int] = []
    try:
        for row in islice(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), _SNIFFED_ROWS
        ):
            widths += [len(row)] if row else []
    except csv.Error:
        return widths, False
    return widths, True


def _infer(layout: CsvLayout, con: DuckDBConnection) -> tuple[CsvLayout, InferredTable]:
    """Read all rows, allowing longer and longer lines, and return the layout that worked."""
    for limit in _LINE_LIMITS:
        layout = replace(layout, line_limit=limit)
        try:
            inferred = infer_columns(con, layout.query(), layout.names)
        except duckdb_error() as error:
            is_too_long = "maximum line size" in str(error).lower()
            if not is_too_long or limit == _LINE_LIMITS[-1]:
                raise _explained(layout, error) from None
        else:
            _check_count(layout, inferred.rows)
            return layout, inferred
    raise AssertionError("the last limit raises")


def _check_count(layout: CsvLayout, rows: int) -> None:
    """Refuse a file if DuckDB read more or fewer rows than it has."""
    if layout.blank_lines + 1 + rows == layout.facts.lines:
        return
    expected = count_rows(layout.path, layout.delimiter, len(layout.names))
    if rows != expected:
        raise _not_plain(layout, f": it has {expected} rows, but {rows} can be read")


def _explained(layout: CsvLayout, error: Exception) -> SourceError:
    """Return the error without the line that DuckDB quotes, which may contain personal data."""
    try:
        count_rows(layout.path, layout.delimiter, len(layout.names))
        check_line_ends(layout.path, layout.facts)
    except SourceError as fault:
        return fault
    row = next((word for word in str(error).split("\n", 1)[0].split() if word.isdigit()), "")
    return _not_plain(layout, f" near row {row}" if row else "")


def _not_plain(layout: CsvLayout, where: str) -> SourceError:
    return SourceError.unreadable(
        layout.path,
        f"the rows are not plain CSV (RFC 4180){where}.",
        remedy="write the file again with a CSV library, which quotes values with delimiters, quotes or line ends.",
    )
