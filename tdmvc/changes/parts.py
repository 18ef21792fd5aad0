"""Knows which parts of two sides need a look."""

from collections import Counter
from collections.abc import Callable

from tdmvc.model.diff import TableSide
from tdmvc.sql.duckdb import DuckDBConnection

Engine = Callable[[], DuckDBConnection]
"""Gives a DuckDB connection with bounded memory; called only where SQL is needed."""


def differing_parts(old: TableSide, new: TableSide) -> tuple[list[str], list[str]]:
    """Return the parts that only one side holds, sorted; a part may be held several times."""
    before, after = Counter(old.parts), Counter(new.parts)
    return sorted((before - after).elements()), sorted((after - before).elements())
