"""`revert` undoes one change in the working copy, keeps later ones, and returns what became of each table."""

import pytest

from tdmvc.actions.publish import publish
from tdmvc.actions.revert import RevertOptions, revert
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.merge_report import TableMove
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import CUSTOMERS, add_csv, commit_orders, statuses
from tests.builders import commit_all


def test_a_commit_is_undone_and_later_changes_are_kept(workspace: Workspace) -> None:
    change = commit_orders(workspace, "Pay", _10="paid")
    commit_orders(workspace, "Send", _10="paid", _12="sent")
    report = revert(workspace, "golden", change)
    assert [(table.name, table.move) for table in report.tables] == [("orders", TableMove.MERGED)]
    assert (report.needs_person, report.files) == (False, ())
    assert statuses(workspace) == {10: "open", 11: "paid", 12: "sent"}


def test_a_later_change_of_the_same_cell_is_a_conflict(workspace: Workspace) -> None:
    change = commit_orders(workspace, "Pay", _10="paid")
    commit_orders(workspace, "Void", _10="void")
    report = revert(workspace, "golden", change)
    assert [table.move for table in report.open_tables] == [TableMove.CONFLICT]
    assert report.needs_person


def test_a_version_is_reverted_to_the_one_before_it(workspace: Workspace) -> None:
    commit_orders(workspace, "Pay", _10="paid")
    publish(workspace, "golden", "1.0.1")
    report = revert(workspace, "golden", "1.0.1")
    assert (report.old, report.new) == ("golden@1.0.0", "golden@1.0.1")
    assert statuses(workspace)[10] == "open"


def test_only_the_named_tables_are_reverted(workspace: Workspace) -> None:
    add_csv(workspace, "customers", CUSTOMERS + "3,Cat\n")
    change = commit_orders(workspace, "Both", _10="paid")
    report = revert(workspace, "golden", change, RevertOptions(("customers",)))
    assert [table.name for table in report.tables] == ["customers"]
    assert statuses(workspace)[10] == "paid"


def test_a_change_that_touched_nothing_is_empty(workspace: Workspace) -> None:
    assert revert(workspace, "golden", commit_all(workspace.root, "Nothing")).is_empty


def test_a_reference_without_a_change_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="is the first version"):
        revert(workspace, "golden", "1.0.0")
    with pytest.raises(UsageError, match="is not a range"):
        revert(workspace, "golden", "HEAD..")
    with pytest.raises(NotFoundError, match="There is no table 'order'"):
        revert(workspace, "golden", "HEAD", RevertOptions(("order",)))
