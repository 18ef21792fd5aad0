"""`git-merge`: merges the three texts of a pointer or a manifest that Git passes to its merge driver."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tdmvc.errors import ConfigError, StoreError
from tdmvc.formats.conflict_file import CONFLICT_FOLDER, IGNORE_ALL, conflict_path
from tdmvc.formats.conflict_markers import render_conflict_texts
from tdmvc.formats.manifest_merge import merge_manifest
from tdmvc.formats.pointers import render_pointer
from tdmvc.gitrepo.attributes import MANIFESTS
from tdmvc.gitrepo.merge_preview import MARKER_SIZE, is_inner_merge
from tdmvc.merging.conflicts import conflict_file, conflict_file_text
from tdmvc.merging.pointers import dataset_of, merge_unmerged
from tdmvc.merging.tables import MergedTable
from tdmvc.merging.unmerged import unmerged_table
from tdmvc.model.merge import UNDECIDED, MarkerStyle, MergedText, Resolutions, Side, TableMerge, TableOutcome
from tdmvc.model.merge_report import UnmergedTable
from tdmvc.store.atomic_files import write_atomic
from tdmvc.workspace.workspace import Workspace

_SIDES = {TableOutcome.OURS: Side.OURS, TableOutcome.THEIRS: Side.THEIRS, TableOutcome.BASE: Side.BASE}
Texts = Mapping[Side, str]
_WRITER = "git-merge"
"""What the driver leaves if it is killed is removed when Git calls it again."""


@dataclass(frozen=True, slots=True)
class PointerMerge:
    """The result of merging a pointer."""

    text: str
    unmerged: UnmergedTable
    merge: TableMerge | None
    """None if the rows cannot be found, so that nothing could be merged."""
    problem: StoreError | None = None

    @property
    def has_conflict(self) -> bool:
        return self.merge is None or not self.merge.is_settled


def is_manifest(path: str) -> bool:
    """Return whether a file is merged entry by entry, and not as a pointer."""
    return posixpath.basename(path) in MANIFESTS


def merge_pointers(
    workspace: Workspace,
    path: str,
    texts: Texts,
    labels: Mapping[Side, str],
    *,
    marker_size: int = MARKER_SIZE,
) -> PointerMerge | None:
    """Merge the rows that three texts of a pointer name; only parts are written, to the cache.

    When Git merges the common ancestors of branches (a criss-cross merge), no conflict may be
    left: undecided cells then keep their base value.

    Returns:
        None if a text is not a pointer to this table of a dataset, so that Git merges the texts.
    """
    if dataset_of(workspace, path) is None:
        return None
    try:
        unmerged = unmerged_table(path, texts, labels)
    except ConfigError:
        return None
    is_inner = is_inner_merge(workspace.git, path, marker_size)
    try:
        merged = merge_unmerged(workspace, unmerged, Resolutions(table=Side.BASE) if is_inner else UNDECIDED)
    except StoreError as error:
        text = texts[Side.BASE] if is_inner else render_conflict_texts(texts, _all_labels(unmerged))
        return PointerMerge(text, unmerged, None, error)
    return PointerMerge(_text(merged, unmerged, texts), unmerged, merged.merge)


def merge_manifest_texts(
    workspace: Workspace,
    path: str,
    texts: Mapping[Side, str],
    labels: Mapping[Side, str],
    *,
    marker_size: int = MARKER_SIZE,
) -> MergedText | None:
    """Merge a manifest entry by entry; an empty base means that both sides added the file.

    When Git merges common ancestors (a criss-cross merge), no conflict may be left: if there is one,
    the whole file keeps its base text, because the merged text contains markers.

    Returns:
        None if Git should merge the lines.
    """
    if dataset_of(workspace, path) is None:
        return None
    ours, base_label, theirs = (labels.get(side) or side for side in (Side.OURS, Side.BASE, Side.THEIRS))
    style = MarkerStyle(ours, base_label, theirs, marker_size)
    base = texts[Side.BASE] or None
    merged = merge_manifest(path, base, texts[Side.OURS], texts[Side.THEIRS], style)
    if not isinstance(merged, MergedText) or merged.text is None:
        return None
    if merged.conflicts and is_inner_merge(workspace.git, path, marker_size):
        return MergedText(texts[Side.BASE])
    return merged


def write_conflict_beside(workspace: Workspace, done: PointerMerge) -> bool:
    """Write a table's conflict file to the work tree; return whether it was written.

    This happens only if Git is about to write the work tree too: a merge in memory writes nothing.
    The file is derived from the pointer, so nothing is lost without it.
    """
    if done.merge is None or done.merge.is_settled or not workspace.git.holds_index:
        return False
    folder = workspace.working_copy(done.unmerged.dataset)
    place = folder / CONFLICT_FOLDER
    if not folder.is_dir() or any(one.is_symlink() for one in (place, folder, folder.parent)):
        return False
    text = conflict_file_text(done.unmerged, conflict_file(workspace, done.unmerged, done.merge))
    try:
        write_atomic(place / ".gitignore", IGNORE_ALL.encode(), writer=_WRITER)
        write_atomic(folder / conflict_path(done.unmerged.folder), text.encode(), writer=_WRITER)
    except StoreError:
        return False
    return True


def write_result(path: Path, text: str) -> None:
    """Write a merged text where Git reads it, completely or not at all."""
    write_atomic(path, text.encode(), writer=_WRITER)


def _text(merged: MergedTable, unmerged: UnmergedTable, texts: Texts) -> str:
    outcome = merged.merge.outcome
    if not merged.merge.is_settled:
        return render_conflict_texts(texts, _all_labels(unmerged))
    if outcome is TableOutcome.UNCHANGED:
        return texts[Side.OURS]
    if outcome in _SIDES:
        return texts[_SIDES[outcome]]
    if merged.listing is None:
        return ""
    return render_pointer(
        unmerged.folder, merged.listing.object, merged.size_bytes, len(merged.listing.entries)
    )


def _all_labels(unmerged: UnmergedTable) -> dict[Side, str]:
    return {side: unmerged.label(side) for side in Side}
