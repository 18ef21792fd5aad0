"""`log`, `log_row` and `blame` return which commits changed tables, rows and cells."""

import pytest

from tdmvc.actions.blame import BlameOptions, blame
from tdmvc.actions.log import log
from tdmvc.actions.row_log import log_row
from tdmvc.errors import NotFoundError
from tdmvc.model.history import RowEvent
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import ORDERS, add_csv, commit_orders
from tests.builders import commit_all


def test_log_returns_the_commits_that_changed_a_table_newest_first(workspace: Workspace) -> None:
    commit_orders(workspace, "Pay", _10="paid")
    report = log(workspace, "golden", "orders")
    assert [entry.point.subject for entry in report.entries] == ["Pay", "Golden data"]
    (change,) = report.entries[0].tables
    assert (change.added, change.removed, change.changed) == (0, 0, 1)
    assert dict(change.columns) == {"status": 1}


@pytest.mark.parametrize("table", [None, "orders"])
def test_an_unknown_dataset_is_an_error_even_if_commits_changed_a_pipeline(
    workspace: Workspace, table: str | None
) -> None:
    (workspace.root / "dvc.yaml").write_text("stages: {}\n")
    commit_all(workspace.root, "A pipeline")
    with pytest.raises(NotFoundError, match="There is no dataset 'goldn'") as caught:
        log(workspace, "goldn", table)
    assert caught.value.remedy == "did you mean 'golden'?"


def test_log_of_a_dataset_marks_published_versions(workspace: Workspace) -> None:
    newest = log(workspace, "golden").entries[0]
    assert (newest.point.subject, [str(mark.version) for mark in newest.published]) == ("Publish", ["1.0.0"])


def test_the_log_of_a_row_has_each_change_with_its_cells(workspace: Workspace) -> None:
    commit_orders(workspace, "Pay", _10="paid")
    commit_orders(workspace, "Another row", _10="paid", _12="paid")
    steps = log_row(workspace, "golden", "orders", ["10"]).steps
    assert [(step.point.subject, step.event) for step in steps] == [
        ("Pay", RowEvent.CHANGED),
        ("Golden data", RowEvent.ADDED),
    ]
    (cell,) = steps[0].cells
    assert (cell.column, cell.old, cell.new) == ("status", "open", "paid")


def test_a_key_that_never_existed_is_an_error(workspace: Workspace) -> None:
    with pytest.raises(NotFoundError, match="No row of orders ever had the key id=99"):
        log_row(workspace, "golden", "orders", ["99"])


def test_blame_names_the_last_change_of_each_cell_and_edits_of_the_working_copy(workspace: Workspace) -> None:
    commit_orders(workspace, "Pay", _10="paid")
    add_csv(workspace, "orders", ORDERS.replace("10,1,open", "10,2,paid"))
    (row,) = blame(workspace, "golden", "orders", BlameOptions(("10",))).rows
    assert {cell.column: (cell.value, cell.point.subject) for cell in row.cells} == {
        "id": (10, "Golden data"),
        "customer_id": (2, ""),
        "status": ("paid", "Pay"),
    }
