"""Knows how to merge dataset.yaml and contract.yaml of three sides by what they say, not by their lines.

Every result is read again before it is given away: it must say what was decided, and with markers
it must do so whichever side a person keeps. So a fault here ends in Git's merge of lines and not
in a lost entry.
"""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tdmvc.errors import ConfigError
from tdmvc.formats.contract import CONTRACT_FILE
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.formats.manifests.faults import Faults, contract_faults, dataset_faults, find_place
from tdmvc.formats.manifests.layout import Entry, Node
from tdmvc.formats.manifests.layout_reader import read_layout
from tdmvc.formats.manifests.lines import Piece, settled, with_markers, write_lines
from tdmvc.formats.manifests.plan import Path, Plan, brief, plan_merge
from tdmvc.formats.manifests.shapes import CONTRACT, DATASET, Shape
from tdmvc.formats.manifests.steps import ABSENT, Absent, Side, Three
from tdmvc.formats.manifests.text_form import TextForm, form_of, with_form, without_form
from tdmvc.model.merge import ManifestConflict, MarkerStyle, MergedText, NotMerged

_MARKERS: Final = MarkerStyle()


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What is known of one kind of file."""

    file: str
    shape: Shape
    faults: Faults


_DATASET = _Manifest(DATASET_FILE, DATASET, dataset_faults)
_CONTRACT = _Manifest(CONTRACT_FILE, CONTRACT, contract_faults)


def merge_manifest(
    path: str, base: str | None, ours: str | None, theirs: str | None, style: MarkerStyle = _MARKERS
) -> MergedText | NotMerged:
    """Merge a manifest, told by its file name; None is a file that is not there.

    Of another file only the change of one side is merged.
    """
    known = {manifest.file: manifest for manifest in (_DATASET, _CONTRACT)}
    return _merge(known.get(posixpath.basename(path)), path, Three(base, ours, theirs), style)


def merge_dataset_text(
    base: str | None, ours: str | None, theirs: str | None, style: MarkerStyle = _MARKERS
) -> MergedText | NotMerged:
    """Merge the text of a dataset.yaml; None is a file that is not there."""
    return _merge(_DATASET, DATASET_FILE, Three(base, ours, theirs), style)


def merge_contract_text(
    base: str | None, ours: str | None, theirs: str | None, style: MarkerStyle = _MARKERS
) -> MergedText | NotMerged:
    """Merge the text of a contract.yaml; None is a file that is not there."""
    return _merge(_CONTRACT, CONTRACT_FILE, Three(base, ours, theirs), style)


def _merge(
    manifest: _Manifest | None, path: str, texts: Three[str | None], style: MarkerStyle
) -> MergedText | NotMerged:
    if texts.base in (texts.ours, texts.theirs) or texts.ours == texts.theirs:
        return MergedText(texts.merged())
    if manifest is None:
        return NotMerged(f"{posixpath.basename(path)} is no manifest.")
    if texts.ours is None or texts.theirs is None:
        shown = texts.each(lambda text: brief(ABSENT if text is None else text))
        conflict = ManifestConflict(
            "", shown.base, shown.ours, shown.theirs, "One side deleted the file, and the other changed it."
        )
        return MergedText(texts.ours if texts.ours is not None else texts.theirs, (conflict,))
    try:
        return _merge_sides(manifest, path, Three(texts.base or "", texts.ours, texts.theirs), style)
    except ConfigError as error:
        return NotMerged(error.what)


def _merge_sides(manifest: _Manifest, path: str, texts: Three[str], style: MarkerStyle) -> MergedText:
    form = _form(texts, path)
    layouts = texts.each(lambda text: read_layout(without_form(text), path))
    sides: Three[Entry | None] = layouts.each(lambda layout: _as_entry(layout.root))
    heads = layouts.each(lambda layout: layout.head)
    # What a side has already is not the merge's fault.
    known = {
        fault for text in (texts.ours, texts.theirs) for fault in manifest.faults(without_form(text), path)
    }
    contested: dict[Path, str] = {}
    while True:
        plan = plan_merge(manifest.shape, sides, contested)
        pieces = write_lines(plan.root, heads)
        choices = tuple(Side) if plan.root.clashes else (Side.OURS,)
        left = {choice: _settle(plan, pieces, choice, path) for choice in choices}
        found = [manifest.faults(left[side], path) for side in (Side.OURS, Side.THEIRS) if side in left]
        # Where one choice is sound, the person who makes it is told enough.
        fault = next((error for name, error in found[0].items() if name not in known), None)
        if fault is None or not all(set(faults) - known for faults in found):
            break
        merged = _as_entry(read_layout(left[Side.OURS], path).root)
        place = find_place(manifest.shape, sides, merged, fault.line)
        if not place.path or place.path in contested:
            # Nothing that a person could choose from: the message stands alone.
            plan = plan.with_conflict(ManifestConflict(place.shown, None, None, None, fault.what))
            break
        contested[place.path] = fault.what
    return MergedText(with_form(_joined(with_markers(pieces, style)), form), plan.conflicts)


def _settle(plan: Plan, pieces: list[Piece], choice: Side, path: str) -> str:
    """Return the merged text as a person leaves it who settles each clash by one side.

    Raises:
        ConfigError: it would not say what was decided.
    """
    text = _joined(settled(pieces, choice))
    wanted = plan.root.value(choice)
    if read_layout(text, path).root.value != ({} if isinstance(wanted, Absent) else wanted):
        raise ConfigError.at("It is written in a way that a merge by structure cannot keep.", path)
    return text


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _as_entry(root: Node) -> Entry:
    return Entry(None, root, "", "", root.column, lines=("",))


def _form(texts: Three[str], path: str) -> TextForm:
    forms = texts.each(lambda text: form_of(text, path))
    return TextForm(
        forms.each(lambda form: form.has_mark).merged(),
        forms.each(lambda form: form.line_end).merged(),
        forms.each(lambda form: form.is_open).merged(),
    )
