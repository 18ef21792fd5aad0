"""`show` and `list`: describe a state of a dataset, and list its versions."""

from collections.abc import Sequence

from tdmvc.formats import datasets
from tdmvc.model.report import DatasetSummary, ShowReport
from tdmvc.workspace.descriptions import describe_state
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.versions import versions
from tdmvc.workspace.workspace import Workspace


def show(workspace: Workspace, ref: str) -> ShowReport:
    """Describe a state: tables with keys, types and references, version, release and migrations.

    Raises:
        NotFoundError: there is no such state.
        PartError: a listing cannot be found.
    """
    report = describe_state(workspace, resolve_state(workspace, ref))
    workspace.store.index.save()
    return report


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
