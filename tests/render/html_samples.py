"""Reviews for the tests of the HTML page and for its pictures: a shop, a hostile one, a big one."""

import json
from collections.abc import Callable
from decimal import Decimal

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
    DatasetReview,
    RelatedRow,
    Review,
    ReviewSide,
    RowChange,
    Shift,
    ShiftKind,
    Verdict,
)

SECRET = "ann.margaret@private.example"
"""A value of a personal column: it may be nowhere on a page."""

_NOTE = (
    "Customer called on Monday and asked that the parcel be left with the neighbour at number 12, because "
    "nobody is at home before six. The driver confirmed. Please do not ring the bell, the baby sleeps in the "
    "afternoon. Second attempt is planned for Tuesday morning between nine and eleven."
)


def _changed(key: dict[str, object], *cells: CellChange, **unchanged: object) -> ChangedRowSample:
    return ChangedRowSample(key, cells, unchanged)


def _orders() -> TableDiff:
    whole: Callable[[int, str, str], RowSample] = lambda number, status, total: RowSample(  # noqa: E731
        {"order_id": number},
        {
            "order_id": number,
            "customer_id": number % 97,
            "status": status,
            "total": Decimal(total),
            "currency": "EUR",
            "coupon": None,
            "delivery_note": "",
        },
    )
    same = {"currency": "EUR", "channel": "web", "placed_at": "2026-03-14 09:26:53Z"}
    rows = [
        _changed({"order_id": 10007}, CellChange("coupon", "", None, pattern=0), customer_id=41, **same),
        _changed(
            {"order_id": 10012},
            CellChange("coupon", "", None, pattern=0),
            CellChange("status", "pending", "on_hold", pattern=1),
            customer_id=12,
            **same,
        ),
        _changed(
            {"order_id": 10015},
            CellChange(
                "delivery_note",
                _NOTE,
                _NOTE.replace("Monday", "Friday").replace("six", "seven o'clock"),
                pattern=3,
            ),
            customer_id=77,
            **same,
        ),
        _changed(
            {"order_id": 10021},
            CellChange(
                "payload",
                json.dumps(
                    {"gift": False, "items": [{"sku": "A-1", "qty": 1}, {"sku": "B-7", "qty": 2}], "v": 3}
                ),
                json.dumps({"gift": True, "items": [{"sku": "A-1", "qty": 4}], "v": 3}),
                inside=("gift", "items[0].qty", "items[1]"),
                pattern=4,
            ),
            customer_id=3,
            **same,
        ),
        _changed(
            {"order_id": 10030},
            CellChange("total", Decimal("129.90"), Decimal("132.90"), pattern=2),
            CellChange("status", "pending", "on_hold", pattern=1),
            customer_id=58,
            **same,
        ),
    ]
    rows += [
        _changed(
            {"order_id": 10040 + 3 * number},
            CellChange("coupon", "", None, pattern=0),
            *(
                [CellChange("total", Decimal(f"{40 + number}.50"), Decimal(f"{43 + number}.50"), pattern=2)]
                if number % 3 == 0
                else []
            ),
            customer_id=number % 97,
            **same,
        )
        for number in range(35)
    ]
    return TableDiff(
        "orders",
        TableStatus.CHANGED,
        ("order_id",),
        RowCounts(old=4_182, new=4_186, added=7, removed=3, changed=412, ignored=1_204),
        {"coupon": 380, "total": 31, "status": 24, "delivery_note": 1, "payload": 1},
        (
            SchemaChange(
                SchemaChangeKind.COLUMN_RENAMED,
                "delivery_note",
                "note",
                "delivery_note",
                "all 4,179 rows are equal",
            ),
            SchemaChange(SchemaChangeKind.TYPE_WIDENED, "customer_id", "int32", "int64"),
        ),
        Samples(
            added=tuple(whole(number, "paid", f"{number % 89}.00") for number in range(14183, 14190)),
            removed=(
                whole(10002, "cancelled", "18.40"),
                whole(10003, "cancelled", "220.00"),
                whole(10011, "refunded", "7.95"),
            ),
            changed=tuple(rows),
        ),
        patterns=(
            ChangePattern(PatternKind.EMPTY_TO_NULL, ("coupon",), 380, "", None),
            ChangePattern(PatternKind.CONSTANT, ("status",), 24, "pending", "on_hold"),
            ChangePattern(
                PatternKind.SHIFTED, ("total",), 31, Decimal("40.50"), Decimal("43.50"), by="+3.00"
            ),
            ChangePattern(PatternKind.VARIED, ("delivery_note",), 1, "Monday", "Friday"),
            ChangePattern(PatternKind.VARIED, ("payload",), 1),
        ),
        ignored={"updated_at": 1_616},
    )


def _order_items() -> TableDiff:
    return TableDiff(
        "order_items",
        TableStatus.CHANGED,
        ("order_id", "line"),
        RowCounts(old=11_930, new=11_925, removed=5, changed=2),
        {"quantity": 2, "discount_code": 1},
        samples=Samples(
            removed=tuple(
                RowSample(
                    {"order_id": order, "line": line},
                    {
                        "order_id": order,
                        "line": line,
                        "product_id": 300 + line,
                        "quantity": line,
                        "unit_price": Decimal("9.20"),
                    },
                )
                for order, line in ((10002, 1), (10002, 2), (10003, 1), (10011, 1), (10011, 2))
            ),
            changed=(
                _changed(
                    {"order_id": 10012, "line": 1},
                    CellChange("quantity", 1, 2, pattern=0),
                    CellChange("discount_code", "", None, pattern=1),
                    product_id=318,
                    unit_price=Decimal("12.00"),
                ),
                _changed(
                    {"order_id": 10030, "line": 2},
                    CellChange("quantity", 4, 5, pattern=0),
                    product_id=322,
                    unit_price=Decimal("31.25"),
                ),
            ),
        ),
        patterns=(
            ChangePattern(PatternKind.SHIFTED, ("quantity",), 2, 1, 2, by="+1"),
            ChangePattern(PatternKind.EMPTY_TO_NULL, ("discount_code",), 1, "", None),
        ),
    )


def _customers() -> TableDiff:
    return TableDiff(
        "customers",
        TableStatus.CHANGED,
        ("customer_id",),
        RowCounts(old=960, new=961, added=1, changed=3),
        {"email": 2, "city": 1},
        (SchemaChange(SchemaChangeKind.COLUMN_REMOVED, "fax", "string"),),
        Samples(
            added=(
                RowSample(
                    {"customer_id": 961},
                    {"customer_id": 961, "email": SECRET, "city": "Graz", "tier": "gold"},
                ),
            ),
            changed=(
                _changed(
                    {"customer_id": 12},
                    CellChange("email", SECRET, "bo@private.example", pattern=0),
                    city="Wien",
                    tier="gold",
                ),
                _changed(
                    {"customer_id": 58}, CellChange("email", SECRET, None, pattern=0), city="Linz", tier=None
                ),
                _changed(
                    {"customer_id": 77},
                    CellChange("city", "Sankt Polten", "Sankt Pölten", pattern=1),
                    email=SECRET,
                    tier="basic",
                ),
            ),
        ),
        personal_columns=frozenset({"email"}),
        patterns=(
            ChangePattern(PatternKind.VARIED, ("email",), 2, is_personal=True),
            ChangePattern(PatternKind.VARIED, ("city",), 1),
        ),
    )


def _products() -> TableDiff:
    return TableDiff(
        "products",
        TableStatus.RENAMED,
        ("sku",),
        RowCounts(old=340, new=346, added=6),
        samples=Samples(
            added=tuple(
                RowSample(
                    {"sku": f"TEA-{n:03}"},
                    {
                        "sku": f"TEA-{n:03}",
                        "name": f"Green tea, {n * 50} g",
                        "price": Decimal(n) + Decimal("2.49"),
                    },
                )
                for n in range(1, 7)
            )
        ),
        old_name="articles",
        evidence="98 % of the rows are equal",
    )


def shop_review() -> Review:
    """Return a review as a pull request of a shop may bring it."""
    tables = (
        _customers(),
        _order_items(),
        _orders(),
        TableDiff("payments", TableStatus.UNCHANGED, ("payment_id",), RowCounts(old=3_990, new=3_990)),
        _products(),
        TableDiff("stores", TableStatus.UNCHANGED, ("store_id",), RowCounts(old=12, new=12)),
    )
    bump = Bump(
        BumpLevel.MAJOR,
        (
            "3 rows removed from orders",
            "5 rows removed from order_items",
            "column customers.fax removed",
            "table articles renamed to products",
        ),
    )
    findings = (
        Finding(
            "broken-reference",
            Severity.ERROR,
            "2 rows of payments name a row of orders that is not there (order_id).",
            "golden",
            "payments",
            ("order_id",),
            remedy="remove the payments too, or keep the orders: `tdmvc diff golden@main golden --table orders`.",
        ),
        Finding(
            "null-share",
            Severity.WARNING,
            "The column coupon of orders is null in 38 % of the rows; it was in 29 %.",
            "golden",
            "orders",
            ("coupon",),
        ),
    )
    groups = (
        PatternGroup(
            PatternKind.EMPTY_TO_NULL,
            None,
            381,
            (("orders", tables[2].patterns[0]), ("order_items", tables[1].patterns[1])),
        ),
    )
    units = (
        RelatedRow(
            "orders",
            RowChange.REMOVED,
            {"order_id": 10002},
            0,
            (
                RelatedRow(
                    "order_items", RowChange.REMOVED, {"order_id": 10002, "line": 1}, 0, via=("order_id",)
                ),
                RelatedRow(
                    "order_items", RowChange.REMOVED, {"order_id": 10002, "line": 2}, 1, via=("order_id",)
                ),
                RelatedRow("payments", RowChange.UNTOUCHED, {"payment_id": 7719}, None, via=("order_id",)),
            ),
        ),
        RelatedRow(
            "customers",
            RowChange.CHANGED,
            {"customer_id": 12},
            0,
            (
                RelatedRow(
                    "orders",
                    RowChange.CHANGED,
                    {"order_id": 10012},
                    1,
                    (
                        RelatedRow(
                            "order_items",
                            RowChange.CHANGED,
                            {"order_id": 10012, "line": 1},
                            0,
                            via=("order_id",),
                        ),
                    ),
                    ("customer_id",),
                ),
            ),
        ),
    )
    shifts = (
        Shift(
            "orders",
            "status",
            ShiftKind.CATEGORIES,
            0.41,
            0.25,
            (
                Bar("paid", 0.61, 0.60),
                Bar("pending", 0.22, 0.16),
                Bar("on_hold", 0.0, 0.06),
                Bar("cancelled", 0.12, 0.12),
                Bar("all others", 0.05, 0.06),
            ),
        ),
        Shift(
            "orders",
            "coupon",
            ShiftKind.NULLS,
            0.09,
            0.05,
            (Bar("null", 0.29, 0.38), Bar("not null", 0.71, 0.62)),
        ),
    )
    golden = DatasetReview(
        Verdict.BLOCKED,
        ("1 error: broken-reference", "1 warning: null-share", *bump.reasons),
        ReviewSide(
            "golden@main", "3.1.0", "2.13.0", {"shop": ("0041_add_coupon",), "billing": ("0007_invoices",)}
        ),
        ReviewSide("golden", None, "2.14.0", {"shop": ("0042_rename_note",), "billing": ("0007_invoices",)}),
        DatasetDiff("golden", "golden@main", "golden", tables, bump, groups),
        findings,
        units,
        shifts,
        ("tdmvc diff golden@main golden", "tdmvc drift golden"),
    )
    country = TableDiff(
        "countries",
        TableStatus.CHANGED,
        ("code",),
        RowCounts(old=249, new=250, added=1),
        samples=Samples(
            added=(RowSample({"code": "XK"}, {"code": "XK", "name": "Kosovo", "currency": "EUR"}),)
        ),
    )
    minor = Bump(BumpLevel.MINOR, ("1 row added to countries",))
    reference = DatasetReview(
        Verdict.FINE,
        minor.reasons,
        ReviewSide("reference@main", "1.4.0"),
        ReviewSide("reference"),
        DatasetDiff("reference", "reference@main", "reference", (country,), minor),
        commands=("tdmvc diff reference@main reference",),
    )
    return Review(
        "main",
        "working tree",
        (golden, reference),
        ("masked-eu", "synthetic"),
        ("tdmvc review main --format html",),
    )


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "</script><script>alert(3)</script>",
    "javascript:alert(4)",
    "<!-- ]]> --> &lt;b&gt; &amp;",
    "line\u2028para\u2029 \u202etxt.exe\u202c",
    "{{7*7}} ${7*7} <%= 7 %> {% raw %}",
    "'\" onmouseover='alert(5)' x=",
    "<svg/onload=alert(6)>",
    "</title></style></textarea><h1>gone",
)


def review_of(text: Callable[[], str], *, personal: frozenset[str] = frozenset()) -> Review:
    """Return a small review that has `text()` in every text field; `text` is called once for each."""
    columns = (text(), text(), text())
    table_name, dataset = text(), text()
    key: dict[str, object] = {columns[0]: text()}
    nested = json.dumps({text(): [text(), text()]})
    changed = (
        ChangedRowSample(
            key,
            (CellChange(columns[1], text(), text() + text(), pattern=0),),
            {columns[2]: text()},
        ),
        ChangedRowSample(
            {columns[0]: text()},
            (
                CellChange(columns[1], nested, json.dumps({text(): text()}), (text(),), 1),
                CellChange(columns[2], {text(): text()}, {text(): [text()]}),
            ),
        ),
        ChangedRowSample(
            {columns[0]: text()},
            (
                CellChange(
                    columns[1],
                    f"one two three four five six {text()}",
                    f"one two three four five six {text()} end",
                ),
            ),
        ),
    )
    whole = tuple(RowSample({columns[0]: text()}, dict.fromkeys(columns, text())) for _ in range(2))
    finding = Finding(
        text(),
        Severity.ERROR,
        text(),
        dataset,
        table_name,
        (columns[1],),
        f"{text()} `{text()}`",
        {text(): text()},
    )
    table = TableDiff(
        table_name,
        TableStatus.RENAMED,
        (columns[0],),
        RowCounts(10, 10, 2, 2, 30, 1),
        {columns[1]: 3, columns[2]: 1},
        (
            SchemaChange(SchemaChangeKind.COLUMN_RENAMED, text(), text(), text(), text()),
            SchemaChange(SchemaChangeKind.COLUMN_REMOVED, text(), text()),
        ),
        Samples(whole, whole[:1], changed),
        (finding,),
        text(),
        text(),
        personal,
        (
            ChangePattern(PatternKind.CONSTANT, columns[1:2], 2, text(), text()),
            ChangePattern(PatternKind.PREFIX_ADDED, columns[1:], 1, by=text()),
        ),
        {text(): 1},
    )
    bump = Bump(BumpLevel.MAJOR, (text(),))
    group = PatternGroup(
        PatternKind.SUFFIX_ADDED, text(), 3, ((table_name, table.patterns[0]), (text(), table.patterns[1]))
    )
    unit = RelatedRow(
        table_name,
        RowChange.CHANGED,
        key,
        0,
        (RelatedRow(text(), RowChange.UNTOUCHED, {text(): text()}, None),),
    )
    one = DatasetReview(
        Verdict.BLOCKED,
        (text(),),
        ReviewSide(text(), text(), text(), {text(): (text(), text())}),
        ReviewSide(text(), text(), text(), {text(): (text(),)}),
        DatasetDiff(dataset, text(), text(), (table,), bump, (group,)),
        (finding, Finding(text(), Severity.INFO, text())),
        (unit,),
        (
            Shift(
                table_name,
                columns[1],
                ShiftKind.CATEGORIES,
                1.0,
                0.2,
                (Bar(text(), 0.5, 0.1), Bar(text(), 0.5, 0.9)),
            ),
        ),
        (text(),),
    )
    return Review(text(), text(), (one,), (text(),), (text(),))


def hostile_review() -> Review:
    """Return a review with every hostile text somewhere in every kind of field."""
    counter = iter(range(10**6))
    parts = tuple(
        review_of(lambda start=start: HOSTILE[(next(counter) + start) % len(HOSTILE)]).datasets[0]  # type: ignore[misc]
        for start in range(len(HOSTILE))
    )
    return Review(HOSTILE[0], HOSTILE[1], parts, HOSTILE, HOSTILE)


def big_review(tables: int = 200, rows: int = 500) -> Review:
    """Return a review of many tables, each with `rows` changed rows in its samples and 81,230 in all."""

    changed = tuple(
        ChangedRowSample(
            {"id": number},
            (
                CellChange("status", "pending", f"state-{number % 7}", pattern=0),
                CellChange("amount", number, number + 3, pattern=1),
            ),
            {"name": f"Customer number {number}", "city": "Wien", "note": "nothing to be said here"},
        )
        for number in range(rows)
    )

    def one(index: int) -> TableDiff:
        return TableDiff(
            f"table_{index:03}",
            TableStatus.CHANGED,
            ("id",),
            RowCounts(old=100_000, new=100_000, changed=81_230),
            {"status": 81_230, "amount": 81_230},
            samples=Samples(changed=changed),
            patterns=(
                ChangePattern(PatternKind.VARIED, ("status",), 81_230),
                ChangePattern(PatternKind.SHIFTED, ("amount",), 81_230, 0, 3, by="+3"),
            ),
        )

    bump = Bump(BumpLevel.PATCH, ("values changed",))
    diff = DatasetDiff("golden", "golden@main", "golden", tuple(one(index) for index in range(tables)), bump)
    dataset = DatasetReview(Verdict.FINE, bump.reasons, ReviewSide("golden@main"), ReviewSide("golden"), diff)
    return Review("main", "working tree", (dataset,))
