"""Every field of the standard has an effect, or is known to have none; its JSON Schemas say which there are."""

import copy

import pytest

from tdmvc.contracts.base import ImportOptions
from tdmvc.contracts.odcs.fields import FIELDS, LOGICAL_OPTIONS, Kind
from tdmvc.contracts.odcs.format import OdcsReader
from tests.contracts.odcs.standard import VERSIONS, schema_of
from tests.contracts.odcs.walking import Schema, options_of_types, walk_fields


def _missing(schemas: list[Schema]) -> set[str]:
    """Return the fields of the standard that the list of fields lacks."""
    return {
        f"{kind}.{name}"
        for root in schemas
        for kind, names in walk_fields(root).items()
        for name in names
        if name not in FIELDS[kind]
    }


def test_every_field_of_the_standard_is_in_the_list() -> None:
    schemas = [schema_of(version) for version in VERSIONS]
    assert _missing(schemas) == set()
    walked = [walk_fields(root) for root in schemas]
    for kind, fields in FIELDS.items():
        known = set().union(*(one.get(kind, set()) for one in walked))
        if kind not in (Kind.OPTIONS, Kind.ARGUMENTS):
            assert set(fields) == known, kind


def test_every_option_of_a_logical_type_is_in_the_list() -> None:
    found: dict[str, set[str]] = {}
    for version in VERSIONS:
        for logical, names in options_of_types(schema_of(version)).items():
            found.setdefault(logical, set()).update(names)
    found.pop("map")
    assert {logical: set(names) for logical, names in LOGICAL_OPTIONS.items()} == found


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("DataQuality", "quality[].tolerance"),
        ("SchemaElement", "properties[].tolerance"),
        ("EnumValue", "enum[].tolerance"),
    ],
)
def test_a_field_of_a_new_version_is_missed(name: str, definition: str) -> None:
    newer = copy.deepcopy(schema_of(VERSIONS[-1]))
    newer["$defs"][name]["properties"]["tolerance"] = {"type": "number"}
    assert definition in _missing([newer])


_WITHOUT_EFFECT = [
    (kind, name)
    for kind, fields in FIELDS.items()
    for name, field in fields.items()
    if field.effect is None and kind not in (Kind.CUSTOM, Kind.SERVICE_LEVEL)
]


@pytest.mark.parametrize(("kind", "name"), _WITHOUT_EFFECT, ids=lambda value: str(value))
def test_a_field_without_effect_is_reported_with_its_line(kind: Kind, name: str) -> None:
    nested = {
        Kind.CONTRACT: ("", "", "", "", ""),
        Kind.TABLE: (f"\n    {name}: x", "", "", "", ""),
        Kind.COLUMN: ("", f", {name}: x", "", "", ""),
        Kind.ENUM: ("", "", f", {name}: x", "", ""),
        Kind.QUALITY: ("", "", "", f", {name}: x", ""),
    }[kind]
    table, column, enum, quality, _ = nested
    top = f"{name}: x\n" if kind is Kind.CONTRACT else ""
    text = f"""\
apiVersion: v3.2.0
kind: DataContract
{top}schema:
  - name: t{table}
    properties:
      - {{name: a, logicalType: string{column}, enum: [{{value: b{enum}}}]}}
    quality:
      - {{metric: rowCount, mustBe: 1{quality}}}
"""
    result = OdcsReader().read(text, "contract.yaml", ImportOptions())
    path = f"{kind}.{name}" if kind else name
    found = [note for note in result.notes if note.message.startswith(f"{path} is for people")]
    line = next(number for number, one in enumerate(text.splitlines(), 1) if f"{name}: x" in one)
    assert [note.place.line for note in found] == [line]
