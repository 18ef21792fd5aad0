"""Knows when two JSON texts say the same, and lends that knowledge to DuckDB for a while."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

JSON_FORM = "tdmvc_json_form"
"""The SQL function that `lend_json_form` offers."""


def canonical_json(text: str) -> str:
    """Return one spelling for all texts that hold the same JSON.

    Objects are unordered and numbers go by value (1 equals 1.0 and 1e0). A text
    that is no JSON, or repeats a name in an object, stands for itself only.
    """
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object_without_repeats,
            parse_float=_canonical_number,
            parse_constant=_refuse,
        )
        return "json " + json.dumps(value, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return "text " + text


@contextmanager
def lend_json_form(con: duckdb.DuckDBPyConnection, *, is_needed: bool) -> Iterator[None]:
    """Offer `canonical_json` to SQL as `tdmvc_json_form`, until the block ends.

    It is taken back because DuckDB reports a function that outlives its
    connection as a leak, on the terminal.
    """
    if not is_needed:
        yield
        return
    con.create_function(
        JSON_FORM,
        _canonical_batch,
        ["VARCHAR"],
        "VARCHAR",
        type=PythonUDFType.ARROW,
        null_handling=FunctionNullHandling.SPECIAL,
    )
    try:
        yield
    finally:
        con.remove_function(JSON_FORM)


def _canonical_batch(texts: pa.Array) -> pa.Array:
    return pa.array(
        [None if text is None else canonical_json(text) for text in texts.to_pylist()], pa.string()
    )


def _canonical_number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _object_without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is repeated")
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
