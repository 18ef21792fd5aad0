"""Recorded migrations move only if the rows show it, a person says it, or the data's own table does."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.actions.add import add
from tdmvc.actions.drift import drift
from tdmvc.actions.publish import publish
from tdmvc.actions.review import review
from tdmvc.errors import UsageError
from tdmvc.formats.dataset import parse_dataset
from tdmvc.model.location import PathLocation
from tdmvc.model.migration import DriftStatus
from tdmvc.model.options import AddOptions
from tdmvc.model.report import AddReport
from tdmvc.model.selection import Selection
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import CUSTOMERS, add_csv
from tests.builders import add_migrations, commit_all, copy_repo

MIGRATED = AddOptions(is_migrated=True)


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A repository with a migration, and golden customers that were made for it."""
    app = copy_repo(template, tmp_path / "app")
    add_migrations(app)
    with Workspace.open(app) as opened:
        add_csv(opened, "customers", CUSTOMERS)
        yield opened


def migrate(workspace: Workspace, **scripts: str) -> None:
    for name, text in scripts.items():
        (workspace.root / "migrations" / f"{name.lstrip('_')}.sql").write_text(text)


def heads(workspace: Workspace, location: str = "main") -> tuple[str, ...]:
    path = workspace.working_copy("golden") / "dataset.yaml"
    recorded = parse_dataset(path.read_text(), "dataset.yaml").migrations.get(location)
    return recorded.heads if recorded else ()


def status(workspace: Workspace) -> DriftStatus:
    [found] = drift(workspace, ["golden"])
    return found.status


def note(report: AddReport) -> str:
    [found] = [text for text in report.notes if "migrations 'main'" in text]
    return found


LOCALE = "ALTER TABLE customers ADD locale text;"


def test_an_add_that_takes_in_nothing_leaves_the_heads(workspace: Workspace) -> None:
    migrate(workspace, _0002_locale=LOCALE, _0003_more="CREATE TABLE more (id int);")
    manifest = (workspace.working_copy("golden") / "dataset.yaml").read_bytes()
    text = note(add(workspace, "golden"))
    assert "because no row or column changed" in text
    assert "If 0002, 0003 were run on these rows" in text
    assert "`tdmvc add golden --migrated`" in text
    assert (workspace.working_copy("golden") / "dataset.yaml").read_bytes() == manifest
    assert status(workspace) is DriftStatus.BEHIND


def test_the_same_source_again_leaves_the_heads(workspace: Workspace) -> None:
    migrate(workspace, _0002_index="CREATE INDEX i ON customers (name);")
    report = add_csv(workspace, "customers", CUSTOMERS)
    assert "because no row or column changed" in note(report)
    assert heads(workspace) == ("0001",)


def test_a_person_can_say_that_the_migrations_were_run(workspace: Workspace) -> None:
    migrate(workspace, _0002_index="CREATE INDEX i ON customers (name);")
    report = add(workspace, "golden", options=MIGRATED)
    assert "now recorded as made for migrations 'main' at 0002 (before: 0001)" in note(report)
    assert status(workspace) is DriftStatus.IN_STEP
    assert add(workspace, "golden").notes == ()


@pytest.mark.parametrize(
    ("script", "rows", "reason"),
    [
        (LOCALE, CUSTOMERS + "3,Cat\n", "0002 adds customers.locale, which the data lacks"),
        ("ALTER TABLE customers DROP COLUMN name;", CUSTOMERS + "3,Cat\n", "drops customers.name"),
        (
            "ALTER TABLE customers RENAME COLUMN name TO full_name;",
            CUSTOMERS + "3,Cat\n",
            "adds customers.full_name, which the data lacks",
        ),
        ("CREATE TABLE invoices (id int);", CUSTOMERS + "3,Cat\n", "creates invoices, which the data lacks"),
        ("DROP TABLE customers;", CUSTOMERS + "3,Cat\n", "drops customers, which the data still has"),
    ],
)
def test_rows_that_lack_what_a_migration_makes_leave_the_heads(
    workspace: Workspace, script: str, rows: str, reason: str
) -> None:
    migrate(workspace, _0002_next=script)
    assert reason in note(add_csv(workspace, "customers", rows))
    assert heads(workspace) == ("0001",)
    add_csv(workspace, "customers", rows, MIGRATED)
    assert heads(workspace) == ("0002",)


def test_rows_that_a_migration_should_have_changed_and_that_did_not_leave_the_heads(
    workspace: Workspace,
) -> None:
    migrate(workspace, _0002_upper="UPDATE customers SET name = upper(name);")
    report = add_csv(workspace, "orders", "id\n1\n")
    assert "0002 changes rows of customers, which did not change" in note(report)
    assert heads(workspace) == ("0001",)
    add_csv(workspace, "customers", CUSTOMERS.upper())
    assert heads(workspace) == ("0002",)


@pytest.mark.parametrize(
    ("script", "table", "rows"),
    [
        (LOCALE, "customers", "id,name,locale\n1,Ann,de\n2,Bob,fr\n"),
        ("ALTER TABLE customers RENAME COLUMN name TO full_name;", "customers", "id,full_name\n1,Ann\n"),
        (
            "ALTER TABLE customers ADD a int; ALTER TABLE customers DROP a;",
            "customers",
            CUSTOMERS + "3,Cat\n",
        ),
        ("CREATE TABLE invoices (id int);", "invoices", "id\n1\n"),
        ("CREATE INDEX i ON customers (name);", "customers", CUSTOMERS + "3,Cat\n"),
        ("ALTER TABLE elsewhere ADD a int;", "customers", CUSTOMERS + "3,Cat\n"),
    ],
)
def test_rows_that_fit_move_the_heads(workspace: Workspace, script: str, table: str, rows: str) -> None:
    migrate(workspace, _0002_next=script)
    report = add_csv(workspace, table, rows)
    assert "now recorded as made for migrations 'main' at 0002" in note(report)
    assert heads(workspace) == ("0002",)


def test_a_missing_table_is_empty_if_a_later_migration_was_run(workspace: Workspace) -> None:
    migrate(workspace, _0002_empty="CREATE TABLE invoices (id int);", _0003_locale=LOCALE)
    report = add_csv(workspace, "customers", "id,name,locale\n1,Ann,de\n")
    assert heads(workspace) == ("0003",)
    assert (
        "The data lacks invoices; later migrations, whose columns it has, show that it is only empty."
        in report.notes
    )


def test_a_missing_table_of_the_last_migration_leaves_the_heads(workspace: Workspace) -> None:
    migrate(workspace, _0002_locale=LOCALE, _0003_invoices="CREATE TABLE invoices (id int);")
    report = add_csv(workspace, "customers", "id,name,locale\n1,Ann,de\n")
    assert "0003 creates invoices, which the data lacks" in note(report)
    assert heads(workspace) == ("0001",)


def test_a_column_that_an_edit_adds_moves_the_heads(workspace: Workspace) -> None:
    migrate(workspace, _0002_locale=LOCALE)
    folder = workspace.working_copy("golden") / "customers"
    for part in folder.iterdir():
        part.unlink()
    pq.write_table(pa.table({"id": [1], "name": ["Ann"], "locale": ["de"]}), folder / "edited.parquet")
    add(workspace, "golden")
    assert heads(workspace) == ("0002",)


def test_heads_that_the_work_tree_does_not_know_stay(workspace: Workspace) -> None:
    (workspace.root / "migrations" / "0001_customers.sql").rename(
        workspace.root / "migrations" / "20_squash.sql"
    )
    assert "--migrated" in note(add_csv(workspace, "customers", CUSTOMERS + "3,Cat\n"))
    assert heads(workspace) == ("0001",)
    add(workspace, "golden", options=MIGRATED)
    assert heads(workspace) == ("20",)


def test_migrations_that_are_named_later_are_recorded_when_a_person_says_so(workspace: Workspace) -> None:
    config = workspace.root / "tdmvc.yaml"
    (workspace.root / "other").mkdir()
    (workspace.root / "other" / "1_a.sql").write_text("CREATE TABLE other (id int);")
    config.write_text(config.read_text() + "  other: {tool: sql, path: other}\n")
    with Workspace.open(workspace.root) as opened:
        assert "`tdmvc add golden --migrated`" in " ".join(add(opened, "golden").notes)
        assert heads(opened, "other") == ()
        add(opened, "golden", options=MIGRATED)
        assert heads(opened, "other") == ("1",)


def test_a_first_add_of_rows_without_the_newest_columns_says_so(workspace: Workspace) -> None:
    migrate(workspace, _0002_locale=LOCALE)
    source = workspace.root.parent / "customers.csv"
    report = add(workspace, "silver", [PathLocation(source)])
    assert "do not look like it: 0002 adds customers.locale, which the data lacks" in note(report)


# Data with the table of its migration tool.


def alembic(workspace: Workspace, *ids: str) -> None:
    """Give the application a line of revisions instead, each of which adds a column."""
    folder = workspace.root / "db" / "versions"
    folder.mkdir(parents=True, exist_ok=True)
    for id_, down in zip(ids, (None, *ids), strict=False):
        (folder / f"{id_}.py").write_text(
            f'revision = "{id_}"\ndown_revision = {down!r}\n\n\ndef upgrade():\n'
            f'    op.add_column("customers", sa.Column("c_{id_}"))\n'
        )
    (workspace.root / "tdmvc.yaml").write_text(
        "format: tdmvc/1\nmigrations:\n  main: {tool: alembic, path: db}\n"
    )


def as_csv(folder: Path, head: str) -> Path:
    target = folder / "csv"
    target.mkdir()
    (target / "alembic_version.csv").write_text(f"version_num\n{head}\n")
    (target / "customers.csv").write_text(CUSTOMERS)
    return target


def as_json(folder: Path, head: str) -> Path:
    target = folder / "json"
    target.mkdir()
    (target / "alembic_version.json").write_text(json.dumps([{"version_num": head}]))
    (target / "customers.jsonl").write_text('{"id": 1, "name": "Ann"}\n')
    return target


def as_parquet(folder: Path, head: str) -> Path:
    target = folder / "parquet"
    target.mkdir()
    pq.write_table(pa.table({"version_num": [head]}), target / "alembic_version.parquet")
    pq.write_table(pa.table({"id": [1]}), target / "customers.parquet")
    return target


def as_sqlite(folder: Path, head: str) -> Path:
    path = folder / "shop.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as shop:
        shop.executescript(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY);"
            f"INSERT INTO alembic_version VALUES ('{head}'); CREATE TABLE customers (id INTEGER PRIMARY KEY);"
        )
    return path


def as_duckdb(folder: Path, head: str) -> Path:
    path = folder / "shop.duckdb"
    with duckdb.connect(str(path)) as shop:
        shop.execute("CREATE TABLE alembic_version (version_num VARCHAR); CREATE TABLE customers (id INT)")
        shop.execute("INSERT INTO alembic_version VALUES (?)", [head])
    return path


@pytest.mark.parametrize("make", [as_csv, as_json, as_parquet, as_sqlite, as_duckdb])
def test_a_migration_table_in_the_data_is_what_is_recorded(
    workspace: Workspace, make: Callable[[Path, str], Path]
) -> None:
    alembic(workspace, "a1", "b2", "c3")
    with Workspace.open(workspace.root) as opened:
        report = add(opened, "golden", [PathLocation(make(workspace.root.parent, "b2"))], MIGRATED)
        assert heads(opened) == ("b2",)
        assert status(opened) is DriftStatus.BEHIND
        said = "alembic_version says that the rows were made for migrations 'main' at b2"
        assert any(said in text for text in report.notes)
        assert "--migrated changes nothing" in " ".join(report.notes)
        if make in (as_sqlite, as_duckdb):
            assert [table.name for table in report.tables] == ["customers"]
            return
        # The standing table stays the truth: for a table beside it, and when nothing changes.
        add_csv(opened, "orders", "id\n1\n")
        add(opened, "golden", options=MIGRATED)
        assert heads(opened) == ("b2",)


def test_an_edit_of_the_standing_migration_table_moves_the_heads(workspace: Workspace) -> None:
    alembic(workspace, "a1", "b2", "c3")
    with Workspace.open(workspace.root) as opened:
        add(opened, "golden", [PathLocation(as_parquet(workspace.root.parent, "b2"))])
        folder = opened.working_copy("golden") / "alembic_version"
        for part in folder.iterdir():
            part.unlink()
        pq.write_table(pa.table({"version_num": ["c3"]}), folder / "edited.parquet")
        add(opened, "golden")
        assert heads(opened) == ("c3",)
        assert status(opened) is DriftStatus.IN_STEP


def test_a_head_that_the_repository_does_not_know_is_a_finding(workspace: Workspace) -> None:
    alembic(workspace, "a1")
    with Workspace.open(workspace.root) as opened:
        report = add(opened, "golden", [PathLocation(as_csv(workspace.root.parent, "ffff"))])
        [finding] = report.findings
        assert (finding.rule, finding.severity, finding.table) == (
            "migration-not-known",
            "warning",
            "alembic_version",
        )
        assert heads(opened) == ("ffff",)
        assert status(opened) is DriftStatus.UNKNOWN


def test_a_dirty_migration_is_an_error_and_not_applied(workspace: Workspace) -> None:
    folder = workspace.root / "migrations"
    for path in folder.iterdir():
        path.unlink()
    for number in (1, 2):
        (folder / f"{number}_step.up.sql").write_text(f"CREATE TABLE t{number} (id int);")
    (workspace.root / "tdmvc.yaml").write_text(
        "format: tdmvc/1\nmigrations:\n  main: {tool: golang-migrate, path: migrations}\n"
    )
    with Workspace.open(workspace.root) as opened:
        report = add_csv(opened, "schema_migrations", "version,dirty\n2,t\n")
        [finding] = [one for one in report.findings if one.rule == "migration-failed"]
        assert finding.severity == "error"
        assert "failed or unfinished: 2" in finding.message
        assert heads(opened) == ("1",)


def test_an_empty_migration_table_records_nothing(workspace: Workspace) -> None:
    alembic(workspace, "a1")
    with Workspace.open(workspace.root) as opened:
        report = add_csv(opened, "alembic_version", "version_num\n")
        assert "names no migration of 'main'" in " ".join(report.notes)
        assert heads(opened) == ()


def test_a_migration_table_without_a_location_is_reported(workspace: Workspace) -> None:
    report = add_csv(workspace, "django_migrations", "id,app,name,applied\n1,shop,0001_initial,2024-01-01\n")
    assert (
        "django_migrations says which migrations of Django the rows have, but tdmvc.yaml names no"
        in report.notes[0]
    )


def test_plain_sql_files_and_a_table_of_their_numbers_belong_together(workspace: Workspace) -> None:
    migrate(workspace, _0002_index="CREATE INDEX i ON customers (name);", _0003_more="SELECT 1;")
    add_csv(workspace, "schema_migrations", "version\n0001\n0002\n")
    assert heads(workspace) == ("0002",)


def test_the_migration_table_of_a_database_is_read_even_if_it_is_not_added(workspace: Workspace) -> None:
    alembic(workspace, "a1", "b2", "c3")
    with Workspace.open(workspace.root) as opened:
        source = PathLocation(as_sqlite(workspace.root.parent, "b2"))
        report = add(opened, "golden", [source], AddOptions(selection=Selection(("cust*",), ())))
        assert [table.name for table in report.tables] == ["customers"]
        assert heads(opened) == ("b2",)


def test_a_migration_table_of_a_database_that_is_named_or_there_already_is_added(
    workspace: Workspace,
) -> None:
    alembic(workspace, "a1", "b2", "c3")
    with Workspace.open(workspace.root) as opened:
        source = PathLocation(as_sqlite(workspace.root.parent, "b2"))
        named = add(opened, "golden", [source], AddOptions(selection=Selection(("*",), ())))
        assert [table.name for table in named.tables] == ["alembic_version", "customers"]
        again = add(opened, "golden", [source])
        assert [table.name for table in again.tables] == ["alembic_version", "customers"]


def test_a_database_with_nothing_but_tables_of_migration_tools_has_no_rows_to_add(
    workspace: Workspace,
) -> None:
    path = workspace.root.parent / "shop.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as shop:
        shop.executescript("CREATE TABLE knex_migrations_lock (`index` INTEGER, is_locked INTEGER)")
    with pytest.raises(UsageError, match="excluded") as raised:
        add(workspace, "silver", [PathLocation(path)])
    assert "--tables" in raised.value.remedy


def test_a_migration_table_in_a_schema_of_its_own_is_read(workspace: Workspace) -> None:
    path = workspace.root.parent / "shop.duckdb"
    with duckdb.connect(str(path)) as shop:
        shop.execute("CREATE SCHEMA ledger; CREATE TABLE ledger.alembic_version (version_num VARCHAR)")
        shop.execute("INSERT INTO ledger.alembic_version VALUES ('b2'); CREATE TABLE customers (id INT)")
    alembic(workspace, "a1", "b2", "c3")
    with Workspace.open(workspace.root) as opened:
        report = add(opened, "golden", [PathLocation(path)])
        assert [table.name for table in report.tables] == ["customers"]
        assert heads(opened) == ("b2",)
        assert any("ledger.alembic_version says" in text for text in report.notes)


def test_a_record_that_the_data_contradicts_is_found_by_review_and_publish(workspace: Workspace) -> None:
    alembic(workspace, "a1", "b2", "c3")
    with Workspace.open(workspace.root) as opened:
        add(opened, "golden", [PathLocation(as_parquet(workspace.root.parent, "b2"))])
        commit_all(opened.root, "Data")
        path = opened.working_copy("golden") / "dataset.yaml"
        path.write_text(
            path.read_text().replace('heads: ["b2"]', 'heads: ["c3"]').replace("heads: [b2]", "heads: [c3]")
        )
        commit_all(opened.root, "By hand")
        [reviewed] = review(opened, "HEAD~1", sample_rows=0).datasets
        assert "migrations-not-recorded" in [finding.rule for finding in reviewed.findings]
        [finding] = publish(opened, "golden").findings
        assert finding.rule == "migrations-not-recorded"
        assert "at c3, but alembic_version says b2" in finding.message
        add(opened, "golden")
        assert heads(opened) == ("b2",)
