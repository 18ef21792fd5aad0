"""`verify`: checks that stored rows are complete and undamaged."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.errors import MislabelledPartError, PartError
from tdmvc.formats import datasets
from tdmvc.formats.dvc_yaml import with_artifact
from tdmvc.model.dataset import DatasetState
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.remote import Comparison, RemoteComparison
from tdmvc.model.text import plural
from tdmvc.model.transfer_report import Verified, VerifyReport
from tdmvc.model.version import version_tag_prefix
from tdmvc.store import dvc
from tdmvc.store.content import dataset_content, part_content
from tdmvc.store.objects import Listing, is_named_after
from tdmvc.store.parquet import read_part
from tdmvc.workspace.published import check_published
from tdmvc.workspace.remote_check import (
    CheckedRemote,
    ObjectOwners,
    find_missing,
    first_owners,
    group_by_table,
    list_needed,
    push_remedy,
    remote_finding,
)
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.versions import version_state, versions
from tdmvc.workspace.workspace import Workspace


def verify(
    workspace: Workspace,
    refs: Sequence[str] = (),
    *,
    remote: bool = False,
    remote_name: str | None = None,
    is_deep: bool = False,
) -> VerifyReport:
    """Compare every part with its name, and every version with the content hashes that it recorded.

    If the bytes of a version are missing, the working copy with the same content hash is enough:
    a dataset that was rebuilt with another Parquet writer has other bytes.

    Args:
        refs: states; none means every dataset's pointers and all of its versions.
        remote: also compare every object with what the remote has, and those of versions with the release remote.
        remote_name: check only this remote.
        is_deep: also read every object on the remotes, and compare its bytes with its name.

    Raises:
        StoreError: a remote cannot be reached.

    Cost: reads every part once, even if several states share it. Missing parts are fetched.
    """
    states = [resolve_state(workspace, ref) for ref in refs]
    if not refs:
        for name in workspace.datasets():
            states.append(datasets.read_state(workspace.tree, workspace.config, name))
            states += [version_state(workspace, version) for version in versions(workspace, name)]
    check = _Check(workspace)
    verified = tuple(check.state(state) for state in states)
    remotes = _RemoteCheck(workspace, is_deep=is_deep)
    if remote:
        remotes.check(states, remote_name)
        check.findings += remotes.findings
    names = sorted({state.name for state in states})
    check.findings += check_published(workspace, workspace.tree, names)
    check.mirrors(names)
    workspace.store.index.save()
    return VerifyReport(verified, tuple(check.findings), tuple(remotes.comparisons))


class _Check:
    """Compares the objects in this clone with their names and with what versions recorded."""

    def __init__(self, workspace: Workspace) -> None:
        self.findings: list[Finding] = []
        self._workspace = workspace
        self._good_parts: set[tuple[str, str]] = set()
        self._contents: dict[str, dict[str, str]] = {}

    def state(self, state: DatasetState) -> Verified:
        """Check all parts of a state, and its version's recorded hashes."""
        contents: dict[str, str] = {}
        parts = 0
        for number, (table, pointer) in enumerate(state.pointers.items(), start=1):
            owner = f"{state.ref}/{table}"
            self._workspace.on_progress(f"verify {state.ref}", number, len(state.pointers), "tables")
            try:
                listing = self._workspace.store.listing(pointer.object, owner)
                self._check_parts(state, table, listing, owner)
            except PartError as error:
                if isinstance(error, MislabelledPartError) or not self._is_kept_elsewhere(state, table):
                    stage = pointer.stage.rpartition(":")[2] if pointer.stage else None
                    remedy = f"run `dvc repro {stage}`: a stage makes it." if stage else error.remedy
                    self._add_finding("part", Severity.ERROR, error.what, state, table, remedy)
                    continue
                contents[table] = self._contents[state.name][table]
                continue
            contents[table] = listing.content
            parts += len(listing.entries)
            if state.version is not None and state.version.tables[table].content != listing.content:
                self._add_finding(
                    "version-content",
                    Severity.ERROR,
                    f"{table} has another content hash than {state.ref} recorded.",
                    state,
                    table,
                )
        is_whole = len(contents) == len(state.pointers)
        content = dataset_content(contents) if is_whole else None
        if state.ref == state.name:
            self._contents[state.name] = contents
        if state.version is not None and content is not None and content != state.version.content:
            self._add_finding(
                "version-content",
                Severity.ERROR,
                f"{state.ref} has another content hash than its version file recorded.",
                state,
            )
        return Verified(state.ref, len(state.pointers), parts, content)

    def mirrors(self, names: Sequence[str]) -> None:
        """Add findings if tags or dvc.yaml's artifacts disagree with the version files."""
        artifacts = self._workspace.tree.read_text("dvc.yaml")
        for name in names:
            published = {str(version.version) for version in versions(self._workspace, name)}
            expected = with_artifact(artifacts, name, self._workspace.dataset_path(name))
            if published and expected != artifacts:
                self.findings.append(
                    Finding(
                        "artifact-missing",
                        Severity.WARNING,
                        f"dvc.yaml does not list {name} under artifacts, so DVC and GTO do not see its versions.",
                        name,
                        remedy=f"the next `tdmvc publish {name}` writes the entry.",
                    )
                )
            prefix = version_tag_prefix(name)
            for tag in sorted(self._workspace.git.tags(f"{prefix}*")):
                if tag.removeprefix(prefix) not in published:
                    self.findings.append(
                        Finding(
                            "tag-without-version",
                            Severity.WARNING,
                            f"The tag {tag} names a version that has no file in this work tree.",
                            name,
                            remedy="fetch the branch that published it, or delete the tag.",
                        )
                    )

    def _check_parts(self, state: DatasetState, table: str, listing: Listing, owner: str) -> None:
        pairs = {(entry.md5, entry.content) for entry in listing.entries} - self._good_parts
        if not pairs:
            return
        paths = self._workspace.store.parts(listing, owner, {content for _, content in pairs})
        ordered = [e for e in listing.entries if e.content in {content for _, content in pairs}]
        for entry, path in zip(ordered, paths, strict=True):
            self._workspace.store.index.remember_content(entry.md5, part_content(read_part(str(path))))
            self._workspace.store.check_rows(entry, owner)
            self._good_parts.add((entry.md5, entry.content))

    def _is_kept_elsewhere(self, state: DatasetState, table: str) -> bool:
        """Return whether the working copy has a version's rows, in other bytes."""
        version = state.version
        own = self._contents.get(state.name, {})
        return version is not None and own.get(table) == version.tables[table].content

    def _add_finding(
        self,
        rule: str,
        severity: Severity,
        message: str,
        state: DatasetState,
        table: str | None = None,
        remedy: str = "",
    ) -> None:
        self.findings.append(Finding(rule, severity, message, state.name, table, remedy=remedy))


class _RemoteCheck:
    """Checks that remotes have all objects: a listing there does not prove that its parts are."""

    def __init__(self, workspace: Workspace, *, is_deep: bool) -> None:
        self.findings: list[Finding] = []
        self.comparisons: list[RemoteComparison] = []
        self._workspace = workspace
        self._is_deep = is_deep

    def check(self, states: Sequence[DatasetState], name: str | None) -> None:
        """Find what the remotes lack.

        Args:
            name: the one remote to check; None means the default one, and for versions also the release remote.

        Raises:
            StoreError: a remote cannot be reached.
        """
        self._compare(states, name)
        archive = self._workspace.config.release_remote
        versions = [state for state in states if state.version is not None]
        if name is not None or archive is None or not versions:
            return
        if archive not in self._workspace.store.config.remotes:
            self.findings.append(_unknown(archive))
        else:
            self._compare(versions, archive)

    def _compare(self, states: Sequence[DatasetState], name: str | None) -> None:
        wanted = first_owners((state, list_needed(self._workspace, state)) for state in states)
        checked = find_missing(self._workspace, wanted, name)
        comparison = checked.comparison
        self.findings += checked.findings
        if self._is_deep and checked.whole:
            damaged = self._read(wanted, checked, name)
            comparison = replace(comparison, compared={Comparison.BYTES: len(checked.whole) - len(damaged)})
        self.comparisons.append(comparison)

    def _read(self, wanted: ObjectOwners, checked: CheckedRemote, name: str | None) -> set[str]:
        """Read the objects on the remote, and return those whose bytes do not match their names."""
        label = checked.comparison.remote
        damaged: set[str] = set()
        with dvc.open_remote(self._workspace.root, name) as remote:
            for number, (oid, data) in enumerate(remote.read(checked.whole), start=1):
                self._workspace.on_progress(f"verify {label}", number, len(checked.whole), "objects")
                if not is_named_after(oid, data):
                    damaged.add(oid)
        for owner, own in group_by_table(wanted, damaged):
            files = ", ".join(f"files/md5/{oid[:2]}/{oid[2:]}" for oid in own[:3])
            message = (
                f"{plural(len(own), 'object')} of {owner.state.ref}/{owner.table} on the remote '{label}' "
                f"{'is' if len(own) == 1 else 'are'} damaged."
            )
            remedy = (
                f"delete on the remote {files}{', …' if len(own) > 3 else ''}, "
                f"then {push_remedy(self._workspace, owner, own, name)}"
            )
            details = {"remote": label, "objects": len(own), "names": own}
            self.findings.append(
                remote_finding(self._workspace, "damaged-on-remote", message, owner, remedy, details)
            )
        return damaged


def _unknown(archive: str) -> Finding:
    return Finding(
        "release-remote-unknown",
        Severity.WARNING,
        f"tdmvc.yaml names the remote '{archive}' for published versions, but DVC has no remote of that name here.",
        remedy=f"add it: `dvc remote add {archive} URL`.",
    )
