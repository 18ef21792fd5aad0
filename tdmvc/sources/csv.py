"""CSV and TSV files: their dialect, header and nulls, and errors with line numbers."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from tdmvc.errors import SourceError
from tdmvc.model.csv_options import CsvOptions, QuotedEmpty
from tdmvc.model.schema import TableSchema
from tdmvc.model.source import SourceTable, SqlScan
from tdmvc.model.text import plural
from tdmvc.sources.base import SourceOptions, check_column_names, is_gzip, open_binary, stem
from tdmvc.sources.csv_checks import CsvFile, LineFacts, check_bytes, check_line_ends, count_rows, in_utf8
from tdmvc.sources.csv_types import InferredTable, infer_columns
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error
from tdmvc.sql.quoting import quote_name, quote_path, quote_text

_SUFFIXES = (".csv", ".tsv", ".tab", ".csv.gz", ".tsv.gz", ".tab.gz")
_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_ROWS = 200
_SNIFFED_BYTES = 1 << 18
_SEPARATOR_LINE = re.compile(r"(?i)sep=(.)\r?\n")
"""Excel writes the delimiter into a line of its own."""
_VALUE = re.compile(
    r"[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?|(?i:true|false)"
)
"""What nobody calls a column."""
_LINE_LIMITS = (2_000_000, 64_000_000, 1_000_000_000)

# A field may be as long as the file; the default limit is 128 KiB.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """How to read a CSV file."""

    file: CsvFile
    delimiter: str
    names: tuple[str, ...]
    skipped_lines: int
    """Lines before the header or the first row: empty ones, and Excel's `sep=;`."""
    options: CsvOptions
    facts: LineFacts
    line_limit: int = _LINE_LIMITS[0]
    """In bytes."""

    def query(self) -> str:
        """Return a SELECT of every column as text."""
        columns = ", ".join(f"{quote_text(name)}: 'VARCHAR'" for name in self.names)
        # DuckDB's threads may cut a value that contains a line end.
        is_parallel = not self.facts.may_span_lines
        nulls = ", ".join(quote_text(text) for text in ("", *self.options.null_texts))
        quoted_nulls = self.options.quoted_empty is QuotedEmpty.NULL
        return (
            f"SELECT * FROM read_csv({quote_path(self.file.data)}, auto_detect = false, "
            f"header = {_sql(self.options.has_header)}, columns = {{{columns}}}, "
            f"delim = {quote_text(self.delimiter)}, quote = '\"', escape = '\"', "
            f"comment = '', skip = {self.skipped_lines}, nullstr = [{nulls}], "
            f"allow_quoted_nulls = {_sql(quoted_nulls)}, "
            f"strict_mode = true, null_padding = false, ignore_errors = false, hive_partitioning = false, "
            f"compression = '{'gzip' if is_gzip(self.file.data) else 'none'}', "
            f"max_line_size = {self.line_limit}, parallel = {_sql(is_parallel)})"
        )


def _sql(flag: bool) -> str:
    return str(flag).lower()


class CsvSource:
    """A file of separated values."""

    name = "CSV or TSV (.csv, .tsv, also .gz)"
    names_tables = False

    def matches(self, path: Path) -> bool:
        return path.is_file() and path.name.lower().endswith(_SUFFIXES)

    def open(self, path: Path, con: DuckDBConnection, options: SourceOptions) -> list[SourceTable]:
        layout, notes = _read_layout(path, options)
        layout, inferred = _infer(layout, con)
        quoted_empties = _count_quoted_empties(layout, con)
        if quoted_empties:
            notes.append(
                f'{plural(quoted_empties, "quoted empty value")} ("") {"is" if quoted_empties == 1 else "are"} '
                "read as null, because the file quotes every value; "
                "--quoted-empty text keeps them as empty texts, --quoted-empty null hides this note"
            )
            layout = replace(layout, options=replace(layout.options, quoted_empty=QuotedEmpty.NULL))
            layout, inferred = _infer(layout, con)
        schema = TableSchema(options.table or stem(path), tuple(item.column for item in inferred.columns))
        casts = ", ".join(item.expression for item in inferred.columns)
        text_query = layout.query()
        hints = {item.column.name: item.hint for item in inferred.columns if item.hint is not None}
        query = f"SELECT {casts} FROM ({text_query})"
        return [
            SourceTable(
                schema,
                SqlScan(query),
                str(path),
                text_query=text_query,
                hints=hints,
                notes=tuple(notes),
            )
        ]


def _read_layout(path: Path, options: SourceOptions) -> tuple[CsvLayout, list[str]]:
    """Return how to read a file, and notes on what was guessed."""
    csv_file = in_utf8(path, options)
    facts = check_bytes(csv_file)
    with open_binary(csv_file.data) as file:
        head = file.read(_SNIFFED_BYTES).decode("utf-8-sig", errors="ignore")
    text = head.lstrip("\r\n")
    delimiter = options.csv.delimiter
    separator = _SEPARATOR_LINE.match(text)
    if separator:
        delimiter = delimiter or separator[1]
        text = text[separator.end() :]
    if not text:
        raise SourceError.unreadable(path, "the file is empty.", remedy="add a header line.")
    if not facts.may_span_lines:
        check_line_ends(path, facts)
    skipped = head[: len(head) - len(text)].replace("\r\n", "\n").replace("\r", "\n").count("\n")
    is_tab = path.name.lower().removesuffix(".gz").endswith((".tsv", ".tab"))
    delimiter = delimiter or ("\t" if is_tab else _sniff_delimiter(text))
    try:
        first = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise SourceError.unreadable(
            path, f"the header is not CSV: {error}.", remedy="quote names that contain quotes or line ends."
        ) from error
    names = _column_names(path, first, has_header=options.csv.has_header)
    layout = CsvLayout(csv_file, delimiter, names, skipped, options.csv, facts)
    if options.csv.quoted_empty is None and not _quotes_every_value(text, delimiter):
        layout = replace(layout, options=replace(options.csv, quoted_empty=QuotedEmpty.TEXT))
    return layout, _header_notes(first) if options.csv.has_header else []


def _column_names(path: Path, first: Sequence[str], *, has_header: bool) -> tuple[str, ...]:
    """Return the names in the first line, or numbered ones if it is a row already."""
    if not has_header:
        return tuple(f"column_{place}" for place in range(1, len(first) + 1))
    try:
        check_column_names(first, path)
    except SourceError as error:
        error_remedy = error.remedy.removesuffix(".")
        raise SourceError(
            error.what,
            where=error.where,
            remedy=f"{error_remedy}, or pass --no-header if the first line is a row.",
        ) from None
    return tuple(first)


def _header_notes(names: Sequence[str]) -> list[str]:
    values = [name for name in names if _VALUE.fullmatch(name)]
    if not values or len(values) * 2 < len(names):
        return []
    return [
        f"the first line was read as the header, but {len(values)} of its {len(names)} names look like values; "
        "if it is a row, it is missing from the table: pass --no-header"
    ]


def _quotes_every_value(text: str, delimiter: str) -> bool:
    """Whether every value in the beginning of a file is quoted, so that a quoted empty one may be meant as null."""
    end = rf"(?:{re.escape(delimiter)}|[\r\n]+|\Z)"
    return re.fullmatch(rf'(?:"(?:[^"]++|"")*+"{end})*+(?:"(?:[^"]++|"")*+"?)?', text) is not None


def _count_quoted_empties(layout: CsvLayout, con: DuckDBConnection) -> int:
    """Return how many values are empty texts although nobody said what they mean."""
    if layout.options.quoted_empty is not None:
        return 0
    empties = " + ".join(f"count(*) FILTER (WHERE {quote_name(name)} = '')" for name in layout.names)
    (count,) = con.execute(f"SELECT {empties} FROM ({layout.query()})").fetchall()[0]
    return int(count)


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
    if layout.skipped_lines + layout.options.has_header + rows == layout.facts.lines:
        return
    expected = _count_rows(layout)
    if rows != expected:
        raise _not_plain(layout, f": it has {expected} rows, but {rows} can be read")


def _count_rows(layout: CsvLayout) -> int:
    found = count_rows(layout.file, layout.delimiter, len(layout.names), skip=layout.skipped_lines)
    return found - layout.options.has_header


def _explained(layout: CsvLayout, error: Exception) -> SourceError:
    """Return the error without the line that DuckDB quotes, which may contain personal data."""
    try:
        _count_rows(layout)
        check_line_ends(layout.file.path, layout.facts)
    except SourceError as fault:
        return fault
    row = next((word for word in str(error).split("\n", 1)[0].split() if word.isdigit()), "")
    return _not_plain(layout, f" near row {row}" if row else "")


def _not_plain(layout: CsvLayout, where: str) -> SourceError:
    return SourceError.unreadable(
        layout.file.path,
        f"the rows are not plain CSV (RFC 4180){where}.",
        remedy="write the file again with a CSV library, which quotes values with delimiters, quotes or line ends.",
    )
