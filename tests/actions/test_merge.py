"""`merge` merges rows and commits, leaves conflicts to a person, and can be continued or aborted."""

import pytest

from tdmvc.actions.finish_merge import abort_this_merge, continue_merge
from tdmvc.actions.merge import merge
from tdmvc.actions.resolve import ResolveOptions, resolve
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.merge import Choice, Decision, Side
from tdmvc.model.merge_report import MergeStatus, TableMove
from tdmvc.model.options import FastForward, MergeOptions
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import add_csv, commit_orders, statuses
from tests.builders import git


def diverge(workspace: Workspace, ours: dict[str, str], theirs: dict[str, str]) -> None:
    """Commit orders with other statuses on `feature` and on `main`, and stay on `main`."""
    git(workspace.root, "switch", "-q", "-c", "feature")
    commit_orders(workspace, "Theirs", **theirs)
    git(workspace.root, "switch", "-q", "main")
    commit_orders(workspace, "Ours", **ours)


def test_rows_of_both_sides_are_merged_and_committed(workspace: Workspace) -> None:
    diverge(workspace, {"_10": "late"}, {"_12": "paid"})
    report = merge(workspace, ["feature"])
    assert (report.status, report.commit) == (
        MergeStatus.MERGED,
        git(workspace.root, "rev-parse", "HEAD"),
    )
    (dataset,) = report.datasets
    assert [(table.name, table.move) for table in dataset.tables] == [("orders", TableMove.MERGED)]
    assert statuses(workspace) == {10: "late", 11: "paid", 12: "paid"}


def test_a_conflict_stays_open_until_it_is_resolved_and_the_merge_is_continued(workspace: Workspace) -> None:
    diverge(workspace, {"_10": "late", "_12": "paid"}, {"_10": "void"})
    report = merge(workspace, ["feature"])
    assert (report.status, report.commit, report.needs_person) == (MergeStatus.OPEN, None, True)
    still_open = continue_merge(workspace)
    assert still_open.status is MergeStatus.OPEN
    assert still_open.labels[Side.THEIRS] == "feature"
    (table,) = still_open.datasets[0].tables
    assert table.merge is not None
    assert table.merge.conflict_count == 1
    decision = Decision(Choice(Side.THEIRS), "status", ("10",))
    resolved = resolve(workspace, "golden", "orders", ResolveOptions(decision))
    assert resolved.is_settled
    assert continue_merge(workspace).status is MergeStatus.MERGED
    assert statuses(workspace) == {10: "void", 11: "paid", 12: "paid"}


def test_a_continued_merge_tells_what_a_person_decided_from_what_the_sides_give(workspace: Workspace) -> None:
    diverge(workspace, {"_10": "late"}, {"_10": "void"})
    merge(workspace, ["feature"])
    resolve(workspace, "golden", "orders", ResolveOptions(Decision(Choice(Side.THEIRS))))
    add_csv(workspace, "customers", "id,name\n1,Ann\n2,Bea\n")
    add_csv(workspace, "notes", "id\n1\n")
    (dataset,) = continue_merge(workspace).datasets
    assert [(table.name, table.move, table.is_by_hand) for table in dataset.tables] == [
        ("customers", TableMove.MERGED, True),
        ("notes", TableMove.ADDED, True),
        ("orders", TableMove.TAKEN, True),
    ]


def test_an_aborted_merge_restores_rows_and_head(workspace: Workspace) -> None:
    diverge(workspace, {"_10": "late"}, {"_10": "void"})
    before = git(workspace.root, "rev-parse", "HEAD")
    merge(workspace, ["feature"])
    assert abort_this_merge(workspace).status is MergeStatus.ABORTED
    assert git(workspace.root, "rev-parse", "HEAD") == before
    assert git(workspace.root, "status", "--porcelain") == ""
    assert statuses(workspace)[10] == "late"


def test_a_branch_that_only_adds_commits_is_fast_forwarded_unless_that_is_forbidden(
    workspace: Workspace,
) -> None:
    git(workspace.root, "switch", "-q", "-c", "feature")
    tip = commit_orders(workspace, "Theirs", _10="paid")
    git(workspace.root, "switch", "-q", "main")
    report = merge(workspace, ["feature"])
    assert report.status is MergeStatus.FAST_FORWARD
    assert git(workspace.root, "rev-parse", "HEAD") == tip
    assert merge(workspace, ["feature"]).status is MergeStatus.UP_TO_DATE


def test_diverged_branches_cannot_be_fast_forwarded(workspace: Workspace) -> None:
    diverge(workspace, {"_10": "late"}, {"_12": "paid"})
    with pytest.raises(UsageError, match="have diverged"):
        merge(workspace, ["feature"], MergeOptions(fast_forward=FastForward.ONLY))
    with pytest.raises(NotFoundError, match="nobody"):
        merge(workspace, ["nobody"])
