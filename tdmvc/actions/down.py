"""`down`: stops environments that `up` started, or that `run --keep` kept."""

from pathlib import Path

from tdmvc.environments.keeper.control import clean_killed, stop_keeper
from tdmvc.environments.keeper.records import Records
from tdmvc.environments.planning.selection import declared_names, name_for
from tdmvc.model.environment_report import DownReport
from tdmvc.workspace.workspace import Workspace


def down(workspace: Workspace, name: str | None, *, folder: Path, everything: bool = False) -> DownReport:
    """Stop a kept environment, or all of them, and remove what killed processes left.

    Args:
        name: as `env` lists it; by default, the one for the folder, or the only one.

    Raises:
        DatabaseError: the process that keeps it does not end.
        NotFoundError: it does not run.
    """
    records = Records(workspace.root)
    with records.changing(workspace):
        records.await_started(workspace)
        cleaned = clean_killed(records)
        known = name_for(workspace, folder)
        if everything:
            chosen = records.running()
        elif (name or known) in cleaned:
            chosen = []
        else:
            chosen = [records.need(name, known, declared_names(workspace))]
        for kept in chosen:
            stop_keeper(workspace, kept)
    return DownReport(tuple(kept.name for kept in chosen), cleaned)
