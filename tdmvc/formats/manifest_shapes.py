"""Declares how each list and mapping of dataset.yaml and contract.yaml is merged."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tdmvc.contracts.odcs.declarations import (
    COLLATION_PROPERTY,
    DEFAULT_PROPERTY,
    GENERATED_PROPERTY,
    IDENTITY_PROPERTY,
    INDEXES_PROPERTY,
    OPTIONS_PROPERTY,
    VIEWS_PROPERTY,
)
from tdmvc.contracts.odcs.relationships import TARGET_PROPERTY
from tdmvc.yaml.node import YamlNode

_BOOLEANS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n"})


@dataclass(frozen=True, slots=True)
class BooleanWord:
    """A plain scalar that some YAML readers take for a boolean, and so another value than the quoted text."""

    word: str


Value = None | str | BooleanWord | list["Value"] | dict[str, "Value"]
"""What a node says: numbers and dates are texts, as the strict reader reads them."""

ElementName = Callable[[Value], str | None]
"""Returns what identifies an element of a list on all sides; None if nothing does."""


def boolean_or_text(text: str) -> Value:
    """Return what a plain scalar says."""
    return BooleanWord(text) if text.lower() in _BOOLEANS else text


def value_of(node: YamlNode) -> Value:
    """Return what a node says."""
    if isinstance(node.value, dict):
        return {key: value_of(inner) for key, inner in node.value.items()}
    if isinstance(node.value, tuple):
        return [value_of(inner) for inner in node.value]
    if node.is_null:
        return None
    return boolean_or_text(node.value) if node.is_plain else node.value


@dataclass(frozen=True, slots=True)
class SpreadValue:
    """Fields of a list's elements that together are one value, such as a primary key."""

    name: str
    elements: str
    """The field that holds the list."""
    fields: frozenset[str]
    read: Callable[[Value], tuple[str, ...]]
    """Returns the value from the mapping that holds the list."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How one place of a manifest is merged."""

    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    each: "Shape | None" = None
    """The shape of every field that is not named, or of every element."""
    identity: ElementName | None = None
    """Names a list's elements; without it the list is one value."""
    is_repeatable: bool = False
    """Whether equal elements of a list are counted; otherwise a list that has two is one value."""
    is_section: bool = False
    """Whether it only holds entries, so that deleting it is deleting each of them."""
    derived: frozenset[str] = frozenset()
    """Fields computed from all the others: left out if both sides changed it."""
    spread: SpreadValue | None = None
    is_whole: bool = False
    """Whether a mapping is one value: half of each side's would say what neither says."""

    @property
    def is_list(self) -> bool:
        """Whether its entries are elements of a list, not fields of a mapping."""
        return self.identity is not None

    def of(self, name: str) -> "Shape":
        """Return the shape of a field or element."""
        return self.fields.get(name, self.each or PLAIN)

    def step(self, name: str) -> str:
        """Return the step of a path from here to a field or element."""
        return f"[{name}]" if self.is_list else f".{name}"

    def name_elements(self, elements: list[Value]) -> list[str] | None:
        """Return a unique name for each element; None if the list is one value."""
        names: list[str] = []
        counts: Counter[str] = Counter()
        for element in elements:
            name = self.identity(element) if self.identity else None
            if name is None or (counts[name] and not self.is_repeatable):
                return None
            counts[name] += 1
            names.append(name if counts[name] == 1 else f"{name} #{counts[name]}")
        return names if len(set(names)) == len(names) else None


PLAIN = Shape()


def _content(value: Value) -> str:
    """Return a value as one line of text: equal for equal values only."""

    def boolean(word: object) -> object:
        return {"\0": word.word} if isinstance(word, BooleanWord) else None

    return json.dumps(value, default=boolean, sort_keys=True, ensure_ascii=False)


def _by(*names: str) -> ElementName:
    """Return the identity by the first of the fields that an element has."""

    def identify(value: Value) -> str | None:
        words = (_word(value.get(name)) for name in names) if isinstance(value, dict) else ()
        return next((word for word in words if word is not None), None)

    return identify


def _word(value: Value) -> str | None:
    # A column may be called `on`, or `y`.
    return value if isinstance(value, str) else value.word if isinstance(value, BooleanWord) else None


def _by_target(value: Value) -> str | None:
    """Return what a relationship references, and from where."""
    if not isinstance(value, dict):
        return None
    ends = [value.get("from"), value.get("to")]
    for custom in _elements(value.get("customProperties")):
        if isinstance(custom, dict) and custom.get("property") == TARGET_PROPERTY:
            ends[1] = custom.get("value")
    words = [
        ", ".join(_word(one) or _content(one) for one in (end if isinstance(end, list) else [end]))
        for end in ends
        if end
    ]
    return " → ".join(words) or None


def _by_name_or_content(value: Value) -> str | None:
    return _by("id", "name")(value) or _content(value)


def _elements(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _primary_key(table: Value) -> tuple[str, ...]:
    """Return the columns of a table's primary key in order, as contract.py reads them."""
    found: list[tuple[int, str]] = []
    for place, column in enumerate(_elements(table.get("properties") if isinstance(table, dict) else None)):
        if not isinstance(column, dict):
            continue
        flag, rank = column.get("primaryKey"), column.get("primaryKeyPosition")
        if isinstance(flag, BooleanWord) and flag.word.lower() == "true":
            is_ranked = isinstance(rank, str) and rank.isdecimal() and len(rank) < 10
            name = column.get("name")
            found.append(
                (int(str(rank)) if is_ranked else 1_000_000_000 + place, _word(name) or _content(name))
            )
    return tuple(name for _, name in sorted(found))


def _list(identity: ElementName, each: Shape = PLAIN, *, is_repeatable: bool = False) -> Shape:
    return Shape(each=each, identity=identity, is_repeatable=is_repeatable, is_section=True)


_TEXTS = _list(_word, is_repeatable=True)
_LOCATION = Shape({"heads": _TEXTS, "ids": _TEXTS}, derived=frozenset({"count", "digest"}))

DATASET = Shape(
    {
        "migrations": Shape(each=_LOCATION, is_section=True),
        "tables": Shape(each=PLAIN, is_section=True),
        "ignore": _TEXTS,
    }
)

_WHOLE = Shape(is_whole=True)
_NAMED_VALUES = Shape({"value": _list(_by("name"), _WHOLE)})
_CUSTOM_PROPERTIES = Shape(
    {
        **dict.fromkeys(
            (
                DEFAULT_PROPERTY,
                GENERATED_PROPERTY,
                IDENTITY_PROPERTY,
                COLLATION_PROPERTY,
                OPTIONS_PROPERTY,
            ),
            Shape({"value": _WHOLE}),
        ),
        INDEXES_PROPERTY: _NAMED_VALUES,
        VIEWS_PROPERTY: _NAMED_VALUES,
    },
    identity=_by("property"),
    is_section=True,
)
_NOTES = {
    "tags": _TEXTS,
    "customProperties": _CUSTOM_PROPERTIES,
    "authoritativeDefinitions": _list(_by("id", "url")),
}
_OF_NOTES = Shape(_NOTES)
_RULES = {
    **_NOTES,
    "quality": _list(_by_name_or_content, _OF_NOTES, is_repeatable=True),
    "relationships": _list(_by_target, _OF_NOTES),
}
_column_fields: dict[str, Shape] = {**_RULES, "transformSourceObjects": _TEXTS, "examples": _TEXTS}
_COLUMN = Shape(_column_fields)
# Objects and arrays hold columns of their own.
_column_fields["properties"] = _list(_by("name"), _COLUMN)
_column_fields["items"] = _COLUMN
_TABLE = Shape(
    {**_RULES, "properties": _column_fields["properties"]},
    spread=SpreadValue(
        "primaryKey", "properties", frozenset({"primaryKey", "primaryKeyPosition"}), _primary_key
    ),
)

CONTRACT = Shape(
    {
        **_NOTES,
        "schema": _list(_by("name"), _TABLE),
        "description": _OF_NOTES,
        "servers": _list(_by("id", "server"), _OF_NOTES),
        "roles": _list(_by("id", "role"), _OF_NOTES),
        "support": _list(_by("id", "channel"), _OF_NOTES),
        "slaProperties": _list(_by("id", "property"), _OF_NOTES),
        "team": Shape({**_NOTES, "members": _list(_by("id", "username"), _OF_NOTES)}),
    }
)
