"""Chooses the states of datasets that an environment loads, and opens them."""

from collections.abc import Sequence

from tdmvc.checks.drift import DriftSubject, SchemaRevision, check_drift
from tdmvc.errors import MigrationsError
from tdmvc.formats.datasets import read_config_of
from tdmvc.model.dataset import DatasetKind, DatasetState
from tdmvc.model.environment import Environment
from tdmvc.model.migration import DriftStatus, MigrationState
from tdmvc.model.reference import parse_reference
from tdmvc.model.tree import WORK_TREE
from tdmvc.workspace.drift import recorded_subject
from tdmvc.workspace.migrations import configured_locations, read_location, tree_at
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.versions import version_state, versions
from tdmvc.workspace.workspace import Workspace

_FITTING = frozenset({DriftStatus.IN_STEP, DriftStatus.EDITED})
"""Statuses with the same heads; a migration that was edited in place does not change which rows fit."""
_DEFAULT_KINDS = frozenset({DatasetKind.GOLDEN, DatasetKind.REFERENCE})


def choose_states(
    workspace: Workspace, environment: Environment, more: Sequence[str] = ()
) -> list[DatasetState]:
    """Return the states that an environment loads: reference data first, else in the order of tdmvc.yaml.

    Args:
        more: further references; one of a dataset that the environment loads replaces that one.

    Raises:
        NotFoundError: there is no such state.
    """
    schema = _WorkTreeSchema(workspace)
    names = _default_names(workspace) if environment.datasets is None else environment.datasets
    states: dict[str, DatasetState] = {}
    for ref in [*names, *more]:
        reference = parse_reference(ref)
        if reference.at is None and reference.release is None:
            state = schema.choose(str(reference.dataset))
        else:
            state = resolve_state(workspace, reference)
        states[state.name] = state
    return sorted(states.values(), key=lambda state: state.config.kind is not DatasetKind.REFERENCE)


def _default_names(workspace: Workspace) -> list[str]:
    """Return the datasets that are loaded if an environment names none."""
    configs = {name: read_config_of(workspace.tree, workspace.config, name) for name in workspace.datasets()}
    return [name for name, config in configs.items() if config.kind in _DEFAULT_KINDS]


class _WorkTreeSchema:
    """The application's migrations in the work tree, with which databases are migrated."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._states: dict[str, MigrationState] = {}
        tree = tree_at(workspace, None)
        for location in configured_locations(workspace, tree):
            try:
                self._states[location.name] = read_location(workspace, tree, location)
            except MigrationsError as error:
                workspace.warn(f"The migrations {location.name} cannot be read: {error.what}")

    def choose(self, dataset: str) -> DatasetState:
        """Return the working copy if it was made for these migrations, else the newest version that was.

        If there is none, the working copy is returned nevertheless: seeding says whether its rows fit the tables.

        Raises:
            NotFoundError: there is no such dataset.
        """
        state = resolve_state(self._workspace, dataset)
        misfit = self._misfit(state)
        if not misfit:
            return state
        for version in reversed(versions(self._workspace, dataset)):
            if version.yank is None and version.migrations:
                published = version_state(self._workspace, version)
                if not self._misfit(published):
                    return published
        self._workspace.warn(
            f"No version of {dataset} was made for the migrations of the work tree, so the working copy is "
            f"loaded: {misfit}"
        )
        return state

    def _misfit(self, state: DatasetState) -> str:
        """Return in which way a state was made for other migrations; nothing if it records none."""
        subject = recorded_subject(state)
        for name, recorded in subject.recorded.items():
            if name in self._states:
                drift = check_drift(
                    DriftSubject(state.name, state.ref, recorded),
                    SchemaRevision(self._states[name], WORK_TREE),
                )
                if drift.status not in _FITTING:
                    return drift.message
        return ""
