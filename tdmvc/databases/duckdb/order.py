"""The order in which tables are written, because DuckDB checks references at once."""

from collections.abc import Sequence

from tdmvc.databases.base import TableToWrite
from tdmvc.model.schema import TableSchema


def by_dependency(tables: Sequence[TableToWrite]) -> list[TableToWrite]:
    """Return the tables, each after those that it refers to, as far as cycles allow."""
    waiting = {table.schema.name: table for table in tables}
    ordered: list[TableToWrite] = []
    while waiting:
        targets = {name: _targets(table.schema) & waiting.keys() for name, table in waiting.items()}
        ready = next((name for name in waiting if not targets[name]), None)
        if ready is None:
            ready = next(name for name in waiting if name in _reachable(name, targets))
        ordered.append(waiting.pop(ready))
    return ordered


def _targets(schema: TableSchema) -> set[str]:
    return {reference.table for reference in schema.references} - {schema.name}


def _reachable(start: str, targets: dict[str, set[str]]) -> set[str]:
    """Return all tables that a table refers to, over any number of steps."""
    found: set[str] = set()
    open_names = list(targets[start])
    while open_names:
        name = open_names.pop()
        if name not in found:
            found.add(name)
            open_names += targets[name]
    return found
