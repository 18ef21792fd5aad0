"""DuckDB, imported with the first connection, which most commands never need."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tdmvc.errors import PartError, StoreError
from tdmvc.sql.quoting import quote_name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as DuckDBConnection
    from duckdb import DuckDBPyRelation as DuckDBRelation
else:
    DuckDBConnection = DuckDBRelation = Any

__all__ = [
    "DuckDBConnection",
    "DuckDBRelation",
    "connect",
    "constraint_errors",
    "duckdb_error",
    "duckdb_version",
    "find_unreadable",
    "is_refused_access",
    "lock_in",
    "memory_errors",
    "register_arrow_function",
    "statement_kinds",
    "store_errors",
]


def connect(database: str = ":memory:", *, config: Mapping[str, Any] | None = None) -> DuckDBConnection:
    """Open a connection whose times are in UTC.

    Raises:
        duckdb.Error: the file is no database, or a setting is wrong; see `duckdb_error`.
    """
    import duckdb

    con = duckdb.connect(database, config=dict(config or {}))
    con.execute("SET TimeZone = 'UTC'")
    return con


def duckdb_error() -> type[Exception]:
    """Return the class of all DuckDB errors, for an `except` clause."""
    import duckdb

    return duckdb.Error


def duckdb_version() -> str:
    """Return the version of DuckDB: `1.4.2`."""
    from importlib.metadata import version

    # Without importing DuckDB, which takes longer than all else that a command without queries does.
    return version("duckdb")


def lock_in(con: DuckDBConnection) -> None:
    """Take files, the network and extensions away from a connection for good, and lock its settings.

    Views over files stop working; registered Arrow data can still be read.
    """
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def is_refused_access(error: Exception) -> bool:
    """Return whether a locked-in connection was asked for a file, the network, an extension or a setting."""
    import duckdb

    return isinstance(error, duckdb.PermissionException) or "configuration has been locked" in str(error)


def statement_kinds(con: DuckDBConnection, text: str) -> list[str]:
    """Return the kind of each statement of a text as DuckDB calls it: `SELECT`, `COPY`, …

    Raises:
        duckdb.Error: the text is not SQL.
    """
    kinds = []
    for statement in con.extract_statements(text):
        try:
            kinds.append(statement.type.name)
        except ValueError:  # a kind that DuckDB's Python package has no name for, such as UPDATE EXTENSIONS
            kinds.append("a statement of another kind")
    return kinds


def find_unreadable(con: DuckDBConnection, relation: str, columns: Sequence[str]) -> tuple[str, str] | None:
    """Return the first column that DuckDB cannot decode, and why, without any value; None if it can read all.

    Args:
        relation: what to read, as SQL that can follow FROM.
    """
    import duckdb

    for name in columns:
        try:
            con.execute(f"SELECT bit_xor(hash({quote_name(name)})) FROM {relation}").fetchall()
        except duckdb.OutOfMemoryException:
            return None
        except duckdb.Error as error:
            if "UTF8" in str(error) or "UTF-8" in str(error):
                return name, "has a text that is not UTF-8"
            if isinstance(error, duckdb.NotImplementedException):
                return name, "is stored in a way that DuckDB cannot read (its encoding or compression)"
            return name, "is damaged, or stored in a way that DuckDB cannot read"
    return None


def memory_errors() -> tuple[type[BaseException], ...]:
    """Return the errors that say that DuckDB's memory limit, or the process's memory, is used up."""
    import duckdb

    return (duckdb.OutOfMemoryException, MemoryError, pa.ArrowCapacityError)


def constraint_errors() -> tuple[type[Exception], ...]:
    """Return the errors that say that rows break a constraint, or that one cannot be declared."""
    import duckdb

    return (duckdb.ConstraintException, duckdb.BinderException)


def evaluation_errors() -> tuple[type[Exception], ...]:
    """Return the errors that say that an expression cannot be evaluated on a row."""
    import duckdb

    return (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException)


def register_arrow_function(
    con: DuckDBConnection, name: str, function: Callable[[pa.Array], pa.Array]
) -> None:
    """Make a function from text to text available in SQL; it gets whole arrays, with their nulls."""
    from duckdb.func import FunctionNullHandling, PythonUDFType

    con.create_function(
        name,
        function,
        ["VARCHAR"],
        "VARCHAR",
        type=PythonUDFType.ARROW,
        null_handling=FunctionNullHandling.SPECIAL,
    )


_LATE_FAULTS = (
    "Out of Memory Error: ",
    "IO Error: ",
    "Invalid Input Error: ",
    "Serialization Error: ",
    "Invalid Error: ",
)
"""How the faults that `store_errors` turns into the store's begin, memory first, if Arrow passes them on."""


@contextmanager
def store_errors(table: str, *, what: str, parts: str = "the parts that are read") -> Iterator[None]:
    """Turn DuckDB's errors about memory and damaged files into the store's; no message contains a cell value.

    Args:
        what: the work inside, as the beginning of a sentence.
        parts: the parts that are read, as the subject of a sentence.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or disk space for spilling ran out.
    """
    import duckdb

    # What DuckDB raises for a Parquet file that is cut, overwritten or missing.
    damage = (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException)
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise _no_room(what, table) from error
    except OSError as error:
        # Arrow calls what DuckDB finds in a later batch of a result so; an error of the system has a number.
        if error.errno is not None or not str(error).startswith(_LATE_FAULTS):
            raise
        if str(error).startswith(_LATE_FAULTS[0]):
            raise _no_room(what, table) from error
        raise PartError.damaged(parts, f"table {table}", str(error).splitlines()[0]) from error
    except duckdb.Error as error:
        # A broken Thrift header comes as the root class itself.
        if type(error) is not duckdb.Error and not isinstance(error, damage):
            raise
        raise PartError.damaged(parts, f"table {table}", str(error).splitlines()[0]) from error


def _no_room(what: str, table: str) -> StoreError:
    return StoreError(
        f"{what} ran out of memory or of room to spill.",
        where=f"table {table}",
        remedy="free some disk space for temporary files, or raise the memory limit.",
    )
