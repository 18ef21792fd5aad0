"""Plans the merge of dataset.yaml and contract.yaml, entry by entry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tdmvc.formats import manifest_merge
from tdmvc.gitrepo.attributes import MANIFESTS
from tdmvc.gitrepo.merge import merge_bases
from tdmvc.model.merge import ManifestConflict, MarkerStyle, NotMerged, Side
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PlannedManifest:
    """The merged text of a manifest that both sides changed."""

    path: str
    """From the root of the repository."""
    text: str | None
    """With conflict markers if the sides contradict each other; None if the file is removed."""
    conflicts: tuple[ManifestConflict, ...] = ()


def plan_manifests(
    workspace: Workspace,
    dataset: str,
    ours: str,
    theirs: str,
    bases: Sequence[str],
    labels: Mapping[Side, str],
) -> tuple[PlannedManifest, ...]:
    """Merge the manifests that both revisions changed; those that cannot be merged by entries are left to Git."""
    folder = workspace.dataset_path(dataset)
    style = MarkerStyle(labels[Side.OURS], labels[Side.BASE], labels[Side.THEIRS])
    found: list[PlannedManifest] = []
    for file in MANIFESTS:
        path = f"{folder}/{file}"
        sides = [_text_at(workspace, revision, path) for revision in (ours, theirs)]
        if sides[0] == sides[1]:
            continue
        base = _common_text(workspace, path, bases)
        if base not in sides:
            found += merged_manifest(path, base, sides[0], sides[1], style)
    return tuple(found)


def merged_manifest(
    path: str, base: str | None, ours: str | None, theirs: str | None, style: MarkerStyle
) -> Iterator[PlannedManifest]:
    """Yield a manifest merged entry by entry, or nothing if that is impossible."""
    merged = manifest_merge.merge_manifest(path, base, ours, theirs, style)
    if not isinstance(merged, NotMerged):
        yield PlannedManifest(path, merged.text, merged.conflicts)


def _common_text(workspace: Workspace, path: str, bases: Sequence[str]) -> str | None:
    """Return the base text; with several merge bases, the text on which they agree."""
    first = _text_at(workspace, bases[0], path)
    for other in bases[1:]:
        theirs = _text_at(workspace, other, path)
        before = _common_text(workspace, path, merge_bases(workspace.git, bases[0], other))
        merged = manifest_merge.merge_manifest(path, before, first, theirs)
        first = before if isinstance(merged, NotMerged) or merged.conflicts else merged.text
    return first


def _text_at(workspace: Workspace, revision: str, path: str) -> str | None:
    return workspace.git.tree(revision).read_text(path)
