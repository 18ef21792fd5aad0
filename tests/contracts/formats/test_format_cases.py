"""Each keyword of each contract format has the effect that its page says, or gives a note: cases in YAML."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tdmvc.contracts import READERS, reader_for
from tdmvc.contracts.base import ImportedContract, ImportOptions
from tdmvc.errors import ConfigError
from tdmvc.model.finding import Severity
from tdmvc.model.rules import NO_ROWS, Rule
from tests.yaml_files import read_yaml

FORMATS = Path(__file__).parents[2] / "cases" / "contract_formats"
_KEYS = {"keyword", "does", "text", "rules", "columns", "notes", "error", "line"}
_NO_EFFECT = "no effect"


def _cases() -> Iterator[Any]:
    for path in sorted(FORMATS.glob("*.yaml")):
        for section in read_yaml(path):
            for number, case in enumerate(section["cases"]):
                name = f"{path.stem}-{section['title']}-{number}-{case.get('keyword', '')}".replace(" ", "_")
                yield pytest.param(path.stem, section, case, id=name[:100])


def written(rule: Rule) -> str:
    """Return a rule as the cases write it."""
    default = {one.name: one.default for one in fields(rule.test)}
    values = {name: getattr(rule.test, name) for name in default}
    shown = [f"{name}={value!r}" for name, value in values.items() if value != default[name]]
    text = f"{rule.id}: {type(rule.test).__name__}({', '.join(shown)})"
    text += ", warning" if rule.severity is Severity.WARNING else ""
    if rule.threshold != NO_ROWS:
        unit = " percent" if rule.threshold.is_percent else ""
        text += f", {rule.threshold.operator} {' '.join(map(str, rule.threshold.numbers))}{unit}"
    return text


def _text(section: dict[str, Any], case: dict[str, Any]) -> str:
    own = str(case.get("text", ""))
    return str(section["text"]).replace("«»", own) if "text" in section else own


@pytest.mark.parametrize(("format_name", "section", "case"), _cases())
def test_a_case_gives_exactly_its_rules_and_notes(
    format_name: str, section: dict[str, Any], case: dict[str, Any]
) -> None:
    assert set(case) <= _KEYS
    assert ("keyword" in case) == ("does" in case)
    text, path = _text(section, case), section["path"]
    options = ImportOptions(**section.get("options", {}))
    assert reader_for(text, path).name == format_name
    if "error" in case:
        with pytest.raises(ConfigError) as caught:
            READERS[format_name].read(text, path, options)
        assert case["error"] in caught.value.message
        assert caught.value.line == case.get("line", caught.value.line)
        assert path in caught.value.message
        return
    found = READERS[format_name].read(text, path, options)
    assert [written(rule) for rule in found.rules] == case.get("rules", [])
    _check_columns(found, case.get("columns", {}))
    messages = [note.message for note in found.notes]
    wanted = case.get("notes", [])
    assert len(messages) == len(wanted), messages
    assert all(part in message for part, message in zip(wanted, messages, strict=True)), messages
    if "does" in case:
        has_effect = bool(case.get("rules") or case.get("columns"))
        assert has_effect != case["does"].startswith(_NO_EFFECT)


def _check_columns(found: ImportedContract, wanted: dict[str, dict[str, Any]]) -> None:
    for name, expected in wanted.items():
        table, _, column_name = name.partition(".")
        column = found.contract.tables[table].column(column_name)
        assert column is not None
        shown = {key: column.type_text if key == "type" else str(getattr(column, key)) for key in expected}
        assert shown == {key: str(value) for key, value in expected.items()}


def test_every_rule_and_note_has_a_place_with_a_line() -> None:
    for one in _cases():
        format_name, section, case = one.values
        if "error" not in case:
            found = READERS[format_name].read(
                _text(section, case), section["path"], ImportOptions(**section.get("options", {}))
            )
            places = [*(rule.place for rule in found.rules), *(note.place for note in found.notes)]
            assert all(place is not None and (place.line or place.pointer) for place in places), one.id
