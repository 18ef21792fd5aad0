"""Describes a state of a dataset: its tables, versions and migrations."""

from tdmvc.model.dataset import DatasetState
from tdmvc.model.report import ShownTable, ShowReport
from tdmvc.store.content import dataset_content, table_content
from tdmvc.workspace.tables import pointer_side
from tdmvc.workspace.workspace import Workspace


def describe_state(workspace: Workspace, state: DatasetState) -> ShowReport:
    """Return the description of a state."""
    tables: list[ShownTable] = []
    for name, pointer in state.pointers.items():
        side = pointer_side(workspace, state, pointer)
        if state.version is not None:
            size = state.version.tables[name].bytes
        else:
            listing = workspace.store.listing(pointer.object, f"{state.ref}/{name}")
            size = pointer.size_bytes or workspace.store.size_bytes(listing)
        tables.append(ShownTable(side.schema, side.rows, size, table_content(side.parts)))
    version = state.version
    return ShowReport(
        dataset=state.name,
        ref=state.ref,
        kind=state.config.kind,
        content=dataset_content({table.schema.name: table.content for table in tables}),
        tables=tuple(tables),
        migrations=dict(version.migrations if version else state.config.migrations),
        version=version,
        release=version.release if version else None,
        views=state.contract.views,
    )
