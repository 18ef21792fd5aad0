"""Reads the migration tables of databases whose rows are added, if these tables themselves are not added."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from tdmvc.arrow.values import python_rows
from tdmvc.databases import find_reader
from tdmvc.errors import SourceError
from tdmvc.migrations.migration_tables import find_migration_tables, may_be_migration_table
from tdmvc.model.location import Location
from tdmvc.model.source import SourceTable
from tdmvc.store.ingest import prepare_ingest
from tdmvc.workspace.workspace import Workspace

Rows = Sequence[Mapping[str, object]]
SourceMigrations = dict[str, tuple[tuple[str, ...], Rows]]
"""The columns and rows of migration tables, by table."""


def read_source_migrations(
    workspace: Workspace, sources: Sequence[Location], added: Collection[str]
) -> SourceMigrations:
    """Return the migration tables of databases.

    Args:
        added: tables that are added, which are not read again.
    """
    found: SourceMigrations = {}
    for location in sources:
        reader = find_reader(location)
        if reader is None:
            continue
        names = [
            name
            for name in reader.read_names(location, workspace.engine)
            if name not in added and may_be_migration_table(name)
        ]
        for name in names:
            # What cannot be read was not asked for.
            with suppress(SourceError):
                [source] = reader.read_tables(location, workspace.engine, [name])
                columns = tuple(source.schema.column_names)
                if find_migration_tables({name: columns}):
                    found[name] = (columns, _rows(workspace, source))
    return found


def _rows(workspace: Workspace, source: SourceTable) -> Rows:
    con = workspace.engine
    with prepare_ingest(con, source.schema.name, [source], None) as ingest:
        return python_rows(con.sql(ingest.query).to_arrow_table())
