"""The serialiser of all JSON documents: a class publishes what is declared for it, and cells are masked by default."""

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any

from tdmvc.model.version import SemVer
from tdmvc.render.cells import cell_text
from tdmvc.render.privacy import Personal

_EXACT = 2**53
"""Beyond this, readers that keep numbers as doubles (JavaScript, jq) would change an integer."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What applies at one place of a document."""

    hidden: frozenset[str] | None = None
    """The columns whose cells are masked; None masks every cell, outside a table."""
    personal: Personal = field(default_factory=dict)
    """Personal columns by table, inside a diff or a review."""

    def hides(self, column: str | None) -> bool:
        """Return whether cells of the column are masked."""
        return self.hidden is None or column in self.hidden


Member = Callable[[Any, Scope], object]
"""A function that returns one member of a JSON object from the object's value; the result is serialised in turn."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is published of a class."""

    members: tuple[tuple[str, str, Member], ...]
    """(name, mark, member); see `declare`."""
    format: str | None
    enter: Callable[[Any, Scope], Scope] | None


DECLARED: dict[type, Declaration] = {}


def declare(
    class_: type,
    members: str,
    /,
    *,
    format: str | None = None,
    enter: Callable[[Any, Scope], Scope] | None = None,
    **computed: Member,
) -> None:
    """Declare the JSON object that is published for a class.

    Args:
        class_: a dataclass of the model.
        members: the object's members in their order, separated by spaces. `rows` publishes the attribute
            `rows`, `bytes=size_bytes` renames one, and `version=version.number` follows a path.
            `*point` puts the members of another object in its place. A mark at the end changes a member:
            `owner?` publishes an empty value as null, `by-` leaves a null out,
            `key@` publishes cells by column and masks those that the scope hides.
        format: the name of the document, for a class that is one.
        enter: returns the scope inside the object.
        computed: members that are more than an attribute, by name.

    Raises:
        TypeError: an attribute does not exist, or holds cells (`object`) and would be published unmasked.
    """
    parsed = []
    for word in members.split():
        mark = word[-1] if word[-1] in "?@-" else ""
        name, _, path = word.removesuffix(mark).partition("=")
        if name.startswith("*"):
            name, mark, path = name[1:], "*", name[1:]
        path = path or name
        if name not in computed:
            _check_attribute(class_, path, mark)
        parsed.append((name, mark, computed.get(name) or _attribute(path)))
    DECLARED[class_] = Declaration(tuple(parsed), format, enter)


def to_json(value: object, scope: Scope) -> object:
    """Return a value of the model as JSON values.

    Raises:
        TypeError: nothing is declared for its class.
    """
    match value:
        case StrEnum():
            return value.value
        case None | bool() | str() | int():
            return value
        case float():
            return _json_float(value)
        case SemVer():
            return str(value)
        case tuple() | list():
            return [to_json(item, scope) for item in value]
        case frozenset():
            return sorted(value)
        case Mapping():
            return {str(name): to_json(item, scope) for name, item in value.items()}
    return to_object(value, scope)


def to_object(value: object, scope: Scope) -> dict[str, object]:
    """Return the JSON object that is declared for the value's class."""
    declaration = DECLARED.get(type(value))
    if declaration is None:
        raise TypeError(f"no JSON is declared for {type(value).__name__}")
    if declaration.enter is not None:
        scope = declaration.enter(value, scope)
    document: dict[str, object] = {"format": declaration.format} if declaration.format else {}
    for name, mark, member in declaration.members:
        found = member(value, scope)
        if mark == "*":
            document |= to_object(found, scope)
        elif mark == "@":
            assert isinstance(found, Mapping)
            document[name] = {column: cell(column, item, scope) for column, item in found.items()}
        elif mark != "-" or found is not None:
            document[name] = to_json((found or None) if mark == "?" else found, scope)
    return document


def cell(column: str, value: object, scope: Scope) -> object:
    """Return a cell as a JSON value; masked if the scope hides its column."""
    return masked(value) if scope.hides(column) else json_value(value)


def masked(value: object) -> object:
    """Return what may be known of a hidden cell: whether it is null, and how long a text is."""
    if value is None:
        return None
    return {"masked": True, "length": len(value)} if isinstance(value, str | bytes) else {"masked": True}


def json_value(value: object) -> object:
    """Return a JSON value that loses nothing: what JSON lacks becomes a text or an object."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) <= _EXACT else str(value)
        case float():
            return _json_float(value)
        case Decimal():
            return format(value, "f")
        case bytes():
            return {"base64": base64.b64encode(value).decode("ascii")}
        case datetime() | date() | time():
            text = value.isoformat()
            return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
        case list() | tuple():
            return [json_value(item) for item in value]
        case dict():
            return {str(name): json_value(item) for name, item in value.items()}
    return str(value)


def plain_value(value: object) -> object:
    """Return the value with arrays as lists and the keys of maps as texts, as JSON has them."""
    match value:
        case list() | tuple():
            return [plain_value(item) for item in value]
        case dict():
            return {
                name if isinstance(name, str) else cell_text(plain_value(name)): plain_value(item)
                for name, item in value.items()
            }
    return value


def _json_float(value: float) -> float | str:
    return value if math.isfinite(value) else cell_text(value)


def _check_attribute(class_: type, path: str, mark: str) -> None:
    first = path.partition(".")[0]
    if not hasattr(class_, first):
        raise TypeError(f"{class_.__name__} has no {first}")
    annotation = class_.__annotations__.get(first)
    if "object" in str(annotation) and mark != "@":
        raise TypeError(f"{class_.__name__}.{first} holds cells: mark it with @, or compute it")


def _attribute(path: str) -> Member:
    """Return the member at a path of attributes; null where something on the way is."""
    first, _, rest = path.partition(".")
    get = attrgetter(first)
    if not rest:
        return lambda value, scope: get(value)
    inner = _attribute(rest)
    return lambda value, scope: None if get(value) is None else inner(get(value), scope)
