"""Each field of the standard with a wrong type, a misspelt name or a wrong word: an error with advice, or a note."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tdmvc.contracts.base import ImportOptions
from tdmvc.contracts.odcs.fields import Kind
from tdmvc.contracts.odcs.format import OdcsReader
from tdmvc.errors import ConfigError
from tdmvc.yaml.reader import parse_yaml
from tests.contracts.odcs.standard import VERSIONS, schema_of
from tests.contracts.odcs.walking import options_of_types, parts_of, walk_fields

Path = tuple[str | int, ...]
_TEXT = """\
apiVersion: v3.2.0
kind: DataContract
id: shop
version: 1.0.0
status: active
slaProperties:
  - {property: latency, value: 4, unit: d, element: orders.placed}
customProperties:
  - {property: own, value: 1}
schema:
  - name: orders
    properties:
      - name: code
        logicalType: string
        logicalTypeOptions: {maxLength: 8}
        enum: [{value: a}]
        quality: [{metric: nullValues, mustBe: 0}]
        relationships: [{type: foreignKey, to: orders.count}]
      - {name: placed, logicalType: date, logicalTypeOptions: {minimum: 2026-01-01}}
      - {name: stamp, logicalType: timestamp, logicalTypeOptions: {timezone: true}}
      - {name: clock, logicalType: time, logicalTypeOptions: {timezone: true}}
      - {name: count, logicalType: integer, logicalTypeOptions: {minimum: 0}}
      - {name: price, logicalType: number, logicalTypeOptions: {minimum: 0}}
      - {name: box, logicalType: object, logicalTypeOptions: {minProperties: 1}}
      - {name: tags, logicalType: array, logicalTypeOptions: {minItems: 1}}
      - {name: spot, logicalType: vector, logicalTypeOptions: {dimensions: 2}}
      - {name: pairs, logicalType: map, map: {key: {logicalType: string}, value: {logicalType: string}}}
    quality:
      - {metric: rowCount, mustBe: 1}
"""
_PLACES: dict[Kind, Path] = {
    Kind.CONTRACT: (),
    Kind.TABLE: ("schema", 0),
    Kind.COLUMN: ("schema", 0, "properties", 0),
    Kind.MAP: ("schema", 0, "properties", 9, "map"),
    Kind.ENUM: ("schema", 0, "properties", 0, "enum", 0),
    Kind.QUALITY: ("schema", 0, "properties", 0, "quality", 0),
    Kind.RELATIONSHIP: ("schema", 0, "properties", 0, "relationships", 0),
    Kind.SERVICE_LEVEL: ("slaProperties", 0),
    Kind.CUSTOM: ("customProperties", 0),
}
_WITH_OPTIONS = ("string", "date", "timestamp", "time", "integer", "number", "object", "array", "vector")


@dataclass(frozen=True)
class Wrong:
    """One wrong field of a contract."""

    place: Path
    key: str
    value: Any

    def __str__(self) -> str:
        return "/".join(map(str, (*self.place, f"{self.key}={self.value!r}")))[:90]

    def text(self) -> str:
        root = yaml.safe_load(_TEXT)
        node = root
        for step in self.place:
            node = node[step]
        node[self.key] = self.value
        return yaml.safe_dump(root, sort_keys=False)


def _types(root: dict[str, Any], schemas: list[dict[str, Any]]) -> set[str]:
    """Return the types that a field may have; none if it is open."""
    found: set[str] = set()
    for schema in schemas:
        for part in parts_of(root, schema):
            named = part.get("type", [])
            found.update(named if isinstance(named, list) else [named])
    return found


def _wrong_value(types: set[str]) -> Any:
    """Return a value of another type; None if there is none."""
    if not types or {"object", "string"} <= types:
        return None
    return {"a": "b"} if "string" in types else "zzz"


def _words(root: dict[str, Any], schemas: list[dict[str, Any]]) -> bool:
    return any("enum" in part for schema in schemas for part in parts_of(root, schema))


def _cases() -> Iterator[Wrong]:
    root = schema_of(VERSIONS[-1])
    for kind, properties in walk_fields(root).items():
        if kind in _PLACES:
            yield from _wrong(root, _PLACES[kind], properties)
    for place, logical in enumerate(_WITH_OPTIONS):
        at = ("schema", 0, "properties", place, "logicalTypeOptions")
        yield from _wrong(root, at, options_of_types(root)[logical])


def _wrong(root: dict[str, Any], place: Path, properties: dict[str, list[dict[str, Any]]]) -> Iterator[Wrong]:
    for name, schemas in properties.items():
        value = _wrong_value(_types(root, schemas))
        if value is not None:
            yield Wrong(place, name, value)
        if _words(root, schemas):
            yield Wrong(place, name, "zzz")
        yield Wrong(place, name + name[-1], "1")


CASES = list(_cases())


def test_the_table_has_each_kind_of_fault() -> None:
    assert len(CASES) > 250
    read = OdcsReader().read(_TEXT, "contract.yaml", ImportOptions())
    assert [note.message for note in read.notes] == []


@pytest.mark.parametrize("wrong", CASES, ids=str)
def test_a_wrong_field_is_an_error_that_says_what_to_do_or_a_note(wrong: Wrong) -> None:
    text = wrong.text()
    node = parse_yaml(text, "contract.yaml")
    for step in (*wrong.place, wrong.key):
        node = node.value[step]  # type: ignore[index]
    try:
        found = OdcsReader().read(text, "contract.yaml", ImportOptions())
    except ConfigError as error:
        lines, is_advised = [error.line], bool(error.remedy)
    else:
        lines, is_advised = [note.place.line for note in found.notes], True
    assert node.line in lines
    assert is_advised
