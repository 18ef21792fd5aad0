"""Knows what the strict readers hold against a manifest, and which entry of a merged one is at fault."""

from collections.abc import Callable
from dataclasses import dataclass

from tdmvc.errors import ConfigError
from tdmvc.formats.contract import read_strictly
from tdmvc.formats.dataset import parse_dataset
from tdmvc.formats.manifests.layout import Entry, Kind
from tdmvc.formats.manifests.plan import Path, is_joinable, named, shown_below
from tdmvc.formats.manifests.shapes import Shape
from tdmvc.formats.manifests.steps import Three, value_of

UNREADABLE = ""
"""Stands for what is at fault where the reader stops."""

Faults = Callable[[str, str], dict[str, ConfigError]]
"""Returns the faults of a text, by what is at fault."""


def dataset_faults(text: str, path: str) -> dict[str, ConfigError]:
    """Return why the strict reader refuses a dataset.yaml; nothing where it does not."""
    try:
        parse_dataset(text, path)
    except ConfigError as error:
        return {UNREADABLE: error}
    return {}


def contract_faults(text: str, path: str) -> dict[str, ConfigError]:
    """Return why the strict reader refuses a contract.yaml, or the tables that it references and lacks.

    The reader takes such a reference, because a contract need not describe every table. A merge
    must not make one of a table that one side dropped.
    """
    try:
        file = read_strictly(text, path)
    except ConfigError as error:
        return {UNREADABLE: error}
    return {
        relation.reference.table: relation.node.error(
            f"The relationship references the table '{relation.reference.table}', which is not there."
        )
        for relation in file.relationships
        if file.contract.table(relation.reference.table) is None
    }


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a manifest a fault is."""

    shown: str
    """The innermost entry that holds it, as people read it."""
    path: Path
    """The innermost entry that holds it and in which ours and theirs differ; empty where that is the whole file."""


def find_place(shape: Shape, sides: Three[Entry | None], merged: Entry, line: int | None) -> Place:
    """Return the place of a fault at a line (from 1) of the merged file."""
    path: Path = ()
    different = path
    shown = ""
    entry = merged
    while line is not None and (path == () or is_joinable(shape, sides)):
        kind = entry.node.kind
        inside = named(shape, entry, kind) or {}
        name = next((name for name, found in inside.items() if found.is_at(line - 1)), None)
        if name is None:
            break
        entry = inside[name]
        path = (*path, name)
        shown = shown_below(shown, name, kind)
        sides = _below(shape, sides, kind, name)
        shape = shape.of(name if kind is Kind.MAPPING else None)
        if value_of(sides.ours) != value_of(sides.theirs):
            different = path
    return Place(shown, different)


def _below(shape: Shape, sides: Three[Entry | None], kind: Kind, name: str) -> Three[Entry | None]:
    return sides.each(lambda side: (named(shape, side, kind) or {}).get(name))
