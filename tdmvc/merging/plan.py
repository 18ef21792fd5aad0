"""Plans the merge of every dataset before Git runs: from three revisions to merged pointers.

Git then gets these pointers and merges all other files itself. So one process merges all
tables, and a merge in memory gives the same result as one in the work tree.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tdmvc.formats.pointers import pointer_text
from tdmvc.gitrepo.merge import merge_bases
from tdmvc.gitrepo.prepared_merge import PreparedFile
from tdmvc.merging.conflicts import conflict_block
from tdmvc.merging.manifests import PlannedManifest, plan_manifests
from tdmvc.merging.sides import common_state, datasets_at, state_at
from tdmvc.merging.tables import MergedTable, merge_states
from tdmvc.model.dataset import DatasetState, Pointer
from tdmvc.model.merge import Side, TableMerge
from tdmvc.model.merge_report import UnmergedTable
from tdmvc.model.text import short_commit
from tdmvc.workspace.tables import table_folder
from tdmvc.workspace.workspace import Workspace

PlannedFile = tuple[str, str | None, bool]
"""A file's path from the root, its text (None if it is removed), and whether it is resolved."""


@dataclass(frozen=True, slots=True)
class PlannedTable:
    """The planned pointer of one table."""

    name: str
    folder: str
    sides: Mapping[Side, Pointer | None]
    pointer: Pointer | None
    """The merged table's pointer; None if there is no table, or a person has to decide first."""
    merge: TableMerge | None = None
    """Set if both sides changed the table and its rows were merged."""
    stage: str | None = None
    """The stage that has to run again, if both sides changed a table that it makes."""

    @property
    def is_open(self) -> bool:
        """Whether a person or a pipeline has to decide the table's content."""
        return self.stage is not None or (self.merge is not None and not self.merge.is_settled)

    @property
    def is_moved(self) -> bool:
        """Whether the merge changes the table on our side."""
        ours = self.sides[Side.OURS]
        return not self.is_open and (self.pointer and self.pointer.object) != (ours and ours.object)


@dataclass(frozen=True, slots=True)
class DatasetPlan:
    """The plan for one dataset."""

    name: str
    ours: DatasetState
    theirs: DatasetState
    tables: Mapping[str, PlannedTable]
    """By table name, for the tables of all sides."""
    manifests: tuple[PlannedManifest, ...] = ()
    """The manifests that both sides changed."""

    @property
    def is_moved(self) -> bool:
        return any(table.is_moved or table.is_open for table in self.tables.values()) or bool(self.manifests)

    @property
    def pointers(self) -> dict[str, Pointer]:
        """The pointers of the merged state, without tables that are still in conflict."""
        return {name: table.pointer for name, table in self.tables.items() if table.pointer is not None}


@dataclass(frozen=True, slots=True)
class MergePlan:
    """The plan for all datasets."""

    ours: str
    theirs: str
    labels: Mapping[Side, str]
    bases: tuple[str, ...]
    datasets: tuple[DatasetPlan, ...]

    @property
    def is_fast_forward(self) -> bool:
        return self.bases == (self.ours,)

    @property
    def is_up_to_date(self) -> bool:
        return self.bases == (self.theirs,)


def plan_merge(workspace: Workspace, ours: str, theirs: str) -> MergePlan:
    """Plan the merge of all datasets of two revisions.

    Merged parts and listings are kept in the cache; nothing else is written.

    Raises:
        NotFoundError: a revision is unknown, or the two share no history in this clone.
        ConfigError: a manifest or a pointer of a side is wrong.
        PartError: needed rows cannot be found.
    """
    git = workspace.git
    revisions = git.resolve(ours), git.resolve(theirs)
    bases = merge_bases(git, *revisions)
    labels = {Side.BASE: short_commit(bases[0]), Side.OURS: ours, Side.THEIRS: theirs}
    names = sorted({name for revision in revisions for name in datasets_at(workspace, revision)})
    plans = (_plan_dataset(workspace, name, revisions, bases, labels) for name in names)
    return MergePlan(*revisions, labels, tuple(bases), tuple(plans))


def unmerged_table(workspace: Workspace, plan: MergePlan, dataset: str, table: PlannedTable) -> UnmergedTable:
    """Return a table in conflict as it will be in the work tree."""
    path = _pointer_path(workspace, dataset, table)
    return UnmergedTable(dataset, table.name, path, table.sides, plan.labels, is_in_index=True)


def _pointer_path(workspace: Workspace, dataset: str, table: PlannedTable) -> str:
    """Return the path of a table's pointer, relative to the repository's root, in Git's notation."""
    return f"{workspace.dataset_path(dataset)}/{table.folder}.dvc"


def planned_files(workspace: Workspace, plan: MergePlan) -> Iterator[PlannedFile]:
    """Yield every pointer that the merge changes on our side or leaves in conflict, and the merged manifests."""
    trees = {
        Side.OURS: workspace.git.tree(plan.ours),
        Side.THEIRS: workspace.git.tree(plan.theirs),
    }
    for dataset in plan.datasets:
        for manifest in dataset.manifests:
            yield manifest.path, manifest.text, not manifest.conflicts
        for table in dataset.tables.values():
            if not (table.is_open or table.is_moved) or _is_of_stage(table):
                continue
            path = _pointer_path(workspace, dataset.name, table)
            if table.is_open:
                yield path, conflict_block(unmerged_table(workspace, plan, dataset.name, table)), False
            elif table.pointer is None:
                yield path, None, True
            else:
                # Reuse a side's own text if it names the same object, because it may contain more.
                same = next((s for s in trees if _object(table.sides[s]) == table.pointer.object), None)
                text = trees[same].read_text(path) if same is not None else None
                yield path, text or pointer_text(table.pointer), True


def prepared_files(workspace: Workspace, plan: MergePlan) -> list[PreparedFile]:
    """Return the files for which Git may call a driver."""
    return [
        PreparedFile(path, text, is_settled)
        for path, text, is_settled in planned_files(workspace, plan)
        if text is not None
    ]


def _plan_dataset(
    workspace: Workspace,
    name: str,
    revisions: tuple[str, str],
    bases: Sequence[str],
    labels: Mapping[Side, str],
) -> DatasetPlan:
    ours, theirs = (state_at(workspace, name, rev) for rev in revisions)
    if _pointers(ours) == _pointers(theirs):
        base: DatasetState | None = ours
    else:
        base = common_state(workspace, name, bases)
    manifests = plan_manifests(workspace, name, *revisions, bases, labels)
    return DatasetPlan(name, ours, theirs, plan_tables(workspace, base, ours, theirs), manifests)


def plan_tables(
    workspace: Workspace,
    base: DatasetState | None,
    ours: DatasetState,
    theirs: DatasetState,
    *,
    tables: Sequence[str] = (),
) -> dict[str, PlannedTable]:
    """Plan the merge of each table of two states, or only of the named tables.

    Raises:
        PartError: needed rows cannot be found.
    """
    states = {Side.BASE: base, Side.OURS: ours, Side.THEIRS: theirs}
    names = sorted({name for state in states.values() if state for name in state.pointers})
    sides = {
        name: {side: state.pointers.get(name) if state else None for side, state in states.items()}
        for name in names
        if not tables or name in tables
    }
    for name, side in sides.items():
        objects = {pointer.object for pointer in side.values() if pointer is not None}
        workspace.store.check_names(objects if len(objects) > 1 else (), f"{ours.name}/{name}")
    contested = [name for name, side in sides.items() if _is_contested(side)]
    by_rows = [name for name in contested if not any(p and p.stage for p in sides[name].values())]
    merged = merge_states(workspace, base, ours, theirs, tables=by_rows) if by_rows else {}
    return {
        name: _planned(ours if name in ours.pointers else theirs, name, side, merged.get(name))
        for name, side in sides.items()
    }


def _planned(
    state: DatasetState, name: str, sides: Mapping[Side, Pointer | None], merged: MergedTable | None
) -> PlannedTable:
    folder = table_folder(state, name)
    if merged is not None:
        return PlannedTable(name, folder, sides, _merged_pointer(name, folder, sides, merged), merged.merge)
    if _is_contested(sides):
        stage = next(p.stage for p in sides.values() if p and p.stage)
        return PlannedTable(name, folder, sides, None, stage=stage)
    base, ours, theirs = (sides[side] for side in Side)
    return PlannedTable(name, folder, sides, theirs if _object(base) == _object(ours) else ours)


def _merged_pointer(
    name: str, folder: str, sides: Mapping[Side, Pointer | None], merged: MergedTable
) -> Pointer | None:
    listing = merged.listing
    if listing is None or not merged.merge.is_settled:
        return None
    for pointer in sides.values():
        if pointer is not None and pointer.object == listing.object:
            return replace(pointer, folder=folder)
    return Pointer(name, listing.object, merged.size_bytes, len(listing.entries), folder=folder)


def _is_contested(sides: Mapping[Side, Pointer | None]) -> bool:
    base, ours, theirs = (_object(sides[side]) for side in Side)
    return ours != theirs and base not in (ours, theirs)


def _is_of_stage(table: PlannedTable) -> bool:
    return any(pointer is not None and pointer.stage is not None for pointer in table.sides.values())


def _object(pointer: Pointer | None) -> str | None:
    return pointer.object if pointer else None


def _pointers(state: DatasetState) -> dict[str, str]:
    return {name: pointer.object for name, pointer in state.pointers.items()}
