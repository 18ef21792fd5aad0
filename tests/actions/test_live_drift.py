"""A database is compared with the migrations of the repository, and with the migrations and contracts of datasets."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import tdmvc
from tdmvc.actions.add import add
from tdmvc.actions.drift import DatabaseDriftOptions, drift_database
from tdmvc.actions.publish import PublishOptions, publish
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.location import PathLocation
from tdmvc.model.migration import DATABASE_FAIL_ON, DriftKind, DriftReport
from tdmvc.workspace.workspace import Workspace
from tests.builders import commit_all, copy_repo, git

VERSIONS = "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);"
CUSTOMERS = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, city TEXT);"


@pytest.fixture(scope="module")
def shop(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with five migrations of dbmate, and golden customers from a database that had run three."""
    app = copy_repo(template, tmp_path_factory.mktemp("live") / "app")
    folder = app / "db" / "migrations"
    folder.mkdir(parents=True)
    for number in range(1, 6):
        (folder / f"{number}_t{number}.sql").write_text(f"-- migrate:up\nCREATE TABLE t{number} (id int);\n")
    (app / "tdmvc.yaml").write_text(
        "format: tdmvc/1\nmigrations:\n  main: {tool: dbmate, path: db/migrations}\n"
    )
    with Workspace.open(app) as opened:
        add(opened, "golden", [database(opened, CUSTOMERS, 3)])
        commit_all(app, "Data")
    return app


@pytest.fixture
def workspace(shop: Path, tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(copy_repo(shop, tmp_path / "app")) as opened:
        yield opened


def database(workspace: Workspace, script: str, last: int, *more: str) -> PathLocation:
    """Return a database with a script and the migrations up to the last one."""
    path = workspace.root.parent / "live.sqlite"
    path.unlink(missing_ok=True)
    ids = [*map(str, range(1, last + 1)), *more]
    with contextlib.closing(sqlite3.connect(path)) as live:
        live.executescript(VERSIONS + script)
        live.executemany("INSERT INTO schema_migrations VALUES (?)", [(id_,) for id_ in ids])
        live.commit()
    return PathLocation(path)


def statuses(report: DriftReport) -> dict[str, str]:
    return {drift.kind.value: drift.status.value for drift in report.drifts}


def rules(report: DriftReport) -> list[str]:
    return [f"{finding.severity.value} {finding.rule}" for finding in report.findings]


def test_a_database_and_a_dataset_of_the_work_tree_are_in_step(workspace: Workspace) -> None:
    for number in (4, 5):
        (workspace.root / "db" / "migrations" / f"{number}_t{number}.sql").unlink()
    report = drift_database(workspace, database(workspace, CUSTOMERS, 3))
    assert statuses(report) == {"database": "in-step", "dataset-in-database": "in-step"}
    assert (report.findings, report.fails_on(DATABASE_FAIL_ON)) == ((), False)


@pytest.mark.parametrize(
    ("last", "expected", "pending", "extra"),
    [
        (
            0,
            {"database": "behind", "dataset-in-database": "ahead"},
            ("1", "2", "3", "4", "5"),
            ("1", "2", "3"),
        ),
        (2, {"database": "behind", "dataset-in-database": "ahead"}, ("3", "4", "5"), ("3",)),
        (3, {"database": "behind", "dataset-in-database": "in-step"}, ("4", "5"), ()),
        (5, {"database": "in-step", "dataset-in-database": "behind"}, (), ()),
    ],
)
def test_what_each_side_lacks_is_listed(
    workspace: Workspace,
    last: int,
    expected: dict[str, str],
    pending: tuple[str, ...],
    extra: tuple[str, ...],
) -> None:
    report = drift_database(workspace, database(workspace, CUSTOMERS, last))
    assert statuses(report) == expected
    files, dataset = report.drifts
    assert tuple(migration.id for migration in files.pending) == pending
    assert dataset.extra == extra
    assert (files.dataset, files.ref) == ("", report.database)
    assert (dataset.ref, dataset.at) == ("golden", report.database)
    assert tuple(migration.id for migration in dataset.pending) == (("4", "5") if last == 5 else ())
    assert "`tdmvc add" not in files.remedy


def test_a_database_that_is_ahead_of_the_files_is_told_from_one_that_skipped_some(
    workspace: Workspace,
) -> None:
    ahead = drift_database(workspace, database(workspace, CUSTOMERS, 5, "6"))
    assert statuses(ahead)["database"] == "ahead"
    assert not ahead.fails_on(DATABASE_FAIL_ON - {"behind"})
    skipped = drift_database(workspace, database(workspace, CUSTOMERS, 2, "4", "5"))
    assert statuses(skipped)["database"] == "behind"
    assert "warning migration-skipped" in rules(skipped)


def test_a_database_without_a_table_is_unknown_and_says_why(workspace: Workspace) -> None:
    path = workspace.root.parent / "empty.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as live:
        live.executescript(CUSTOMERS)
    report = drift_database(workspace, PathLocation(path))
    assert statuses(report) == {"database": "unknown"}
    assert "No migration table for this location was found" in report.drifts[0].message


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("CREATE TABLE clients (id INTEGER PRIMARY KEY)", ["error database-table"]),
        (
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL)",
            ["error database-column"],
        ),
        (CUSTOMERS.replace("city TEXT", "city TEXT, vat TEXT NOT NULL"), ["error database-column"]),
        (CUSTOMERS.replace("city TEXT", "city TEXT, vat TEXT NOT NULL DEFAULT ''"), ["info database-column"]),
        (CUSTOMERS.replace("city TEXT", "city DATE"), ["warning database-type"]),
        (CUSTOMERS.replace("(40)", "(20)"), ["warning database-type"]),
        (CUSTOMERS.replace("(40)", "(60)"), []),
        (CUSTOMERS.replace("city TEXT", "city TEXT NOT NULL"), ["warning database-required"]),
        (CUSTOMERS.replace(" NOT NULL", ""), ["info database-required"]),
        (CUSTOMERS.replace(" PRIMARY KEY", ""), ["warning database-key"]),
        (CUSTOMERS.replace("city TEXT", "city TEXT UNIQUE"), ["warning database-unique"]),
        (
            CUSTOMERS.replace("city TEXT", "city TEXT REFERENCES customers (name)"),
            ["warning database-reference"],
        ),
        (CUSTOMERS.replace("customers", "Customers").replace("city", "City"), []),
    ],
)
def test_tables_that_do_not_fit_the_contract_are_findings(
    workspace: Workspace, table: str, expected: list[str]
) -> None:
    report = drift_database(workspace, database(workspace, f"{table};", 3))
    assert rules(report) == expected
    fails = any(not rule.startswith("info") for rule in expected)
    assert report.fails_on({"schema"}) == fails
    assert all(
        finding.dataset == "golden" and "golden/customers: " in finding.message for finding in report.findings
    )


def test_a_failed_migration_fails_whatever_the_status_is(workspace: Workspace) -> None:
    (workspace.root / "tdmvc.yaml").write_text(
        "format: tdmvc/1\nmigrations:\n  main: {tool: golang-migrate, path: db/up}\n"
    )
    folder = workspace.root / "db" / "up"
    folder.mkdir()
    (folder / "1_a.up.sql").write_text("SELECT 1;")
    dirty = "CREATE TABLE gorp (version bigint, dirty bool); INSERT INTO gorp VALUES (1, 1);"
    with Workspace.open(workspace.root) as opened:
        report = drift_database(opened, database(opened, CUSTOMERS + dirty, 0))
    assert "error migration-failed" in rules(report)
    assert report.fails_on({"failed"})


def test_locations_and_datasets_can_be_chosen(workspace: Workspace) -> None:
    config = (workspace.root / "tdmvc.yaml").read_text()
    (workspace.root / "mail").mkdir()
    (workspace.root / "mail" / "1_a.up.sql").write_text("SELECT 1;")
    (workspace.root / "tdmvc.yaml").write_text(f"{config}  mail: {{tool: golang-migrate, path: mail}}\n")
    with Workspace.open(workspace.root) as opened:
        live = database(opened, CUSTOMERS, 5)
        both = drift_database(opened, live)
        assert [(d.location, d.kind, d.status.value) for d in both.drifts] == [
            ("main", DriftKind.DATABASE, "in-step"),
            ("mail", DriftKind.DATABASE, "unknown"),
            ("main", DriftKind.DATASET_IN_DATABASE, "behind"),
        ]
        main = drift_database(opened, live, ["golden"], DatabaseDriftOptions(locations=("main",)))
        assert [drift.location for drift in main.drifts] == ["main", "main"]
        with pytest.raises(NotFoundError):
            drift_database(opened, live, options=DatabaseDriftOptions(locations=("mian",)))
        with pytest.raises(NotFoundError):
            drift_database(opened, live, ["nobody"])
        with pytest.raises(UsageError):
            drift_database(opened, live, options=DatabaseDriftOptions(at="HEAD", release="1"))


def test_a_database_is_compared_with_the_revision_that_was_deployed(workspace: Workspace) -> None:
    (workspace.root / "db" / "migrations" / "6_t6.sql").write_text("-- migrate:up\nSELECT 1;\n")
    live = database(workspace, CUSTOMERS, 5)
    assert statuses(drift_database(workspace, live))["database"] == "behind"
    report = drift_database(workspace, live, options=DatabaseDriftOptions(at="HEAD"))
    assert statuses(report)["database"] == "in-step"


def test_python_compares_the_same(workspace: Workspace) -> None:
    live = database(workspace, CUSTOMERS, 3)
    with tdmvc.open(workspace.root) as repository:
        report = repository.database_drift(live.path, "golden")
    assert statuses(report) == {"database": "behind", "dataset-in-database": "in-step"}


def test_a_release_is_compared_with_its_migrations_and_its_version(workspace: Workspace) -> None:
    publish(workspace, "golden", "1.0.0", PublishOptions(release="1.0.0"))
    commit_all(workspace.root, "Golden 1.0.0")
    git(workspace.root, "tag", "v1.0.0")
    (workspace.root / "db" / "migrations" / "6_t6.sql").write_text("-- migrate:up\nSELECT 1;\n")
    commit_all(workspace.root, "More")
    live = database(workspace, CUSTOMERS, 5)
    report = drift_database(workspace, live, options=DatabaseDriftOptions(release="1.0.0"))
    assert statuses(report) == {"database": "in-step", "dataset-in-database": "behind"}
    assert report.drifts[1].ref == "golden@1.0.0"
    assert statuses(drift_database(workspace, live))["database"] == "behind"
