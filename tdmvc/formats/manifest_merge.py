"""Merges dataset.yaml and contract.yaml of three sides as values, and writes the result in the sides' lines.

Every text is read again before it is returned: it says what was decided, also for each side that a
person may keep, and holds the comments of both sides. Otherwise the file is a conflict.
"""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tdmvc.contracts.odcs.declarations import children, read_unique_key
from tdmvc.contracts.odcs.reading import CONTRACT_FILE, ContractFile, check_relationships, read_contract
from tdmvc.errors import ConfigError
from tdmvc.formats.dataset import DATASET_FILE, read_dataset
from tdmvc.formats.line_merge import ThreeWay
from tdmvc.formats.manifest_entry import ManifestEntry
from tdmvc.formats.manifest_shapes import CONTRACT, DATASET, BooleanWord, Shape, Value, value_of
from tdmvc.formats.manifest_text import mark_choices, write_changes, write_choices
from tdmvc.formats.manifest_values import (
    ABSENT,
    MaybeValue,
    MergedValue,
    Path,
    brief,
    format_path,
    merge_values,
)
from tdmvc.model.merge import ManifestConflict, MarkerStyle, MergedText, NotMerged
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import parse_yaml

_MARKERS: Final = MarkerStyle()
_BYTE_ORDER_MARK: Final = "\ufeff"
LAYOUT_REASON: Final = (
    "Both sides changed lines that cannot be merged without losing a comment or the layout."
)
"""Why a file whose values could be merged is a conflict."""
_UNREADABLE: Final = ""
"""Stands for what is at fault when the reader stops."""

Faults = list[tuple[str, ConfigError]]
"""Why a manifest would be refused, each with the name of what is at fault."""


@dataclass(frozen=True, slots=True)
class _Manifest:
    """A kind of file that is merged as values."""

    shape: Shape
    find_faults: Callable[[YamlNode], Faults]


def _dataset_faults(root: YamlNode) -> Faults:
    try:
        read_dataset(root)
    except ConfigError as error:
        return [(_UNREADABLE, error)]
    return []


def find_contract_faults(root: YamlNode) -> Faults:
    """Return why the strict reader refuses a contract, or the tables that it references and lacks.

    The reader accepts such a reference, because a contract need not describe every table. A merge
    must not create such a reference to a table that one side dropped.
    """
    try:
        file = read_contract(root)
        check_relationships(file)
    except ConfigError as error:
        return [(_UNREADABLE, error)]
    return [*_missing_tables(file), *_missing_columns(root, file)]


def _missing_tables(file: ContractFile) -> Faults:
    return [
        (
            relation.reference.table,
            relation.node.error(
                f"The relationship references the table '{relation.reference.table}', which does not exist."
            ),
        )
        for relation in file.relationships
        if file.contract.table(relation.reference.table) is None
    ]


def _missing_columns(root: YamlNode, file: ContractFile) -> Faults:
    """Return the unique keys of columns that one side dropped, or gave another name."""
    faults: Faults = []
    for node in children(root, "schema"):
        table = file.contract.table(node.need("name").as_text())
        for rule in children(node, "quality"):
            unique = read_unique_key(rule)
            for name in unique.columns if unique is not None and table is not None else ():
                if table is not None and table.column(name) is None:
                    what = f"The rule names the column '{name}', which does not exist."
                    faults.append((f"{table.name}.{name}", rule.error(what)))
    return faults


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
    texts = ThreeWay(base, ours, theirs)
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
        return _merge_texts(manifest, path, ThreeWay(base or "", ours, theirs), style)
    except ConfigError as error:
        return NotMerged(error.what)


def _merge_texts(manifest: _Manifest, path: str, texts: ThreeWay[str], style: MarkerStyle) -> MergedText:
    form = [_form(text, path) for text in texts]
    sides = texts.each(lambda text: _read(text, path))
    merged = _merge_without_faults(manifest, sides.each(lambda side: value_of(side.node) or {}))
    conflicts = merged.conflicts
    try:
        pieces = write_choices(manifest.shape, sides, merged.choices)
    except ConfigError:
        pieces = write_changes(manifest.shape, sides)
        conflicts = (*conflicts, ManifestConflict("", None, None, None, LAYOUT_REASON))
    lines = mark_choices(pieces, style)
    has_mark, line_end, is_open = (ThreeWay(*facts).merged() for facts in zip(*form, strict=True))
    text = line_end.join(lines) + ("" if is_open or not lines else line_end)
    return MergedText((_BYTE_ORDER_MARK if has_mark else "") + text, conflicts)


def _form(text: str, path: str) -> tuple[bool, str, bool]:
    """Return whether a text has a byte order mark, how its lines end, and whether its last line has no end."""
    windows = text.count("\r\n")
    if windows not in (0, text.count("\n")) or windows != text.count("\r"):
        raise ConfigError.at("Its lines do not all end in the same way.", path)
    is_open = text.removeprefix(_BYTE_ORDER_MARK) != "" and not text.endswith("\n")
    return text.startswith(_BYTE_ORDER_MARK), "\r\n" if windows else "\n", is_open


def _read(text: str, path: str) -> ManifestEntry:
    plain = text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n")
    root = parse_yaml(plain, path)
    if not (root.is_mapping or root.is_null):
        raise ConfigError.at("It is not a mapping.", path)
    lines = plain.removesuffix("\n").split("\n") if plain else []
    return ManifestEntry(root, lines, [], is_root=True)


def _merge_without_faults(manifest: _Manifest, sides: ThreeWay[Value]) -> MergedValue:
    """Merge the values; what the strict reader would then refuse is a conflict if it was changed."""
    shape = manifest.shape

    def names_at_fault(value: MaybeValue) -> set[str]:
        return {name for name, _ in manifest.find_faults(_NumberedNodes(shape, value).root)}

    # Faults that a side has already are not the merge's.
    known = names_at_fault(sides.ours) | names_at_fault(sides.theirs)
    ours, theirs = (_NumberedNodes(shape, side).values for side in (sides.ours, sides.theirs))
    contested: dict[Path, str] = {}
    while True:
        merged = merge_values(shape, sides, contested)
        nodes = _NumberedNodes(shape, merged.choices.ours)
        faults = [error for name, error in manifest.find_faults(nodes.root) if name not in known]
        # If one choice has no fault, the conflicts so far are enough.
        if not faults or names_at_fault(merged.choices.theirs) <= known:
            return merged
        for fault in faults:
            at = nodes.paths[(fault.line or 1) - 1]
            places = [at[:length] for length in range(len(at), 0, -1)]
            place = next((one for one in places if ours.get(one, ABSENT) != theirs.get(one, ABSENT)), at)
            if place != () and place not in contested:
                contested[place] = fault.what
                break
        else:
            # There is nothing to choose from, so only the message is left.
            at = nodes.paths[(faults[0].line or 1) - 1]
            alone = ManifestConflict(format_path(at), None, None, None, faults[0].what)
            return MergedValue(merged.choices, (*merged.conflicts, alone))


class _NumberedNodes:
    """The nodes of a value for the strict reader; each has its own line number, by which its path is found."""

    def __init__(self, shape: Shape, value: MaybeValue) -> None:
        self.paths: list[Path] = []
        """By line, from 1."""
        self.values: dict[Path, Value] = {}
        self.root = self._node({} if value is ABSENT else value, shape, ())

    def _node(self, value: Value, shape: Shape, path: Path) -> YamlNode:
        self.paths.append(path)
        self.values.setdefault(path, value)
        line = len(self.paths)
        if isinstance(value, dict):
            inner = {key: self._node(one, shape.of(key), (*path, f".{key}")) for key, one in value.items()}
            return YamlNode("", line, "", inner)
        if isinstance(value, list):
            names = shape.name_elements(value)
            paths = [path] * len(value) if names is None else [(*path, f"[{name}]") for name in names]
            elements = (self._node(one, shape.of(""), at) for one, at in zip(value, paths, strict=True))
            return YamlNode("", line, "", tuple(elements))
        word = value.word if isinstance(value, BooleanWord) else value
        return YamlNode("", line, "", word or "", is_plain=not isinstance(value, str))
