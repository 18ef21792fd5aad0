"""Histories made by hand, one for every shape that `log` and `blame` can answer."""

from datetime import date
from decimal import Decimal

from tdmvc.model.diff import SchemaChange, SchemaChangeKind, TableStatus
from tdmvc.model.history import (
    BlamedCell,
    BlamedRow,
    BlameReport,
    CellEvent,
    CellStep,
    HistoryEntry,
    HistoryPoint,
    HistoryReport,
    PublishedMark,
    RowEvent,
    RowHistory,
    RowStep,
    TableChange,
)

_COMMIT = HistoryPoint("3f2a91c0de" * 4, "2026-02-03T14:02:11+01:00", "Ada Tester", "Give orders a currency")
_MERGE = HistoryPoint(
    "b51dcb4939" * 4,
    "2026-02-02T09:00:00+00:00",
    "Somebody With A Very Long Name",
    "Merge branch 'feature', whose subject goes on and on, further than anyone reads on a terminal",
    is_merge=True,
)
_FIRST = HistoryPoint("1d2c3b4a5f" * 4, "2026-01-02T09:00:00Z", "日本語", "First \x1b[31morders")
_VERSION = HistoryPoint(
    "1.1.0", "2026-02-04T10:00:00Z", subject="With currencies", is_version=True, release="2.15.0"
)
_OLDER_VERSION = HistoryPoint("1.0.0", "2026-01-04T10:00:00Z", is_version=True)
_ORDERS_CHANGE = TableChange(
    "orders",
    TableStatus.CHANGED,
    added=2,
    removed=1,
    changed=15_000,
    columns={"status": 12_000, "total": 3_000, **{f"column_{number}": 1 for number in range(7)}},
    schema=(
        SchemaChange(SchemaChangeKind.COLUMN_ADDED, "currency", new="string"),
        SchemaChange(SchemaChangeKind.COLUMN_REMOVED, "note", old="string"),
    ),
)
LOG_DATASET = HistoryReport(
    "golden",
    None,
    (
        HistoryEntry(
            _COMMIT,
            (
                TableChange("customers", TableStatus.RENAMED, changed=1, old_name="clients"),
                TableChange("gone", TableStatus.REMOVED, removed=9),
                _ORDERS_CHANGE,
                TableChange("parts", TableStatus.CHANGED, missing="Part 3f2a91c0de12… of parts is missing."),
            ),
            (PublishedMark("1.1.0", "2.15.0"), PublishedMark("1.1.1")),
        ),
        HistoryEntry(_MERGE, (TableChange("orders", TableStatus.CHANGED, changed=2, columns={"status": 2}),)),
        HistoryEntry(_FIRST, (TableChange("orders", TableStatus.ADDED, added=1_482),)),
    ),
    12,
    is_cut=True,
    notes=(
        "This is a shallow clone: history before 1d2c3b4a5f is not here; `git fetch --unshallow` brings it.",
    ),
)
LOG_TABLE = HistoryReport(
    "golden",
    "orders",
    (
        HistoryEntry(_COMMIT, (_ORDERS_CHANGE,), version=PublishedMark("1.1.0", "2.15.0")),
        HistoryEntry(_FIRST, (TableChange("orders", TableStatus.ADDED, added=1_482),)),
    ),
    5,
)
LOG_VERSIONS = HistoryReport(
    "golden",
    None,
    (
        HistoryEntry(_VERSION, (_ORDERS_CHANGE,)),
        HistoryEntry(_OLDER_VERSION, (TableChange("orders", TableStatus.ADDED, added=3),)),
    ),
    2,
)
LOG_NOTHING = HistoryReport("golden", "orders", (), 3)
ROW_LOG = RowHistory(
    "golden",
    "orders",
    {"region": "eu", "number": 1001},
    (
        RowStep(
            _COMMIT,
            RowEvent.CHANGED,
            "orders",
            {"region": "eu", "number": 1001},
            (
                CellStep("status", CellEvent.CHANGED, "new", "shipped"),
                CellStep("email", CellEvent.CHANGED, "ada@example.test", None),
                CellStep("state", CellEvent.COLUMN_RENAMED, 1, 1, old_column="condition"),
                CellStep("total", CellEvent.CHANGED, Decimal("10.50"), Decimal("12.00")),
                CellStep("currency", CellEvent.COLUMN_ADDED, new="EUR"),
                CellStep("note", CellEvent.COLUMN_REMOVED, "a note that goes on and on, further than a line"),
            ),
            uncertain=("c0ffee" * 6 + "c0ff",),
            version=PublishedMark("1.1.0", "2.15.0"),
        ),
        RowStep(
            _MERGE,
            RowEvent.REMOVED,
            "sales",
            {"area": "eu", "number": 1001},
            (
                CellStep("number", CellEvent.CHANGED, 1001),
                CellStep("email", CellEvent.CHANGED, "ada@example.test"),
            ),
            rows=2,
            notes=("the key repeats: 2 rows had it before, 0 have it after",),
        ),
        RowStep(
            _FIRST,
            RowEvent.ADDED,
            "sales",
            {"area": "eu", "number": 1001},
            (
                CellStep("number", CellEvent.CHANGED, new=1001),
                CellStep("bytes", CellEvent.CHANGED, new=b"\x00\xff"),
                CellStep("big", CellEvent.CHANGED, new=2**60),
            ),
        ),
    ),
    frozenset({"email"}),
    7,
    is_cut=True,
    notes=("The rows of 1 commit are not here (c0ffeec0ff).",),
)
ROW_LOG_STILL = RowHistory("golden", "people", {"email": "ada@example.test"}, (), frozenset({"email"}), 2)


def _blamed(point: HistoryPoint, **cells: object) -> tuple[BlamedCell, ...]:
    return tuple(BlamedCell(column, value, point) for column, value in cells.items())


_NOT_YET = HistoryPoint("", "")
BLAME_ROW = BlameReport(
    "golden",
    "orders",
    "golden",
    ("id", "status", "email", "note"),
    ("id",),
    (
        BlamedRow(
            {"id": 1001},
            (
                *_blamed(_FIRST, id=1001),
                *_blamed(_NOT_YET, status="shipped"),
                *_blamed(_MERGE, email="ada@example.test"),
                BlamedCell("note", None, _COMMIT, ("c0ffee" * 6 + "c0ff",)),
            ),
        ),
    ),
    1_482,
    frozenset({"email"}),
    4,
    boundaries=frozenset({_FIRST.id}),
    notes=("The rows of 1 commit are not here (c0ffeec0ff): they may have changed the cells marked ?.",),
)
BLAME_ROWS = BlameReport(
    "golden",
    "orders",
    "golden@main",
    ("id", "status", "total"),
    ("id",),
    (
        BlamedRow(
            {"id": 1}, (*_blamed(_FIRST, id=1, total=Decimal("3.50")), *_blamed(_COMMIT, status="x" * 90))
        ),
        BlamedRow({"id": 2}, _blamed(_FIRST, id=2, status=None, total=None)),
    ),
    1_482,
    frozenset(),
    4,
)
BLAME_VERSIONS = BlameReport(
    "golden",
    "log",
    "golden@1.1.0",
    ("what", "day"),
    (),
    (
        BlamedRow({}, _blamed(_VERSION, what="a", day=date(2026, 1, 2))),
        BlamedRow({}, _blamed(_OLDER_VERSION, what="b", day=None)),
    ),
    None,
    frozenset(),
    2,
    by_version=True,
    notes=("log has no key, so a row is identified by all of its cells: any change makes it a new row.",),
)
BLAME_NONE = BlameReport("golden", "orders", "golden", ("id",), ("id",), (), 0, frozenset(), 1)
