"""Says in tdmvc's words what DuckDB says of parts and of memory in its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from tdmvc.errors import PartError, StoreError

_DAMAGE = (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException)
"""What DuckDB raises for a Parquet file that is cut, overwritten or not there."""


@contextmanager
def store_errors(table: str, *, what: str) -> Iterator[None]:
    """Turn DuckDB's errors into the store's; none of these messages holds a cell value.

    Args:
        what: the work that is done inside, as the beginning of a sentence.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
    """
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise StoreError(
            f"{what} ran out of memory or of room to spill.",
            where=f"table {table}",
            remedy="free some disk space for temporary files, or raise the memory limit.",
        ) from error
    except duckdb.Error as error:
        # A broken Thrift header comes as the root class itself.
        if type(error) is not duckdb.Error and not isinstance(error, _DAMAGE):
            raise
        raise PartError.damaged(
            "the parts that are read", f"table {table}", str(error).splitlines()[0]
        ) from error
