"""Three texts of a dataset.yaml or contract.yaml, as Git hands them to a merge driver, → the merged text."""

from collections.abc import Mapping

from tdmvc.formats.manifest_merge import merge_manifest
from tdmvc.gitrepo.merge_preview import MARKER_SIZE, is_inner_merge
from tdmvc.merging.pointer_states import dataset_of
from tdmvc.model.merge import MarkerStyle, MergedText, Side
from tdmvc.workspace.workspace import Workspace


def merge_manifest_texts(
    workspace: Workspace,
    path: str,
    texts: Mapping[Side, str],
    labels: Mapping[Side, str],
    *,
    marker_size: int = MARKER_SIZE,
) -> MergedText | None:
    """Merge a manifest by what it says; an empty base is a file that both sides added.

    In the common past of two commits no conflict may be left: there the file stays as it was
    before both, whole, because its merged form holds markers.

    Returns:
        None where Git is to merge the lines.
    """
    if dataset_of(workspace, path) is None:
        return None
    ours, parted, theirs = (labels.get(side) or side for side in (Side.OURS, Side.BASE, Side.THEIRS))
    style = MarkerStyle(ours, parted, theirs, marker_size)
    base = texts[Side.BASE] or None
    merged = merge_manifest(path, base, texts[Side.OURS], texts[Side.THEIRS], style)
    if not isinstance(merged, MergedText) or merged.text is None:
        return None
    if merged.conflicts and is_inner_merge(workspace.git, path, marker_size):
        return MergedText(texts[Side.BASE])
    return merged
