"""Knows what the lists and mappings of dataset.yaml and contract.yaml are, as far as a merge must."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tdmvc.formats.manifests.layout import Switch, Value
from tdmvc.formats.odcs import TARGET_PROPERTY

Identity = Callable[[Value], str | None]
"""Says which element of the other sides an element is; None where it cannot be said."""


@dataclass(frozen=True, slots=True)
class OneValue:
    """Fields of a list's elements that together are one value, such as a primary key."""

    name: str
    fields: frozenset[str]
    read: Callable[[Value], tuple[str, ...]]
    """Returns the value from the mapping that holds the list."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How one place of a manifest is merged."""

    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    each: "Shape | None" = None
    """Of every field that is not named, or of every element."""
    identity: Identity | None = None
    """Of a list's elements; without one the list is one value."""
    is_repeatable: bool = False
    """Whether equal elements of a list are counted; else a list that has two is one value."""
    is_section: bool = False
    """Whether it only holds entries, so that deleting it is deleting each of them."""
    derived: frozenset[str] = frozenset()
    """Fields computed from the whole: left out where both sides changed it."""
    one_value: OneValue | None = None

    def of(self, name: str | None) -> "Shape":
        """Return the shape of a field, or (None) of an element."""
        return self.fields.get(name or "", self.each or PLAIN)


PLAIN = Shape()


def content(value: Value) -> str:
    """Return a value as one line of text: equal for equal values only."""
    return json.dumps(value, default=_spelled, sort_keys=True, ensure_ascii=False)


def _spelled(value: object) -> object:
    return {"\0": value.word} if isinstance(value, Switch) else None


def _by(*names: str) -> Identity:
    """Return the identity by the first of the fields that an element has."""

    def identify(value: Value) -> str | None:
        if isinstance(value, dict):
            words = (_by_word(value.get(name)) for name in names)
            return next((word for word in words if word is not None), None)
        return None

    return identify


def _by_word(value: Value) -> str | None:
    # A column may be called `on`, or `y`.
    return value if isinstance(value, str) else value.word if isinstance(value, Switch) else None


def _by_target(value: Value) -> str | None:
    """Return what a relationship references, and from where."""
    if not isinstance(value, dict):
        return None
    ends = [value.get("from"), value.get("to")]
    for custom in _elements(value.get("customProperties")):
        if isinstance(custom, dict) and custom.get("property") == TARGET_PROPERTY:
            ends[1] = custom.get("value")
    said = [", ".join(map(_said, end if isinstance(end, list) else [end])) for end in ends if end]
    return " → ".join(said) or None


def _said(value: Value) -> str:
    return _by_word(value) or content(value)


def _by_name_or_content(value: Value) -> str | None:
    return _by("id", "name")(value) or content(value)


def _elements(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _primary_key(table: Value) -> tuple[str, ...]:
    """Return the columns of a table's primary key, in its order, as odcs.py reads them."""
    found: list[tuple[int, str]] = []
    for place, column in enumerate(_elements(table.get("properties") if isinstance(table, dict) else None)):
        if not isinstance(column, dict):
            continue
        flag, rank = column.get("primaryKey"), column.get("primaryKeyPosition")
        if isinstance(flag, Switch) and flag.word.lower() == "true":
            ranked = isinstance(rank, str) and rank.isdecimal() and len(rank) < 10
            found.append((int(str(rank)) if ranked else 1_000_000_000 + place, _said(column.get("name"))))
    return tuple(name for _, name in sorted(found))


def _list(identity: Identity, each: Shape = PLAIN, *, is_repeatable: bool = False) -> Shape:
    return Shape(each=each, identity=identity, is_repeatable=is_repeatable, is_section=True)


def _section(each: Shape) -> Shape:
    return Shape(each=each, is_section=True)


_WORDS = _list(_by_word, is_repeatable=True)
_CUSTOM = _list(_by("property"))

_LOCATION = Shape({"heads": _WORDS}, derived=frozenset({"count", "digest"}))

DATASET = Shape(
    {
        "migrations": _section(_LOCATION),
        "tables": _section(PLAIN),
        "ignore": _WORDS,
    },
)

_LINKS = _list(_by("id", "url"))
_NOTES = {"tags": _WORDS, "customProperties": _CUSTOM, "authoritativeDefinitions": _LINKS}
_QUALITY = _list(_by_name_or_content, Shape(_NOTES), is_repeatable=True)
_RELATIONSHIPS = _list(_by_target, Shape(_NOTES))

_property_fields: dict[str, Shape] = {
    **_NOTES,
    "quality": _QUALITY,
    "relationships": _RELATIONSHIPS,
    "transformSourceObjects": _WORDS,
    "examples": _WORDS,
}
_PROPERTY = Shape(_property_fields)
# Objects and arrays hold properties of their own.
_property_fields["properties"] = _list(_by("name"), _PROPERTY)
_property_fields["items"] = _PROPERTY

_TABLE = Shape(
    {
        **_NOTES,
        "quality": _QUALITY,
        "relationships": _RELATIONSHIPS,
        "properties": _property_fields["properties"],
    },
    one_value=OneValue("primaryKey", frozenset({"primaryKey", "primaryKeyPosition"}), _primary_key),
)

CONTRACT = Shape(
    {
        **_NOTES,
        "schema": _list(_by("name"), _TABLE),
        "description": Shape(_NOTES),
        "servers": _list(_by("id", "server"), Shape(_NOTES)),
        "roles": _list(_by("id", "role"), Shape(_NOTES)),
        "support": _list(_by("id", "channel"), Shape(_NOTES)),
        "slaProperties": _list(_by("id", "property"), Shape(_NOTES)),
        "team": Shape({**_NOTES, "members": _list(_by("id", "username"), Shape(_NOTES))}),
    },
)
