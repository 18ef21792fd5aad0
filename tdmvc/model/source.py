"""Tables that are read from a source: a file, a folder or a database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from tdmvc.errors import TdmvcError
from tdmvc.model.schema import TableSchema


@dataclass(frozen=True, slots=True)
class SqlScan:
    """Rows that DuckDB reads by itself, in parallel and without Python."""

    query: str
    """A SELECT whose columns have the names of the table's columns; all names and paths quoted."""


@dataclass(frozen=True, slots=True)
class ArrowScan:
    """Rows that Python reads, batch by batch, in bounded memory."""

    open: Callable[[], pa.RecordBatchReader]
    """Starts from the first row at each call; columns have the names of the table's columns."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A table in memory: of Arrow, pandas or polars."""

    table: str
    """The name that the table gets."""
    rows: object

    def __str__(self) -> str:
        return f"a frame for {self.table}"


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One table of a source."""

    schema: TableSchema
    """Canonical types; key and references if the source declares them."""
    scan: SqlScan | ArrowScan
    origin: str
    """For messages: the file, and the table in it."""
    is_keyed: bool = False
    """Whether the source is one that can declare keys and types, as a database does."""
    is_database: bool = False
    """Whether what the source does not declare (required, unique, defaults, references) does not hold there."""
    declares_types: bool = False
    """Whether each column has the type that the source declares, not one that its values suggest."""
    text_forms: Mapping[str, frozenset[str | None]] = field(default_factory=dict)
    """For columns whose values a typed source writes as texts: all forms that the texts have; None is the usual one."""
    suggested_key: tuple[str, ...] = ()
    """Columns that the source hints at as a key (the index of a pandas frame), without declaring one."""
    text_query: str | None = None
    """For untyped sources: a SELECT that gives every column as text, to be cast to a contract's types."""
    find_fault: Callable[[], TdmvcError | None] | None = None
    """Returns why the rows could not be read, after an error of DuckDB or Arrow; None if the source is not to blame."""
    guessed_columns: frozenset[str] = frozenset()
    """Columns of a typed source whose types were guessed from texts all the same (the names of folders)."""
    hints: Mapping[str, str] = field(default_factory=dict)
    """Why a column has its guessed type, for those where it may surprise; only for columns that are new."""
    notes: tuple[str, ...] = field(default=())
    """What you should know (a column kept as text, an index column left out)."""
