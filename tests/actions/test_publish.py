"""`publish` computes the number from the changes, and never changes a version."""

import shutil

import pytest

from tdmvc.actions.publish import PublishOptions, publish
from tdmvc.errors import InvalidRowsError, LocalWorkError, UsageError
from tdmvc.model.diff import BumpLevel
from tdmvc.model.finding import Severity
from tdmvc.model.version import SemVer
from tdmvc.workspace.row_checks import check_rows_here
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.versions import versions
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import CUSTOMERS, ORDERS, add_csv, commit_orders
from tests.builders import commit_all, git


@pytest.mark.parametrize(
    ("table", "rows", "level", "number"),
    [
        ("orders", ORDERS.replace("open", "sent"), BumpLevel.PATCH, SemVer(1, 0, 1)),
        ("orders", ORDERS + "13,1,open\n", BumpLevel.MINOR, SemVer(1, 1, 0)),
        ("customers", CUSTOMERS.replace("2,Bob\n", ""), BumpLevel.MAJOR, SemVer(2, 0, 0)),
    ],
)
def test_the_changes_decide_the_number(
    workspace: Workspace, table: str, rows: str, level: BumpLevel, number: SemVer
) -> None:
    add_csv(workspace, table, rows)
    report = publish(workspace, "golden")
    assert (report.suggested.level, report.version.version) == (level, number)
    assert report.version.parent == SemVer(1, 0, 0)
    assert f"datasets/golden/versions/{number}.yaml" in report.files


def test_a_lower_bump_needs_permission(workspace: Workspace) -> None:
    add_csv(workspace, "orders", ORDERS + "13,1,open\n")
    lower = PublishOptions(bump=BumpLevel.PATCH)
    with pytest.raises(UsageError, match="call for a minor version, not a patch one"):
        publish(workspace, "golden", options=lower)
    allowed = PublishOptions(bump=BumpLevel.PATCH, allow_lower_bump=True)
    assert publish(workspace, "golden", options=allowed).version.version == SemVer(1, 0, 1)


@pytest.mark.parametrize(
    ("number", "words"),
    [("1.0.0", "already published"), ("0.9.0", "is lower than"), ("one", "not a semantic version")],
)
def test_a_number_that_cannot_be_used_is_refused(workspace: Workspace, number: str, words: str) -> None:
    add_csv(workspace, "orders", ORDERS + "13,1,open\n")
    with pytest.raises(UsageError, match=words):
        publish(workspace, "golden", number)


def test_equal_content_is_reported(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="Nothing changed since") as caught:
        publish(workspace, "golden", "1.0.1")
    assert "--allow-unchanged" in caught.value.remedy
    report = publish(workspace, "golden", "1.0.1", PublishOptions(allow_unchanged=True))
    assert report.equal_to == SemVer(1, 0, 0)


def test_another_contract_or_release_is_something_new(workspace: Workspace) -> None:
    assert publish(workspace, "golden", options=PublishOptions(release="2.0.0")).version.release == "2.0.0"
    commit_all(workspace.root, "2.0.0")
    contract = workspace.working_copy("golden") / "contract.yaml"
    contract.write_text(contract.read_text() + "# more\n")
    commit_all(workspace.root, "A comment")
    assert publish(workspace, "golden").version.version == SemVer(1, 0, 2)


def test_rows_that_break_the_contract_are_refused_or_recorded(workspace: Workspace) -> None:
    add_csv(workspace, "orders", ORDERS + "10,1,late\n,2,open\n")
    commit_all(workspace.root, "Bad keys")
    before = versions(workspace, "golden")
    with pytest.raises(InvalidRowsError, match="break 1 rule") as refused:
        publish(workspace, "golden")
    assert refused.value.exit_code == 1
    assert "1 key (id) of orders appears more than once: 10." in refused.value.message
    assert versions(workspace, "golden") == before
    report = publish(workspace, "golden", options=PublishOptions(allow_lower_bump=True, allow_invalid=True))
    assert [(finding.rule, finding.table) for finding in report.findings] == [
        ("null-key", "orders"),
        ("duplicate-key", "orders"),
    ]
    assert report.version.broken_rules == ("orders.pk",)
    [*_, last] = versions(workspace, "golden")
    assert last.broken_rules == report.version.broken_rules


def test_rows_that_are_not_here_are_not_checked_and_that_is_said(workspace: Workspace) -> None:
    state = resolve_state(workspace, "golden")
    assert check_rows_here(workspace, state) == ()
    shutil.rmtree(workspace.root / ".dvc" / "cache")
    [finding] = check_rows_here(workspace, state)
    assert (finding.rule, finding.severity) == ("rows-not-checked", "info")
    assert "2 tables" in finding.message


def test_a_version_of_rows_that_are_not_committed_says_that_its_commit_lacks_them(
    workspace: Workspace,
) -> None:
    warnings: list[str] = []
    workspace.warn = warnings.append
    add_csv(workspace, "orders", ORDERS + "13,1,open\n")
    version = publish(workspace, "golden").version
    assert version.commit is not None
    assert any(
        f"commit {version.commit[:10]}" in text and "does not have its rows" in text for text in warnings
    )
    warnings.clear()
    commit_all(workspace.root, "All")
    add_csv(workspace, "orders", ORDERS)
    commit_all(workspace.root, "Again")
    publish(workspace, "golden", options=PublishOptions(allow_lower_bump=True))
    assert not any("does not have its rows" in text for text in warnings)


def test_a_tag_commits_only_the_files_of_the_version(workspace: Workspace) -> None:
    before = commit_orders(workspace, "Pay", _10="paid")
    (workspace.root / "notes.txt").write_text("mine\n")
    report = publish(workspace, "golden", options=PublishOptions(tag=True))
    assert report.tag == "golden@v1.0.1"
    assert git(workspace.root, "rev-parse", f"{report.tag}^{{commit}}") == report.commit
    assert git(workspace.root, "rev-parse", f"{report.commit}^") == before
    assert git(workspace.root, "status", "--porcelain") == "?? notes.txt"


def test_edits_that_were_not_added_are_not_published(workspace: Workspace) -> None:
    part = next((workspace.working_copy("golden") / "orders").glob("*.parquet"))
    part.write_bytes(part.read_bytes() + b" ")
    with pytest.raises(LocalWorkError, match="edits that were not added") as caught:
        publish(workspace, "golden")
    assert "tdmvc add golden" in caught.value.remedy


def test_the_release_and_the_commit_are_recorded(workspace: Workspace) -> None:
    (workspace.root / "VERSION").write_text("1.1.0\n")
    commit = commit_all(workspace.root, "Release 1.1.0")
    version = publish(workspace, "golden", "1.0.1").version
    assert (version.release, version.commit) == ("1.1.0", commit)


def test_conditions_that_only_a_server_evaluates_are_warnings(workspace: Workspace) -> None:
    path = workspace.working_copy("golden") / "contract.yaml"
    rule = """\
      - id: own_%d
        type: sql
        query: SELECT COUNT(*) FROM {object} WHERE NOT (own%d(status))
        mustBe: 0
        customProperties:
          - property: tdmvcConstraint
            value: {dialect: postgresql}
"""
    text = path.read_text()
    head, orders = text.split("- name: orders\n")
    path.write_text(f"{head}- name: orders\n    quality:\n{rule % (1, 1)}{rule % (2, 2)}{orders}")
    commit_all(workspace.root, "Conditions")
    report = publish(workspace, "golden")
    assert report.version.broken_rules == ()
    (warned,) = report.findings
    assert (warned.rule, warned.severity, warned.details["count"]) == (
        "check-not-evaluated",
        Severity.WARNING,
        2,
    )
