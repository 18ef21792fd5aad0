"""`check --rows` finds what is wrong in the rows now, whichever commit brought it, and what it could not check."""

import json
import shlex
import xml.etree.ElementTree as ET

import pyarrow.parquet as pq
import pytest

from tdmvc.actions.check import check
from tdmvc.actions.publish import PublishOptions, publish
from tdmvc.actions.review import review
from tdmvc.actions.validate import validate
from tdmvc.cli.main import run
from tdmvc.model.finding import Finding, Severity
from tdmvc.render.format import RenderOptions
from tdmvc.render.reports.check_formats import CHECK_FORMATS
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import add_csv
from tests.builders import commit_all
from tests.schemas import assert_valid


def found(workspace: Workspace) -> dict[str, Finding]:
    """Return the findings by rule."""
    return {finding.rule: finding for finding in check(workspace, rows=True).findings}


@pytest.fixture
def broken(workspace: Workspace) -> Workspace:
    """Two commits ago, rows came in that break every kind of rule; the last commit changed something else."""
    pointer_rows = "id,customer_id,status\n10,1,open\n10,2,open\n,9,\n12,8,open\n"
    add_csv(workspace, "orders", pointer_rows)
    path = workspace.working_copy("golden") / "contract.yaml"
    text = path.read_text()
    head, orders = text.split("- name: orders\n")
    indent = " " * 8
    orders = orders.replace("name: status\n", f"name: status\n{indent}required: true\n{indent}unique: true\n")
    orders = orders.replace(
        "name: customer_id\n",
        f"name: customer_id\n{indent}relationships:\n{indent}- to: customers.id\n{indent}  type: foreignKey\n",
    )
    path.write_text(f"{head}- name: orders\n{orders}")
    commit_all(workspace.root, "Broken rows")
    (workspace.root / "README.md").write_text("Nothing about data\n")
    commit_all(workspace.root, "Something else")
    return workspace


def test_sound_rows_have_no_findings_and_are_counted(workspace: Workspace) -> None:
    report = check(workspace, rows=True)
    assert (report.findings, report.rows, report.rules) == ((), 5, 2)
    assert check(workspace).rows is None


def test_a_review_blocks_a_new_rule_that_unchanged_rows_break(workspace: Workspace) -> None:
    path = workspace.working_copy("golden") / "contract.yaml"
    text = path.read_text()
    place = text.index("name: id\n", text.index("- name: orders\n")) + len("name: id\n")
    path.write_text(f"{text[:place]}        logicalTypeOptions: {{minimum: 11}}\n{text[place:]}")
    (blocked,) = review(workspace, "HEAD").datasets
    (finding,) = blocked.blocking
    assert (finding.rule, finding.table, finding.details["id"]) == (
        "broken-rule",
        "orders",
        "orders.id.range",
    )
    commit_all(workspace.root, "A rule that rows break")
    path.write_text(path.read_text().replace("minimum: 11", "minimum: 10"))
    assert all(not one.blocking for one in review(workspace, "HEAD").datasets)


def test_what_came_in_long_ago_is_found_with_the_file_of_the_table(broken: Workspace) -> None:
    assert review(broken, "HEAD~1").datasets == ()
    assert check(broken).findings == ()
    findings = found(broken)
    rules = ("duplicate-key", "null-key", "null-in-required", "repeated-unique", "broken-reference")
    for rule in rules:
        assert findings[rule].severity is Severity.ERROR
        assert findings[rule].details["file"] == "datasets/golden/orders.dvc"
        assert (findings[rule].dataset, findings[rule].table) == ("golden", "orders")
    assert findings["broken-reference"].details["count"] == 2
    assert set(findings) == set(rules)


def test_the_rules_that_are_broken_are_those_of_a_validation_with_its_counts(broken: Workspace) -> None:
    (report,) = validate(broken, ["golden"])
    expected = {one.rule.id: one.failing for one in report.failures}
    counts: dict[object, int] = {}
    for finding in check(broken, rows=True).findings:
        name, details = finding.details["id"], finding.details
        counts[name] = counts.get(name, 0) + int(str(details.get("rows", details["count"])))
    assert counts == expected
    report_of_version = publish(broken, "golden", options=PublishOptions(allow_invalid=True))
    assert set(report_of_version.version.broken_rules) == set(expected)


def test_the_command_in_a_remedy_shows_the_rows(
    broken: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    remedy = found(broken)["broken-reference"].remedy
    words = shlex.split(remedy.split("`")[-2])
    assert run(["-C", str(broken.root), *words[1:], "--format", "json"]) == 1
    text = capsys.readouterr().out
    assert all(f'"customer_id": "{number}"' in text for number in (8, 9))


def test_rows_that_cannot_be_read_are_a_finding_and_do_not_hide_others(broken: Workspace) -> None:
    pointer = (broken.working_copy("golden") / "customers.dvc").read_text()
    name = pointer.split("md5: ")[1].split(".dir")[0]
    (broken.store.objects.path(f"{name}.dir")).unlink()
    findings = found(broken)
    assert findings["rows-not-checked"].table == "customers"
    assert findings["rows-not-checked"].severity is Severity.ERROR
    assert "duplicate-key" in findings
    assert findings["rule-not-evaluated"].table == "orders"


def test_a_damaged_part_is_a_finding(workspace: Workspace) -> None:
    for part in (workspace.store.objects.folder).glob("??/*"):
        if part.suffix != ".dir" and pq.read_schema(part).names == ["id", "name"]:
            part.chmod(0o644)
            part.write_bytes(part.read_bytes()[:-1])
    report = check(workspace, rows=True)
    (finding,) = report.findings
    assert (finding.rule, finding.table) == ("rows-not-checked", "customers")
    assert (report.rows, report.rules) == (3, 1)


def test_a_rule_about_columns_that_the_rows_lack_is_a_finding(workspace: Workspace) -> None:
    path = workspace.working_copy("golden") / "contract.yaml"
    path.write_text(path.read_text().replace("name: status\n", "name: state\n        required: true\n"))
    finding = found(workspace)["rule-not-evaluated"]
    assert (finding.severity, finding.columns, finding.table) == (Severity.ERROR, ("state",), "orders")
    assert found(workspace)["broken-rule"].details["id"] == "orders.state.type"


def test_a_table_of_the_contract_without_rows_is_an_error(workspace: Workspace) -> None:
    (workspace.working_copy("golden") / "orders.dvc").unlink()
    finding = found(workspace)["rows-not-checked"]
    assert (finding.severity, finding.table) == (Severity.ERROR, "orders")


def test_personal_keys_are_not_shown(broken: Workspace) -> None:
    path = broken.working_copy("golden") / "contract.yaml"
    head, orders = path.read_text().split("- name: orders\n")
    orders = orders.replace("name: id\n", "name: id\n        classification: personal\n", 1)
    path.write_text(f"{head}- name: orders\n{orders}")
    for finding in found(broken).values():
        assert not {"10", "12"} & set(map(str, finding.details.get("keys", ())))  # type: ignore[call-overload]
        assert "id: 10" not in finding.message


@pytest.mark.parametrize("name", CHECK_FORMATS)
def test_every_format_names_every_finding(broken: Workspace, name: str) -> None:
    report = check(broken, rows=True)
    text = CHECK_FORMATS[name].render(report, RenderOptions())
    for finding in report.findings:
        assert finding.rule in text
    if name == "json":
        document = json.loads(text)
        assert_valid(document, "check")
        assert (document["rows"], document["rules"]) == (6, 5)
    if name == "junit":
        root = ET.fromstring(text.encode())
        assert root.get("failures") == "5"
    if name == "github":
        assert text.count("::error ") == 5
        assert "file=datasets/golden/orders.dvc" in text
