"""Reports on seeded databases made by hand, one for every shape."""

from dataclasses import replace

from tdmvc.model.finding import Finding, Severity
from tdmvc.model.seeding import (
    DatasetSeedReport,
    LoadMethod,
    SeededTableReport,
    SeedMode,
    SeedReport,
    WrittenRows,
)

SHA = "sha256:" + "9c0f4be1" * 8
_TABLES = (
    SeededTableReport("customers", "customers", LoadMethod.NOTHING, WrittenRows(unchanged=1), 1, 0.01),
    SeededTableReport("orders", "orders", LoadMethod.DIFFERENCE, WrittenRows(3, 2, 1, 1199), 1204, 0.04),
    SeededTableReport(
        "payments",
        "billing.payments",
        LoadMethod.RELOADED,
        WrittenRows(1_234_567),
        1_234_567,
        3.25,
        "something changed since golden@3.1.0 was loaded",
    ),
    SeededTableReport("refunds", "refunds", LoadMethod.CREATED, WrittenRows(), 0, 0.002),
    SeededTableReport("", "sessions", LoadMethod.CLEARED, WrittenRows(deleted=17), 0),
)
_GOLDEN = DatasetSeedReport(
    "golden",
    "golden@3.2.0",
    SHA,
    SeedMode.REPLACE,
    _TABLES,
    (
        Finding(
            "broken-reference",
            Severity.WARNING,
            "2 rows of orders (customer_id) refer to rows that customers lacks. The dataset itself has these rows.",
            "golden",
            "orders",
            ("customer_id",),
            details={"to": "customers", "rows": 2},
        ),
    ),
    is_verified=True,
    seconds=3.4,
)
_REFERENCE = DatasetSeedReport(
    "reference",
    "reference@latest",
    SHA,
    SeedMode.UPSERT,
    (
        SeededTableReport("countries", "Countries", LoadMethod.UPSERTED, WrittenRows(0, 1, 0, 248), 249, 0.1),
        SeededTableReport("units", "units", LoadMethod.UPSERTED, WrittenRows(unchanged=9), 12, 0.1),
    ),
    seconds=0.3,
)
SEED_ONE = SeedReport("postgresql://app@localhost/shop_test", "postgresql", (_GOLDEN,), seconds=3.61)
SEED_TWO = SeedReport("mysql://root@127.0.0.1:3306/shop", "mysql", (_REFERENCE, _GOLDEN), seconds=4.2)
SEED_SAME = SeedReport(
    "/home/ada/shop/build/test.db",
    "sqlite",
    (replace(_GOLDEN, tables=_TABLES[:1], findings=(), is_verified=False),),
    seconds=0.04,
)
SEED_WOULD = SeedReport(
    "test.db", "sqlite", (replace(_GOLDEN, findings=(), is_verified=False),), is_dry_run=True, seconds=0.2
)
SEED_REFUSED = SeedReport(
    "postgresql://app@db/shop",
    "postgresql",
    (
        replace(
            _GOLDEN,
            findings=(
                Finding(
                    "missing-column",
                    Severity.ERROR,
                    "The database's table orders has no column channel.",
                    "golden",
                    "orders",
                    ("channel",),
                    remedy="run the migrations that the rows were made for on the database.",
                ),
            ),
            is_verified=False,
        ),
    ),
    is_dry_run=True,
    refusal="The database has rows that tdmvc did not load. Seeding it would delete 1,204 rows.",
    seconds=0.2,
)
