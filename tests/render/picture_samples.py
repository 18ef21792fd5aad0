"""Reviews for the pictures: two hundred changed tables, as an upgrade gives, and a small pull request."""

import json
from datetime import date, timedelta

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
from tdmvc.model.review import Bar, DatasetReview, Review, ReviewSide, Shift, ShiftKind, judge
from tests.render.review_samples import FINE, MOVED_ON

SHIFT = timedelta(days=731)
_AREAS = ("billing", "catalog", "customer", "inventory", "order", "payment", "report", "shipping")
_THINGS = ("account", "batch", "entry", "event", "item", "line", "link", "note", "period", "rate")
LONG_TEXT = ("The parcel was left with the neighbour at number 12, who signed for it, at last. " * 30).strip()
PAYLOAD = {
    "gift": True,
    "items": [{"sku": f"A-{n}", "quantity": n} for n in range(12)],
    "note": LONG_TEXT[:200],
}


def _name(place: int) -> str:
    return f"{_AREAS[place % 8]}_{_THINGS[place // 8 % 10]}" + (f"_{place // 80 + 1}" if place >= 80 else "")


def _date_shift(place: int) -> ChangePattern:
    start = date(2024, 1, 1) + timedelta(days=place)
    return ChangePattern(
        PatternKind.SHIFTED, ("created_on",), 60 + place, start, start + SHIFT, by="+731 days"
    )


def _table(place: int) -> TableDiff:
    start = date(2024, 1, 1) + timedelta(days=place)
    changed = tuple(
        ChangedRowSample(
            {"id": number},
            (CellChange("created_on", start, start + SHIFT, pattern=0),),
            {"label": f"{_name(place)} number {number}", "state": "open"},
        )
        for number in range(1, 13)
    )
    removed = 3 if place % 8 == 5 else 0
    schema = []
    if place % 5 == 2:
        schema.append(SchemaChange(SchemaChangeKind.COLUMN_REMOVED, f"legacy_code_{place}", "string"))
    samples = Samples(
        removed=tuple(
            RowSample(
                {"id": 900 + n},
                {"id": 900 + n, "label": LONG_TEXT, "payload": json.dumps(PAYLOAD)},
            )
            for n in range(removed)
        ),
        changed=changed,
    )
    return TableDiff(
        _name(place),
        TableStatus.CHANGED,
        ("id",),
        RowCounts(4_000, 4_000 - removed, removed=removed, changed=60 + place),
        {"created_on": 60 + place},
        tuple(schema),
        samples,
        patterns=(_date_shift(place),),
    )


def many_tables_review() -> Review:
    """Return a review that is blocked by twelve errors, with every list long."""
    tables = tuple(_table(place) for place in range(200))
    pattern = _date_shift(0)
    group = PatternGroup(
        pattern.kind,
        "+731 days",
        sum(t.patterns[0].cells for t in tables),
        tuple((t.name, t.patterns[0]) for t in tables),
    )
    errors = tuple(
        Finding(
            "broken-reference",
            Severity.ERROR,
            f"3 rows of {_name(place)} refer to rows of {_name(place + 5)} that do not exist: id 900, 901, 902.",
            "golden",
            _name(place),
            ("parent_id",),
            f"remove the rows of {_name(place)} too: `tdmvc sql golden`, then `tdmvc add golden`.",
        )
        for place in range(0, 96, 8)
    )
    warnings = tuple(
        Finding(
            "null-share",
            Severity.WARNING,
            f"The share of NULL in {_name(place)}.label rose from 4 % to 31 %.",
            "golden",
            _name(place),
            ("label",),
        )
        for place in range(1, 200, 7)
    )
    reasons = [
        f"column {t.name}.{change.column} removed" for t in tables for change in t.schema if change.column
    ]
    reasons += [f"{t.rows.removed} rows removed from {t.name}" for t in tables if t.rows.removed]
    bump = Bump(BumpLevel.MAJOR, tuple(reasons))
    diff = DatasetDiff("golden", "golden@main", "golden", tables, bump, (group,))
    heads = {f"app_{n:02}": (f"00{n:02}_state",) for n in range(30)}
    shifts = tuple(
        Shift(
            _name(place),
            "created_on",
            ShiftKind.CATEGORIES,
            0.9,
            0.25,
            (Bar("2024", 1.0, 0.0), Bar("2026", 0.0, 1.0)),
        )
        for place in range(0, 200, 3)
    )
    verdict, why = judge(diff, (*errors, *warnings))
    golden = DatasetReview(
        verdict,
        why,
        ReviewSide("golden@main", "3.1.0", "2.13.0", heads),
        ReviewSide("golden", None, "2.14.0", heads | {"app_07": ("0099_merge",)}),
        diff,
        (*errors, *warnings),
        (),
        shifts,
        ("tdmvc diff golden@main golden",),
    )
    return Review(
        "main", "feature/two-years-later", (golden,), (), ("tdmvc review main --format html",), MOVED_ON
    )


def small_review() -> Review:
    """Return a review of a pull request that changes a few rows of one table."""
    prices = tuple(
        ChangedRowSample(
            {"code": code},
            (CellChange("price", old, old + 2, pattern=0),),
            {"name": name, "currency": "EUR"},
        )
        for code, name, old in (("STD", "Standard parcel", 5), ("EXP", "Express parcel", 11))
    )
    same_day = {"code": "DAY", "name": "Same day, by bicycle", "price": 19, "currency": "EUR"}
    table = TableDiff(
        "shipping_rate",
        TableStatus.CHANGED,
        ("code",),
        RowCounts(6, 7, added=1, changed=2),
        {"price": 2},
        samples=Samples(added=(RowSample({"code": "DAY"}, same_day),), changed=prices),
        patterns=(ChangePattern(PatternKind.SHIFTED, ("price",), 2, 5, 7, by="+2"),),
    )
    bump = Bump(BumpLevel.MINOR, ("1 row added to shipping_rate",))
    diff = DatasetDiff("golden", "golden@main", "golden", (table,), bump)
    verdict, why = judge(diff, ())
    golden = DatasetReview(
        verdict,
        why,
        ReviewSide("golden@main", "3.1.0", "2.13.0", {"shop": ("0041_add_coupon",)}),
        ReviewSide("golden", None, "2.13.0", {"shop": ("0041_add_coupon",)}),
        diff,
        commands=("tdmvc diff golden@main golden",),
    )
    commands = ("tdmvc review main --format html",)
    return Review("main", "feature/same-day", (golden,), ("reference",), commands, FINE.commits)
