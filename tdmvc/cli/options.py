"""Options that many commands share, and the settings of one run."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from tdmvc.errors import UsageError
from tdmvc.model.csv_options import CsvOptions, QuotedEmpty
from tdmvc.model.location import Location, parse_location

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Verbosity(Enum):
    """How much a command prints besides its result."""

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"


@dataclass(slots=True)
class Settings:
    """The values of the options that every command has; `context.obj` of every command."""

    directory: str = "."
    """The folder given with -C."""
    verbosity: Verbosity = Verbosity.NORMAL
    """Set by -q and -v, before or after the command; the last one counts."""
    has_pager: bool = True
    """False with --no-pager."""

    @property
    def is_quiet(self) -> bool:
        return self.verbosity is Verbosity.QUIET

    @property
    def is_verbose(self) -> bool:
        return self.verbosity is Verbosity.VERBOSE

    def location(self, text: str) -> Location:
        """Return the location of a path or URL; relative paths begin at the folder of -C."""
        return parse_location(text, folder=Path(self.directory), variables=os.environ)


PATH_OR_URL = click.Path()
"""Completed as a path, but left as text: `pathlib` would drop a slash of each URL. See `Settings.location`."""


def settings_of(context: click.Context) -> Settings:
    """Return the settings of this run."""
    return context.ensure_object(Settings)


def _verbosity_option(level: Verbosity, short: str, text: str) -> click.Option:
    def remember(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value:
            settings_of(context).verbosity = level

    return click.Option(
        [short, f"--{level.value}"], is_flag=True, expose_value=False, callback=remember, help=text
    )


VERBOSITY_OPTIONS = (
    _verbosity_option(
        Verbosity.QUIET, "-q", "Print only results, notes and warnings: no progress, no hints."
    ),
    _verbosity_option(Verbosity.VERBOSE, "-v", "Print steps and their times on stderr."),
)
"""-q and -v, for the group and for every command."""


def split_names(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the names of an option that may be repeated and may hold several names (a callback of click)."""
    names = [name.strip() for value in values for name in value.split(",")]
    if not all(names):
        raise UsageError(
            f"{parameter.opts[0]} has an empty name.",
            remedy="write the names of tables, with a comma between two of them.",
        )
    return tuple(dict.fromkeys(names))


def tables_option(text: str, *, metavar: str = "NAME[,NAME]") -> Callable[[Decorated], Decorated]:
    """Add `--table NAME`, which may be repeated, may hold several names, and may be written `--tables`."""

    def decorate(function: Decorated) -> Decorated:
        option = click.option(
            "--table", "--tables", "tables", multiple=True, metavar=metavar, callback=split_names, help=text
        )
        return option(function)

    return decorate


def exclude_option(text: str) -> Callable[[Decorated], Decorated]:
    """Add `--exclude PATTERN`, which may be repeated, and may hold several patterns."""
    return click.option(
        "--exclude", multiple=True, metavar="PATTERN[,PATTERN]", callback=split_names, help=text
    )


def csv_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of CSV files, and pass their values as one `csv`."""

    @wraps(function)
    def call(
        *arguments: Any,
        null_texts: tuple[str, ...],
        quoted_empty: str | None,
        no_header: bool,
        delimiter: str | None,
        encoding: str | None,
        **others: Any,
    ) -> Any:
        empty = QuotedEmpty(quoted_empty) if quoted_empty else None
        csv = CsvOptions(null_texts, empty, not no_header, delimiter, encoding)
        return function(*arguments, csv=csv, **others)

    decorated: Callable[..., Any] = call
    for option in reversed(_CSV_OPTIONS):
        decorated = option(decorated)
    return decorated


def _delimiter(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    delimiter = {"tab": "\t", "\\t": "\t"}.get(value or "", value)
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise UsageError(
            f"--delimiter is {value!r}, which is not one character.", remedy="write ';', '|', ',' or tab."
        )
    return delimiter


_CSV_OPTIONS = (
    click.option(
        "--null", "null_texts", multiple=True, metavar="TEXT", help="CSV: another text that means null."
    ),
    click.option(
        "--quoted-empty",
        type=click.Choice([meaning.value for meaning in QuotedEmpty]),
        help='CSV: what "" means; by default null if the file quotes every value, else an empty text.',
    ),
    click.option(
        "--no-header",
        is_flag=True,
        help="CSV: the first line is a row; the columns are column_1, column_2, and so on.",
    ),
    click.option(
        "--delimiter", metavar="CHAR", callback=_delimiter, help="CSV: what separates values (';', '|', tab)."
    ),
    click.option("--encoding", metavar="NAME", help="CSV: latin-1, cp1252, utf-16, …; by default UTF-8."),
)


def single_table(tables: tuple[str, ...]) -> str | None:
    """Return the one table that was named, or None; several are a usage error."""
    if len(tables) > 1:
        raise UsageError(
            f"--table names {len(tables)} tables: {', '.join(tables)}.",
            remedy="name one table, and run the command once for each.",
        )
    return tables[0] if tables else None


def named_table(argument: str | None, tables: tuple[str, ...]) -> str | None:
    """Return the table of a command that takes it as an argument or as an option; two are a usage error."""
    return single_table(tuple(dict.fromkeys([*([argument] if argument else []), *tables])))
