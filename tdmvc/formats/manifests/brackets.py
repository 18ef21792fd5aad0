"""Knows how the merged value of a step is written where it stands in brackets."""

from tdmvc.errors import ConfigError
from tdmvc.formats.manifests.layout import Entry, Kind, Node, Value
from tdmvc.formats.manifests.steps import Absent, Clash, Join, Pick, Side, Step, Three

_EMPTY = {Kind.LIST: "[]", Kind.MAPPING: "{}"}


def source_of(step: Step, choice: Side) -> tuple[str, Side]:
    """Return the words of a scalar or of a collection in brackets, and the side whose lines they follow.

    Raises:
        ConfigError: a comment within brackets has no place in what is written.
    """
    match step.decision:
        case Join(kind, steps):
            side = Side.OURS if step.sides.ours and step.sides.ours.node.source else Side.THEIRS
            value = step.value(choice)
            if not value:
                return empty_source(value), side
            check_comments(step.sides)
            inner = [_entry(child, choice, kind) for child in steps if _is_there(child, choice)]
            shape = next(
                entry.node
                for entry in (step.sides.of(side), step.sides.theirs)
                if entry and entry.node.source
            )
            return _enclosed(inner, shape.source, kind), side
        case Pick(side):
            return _picked(step.sides, side)
        case Clash():
            side = choice
    entry = step.sides.of(side)
    return (entry.node.source if entry else ""), side


def empty_source(value: Value | Absent) -> str:
    """Return the words of a collection without entries, or of nothing."""
    return "[]" if value == [] else "{}" if value == {} else ""


def check_comments(sides: Three[Entry | None]) -> None:
    """Raise a ConfigError where a collection that is written anew has a comment within its brackets."""
    if any(side and side.node.has_comment for side in (sides.ours, sides.theirs)):
        raise ConfigError("A comment stands within brackets that both sides changed.")


def _is_there(step: Step, choice: Side) -> bool:
    return not isinstance(step.value(choice), Absent)


def _entry(step: Step, choice: Side, kind: Kind) -> str:
    source, side = source_of(step, choice)
    if kind is Kind.LIST:
        return source
    entry = step.sides.of(side) or step.sides.ours or step.sides.theirs
    return f"{entry.prefix if entry else ''}{source}".rstrip()


def _picked(sides: Three[Entry | None], side: Side) -> tuple[str, Side]:
    """Return the words of the picked side; of the side that changed the words where the values are equal."""
    nodes: Three[Node | None] = sides.each(lambda entry: entry.node if entry else None)
    picked = nodes.of(side)
    if picked is None:
        return "", side
    if nodes.ours and nodes.theirs and nodes.ours.value == nodes.theirs.value:
        # The base may be absent or say something else: then ours is as good as theirs.
        is_theirs = nodes.base is not None and nodes.base.source == nodes.ours.source
        side = Side.THEIRS if is_theirs else Side.OURS
        return (nodes.theirs if is_theirs else nodes.ours).source, side
    return picked.source, side


def _enclosed(inner: list[str], like: str, kind: Kind) -> str:
    """Return the entries in brackets, spaced and broken into lines as another collection is."""
    first, last = tuple(_EMPTY[kind])
    if not like.startswith(first):  # a pair in a list, without brackets
        like = _EMPTY[kind]
    lines = like.split("\n")
    if len(lines) == 1:
        space = " " if like[1:2] == " " else ""
        return f"{first}{space}{', '.join(inner)}{space}{last}"
    indent = " " * (len(lines[1]) - len(lines[1].lstrip(" ")))
    opened = f"\n{indent}" if lines[0].strip() == first else ""
    closed = f"\n{lines[-1][:-1]}" if lines[-1].strip() == last else ""
    return "".join([first, opened, f",\n{indent}".join(inner), closed, last])
