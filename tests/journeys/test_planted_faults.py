"""The contract of the golden dataset names each of forty planted faults by exactly its rule, with its rows and line."""

import re
import shutil
from pathlib import Path

import duckdb
import pytest

from tdmvc.demo import FOLDER
from tests.builders import Tdmvc
from tests.journeys.example_projects import ROOT
from tests.journeys.planted_faults import FAULTS, WORLD, Fault

SCENARIOS = ("catalogue", "payment-retry", "subscription-renewal", "multi-currency-invoice")
CONTRACT = ROOT / "datasets" / "golden" / "contract.yaml"
FIRST = 50_000


def numbered(fault: Fault, text: str) -> str:
    """Return a text with the numbers of a fault's rows."""
    n = FIRST + FAULTS.index(fault)
    return text.format(n=n, m=n + 10_000)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """The shop's rows with a sound customer for each fault, and the fault."""
    folder = tmp_path / "rows"
    folder.mkdir()
    with duckdb.connect() as con:
        tables = {
            path.stem for scenario in SCENARIOS for path in (FOLDER / "golden" / scenario).glob("*.csv")
        }
        for table in sorted(tables):
            files = [
                str(path)
                for scenario in SCENARIOS
                if (path := FOLDER / "golden" / scenario / f"{table}.csv").exists()
            ]
            con.execute(
                f"CREATE TABLE {table} AS SELECT * FROM read_csv({files}, header=true, all_varchar=true)"
            )
        for fault in FAULTS:
            con.execute(numbered(fault, WORLD))
            con.execute(numbered(fault, fault.sql))
        for table in sorted(tables):
            con.execute(f"COPY {table} TO '{folder}/{table}.csv' (HEADER)")
    return folder


def test_each_fault_is_named_by_its_rule_and_nothing_else_is(repo: Path, tdmvc: Tdmvc, rows: Path) -> None:
    contract = repo / "datasets" / "golden" / "contract.yaml"
    contract.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(CONTRACT, contract)
    tdmvc("add", "golden", rows)
    report = tdmvc("validate", "golden", "--format", "json", code=1).json
    named = {
        one["rule"]: sorted(re.sub(r"^\w+ row (.*?): .*", r"\1", row["message"]) for row in one["examples"])
        for table in report["tables"]
        for one in table["results"]
        if one["verdict"] != "passed"
    }
    assert named == {fault.rule: sorted(numbered(fault, row) for row in fault.rows) for fault in FAULTS}
    assert len(FAULTS) >= 30
    lines = contract.read_text().split("\n")
    for table in report["tables"]:
        for one in table["results"]:
            if one["verdict"] != "passed":
                assert one["place"]["file"] == "datasets/golden/contract.yaml"
                # The line is inside of the element that declares the rule: its table's, and its own.
                line = one["place"]["line"]
                above = [text for text in lines[:line] if text.startswith("  - name: ")]
                assert above[-1] == f"  - name: {table['table']}", one["rule"]
                if not one["columns"] or one["kind"] in ("query", "check", "unique"):
                    continue
                column = [text for text in lines[:line] if text.startswith("      - name: ")][-1]
                assert column.strip() == f"- name: {one['columns'][0]}", one["rule"]


def test_the_golden_dataset_itself_is_valid(repo: Path, tdmvc: Tdmvc) -> None:
    contract = repo / "datasets" / "golden" / "contract.yaml"
    contract.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(CONTRACT, contract)
    tdmvc("add", "golden", *(FOLDER / "golden" / scenario for scenario in SCENARIOS))
    assert tdmvc("validate", "golden", "--fail-on", "warning").out.startswith("Valid: 9 tables")
