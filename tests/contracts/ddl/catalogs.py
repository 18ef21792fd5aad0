"""What databases declare, by their catalogs and by scripts."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path

import duckdb

from tdmvc.contracts.base import ImportedContract, ImportOptions
from tdmvc.contracts.ddl.reading import DdlReader
from tdmvc.databases import open_snapshot
from tdmvc.model.location import Location
from tdmvc.model.schema import Column, TableSchema

CASES = Path(__file__).parents[2] / "cases" / "ddl"


def live_tables(location: Location) -> dict[str, TableSchema]:
    """Return the tables of a database by its catalog."""
    with ExitStack() as stack:
        con = duckdb.connect()
        stack.callback(con.close)
        snapshot = stack.enter_context(open_snapshot(location, lambda: con))
        return {one.schema.name: one.schema for one in snapshot.read_tables(snapshot.read_names())}


def read_script(text: str, dialect: str | None = None) -> ImportedContract:
    """Return what a script declares."""
    return DdlReader().read(text, "schema.sql", ImportOptions(dialect=dialect))


def differences(live: dict[str, TableSchema], read: dict[str, TableSchema]) -> list[str]:
    """Return what a catalog and a script say differently of tables; what only scripts have, and order, do not count."""
    found = [f"{name} is only in one" for name in live.keys() ^ read.keys()]
    for name in sorted(live.keys() & read.keys()):
        one, other = _plain(live[name]), _plain(read[name])
        for field in fields(TableSchema):
            mine, its = getattr(one, field.name), getattr(other, field.name)
            if field.name == "columns":
                found += _columns(name, mine, its)
            elif mine != its:
                found.append(f"{name}.{field.name}: catalog {mine}, script {its}")
    return found


def _plain(table: TableSchema) -> TableSchema:
    return replace(
        table,
        further_rules=(),
        places={},
        references=tuple(sorted(table.references, key=str)),
        checks=tuple(sorted(table.checks, key=str)),
        unique_keys=tuple(sorted(table.unique_keys, key=str)),
        indexes=tuple(sorted(table.indexes, key=str)),
    )


def _columns(table: str, mine: tuple[Column, ...], its: tuple[Column, ...]) -> Iterator[str]:
    if [one.name for one in mine] != [one.name for one in its]:
        yield f"{table}: other columns"
    for one, other in zip(mine, its, strict=False):
        for field in fields(Column):
            if getattr(one, field.name) != getattr(other, field.name):
                values = f"catalog {getattr(one, field.name)!r}, script {getattr(other, field.name)!r}"
                yield f"{table}.{one.name}.{field.name}: {values}"
