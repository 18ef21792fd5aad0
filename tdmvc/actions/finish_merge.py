"""`merge --continue` and `merge --abort`: end a merge that needed a person."""

import contextlib
import posixpath
from collections.abc import Sequence
from dataclasses import replace

from tdmvc.contracts.odcs.reading import CONTRACT_FILE
from tdmvc.errors import ConfigError, LocalWorkError, NotFoundError, StoreError, UsageError, format_names
from tdmvc.formats import datasets
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.formats.pointers import pointer_path
from tdmvc.gitrepo.commits import keep_snapshot
from tdmvc.gitrepo.index import changed_paths
from tdmvc.gitrepo.merge import (
    abort_merge,
    branches_at,
    merge_bases,
    merging_commit,
    stage,
    unmerged_paths,
    unstaged_files,
)
from tdmvc.gitrepo.merge_record import (
    files_of_merge,
    find_record,
    mark_undoing,
    remove_record,
    undo,
)
from tdmvc.merging.conclusion import conclude, is_pointer, refuse_incomplete
from tdmvc.merging.conflicts import unmerged_tables
from tdmvc.merging.resolution import plan_resolution
from tdmvc.merging.result import check_states
from tdmvc.merging.sides import state_at
from tdmvc.merging.writing import complete_merge, record_of_git, remove_conflict_files, tidy
from tdmvc.model.dataset import DatasetState, Pointer, WorkStatus
from tdmvc.model.merge import Side
from tdmvc.model.merge_report import (
    MergeReport,
    MergeStatus,
    MovedDataset,
    MovedTable,
    TableMove,
    UnmergedTable,
)
from tdmvc.model.options import MergeOptions
from tdmvc.model.text import short_commit
from tdmvc.workspace.tables import work_status
from tdmvc.workspace.transaction import Transaction
from tdmvc.workspace.working_copy import fetch_rows, refuse_lost_rows, write_table_rows
from tdmvc.workspace.workspace import Workspace


def continue_merge(workspace: Workspace, options: MergeOptions | None = None) -> MergeReport:
    """Commit the unfinished merge, if no conflict is left and the merged rows break no rule.

    The commit includes what was added to datasets since; other files have to be staged as with Git.

    Raises:
        UsageError: there is no unfinished merge, or Git refuses the commit.
        LocalWorkError: rows of the working copy were not added.
        ConfigError: a manifest still has conflict markers, or is wrong.
        PartError: needed rows cannot be found.
    """
    with workspace.merging():
        return _continue(workspace, options or MergeOptions())


def _continue(workspace: Workspace, options: MergeOptions) -> MergeReport:
    git = workspace.git
    record = find_record(git)
    if record is not None and not record.is_written:
        record = complete_merge(workspace, record)
    theirs, ours = merging_commit(git), git.resolve("HEAD")
    if theirs in git.parents(ours):
        return _committed(workspace, ours)
    labels = _labels(workspace, theirs)
    names = workspace.datasets()
    left = [_open_tables(workspace, name) for name in names]
    if any(dataset.tables for dataset in left):
        found = tuple(dataset for dataset in left if dataset.tables)
        return MergeReport(MergeStatus.OPEN, labels, None, found, _other_files(workspace))
    states = [datasets.read_state(workspace.tree, workspace.config, name) for name in names]
    for state in states:
        if _is_equal_on_both_sides(workspace, state.name, ours, theirs):
            continue
        edited = [t for t in state.pointers if work_status(workspace, state, t)[0] is WorkStatus.MODIFIED]
        if edited:
            raise LocalWorkError.not_added(
                state.name,
                edited,
                remedy=f"add them to the merge with `tdmvc add {state.name}`, then run `tdmvc merge --continue` again.",
            )
    checked: list[MovedDataset] = []
    bases = merge_bases(workspace.git, ours, theirs)
    for state in states:
        sides = [state_at(workspace, state.name, revision) for revision in (ours, theirs)]
        base = state_at(workspace, state.name, bases[0]) if len(bases) == 1 else None
        one = MovedDataset(state.name, _moved(state, base, *sides), check_states(workspace, state, sides))
        if one.tables or one.findings:
            checked.append(one)
        tidy(workspace, state)
    stage(workspace.git, [path for name in names for path in _dataset_files(workspace, name)])
    files = _other_files(workspace)
    report = MergeReport(MergeStatus.MERGED, labels, None, tuple(checked), files)
    if files:
        return replace(report, status=MergeStatus.OPEN)
    refuse_incomplete(workspace, record or record_of_git(workspace, theirs))
    report = conclude(workspace, report, options)
    workspace.store.index.save()
    return report


def abort_this_merge(workspace: Workspace, *, force: bool = False) -> MergeReport:
    """Undo the unfinished merge, also one that was killed: files, rows and conflict files.

    What was added since is kept under its own ref.

    Args:
        force: discard rows that were edited since and not added.

    Raises:
        UsageError: there is no unfinished merge.
        LocalWorkError: rows that were not added would be lost; nothing was changed.
        StoreError: another program holds Git's index; the next call continues.
    """
    with workspace.merging():
        return _abort(workspace, force=force)


def _abort(workspace: Workspace, *, force: bool) -> MergeReport:
    git = workspace.git
    record = find_record(git)
    is_interrupted = record is not None and not record.is_written
    theirs = record.theirs if record is not None else merging_commit(git)
    ours = git.resolve("HEAD")
    if theirs in git.parents(ours):
        raise UsageError(
            f"The merge is already committed: {short_commit(ours)}.",
            where=str(git.root),
            remedy="finish it with `tdmvc merge --continue`; `git reset --keep HEAD~1` then undoes the commit.",
        )
    record = record or record_of_git(workspace, theirs)
    labels = _labels(workspace, theirs)
    names = sorted({*workspace.datasets(), *datasets.list_datasets(git.tree(ours), workspace.config)})
    back: list[tuple[DatasetState, dict[str, tuple[str, Pointer | None]]]] = []
    notes: list[str] = []
    # Git may have restored the pointers already, but not tdmvc the rows.
    changed = changed_paths(git, "HEAD", folder=".") | (
        files_of_merge(git, record) if is_interrupted else set()
    )
    for name in names:
        before = state_at(workspace, name, ours)
        new = [table for table in state_at(workspace, name, theirs).pointers if table not in before.pointers]
        touched = [*_touched(workspace, before, changed), *new]
        if not force:
            refuse_lost_rows(workspace, before, touched, verb="aborting the merge")
        rows = _rows_to_restore(workspace, before, touched)
        fetch_rows(workspace, name, {t: pointer for t, (_, pointer) in rows.items() if pointer})
        back.append((before, rows))
    if is_interrupted:
        kept = undo(git, record)
        if kept:
            what = f"{format_names(kept)} changed since the merge and stay as they are"
            notes.append(f"{what}; `git diff` shows the changes.")
    else:
        for before, rows in back:
            if rows:
                notes += _keep_added(workspace, before, theirs)
            own = unstaged_files(git, workspace.dataset_path(before.name))
            # What was added since is already kept; unless it is staged, Git would refuse to overwrite it.
            stage(git, sorted(own & set(_dataset_files(workspace, before.name))))
        # If this process is killed now, the next one undoes what Git has not.
        mark_undoing(git, record)
        abort_merge(git)
    for before, rows in back:
        with workspace.writing(before.name) as journal:
            transaction = Transaction(workspace, before.name)
            remove_conflict_files(workspace, transaction, before.name)
            for table, (folder, pointer) in rows.items():
                write_table_rows(workspace, transaction, before.name, folder, table, pointer)
            transaction.commit(journal)
    remove_record(git)
    workspace.store.index.save()
    return MergeReport(MergeStatus.ABORTED, labels, ours, notes=tuple(notes))


def _labels(workspace: Workspace, theirs: str) -> dict[Side, str]:
    """Return the names of the sides: theirs is the one branch whose tip it is, or else the short id."""
    branches = branches_at(workspace.git, theirs)
    name = branches[0] if len(branches) == 1 else short_commit(theirs)
    return {Side.BASE: "", Side.OURS: "HEAD", Side.THEIRS: name}


def _committed(workspace: Workspace, commit: str) -> MergeReport:
    """Finish a merge whose commit exists, although the process that made it was killed."""
    workspace.git.commands.run("merge", "--quit")
    for name in workspace.datasets():
        tidy(workspace, datasets.read_state(workspace.tree, workspace.config, name))
    workspace.store.index.save()
    theirs = workspace.git.parents(commit)[-1]
    return MergeReport(MergeStatus.MERGED, _labels(workspace, theirs), commit)


def _is_equal_on_both_sides(workspace: Workspace, name: str, ours: str, theirs: str) -> bool:
    """Return whether a merge has nothing to do with a dataset, so that edits of its rows can wait."""
    return (
        len({workspace.git.commands.object_id(f"{c}:{workspace.dataset_path(name)}") for c in (ours, theirs)})
        == 1
    )


def _open_tables(workspace: Workspace, name: str) -> MovedDataset:
    return MovedDataset(name, tuple(_open_table(workspace, one) for one in unmerged_tables(workspace, name)))


def _open_table(workspace: Workspace, unmerged: UnmergedTable) -> MovedTable:
    """Return a table in conflict, with the conflicts that are left if its rows can be found."""
    merge = None
    with contextlib.suppress(ConfigError, NotFoundError, StoreError, UsageError):
        merge = plan_resolution(workspace, unmerged, None).merged.merge
    return MovedTable(unmerged.table, TableMove.CONFLICT, merge)


def _moved(
    state: DatasetState, base: DatasetState | None, ours: DatasetState, theirs: DatasetState
) -> tuple[MovedTable, ...]:
    """Return the tables that differ from our side; without a base, a person is never known to have chosen."""
    found: list[MovedTable] = []
    for table in sorted({*state.pointers, *ours.pointers}):
        new, old, other = (_object(one, table) for one in (state, ours, theirs))
        if new == old:
            continue
        before = _object(base, table) if base is not None else None
        is_by_hand = new != other
        if new is None:
            move = TableMove.REMOVED
        elif old is None:
            move = TableMove.ADDED
        elif new == other:
            move = TableMove.TAKEN
            is_by_hand = base is not None and old != before
        else:
            move = TableMove.MERGED
            is_by_hand = base is not None and other == before
        found.append(MovedTable(table, move, is_by_hand=is_by_hand))
    return tuple(found)


def _object(state: DatasetState, table: str) -> str | None:
    pointer = state.pointers.get(table)
    return pointer.object if pointer is not None else None


def _dataset_files(workspace: Workspace, name: str) -> list[str]:
    """Return pointers and manifests of a dataset, deleted ones included."""
    folder = workspace.dataset_path(name)
    listed = {*workspace.tree.list_files(folder), *workspace.git.tree("HEAD").list_files(folder)}
    pointers = [path for path in listed if path.endswith(".dvc") and posixpath.dirname(path) == folder]
    return sorted([*pointers, *(f"{folder}/{file}" for file in (DATASET_FILE, CONTRACT_FILE, ".gitignore"))])


def _other_files(workspace: Workspace) -> tuple[str, ...]:
    """Return the files in conflict that are not pointers of tables."""
    return tuple(path for path in unmerged_paths(workspace.git) if not is_pointer(workspace, path))


def _rows_to_restore(
    workspace: Workspace, before: DatasetState, tables: Sequence[str]
) -> dict[str, tuple[str, Pointer | None]]:
    """Return the folder and HEAD's pointer of each of the tables whose folder differs from that pointer."""
    rows: dict[str, tuple[str, Pointer | None]] = {}
    for table in tables:
        status, folder = work_status(workspace, before, table)
        if folder is not None and status is not WorkStatus.CLEAN:
            rows[table] = (folder.path.name, before.pointers.get(table))
    return rows


def _touched(workspace: Workspace, before: DatasetState, changed: set[str]) -> list[str]:
    """Return the tables whose pointers the merge changed; rows that were edited before it stay as they are."""
    folder = workspace.dataset_path(before.name)
    return [table for table, pointer in before.pointers.items() if pointer_path(folder, pointer) in changed]


def _keep_added(workspace: Workspace, before: DatasetState, theirs: str) -> list[str]:
    """Keep what was added since the merge began, because nothing else names its rows."""
    if unmerged_tables(workspace, before.name):
        return []
    now = datasets.read_state(workspace.tree, workspace.config, before.name)
    others = state_at(workspace, before.name, theirs)
    known = {p.object for state in (before, others) for p in state.pointers.values()}
    if {pointer.object for pointer in now.pointers.values()} <= known:
        return []
    ref = f"tdmvc/replaced/{before.name}"
    path = workspace.dataset_path(before.name)
    keep_snapshot(workspace.git, path, f"refs/{ref}", f"{before.name} before a merge was aborted")
    return [f"What the merge had changed is kept; `tdmvc checkout {before.name}@{ref}` restores it."]
