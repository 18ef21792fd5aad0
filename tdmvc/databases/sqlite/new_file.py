"""Writes tables and views into a new SQLite file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.clauses import Clause, clauses
from tdmvc.databases.sqlite.errors import BrokenRowsError
from tdmvc.databases.sqlite.opening import open_new
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding
from tdmvc.model.seeding import SeedMode


def write_tables(path: Path, tables: Sequence[TableToWrite], views: Sequence[View]) -> list[Finding]:
    """Write all tables and views into a new file; see `FileEngine.write_tables`."""
    broken: list[tuple[str, Clause]] = []
    while True:
        try:
            found = _write(path, [_without(table, broken) for table in tables], views)
        except BrokenRowsError as error:
            schema = next(_without(one, broken).schema for one in tables if one.schema.name == error.table)
            # Rather nothing declared than nothing written.
            clause = error.clause or next(iter(clauses(replace(schema, options=None))), None)
            if clause is None:
                raise
            # Other tables may refer to this one, so all are written again.
            broken.append((error.table, clause))
        else:
            return [*(clause.broken(table) for table, clause in broken), *found]


def _write(path: Path, tables: Sequence[TableToWrite], views: Sequence[View]) -> list[Finding]:
    with open_new(path) as target:
        findings = target.create_tables(tables, views)
        catalog = target.read_catalog()
        for table in tables:
            target.load(table, catalog[table.schema.name].schema, SeedMode.APPEND)
        names = [table.schema.name for table in tables]
        findings += target.findings + target.create_waiting_indexes(names)
        findings += target.find_broken_references(names)
        target.commit()
    return findings


def _without(table: TableToWrite, broken: Sequence[tuple[str, Clause]]) -> TableToWrite:
    schema = table.schema
    for name, clause in broken:
        if name == schema.name:
            schema = clause.remove(schema)
    return replace(table, schema=schema)
