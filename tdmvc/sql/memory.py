"""Recognizes that DuckDB ran out of memory, without importing it."""

import sys


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that DuckDB ran out of memory, wherever it was raised."""
    duckdb = sys.modules.get("duckdb")
    return duckdb is not None and isinstance(error, duckdb.OutOfMemoryException)
