"""`publish`: makes the current state of a dataset an immutable version."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tdmvc.errors import ConfigError, LocalWorkError, StoreError, UsageError
from tdmvc.formats import datasets
from tdmvc.formats.dvc_yaml import with_artifact
from tdmvc.formats.versions import contract_path, hash_contract, render_version, version_path
from tdmvc.gitrepo.commits import commit_only, create_annotated_tag
from tdmvc.gitrepo.releases import normalize_release
from tdmvc.model.dataset import DatasetState, WorkStatus
from tdmvc.model.diff import Bump, BumpLevel
from tdmvc.model.options import DiffOptions
from tdmvc.model.report import PublishReport
from tdmvc.model.text import short_commit, timestamp
from tdmvc.model.version import SemVer, Version, VersionTable
from tdmvc.store.content import schema_content
from tdmvc.workspace.broken_rules import broken_rules, refuse_broken_rules
from tdmvc.workspace.comparison import diff_states
from tdmvc.workspace.descriptions import describe_state
from tdmvc.workspace.published import known_numbers
from tdmvc.workspace.row_checks import check_rows_here
from tdmvc.workspace.tables import new_folders, work_status
from tdmvc.workspace.transaction import Transaction
from tdmvc.workspace.transfer import push_states
from tdmvc.workspace.version_facts import full_migrations, names_new_release, release_of
from tdmvc.workspace.versions import equal_versions, version_state, versions
from tdmvc.workspace.workspace import Workspace

_FIRST = SemVer(1, 0, 0)


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """How to publish a version."""

    bump: BumpLevel | None = None
    """Which part of the number changes; None lets the diff to the parent decide."""
    release: str | None = None
    allow_lower_bump: bool = False
    allow_unchanged: bool = False
    """Publish even if nothing differs from the latest version."""
    allow_invalid: bool = False
    """Publish even if rows break the contract; the version records which rules."""
    tag: bool = False
    push: bool = False
    notes: str | None = None


def publish(
    workspace: Workspace, dataset: str, number: str | None = None, options: PublishOptions | None = None
) -> PublishReport:
    """Write the version file of the state that the dataset's pointers name now.

    With `tag`, the version's files (and nothing else) are committed, and the commit gets
    the annotated tag `dataset@vX.Y.Z`, as GTO expects it. Publishing the same again finishes a
    `publish` that was interrupted, and changes nothing after one that was not.

    Raises:
        InvalidRowsError: rows break the contract.
        LocalWorkError: the working copy has edits that were not added.
        UsageError: the number is taken, is not a semantic version, or is lower than the
            changes call for; there is no commit yet; or there is nothing to publish.
    """
    options = options or PublishOptions()
    workspace.chosen([dataset])
    with workspace.writing(dataset) as journal:
        state = datasets.read_state(workspace.tree, workspace.config, dataset)
        _check(workspace, state)
        published = versions(workspace, dataset)
        suggested = _suggest(workspace, state, published)
        earlier = _published_before(workspace, state, number, published, options)
        if earlier is not None:
            if options.tag:
                _check_tag(workspace, state, earlier)
            return _share(workspace, state, earlier, suggested, options)
        _refuse_unchanged(workspace, state, published, options)
        findings = check_rows_here(workspace, state)
        if not options.allow_invalid:
            refuse_broken_rules(workspace, state, findings)
        taken = known_numbers(workspace, dataset) | {version.version for version in published}
        version_number = _choose(dataset, number, options, published, suggested, taken)
        version = _version(workspace, state, version_number, published, suggested, options)
        release = release_of(workspace, version, options.release, is_tagged=options.tag)
        version = replace(version, release=release, broken_rules=broken_rules(findings))
        if options.tag:
            _check_tag(workspace, state, version)
        else:
            _warn_of_uncommitted(workspace, state, version)
        transaction = Transaction(workspace, dataset)
        for path, text in _files(workspace, state, version).items():
            transaction.write_at_root(path, text)
        transaction.commit(journal)
    report = _share(workspace, state, version, suggested, options)
    equal = [old.version for old in published if old.content == version.content]
    return replace(report, is_new=True, equal_to=equal[-1] if equal else None, findings=findings)


def _published_before(
    workspace: Workspace,
    state: DatasetState,
    number: str | None,
    published: list[Version],
    options: PublishOptions,
) -> Version | None:
    """Return the latest version if this is the same `publish` again: the same rows, contract, number and options.

    Without a number, only a version that is not committed yet, or that lacks the tag, is one that was interrupted.
    """
    latest = published[-1] if published else None
    if latest is None or latest.yank is not None or not _says_the_same(workspace, state, latest):
        return None
    if options.notes not in (None, latest.notes):
        return None
    if options.release and normalize_release(workspace.config, options.release) != latest.release:
        return None
    if number is not None:
        return latest if SemVer.parse(number) == latest.version else None
    if options.bump is not None or options.allow_unchanged:
        return None
    git, path = workspace.git, version_path(workspace.dataset_path(state.name), latest.version)
    lacks_tag = options.tag and not git.tag_exists(latest.tag)
    return latest if lacks_tag or git.commands.object_id(f"HEAD:{path}") is None else None


def _share(
    workspace: Workspace, state: DatasetState, version: Version, suggested: Bump, options: PublishOptions
) -> PublishReport:
    """Commit, tag and push the files of a version, as far as the options want it and it is not done yet."""
    git, files = workspace.git, tuple(_files(workspace, state, version))
    tag = commit = None
    if options.tag:
        tag = version.tag
        if git.tag_exists(tag):
            commit = git.resolve(f"refs/tags/{tag}^{{commit}}")
        else:
            commit = commit_only(git, files, f"Publish {version.ref}")
            create_annotated_tag(git, tag, f"{version.dataset} {version.version}", commit=commit)
    pushed = _push(workspace, version) if options.push else None
    workspace.store.index.save()
    has_remote = bool(workspace.store.config.remotes)
    return PublishReport(
        version, suggested, files, tag, commit, pushed=pushed, has_remote=has_remote, is_new=False
    )


def _push(workspace: Workspace, version: Version) -> int:
    """Push the version to the default remote and the release remote; return how many objects it has."""
    try:
        return push_states(workspace, [version_state(workspace, version)], with_release_remote=True).objects
    except (StoreError, ConfigError) as error:
        error.what = f"{version.ref} was published, but not pushed. {error.what}"
        archive = workspace.config.release_remote
        commands = f"`tdmvc push {version.ref}`" + (
            f" and `tdmvc push {version.ref} --remote {archive}`" if archive else ""
        )
        error.remedy = (
            f"{error.remedy.rstrip('.')}. The version's file is written; then push its rows: {commands}."
        )
        raise


def _check(workspace: Workspace, state: DatasetState) -> None:
    if not state.pointers:
        raise UsageError(
            f"{state.name} has no table yet.", remedy=f"add rows first: `tdmvc add {state.name} SOURCE`."
        )
    edited = [t for t in state.pointers if work_status(workspace, state, t)[0] is WorkStatus.MODIFIED]
    edited += list(new_folders(workspace, state))
    if edited:
        raise LocalWorkError.not_added(
            state.name,
            edited,
            remedy=f"add them with `tdmvc add {state.name}`, or discard them with "
            f"`tdmvc checkout {state.name} --force`.",
        )
    if workspace.git.head() is None:
        raise UsageError(
            "This repository has no commit yet, and a version records the commit that it was made from.",
            where=str(workspace.root),
            remedy=f"commit the dataset first: git add -A && git commit -m 'Add {state.name}'.",
        )


def _refuse_unchanged(
    workspace: Workspace, state: DatasetState, published: list[Version], options: PublishOptions
) -> None:
    """Refuse a version that would say the same as the latest one; a pre-release may become a release."""
    latest = published[-1] if published else None
    if latest is None or latest.yank is not None or latest.version.pre or options.allow_unchanged:
        return
    if _says_the_same(workspace, state, latest) and not names_new_release(workspace, latest, options.release):
        raise UsageError(
            f"Nothing changed since {latest.ref}: rows, contract, migrations and release are the same.",
            remedy=f"use {latest.ref}. To publish it again for another release, name that with --release R; "
            "--allow-unchanged publishes it again all the same.",
        )


def _says_the_same(workspace: Workspace, state: DatasetState, version: Version) -> bool:
    """Return whether a version has the rows, the contract and the migrations of a state."""
    then, now = (
        {name: (recorded.tool, frozenset(recorded.heads)) for name, recorded in states.items()}
        for states in (version.migrations, state.config.migrations)
    )
    return (
        # A version also records locations of the work tree that the dataset does not.
        all(then.get(name) == recorded for name, recorded in now.items())
        and version.contract == hash_contract(state.contract_text)
        and version in equal_versions(workspace, state, [version])
    )


def _warn_of_uncommitted(workspace: Workspace, state: DatasetState, version: Version) -> None:
    """Warn if the commit that the version names does not have its rows."""
    folder = workspace.dataset_path(state.name)
    changed = [
        path for path in workspace.git.dirty_files([folder]) if not path.startswith(f"{folder}/versions/")
    ]
    if changed and version.commit is not None:
        workspace.warn(
            f"{state.name} has changes that are not committed, so commit {short_commit(version.commit)}, which "
            f"{version.ref} names as the application's, does not have its rows. Commit them together with the version."
        )


def _suggest(workspace: Workspace, state: DatasetState, published: list[Version]) -> Bump:
    if not published:
        return Bump(BumpLevel.NONE, ("first version",))
    parent = version_state(workspace, published[-1])
    return diff_states(workspace, parent, state, options=DiffOptions(sample_rows=0)).bump


def _choose(
    dataset: str,
    number: str | None,
    options: PublishOptions,
    published: list[Version],
    suggested: Bump,
    taken: Collection[SemVer],
) -> SemVer:
    latest = published[-1].version if published else None
    if number is None:
        level = options.bump or suggested.level
        if latest is not None:
            _refuse_lower(dataset, level, suggested, options)
        free = latest.bump(level) if latest is not None else _FIRST
        while free in taken:
            free = free.bump(level)
        return free
    wanted = SemVer.parse(number)
    if wanted is None:
        raise UsageError(
            f"'{number}' is not a semantic version.", remedy="write MAJOR.MINOR.PATCH, for example 1.2.0."
        )
    if wanted in taken:
        raise UsageError(
            f"{dataset}@{wanted} is already published, and versions never change."
            if any(version.version == wanted for version in published)
            else f"{dataset}@{wanted} was published before, as Git's history or a tag shows, "
            "and a number is never given to other rows.",
            remedy=f"use a new number: `tdmvc publish {dataset} --bump auto`.",
        )
    if latest is not None:
        if wanted < latest:
            raise UsageError(
                f"{wanted} is lower than the latest version of {dataset}, {latest}.",
                remedy=f"use a number above {latest}, or `--bump auto`.",
            )
        _refuse_lower(dataset, wanted.level_from(latest), suggested, options)
    return wanted


def _refuse_lower(dataset: str, level: BumpLevel, suggested: Bump, options: PublishOptions) -> None:
    if level.rank < suggested.level.rank and not options.allow_lower_bump:
        reasons = "; ".join(suggested.reasons[:5])
        raise UsageError(
            f"The changes to {dataset} call for a {suggested.level} version, not a {level} one: {reasons}.",
            remedy="use `--bump auto`, or pass --allow-lower-bump if you are sure.",
        )


def _version(
    workspace: Workspace,
    state: DatasetState,
    number: SemVer,
    published: list[Version],
    suggested: Bump,
    options: PublishOptions,
) -> Version:
    shown = describe_state(workspace, state)
    parent = published[-1].version if published else None
    tables = {
        table.schema.name: VersionTable(
            object=state.pointers[table.schema.name].object,
            content=table.content,
            rows=table.rows,
            bytes=table.size_bytes,
            schema=schema_content(table.schema.arrow_schema()),
        )
        for table in shown.tables
    }
    return Version(
        dataset=state.name,
        version=number,
        kind=state.config.kind.value,
        published=timestamp(datetime.now(UTC)),
        content=shown.content,
        contract=hash_contract(state.contract_text),
        tables=tables,
        parent=parent,
        commit=workspace.git.head(),
        migrations=full_migrations(workspace, state.name, state.config.migrations),
        bump=number.level_from(parent) if parent else BumpLevel.NONE,
        reasons=suggested.reasons,
        notes=options.notes,
    )


def _files(workspace: Workspace, state: DatasetState, version: Version) -> dict[str, str]:
    folder = workspace.dataset_path(state.name)
    artifact = with_artifact(workspace.tree.read_text("dvc.yaml"), state.name, folder)
    return {
        version_path(folder, version.version): render_version(version),
        contract_path(folder, version.contract): state.contract_text,
        "dvc.yaml": artifact,
    }


def _check_tag(workspace: Workspace, state: DatasetState, version: Version) -> None:
    own = set(_files(workspace, state, version))
    if set(workspace.git.dirty_files([workspace.dataset_path(state.name)])) - own:
        raise UsageError(
            f"The tag {version.tag} would name a commit without these rows: {state.name} has uncommitted changes.",
            where=workspace.dataset_path(state.name),
            remedy=f"commit them first: git add {workspace.dataset_path(state.name)} && git commit.",
        )
