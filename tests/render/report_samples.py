"""Reports made by hand, one for every status and shape that a verb can answer."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

from tdmvc.model.dataset import DatasetKind, Pointer, WorkStatus
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import Bump, BumpLevel, TableStatus
from tdmvc.model.environment import Environment
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.garbage import Garbage, GarbageKind, GcReport, Kept, Refusal
from tdmvc.model.merge import (
    Choice,
    Conflict,
    ConflictKind,
    MergeCounts,
    Resolutions,
    Side,
    TableMerge,
    TableOutcome,
)
from tdmvc.model.merge_report import (
    ConflictFile,
    DatasetResolution,
    ListedConflict,
    ResolveReport,
    TableResolution,
    UnmergedTable,
)
from tdmvc.model.migration import (
    Drift,
    DriftReport,
    DriftStatus,
    Migration,
    MigrationLocation,
    MigrationProblem,
    MigrationsReport,
    MigrationState,
    RecordedState,
    UnreadableLocation,
)
from tdmvc.model.remote import Comparison, RemoteComparison
from tdmvc.model.report import (
    AddedTable,
    AddReport,
    CheckedOut,
    CheckoutReport,
    DatasetList,
    DatasetStatus,
    DatasetSummary,
    Inference,
    InitReport,
    PublishReport,
    QueryResult,
    ShownTable,
    ShowReport,
    StatusReport,
    TableStatusReport,
    WithoutVersion,
)
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.transfer_report import TransferReport, TransferVerb, Verified, VerifyReport
from tdmvc.model.version import SemVer, Version, VersionTable

SHA = "sha256:9c0f4be1d2a77c63b0e85f2c41aa9be6d1c3f0e7a8b94d25c6e1f3a2b4d5c6e7"
COMMIT = "1f3c9ab27d10e5c44b8a6f2e90d1c7b3a5e4f6d8"
MAIN = MigrationLocation("main", "alembic", "migrations")
BILLING = MigrationLocation("billing", "flyway", "services/billing/src/main/resources/db/migration")
STATE = {"main": RecordedState("alembic", ("ae1027a6acf",))}
FULL_STATE = {"main": RecordedState("alembic", ("ae1027a6acf",), 42, SHA)}
DJANGO_STATE = {
    "main": RecordedState(
        "django", tuple(f"{app}.0001_initial" for app in ("auth", "blog", "people", "shop", "wiki"))
    )
}

INIT_NEW = InitReport(
    "/home/ada/shop",
    (".dvc/.gitignore", ".dvc/config", ".dvcignore", "tdmvc.yaml"),
    (MAIN, BILLING),
    environments=(Environment("local"),),
)
INIT_AGAIN = InitReport("/home/ada/shop", (), ())

KEYLESS = Finding(
    "no-key",
    Severity.WARNING,
    "The table audit_log has no key, so its rows are compared as a multiset: added and removed, never changed.",
    "golden",
    "audit_log",
    remedy="name one: `tdmvc add golden --key audit_log=id`.",
)
ADD_MIXED = AddReport(
    "golden",
    (
        AddedTable("customers", TableStatus.ADDED, 59, 12_034, 12_034, 1, ("customer_id",), SHA),
        AddedTable(
            "playlist_track", TableStatus.CHANGED, 8715, 118_230, 40_112, 3, ("playlist_id", "track_id"), SHA
        ),
        AddedTable(
            "audit_log",
            TableStatus.CHANGED,
            1_204_511,
            88_120_394,
            2_812_004,
            37,
            (),
            SHA,
            ("kept 'took' as text",),
        ),
        AddedTable("drafts", TableStatus.REMOVED, 0, 0, 0, 0, (), ""),
        *(
            AddedTable(name, TableStatus.UNCHANGED, 25, 900, 0, 1, ("id",), SHA)
            for name in (
                "albums",
                "artists",
                "employees",
                "genres",
                "invoices",
                "invoice_lines",
                "media_types",
                "tracks",
            )
        ),
    ),
    (KEYLESS,),
    ("The migrations 'billing' were not recorded: V3__pay.sql cannot be read.",),
    folder="datasets/golden",
)
ADD_SAME = AddReport("golden", (AddedTable("albums", TableStatus.UNCHANGED, 347, 9001, 0, 1, ("id",), SHA),))

_WORK = (
    TableStatusReport("audit_log", WorkStatus.NEW, TableStatus.ADDED),
    TableStatusReport("branch_rows", WorkStatus.STALE, TableStatus.UNCHANGED),
    TableStatusReport("customers", WorkStatus.MODIFIED, TableStatus.CHANGED),
    TableStatusReport("drafts", WorkStatus.MISSING, TableStatus.REMOVED),
    TableStatusReport("genres", WorkStatus.MISSING, TableStatus.UNCHANGED),
    TableStatusReport("invoices", WorkStatus.CLEAN, TableStatus.CHANGED),
    TableStatusReport("media_types", WorkStatus.CLEAN, TableStatus.ADDED),
    *(
        TableStatusReport(f"table_{number:02}", WorkStatus.MODIFIED, TableStatus.UNCHANGED)
        for number in range(1, 15)
    ),
    *(
        TableStatusReport(name, WorkStatus.CLEAN, TableStatus.UNCHANGED)
        for name in ("albums", "artists", "tracks")
    ),
)
_V = {text: SemVer(*(int(part) for part in text.split("."))) for text in ("1.0.0", "3.1.0", "3.1.1", "3.2.0")}
CLEAN_STATUS = DatasetStatus(
    "golden", DatasetKind.GOLDEN, (_V["3.2.0"], _V["3.1.1"]), _V["3.2.0"], _WORK[-3:], 0, STATE
)
STATUS_CLEAN = StatusReport("main", "2.14.0", (CLEAN_STATUS,))
STATUS_MIXED = StatusReport(
    "feature/vouchers",
    "2.15.0.dev3",
    (
        CLEAN_STATUS,
        DatasetStatus("masked-eu", DatasetKind.MASKED, (), _V["3.1.0"], _WORK, 3, DJANGO_STATE),
        DatasetStatus("reference", DatasetKind.REFERENCE, (_V["3.1.0"],), _V["3.2.0"], _WORK[-2:], None),
        DatasetStatus("shapes", DatasetKind.SYNTHETIC, (), None, (_WORK[4],), 1),
        DatasetStatus(
            "vouchers",
            DatasetKind.GOLDEN,
            (_V["3.2.0"],),
            _V["3.2.0"],
            _WORK[-1:],
            0,
            uncommitted=("contract.yaml", "versions/3.2.0.yaml"),
        ),
    ),
)
STATUS_EMPTY = StatusReport(None, None, ())
STATUS_CONFLICT = StatusReport(
    "main",
    None,
    (
        DatasetStatus(
            "golden",
            DatasetKind.GOLDEN,
            (),
            _V["3.2.0"],
            (
                TableStatusReport("customers", WorkStatus.CLEAN, TableStatus.UNCHANGED),
                TableStatusReport("orders", WorkStatus.CONFLICT, TableStatus.CHANGED),
            ),
            None,
        ),
        DatasetStatus(
            "reference",
            DatasetKind.REFERENCE,
            (_V["3.2.0"],),
            _V["3.2.0"],
            (TableStatusReport("countries", WorkStatus.CLEAN, TableStatus.UNCHANGED),),
            None,
            leftovers=("conflicts/currencies.yaml",),
        ),
    ),
)


def version(
    text: str,
    *,
    parent: str | None = None,
    release: str | None = "2.14.0",
    reasons: tuple[str, ...] = ("+12 rows in orders", "column orders.channel added"),
    level: BumpLevel = BumpLevel.MINOR,
    notes: str | None = None,
) -> Version:
    tables = {
        "customers": VersionTable("0a1b.dir", SHA, 59, 12_034, SHA),
        "orders": VersionTable("9c0f.dir", SHA, 1423, 120_394, SHA),
    }
    return Version(
        "golden",
        _V[text],
        "golden",
        "2026-11-22T10:00:00Z",
        SHA,
        SHA,
        tables,
        _V[parent] if parent else None,
        release,
        COMMIT,
        FULL_STATE,
        level,
        reasons,
        notes,
    )


VERSIONS = (
    version("1.0.0", release=None, reasons=("first version",), level=BumpLevel.NONE),
    version("3.1.0", parent="1.0.0", release=">=2.13,<2.14"),
    version("3.1.1", parent="3.1.0", level=BumpLevel.PATCH, reasons=("3 rows changed in customers",)),
    version("3.2.0", parent="3.1.1", notes="Vouchers, and the orders that used them."),
)
GOLDEN_SUMMARY = DatasetSummary("golden", DatasetKind.GOLDEN, "Canonical workflows of the shop.", 2, VERSIONS)
LIST_MANY = DatasetList((GOLDEN_SUMMARY, DatasetSummary("masked-eu", DatasetKind.MASKED, None, 4, ())))
LIST_ONE = DatasetList((GOLDEN_SUMMARY,))
LIST_UNPUBLISHED = DatasetList((DatasetSummary("masked-eu", DatasetKind.MASKED, None, 4, ()),))

CUSTOMERS = TableSchema(
    "customers",
    (
        Column("customer_id", pa.int64(), required=True),
        Column("email", pa.string(), "NVARCHAR(160)", unique=True, classification="personal"),
        Column("balance", pa.decimal128(10, 2)),
    ),
    ("customer_id",),
)
ORDERS = TableSchema(
    "orders",
    (
        Column("region", pa.string(), required=True),
        Column("number", pa.int64(), required=True),
        Column("customer_id", pa.int64()),
        Column("lines", pa.list_(pa.struct([pa.field("sku", pa.string()), pa.field("count", pa.int32())]))),
    ),
    ("region", "number"),
    (
        ForeignKey(("customer_id",), "customers", ("customer_id",)),
        ForeignKey(("region", "number"), "tax", ("r", "n")),
    ),
)
_SHOWN = (ShownTable(CUSTOMERS, 59, 12_034, SHA), ShownTable(ORDERS, 1423, 120_394, SHA))
SHOW_VERSION = ShowReport(
    "golden", "golden@3.2.0", DatasetKind.GOLDEN, SHA, _SHOWN, FULL_STATE, VERSIONS[-1], "2.14.0"
)
SHOW_WORK = ShowReport("golden", "golden", DatasetKind.GOLDEN, SHA, _SHOWN, {})
SHOW_WIDE = ShowReport(
    "masked-eu",
    "masked-eu",
    DatasetKind.MASKED,
    SHA,
    tuple(
        ShownTable(
            TableSchema(f"table_{number}", CUSTOMERS.columns, ("customer_id",)),
            number * 900,
            number * 7000,
            SHA,
        )
        for number in range(1, 15)
    ),
    STATE,
)

PUBLISH_PLAIN = PublishReport(
    VERSIONS[-1],
    Bump(BumpLevel.MAJOR, ("3 rows removed from orders", "+12 rows in orders")),
    ("datasets/golden/versions/3.2.0.yaml", "datasets/golden/versions/contracts/9c0f4be1.yaml", "dvc.yaml"),
)
PUBLISH_TAGGED = PublishReport(
    VERSIONS[0],
    Bump(BumpLevel.NONE, ("first version",)),
    ("datasets/golden/versions/1.0.0.yaml", "dvc.yaml"),
    "golden@v1.0.0",
    COMMIT,
    _V["3.1.0"],
    14,
    findings=(
        Finding(
            "duplicate-key",
            Severity.ERROR,
            "1 key (id) of orders appears more than once: 7.",
            "golden",
            "orders",
            ("id",),
            remedy="give each row its own key, or choose other key columns with --key.",
        ),
    ),
)

CHECKOUT_ONE = CheckoutReport(
    (CheckedOut("golden", "golden@3.2.0", _V["3.2.0"], SHA, ("customers", "orders"), 1482, 0),)
)
CHECKOUT_INTO = CheckoutReport(
    (
        CheckedOut(
            "golden",
            "golden@HEAD~2",
            None,
            SHA,
            ("customers", "orders"),
            1482,
            1,
            target="/home/ada/shop/build/fixtures.sqlite",
            notes=("orders.lines is kept as JSON text.",),
        ),
    )
)
CHECKOUT_RELEASE = CheckoutReport(
    (
        CheckedOut(
            "golden", "golden@3.2.0", _V["3.2.0"], SHA, ("customers", "orders"), 1482, 14, Inference.DECLARED
        ),
        CheckedOut("masked-eu", "masked-eu@3.1.0", _V["3.1.0"], SHA, ("people",), 1, 3, Inference.INFERRED),
    ),
    "2.14.0",
)
CHECKOUT_PARTLY = CheckoutReport(
    CHECKOUT_RELEASE.datasets[:1],
    "2.14.0",
    (
        WithoutVersion(
            "reference",
            "No version of reference fits release '2.14.0': no version declares it, and none has the migration"
            " heads of its commit 1f3c9c0f4b.",
            "use one of the nearest: release 2.13.0 has reference@1.0.0 (without migration ae1027a6acf).",
        ),
    ),
)

ON_ORIGIN = RemoteComparison("origin", 120, {Comparison.SIZE_AND_CHECKSUM: 118, Comparison.SIZE: 2})
ON_ARCHIVE = RemoteComparison("archive", 120, {Comparison.SIZE: 120})
PUSH_SOME = TransferReport(
    TransferVerb.PUSH,
    ("golden", "golden@3.2.0"),
    ("origin", "archive"),
    120,
    14,
    compared=(ON_ORIGIN, ON_ARCHIVE),
)
PUSH_NONE = TransferReport(
    TransferVerb.PUSH,
    ("golden",),
    ("origin",),
    1,
    0,
    compared=(RemoteComparison("origin", 1, {Comparison.SIZE: 1}),),
)
PULL_SOME = TransferReport(
    TransferVerb.PULL, tuple(f"golden@1.{number}.0" for number in range(80)), ("origin",), 1200, 1
)
PULL_NONE = TransferReport(TransferVerb.PULL, ("golden",), (), 12, 0)

VERIFY_WHOLE = VerifyReport(
    (Verified("golden", 11, 14, SHA), Verified("golden@3.2.0", 11, 13, SHA)), (), (ON_ORIGIN, ON_ARCHIVE)
)
VERIFY_BROKEN = VerifyReport(
    (Verified("golden", 11, 14, SHA), Verified("golden@3.2.0", 11, 3, None)),
    (
        Finding(
            "tag-without-version", Severity.WARNING, "The tag golden@v9.0.0 names no version here.", "golden"
        ),
        Finding("remark", Severity.INFO, "Old parts lie about.", details={"count": 3}),
        Finding(
            "not-on-remote",
            Severity.ERROR,
            "3 objects of golden@3.2.0/orders are not on the remote.",
            "golden",
            "orders",
            ("id",),
            "run `tdmvc push golden@3.2.0`.",
        ),
    ),
    (RemoteComparison("orig\x1b[31min", 12, {Comparison.PRESENCE: 9}),),
)

GC_WOULD = GcReport(
    "cache",
    14.0,
    (
        Garbage(f"{'ab' * 16}.dir", GarbageKind.LISTING, 132, 21.5, "datasets/golden/orders", COMMIT[:10]),
        Garbage(f"{'cd' * 16}.dir", GarbageKind.LISTING, 264, 90.1),
        Garbage("ef" * 16, GarbageKind.PART, 48_400, 21.5, "datasets/golden/orders"),
        Garbage("01" * 16, GarbageKind.PART, 1_200_000_000, 14.0),
        Garbage("ab/.tdmvc-x1.tmp", GarbageKind.TEMPORARY, 7, 400.0),
    ),
    Kept(140, 2, 1, 1_048_576),
    notes=("The Git remote 'origin' was not reached, so what others pushed may be missing.",),
)
GC_REMOVED = GcReport("near by", 30.0, GC_WOULD.garbage[:1], Kept(1, 0, 0, 0), is_applied=True)
GC_NOTHING = GcReport("cache", 14.0, (), Kept(1, 1, 0, 0))
GC_REFUSED = GcReport(
    "storage",
    14.0,
    refusals=(
        Refusal(
            "unfetched-branch",
            "The Git remote 'origin' has branches or tags that this clone has not fetched: topic/\x1b[31m.",
            "/home/ada/shop",
            "run `git fetch origin '+refs/heads/*:refs/remotes/origin/*' --tags`.",
        ),
        Refusal("moved", "Branches moved.", "", "run `tdmvc gc` with the same options again."),
    ),
)

QUERY = QueryResult(
    ("id", "name", "balance", "joined", "tags", "note"),
    ("BIGINT", "VARCHAR", "DECIMAL(10,2)", "TIMESTAMP WITH TIME ZONE", "VARCHAR[]", "VARCHAR"),
    (
        (1, "Ada", Decimal("12.50"), datetime(2026, 11, 22, 10, 0, tzinfo=UTC), ["a", "b"], None),
        (
            20_000,
            "",
            Decimal("-3.00"),
            None,
            [],
            "a note that goes on and on and on, much further than anyone reads",
        ),
        (
            2**60,
            "日本語",
            None,
            datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
            None,
            "line\nbreak \x1b[31mred",
        ),
    ),
)
QUERY_ODD = QueryResult(
    ("map", "array", "day", "bytes", "float", "day"),
    ("MAP(DATE, INTEGER)", "INTEGER[3]", "DATE", "BLOB", "DOUBLE", "DATE"),
    (({date(2026, 1, 2): 3}, (1, 2, 3), date(2026, 1, 2), b"\x00\xff", float("nan"), None),),
    is_cut=True,
)
QUERY_WIDE = QueryResult(
    tuple(f"column_{number}" for number in range(40)),
    ("INTEGER",) * 40,
    (tuple(range(1_000_000, 1_000_040)),),
)
QUERY_DONE = QueryResult((), (), ())

_CHANNEL = Migration(
    "ae1027a6acf", "add channel to orders", "migrations/versions/ae10.py", ("1b2c3d",), ("orders",)
)
_START = Migration("1b2c3d", "start", "migrations/versions/1b2c.py", (), ("customers", "orders"))
STATE_MAIN = MigrationState(MAIN, ("ae1027a6acf",), (_START, _CHANNEL), SHA)
STATE_BILLING = MigrationState(
    BILLING,
    ("1.10", "1.9"),
    (
        Migration("1.9", "V1_9__pay", f"{BILLING.path}/V1_9__pay.sql"),
        Migration("1.10", "V1_10__refund", f"{BILLING.path}/V1_10__refund.sql", replaces=("1.8",)),
    ),
    SHA,
    (
        MigrationProblem("several-heads", "Two migrations are the newest."),
        MigrationProblem("unreadable-file", "This file is no UTF-8.", f"{BILLING.path}/V2__x.sql"),
    ),
)
MIGRATIONS = MigrationsReport((STATE_MAIN, STATE_BILLING))
MIGRATIONS_PARTLY = MigrationsReport(
    *(
        (STATE_MAIN,),
        (
            UnreadableLocation(
                BILLING,
                "This migration cannot be understood: it contains a merge conflict.",
                f"{BILLING.path}/V2__refund.sql, line 3",
                "resolve the conflict.",
            ),
        ),
    )
)


def drift(status: DriftStatus, ref: str = "golden", **facts: object) -> Drift:
    base: dict[str, object] = {
        "at": "the work tree",
        "expected_heads": ("ae1027a6acf",),
        "actual_heads": ("1b2c3d",),
        "message": f"A sentence that says why it is {status.value}.",
    }
    base["dataset"] = ref.split("@")[0]
    return Drift(ref=ref, location="main", status=status, **(base | facts))  # type: ignore[arg-type]


DRIFT_FITS = DriftReport(
    (
        drift(DriftStatus.IN_STEP, actual_heads=("ae1027a6acf",)),
        drift(DriftStatus.IN_STEP, "masked-eu", actual_heads=("ae1027a6acf",)),
    )
)
DRIFT_EVERY = DriftReport(
    (
        drift(DriftStatus.IN_STEP, "fits", actual_heads=("ae1027a6acf",)),
        drift(DriftStatus.EDITED, "edited"),
        drift(DriftStatus.BEHIND, "golden", pending=(_START, _CHANNEL)),
        drift(DriftStatus.BEHIND, "golden@1.0.0", pending=(_CHANNEL,) * 14),
        drift(DriftStatus.AHEAD, "ahead", extra=("c0ffee",)),
        drift(DriftStatus.DIVERGED, "masked-eu", pending=(_CHANNEL,), extra=("c0ffee", "decade")),
        drift(DriftStatus.UNKNOWN, "unknown", actual_heads=("0000",)),
        drift(
            DriftStatus.UNREADABLE,
            "unreadable",
            expected_heads=(),
            problems=(MigrationProblem("unreadable-file", "It is no Python.", "migrations/versions/bad.py"),),
        ),
    )
)
DRIFT_HINT = DriftReport(
    (
        drift(DriftStatus.BEHIND, "golden", pending=(_START, _CHANNEL), touched=("public.orders",)),
        drift(DriftStatus.BEHIND, "reference", pending=(_CHANNEL,)),
        drift(DriftStatus.IN_STEP, "fits", actual_heads=("ae1027a6acf",), problems=STATE_BILLING.problems),
    )
)


def resolution(
    table: str,
    key: tuple[str, ...],
    conflicts: tuple[Conflict, ...],
    *,
    hidden: tuple[Conflict, ...] = (),
    count: int | None = None,
    outcome: TableOutcome = TableOutcome.CONFLICT,
    marked: tuple[str, ...] = (),
    decided: Resolutions | None = None,
    rows: int | None = None,
) -> TableResolution:
    pointers = {side: Pointer(table, f"{digit * 32}.dir") for side, digit in zip(Side, "123", strict=True)}
    unmerged = UnmergedTable(
        "golden",
        table,
        f"datasets/golden/{table}.dvc",
        pointers,
        {Side.OURS: "HEAD", Side.THEIRS: "feature/vouchers"},
    )
    listed = tuple(ListedConflict(one, is_hidden=one in hidden) for one in conflicts)
    number = len(conflicts) if count is None else count
    merge = TableMerge(
        table,
        outcome,
        None,
        key,
        key,
        MergeCounts(2, 3, 0, 1_204),
        conflicts,
        number,
    )
    file = ConflictFile(
        table, unmerged.objects, unmerged.labels, key, key, marked, listed, number, decided or Resolutions()
    )
    return TableResolution(unmerged, merge, file, rows)


_CONFLICTS = (
    Conflict(ConflictKind.CELL, ("7", "EU"), "status", "open", "paid", None),
    Conflict(ConflictKind.CELL, ("7", "EU"), "email"),
    Conflict(ConflictKind.ROW_ADDED, ("8", None), "note", None, "", "A long note, " * 12),
    Conflict(
        ConflictKind.ROW_DELETED,
        ("9", "US"),
        None,
        "total: 5.00",
        None,
        "total: 6.00",
        "1 cell was edited: total",
    ),
    Conflict(ConflictKind.ROW_ADDED, ("\x1b[31m", "a,b"), "note", None, "x", "y"),
)
RESOLVE_LEFT = ResolveReport(
    (
        DatasetResolution(
            "golden",
            (
                resolution("orders", ("id", "region"), _CONFLICTS, hidden=_CONFLICTS[1:2], count=1_207),
                resolution(
                    "people",
                    ("mail",),
                    (Conflict(ConflictKind.CELL, ("~0a1b2c3d4e5f6071",), "n", "1", "2", "3"),),
                    marked=("mail",),
                ),
                resolution(
                    "prices",
                    (),
                    (
                        Conflict(
                            ConflictKind.COLUMN_TYPE,
                            (),
                            "total",
                            "int64",
                            "decimal(9,2)",
                            "string",
                            "12 cells were edited",
                        ),
                    ),
                ),
                resolution(
                    "drafts",
                    (),
                    (Conflict(ConflictKind.TABLE_REMOVED, (), None, "12 rows", None, "13 rows"),),
                ),
                resolution("genres", ("id",), (), outcome=TableOutcome.MERGED, rows=25),
            ),
            others=("datasets/golden/contract.yaml",),
        ),
    ),
    "merge",
)
RESOLVE_DECIDED = ResolveReport(
    (
        DatasetResolution(
            "golden",
            (
                resolution(
                    "orders",
                    ("id", "region"),
                    _CONFLICTS[:2],
                    count=1,
                    decided=Resolutions(rows={("7", "EU"): {"status": Choice(Side.OURS)}}),
                ),
            ),
        ),
    ),
)
RESOLVE_DONE = ResolveReport(
    (
        DatasetResolution(
            "golden",
            (
                resolution("orders", ("id",), (), outcome=TableOutcome.MERGED, rows=1_423),
                resolution("drafts", (), (), outcome=TableOutcome.REMOVED),
            ),
            leftovers=("conflicts/currencies.yaml",),
        ),
    ),
    "rebase",
)
RESOLVE_OTHERS = replace(
    RESOLVE_DONE,
    datasets=(replace(RESOLVE_DONE.datasets[0], others=("datasets/golden/contract.yaml",)),),
)
RESOLVE_NONE = ResolveReport(())
