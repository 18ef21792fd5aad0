"""Reviews made by hand: one for every verdict, a hostile one, and one far too long for a comment."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tdmvc.changes.bump import suggest_bump
from tdmvc.changes.patterns import group_patterns
from tdmvc.model.diff import (
    Bump,
    BumpLevel,
    CellChange,
    ChangedRowSample,
    ChangePattern,
    DatasetDiff,
    PatternGroup,
    PatternKind,
    RowCounts,
    RowSample,
    Samples,
    SchemaChange,
    SchemaChangeKind,
    TableDiff,
    TableStatus,
)
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.review import (
    Bar,
    ComparedCommits,
    DatasetReview,
    RelatedRow,
    Review,
    ReviewedCommit,
    ReviewSide,
    RowChange,
    Shift,
    ShiftKind,
    Verdict,
    judge,
)

SECRET = "ann@example.org"
COMMANDS = ("tdmvc review main",)


def dataset_review(diff: DatasetDiff, findings: tuple[Finding, ...] = (), **more: object) -> DatasetReview:
    """Judge a diff as the action does."""
    verdict, reasons = judge(diff, findings)
    sides = {
        "old": ReviewSide("main", "3.1.0", "2.13.0", {"main": ("1b2c3d",)}),
        "new": ReviewSide("working tree", None, "2.14.0", {"main": ("ae1027a6acf",)}),
    }
    return DatasetReview(verdict, reasons, diff=diff, findings=findings, **(sides | more))  # type: ignore[arg-type]


EMPTIED = ChangePattern(PatternKind.EMPTY_TO_NULL, ("address2", "fax", "note"), 3_100, "", None)
EMPTIED_TOO = ChangePattern(PatternKind.EMPTY_TO_NULL, ("comment",), 912, "", None)
RAISED = ChangePattern(PatternKind.SHIFTED, ("price",), 40, Decimal("9.90"), Decimal("10.40"), by="+0.50")
RENAMED_WORD = ChangePattern(PatternKind.CONSTANT, ("status",), 12, "open", "new | fresh")
MASKED = ChangePattern(PatternKind.VARIED, ("email",), 2, is_personal=True)

CUSTOMERS = TableDiff(
    "customers",
    TableStatus.CHANGED,
    ("customer_id",),
    RowCounts(4_000, 3_998, 0, 2, 3_100, 278),
    {"address2": 1_200, "fax": 1_100, "note": 800, "email": 2},
    (
        SchemaChange(SchemaChangeKind.COLUMN_RENAMED, "phone", "tel", "phone", "all 3,998 rows are equal"),
        SchemaChange(SchemaChangeKind.COLUMN_REMOVED, "legacy_code", "string"),
    ),
    Samples(
        removed=(
            RowSample({"customer_id": 17}, {"customer_id": 17, "name": "`rm -rf` | Ltd", "email": SECRET}),
            RowSample({"customer_id": 18}, {"customer_id": 18, "name": None, "email": None}),
        ),
        changed=(
            ChangedRowSample(
                {"customer_id": 1},
                (CellChange("fax", "", None, pattern=0), CellChange("email", SECRET, "bob@example.org")),
                {"name": "Zoë", "note": None},
            ),
            ChangedRowSample({"customer_id": 2}, (CellChange("note", "", None, pattern=0),)),
        ),
    ),
    personal_columns=frozenset({"email"}),
    patterns=(EMPTIED, MASKED),
    ignored={"updated_at": 3_378, "applied": 278},
)
ORDERS = TableDiff(
    "orders",
    TableStatus.CHANGED,
    ("order_no",),
    RowCounts(1_204, 1_205, 1, 0, 52),
    {"price": 40, "status": 12, "comment": 912},
    (SchemaChange(SchemaChangeKind.COLUMN_ADDED, "channel", new="string"),),
    Samples(
        added=(
            RowSample({"order_no": "A-9"}, {"order_no": "A-9", "status": "new", "price": Decimal("1.50")}),
        ),
        changed=(
            ChangedRowSample(
                {"order_no": "A-1"},
                (CellChange("price", Decimal("9.90"), Decimal("10.40"), pattern=0),),
                {"status": "open"},
            ),
            ChangedRowSample(
                {"order_no": "A-2"},
                (
                    CellChange("status", "open", "new | fresh", pattern=1),
                    CellChange("meta", {"tags": ["a"]}, {"tags": ["b"]}, ("tags[0]",)),
                ),
            ),
        ),
    ),
    patterns=(EMPTIED_TOO, RAISED, RENAMED_WORD),
    is_natural_key=True,
)
ITEMS = TableDiff(
    "order_items",
    TableStatus.CHANGED,
    ("item_id",),
    RowCounts(9_000, 9_002, 2, 0, 0),
    samples=Samples(
        added=(
            RowSample({"item_id": 501}, {"item_id": 501, "order_no": "A-9", "sku": "X1"}),
            RowSample({"item_id": 502}, {"item_id": 502, "order_no": "A-9", "sku": "X2"}),
        )
    ),
)
AUDIT = TableDiff(
    "audit_trail",
    TableStatus.RENAMED,
    ("id",),
    RowCounts(88, 88),
    old_name="audit_log",
    evidence="98 % of the rows are equal",
)
DRAFTS = TableDiff("drafts", TableStatus.REMOVED, ("id",), RowCounts(old=12, removed=12))
GENRES = TableDiff("genres", TableStatus.UNCHANGED, ("id",), RowCounts(25, 25))

DANGLING = Finding(
    "dangling-reference",
    Severity.ERROR,
    "2 rows of orders name a customer that is not there: customer_id 17, 18.",
    "golden",
    "orders",
    ("customer_id",),
    "bring the customers back, or remove their orders, then `tdmvc add golden`.",
    {"rows": 2},
)
BEHIND = Finding(
    "drift-behind",
    Severity.WARNING,
    "1 migration has not been applied to it: ae1027a6acf.",
    "golden",
    remedy="run `tdmvc drift golden`.",
)
GOLDEN_DIFF = DatasetDiff(
    "golden",
    "main",
    "working tree",
    (AUDIT, CUSTOMERS, DRAFTS, GENRES, ITEMS, ORDERS),
    Bump(
        BumpLevel.MAJOR,
        ("table drafts removed", "column customers.legacy_code removed", "+2 rows in order_items"),
    ),
    (
        PatternGroup(
            PatternKind.EMPTY_TO_NULL, None, 4_012, (("customers", EMPTIED), ("orders", EMPTIED_TOO))
        ),
        PatternGroup(PatternKind.SHIFTED, "+0.50", 40, (("orders", RAISED),)),
        PatternGroup(PatternKind.CONSTANT, None, 12, (("orders", RENAMED_WORD),)),
        PatternGroup(PatternKind.VARIED, None, 2, (("customers", MASKED),)),
    ),
)
GOLDEN = dataset_review(
    GOLDEN_DIFF,
    (DANGLING, BEHIND),
    units=(
        RelatedRow(
            "orders",
            RowChange.ADDED,
            {"order_no": "A-9"},
            0,
            (
                RelatedRow("order_items", RowChange.ADDED, {"item_id": 501}, 0, via=("order_no",)),
                RelatedRow("order_items", RowChange.ADDED, {"item_id": 502}, 1, via=("order_no",)),
            ),
        ),
        RelatedRow(
            "customers",
            RowChange.UNTOUCHED,
            {"customer_id": 3},
            None,
            (
                RelatedRow("orders", RowChange.CHANGED, {"order_no": "A-1"}, 0, via=("customer_id",)),
                RelatedRow("orders", RowChange.CHANGED, {"order_no": "A-2"}, 1, via=("customer_id",)),
            ),
        ),
    ),
    shifts=(
        Shift(
            "orders",
            "status",
            ShiftKind.CATEGORIES,
            0.4123,
            0.25,
            (Bar("open", 0.75, 0.3), Bar("new | fresh", 0.0, 0.455), Bar("others", 0.25, 0.245)),
        ),
        Shift("customers", "email", ShiftKind.NULLS, 0.12, 0.1, (Bar("", 0.02, 0.14),), is_personal=True),
    ),
    commands=("tdmvc diff main golden",),
)
REFERENCE = dataset_review(
    DatasetDiff(
        "reference",
        "main",
        "working tree",
        (
            TableDiff(
                "countries",
                TableStatus.CHANGED,
                ("code",),
                RowCounts(249, 250, 1),
                samples=Samples(
                    added=(RowSample({"code": "XK"}, {"code": "XK", "since": date(2008, 2, 17)}),)
                ),
            ),
        ),
        Bump(BumpLevel.PATCH, ("+1 row in countries",)),
    ),
    commands=("tdmvc diff main reference",),
)

MERGE_BASE = ReviewedCommit(
    "8a1f0c6b2f6f4f43a7be0f7f5a4e3d2c1b0a9f8e", datetime(2026, 11, 28, 9, 12, tzinfo=UTC)
)
TIP = ReviewedCommit("3c5d7e9f1a2b4c6d8e0f1a3b5c7d9e0f2a4b6c8d", datetime(2026, 11, 30, 17, 40, tzinfo=UTC))
HEAD = ReviewedCommit("1f3c9ab27d10e5c44b8a6f2e90d1c7b3a5e4f6d8", datetime(2026, 12, 1, 16, 3, tzinfo=UTC))
MOVED_ON = ComparedCommits(MERGE_BASE, TIP, HEAD, 7)

BLOCKED = Review("main", "working tree", (GOLDEN, REFERENCE), ("masked-eu",), COMMANDS, MOVED_ON)
FINE = Review(
    "origin/main", "1f3c9ab27d10", (REFERENCE,), (), COMMANDS, ComparedCommits(MERGE_BASE, MERGE_BASE, HEAD)
)
UNCHANGED = Review("main", "working tree", (), ("golden", "masked-eu"), COMMANDS)

NASTY = (
    "a|b", "\\|", "`", "``x`", "*b* _i_ ~~s~~", "<script>alert(1)</script>", "&lt;b&gt;", "@ann", "#123", "GH-123",
    "1f3c9ab27d10e5c44b8a6f2e90d1c7b3a5e4f6d8", "http://evil.example/x?a=1&b=2", "www.evil.example", "ann@x.org",
    "[a](javascript:x)", "![i](x)", "line\nbreak\r\n| --- |", "-->", "</details>", "```", "~~~", "\x1b[31mred",
    "\u202eabc", "  outer ", "NULL", "", "• ☃ 名前", "$x$", ":tada:", "x" * 500, "::error::no", "%0A", "]]>", "\\",
    "a\\`b", "{+ x +}",
)  # fmt: skip


def hostile() -> Review:
    """A review with a hostile text in every place that can hold one."""
    tables, findings = [], []
    for number, text in enumerate(NASTY):
        name, column = f"{text}{number}", f"{text}c"
        finding = Finding(text or "rule", Severity.ERROR, text, text, name, (column,), text)
        findings.append(finding)
        tables.append(
            TableDiff(
                name,
                TableStatus.RENAMED,
                (column,),
                RowCounts(1, 1, 1, 1, 1, 1),
                {column: 1},
                (SchemaChange(SchemaChangeKind.COLUMN_REMOVED, column, text, text, text),),
                Samples(
                    (RowSample({column: text}, {column: text}),),
                    (RowSample({column: text}, {column: text}),),
                    (ChangedRowSample({column: text}, (CellChange(column, None, text, (text,)),)),),
                ),
                (finding,),
                text,
                text,
                patterns=(ChangePattern(PatternKind.CONSTANT, (column,), 1, None, text, text),),
                ignored={column: 3},
            )
        )
    diff = DatasetDiff("<!-- --> | `golden`", "@a", "#1", tuple(tables), Bump(BumpLevel.MAJOR, NASTY))
    shift = Shift(NASTY[0], NASTY[1], ShiftKind.NUMBERS, 1.0, 0.2, tuple(Bar(t, 0.5, 0.1) for t in NASTY))
    dataset = dataset_review(diff, tuple(findings), shifts=(shift,), commands=NASTY)
    return Review("@base", "#head", (dataset,), NASTY, NASTY)


def many_tables(count: int = 200) -> Review:
    """A schema-wide change: all dates moved, a column dropped everywhere, heads changed, and a few real faults."""
    when = datetime(2006, 2, 15)
    moved = ChangePattern(
        PatternKind.SHIFTED, ("last_update",), 95, when, when + timedelta(731), by="+731 days"
    )
    other = ChangePattern(PatternKind.SHIFTED, ("last_update",), 5, when, when + timedelta(3), by="+3 days")
    tables = tuple(
        TableDiff(
            f"{('customer', 'order', 'payment', 'rental', 'stock')[number % 5]}_{number:03}",
            TableStatus.CHANGED,
            ("id",),
            RowCounts(100, 98 if number % 20 == 0 else 100, 0, 2 if number % 20 == 0 else 0, 98),
            {"last_update": 100},
            (
                SchemaChange(SchemaChangeKind.COLUMN_REMOVED, "legacy_code", "decimal(10,4)"),
                SchemaChange(SchemaChangeKind.TYPE_WIDENED, "price", "decimal(8,2)", "decimal(10,4)"),
            ),
            Samples(
                removed=tuple(RowSample({"id": i}, {"id": i, "name": f"Row {i}"}) for i in range(2))
                if number % 20 == 0
                else (),
                changed=tuple(
                    ChangedRowSample(
                        {"id": i}, (CellChange("last_update", when, when + timedelta(731), pattern=0),)
                    )
                    for i in range(5)
                ),
            ),
            patterns=(moved, other),
        )
        for number in range(count)
    )
    findings = tuple(
        Finding(
            "dangling-reference",
            Severity.ERROR,
            f"2 rows of {table.name} name a customer that is not there: customer_id 17, 18.",
            "golden",
            table.name,
            ("customer_id",),
            "bring the customers back, or remove their rows, then `tdmvc add golden`.",
        )
        for table in tables[::30]
    )
    shifts = tuple(
        Shift(table.name, "last_update", ShiftKind.NUMBERS, 9.0, 0.25, (Bar("2006", 1, 0), Bar("2008", 0, 1)))
        for table in tables
        if not table.rows.removed
    )
    diff = DatasetDiff(
        "golden", "golden@main", "golden", tables, suggest_bump(tables), group_patterns(tables)
    )
    heads = [{f"app{i}": (f"000{side}_change",) for i in range(40)} for side in (1, 2)]
    found = dataset_review(
        diff,
        findings,
        old=ReviewSide("golden@main", "3.1.0", "2.13.0", {**heads[0], "same": ("0009_same",)}),
        new=ReviewSide("golden", None, "2.14.0", {**heads[1], "same": ("0009_same",)}),
        shifts=shifts,
        commands=("tdmvc diff golden@main...golden",),
    )
    return Review("main", "working tree", (found,), ("masked-eu",), COMMANDS, MOVED_ON)


def enormous(tables: int = 200, rows: int = 100_000) -> Review:
    """Many changed tables with long values and full samples."""
    each = rows // tables
    made = []
    for number in range(tables):
        cells = tuple(CellChange(f"column_{c}", f"old {c} " * 9, f"new {c} " * 9) for c in range(10))
        whole = RowSample({"id": 1}, {f"column_{c}": f"value {c} " * 9 for c in range(30)})
        made.append(
            TableDiff(
                f"table_with_a_rather_long_name_{number:03}",
                TableStatus.CHANGED,
                ("id",),
                RowCounts(each, each, 5, 5, each),
                {f"column_{c}": each for c in range(10)},
                (SchemaChange(SchemaChangeKind.COLUMN_REMOVED, "column_11", "string"),),
                Samples(
                    (whole,) * 50, (whole,) * 50, tuple(ChangedRowSample({"id": i}, cells) for i in range(50))
                ),
                patterns=tuple(
                    ChangePattern(PatternKind.SET_TO, (f"column_{c}",), each, "a", "b") for c in range(10)
                ),
                ignored={"updated_at": each},
            )
        )
    reasons = tuple(f"column column_11 of {table.name} removed" for table in made)
    diff = DatasetDiff("golden", "main", "working tree", tuple(made), Bump(BumpLevel.MAJOR, reasons))
    units = tuple(
        RelatedRow(
            table.name,
            RowChange.CHANGED,
            {"id": 1},
            0,
            (RelatedRow(table.name, RowChange.ADDED, {"id": 2}, 1),),
        )
        for table in made
    )
    findings = tuple(
        Finding("duplicate-key", Severity.ERROR, f"The key of {table.name} repeats.", "golden", table.name)
        for table in made
    )
    return Review("main", "working tree", (dataset_review(diff, findings, units=units),), (), COMMANDS)


assert BLOCKED.verdict is Verdict.BLOCKED
