"""What a database has of the application's migrations is read from the tool's own table."""

import contextlib
import ctypes
import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import tdmvc
from tdmvc.actions.drift import drift_database
from tdmvc.actions.migrations import migrations
from tdmvc.errors import SourceError, UsageError
from tdmvc.model.live_migrations import AppliedStatus, DatabaseMigrations
from tdmvc.model.location import PathLocation, parse_location
from tdmvc.workspace.workspace import Workspace
from tests.builders import copy_repo

CONFIG = "format: tdmvc/1\nmigrations:\n"


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A repository with numbered migrations of dbmate."""
    app = copy_repo(template, tmp_path / "app")
    folder = app / "db" / "migrations"
    folder.mkdir(parents=True)
    for number in range(1, 6):
        text = f"-- migrate:up\nCREATE TABLE t{number} (id int);\n-- migrate:down\nDROP TABLE t{number};\n"
        (folder / f"{number}_t{number}.sql").write_text(text)
    (app / "tdmvc.yaml").write_text(f"{CONFIG}  main: {{tool: dbmate, path: db/migrations}}\n")
    with Workspace.open(app) as opened:
        yield opened


def database(workspace: Workspace, script: str) -> PathLocation:
    path = workspace.root.parent / "live.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as live:
        live.executescript(script)
    return PathLocation(path)


def applied(workspace: Workspace, script: str) -> DatabaseMigrations:
    found = migrations(workspace, database=database(workspace, script)).database
    assert found is not None
    return found


def statuses(found: DatabaseMigrations) -> dict[str, str]:
    [location] = found.locations
    return {migration.id: migration.status.value for migration in location.migrations}


def rules(found: DatabaseMigrations) -> list[str]:
    return [finding.rule for finding in found.findings]


VERSIONS = "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);"


def test_migrations_are_applied_skipped_or_pending_and_others_unknown_or_removed(
    workspace: Workspace,
) -> None:
    rows = "INSERT INTO schema_migrations VALUES ('0'), ('1'), ('3'), ('4'), ('77');"
    found = applied(workspace, VERSIONS + rows)
    assert statuses(found) == {
        "1": "applied",
        "2": "skipped",
        "3": "applied",
        "4": "applied",
        "5": "pending",
        "0": "removed",
        "77": "unknown",
    }
    [location] = found.locations
    assert (location.table, location.heads) == ("schema_migrations", ("77",))
    assert location.counts[AppliedStatus.APPLIED] == 3
    assert rules(found) == ["migration-not-known", "migration-skipped"]


def test_a_database_that_a_driver_reads_needs_no_duckdb(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Workspace, "new_engine", lambda _: pytest.fail("DuckDB was opened"))
    found = applied(workspace, VERSIONS + "INSERT INTO schema_migrations VALUES ('1');")
    assert statuses(found)["1"] == "applied"
    drift_database(workspace, PathLocation(workspace.root.parent / "live.sqlite"))


def test_an_empty_table_has_all_migrations_pending(workspace: Workspace) -> None:
    found = applied(workspace, VERSIONS)
    assert set(statuses(found).values()) == {"pending"}
    assert (rules(found), found.locations[0].heads) == ([], ())


def test_a_database_without_a_table_says_nothing_about_migrations(workspace: Workspace) -> None:
    found = applied(workspace, "CREATE TABLE t1 (id int);")
    assert (found.locations[0].table, statuses(found)) == (None, {})


def test_a_table_of_another_tool_belongs_to_no_location(workspace: Workspace) -> None:
    found = applied(workspace, "CREATE TABLE alembic_version (version_num text);")
    assert rules(found) == ["migration-table-without-location"]
    assert found.locations[0].table is None


def test_two_tools_in_one_database_are_told_apart(workspace: Workspace) -> None:
    folder = workspace.root / "alembic" / "versions"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text('revision = "a1"\ndown_revision = None\n')
    config = (
        f"{CONFIG}  main: {{tool: dbmate, path: db/migrations}}\n  py: {{tool: alembic, path: alembic}}\n"
    )
    (workspace.root / "tdmvc.yaml").write_text(config)
    tables = "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('a1');"
    with Workspace.open(workspace.root) as opened:
        found = applied(opened, f"{VERSIONS}INSERT INTO schema_migrations VALUES ('5');{tables}")
    assert {one.name: (one.table, one.heads) for one in found.locations} == {
        "main": ("schema_migrations", ("5",)),
        "py": ("alembic_version", ("a1",)),
    }


@pytest.mark.parametrize(
    ("script", "is_held"),
    [
        ("CREATE TABLE DATABASECHANGELOGLOCK (ID int, LOCKED bool, LOCKGRANTED text, LOCKEDBY text)", True),
        ("CREATE TABLE knex_migrations_lock (`index` int, is_locked int, a int, b int)", True),
        ("CREATE TABLE kysely_migration_lock (id text, is_locked int, a int, b int)", True),
        ("CREATE TABLE yoyo_lock (locked int, pid int, ctime text, c int)", True),
        ("CREATE TABLE stock_lock (id int, is_locked int, a int, b int)", False),
    ],
)
@pytest.mark.parametrize("value", [1, 0])
def test_a_lock_that_is_held_is_a_finding(
    workspace: Workspace, script: str, value: int, *, is_held: bool
) -> None:
    table = script.split()[2]
    row = f"({value}, 1, 1, 1)" if table == "yoyo_lock" else f"(1, {value}, NULL, NULL)"
    found = applied(workspace, f"{script}; INSERT INTO {table} VALUES {row};")
    assert rules(found) == (["migration-locked"] if is_held and value else [])


def test_a_database_that_cannot_be_read_is_an_error(workspace: Workspace) -> None:
    with pytest.raises(SourceError):
        migrations(workspace, database=PathLocation(workspace.root / "none.sqlite"))
    with pytest.raises(UsageError) as raised:
        migrations(workspace, database=parse_location("oracle://u:secret@h/db"))
    assert "secret" not in f"{raised.value} {raised.value.remedy}"


def test_python_reads_the_same(workspace: Workspace) -> None:
    path = database(workspace, f"{VERSIONS}INSERT INTO schema_migrations VALUES ('2');").path
    with tdmvc.open(workspace.root) as repository:
        found = repository.database_migrations(str(path))
    assert found.locations[0].heads == ("2",)
    assert found.url == str(path)


# Applications, squashes.


def django(workspace: Workspace, files: dict[str, str]) -> None:
    """Give the application Django migrations instead: name and what stands in the class."""
    for name, text in files.items():
        app, _, stem = name.partition(".")
        folder = workspace.root / "site" / app / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
        body = "".join(f"    {line}\n" for line in (text or "dependencies = []").split("\n"))
        (folder / f"{stem}.py").write_text(
            f"from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n{body}"
        )
    (workspace.root / "tdmvc.yaml").write_text(f"{CONFIG}  main: {{tool: django, path: site}}\n")


SQUASH = "replaces = [('shop', '0001'), ('shop', '0002'), ('shop', '0003')]\ndependencies = []"
LINE = {
    "shop.0001": "",
    "shop.0002": "dependencies = [('shop', '0001')]",
    "shop.0003": "dependencies = [('shop', '0002')]",
    "mail.0001": "dependencies = [('shop', '0002')]",
}
AFTER = {"shop.0004": "dependencies = [('shop', '0001_squash')]"}


@pytest.mark.parametrize(
    ("applied", "pending", "drift_status"),
    [
        ("", "shop.0001_squash mail.0001 shop.0004", "behind"),
        ("shop.0001 shop.0002", "shop.0003 mail.0001 shop.0004", "behind"),
        ("shop.0001 shop.0002 shop.0003", "mail.0001 shop.0004", "behind"),
        ("shop.0001_squash", "mail.0001 shop.0004", "behind"),
        ("shop.0001 shop.0002 shop.0003 shop.0001_squash mail.0001 shop.0004", "", "in-step"),
        ("shop.0001_squash mail.0001 shop.0004", "", "in-step"),
        ("auth.0001 shop.0001_squash mail.0001 shop.0004", "", "in-step"),
    ],
)
@pytest.mark.parametrize("has_files", [True, False])
def test_squashes_and_applications_of_django_count_as_what_was_run(
    workspace: Workspace, applied: str, pending: str, drift_status: str, *, has_files: bool
) -> None:
    old = LINE if has_files else {"mail.0001": "dependencies = [('shop', '0001_squash')]"}
    if not has_files and applied == "shop.0001 shop.0002":
        # The rest of the squash cannot run any more.
        pending = "shop.0001_squash mail.0001 shop.0004"
    django(workspace, {**old, "shop.0001_squash": SQUASH, **AFTER})
    rows = ", ".join(f"(NULL, '{id_.split('.')[0]}', '{id_.split('.')[1]}')" for id_ in applied.split())
    script = "CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app text, name text);"
    script += f"INSERT INTO django_migrations VALUES {rows};" if rows else ""
    with Workspace.open(workspace.root) as opened:
        live = database(opened, script)
        found = migrations(opened, database=live).database
        report = drift_database(opened, live)
    assert found is not None
    [location] = found.locations
    waiting = {one.id for one in location.migrations if one.status.value in ("pending", "skipped")}
    assert waiting == set(pending.split())
    assert not {one.id for one in location.migrations} & {"auth.0001"}
    [drift] = report.drifts
    assert {one.id for one in drift.pending} == waiting
    assert drift.status.value == drift_status
    is_half = applied == "shop.0001 shop.0002"
    assert ("migration-half-applied" in rules(found)) == is_half
    assert ("is half applied" in drift.message) == is_half


# Checksums that the tool keeps.


PRISMA = (
    "CREATE TABLE _prisma_migrations (migration_name text, checksum text, finished_at text, rolled_back_at text,"
    " started_at text); INSERT INTO _prisma_migrations VALUES (%s, %s, 'x', NULL, 'x');"
)
SQLX = (
    "CREATE TABLE _sqlx_migrations (version bigint, installed_on text, success bool, checksum blob);"
    "INSERT INTO _sqlx_migrations VALUES (1, 'x', 1, %s);"
)
FLYWAY = (
    "CREATE TABLE flyway_schema_history (installed_rank int, version text, type text, script text, checksum int,"
    " success bool); INSERT INTO flyway_schema_history VALUES (1, '1', 'SQL', 'V1__a.sql', %s, 1);"
)
DRIZZLE = (
    "CREATE TABLE __drizzle_migrations (id integer, hash text, created_at bigint);"
    "INSERT INTO __drizzle_migrations VALUES (1, '%s', %s);"
)
LF, CRLF = "\n", "\r\n"
TEXT = "CREATE TABLE a (id int);\nSELECT 'ü';\n"
JOURNAL = '{"entries": [{"idx": 0, "when": 1700000000000, "tag": "0000_a"}]}'


def sha(text: str, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("tool", "path", "script"),
    [
        ("prisma", "m/1_a/migration.sql", PRISMA % ("'1_a'", f"'{sha(TEXT)}'")),
        ("prisma", "m/1_a/migration.sql", PRISMA % ("'1_a'", f"'{sha(TEXT.replace(LF, CRLF))}'")),
        ("sqlx", "m/1_a.sql", SQLX % f"x'{sha(TEXT, 'sha384')}'"),
        ("flyway", "m/V1__a.sql", FLYWAY % ctypes.c_int32(zlib.crc32(TEXT.replace(LF, "").encode())).value),
        ("drizzle", "m/0000_a.sql", DRIZZLE % (sha(TEXT), 1700000000000)),
        ("drizzle", "m/0000_a.sql", DRIZZLE % (sha(TEXT), "NULL")),
    ],
    ids=["prisma", "prisma-crlf", "sqlx", "flyway", "drizzle", "drizzle-hash"],
)
def test_a_migration_that_was_edited_after_it_was_run_is_noticed(
    workspace: Workspace, tool: str, path: str, script: str
) -> None:
    file = workspace.root / path
    file.parent.mkdir(parents=True)
    file.write_text(TEXT)
    if tool == "drizzle":
        (file.parent / "meta").mkdir()
        (file.parent / "meta" / "_journal.json").write_text(JOURNAL)
    (workspace.root / "tdmvc.yaml").write_text(f"{CONFIG}  main: {{tool: {tool}, path: m}}\n")
    live = database(workspace, script)

    def report() -> tuple[str, list[str]]:
        with Workspace.open(workspace.root) as opened:
            found = drift_database(opened, live)
        [drift] = found.drifts
        return drift.status.value, [finding.rule for finding in found.findings]

    assert report() == ("in-step", [])
    file.write_text(f"{TEXT}-- more\n")
    if "NULL);" in script and tool == "drizzle":
        # Without a time, only the hash says which one it is.
        assert report()[0] == "unknown"
    else:
        assert report() == ("edited", ["migration-edited"])
