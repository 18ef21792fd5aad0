"""Migrations as a contract: what they declare, against the contract of a dataset, at any revision."""

from pathlib import Path

import pytest

import tdmvc
from tests.builders import Tdmvc, commit_all, copy_repo, git, run_quietly

FIRST = "CREATE TABLE orders (id bigint PRIMARY KEY, status text);\n"
SECOND = """\
CREATE TABLE audit (id bigint PRIMARY KEY);

ALTER TABLE orders
  ALTER status SET NOT NULL;
"""


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = copy_repo(template, tmp_path_factory.mktemp("migrations") / "app")
    folder = app / "db/migrations"
    folder.mkdir(parents=True)
    (folder / "000001_orders.up.sql").write_text(FIRST)
    (folder / "000001_orders.down.sql").write_text("DROP TABLE orders;\n")
    rows = app.parent / "orders.csv"
    rows.write_text("id,status\n1,new\n2,paid\n")
    run_quietly(app, "add", "golden", rows, "--key", "orders=id")
    commit_all(app, "One migration")
    git(app, "tag", "v1")
    (folder / "000002_required.up.sql").write_text(SECOND)
    commit_all(app, "Two migrations")
    return app


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Path:
    return copy_repo(made, tmp_path / "app")


def test_a_reviewer_sees_what_migrations_say_and_the_contract_does_not(tdmvc: Tdmvc, repo: Path) -> None:
    shown = tdmvc("contract", "show", "migrations").out
    assert "orders.status.required  db/migrations/000002_required.up.sql:4" in shown
    diff = tdmvc("contract", "diff", "golden", "migrations", "--tables", "orders", "--exit-code", code=1).out
    assert "orders.status.required added" in diff
    assert "audit" not in diff
    assert "audit" in tdmvc("contract", "diff", "golden", "db/migrations").out
    assert "no table" in tdmvc("contract", "diff", "golden", "migrations", "--tables", "x", code=3).err
    would = tdmvc("contract", "import", "migrations", "--dataset", "golden", "--dry-run").out
    assert "orders.status.required" in would
    tdmvc("contract", "import", "migrations", "--dataset", "golden")
    tdmvc("contract", "diff", "golden", "migrations", "--tables", "orders", "--exit-code")
    tdmvc("validate", "golden", "--contract", "migrations@v1")
    assert "NOT NULL" in tdmvc("contract", "export", "migrations", "--to", "sql").out


def test_migrations_of_a_revision_or_up_to_one_of_them(tdmvc: Tdmvc, repo: Path) -> None:
    for at in ("v1", "HEAD~1", "1", "000001", "000001_orders.up.sql"):
        for place in ("migrations", "db/migrations"):
            shown = tdmvc("contract", "show", f"{place}@{at}").out
            assert "1 table, 1 rule" in shown, (place, at)
    changed = tdmvc("contract", "diff", "migrations@v1", "migrations").out
    assert "orders.status.required added" in changed
    assert tdmvc("contract", "diff", "migrations@1..2").out == changed.replace("@v1", "@1").replace(
        "to    migrations", "to    migrations@2"
    )
    tdmvc("contract", "diff", "migrations", "--exit-code")
    (repo / "db/migrations/000003_more.up.sql").write_text("ALTER TABLE orders ADD total int NOT NULL;\n")
    assert "orders.total" in tdmvc("contract", "diff", "migrations", "--exit-code", code=1).out


def test_wrong_words_are_refused_with_advice_that_works(tdmvc: Tdmvc, repo: Path) -> None:
    refused = tdmvc("contract", "show", "migrations@x", code=3).err
    assert "no migration or revision 'x'" in refused
    assert (
        "This is the folder of the dataset golden" in tdmvc("contract", "show", "datasets/golden", code=2).err
    )
    tdmvc("contract", "show", "golden")
    (repo / "docs").mkdir()
    refused = tdmvc("contract", "show", "docs", code=3).err
    assert "no migrations that tdmvc recognises" in refused
    assert (
        "A folder has no contract of the format avro"
        in tdmvc("contract", "show", "db/migrations", "--from", "avro", code=2).err
    )
    tdmvc("contract", "show", "db/migrations", "--from", "golang-migrate")
    assert "not of sql" in tdmvc("contract", "show", "golden", "--from", "sql", code=2).err
    assert "name the file" in tdmvc("contract", "show", "--from", "sql", code=2).err
    assert "add --contract FILE" in tdmvc("validate", "--from", "sql", code=2).err
    (repo / "db/migrations/000002_required.up.sql").write_text(
        "\nALTER TABLE orders ALTER state SET NOT NULL;\n"
    )
    refused = tdmvc("contract", "show", "migrations", code=2).err
    assert "db/migrations/000002_required.up.sql, line 2" in refused
    assert "its columns: id, status. Or, if the script is right: let golang-migrate migrate" in refused
    (repo / "db/migrations/000002_required.up.sql").write_text(SECOND)
    assert "outside of the repository" in tdmvc("contract", "show", repo.parent, code=2).err
    assert (
        "`tdmvc contract diff db/migrations/x.sql DATASET`"
        in tdmvc("contract", "diff", "db/migrations/x.sql", code=2).err
    )
    assert "`tdmvc contract diff golden@HEAD golden`" in tdmvc("contract", "diff", "golden@HEAD", code=2).err
    tdmvc("contract", "diff", "golden@HEAD", "golden")
    other = repo / "other/migrations"
    other.mkdir(parents=True)
    (other / "000001_orders.up.sql").write_text(FIRST)
    refused = tdmvc("contract", "show", "migrations", code=2).err
    assert "There are 2 folders of migrations: db/migrations, other/migrations" in refused
    tdmvc("contract", "show", "other/migrations")


def test_migrations_in_code_are_never_run_and_the_way_that_works_is_named(tdmvc: Tdmvc, repo: Path) -> None:
    folder = repo / "alembic"
    (folder / "versions").mkdir(parents=True)
    (repo / "alembic.ini").write_text("[alembic]\nscript_location = alembic\n")
    (folder / "env.py").write_text(
        "from alembic import context\n"
        "context.configure(url='postgresql://', literal_binds=True)\n"
        "with context.begin_transaction():\n    context.run_migrations()\n"
    )
    (folder / "script.py.mako").write_text("")
    (folder / "versions/a1.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = 'a1'\ndown_revision = None\n\n\n"
        "def upgrade():\n    op.create_table('orders', sa.Column('id', sa.Integer, primary_key=True),\n"
        "                    sa.Column('status', sa.Text, nullable=False))\n"
    )
    refused = tdmvc("contract", "show", "alembic", code=2).err
    assert "Migrations of alembic are code, which tdmvc never runs" in refused
    assert "alembic upgrade head --sql > schema.sql" in refused
    assert "`tdmvc contract show postgresql://USER@HOST/DATABASE`" in refused
    with (repo / "tdmvc.yaml").open("a") as file:
        file.write(
            "environments:\n  app: {database: embedded}\n  java: {exports: {JDBC_URL: '{jdbc_url}'}}\n"
        )
    refused = tdmvc("contract", "show", "alembic", code=2).err
    assert "`tdmvc run --env app -- tdmvc contract show '${DATABASE_URL}'`" in refused
    alembic = pytest.importorskip("alembic.config")
    with (repo / "schema.sql").open("w") as output:
        config = alembic.Config(repo / "alembic.ini", output_buffer=output)
        config.set_main_option("script_location", str(folder))
        pytest.importorskip("alembic.command").upgrade(config, "head", sql=True)
    assert "status is never null" in tdmvc("contract", "show", "schema.sql", "--table", "orders").out


def test_the_methods_of_python_take_and_return_the_same(repo: Path) -> None:
    with tdmvc.open(repo) as workspace:
        declared = workspace.contract_show(repo / "db/migrations", tables=["orders"])
        assert [rule.id for table in declared.tables for rule in table.rules] == [
            "orders.status.required",
            "orders.pk",
        ]
        diff = workspace.contract_diff("golden", repo / "db/migrations", tables=["orders"])
        assert ["required" in change.message for change in diff.changes].count(True) == 1
        taken = workspace.contract_import(repo / "db/migrations", "golden", dry_run=True)
        assert (taken.is_written, taken.left_out) == (False, ("audit",))
        assert workspace.contract_import(repo / "db/migrations", "golden").is_written
        assert '"orders"' in workspace.contract_export("golden", "json-schema").text
        inferred = workspace.contract_infer("golden", minimum_rows=2, apply=True)
        assert inferred.is_applied
        [report] = workspace.validate("golden", contract=repo / "db/migrations", tables=["orders"])
        assert report.failures == ()
        workspace.assert_valid()
