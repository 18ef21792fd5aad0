"""The rows of a source for as many passes over them as a table takes, in the types that it chooses."""

from itertools import count

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE
from tdmvc.model.schema import Column
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sql.duckdb import DuckDBConnection, register_arrow_function
from tdmvc.sql.nested_texts import as_json, from_json, json_reader
from tdmvc.sql.quoting import quote_name
from tdmvc.sql.types import duckdb_type

_views = count()
_STRING = SIMPLE["string"]


class OpenSource:
    """A source that SQL can read repeatedly."""

    def __init__(self, con: DuckDBConnection, source: SourceTable) -> None:
        self.source = source
        self._con = con
        self._views: list[str] = []
        self._functions: dict[pa.DataType, str] = {}

    @property
    def is_text(self) -> bool:
        """Whether every column is read as text, whatever type it was guessed to have."""
        return self.source.text_query is not None

    def relation(self) -> str:
        """Return SQL to put after FROM; each call starts a new pass over the rows."""
        scan = self.source.scan
        if isinstance(scan, ArrowScan):
            name = f"tdmvc_source_{next(_views)}"
            self._con.register(name, scan.open())
            self._views.append(name)
            return quote_name(name)
        return f"({self.source.text_query or scan.query})"

    def json_text(self, value: str, type_: pa.DataType) -> str:
        """Return SQL for a JSON text as DuckDB casts it to a list or struct; null if it means another value."""
        if type_ not in self._functions:
            name = f"tdmvc_json_{next(_views)}"
            register_arrow_function(self._con, name, json_reader(type_))
            self._functions[type_] = name
        return f"{self._functions[type_]}({value})"

    def converted(self, column: Column, type_: pa.DataType) -> str:
        """Return SQL for the values of a column in another type, which holds them."""
        name = quote_name(column.name)
        own = _STRING if self.is_text else column.type
        if own == type_:
            return name
        if own == _STRING and pa.types.is_nested(type_) and not column.is_untyped:
            return from_json(self.json_text(name, type_), type_)
        return convert(name, own, type_)

    def close(self) -> None:
        for name in self._views:
            self._con.unregister(name)
        # DuckDB reports a function that outlives its connection as a leak, on the terminal.
        for name in self._functions.values():
            self._con.remove_function(name)


def convert(value: str, own: pa.DataType, type_: pa.DataType) -> str:
    """Return SQL for a value in another type."""
    if type_ == _STRING and pa.types.is_nested(own):
        return as_json(value, own)
    return f"CAST({value} AS {duckdb_type(type_)})"
