"""`check` returns a finding with its file for whatever is inconsistent, and reads no rows."""

from pathlib import Path

import pytest

from tdmvc.actions.check import check
from tdmvc.actions.push import push
from tdmvc.errors import NotFoundError
from tdmvc.model.finding import Severity
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import ORDERS, add_csv
from tests.builders import add_remotes, commit_all


def test_a_consistent_repository_has_no_findings(workspace: Workspace) -> None:
    report = check(workspace)
    assert (report.datasets, report.tables, report.versions) == (("golden",), 2, 1)
    assert (report.findings, report.remote, report.has_errors) == ((), None, False)


def test_conflict_markers_are_found_with_file_and_line_and_do_not_hide_other_faults(
    workspace: Workspace,
) -> None:
    folder = workspace.working_copy("golden")
    pointer = folder / "orders.dvc"
    pointer.write_text(f"outs:\n<<<<<<< HEAD\n{pointer.read_text()}=======\n>>>>>>> feature\n")
    (folder / "contract.yaml").write_text("apiVersion: v3.1.0\nkind: Nonsense\n")
    report = check(workspace)
    places = {finding.rule: finding.details for finding in report.findings}
    assert places["conflict-markers"] == {"file": "datasets/golden/orders.dvc", "line": 2}
    assert places["contract-file"]["file"] == "datasets/golden/contract.yaml"
    assert report.has_errors


def test_a_rule_of_the_contract_that_cannot_be_read_is_an_error_with_its_line(workspace: Workspace) -> None:
    contract = workspace.working_copy("golden") / "contract.yaml"
    head, orders = contract.read_text().split("  - name: orders\n")
    rule = "    quality: [{metric: rowCounts, mustBe: 1}]\n"
    contract.write_text(f"{head}  - name: orders\n{rule}{orders}")
    (finding,) = check(workspace).findings
    line = head.count("\n") + 2
    assert (finding.rule, finding.severity, finding.details["line"]) == (
        "contract-file",
        Severity.ERROR,
        line,
    )
    assert "'rowCount'" in finding.remedy
    # The rows can still be read, and none of the checks of rows passes over it.
    found = {one.rule: one.message for one in check(workspace, rows=True).findings}
    assert "orders.unreadable" in found["rule-not-evaluated"]


def test_an_edit_that_was_not_added_is_a_warning(workspace: Workspace) -> None:
    part = next((workspace.working_copy("golden") / "orders").glob("*.parquet"))
    part.write_bytes(part.read_bytes() + b" ")
    (finding,) = check(workspace).findings
    assert (finding.rule, finding.severity, finding.table) == ("not-added", Severity.WARNING, "orders")
    assert "tdmvc add golden" in finding.remedy


def test_a_pointer_that_counts_other_parts_than_its_listing_is_an_error(workspace: Workspace) -> None:
    pointer = workspace.working_copy("golden") / "orders.dvc"
    text = pointer.read_text()
    assert "nfiles: 1" in text
    pointer.write_text(text.replace("nfiles: 1", "nfiles: 2"))
    (finding,) = check(workspace, ["golden"]).findings
    assert (finding.rule, finding.details["file"]) == ("pointer-mixed", "datasets/golden/orders.dvc")


def test_objects_that_the_remote_lacks_are_errors_until_they_are_pushed(app: Path) -> None:
    add_remotes(app, "origin")
    with Workspace.open(app) as workspace:
        push(workspace)
        assert check(workspace, pushed=True).findings == ()
        add_csv(workspace, "orders", ORDERS + "13,1,open\n")
        commit = commit_all(app, "One more")
        report = check(workspace, pushed=True)
        assert (report.commit, report.remote) == (commit, "origin")
        (finding,) = report.findings
        assert (finding.rule, finding.table, finding.details["objects"]) == ("not-on-remote", "orders", 2)
        push(workspace, ["golden"])
        assert check(workspace, pushed=True).findings == ()


def test_an_unknown_dataset_is_an_error(workspace: Workspace) -> None:
    with pytest.raises(NotFoundError, match="There is no dataset 'gold'"):
        check(workspace, ["gold"])
