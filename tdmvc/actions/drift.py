"""`migrations` and `drift`: which schema is here, and which datasets no longer fit it."""

from collections.abc import Sequence

from tdmvc.actions.release_states import resolve_release
from tdmvc.actions.states import resolve_state
from tdmvc.actions.workspace import Workspace
from tdmvc.checks.drift import DEFAULT_FAIL_ON, check_drift, drift_findings
from tdmvc.errors import MigrationsError, NotFoundError, UsageError
from tdmvc.migrations import READERS, detect
from tdmvc.migrations import read_state as read_migration_state
from tdmvc.model.dataset import DatasetState
from tdmvc.model.finding import Finding
from tdmvc.model.migration import Drift, DriftStatus, MigrationLocation, MigrationState, RecordedState
from tdmvc.model.tree import FileTree
from tdmvc.repo.config import read_config
from tdmvc.repo.releases import release_commit

__all__ = ["DEFAULT_FAIL_ON", "TOOLS", "drift", "failing", "migrations"]

TOOLS = tuple(READERS)
"""The migration tools that can be read."""


def migrations(
    workspace: Workspace, *, at: str | None = None, path: str | None = None, tool: str | None = None
) -> list[MigrationState]:
    """Read the application's migrations, statically; no code of the application runs.

    Args:
        at: a Git revision; None is the work tree.
        path: a folder to look at, instead of what tdmvc.yaml names.
        tool: the reader for `path`, where detection should not decide.

    Raises:
        MigrationsError: a location cannot be understood.
        NotFoundError: nothing is configured or found, or there is no such revision.
    """
    tree = _tree(workspace, at)
    return [read_migration_state(tree, location) for location in _locations(workspace, tree, path, tool)]


def drift(
    workspace: Workspace,
    refs: Sequence[str] = (),
    *,
    at: str | None = None,
    release: str | None = None,
) -> list[Drift]:
    """Compare the migration state that datasets were made for with the one of a revision.

    Args:
        refs: states of datasets (`golden`, `golden@1.0.0`); none means every working copy.
        at: the Git revision of the schema; None is the work tree.
        release: the schema at this release's commit; a dataset without a version stands for
            the version that fits the release.

    Raises:
        NotFoundError: no such dataset, revision or release.
    """
    if at is not None and release is not None:
        raise UsageError("--at and --release name two schemas.", remedy="choose one of them.")
    states = [resolve_state(workspace, ref) for ref in (refs or workspace.datasets())]
    if release is not None:
        at = release_commit(workspace.git, workspace.config, release)
        if at is None:
            raise NotFoundError.named("release", release, sorted(workspace.git.tags()))
        states = [
            state
            if state.version is not None
            else resolve_release(workspace, state.name, release, strict=False)[0]
            for state in states
        ]
    tree = _tree(workspace, at)
    locations = read_config(tree).migrations if tree.read_text("tdmvc.yaml") else ()
    locations = locations or workspace.config.migrations
    if not locations:
        raise NotFoundError(
            "tdmvc.yaml names no migrations, so there is nothing to compare with.",
            where=str(workspace.root / "tdmvc.yaml"),
            remedy="add `migrations: {main: {tool: …, path: …}}`; `tdmvc migrations` shows what can be found.",
        )
    drifts: list[Drift] = []
    for location in locations:
        actual = _read(tree, location)
        history = _history(workspace, location) if at is not None else None
        for state in states:
            drifts.append(_check(state, location, actual, tree.label, history))
    return drifts


def _check(
    state: DatasetState,
    location: MigrationLocation,
    actual: MigrationState | MigrationsError,
    at: str,
    history: MigrationState | None,
) -> Drift:
    known = state.version.migrations if state.version else state.config.migrations
    recorded: RecordedState | None = known.get(location.name)
    return check_drift(
        state.name, state.ref, recorded, actual, at=at, location=location.name, history=history
    )


def _read(tree: FileTree, location: MigrationLocation) -> MigrationState | MigrationsError:
    try:
        return read_migration_state(tree, location)
    except MigrationsError as error:
        return error


def _history(workspace: Workspace, location: MigrationLocation) -> MigrationState | None:
    """Return what the work tree knows of a location: migrations that an old revision cannot know."""
    found = _read(workspace.tree, location)
    return found if isinstance(found, MigrationState) else None


def _tree(workspace: Workspace, at: str | None) -> FileTree:
    return workspace.tree if at is None else workspace.git.tree(workspace.git.resolve(at))


def _locations(
    workspace: Workspace, tree: FileTree, path: str | None, tool: str | None
) -> Sequence[MigrationLocation]:
    if tool is not None and tool not in READERS:
        raise NotFoundError.named("migration tool", tool, sorted(READERS))
    if path is None:
        chosen = [c for c in workspace.config.migrations if tool is None or c.tool == tool]
        found = chosen or [c for c in detect(tree) if tool is None or c.tool == tool]
        if not found:
            raise NotFoundError(
                "No migrations were found here.",
                where=f"{workspace.root} at {tree.label}",
                remedy="name them: `tdmvc migrations --path FOLDER --tool TOOL`.",
            )
        return found
    folder = path.strip("/").removeprefix("./")
    if tool is not None:
        return [MigrationLocation("main", tool, folder)]
    inside = [c for c in detect(tree) if c.path == folder or c.path.startswith(folder + "/")]
    if not inside:
        raise NotFoundError(
            f"No migration tool recognises the folder '{path}'.",
            where=f"{workspace.root} at {tree.label}",
            remedy=f"say which one it is: --tool {' or '.join(sorted(READERS))}.",
        )
    return inside


def failing(drifts: Sequence[Drift], fail_on: frozenset[DriftStatus]) -> tuple[Finding, ...]:
    """Return a finding for each drift that is asked to fail."""
    return drift_findings(drifts, fail_on)
