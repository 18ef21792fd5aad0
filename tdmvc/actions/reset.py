"""`reset`: brings the database of a kept environment back to its seeded state."""

from pathlib import Path

from tdmvc.environments.keeper.control import reset_kept
from tdmvc.environments.keeper.records import Records
from tdmvc.environments.planning.selection import declared_names, name_for
from tdmvc.model.environment_report import EnvironmentReset
from tdmvc.workspace.workspace import Workspace


def reset(workspace: Workspace, name: str | None, *, folder: Path) -> EnvironmentReset:
    """Bring the database of a kept environment back to its seeded state.

    Args:
        name: as `env` lists it; by default, the one for the folder, or the only one.

    Raises:
        DatabaseError: it cannot be reset.
        NotFoundError: it does not run.
    """
    known = name_for(workspace, folder)
    kept = Records(workspace.root).need(name, known, declared_names(workspace))
    return EnvironmentReset(kept.name, kept.database, reset_kept(kept))
