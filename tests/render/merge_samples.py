"""Merges as they come: done, in conflict, broken, taken back; and checked in memory."""

from tdmvc.model.finding import Finding, Severity
from tdmvc.model.merge import Conflict, ConflictKind, MergeCounts, Side, TableMerge, TableOutcome
from tdmvc.model.merge_report import (
    MergeCheck,
    MergeReport,
    MergeStatus,
    MovedDataset,
    MovedTable,
    RevertReport,
    TableMove,
)
from tests.render import report_samples

LABELS = {Side.BASE: "0123456789", Side.OURS: "HEAD", Side.THEIRS: "feature/locale"}
COMMIT = "4f2c1ab9d0" * 4

CONFLICTS = tuple(
    Conflict(kind, () if not kind.is_about_rows else ("1001",), column, "old", "mine", "yours", detail)
    for kind, column, detail in (
        (ConflictKind.CELL, "total", None),
        (ConflictKind.CELL, "mail", None),
        (ConflictKind.ROW_ADDED, "total", None),
        (ConflictKind.ROW_DELETED, None, None),
        (ConflictKind.COLUMN_TYPE, "day", None),
        (ConflictKind.COLUMN_DROPPED, "note", "12 cells were edited"),
        (ConflictKind.TABLE_REMOVED, None, None),
    )
)
ORDERS = TableMerge(
    "orders",
    TableOutcome.CONFLICT,
    None,
    ("id",),
    counts=MergeCounts(rows_added=2),
    conflicts=CONFLICTS,
    conflict_count=1_234,
    personal_columns=frozenset({"mail"}),
)
SECRET = TableMerge(
    "people",
    TableOutcome.CONFLICT,
    None,
    ("mail",),
    conflicts=(Conflict(ConflictKind.CELL, ("secret@x.test",), "phone", "secret", "secret", "secret"),),
    conflict_count=1,
    personal_columns=frozenset({"mail", "phone"}),
)
CUSTOMERS = TableMerge("customers", TableOutcome.MERGED, None, ("id",), counts=MergeCounts(2, 1_200, 1, 3))
BROKEN = Finding(
    "broken-reference",
    Severity.ERROR,
    "The reference orders (customer_id) → customers (id) is broken: 1 row of orders (id: 1001) refers to a"
    " row of customers that does not exist.",
    dataset="golden",
    table="orders",
    columns=("customer_id",),
    remedy="add the missing rows to customers, or change these.",
    details={"parent": "customers", "to": ["id"], "count": 1, "keys": ["1001"]},
)
OLD = Finding(
    "reference-broken-before",
    Severity.WARNING,
    "The reference items (order_id) → orders (id) was broken before and still is: 2 rows of items (id: 7, 8)"
    " refer to a row of orders that does not exist.",
    dataset="golden",
    table="items",
    columns=("order_id",),
)
MOVED = (
    MovedTable("coupons", TableMove.ADDED),
    MovedTable("customers", TableMove.MERGED, CUSTOMERS),
    MovedTable("items", TableMove.TAKEN),
    MovedTable("notes", TableMove.REMOVED),
)
OPEN = (
    MovedTable("orders", TableMove.CONFLICT, ORDERS),
    MovedTable("people", TableMove.CONFLICT, SECRET),
    MovedTable("prices", TableMove.STAGE, stage="pipelines/dvc.yaml:prices"),
)

MERGED = MergeReport(MergeStatus.MERGED, LABELS, COMMIT, (MovedDataset("golden", MOVED, (OLD,)),))
MERGE_OPEN = MergeReport(
    MergeStatus.OPEN,
    LABELS,
    None,
    (MovedDataset("golden", (*MOVED, *OPEN)),),
    ("app/orders.py", "pipelines/dvc.lock"),
)
MERGE_BROKEN = MergeReport(
    MergeStatus.BROKEN,
    LABELS,
    None,
    (
        MovedDataset("golden", MOVED, (BROKEN, OLD)),
        MovedDataset(
            "masked", (), (), "The file is in conflict in the merge. (datasets/masked/contract.yaml)"
        ),
    ),
)
MERGES = {
    "up to date": MergeReport(MergeStatus.UP_TO_DATE, LABELS, COMMIT),
    "fast-forward": MergeReport(
        MergeStatus.FAST_FORWARD, LABELS, COMMIT, (MovedDataset("golden", MOVED[2:3]),)
    ),
    "merged": MERGED,
    "not committed": MergeReport(MergeStatus.MERGED, LABELS, None, MERGED.datasets),
    "open": MERGE_OPEN,
    "broken": MERGE_BROKEN,
    "taken back": MergeReport(
        MergeStatus.ABORTED,
        LABELS,
        COMMIT,
        notes=(
            "What the merge had changed is kept; `tdmvc checkout golden@tdmvc/replaced/golden` restores it.",
        ),
    ),
}
DRIFTS = report_samples.DRIFT_EVERY.drifts
_WHICH = [(drift.dataset, drift.location) for drift in DRIFTS]
CHECKS = {
    "nothing": MergeCheck("origin/main", "HEAD", MergeStatus.UP_TO_DATE),
    "fine": MergeCheck("origin/main", "HEAD", MergeStatus.MERGED, MERGED.datasets),
    "open": MergeCheck("origin/main", "HEAD", MergeStatus.OPEN, MERGE_OPEN.datasets, MERGE_OPEN.files),
    "broken": MergeCheck("origin/main", "HEAD", MergeStatus.BROKEN, MERGE_BROKEN.datasets),
    "drift": MergeCheck(
        "origin/main",
        "HEAD",
        MergeStatus.MERGED,
        drifts=DRIFTS,
        old_drifts=frozenset(_WHICH[1:2]),
        failing_drifts=frozenset(_WHICH[2:4]),
    ),
}
REVERTS = {
    "nothing": RevertReport("golden", "golden@1.1.0", "golden@1.2.0"),
    "done": RevertReport("golden", "golden@1.1.0", "golden@1.2.0", MOVED, ("contract.yaml",), (), (OLD,), 7),
    "in part": RevertReport(
        "golden",
        "golden@1.1.0",
        "golden@1.2.0",
        (*MOVED, *OPEN),
        ("contract.yaml",),
        ("datasets/golden/contract.yaml",),
        changed_files=9,
        folder="datasets/golden",
    ),
    "broken": RevertReport(
        "golden", "golden@1.1.0", "golden@1.2.0", MOVED, findings=(BROKEN,), folder="datasets/golden"
    ),
}
