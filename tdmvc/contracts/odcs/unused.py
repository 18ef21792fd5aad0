"""Reports the fields of a contract that have no effect, once for each, and ids that repeat."""

from collections.abc import Iterable
from difflib import get_close_matches

from tdmvc.contracts.gathering import Gathered
from tdmvc.contracts.odcs.column_types import LOGICAL_TYPES, unknown_logical_type
from tdmvc.contracts.odcs.fields import FIELDS, OWN_PROPERTIES, Field, Kind
from tdmvc.model.schema import PERSONAL
from tdmvc.yaml.node import YamlNode

_SIMILAR = 0.8
"""How similar a word is to another that it is taken for, from 0 to 1."""
_FLAGS = frozenset({"required", "unique", "primaryKey"})
_LISTS = frozenset(
    {"schema", "properties", "quality", "relationships", "enum", "slaProperties", "customProperties"}
)
_MAPPINGS = frozenset({"arguments", "items", "map", "logicalTypeOptions"})
_OPEN = frozenset(
    {(Kind.ENUM, "value"), (Kind.CUSTOM, "value"), (Kind.RELATIONSHIP, "from"), (Kind.RELATIONSHIP, "to")}
)
"""Fields that may hold texts, lists or anything."""
_SEPARATE = frozenset({Kind.OPTIONS, Kind.QUALITY, Kind.ARGUMENTS, Kind.RELATIONSHIP})
"""What is read key by key, and reports what it does not know itself."""


def report_unused(root: YamlNode, gathered: Gathered) -> None:
    """Note each field without effect where it comes first, with how often it comes; refuse ids that repeat."""
    found: dict[str, list[YamlNode]] = {}
    _walk(root, Kind.CONTRACT, found, gathered)
    for message, nodes in found.items():
        times = f" ({len(nodes)} times)" if len(nodes) > 1 else ""
        gathered.note(nodes[0], message.replace(" is ", f"{times} is ", 1))


def _walk(node: YamlNode, kind: Kind, found: dict[str, list[YamlNode]], gathered: Gathered) -> None:
    if not node.is_mapping:
        return
    known = FIELDS[kind]
    for key, value in node.entries():
        if value.is_null:
            continue
        field = known.get(key)
        with gathered.faults_of_one():
            _check_value(kind, key, value)
        if field is None:
            if kind not in _SEPARATE:
                with gathered.faults_of_one():
                    _check_spelling(_path(kind, key), value, key, known)
                message = f"{_path(kind, key)} is not a field of the standard, and has no effect."
                found.setdefault(message, []).append(value)
        elif field.effect is None:
            message = f"{_path(kind, key)} is for people and other tools; it has no effect on rows."
            found.setdefault(message, []).append(value)
        elif field.inner is Kind.CUSTOM:
            with gathered.faults_of_one():
                _report_own(value, kind, found)
                for entry in value.elements():
                    _walk(entry, Kind.CUSTOM, found, gathered)
        elif field.inner not in (None, Kind.OPTIONS, Kind.ARGUMENTS):
            _walk_into(value, field, found, gathered)


def _walk_into(value: YamlNode, field: Field, found: dict[str, list[YamlNode]], gathered: Gathered) -> None:
    assert field.inner is not None
    if not value.is_list:
        _walk(value, field.inner, found, gathered)
        return
    ids: set[str] = set()
    for element in value.elements():
        with gathered.faults_of_one():
            _check_id(element, ids)
        _walk(element, field.inner, found, gathered)


def _report_own(value: YamlNode, kind: Kind, found: dict[str, list[YamlNode]]) -> None:
    """Report custom properties that look like tdmvc's own and are not read there."""
    known = OWN_PROPERTIES.get(kind, ())
    for entry in value.elements() if value.is_list else ():
        name = entry.text("property") if entry.is_mapping else None
        if name is not None and name.lower().startswith("tdmvc") and name not in known:
            _check_spelling(f"custom property {name[:80]}", entry, name, known)
            found.setdefault(f"{name[:80]} is not read here, and has no effect.", []).append(entry)


def _check_spelling(what: str, node: YamlNode, word: str, known: Iterable[str]) -> None:
    """Raise an error if a word is likely to be a misspelt one that has an effect, and would now have none.

    Raises:
        ConfigError: it is.
    """
    near = get_close_matches(word, known, n=1, cutoff=_SIMILAR)
    if near:
        raise node.error(
            f"The {what} is unknown, and would have no effect.", remedy=f"did you mean '{near[0]}'?"
        )


def _check_value(kind: Kind, key: str, value: YamlNode) -> None:
    """Raise an error if a field that has an effect has a value of another form, or a word that it does not know.

    Raises:
        ConfigError: it has.
    """
    field = FIELDS[kind].get(key)
    if field is None or field.effect is None:
        return
    if key in _FLAGS:
        value.as_bool()
    elif key in _LISTS:
        value.elements()
    elif key in _MAPPINGS or kind is Kind.MAP:
        value.entries()
    elif key == "primaryKeyPosition" and value.value != "-1":
        value.as_count()
    elif (kind, key) not in _OPEN and not key.startswith("must"):
        value.as_text()
    if key == "classification":
        _check_classification(value)
    elif key == "logicalType" and value.as_text().strip().lower() not in LOGICAL_TYPES:
        raise unknown_logical_type(value)


def _check_classification(value: YamlNode) -> None:
    """Raise an error if a classification looks like one that hides values and does not.

    Raises:
        ConfigError: it does.
    """
    word = value.as_text().strip().lower()
    if word not in PERSONAL:
        _check_spelling(f"classification '{word[:80]}'", value, word, PERSONAL)


def _check_id(element: YamlNode, ids: set[str]) -> None:
    node = element.child("id") if element.is_mapping else None
    if node is None:
        return
    if node.as_text() in ids:
        raise node.error(
            f"The id '{node.as_text()[:80]}' appears twice in one list.", remedy="give each its own."
        )
    ids.add(node.as_text())


def _path(kind: Kind, key: str) -> str:
    return f"{kind}.{key}" if kind else key
