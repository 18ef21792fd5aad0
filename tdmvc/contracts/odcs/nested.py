"""Reads what a contract says about the elements of objects, arrays and maps, as one JSON Schema for each demand."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE
from tdmvc.contracts.gathering import Gathered
from tdmvc.contracts.odcs.column_types import read_logical_type, read_type
from tdmvc.contracts.odcs.declarations import children
from tdmvc.contracts.odcs.elements import ColumnElement, Documents, ElementTest, JsonShape
from tdmvc.contracts.odcs.options import present, read_enum, read_options
from tdmvc.model.rules import Format, JsonSchema, Length, MultipleOf, Pattern, Range, RuleTest, Values
from tdmvc.yaml.node import YamlNode

_JSON_TYPES = {
    "boolean": "boolean",
    "integer": "integer",
    "number": "number",
    "object": "object",
    "map": "object",
    "array": "array",
    "vector": "array",
}
_UNIQUE = "a value inside objects and arrays is not compared with those of other rows"


@dataclass(frozen=True, slots=True)
class Inner:
    """An element inside a column, and how a schema of the column leads to it."""

    element: ColumnElement
    names: tuple[str, ...]
    """What leads to it: names of properties, `items`, `key` and `value`."""
    wrap: Callable[[JsonShape], JsonShape]
    """Returns the schema of the column for one of the element."""
    is_field: bool = False
    """Whether the column holds it as a field of a struct."""

    @property
    def word(self) -> str:
        """The names as words of a rule's id."""
        return ".".join(name.replace(".", "_") for name in self.names)


def inner_elements(element: ColumnElement) -> Iterator[Inner]:
    """Yield the elements of a column at every depth, outer ones first."""
    return _below(Inner(element, (), lambda schema: schema, is_field=True))


def _below(outer: Inner) -> Iterator[Inner]:
    for inner in _directly_below(outer):
        yield inner
        yield from _below(inner)


def _directly_below(outer: Inner) -> Iterator[Inner]:
    node = outer.element.node
    for entry in children(node, "properties"):
        name = entry.need("name").as_text()
        is_field = outer.is_field and bool(pa.types.is_struct(outer.element.type))
        yield Inner(_element(entry), (*outer.names, name), _property(outer, name), is_field)
    items, of_map = node.child("items"), node.child("map")
    if items is not None:
        yield _inside(outer, items, "items", "items")
    if of_map is not None:
        yield _inside(outer, of_map.need("key"), "key", "propertyNames")
        yield _inside(outer, of_map.need("value"), "value", "additionalProperties")


def _inside(outer: Inner, node: YamlNode, name: str, keyword: str) -> Inner:
    return Inner(_element(node), (*outer.names, name), lambda schema: outer.wrap({keyword: schema}))


def _property(outer: Inner, name: str) -> Callable[[JsonShape], JsonShape]:
    return lambda schema: outer.wrap({"properties": {name: schema}})


def _element(node: YamlNode) -> ColumnElement:
    is_typed = any(node.child(key) is not None for key in ("logicalType", "physicalType", "customProperties"))
    type_ = read_type(node) if is_typed else SIMPLE["string"]
    return ColumnElement(node, type_, read_logical_type(node, type_), is_column=False)


def read_inner(inner: Inner, gathered: Gathered) -> Iterator[ElementTest]:
    """Yield what one element must be, as tests of the column that holds it."""
    node = inner.element.node
    if node.flag("required"):
        yield ElementTest(f"{inner.word}.required", Documents(_required(inner)), node.need("required"))
    for key in ("unique", "primaryKey"):
        if node.flag(key):
            gathered.note(node.need(key), f"'{key}' has no effect here: {_UNIQUE}.")
    for relation in children(node, "relationships"):
        gathered.note(relation, "The relationship is not checked: it starts inside an object or array.")
    for declared in read_options(inner.element, gathered):
        yield from _wrapped(inner, declared, gathered)
    with gathered.faults_of_one():
        values = read_enum(inner.element)
        if values is not None:
            yield from _wrapped(inner, ElementTest("enum", values, node.need("enum")), gathered)


def _wrapped(inner: Inner, declared: ElementTest, gathered: Gathered) -> Iterator[ElementTest]:
    shape = inner_shape(inner, declared.test)
    if shape is None:
        gathered.note(declared.node, "It is not checked: JSON has no dates or times whose range could be.")
    else:
        yield ElementTest(f"{inner.word}.{declared.word}", Documents(shape), declared.node)


def inner_shape(inner: Inner, test: RuleTest | Documents) -> JsonShape | None:
    """Return the keywords with which a column passes a test of one of its elements; None if there are none."""
    keywords = _keywords(test, inner.element)
    return inner.wrap(keywords) if keywords is not None else None


def _required(inner: Inner) -> JsonShape:
    """Return the schema with which an element is there, and not null."""
    outer = inner.wrap({"not": {"type": "null"}})
    return _with_required(outer, inner.names)


def _with_required(schema: JsonShape, names: tuple[str, ...]) -> JsonShape:
    """Return a schema of wrapped properties that demands the innermost of them."""
    (key, below), *_ = schema.items()
    assert isinstance(below, dict)
    if key != "properties":
        return {key: _with_required(below, names[1:])} if len(names) > 1 else schema
    if len(names) == 1:
        return present((names[0],))
    return {key: {names[0]: _with_required(below[names[0]], names[1:])}}


def types_of(element: ColumnElement) -> JsonShape:
    """Return the JSON types of a document and of the elements that are declared."""
    schema: JsonShape = {}
    if element.node.text("logicalType") is not None:
        schema["type"] = [_JSON_TYPES.get(element.logical, "string"), "null"]
    for inner in _directly_below(Inner(element, (), lambda inside: inside)):
        for key, below in inner.wrap(types_of(inner.element)).items():
            if key == "properties":
                properties = schema.setdefault(key, {})
                assert isinstance(properties, dict)
                assert isinstance(below, dict)
                properties.update(below)
            elif key != "propertyNames":
                schema[key] = below
    return schema


def has_inner(element: ColumnElement) -> bool:
    """Whether elements of a column are declared."""
    return any(element.node.child(key) is not None for key in ("properties", "items", "map"))


def as_rule_test(test: RuleTest | Documents, *, is_text: bool) -> RuleTest:
    """Return a test as the rule of a column has it.

    Args:
        is_text: whether the column holds JSON texts.
    """
    return JsonSchema(_render(test.keywords), is_text=is_text) if isinstance(test, Documents) else test


def _keywords(test: RuleTest | Documents, element: ColumnElement) -> JsonShape | None:
    pairs: JsonShape
    match test:
        case Documents(keywords):
            return keywords
        case Length():
            word = "Items" if element.logical in ("array", "vector") else "Length"
            pairs = {f"min{word}": test.minimum, f"max{word}": test.maximum}
        case Range() if not isinstance(test.minimum, str) and not isinstance(test.maximum, str):
            pairs = {
                "exclusiveMinimum" if test.excludes_minimum else "minimum": test.minimum,
                "exclusiveMaximum" if test.excludes_maximum else "maximum": test.maximum,
            }
        case MultipleOf(step):
            pairs = {"multipleOf": step}
        case Pattern(expression):
            pairs = {"pattern": expression}
        case Format(name):
            pairs = {"format": name}
        case Values(allowed):
            return {"enum": list(dict.fromkeys((*allowed, None)))}
        case _:
            return None
    return {key: value for key, value in pairs.items() if value is not None}


def _render(value: object) -> str:
    """Return JSON with numbers exactly as they are."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_render(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_render, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
