"""Evaluates conditions as DuckDB does, in a connection of its own that reaches neither files nor the network.

Only expressions of known operators and functions are run: none of them reads the clock, takes
chances or makes values that are much larger than those it is given.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import numpy as np
import pyarrow as pa

from tdmvc.arrow.constants import number_array
from tdmvc.model.conditions import NotEvaluatedError
from tdmvc.model.schema import Column
from tdmvc.sql.duckdb import DuckDBConnection, connect, duckdb_error, lock_in
from tdmvc.sql.functions import ROW_FUNCTIONS
from tdmvc.sql.quoting import quote_name

_SECONDS = 10
"""For one batch of rows."""
_LONGEST_EXPRESSION = 20_000
_MEMORY = "512MB"
_CLASSES = frozenset(
    {
        *("CONJUNCTION", "COMPARISON", "BETWEEN", "OPERATOR", "CASE", "CAST", "CONSTANT", "COLUMN_REF"),
        *("FUNCTION", "COLLATE", "TYPE"),
    }
)
"""Kinds of expressions; all others (subqueries, windows, stars, parameters, lambdas) are refused."""
_PHYSICAL = {"uuid": "UUID", "interval": "INTERVAL", "hugeint": "HUGEINT", "uhugeint": "UHUGEINT"}
"""Types that parts hold as texts or decimals, by their name in contracts."""

_PLAIN_CLASSES = frozenset({"CONJUNCTION", "COMPARISON", "BETWEEN", "OPERATOR", "CAST", "CONSTANT"})
_PLAIN_FUNCTIONS = frozenset({"+", "-", "*", "/", "//", "%", "abs", "length", "strlen"})
"""What needs no settings, little memory and little time."""
_PLAIN_TYPES = frozenset({"BOOLEAN", "INTEGER", "BIGINT", "DECIMAL", "DOUBLE", "DATE"})
"""What a plain expression may cast to, as `DATE '2024-01-01'` does."""


class DuckdbConditions:
    """The conditions of DuckDB databases, and those that people write."""

    def __init__(self) -> None:
        self._con: DuckDBConnection | None = None

    @contextmanager
    def open(self, expression: str, table: str, columns: Sequence[Column]) -> Iterator["_Expression"]:
        """Return a condition on rows of these columns; see `ConditionEngine.open`."""
        con = self._con = self._con or _connect()
        _check_expression(con, expression, table, {column.name.casefold() for column in columns})
        yield _Expression(con, expression, table, columns)

    def find_plain_sql(self, expression: str, table: str, columns: Sequence[Column]) -> str | None:
        """Return a condition as SQL if it is plain; see `ConditionEngine.find_plain_sql`."""
        con = self._con = self._con or _connect()
        try:
            tree = _check_expression(con, expression, table, {column.name.casefold() for column in columns})
        except NotEvaluatedError:
            return None
        is_plain = _is_plain_node(tree) and all(map(_is_plain_column, columns))
        return f"(\n{expression}\n)" if is_plain else None

    def close(self) -> None:
        if self._con is not None:
            self._con.close()
            self._con = None


class _Expression:
    def __init__(self, con: DuckDBConnection, expression: str, table: str, columns: Sequence[Column]) -> None:
        self._con = con
        self._rows = "tdmvc_rows"
        while self._rows == table.casefold():
            self._rows += "_"
        names = {column.name.casefold() for column in columns}
        place = next(name for n in range(len(names) + 1) if (name := f"tdmvc row {n}") not in names)
        self._place = place
        cells = ", ".join(_cell(column) for column in columns)
        rows = f"(SELECT {quote_name(place)}, {cells} FROM {self._rows}) AS {quote_name(table)}"
        self._query = f"SELECT {quote_name(place)} FROM {rows} WHERE NOT (\n{expression}\n)"

    def find_broken(self, rows: pa.RecordBatch) -> Sequence[int]:
        """Return the places of the rows for which the expression is false; see `Condition.find_broken`."""
        places = number_array(np.arange(rows.num_rows), pa.int64())
        numbered = pa.RecordBatch.from_arrays(
            [places, *rows.columns], names=[self._place, *rows.schema.names]
        )
        con, late = self._con, threading.Event()

        def stop() -> None:
            late.set()
            con.interrupt()

        timer = threading.Timer(_SECONDS, stop)
        con.register(self._rows, pa.Table.from_batches([numbered]))
        timer.start()
        try:
            return sorted(place for (place,) in con.execute(self._query).fetchall())
        except duckdb_error() as error:
            # Its own words may hold a value.
            raise NotEvaluatedError(
                f"it took longer than {_SECONDS} seconds for some thousand rows"
                if late.is_set()
                else f"DuckDB cannot do it ({type(error).__name__})"
            ) from error
        finally:
            timer.cancel()
            with suppress(duckdb_error()):
                con.unregister(self._rows)


def _connect() -> DuckDBConnection:
    con = connect(
        config={
            "memory_limit": _MEMORY,
            "temp_directory": "",
            "threads": 1,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
    )
    lock_in(con)
    return con


def _cell(column: Column) -> str:
    name = quote_name(column.name)
    physical = _PHYSICAL.get(column.declared_type)
    return f"CAST({name} AS {physical}) AS {name}" if physical else name


def _check_expression(con: DuckDBConnection, expression: str, table: str, columns: set[str]) -> object:
    """Return the tree of an expression over one row, of known functions.

    Raises:
        NotEvaluatedError: a text is anything else.
    """
    if len(expression) > _LONGEST_EXPRESSION:
        raise NotEvaluatedError("it is too long")
    (text,) = con.execute("SELECT json_serialize_sql(?)", [f"SELECT (\n{expression}\n)"]).fetchall()[0]
    tree = json.loads(text)
    statements = [] if tree["error"] else tree["statements"]
    if not statements:
        raise NotEvaluatedError("it is not an SQL expression of DuckDB")
    (empty,) = con.execute("SELECT json_serialize_sql('SELECT (NULL)')").fetchall()[0]
    chosen = [_select_list(one) for one in statements]
    if (
        len(chosen) != 1
        or len(chosen[0]) != 1
        or _without_list(statements) != _without_list(json.loads(empty)["statements"])
    ):
        raise NotEvaluatedError("it is more than an expression over one row")
    _check_node(chosen[0][0], table.casefold(), columns)
    return chosen[0][0]


def _is_plain_node(node: object) -> bool:
    """Whether an expression consists of comparisons and arithmetic on columns, which go by their names alone."""
    if isinstance(node, list):
        return all(map(_is_plain_node, node))
    if not isinstance(node, dict):
        return True
    match node.get("class"):
        case "FUNCTION":
            is_plain = str(node.get("function_name")).lower() in _PLAIN_FUNCTIONS
        case "TYPE":
            is_plain = str(node.get("type_name")).upper() in _PLAIN_TYPES
        case "COLUMN_REF":
            is_plain = len(node.get("column_names") or ()) == 1
        case kind:
            is_plain = kind is None or kind in _PLAIN_CLASSES
    return is_plain and all(map(_is_plain_node, node.values()))


def _is_plain_column(column: Column) -> bool:
    """Whether values are what they look like: no NaN, which statistics leave out, no time zone, collation, or type
    that parts hold as another.
    """
    type_ = column.type
    is_known = (
        pa.types.is_integer(type_)
        or pa.types.is_decimal(type_)
        or pa.types.is_boolean(type_)
        or pa.types.is_date(type_)
        or (pa.types.is_string(type_) and not column.is_json)
        or (pa.types.is_timestamp(type_) and type_.tz is None)
    )
    return is_known and column.collation is None and column.declared_type not in _PHYSICAL


def _select_list(statement: dict[str, object]) -> list[object]:
    node = statement.get("node")
    found = node.get("select_list") if isinstance(node, dict) else None
    return found if isinstance(found, list) else []


def _without_list(statements: list[dict[str, object]]) -> list[object]:
    found: list[object] = []
    for statement in statements:
        node = statement.get("node")
        kept = {k: v for k, v in node.items() if k != "select_list"} if isinstance(node, dict) else node
        found.append({**statement, "node": kept})
    return found


def _check_node(node: object, table: str, columns: set[str]) -> None:
    if isinstance(node, list):
        for inner in node:
            _check_node(inner, table, columns)
    if not isinstance(node, dict):
        return
    kind = node.get("class")
    if kind is not None and kind not in _CLASSES:
        raise NotEvaluatedError("it is more than an expression over one row")
    if kind == "FUNCTION":
        name = str(node.get("function_name")).lower()
        is_plain = not node.get("filter") and not node.get("distinct") and not node.get("catalog")
        if name not in ROW_FUNCTIONS or node.get("schema") not in ("", "main") or not is_plain:
            raise NotEvaluatedError(f"it uses {name[:40]}, which tdmvc does not run")
    if kind == "TYPE" and str(node.get("type_name")).lower() == "array":
        raise NotEvaluatedError("it uses an array of fixed length")
    if kind == "COLUMN_REF":
        path = [str(one).casefold() for one in node.get("column_names") or ()]
        if path[0] not in columns and (path[0] != table or len(path) < 2 or path[1] not in columns):
            raise NotEvaluatedError("it names a column that the table does not have")
    for inner in node.values():
        _check_node(inner, table, columns)
