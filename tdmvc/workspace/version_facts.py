"""What a new version records of the application: its release and its migrations."""

from collections.abc import Mapping

from tdmvc.errors import MigrationsError
from tdmvc.formats.versions import version_path
from tdmvc.gitrepo.releases import matches, normalize_release, read_release, release_commit
from tdmvc.model.migration import RecordedState
from tdmvc.model.text import short_commit
from tdmvc.model.version import Version
from tdmvc.workspace.migrations import read_location, tree_at
from tdmvc.workspace.release_states import read_schema
from tdmvc.workspace.workspace import Workspace


def release_of(workspace: Workspace, version: Version, named: str | None, *, is_tagged: bool) -> str | None:
    """Return the release that the version is tied to.

    The one that you name is kept. The current one is kept only if the migrations at its commit are those that
    the rows were made for. Warns if the two do not fit.

    Args:
        named: the release that a person names.
        is_tagged: whether the version is committed and tagged at once, so that nothing can be undone.
    """
    git, config = workspace.git, workspace.config
    if named is not None:
        release = normalize_release(config, named)
        commit = release_commit(git, config, named)
        if misfit := _misfit(workspace, version, commit):
            workspace.warn(f"{version.ref} names release {release}, but does not fit it: {misfit}.")
        return release
    name_it = (
        "In the next version, name the release: --release R."
        if is_tagged
        else "To name one, remove "
        f"{version_path(workspace.dataset_path(version.dataset), version.version)} before you commit it, "
        "and publish again with --release R."
    )
    current, fault = read_release(git, config, run_command=True)
    if current is None:
        if fault:
            workspace.warn(f"{fault} {version.ref} records no release. {name_it}")
        return None
    commit = release_commit(git, config, current) or git.head()
    if misfit := _misfit(workspace, version, commit):
        workspace.warn(
            f"{version.ref} records no release: it does not fit release {current}, the current one: {misfit}. "
            f"{name_it}"
        )
        return None
    return current


def names_new_release(workspace: Workspace, latest: Version, named: str | None) -> bool:
    """Return whether the same rows would be published for a release that the latest version is not for."""
    git, config = workspace.git, workspace.config
    if named is not None:
        return normalize_release(config, named) != latest.release
    current, _ = read_release(git, config, run_command=True)
    if current is None or (latest.release is not None and matches(latest.release, current)):
        return False
    return not _misfit(workspace, latest, release_commit(git, config, current) or git.head())


def _misfit(workspace: Workspace, version: Version, commit: str | None) -> str:
    """Return why a version does not fit the migrations at a commit; empty if it fits, or nothing is known."""
    if commit is None or not version.migrations:
        return ""
    schema = read_schema(workspace, commit)
    if schema.fits(version):
        return ""
    return f"at commit {short_commit(commit)}, the migrations differ ({schema.lacks(version)})"


def full_migrations(
    workspace: Workspace, dataset: str, recorded: Mapping[str, RecordedState]
) -> dict[str, RecordedState]:
    """Return the recorded migrations, with count and digest if the work tree has the same heads."""
    full = dict(recorded)
    tree = tree_at(workspace, None)
    for location in workspace.config.migrations:
        known = recorded.get(location.name)
        try:
            state = read_location(workspace, tree, location)
        except MigrationsError:
            continue
        if known is None:
            workspace.warn(
                f"It is not recorded which migrations of '{location.name}' these rows were made for. If it is all that"
                f" the work tree has, say so before you publish: `tdmvc add {dataset} --migrated`."
            )
        elif set(known.heads) == set(state.heads):
            full[location.name] = RecordedState(
                location.tool, state.heads, state.count, state.digest, known.ids
            )
        else:
            workspace.warn(
                f"These rows were made for migrations '{location.name}' at {', '.join(known.heads)}, "
                f"but the work tree is at {', '.join(state.heads)}; `tdmvc drift` shows the difference."
            )
    return full
