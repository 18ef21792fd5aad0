"""Knows how to merge dataset.yaml and contract.yaml of three sides by what they say, not by their lines.

Every result is read again before it is given away: it must say what was decided, and with markers
it must do so whichever side a person keeps. So a fault here ends in Git's merge of lines and not
in a lost entry.
"""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tdmvc.errors import ConfigError
from tdmvc.model.manifest_merge import ManifestConflict, MarkerStyle, MergedText, NotMerged
from tdmvc.repo.contract import CONTRACT_FILE, parse_contract
from tdmvc.repo.dataset import DATASET_FILE, parse_dataset
from tdmvc.repo.manifests.faults import find_difference
from tdmvc.repo.manifests.layout import Entry, Node
from tdmvc.repo.manifests.layout_reader import read_layout
from tdmvc.repo.manifests.lines import with_markers, write_lines
from tdmvc.repo.manifests.plan import Path, Plan, brief, plan_merge
from tdmvc.repo.manifests.shapes import CONTRACT, DATASET, Shape
from tdmvc.repo.manifests.steps import ABSENT, Absent, Side, Step, Three
from tdmvc.repo.manifests.text_form import TextForm, form_of, with_form, without_form

_MARKERS: Final = MarkerStyle()


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What is known of one kind of file."""

    file: str
    shape: Shape
    parse: Callable[[str, str], object]
    """The strict reader; raises ConfigError."""

    def fault(self, text: str, path: str) -> ConfigError | None:
        """Return what the strict reader says against the text."""
        try:
            self.parse(without_form(text), path)
        except ConfigError as error:
            return error
        return None


_DATASET = _Manifest(DATASET_FILE, DATASET, parse_dataset)
_CONTRACT = _Manifest(CONTRACT_FILE, CONTRACT, parse_contract)


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
    layouts = texts.each(lambda text: read_layout(without_form(text), path))
    sides: Three[Entry | None] = layouts.each(lambda layout: _as_entry(layout.root))
    heads = layouts.each(lambda layout: layout.head)
    contested: dict[Path, str] = {}
    is_sound = all(manifest.fault(text, path) is None for text in (texts.ours, texts.theirs))
    while True:
        plan = plan_merge(manifest.shape, sides, contested)
        settled = {choice: _settle(plan.root, heads, choice, path) for choice in _choices(plan)}
        faults = {choice: manifest.fault(text, path) for choice, text in settled.items()}
        if not is_sound or None in (faults[Side.OURS], faults.get(Side.THEIRS, faults[Side.OURS])):
            break
        fault = faults[Side.OURS]
        assert fault is not None
        merged = _as_entry(read_layout(settled[Side.OURS], path).root)
        place = find_difference(manifest.shape, sides, merged, fault.line)
        if place.is_equal or place.path in contested:
            # Nothing that a person could choose from: the message stands alone.
            plan = plan.with_conflict(ManifestConflict(place.shown, None, None, None, fault.what))
            break
        contested[place.path] = fault.what
    lines = with_markers(write_lines(plan.root, heads, None), style)
    text = "".join(f"{line}\n" for line in lines)
    return MergedText(with_form(text, _form(texts, path)), plan.conflicts)


def _as_entry(root: Node) -> Entry:
    return Entry(None, root, "", "", root.column, lines=("",))


def _form(texts: Three[str], path: str) -> TextForm:
    forms = texts.each(lambda text: form_of(text, path))
    return TextForm(
        forms.each(lambda form: form.has_mark).merged(),
        forms.each(lambda form: form.line_end).merged(),
        forms.each(lambda form: form.is_open).merged(),
    )


def _choices(plan: Plan) -> tuple[Side, ...]:
    return tuple(Side) if plan.root.clashes else (Side.OURS,)


def _settle(root: Step, heads: Three[tuple[str, ...]], choice: Side, path: str) -> str:
    """Return the merged text as a person would leave it who settles each clash by one side.

    Raises:
        ConfigError: it would not say what was decided.
    """
    text = "".join(f"{line}\n" for line in write_lines(root, heads, choice))
    wanted = root.value(choice)
    if read_layout(text, path).root.value != ({} if isinstance(wanted, Absent) else wanted):
        raise ConfigError.at("It is written in a way that a merge by structure cannot keep.", path)
    return text
