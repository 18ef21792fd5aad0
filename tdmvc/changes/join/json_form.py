"""Lends DuckDB the knowledge of when two JSON texts say the same, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from tdmvc.changes.json_text import canonical_json
from tdmvc.sql.duckdb import DuckDBConnection, register_arrow_function

JSON_FORM = "tdmvc_json_form"
"""The SQL function that `register_json_udf` offers."""


@contextmanager
def register_json_udf(con: DuckDBConnection, *, is_needed: bool) -> Iterator[None]:
    """Offer `canonical_json` to SQL as `tdmvc_json_form`, until the block ends.

    It is taken back because DuckDB reports a function that outlives its
    connection as a leak, on the terminal.
    """
    if not is_needed:
        yield
        return
    register_arrow_function(con, JSON_FORM, _canonical_batch)
    try:
        yield
    finally:
        con.remove_function(JSON_FORM)


def _canonical_batch(texts: pa.Array) -> pa.Array:
    return pa.array(
        [None if text is None else canonical_json(text) for text in texts.to_pylist()], pa.string()
    )
