"""`check`: whether the datasets in Git are consistent, and whether others can fetch their rows."""

import contextlib
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from tdmvc.checks.drift import drift_findings
from tdmvc.checks.merged import check_table_names
from tdmvc.contracts.base import ImportOptions
from tdmvc.contracts.odcs.format import OdcsReader
from tdmvc.contracts.odcs.reading import CONTRACT_FILE
from tdmvc.environments.planning.checking import check_environments
from tdmvc.errors import ConfigError, MergeConflictError, NotFoundError, PartError, StoreError, TdmvcError
from tdmvc.formats import datasets
from tdmvc.formats.config import CONFIG_FILE, read_config
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.formats.pointers import pointer_path, read_pointers
from tdmvc.formats.versions import read_contract_text, read_versions, version_path
from tdmvc.model.dataset import DatasetState, Pointer, WorkStatus
from tdmvc.model.finding import CheckReport, Finding, Severity
from tdmvc.model.tree import FileTree
from tdmvc.model.version import Version
from tdmvc.workspace.drift import drift_at
from tdmvc.workspace.published import check_published
from tdmvc.workspace.remote_check import find_missing, first_owners, list_needed
from tdmvc.workspace.row_checks import check_state_rows
from tdmvc.workspace.tables import new_folders, work_status
from tdmvc.workspace.workspace import Workspace

Read = TypeVar("Read")


def check(
    workspace: Workspace,
    names: Sequence[str] = (),
    *,
    rows: bool = False,
    pushed: bool = False,
    at: str | None = None,
    since: str | None = None,
) -> CheckReport:
    """Read every manifest, contract, version and pointer, and compare them with the schema and the rows here.

    Reads no row unless `rows`, and uses no network unless `pushed` or if rows are missing here.

    Args:
        names: datasets; none means all.
        rows: also check the rows that the pointers name against everything that the contract declares.
        pushed: also check that the default remote has the objects that a commit needs.
        at: the commit; None means HEAD, or the work tree before the first commit.
        since: a revision; ask the remote only for what was added since the commit where `at` left it. None means all.

    Raises:
        NotFoundError: there is no such dataset or revision.
        ConfigError: tdmvc.yaml is wrong, so that no dataset can be found, or there is no remote to ask.
        StoreError: the remote fails.
    """
    chosen = workspace.chosen(list(names))
    checks = [_DatasetCheck(workspace, name) for name in chosen]
    for one in checks:
        one.files()
        one.rows()
    findings = [finding for one in checks for finding in one.findings]
    faulty = {finding.details.get("file") for finding in findings}
    published = check_published(workspace, workspace.tree, chosen)
    # A file that cannot be read has been reported, with the line.
    findings += [finding for finding in published if finding.details["file"] not in faulty]
    findings += _drift_findings(workspace, [one.name for one in checks if one.state is not None])
    checked = [check_state_rows(workspace, one.state) for one in checks if rows and one.state is not None]
    findings += [finding for one in checked for finding in one.findings]
    if not names:
        findings += check_environments(workspace)
    workspace.store.index.save()
    report = CheckReport(
        tuple(chosen),
        sum(len(one.pointers) for one in checks),
        sum(len(one.versions) for one in checks),
        tuple(findings),
        rows=sum(one.rows for one in checked) if rows else None,
        rules=sum(one.rules for one in checked),
    )
    return _with_remote(workspace, report, set(names), at, since) if pushed else report


class _TreeWithout:
    """A tree without some files, so that one faulty file does not hide the faults of others."""

    def __init__(self, tree: FileTree) -> None:
        self._tree = tree
        self.without: set[str] = set()

    @property
    def label(self) -> str:
        return self._tree.label

    def list_files(self, folder: str = "") -> list[str]:
        return [path for path in self._tree.list_files(folder) if path not in self.without]

    def read_text(self, path: str) -> str | None:
        return None if path in self.without else self._tree.read_text(path)

    def read_texts(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        return self._tree.read_texts(path for path in paths if path not in self.without)


class _DatasetCheck:
    """Checks one dataset, file by file."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.name = name
        self.findings: list[Finding] = []
        self.pointers: dict[str, Pointer] = {}
        self.versions: list[Version] = []
        self._workspace = workspace
        self._folder = workspace.dataset_path(name)
        self.state: DatasetState | None = None
        """The state of the working copy; None until `files` has read it, and if it cannot be read."""

    def files(self) -> None:
        """Check the dataset's files in Git."""
        tree = self._workspace.tree
        config = self._read(
            "manifest", lambda files: datasets.read_config_of(files, self._workspace.config, self.name)
        )
        contract_path = f"{self._folder}/{CONTRACT_FILE}"
        if contract_path in tree.list_files(self._folder):
            self._read(
                "contract",
                lambda files: OdcsReader().read(
                    files.read_text(contract_path) or "", contract_path, ImportOptions()
                ),
            )
        self.pointers = self._read("pointer", lambda files: read_pointers(files, self._folder)) or {}
        for finding in check_table_names(self.pointers, ()):
            place: dict[str, object] = {"file": f"{self._folder}/{DATASET_FILE}"}
            self._add(finding.rule, Severity.WARNING, finding.message, finding.remedy, place, finding.table)
        self.versions = self._read("version", lambda files: read_versions(files, self._folder)) or []
        for version in self.versions:
            self._version_contract(version)
        if config is not None:
            # Its faults are already findings.
            with contextlib.suppress(ConfigError):
                self.state = datasets.read_state(tree, self._workspace.config, self.name)

    def rows(self) -> None:
        """Check listings in the cache and folders in the working copy, without reading rows."""
        for table, pointer in self.pointers.items():
            self._listing(table, pointer)
        state = self.state
        if state is None:
            return
        try:
            edited = [
                table
                for table in state.pointers
                if work_status(self._workspace, state, table)[0] is WorkStatus.MODIFIED
            ]
            new = new_folders(self._workspace, state)
        except StoreError as error:
            path = os.path.relpath(error.where, self._workspace.root).replace(os.sep, "/")
            self._add_error("working-copy", error, path)
            return
        for table in (*edited, *new):
            self._not_added(table, state.pointers.get(table))

    def _read(self, rule: str, read: Callable[[FileTree], Read]) -> Read | None:
        """Read without the faulty files, each of which becomes a finding; None if nothing can be read without one."""
        files = _TreeWithout(self._workspace.tree)
        while True:
            try:
                return read(files)
            except NotFoundError:
                return None
            except ConfigError as error:
                path = error.path or error.where
                kind = "conflict-markers" if isinstance(error, MergeConflictError) else f"{rule}-file"
                self._add_error(kind, error, path, line=error.line)
                if path not in files.list_files(posixpath.dirname(path)):
                    return None
                files.without.add(path)

    def _version_contract(self, version: Version) -> None:
        path = version_path(self._folder, version.version)
        try:
            read_contract_text(self._workspace.tree, self._folder, version)
        except (ConfigError, NotFoundError) as error:
            self._add_error("version-contract", error, path)

    def _listing(self, table: str, pointer: Pointer) -> None:
        objects = self._workspace.store.objects
        if not objects.has(pointer.object):
            return
        path = pointer_path(self._folder, pointer)
        try:
            listing = objects.read_listing(pointer.object, f"{self.name}/{table}")
        except PartError as error:
            self._add_error("listing", error, path, table)
            return
        if pointer.files is not None and pointer.files != len(listing.entries):
            self._add(
                "pointer-mixed",
                Severity.ERROR,
                f"The pointer of {table} counts {pointer.files} parts, but its listing names {len(listing.entries)}: "
                "a merge of texts has mixed two states.",
                f"take one side of the merge, or run `tdmvc add {self.name}`.",
                {"file": path},
                table,
            )

    def _not_added(self, table: str, pointer: Pointer | None) -> None:
        if pointer is not None and pointer.stage is not None:
            remedy = f"run `dvc repro {pointer.stage.rpartition(':')[2]}`: a stage makes this table."
        else:
            remedy = (
                f"add it with `tdmvc add {self.name}`, or undo it with `tdmvc checkout {self.name} --force`."
            )
        what = "was edited" if pointer is not None else "is new"
        path = (
            pointer_path(self._folder, pointer) if pointer is not None else f"{self._folder}/{DATASET_FILE}"
        )
        message = f"The table {table} {what} in the working copy, but not added, so Git does not see it."
        self._add("not-added", Severity.WARNING, message, remedy, {"file": path}, table)

    def _add_error(
        self, rule: str, error: TdmvcError, path: str, table: str | None = None, *, line: int | None = None
    ) -> None:
        place: dict[str, object] = {"file": path} if line is None else {"file": path, "line": line}
        self._add(rule, Severity.ERROR, error.what, error.remedy, place, table)

    def _add(
        self,
        rule: str,
        severity: Severity,
        message: str,
        remedy: str,
        place: dict[str, object],
        table: str | None,
    ) -> None:
        finding = Finding(rule, severity, message, self.name, table, remedy=remedy, details=place)
        self.findings.append(finding)


def _drift_findings(workspace: Workspace, names: Sequence[str]) -> list[Finding]:
    """Compare the recorded migration states with the migrations of the work tree, if it has any."""
    if not names or not workspace.config.migrations:
        return []
    return [
        replace(
            finding,
            details={
                "file": f"{workspace.dataset_path(str(finding.dataset))}/{DATASET_FILE}",
                **finding.details,
            },
        )
        for finding in drift_findings(drift_at(workspace, names))
    ]


def _with_remote(
    workspace: Workspace, report: CheckReport, names: set[str], at: str | None, since: str | None
) -> CheckReport:
    """Add findings for the objects that a commit needs and the default remote lacks."""
    revision = at or workspace.git.head()
    tree = workspace.tree if revision is None else workspace.git.tree(revision)
    states = _committed_states(workspace, tree, names)
    if since is not None:
        start = workspace.git.tree(workspace.git.merge_base(since, revision or "HEAD"))
        states = _added_states(states, _committed_states(workspace, start, names))
    wanted = first_owners((state, _needed(workspace, state)) for state in states)
    if since is not None and not wanted:
        return replace(
            report, commit=None if revision is None else workspace.git.resolve(revision), objects=0
        )
    checked = find_missing(workspace, wanted)
    workspace.store.index.save()
    return replace(
        report,
        findings=(*report.findings, *checked.findings),
        remote=checked.comparison.remote,
        commit=None if revision is None else workspace.git.resolve(revision),
        objects=len(wanted),
        compared=checked.comparison.compared,
    )


def _committed_states(workspace: Workspace, tree: FileTree, names: set[str]) -> Iterator[DatasetState]:
    """Yield the pointers and the versions of each dataset of a tree; other checks report what cannot be read."""
    config = read_config(tree) if tree.read_text(CONFIG_FILE) is not None else workspace.config
    for name in datasets.list_datasets(tree, config):
        if names and name not in names:
            continue
        try:
            yield replace(datasets.read_state(tree, config, name), ref=name)
            for version in read_versions(tree, datasets.dataset_path(config, name)):
                yield datasets.version_state(tree, config, version)
        except (ConfigError, NotFoundError):
            continue


def _added_states(states: Iterable[DatasetState], earlier: Iterable[DatasetState]) -> Iterator[DatasetState]:
    """Yield the states with those of their tables that no earlier state has; states without any are left out."""
    known = {pointer.object for state in earlier for pointer in state.pointers.values()}
    for state in states:
        added = {table: one for table, one in state.pointers.items() if one.object not in known}
        if added:
            yield replace(state, pointers=added)


def _needed(workspace: Workspace, state: DatasetState) -> dict[str, set[str]]:
    """Return the objects of a state to look for on the remote, by table.

    A version never changes, so only objects that this clone has not yet seen there are included.
    If its objects are not in this clone, others published it, and only its listing is included.
    """
    store = workspace.store
    if state.version is None:
        store.transfer.fetch((pointer.object for pointer in state.pointers.values()), state.ref)
        return list_needed(workspace, state)
    here = {table: one for table, one in state.pointers.items() if store.objects.has(one.object)}
    needed = {table: {one.object} for table, one in state.pointers.items()}
    needed |= list_needed(workspace, replace(state, pointers=here))
    return {table: store.transfer.not_pushed(oids) for table, oids in needed.items()}
