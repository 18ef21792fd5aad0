"""Reads the migration tables of databases whose rows are added, if these tables themselves are not added."""

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Final

from tdmvc.arrow.values import python_rows
from tdmvc.databases import Snapshot
from tdmvc.errors import SourceError
from tdmvc.migrations.migration_tables import find_migration_tables
from tdmvc.model.source import SourceTable
from tdmvc.store.ingest import prepare_ingest
from tdmvc.workspace.migration_fits import MigrationRows, Rows
from tdmvc.workspace.workspace import Workspace

_LIKELY_NAME: Final = re.compile(
    r"migration|alembic|version|change|history|revision|goose|sequelizemeta|phinxlog|aerich"
)


def read_source_migrations(
    workspace: Workspace, snapshots: Sequence[Snapshot], added: Collection[str]
) -> list[MigrationRows]:
    """Return the migration tables of databases, from the same snapshots as the rows.

    Args:
        added: tables that are added, which are not read again.
    """
    found: list[MigrationRows] = []
    for snapshot in snapshots:
        names = [
            name
            for name in snapshot.read_names()
            if name not in added and _LIKELY_NAME.search(name.lower().replace("_", ""))
        ]
        for name in names:
            # What cannot be read was not asked for.
            with suppress(SourceError):
                [source] = snapshot.read_tables([name])
                for kind in find_migration_tables({name: source.schema.column_names}).values():
                    found.append(MigrationRows(name, kind, _rows(workspace, source)))
    return found


def _rows(workspace: Workspace, source: SourceTable) -> Rows:
    con = workspace.engine
    with prepare_ingest(con, source.schema.name, [source], None) as ingest:
        return python_rows(con.sql(ingest.query).to_arrow_table())
