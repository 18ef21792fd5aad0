"""`env`: lists environments, and shows how to use one that runs."""

from pathlib import Path

from tdmvc.environments.keeper.records import Records
from tdmvc.environments.planning.selection import declared_environments, declared_names, name_for
from tdmvc.model.environment_report import DeclaredEnvironment, EnvironmentList, ShownEnvironment
from tdmvc.model.masking import without_passwords
from tdmvc.workspace.workspace import Workspace


def list_environments(workspace: Workspace) -> EnvironmentList:
    """Return the environments of tdmvc.yaml, and those that run."""
    declared = declared_environments(workspace)
    running = Records(workspace.root).running()
    names = {one.name for one in declared}
    return EnvironmentList(
        tuple(
            DeclaredEnvironment(
                one.name,
                without_passwords(one.database),
                one.datasets,
                one.folder,
                tuple(kept for kept in running if kept.environment == one.name),
            )
            for one in declared
        ),
        tuple(kept for kept in running if kept.environment not in names),
    )


def show_environment(
    workspace: Workspace, name: str | None, *, folder: Path, with_exports: bool
) -> ShownEnvironment:
    """Return an environment that runs.

    Args:
        with_exports: whether with the variables that lead to it, passwords among them.

    Raises:
        NotFoundError: it does not run.
    """
    known = name_for(workspace, folder)
    kept = Records(workspace.root).need(name, known, declared_names(workspace))
    return ShownEnvironment(kept, kept.exports if with_exports else None)
