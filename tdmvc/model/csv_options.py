"""What a person says about CSV files."""

from dataclasses import dataclass
from enum import StrEnum


class QuotedEmpty(StrEnum):
    """What a quoted empty value (`""`) in a CSV file means."""

    NULL = "null"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """What a person says about CSV files, because the files do not."""

    null_texts: tuple[str, ...] = ()
    """Unquoted texts that mean null, besides the empty one."""
    quoted_empty: QuotedEmpty | None = None
    """By default, null in a file that quotes every value, else an empty text."""
    has_header: bool = True
    """Without one, the columns are called column_1, column_2, …"""
    delimiter: str | None = None
    """One character; by default, found in the first rows."""
    encoding: str | None = None
    """A name that Python knows (`cp1252`, `utf-16`); by default UTF-8."""


AS_CSV_SAYS = CsvOptions()
"""Nothing but what the files say."""
