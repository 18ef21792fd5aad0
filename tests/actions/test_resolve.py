"""`resolve` applies decisions to conflicts, returns what is left, and refuses what makes no sense."""

import pytest

from tdmvc.actions.merge import merge
from tdmvc.actions.resolve import ResolveOptions, resolve
from tdmvc.errors import ConfigError, NotFoundError, UsageError
from tdmvc.model.merge import Choice, Decision, Side
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import commit_orders, statuses
from tests.builders import commit_all, git


@pytest.fixture
def conflicted(workspace: Workspace) -> Workspace:
    """A merge in which the orders 10 and 12 are in conflict."""
    git(workspace.root, "switch", "-q", "-c", "feature")
    commit_orders(workspace, "Theirs", _10="void", _12="void")
    git(workspace.root, "switch", "-q", "main")
    commit_orders(workspace, "Ours", _10="late", _12="late")
    merge(workspace, ["feature"])
    return workspace


def decide(side: Side | None = None, *, value: str | None = None, **words: object) -> ResolveOptions:
    return ResolveOptions(Decision(Choice(side, value), **words))  # type: ignore[arg-type]


def test_without_a_decision_it_returns_the_conflicts_that_are_left(conflicted: Workspace) -> None:
    report = resolve(conflicted)
    (table,) = report.datasets[0].tables
    assert (report.is_settled, report.operation, table.file.count) == (False, "merge", 2)
    first = table.file.left[0].conflict
    assert (first.key, first.column, first.ours, first.theirs) == (("10",), "status", "late", "void")


def test_rows_are_resolved_one_by_one_with_a_side_or_a_value(conflicted: Workspace) -> None:
    left = resolve(conflicted, "golden", "orders", decide(Side.OURS, key=("10",)))
    assert left.datasets[0].tables[0].file.count == 1
    done = resolve(conflicted, "golden", "orders", decide(value="sent", key=("12",), column="status"))
    assert (done.is_settled, done.datasets[0].tables[0].rows) == (True, 3)
    assert statuses(conflicted) == {10: "late", 11: "paid", 12: "sent"}
    assert git(conflicted.root, "ls-files", "--unmerged") == ""


def test_a_side_resolves_a_whole_dataset(conflicted: Workspace) -> None:
    assert resolve(conflicted, "golden", options=decide(Side.THEIRS)).is_settled
    assert statuses(conflicted)[12] == "void"


def test_conflicts_can_be_restored_as_the_merge_left_them(conflicted: Workspace) -> None:
    resolve(conflicted, "golden", options=decide(Side.THEIRS))
    report = resolve(conflicted, "golden", "orders", ResolveOptions(is_again=True))
    assert report.datasets[0].tables[0].file.count == 2


@pytest.mark.parametrize(
    ("table", "options", "error", "words"),
    [
        (None, decide(Side.OURS, key=("10",)), UsageError, "need a table"),
        ("orders", decide(value="x", column="status"), UsageError, "need one cell"),
        ("orders", decide(Side.OURS, key=("11",)), NotFoundError, "is not in conflict"),
        ("orders", decide(value="x", key=("10",), column="id"), NotFoundError, "id is not in conflict"),
        ("customers", decide(Side.OURS), NotFoundError, "No table 'customers' is in conflict"),
    ],
)
def test_an_invalid_decision_changes_nothing(
    conflicted: Workspace, table: str | None, options: ResolveOptions, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        resolve(conflicted, "golden", table, options)
    assert resolve(conflicted).datasets[0].tables[0].file.count == 2


def test_committed_conflict_markers_are_an_error_whose_advice_works(workspace: Workspace) -> None:
    path = "datasets/golden/orders.dvc"
    pointer = workspace.root / path
    ours = pointer.read_text()
    theirs = ours.replace("md5: ", "md5: 0", 1)
    pointer.write_text(f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> feature\n")
    commit_all(workspace.root, "Markers by mistake")
    with pytest.raises(ConfigError, match="do not show the common base") as caught:
        resolve(workspace)
    assert f"`git checkout COMMIT -- {path}`" in caught.value.remedy
    git(workspace.root, "checkout", "-q", "HEAD~1", "--", path)
    assert resolve(workspace).is_settled
