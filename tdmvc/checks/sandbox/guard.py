"""Decides from its parse tree whether a query only reads the dataset's tables, before any of it runs.

What is not known is refused: a new kind of node in a later version of DuckDB is refused until it is listed here.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error
from tdmvc.sql.functions import QUERY_FUNCTIONS

_LONGEST = 100_000
"""Characters of a query."""
_CLASSES = frozenset(
    {
        *("BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT"),
        *("FUNCTION", "LAMBDA", "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW"),
    }
)
_TYPES = frozenset(
    {
        *("SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"),
        *("BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY"),
        *("ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER"),
        *("ORDER_DEFAULT", "ASCENDING", "DESCENDING"),
    }
)
"""Of nodes that are no expressions: queries, what follows FROM, and modifiers."""
_OWN_SCHEMAS = ("", "main")
_CLOCK = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
"""Names that read the clock without being written as a function."""
_COUNTS = frozenset({"count_star", "count"})
_MAKE_ROWS = frozenset({"range", "generate_series", "unnest"})
"""Functions that make as many rows as a value says."""
Node = dict[str, Any]


class RefusedQueryError(Exception):
    """A query is not run; the text says why, as a part of a sentence."""


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """A query that only reads the dataset's tables."""

    tree: Node
    columns: frozenset[str]
    """Every name that may be a column's, in lower case."""
    names_all_columns: bool
    """Whether it may read a column without its name: by a star, a whole row as a value, or other names for columns."""

    @property
    def counts_rows(self) -> bool:
        """Whether the query is `SELECT count(*) FROM … WHERE …`, without groups or limits."""
        node = self.tree["statements"][0]["node"]
        chosen = node.get("select_list") or []
        if node.get("type") != "SELECT_NODE" or len(chosen) != 1 or node.get("modifiers"):
            return False
        count = chosen[0]
        has_plain_count = (
            count.get("function_name") in _COUNTS
            and not count.get("distinct")
            and not count.get("filter")
            and all(
                one.get("expression", one).get("class") == "CONSTANT" for one in count.get("arguments", ())
            )
        )
        is_whole = not any(node.get(key) for key in ("group_expressions", "group_sets", "having", "qualify"))
        is_made = any(
            one.get("function_name") in _MAKE_ROWS or one.get("type") == "RECURSIVE_CTE_NODE"
            for one in _nodes(self.tree["statements"])
        )
        return has_plain_count and is_whole and node["from_table"]["type"] != "EMPTY" and not is_made


def read_query(con: DuckDBConnection, sql: str, tables: Collection[str]) -> ReadQuery:
    """Return a query after making sure that it does nothing but read the tables.

    Raises:
        RefusedQueryError: it is more than one statement, does something else, or is no SQL.
    """
    if len(sql) > _LONGEST:
        raise RefusedQueryError(f"it is longer than {_LONGEST:,} characters")
    try:
        (text,) = con.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()[0]
    except duckdb_error() as error:
        raise RefusedQueryError("it is not one SELECT") from error
    tree = json.loads(text)
    if tree["error"]:
        # What a parser says of a text holds nothing but the text.
        is_parsed = tree["error_type"] != "parser"
        why = (
            "it is not one SELECT" if is_parsed else f"DuckDB cannot parse it: {tree['error_message'][:200]}"
        )
        raise RefusedQueryError(why)
    if len(tree["statements"]) != 1:
        raise RefusedQueryError("it is more than one statement")
    known = {name.casefold() for name in tables} | cte_names(tree)
    columns: set[str] = set()
    sources, last_names, names_all = set(known), set[str](), False
    for node in _nodes(tree["statements"]):
        _check(node, known)
        if node.get("class") == "COLUMN_REF":
            names = [str(name).casefold() for name in node["column_names"]]
            columns.update(names)
            last_names.add(names[-1])
        elif "column_name_alias" in node:
            sources.add(str(node.get("alias")).casefold())
            names_all = names_all or bool(node["type"] == "BASE_TABLE" and node["column_name_alias"])
        names_all = names_all or node.get("class") == "STAR"
        names_all = names_all or bool(node.get("type") == "JOIN" and node.get("ref_type") == "NATURAL")
        columns.update(str(name).casefold() for name in node.get("using_columns") or ())
    return ReadQuery(tree, frozenset(columns), names_all or not sources.isdisjoint(last_names))


def cte_names(tree: Node) -> frozenset[str]:
    """Return the names that a query gives to parts of itself, in lower case."""
    return frozenset(name.casefold() for name in _cte_names(tree))


def _nodes(value: Any) -> Iterator[Node]:
    """Yield every mapping of a tree; without recursion, because a query can be nested deeply."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _cte_names(tree: Node) -> Iterator[str]:
    for node in _nodes(tree):
        for entry in (node.get("cte_map") or {}).get("map") or ():
            yield str(entry["key"])
        if node.get("type") in ("CTE_NODE", "RECURSIVE_CTE_NODE"):
            yield str(node.get("cte_name", ""))


def _check(node: Node, tables: Collection[str]) -> None:
    kind, type_ = node.get("class"), node.get("type")
    if kind is not None and kind not in _CLASSES:
        raise RefusedQueryError(f"it has a {_words(kind)}, which no rule may have")
    if kind is None and isinstance(type_, str) and type_ not in _TYPES:
        raise RefusedQueryError(f"it has a {_words(type_)}, which no rule may have")
    if node.get("sample"):
        raise RefusedQueryError("it takes a sample, which differs from run to run")
    if node.get("at_clause"):
        raise RefusedQueryError("it asks for another version of a table")
    if type_ == "BASE_TABLE":
        name = str(node["table_name"])
        if (
            node.get("catalog_name")
            or node.get("schema_name") not in _OWN_SCHEMAS
            or name.casefold() not in tables
        ):
            raise RefusedQueryError(f"the dataset has no table {_shown(node)}")
    if "function_name" in node:
        name = str(node["function_name"]).lower()
        if (
            name not in QUERY_FUNCTIONS
            or node.get("catalog")
            or node.get("schema") not in (None, *_OWN_SCHEMAS)
        ):
            raise RefusedQueryError(f"it uses {name[:40]}, which no rule may use")
    if kind == "COLUMN_REF" and len(names := node["column_names"]) == 1 and str(names[0]).lower() in _CLOCK:
        raise RefusedQueryError(f"it uses {names[0].lower()}, which no rule may use")
    if kind == "TYPE" and str(node.get("type_name")).lower() == "array":
        raise RefusedQueryError("it uses an array of fixed length")


def _shown(node: Node) -> str:
    parts = (node.get("catalog_name"), node.get("schema_name"), node["table_name"])
    return ".".join(str(part) for part in parts if part)[:80]


def _words(name: str) -> str:
    return name.lower().removesuffix("_node").replace("_", " ")
