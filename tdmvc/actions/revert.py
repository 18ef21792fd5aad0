"""`revert`: undoes one change of a dataset, and keeps later changes.

This is a three-way merge: the state after the change is the base, the state before it is their
side, and the working copy is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.contracts.odcs.reading import CONTRACT_FILE, parse_contract
from tdmvc.errors import ConfigError, LocalWorkError
from tdmvc.formats import datasets
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.formats.dataset_edit import update_dataset
from tdmvc.formats.manifest_merge import merge_manifest
from tdmvc.gitrepo.attributes import MANIFESTS
from tdmvc.merging.conflicts import conflict_file, unmerged_tables, write_conflict
from tdmvc.merging.dataset_change import DatasetChange, resolve_change
from tdmvc.merging.manifests import PlannedManifest
from tdmvc.merging.plan import PlannedTable, plan_tables
from tdmvc.merging.result import check_states, moved_table
from tdmvc.model.dataset import DatasetState
from tdmvc.model.finding import Finding
from tdmvc.model.merge import MarkerStyle, NotMerged, Side
from tdmvc.model.merge_report import RevertReport, UnmergedTable
from tdmvc.model.selection import named_tables
from tdmvc.workspace.transaction import Transaction, open_transaction
from tdmvc.workspace.working_copy import (
    fetch_rows,
    keep_uncommitted,
    refuse_lost_rows,
    tables_to_write,
    write_table_rows,
)
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RevertOptions:
    """What to undo."""

    tables: tuple[str, ...] = ()
    """Only these tables; none means all, and the manifests as a whole."""
    parent: int | None = None
    """For a merge: the number of the parent that is the state before it, from 1."""


def revert(
    workspace: Workspace, dataset: str, ref: str, options: RevertOptions | None = None
) -> RevertReport:
    """Undo one change in the working copy, and keep later changes.

    Pointers, rows and manifests change in one step; nothing is committed, and no version changes.
    If later work touched the same cells, these become conflicts, as in a merge.

    Args:
        ref: a commit, a published version (the change from its parent), or a range `A..B`.

    Raises:
        NotFoundError: no such dataset, state or table.
        LocalWorkError: rows that were not added would be overwritten, or tables are already in conflict.
        PartError: needed rows cannot be found; nothing was changed.
    """
    options = options or RevertOptions()
    workspace.chosen([dataset])
    with workspace.writing(dataset) as journal:
        left = [one.table for one in unmerged_tables(workspace, dataset)]
        if left:
            raise LocalWorkError(
                f"Some tables of {dataset} are already in conflict: {', '.join(left)}.",
                where=dataset,
                remedy=f"resolve them first: `tdmvc resolve {dataset}`.",
            )
        plan = _plan(workspace, dataset, ref, options)
        refuse_lost_rows(workspace, plan.ours, list(plan.moved), verb="the revert")
        written = tables_to_write(workspace, plan.ours, [n for n, t in plan.moved.items() if not t.is_open])
        fetch_rows(workspace, dataset, {n: p for n in written if (p := plan.tables[n].pointer) is not None})
        with open_transaction(workspace, dataset, journal) as transaction:
            _write(workspace, transaction, plan, written)
            changed = transaction.changed_files
            notes = keep_uncommitted(workspace, dataset) if transaction.rewrites_text else []
            findings = _check(workspace, plan)
    workspace.store.index.save()
    folder = workspace.dataset_path(dataset)
    return RevertReport(
        dataset,
        plan.change.before.ref,
        plan.change.after.ref,
        tuple(moved_table(table) for table in (*plan.moved.values(), *plan.of_stages.values())),
        tuple(one.path.removeprefix(f"{folder}/") for one in plan.manifests),
        tuple([one.path for one in plan.manifests if one.conflicts]),
        findings,
        changed,
        (*notes, *plan.notes),
        folder,
    )


@dataclass(frozen=True, slots=True)
class _RevertPlan:
    """What a revert changes in the working copy."""

    dataset: str
    change: DatasetChange
    ours: DatasetState
    tables: Mapping[str, PlannedTable]
    manifests: tuple[PlannedManifest, ...]
    notes: tuple[str, ...] = ()
    moved: Mapping[str, PlannedTable] = field(default_factory=dict)
    of_stages: Mapping[str, PlannedTable] = field(default_factory=dict)
    """Tables that a pipeline has to make again, because DVC writes their pointers."""


def _plan(workspace: Workspace, dataset: str, ref: str, options: RevertOptions) -> _RevertPlan:
    change = resolve_change(workspace, dataset, ref, parent=options.parent)
    ours = datasets.read_state(workspace.tree, workspace.config, dataset)
    known = sorted({*ours.pointers, *change.before.pointers, *change.after.pointers})
    options = replace(options, tables=named_tables(options.tables, known, dataset))
    tables = plan_tables(workspace, change.after, ours, change.before, tables=options.tables)
    touched = {name: table for name, table in tables.items() if table.is_moved or table.is_open}
    of_stages = {name: _as_of_stage(table) for name, table in touched.items() if _stage(table)}
    manifests, notes = _plan_manifests(workspace, change, ours, options.tables)
    return _RevertPlan(
        dataset,
        change,
        ours,
        tables,
        manifests,
        tuple(notes),
        {name: table for name, table in touched.items() if name not in of_stages},
        of_stages,
    )


def _stage(table: PlannedTable) -> str | None:
    ours = table.sides[Side.OURS]
    return table.stage or (ours.stage if ours is not None else None)


def _as_of_stage(table: PlannedTable) -> PlannedTable:
    return replace(table, stage=_stage(table))


def _write(workspace: Workspace, transaction: Transaction, plan: _RevertPlan, written: Sequence[str]) -> None:
    store = workspace.store
    folder = workspace.dataset_path(plan.dataset)
    labels = {
        Side.BASE: plan.change.after.ref,
        Side.OURS: "the working copy",
        Side.THEIRS: plan.change.before.ref,
    }
    for table in plan.moved.values():
        pointer = table.pointer
        if table.is_open and table.merge is not None:
            path = f"{folder}/{table.folder}.dvc"
            unmerged = UnmergedTable(plan.dataset, table.name, path, table.sides, labels)
            write_conflict(transaction, unmerged, conflict_file(workspace, unmerged, table.merge))
        elif pointer is None:
            transaction.remove_pointer(table.folder)
        else:
            listing = store.listing(pointer.object, f"{plan.dataset}/{table.name}")
            transaction.point(
                table.name, table.folder, listing, pointer.size_bytes or store.size_bytes(listing)
            )
        if table.name in written:
            write_table_rows(workspace, transaction, plan.dataset, table.folder, table.name, pointer)
    for manifest in plan.manifests:
        name = manifest.path.removeprefix(f"{folder}/")
        if manifest.text is None:
            transaction.remove(name)
        else:
            transaction.write(name, manifest.text)


def _check(workspace: Workspace, plan: _RevertPlan) -> tuple[Finding, ...]:
    """Return the rules that the reverted state breaks; nothing if its contract is in conflict."""
    contract, text = plan.ours.contract, plan.ours.contract_text
    for manifest in plan.manifests:
        if manifest.path.endswith(f"/{CONTRACT_FILE}"):
            text = manifest.text or ""
            try:
                contract = parse_contract(text, manifest.path) if text else contract
            except ConfigError:
                return ()
    pointers = {name: table.pointer for name, table in plan.tables.items() if table.pointer is not None}
    unknown = [name for name, table in plan.tables.items() if table.is_open]
    others = {name: p for name, p in plan.ours.pointers.items() if name not in plan.tables}
    merged = replace(plan.ours, contract=contract, contract_text=text, pointers={**others, **pointers})
    return check_states(workspace, merged, (plan.ours, plan.change.before), unknown=unknown)


def _plan_manifests(
    workspace: Workspace, change: DatasetChange, ours: DatasetState, tables: Sequence[str]
) -> tuple[tuple[PlannedManifest, ...], list[str]]:
    """Return the manifests that change, and a note on each that could not be merged.

    Args:
        tables: if any are named, only their entries in the contract are reverted.
    """
    folder = workspace.dataset_path(ours.name)
    style = MarkerStyle("the working copy", change.after.ref, change.before.ref)
    found: list[PlannedManifest] = []
    notes: list[str] = []
    for file in MANIFESTS:
        path = f"{folder}/{file}"
        present = workspace.tree.read_text(path)
        if file == DATASET_FILE and tables:
            continue
        before, after = (
            _manifest_text(workspace, path, ours, state, commit, tables)
            for state, commit in zip((change.before, change.after), change.commits, strict=True)
        )
        if before == after:
            continue
        merged = merge_manifest(path, after, present, before, style)
        if isinstance(merged, NotMerged):
            notes.append(f"{path} was not changed: {merged.reason}")
        elif merged.conflicts or merged.text != present:
            found.append(PlannedManifest(path, merged.text, merged.conflicts))
    return tuple(found), notes


def _manifest_text(
    workspace: Workspace,
    path: str,
    ours: DatasetState,
    state: DatasetState,
    commit: str | None,
    tables: Sequence[str],
) -> str | None:
    """Return the text of a manifest in a state: the original if a commit has it, else today's with the old entries."""
    present = workspace.tree.read_text(path)
    if path.endswith(f"/{CONTRACT_FILE}"):
        if tables:
            return update_contract(present, ours.name, {name: state.contract.table(name) for name in tables})
        if commit is None and state.version is not None:
            return state.contract_text
    elif commit is None and state.version is not None:
        # A version records only the migrations of dataset.yaml.
        slim = {n: replace(one, count=None, digest=None) for n, one in state.config.migrations.items()}
        return update_dataset(present, replace(ours.config, migrations=slim))
    return workspace.git.tree(commit).read_text(path) if commit is not None else None
