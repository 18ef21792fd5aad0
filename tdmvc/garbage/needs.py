"""The objects that `gc` must keep: everything that Git, the work trees and DVC name, with what that contains."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tdmvc.errors import TdmvcError
from tdmvc.formats.config import read_config
from tdmvc.formats.object_names import find_objects
from tdmvc.garbage.reachable import FileLocation, Reachable, pointed_path
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.gitrepo.trees import WorkTree
from tdmvc.gitrepo.work_trees import work_trees
from tdmvc.model.tree import FileTree
from tdmvc.store.index import FileIndex
from tdmvc.store.objects import ObjectStore
from tdmvc.store.state_folder import state_folder
from tdmvc.store.store import Store
from tdmvc.store.worktree import read_folder
from tdmvc.workspace.workspace import Workspace

_MOST_BYTES = 1 << 24


@dataclass(slots=True)
class NeededObjects:
    """Objects that must be kept."""

    objects: set[str] = field(default_factory=set)
    owners: dict[str, str] = field(default_factory=dict)
    """The table of each object, where known; used to guess where garbage came from."""
    missing_listings: dict[str, FileLocation] = field(default_factory=dict)
    """Listings that are missing everywhere, so their parts are unknown, and where they are named."""
    fetch_errors: list[str] = field(default_factory=list)
    """Errors of remotes that were asked for listings."""


def collect_needs(workspace: Workspace, clones: list[GitRepo], found: list[Reachable]) -> NeededObjects:
    """Return what the clones name, with the parts of each listing; missing listings are fetched.

    Cost: one read of each listing; no part is read.
    """
    store = workspace.store
    needs = NeededObjects()
    pointed: dict[str, FileLocation] = {}
    for reachable in found:
        needs.objects |= reachable.mentioned
        for oid, place in reachable.pointed.items():
            pointed.setdefault(oid, place)
    needs.objects |= set(pointed)
    for clone in clones:
        for tree in work_trees(clone):
            needs.objects |= set(_kept_beside(tree.root))
    needs.objects |= _named_by_runs(store)
    missing = _expand(store.objects, needs, pointed)
    required = [oid for oid in missing if oid in pointed]
    if required and store.config.remotes:
        workspace.on_progress("gc: listings", 0, len(required), "listings to fetch")
        needs.fetch_errors = store.transfer.fetch_listings(required)
        required = [oid for oid in _expand(store.objects, needs, pointed, only=required) if oid in pointed]
    needs.missing_listings = {oid: pointed[oid] for oid in required}
    return needs


def _expand(
    objects: ObjectStore,
    needs: NeededObjects,
    pointed: dict[str, FileLocation],
    only: list[str] | None = None,
) -> list[str]:
    """Add the parts of the needed listings; return the listings that are missing."""
    missing = []
    for oid in sorted(only if only is not None else needs.objects):
        if not oid.endswith(".dir"):
            continue
        data = objects.read_any_listing(oid)
        if data is None:
            missing.append(oid)
            continue
        # Another tool may have written it, so every name in it that looks like an object counts.
        children = find_objects(data)
        needs.objects |= children
        if oid in pointed:
            needs.owners.update(dict.fromkeys(children | {oid}, pointed_path(pointed[oid])))
    return missing


def _kept_beside(root: Path) -> Iterator[str]:
    """Yield the objects of the rows in a work tree's table folders, and those that tdmvc's state files name.

    The listings of these rows are kept because they show that the rows are not somebody's edit.
    """
    state = state_folder(root)
    if not (root / ".dvc").is_dir():
        return
    for path in sorted(state.glob("*.json")):
        if not path.name.startswith("gc-") and path.stat().st_size <= _MOST_BYTES:
            yield from find_objects(path.read_bytes())
    tree: FileTree = WorkTree(root)
    try:
        datasets = root / read_config(tree).datasets_folder
    except TdmvcError:
        return
    index = FileIndex(state / "index.sqlite")
    try:
        for folder in sorted(datasets.glob("*/*/")):
            if folder.is_symlink() or folder.parent.is_symlink() or folder.name.startswith("."):
                continue
            rows = read_folder(folder, index)
            if rows is not None and any(name.endswith(".parquet") for name in rows.files):
                yield from rows.files.values()
                if rows.listing is not None:
                    yield rows.listing.object
    finally:
        index.close()


def _named_by_runs(store: Store) -> set[str]:
    """Return the objects in DVC's run cache, from which `dvc repro` restores outputs."""
    found: set[str] = set()
    for path in (store.config.cache_dir / "runs").rglob("*"):
        if path.is_file():
            found |= find_objects(path.read_bytes())
    return found
