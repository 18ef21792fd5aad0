"""From an application's release to the version of a dataset that fits it."""

from dataclasses import replace

from tdmvc.actions.states import version_state, versions
from tdmvc.actions.workspace import Workspace
from tdmvc.errors import MigrationsError, NotFoundError
from tdmvc.migrations import read_state as read_migration_state
from tdmvc.model.dataset import DatasetState
from tdmvc.model.report import Inference
from tdmvc.model.version import Version
from tdmvc.repo import releases

_NEAREST = 4


def resolve_release(
    workspace: Workspace, dataset: str, release: str, *, strict: bool
) -> tuple[DatasetState, Inference]:
    """Return the newest version that fits an application's release, and how it was found.

    First a version that names the release; else, unless `strict`, the newest whose
    migration heads equal those at the release's commit, read there without running code.

    Raises:
        NotFoundError: none fits; says what each of the nearest lacks.
    """
    published = versions(workspace, dataset)
    for version in reversed(published):
        if version.release is not None and releases.matches(version.release, release):
            return replace(version_state(workspace, version), ref=version.ref), Inference.DECLARED
    commit = None if strict else releases.release_commit(workspace.git, workspace.config, release)
    heads = _heads_at(workspace, commit) if commit else {}
    if heads:
        for version in reversed(published):
            if {name: set(state.heads) for name, state in version.migrations.items()} == heads:
                return version_state(workspace, version), Inference.INFERRED
    raise _no_release(workspace, dataset, release, published, commit, heads, strict=strict)


def _heads_at(workspace: Workspace, commit: str) -> dict[str, set[str]]:
    tree = workspace.git.tree(commit)
    heads: dict[str, set[str]] = {}
    for location in workspace.config.migrations:
        try:
            heads[location.name] = set(read_migration_state(tree, location).heads)
        except MigrationsError:
            return {}
    return heads


def _no_release(
    workspace: Workspace,
    dataset: str,
    release: str,
    published: list[Version],
    commit: str | None,
    heads: dict[str, set[str]],
    *,
    strict: bool,
) -> NotFoundError:
    known = [version for version in published if version.release]
    near = releases.nearest(release, [str(version.release) for version in known])
    ordered = [version for name in near for version in known if version.release == name]
    # Ranges have no place among numbers, so the newest versions fill up the list.
    ordered += [version for version in reversed(known) if version not in ordered]
    lines = [
        f"release {version.release} has {version.ref}{_lacking(version, heads)}"
        for version in ordered[:_NEAREST]
    ]
    if not published:
        remedy = f"nothing is published yet: `tdmvc publish {dataset} --release {release}`."
    elif lines:
        remedy = "take one of the nearest: " + "; ".join(lines) + "."
    else:
        remedy = f"no version of {dataset} names a release: `tdmvc publish {dataset} --release {release}`."
    if strict:
        why = "no version declares it (--strict allows nothing else)"
    elif commit is None:
        why = "no version declares it, and the repository knows no tag or commit of that name"
        if workspace.git.is_shallow:
            why += " (this clone is shallow: its tags and history are cut off)"
    elif not heads:
        why = "no version declares it, and the migrations at its commit cannot be read"
    else:
        why = f"no version declares it, and none has the migration heads of its commit {commit[:10]}"
    return NotFoundError(
        f"No version of {dataset} fits release '{release}': {why}.", where=dataset, remedy=remedy
    )


def _lacking(version: Version, heads: dict[str, set[str]]) -> str:
    missing = sorted(
        head
        for name, wanted in heads.items()
        for head in wanted - set(version.migrations[name].heads if name in version.migrations else ())
    )
    return f" (without migration {', '.join(missing)})" if missing else ""
