"""What every source can do, and checks that several share."""

import gzip
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import pyarrow as pa

from tdmvc.errors import SourceError, format_names
from tdmvc.model.csv_options import AS_CSV_SAYS, CsvOptions
from tdmvc.model.django_models import DjangoModels
from tdmvc.model.selection import EVERYTHING, Selection
from tdmvc.model.source import SourceTable
from tdmvc.sql.duckdb import DuckDBConnection


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How to open a source."""

    table: str | None = None
    """The name for the table of a single file, instead of the file's own."""
    csv: CsvOptions = AS_CSV_SAYS
    """What the files themselves do not say."""
    selection: Selection = EVERYTHING
    """Which tables, and which files of a folder."""
    django_models: Callable[[], DjangoModels] | None = None
    """Reads the models of the repository's Django applications; called only for a fixture."""
    temporary_folder: Callable[[], Path] | None = None
    """Makes a folder that lasts as long as the source is read; needed for other encodings than UTF-8."""


class Source(Protocol):
    """One kind of file or folder that contains rows."""

    @property
    def name(self) -> str:
        """What people call it, with its suffixes."""

    @property
    def names_tables(self) -> bool:
        """Whether the rows say which table they belong to, so that several files may hold rows of one table."""

    def matches(self, path: Path) -> bool:
        """Whether `open` can read this path, by its name and first bytes."""

    def open(self, path: Path, con: DuckDBConnection, options: SourceOptions) -> list[SourceTable]:
        """Check all rows and describe the tables.

        Args:
            con: inspects and later reads the rows; its TimeZone is UTC.

        Raises:
            SourceError: the rows cannot be read without loss.
        """


def stem(path: Path) -> str:
    """Return the file's name without its suffix and `.gz`."""
    name = path.name.removesuffix(".gz") if path.name.lower().endswith(".gz") else path.name
    return Path(name).stem


def is_gzip(path: Path) -> bool:
    """Whether a file is compressed, by its first bytes."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def open_binary(path: Path) -> BinaryIO:
    """Open a plain or gzip file for its uncompressed bytes."""
    return cast(BinaryIO, gzip.open(path)) if is_gzip(path) else path.open("rb")


MOST_COLUMNS = 10_000
"""More columns than any database has; with many more, each step would take minutes."""


def check_column_names(names: Sequence[str], path: Path | str) -> None:
    """Refuse column names that are not unique.

    Raises:
        SourceError: a name is empty, appears twice, or differs from another only by case.
    """
    if len(names) > MOST_COLUMNS:
        raise SourceError.unreadable(
            path,
            f"it has {len(names):,} columns, and tdmvc reads at most {MOST_COLUMNS:,}.",
            remedy="write the columns as rows (one row for each name and value), or as several tables.",
        )
    if not all(names):
        position = next(i for i, name in enumerate(names, 1) if not name)
        raise SourceError.unreadable(
            path, f"column {position} has no name.", remedy="give every column a name in the header."
        )
    for name, count in Counter(names).items():
        if count > 1:
            raise SourceError.unreadable(
                path,
                f"the column '{name}' appears {count} times.",
                remedy="give each column a name of its own.",
            )
    folded: dict[str, str] = {}
    for name in names:
        other = folded.setdefault(name.lower(), name)
        if other != name:
            raise SourceError.unreadable(
                path,
                f"the columns '{other}' and '{name}' differ only by case, which SQL ignores.",
                remedy="rename one of them.",
            )


def check_field_names(type_: pa.DataType, path: Path | str) -> None:
    """Refuse names of fields inside structs that are not unique.

    Raises:
        SourceError: as for columns.
    """
    if not pa.types.is_nested(type_):
        return
    fields = [type_.field(i) for i in range(type_.num_fields)]
    if pa.types.is_struct(type_):
        check_column_names([field.name for field in fields], path)
    for field in fields:
        check_field_names(field.type, path)


def choose_table(options: SourceOptions, tables: Sequence[SourceTable], path: Path) -> list[SourceTable]:
    """Return the tables of a source that names its tables itself: all, or the one of `--table`.

    Raises:
        SourceError: it has no table of that name.
    """
    chosen = [table for table in tables if options.table in (None, table.schema.name)]
    if not chosen:
        names = format_names(sorted({table.schema.name for table in tables}), most=8)
        raise SourceError.unreadable(
            path,
            f"--table names a table that this source does not have; it names its tables itself ({names}).",
            remedy="omit --table, or name one of them.",
        )
    return chosen
