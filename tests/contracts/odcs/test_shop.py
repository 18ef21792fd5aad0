"""One contract with all that the standard and tdmvc's own properties can say is read in full, and kept as it is."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tdmvc.contracts.base import ImportOptions
from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.contracts.odcs.format import OdcsReader
from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.model.finding import Severity
from tdmvc.model.rules import Operator, Rule, Threshold, kind_of
from tests.contracts.odcs.standard import CASES, faults_of

TEXT = (CASES / "shop.yaml").read_text(encoding="utf-8")


def _rules() -> dict[str, Rule]:
    read = OdcsReader().read(TEXT, "contract.yaml", ImportOptions())
    assert [note.message for note in read.notes] == [
        f"tdmvcMask ({TEXT.count('tdmvcMask')} times) is not read here, and has no effect.",
        "tdmvcDropped is not read here, and has no effect.",
        "tdmvcQuasiIdentifiers is not read here, and has no effect.",
    ]
    return {rule.id: rule for rule in read.rules}


def _declared() -> Iterator[tuple[str, str]]:
    """Yield the id and the kind of each rule, by words of the text alone."""
    table = column = ""
    for line in TEXT.splitlines():
        if found := re.match(r"  - name: (\w+)", line):
            table = found[1]
        if found := re.match(r"      - \{name: (\w+),", line):
            column = found[1]
        if found := re.match(r"      - \{id: (\w+), (?:metric: (\w+)|type: (\w+))", line):
            kinds = {"duplicateValues": "unique", "total_is_sum": "query"}
            yield f"{table}.{found[1]}", kinds.get(found[2], kinds.get(found[1], "check"))
            continue
        for words, name, kind in (
            ("minimum: ", "range", "range"),
            ("format: email", "format", "format"),
            ("pattern: ", "pattern", "pattern"),
            ("validValues", "invalidValues", "values"),
            ("metric: nullValues", "nullValues", "required"),
            (" unique: true", "unique", "unique"),
            ("varchar", "length", "length"),
            ("to: customers.id", "references", "reference"),
        ):
            if words in line:
                yield f"{table}.{column}.{name}", kind
        if "required: true" in line and "primaryKey: true" not in line:
            yield f"{table}.{column}.required", "required"
        if "primaryKeyPosition: 1" in line:
            yield f"{table}.pk", "key"
        if "from: [order_lines.tenant" in line:
            yield "order_lines.tenant,order_no.references", "reference"


def test_every_rule_of_the_contract_has_its_id_kind_and_line() -> None:
    rules = _rules()
    assert {name: kind_of(rule) for name, rule in rules.items()} == dict(_declared())
    lines = TEXT.splitlines()
    for rule in rules.values():
        assert rule.place is not None
        assert rule.place.line is not None
        around = "\n".join(lines[rule.place.line - 1 : rule.place.line + 1])
        word = rule.id.rpartition(".")[2]
        words = {"pk": "primaryKey", "length": "varchar|maxLength", "references": "to:", "range": "minimum"}
        assert re.search(words.get(word, word), around)


def test_thresholds_and_severities_are_read() -> None:
    rules = _rules()
    loose = {name: rule for name, rule in rules.items() if rule.threshold != Threshold()}
    assert {name: rule.threshold for name, rule in loose.items()} == {
        "orders.note.nullValues": Threshold(Operator.LESS, (Decimal(95),), is_percent=True)
    }
    warnings = {
        name for name, rule in rules.items() if rule.severity is Severity.WARNING and "length" not in name
    }
    assert warnings == {"customers.plausible_age", "orders.note.nullValues"}


@pytest.mark.parametrize("version", ["3.1.0", "3.2.0"])
def test_the_contract_is_valid_and_an_edit_that_changes_nothing_keeps_each_character(version: str) -> None:
    text = TEXT.replace("v3.1.0", f"v{version}")
    assert faults_of(text, version) == []
    assert update_contract(text, "shop", parse_contract(text, "p").tables) == text


def test_an_edit_keeps_the_lines_and_comments_of_all_other_columns() -> None:
    tables = parse_contract(TEXT, "p").tables
    orders = tables["orders"]
    smaller = orders.with_columns(tuple(column for column in orders.columns if column.name != "note"))
    edited = update_contract(TEXT, "shop", {"orders": smaller})
    lost = [line for line in TEXT.splitlines() if line not in edited.splitlines()]
    assert len(lost) == 3
    assert "{name: note" in lost[0]
    assert "# v3.2: enum" in edited
