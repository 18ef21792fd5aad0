"""Finds the versions of datasets that fit a release of the application."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from tdmvc.checks.drift import DriftSubject, SchemaRevision, check_drift
from tdmvc.errors import MigrationsError, NotFoundError, format_names
from tdmvc.gitrepo import releases
from tdmvc.model.dataset import DatasetState
from tdmvc.model.migration import Drift, DriftStatus, MigrationState
from tdmvc.model.report import Inference
from tdmvc.model.text import short_commit
from tdmvc.model.version import Version
from tdmvc.workspace.migrations import configured_locations, current_location, read_location, tree_at
from tdmvc.workspace.versions import version_state, versions
from tdmvc.workspace.workspace import Workspace

_NEAREST = 4
_FITTING = frozenset({DriftStatus.IN_STEP, DriftStatus.EDITED})
"""Statuses with the same heads; a migration that was edited in place does not change which rows fit."""


def resolve_release(
    workspace: Workspace, dataset: str, release: str, *, strict: bool
) -> tuple[DatasetState, Inference]:
    """Return the newest version of one dataset that fits a release, and how it was found.

    Raises:
        NotFoundError: none fits; the error names the nearest ones and what each lacks.
    """
    return ReleaseResolver(workspace, release, strict=strict).resolve(dataset)


class ReleaseResolver:
    """Finds the versions that fit one release, for any number of datasets; its migrations are read once."""

    def __init__(self, workspace: Workspace, release: str, *, strict: bool) -> None:
        """With `strict`, only versions that name the release count; nothing is inferred."""
        self._workspace = workspace
        self._release = release
        self._strict = strict

    def resolve(self, dataset: str) -> tuple[DatasetState, Inference]:
        """Return the newest version that fits, and how it was found.

        A yanked version is never chosen. A version that names the release comes first; else it is
        the newest one whose recorded migrations are those at the release's commit, with the same
        tool and heads in each recorded location.

        Raises:
            NotFoundError: none fits; the error names the nearest ones and what each lacks.
        """
        every = versions(self._workspace, dataset)
        published = [version for version in every if version.yank is None]
        for version in reversed(published):
            if self._names(version):
                return replace(version_state(self._workspace, version), ref=version.ref), Inference.DECLARED
        if self._schema is not None:
            for version in reversed(published):
                if self._schema.fits(version):
                    return version_state(self._workspace, version), Inference.INFERRED
        raise self._no_version(dataset, published, [one for one in every if one.yank is not None])

    def _names(self, version: Version) -> bool:
        """Return whether a version names the release, or a range that contains it."""
        config = self._workspace.config
        return version.release is not None and releases.matches(
            releases.normalize_release(config, version.release),
            releases.normalize_release(config, self._release),
        )

    @cached_property
    def _schema(self) -> "ReleaseSchema | None":
        if self._strict:
            return None
        git = self._workspace.git
        commit = releases.release_commit(git, self._workspace.config, self._release)
        return read_schema(self._workspace, commit) if commit else None

    def _no_version(self, dataset: str, published: list[Version], yanked: list[Version]) -> NotFoundError:
        left_out = "".join(
            f" {version.ref} names it, but was yanked: {version.yank.reason.rstrip('.')}."
            for version in yanked
            if version.yank and self._names(version)
        )
        return NotFoundError(
            f"No version of {dataset} fits release '{self._release}': {self._why()}.{left_out}",
            where=dataset,
            remedy=self._remedy(dataset, published),
        )

    def _why(self) -> str:
        if self._strict:
            return "no version declares it, as --strict requires"
        schema = self._schema
        if schema is None:
            why = "no version declares it, and the repository has no tag or commit of that name"
            if self._workspace.git.is_shallow:
                why += " (this is a shallow clone, without older history and tags)"
            return why
        unread = "; ".join(
            f"{name}: {error.what}{f' ({error.where})' if error.where else ''}".replace("\n", " ").rstrip(".")
            for name, error in schema.unreadable.items()
        )
        if not schema.states:
            if not unread:
                return "no version declares it, and tdmvc.yaml names no migrations to infer it from"
            return f"no version declares it, and the migrations at its commit cannot be read: {unread}"
        why = f"no version declares it, and none has the migration heads of its commit {short_commit(schema.commit)}"
        return f"{why} (cannot be read there: {unread})" if unread else why

    def _remedy(self, dataset: str, published: list[Version]) -> str:
        if not published:
            return f"publish one: `tdmvc publish {dataset} --release {self._release}`."
        lines = [self._offer(version) for version in self._nearest(published)[:_NEAREST]]
        return f"use one of the nearest: {'; '.join(lines)}."

    def _nearest(self, published: list[Version]) -> list[Version]:
        """Return the versions, first those whose release has the nearest number, then the newest."""
        known = [version for version in published if version.release]
        near = releases.nearest(self._release, [str(version.release) for version in known])
        ordered = [version for name in near for version in known if version.release == name]
        # Ranges cannot be ordered by number, so the newest versions complete the list.
        return ordered + [version for version in reversed(published) if version not in ordered]

    def _offer(self, version: Version) -> str:
        lacks = self._schema.lacks(version) if self._schema is not None else ""
        reason = f" ({lacks})" if lacks else ""
        if version.release is None:
            return f"{version.ref} names no release{reason}"
        return f"release {version.release} has {version.ref}{reason}"


@dataclass(slots=True)
class ReleaseSchema:
    """The application's migrations at a release's commit."""

    workspace: Workspace
    commit: str
    states: dict[str, MigrationState] = field(default_factory=dict)
    unreadable: dict[str, MigrationsError] = field(default_factory=dict)
    today: dict[str, MigrationState | None] = field(default_factory=dict)
    """The work tree's migrations, by location, read when needed."""

    def fits(self, version: Version) -> bool:
        """Return whether a version was made for these migrations, as far as it records any.

        The application may have other locations too; but a location that the version records
        must exist and be readable.
        """
        if not version.migrations or not set(version.migrations) <= set(self.states):
            return False
        return all(drift.status in _FITTING for drift in self._drifts(version))

    def lacks(self, version: Version) -> str:
        """Return a text that explains why a version does not fit, by location."""
        if not version.migrations:
            return "records no migrations"
        several = len(self.states) + len(self.unreadable) > 1
        reasons = [
            f"{drift.location}: {text}" if several else text
            for drift in self._drifts(version)
            if (text := _difference(drift))
        ]
        reasons += [
            f"{name}: cannot be read at that commit"
            if name in self.unreadable
            else f"{name}: does not exist there"
            for name in version.migrations
            if name not in self.states
        ]
        return "; ".join(reasons)

    def _drifts(self, version: Version) -> Iterator[Drift]:
        for name, recorded in version.migrations.items():
            if name in self.states:
                yield check_drift(
                    DriftSubject(version.dataset, version.ref, recorded),
                    SchemaRevision(
                        self.states[name], at=short_commit(self.commit), history=partial(self._today, name)
                    ),
                )

    def _today(self, name: str) -> MigrationState | None:
        if name not in self.today:
            try:
                location = current_location(self.workspace, self.states[name].location)
                self.today[name] = read_location(self.workspace, tree_at(self.workspace, None), location)
            except MigrationsError:
                self.today[name] = None
        return self.today[name]


def read_schema(workspace: Workspace, commit: str) -> ReleaseSchema:
    """Read the locations that tdmvc.yaml named at a commit; locations that cannot be read are kept apart."""
    tree = workspace.git.tree(commit)
    schema = ReleaseSchema(workspace, commit)
    for location in configured_locations(workspace, tree):
        try:
            schema.states[location.name] = read_location(workspace, tree, location)
        except MigrationsError as error:
            schema.unreadable[location.name] = error
    return schema


def _difference(drift: Drift) -> str:
    pending = [migration.id for migration in drift.pending]
    parts = [
        f"{word} {_listed(ids)}" for word, ids in (("without", pending), ("with later", drift.extra)) if ids
    ]
    if parts:
        return " and ".join(parts)
    return (
        ""
        if drift.status in _FITTING
        else f"made for {_listed(drift.actual_heads)}, which does not exist there"
    )


def _listed(ids: Sequence[str]) -> str:
    return f"{'migration' if len(ids) == 1 else 'migrations'} {format_names(ids, most=4)}"
