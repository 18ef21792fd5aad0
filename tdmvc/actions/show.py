"""`show` and `list`: what a dataset is, and which versions there are."""

from collections.abc import Sequence

from tdmvc.formats import datasets
from tdmvc.model.dataset import DatasetState
from tdmvc.model.report import DatasetSummary, ShownTable, ShowReport
from tdmvc.store.content import dataset_content, table_content
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.tables import pointer_side
from tdmvc.workspace.versions import versions
from tdmvc.workspace.workspace import Workspace


def show(workspace: Workspace, ref: str) -> ShowReport:
    """Describe a state: its tables with keys, types and references, its version, its ties.

    Raises:
        NotFoundError: there is no such state.
        PartError: a listing is needed that is nowhere.
    """
    report = describe_state(workspace, resolve_state(workspace, ref))
    workspace.store.index.save()
    return report


def describe_state(workspace: Workspace, state: DatasetState) -> ShowReport:
    """Describe a state that is at hand."""
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
    )


def list_versions(workspace: Workspace, names: Sequence[str] = ()) -> list[DatasetSummary]:
    """Return the datasets of the working copy with their published versions.

    Raises:
        NotFoundError: there is no such dataset.
    """
    summaries: list[DatasetSummary] = []
    for name in workspace.chosen(list(names)):
        state = datasets.read_state(workspace.tree, workspace.config, name)
        summaries.append(
            DatasetSummary(
                name,
                state.config.kind,
                state.config.description,
                len(state.pointers),
                tuple(versions(workspace, name)),
            )
        )
    return summaries
