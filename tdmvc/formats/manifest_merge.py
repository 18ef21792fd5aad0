"""Merges dataset.yaml and contract.yaml of three sides as values, and writes the result in the sides' lines.

Every text is read again before it is returned: it says what was decided, also for each side that a
person may keep, and holds the comments of both sides. Otherwise the file is a conflict.
"""

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tdmvc.errors import ConfigError
from tdmvc.formats.contract import CONTRACT_FILE, check_relationships, read_contract
from tdmvc.formats.dataset import DATASET_FILE, read_dataset
from tdmvc.formats.line_merge import mark_lines
from tdmvc.formats.manifest_shapes import CONTRACT, DATASET, BooleanWord, Shape, Value, value_of
from tdmvc.formats.manifest_text import ManifestSide, WriteOptions, write_outcome
from tdmvc.formats.manifest_values import (
    ABSENT,
    MaybeValue,
    MergedValue,
    Path,
    Three,
    brief,
    children_of,
    merge_values,
)
from tdmvc.model.merge import ManifestConflict, MarkerStyle, MergedText, NotMerged, Side
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import parse_yaml

_MARKERS: Final = MarkerStyle()
_BYTE_ORDER_MARK: Final = "\ufeff"
_COMMENT: Final = re.compile(r"(?:^|\s)(#.*)$")
_ATTEMPTS: Final = (
    WriteOptions(),
    WriteOptions(model=Side.THEIRS),
    WriteOptions(max_depth=1),
    WriteOptions(max_depth=1, model=Side.THEIRS),
)
LAYOUT_REASON: Final = (
    "Both sides changed lines that cannot be merged without losing a comment or the layout."
)
"""Why a file whose values could be merged is a conflict."""
_UNREADABLE: Final = ""
"""Stands for what is at fault where the reader stops."""

Faults = dict[str, ConfigError]
"""What the strict reader holds against a manifest, by what is at fault."""


@dataclass(frozen=True, slots=True)
class _Manifest:
    """A kind of file that is merged as values."""

    shape: Shape
    find_faults: Callable[[YamlNode], Faults]


def _dataset_faults(root: YamlNode) -> Faults:
    try:
        read_dataset(root)
    except ConfigError as error:
        return {_UNREADABLE: error}
    return {}


def find_contract_faults(root: YamlNode) -> Faults:
    """Return why the strict reader refuses a contract, or the tables that it references and lacks.

    The reader accepts such a reference, because a contract need not describe every table. A merge
    must not make one of a table that one side dropped.
    """
    try:
        file = read_contract(root)
        check_relationships(file)
    except ConfigError as error:
        return {_UNREADABLE: error}
    return {
        relation.reference.table: relation.node.error(
            f"The relationship references the table '{relation.reference.table}', which does not exist."
        )
        for relation in file.relationships
        if file.contract.table(relation.reference.table) is None
    }


_MANIFESTS: Final = {
    DATASET_FILE: _Manifest(DATASET, _dataset_faults),
    CONTRACT_FILE: _Manifest(CONTRACT, find_contract_faults),
}


def merge_manifest(
    path: str, base: str | None, ours: str | None, theirs: str | None, style: MarkerStyle = _MARKERS
) -> MergedText | NotMerged:
    """Merge a manifest, recognized by its file name; None is a file that does not exist.

    Of another file only the change of one side is merged.
    """
    texts = Three(base, ours, theirs)
    if not texts.is_changed_twice:
        return MergedText(texts.merged())
    manifest = _MANIFESTS.get(posixpath.basename(path))
    if manifest is None:
        return NotMerged(f"{posixpath.basename(path)} is not a manifest.")
    if ours is None or theirs is None:
        shown = texts.each(lambda text: brief(ABSENT if text is None else text))
        reason = "One side deleted the file, and the other changed it."
        return MergedText(
            theirs if ours is None else ours,
            (ManifestConflict("", shown.base, shown.ours, shown.theirs, reason),),
        )
    try:
        return _merge_texts(manifest, path, Three(base or "", ours, theirs), style)
    except ConfigError as error:
        return NotMerged(error.what)


def _merge_texts(manifest: _Manifest, path: str, texts: Three[str], style: MarkerStyle) -> MergedText:
    form = Three(*(_form(text, path) for text in texts))
    sides = texts.each(lambda text: _read(text, path))
    merged = _merge_soundly(manifest, sides.each(lambda side: value_of(side.root) or {}))
    lines, conflicts = _write(manifest.shape, sides, merged, style)
    has_mark, line_end, is_open = (
        form.each(lambda one, index=index: one[index]).merged()  # type: ignore[misc]
        for index in range(3)
    )
    text = line_end.join(lines) + ("" if is_open or not lines else line_end)
    return MergedText((_BYTE_ORDER_MARK if has_mark else "") + text, conflicts)


def _form(text: str, path: str) -> tuple[bool, str, bool]:
    """Return whether a text has a byte order mark, how its lines end, and whether its last line has no end."""
    windows = text.count("\r\n")
    if windows not in (0, text.count("\n")) or windows != text.count("\r"):
        raise ConfigError.at("Its lines do not all end in the same way.", path)
    is_open = text.removeprefix(_BYTE_ORDER_MARK) != "" and not text.endswith("\n")
    return text.startswith(_BYTE_ORDER_MARK), "\r\n" if windows else "\n", is_open


def _read(text: str, path: str) -> ManifestSide:
    plain = text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n")
    root = parse_yaml(plain, path)
    if not (root.is_mapping or root.is_null):
        raise ConfigError.at("It is not a mapping.", path)
    return ManifestSide(plain.removesuffix("\n").split("\n") if plain else [], root)


def _merge_soundly(manifest: _Manifest, sides: Three[Value]) -> MergedValue:
    """Merge the values; what the strict reader would refuse afterwards is in conflict where it came from."""
    # What a side has already is not the merge's fault.
    known = {
        name
        for side in (sides.ours, sides.theirs)
        for name in manifest.find_faults(_Numbering(manifest.shape).node(side))
    }
    contested: dict[Path, str] = {}
    while True:
        merged = merge_values(manifest.shape, sides, contested)
        numbering = _Numbering(manifest.shape)
        faults = manifest.find_faults(numbering.node(merged.choices.ours))
        fault = next((error for name, error in faults.items() if name not in known), None)
        # Where one choice is sound, the person who makes it is told enough.
        if fault is None or not (
            set(manifest.find_faults(_Numbering(manifest.shape).node(merged.choices.theirs))) - known
        ):
            return merged
        at = numbering.paths[(fault.line or 1) - 1]
        place = _innermost_difference(manifest.shape, sides, at)
        if not place or place in contested:
            # Nothing that a person could choose from: the message is all that is left.
            alone = ManifestConflict(_shown(manifest.shape, sides.ours, at), None, None, None, fault.what)
            return MergedValue(merged.choices, (*merged.conflicts, alone))
        contested[place] = fault.what


class _Numbering:
    """Makes nodes of values; each has a line of its own, which stands for its path."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self.paths: list[Path] = []

    def node(self, value: MaybeValue) -> YamlNode:
        return self._node({} if value is ABSENT else value, self._shape, ())

    def _node(self, value: Value, shape: Shape, path: Path) -> YamlNode:
        self.paths.append(path)
        line = len(self.paths)
        if isinstance(value, dict):
            inner = {key: self._node(one, shape.of(key), (*path, key)) for key, one in value.items()}
            return YamlNode("", line, "", inner)
        if isinstance(value, list):
            names = shape.name_elements(value)
            return YamlNode(
                "",
                line,
                "",
                tuple(
                    self._node(one, shape.of(None), path if names is None else (*path, names[place]))
                    for place, one in enumerate(value)
                ),
            )
        word = value.word if isinstance(value, BooleanWord) else value
        return YamlNode("", line, "", word or "", is_plain=not isinstance(value, str))


def _innermost_difference(shape: Shape, sides: Three[Value], path: Path) -> Path:
    """Return the longest beginning of a path at which ours and theirs differ."""
    found: Path = ()
    here: Three[MaybeValue] = sides.each(lambda side: side)
    for depth, name in enumerate(path, 1):
        kind = list if any(isinstance(side, list) for side in here) else dict
        inner = here.each(lambda side: children_of(shape, side, kind))  # noqa: B023
        if None in tuple(inner):
            break
        here = inner.each(lambda side: (side or {}).get(name, ABSENT))  # noqa: B023
        shape = shape.of(name if kind is dict else None)
        if here.ours != here.theirs:
            found = path[:depth]
    return found


def _shown(shape: Shape, value: MaybeValue, path: Path) -> str:
    shown = ""
    for name in path:
        is_list = isinstance(value, list)
        shown = f"{shown}[{name}]" if is_list else f"{shown}.{name}".lstrip(".")
        value = (children_of(shape, value, list if is_list else dict) or {}).get(name, ABSENT)
        shape = shape.of(None if is_list else name)
    return shown


def _write(
    shape: Shape, sides: Three[ManifestSide], merged: MergedValue, style: MarkerStyle
) -> tuple[list[str], tuple[ManifestConflict, ...]]:
    """Return the lines of the merged file, and what a person must settle in it."""
    for options in _ATTEMPTS:
        try:
            texts = Three(*_outcomes(shape, sides, merged, options))
        except ConfigError:
            continue
        if _wanted_comments(sides) <= {comment for lines in texts for comment in _comments(lines)}:
            return mark_lines(texts.base, texts.ours, texts.theirs, style, keeps_changes=False)[
                0
            ], merged.conflicts
    texts = sides.each(lambda side: side.lines)
    lines, count = mark_lines(texts.base, texts.ours, texts.theirs, style, keeps_changes=True)
    if not count:
        lines, _ = mark_lines(texts.base, texts.ours, texts.theirs, style, keeps_changes=False)
    return lines, (*merged.conflicts, ManifestConflict("", None, None, None, LAYOUT_REASON))


def _outcomes(
    shape: Shape, sides: Three[ManifestSide], merged: MergedValue, options: WriteOptions
) -> Sequence[list[str]]:
    """Return the lines by the side that a person keeps in every conflict."""
    ours = write_outcome(shape, sides, merged.choices.ours, options)
    if merged.choices.base == merged.choices.ours == merged.choices.theirs:
        return ours, ours, ours
    base, theirs = (
        write_outcome(shape, sides, choice, options)
        for choice in (merged.choices.base, merged.choices.theirs)
    )
    return base, ours, theirs


def _wanted_comments(sides: Three[ManifestSide]) -> set[str]:
    """Return the comments of both sides, without those that a side removed."""
    base, ours, theirs = (set(_comments(side.lines)) for side in sides)
    return (ours & theirs) | (ours - base) | (theirs - base)


def _comments(lines: Sequence[str]) -> list[str]:
    """Return the comments of a text; what only looks like one, in a quoted text, is compared all the same."""
    return [match[1].rstrip() for line in lines if (match := _COMMENT.search(line))]
