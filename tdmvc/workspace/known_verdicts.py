"""What earlier validations found out about the rows of a state, without what evaluates rules."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tdmvc.checks.validation.cache import CountCache, KnownVerdict
from tdmvc.model.dataset import DatasetState
from tdmvc.model.diff import TableSide
from tdmvc.store.state_folder import state_folder
from tdmvc.workspace.workspace import Workspace


def is_known_to_be_valid(workspace: Workspace, state: DatasetState, tables: Mapping[str, TableSide]) -> bool:
    """Whether the rows kept all rules when they were validated before, or there are none."""
    if not state.contract_text or not tables:
        return True
    with closing(CountCache(counts_file(workspace))) as cache:
        return KnownVerdict(cache, state.contract_text, tables).is_valid


def counts_file(workspace: Workspace) -> Path:
    """Return the file that keeps what validations counted."""
    return state_folder(workspace.root) / "validation.sqlite"
