"""Reports on live databases."""

from tdmvc.model.finding import Finding, Severity
from tdmvc.model.live_migrations import AppliedLocation, AppliedStatus, DatabaseMigrations, FoundMigration
from tdmvc.model.migration import DriftKind, DriftReport, DriftStatus, MigrationsReport
from tests.render import report_samples as samples

URL = "postgresql://shop@localhost/shop"
FAILED = Finding(
    "migration-failed",
    Severity.ERROR,
    "audit.flyway_schema_history marks 1 migration as failed or unfinished: 1.10.",
    table="audit.flyway_schema_history",
    remedy="undo what they left behind, and run them again.",
    details={"location": "billing", "migrations": ["1.10"]},
)
MIGRATIONS_DATABASE = MigrationsReport(
    (samples.STATE_MAIN, samples.STATE_BILLING),
    database=DatabaseMigrations(
        URL,
        (
            AppliedLocation("main", "alembic", None),
            AppliedLocation(
                "billing",
                "flyway",
                "audit.flyway_schema_history",
                ("1.9",),
                (
                    FoundMigration("1.8", "V1_8__more", "db/V1_8__more.sql", AppliedStatus.SKIPPED),
                    FoundMigration("1.9", "V1_9__pay", "db/V1_9__pay.sql", AppliedStatus.APPLIED),
                    FoundMigration("1.10", "V1_10__refund", "db/V1_10__refund.sql", AppliedStatus.FAILED),
                    *(
                        FoundMigration(
                            f"1.{n}", f"V1_{n}__next", f"db/V1_{n}__next.sql", AppliedStatus.PENDING
                        )
                        for n in range(11, 35)
                    ),
                    FoundMigration("2", "2", "", AppliedStatus.UNKNOWN),
                    FoundMigration("0.1", "0.1", "", AppliedStatus.REMOVED),
                ),
            ),
        ),
        (FAILED,),
    ),
)

_NO_TABLE = Finding(
    "database-table",
    Severity.ERROR,
    "golden/orders: the database has no such table.",
    "golden",
    "orders",
    remedy="run the migrations that the rows were made for on the database.",
    details={"ref": "golden"},
)
_NULLS = Finding(
    "database-required",
    Severity.INFO,
    "golden/customers: name may be null in the database, but not in the dataset.",
    "golden",
    "customers",
    ("name",),
    details={"ref": "golden@1.0.0"},
)
DRIFT_DATABASE = DriftReport(
    (
        samples.drift(
            DriftStatus.BEHIND,
            URL,
            dataset="",
            kind=DriftKind.DATABASE,
            pending=samples.STATE_MAIN.migrations[1:],
        ),
        samples.drift(
            DriftStatus.AHEAD,
            kind=DriftKind.DATASET_IN_DATABASE,
            at=URL,
            expected_heads=("1b2c3d",),
            actual_heads=("ae1027a6acf",),
            extra=("ae1027a6acf",),
        ),
        samples.drift(
            DriftStatus.IN_STEP,
            "golden@1.0.0",
            kind=DriftKind.DATASET_IN_DATABASE,
            at=URL,
            actual_heads=("1b2c3d",),
        ),
    ),
    URL,
    (FAILED, _NO_TABLE, _NULLS),
)
