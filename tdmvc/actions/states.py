"""From a name to a state of a dataset: the working copy, a version, a revision, a release."""

from dataclasses import replace

from tdmvc.actions.workspace import Workspace
from tdmvc.errors import MigrationsError, NotFoundError, UsageError
from tdmvc.migrations import read_state as read_migration_state
from tdmvc.model.dataset import DatasetState
from tdmvc.model.reference import Reference, parse_reference
from tdmvc.model.report import Inference
from tdmvc.model.version import SemVer, Version
from tdmvc.repo import datasets, releases
from tdmvc.repo.versions import read_versions

_NEAREST = 4


def resolve_state(workspace: Workspace, reference: Reference | str) -> DatasetState:
    """Return the state that a reference names.

    A version wins over a Git revision of the same spelling. The working copy's
    state is what its pointers say; edits that were not added are not in it.

    Raises:
        NotFoundError: no such dataset, version, revision or release.
    """
    ref = parse_reference(reference) if isinstance(reference, str) else reference
    if ref.release is not None:
        return resolve_release(workspace, _only_dataset(workspace, ref), ref.release, strict=False)[0]
    dataset = str(ref.dataset)
    if ref.at is None:
        workspace.chosen([dataset])
        return datasets.read_state(workspace.tree, workspace.config, dataset)
    version = _find_version(workspace, dataset, ref.at)
    if version is not None:
        return version_state(workspace, version)
    return _revision_state(workspace, dataset, ref.at)


def versions(workspace: Workspace, dataset: str) -> list[Version]:
    """Return the published versions that the work tree knows, oldest first."""
    return read_versions(workspace.tree, workspace.dataset_path(dataset))


def version_state(workspace: Workspace, version: Version) -> DatasetState:
    """Return the state of a published version."""
    return datasets.version_state(workspace.tree, workspace.config, version)


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


def _find_version(workspace: Workspace, dataset: str, name: str) -> Version | None:
    published = versions(workspace, dataset)
    if name == "latest":
        if not published:
            workspace.chosen([dataset])
            raise NotFoundError(
                f"{dataset} has no published version yet.",
                remedy=f"publish one: `tdmvc publish {dataset} 1.0.0`.",
            )
        return published[-1]
    wanted = SemVer.parse(name)
    return next((version for version in published if version.version == wanted), None) if wanted else None


def _revision_state(workspace: Workspace, dataset: str, rev: str) -> DatasetState:
    if workspace.git.try_resolve(rev) is None:
        known = [str(v.version) for v in reversed(versions(workspace, dataset))]
        if SemVer.parse(rev) and dataset in workspace.datasets():
            raise NotFoundError.named(f"version of {dataset}", rev, known)
        if dataset not in workspace.datasets():
            workspace.chosen([dataset])
    tree = workspace.git.tree(workspace.git.resolve(rev))
    if dataset not in datasets.list_datasets(tree, workspace.config):
        raise NotFoundError.named(
            "dataset", dataset, datasets.list_datasets(tree, workspace.config), where=f"revision {rev}"
        )
    return replace(datasets.read_state(tree, workspace.config, dataset), ref=f"{dataset}@{rev}")


def _only_dataset(workspace: Workspace, ref: Reference) -> str:
    if ref.dataset:
        workspace.chosen([ref.dataset])
        return ref.dataset
    known = workspace.datasets()
    if len(known) != 1:
        raise UsageError(
            f"'{ref}' names a state of {len(known)} datasets; one is needed here.",
            remedy=f"write DATASET@release:{ref.release}. Datasets: {', '.join(known) or 'none yet'}.",
        )
    return known[0]
