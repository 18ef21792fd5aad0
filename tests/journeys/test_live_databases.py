"""A live database is compared with the repository and its data, from the first `add` to the next migration."""

from pathlib import Path

import pytest

from tests.builders import Tdmvc, git
from tests.schemas import assert_valid
from tests.servers import DatabaseServer
from tests.yaml_files import read_yaml

SHOP = """
CREATE SCHEMA ledger;
CREATE TABLE ledger.alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY);
INSERT INTO ledger.alembic_version VALUES ('a1');
CREATE TYPE tier AS ENUM ('plain', 'gold');
CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name varchar(40) NOT NULL, tier tier DEFAULT 'plain');
CREATE TABLE orders (id int PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers,
  total numeric(10, 2), at timestamptz);
INSERT INTO customers (name) VALUES ('Ann'), ('Ben');
INSERT INTO orders VALUES (1, 1, 12.50, now()), (2, 2, 7, now());
"""
NEXT = """
ALTER TABLE customers ADD locale text NOT NULL DEFAULT 'en';
ALTER TABLE orders ALTER total TYPE text, ADD channel text NOT NULL DEFAULT '';
ALTER TABLE orders ALTER channel DROP DEFAULT;
UPDATE ledger.alembic_version SET version_num = 'b2';
"""


def revision(repo: Path, id_: str, down: str | None) -> None:
    folder = repo / "db" / "versions"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{id_}.py").write_text(f'revision = "{id_}"\ndown_revision = {down!r}\n')


@pytest.fixture
def app(repo: Path) -> Path:
    revision(repo, "a1", None)
    (repo / "tdmvc.yaml").write_text("format: tdmvc/1\nmigrations:\n  main: {tool: alembic, path: db}\n")
    return repo


def test_data_follows_a_database_through_a_migration(
    tdmvc: Tdmvc, app: Path, postgres_server: DatabaseServer
) -> None:
    with postgres_server.fresh_database() as name:
        postgres_server.execute(name, SHOP)
        url = postgres_server.url(name)
        added = tdmvc("add", "golden", url)
        assert "ledger.alembic_version says that the rows were made for migrations 'main' at a1" in " ".join(
            added.out.split()
        )
        manifest = read_yaml(app / "datasets/golden/dataset.yaml")
        assert manifest["migrations"]["main"]["heads"] == ["a1"]
        git(app, "add", "-A")
        git(app, "commit", "-qm", "Data")
        assert "In step" in tdmvc("drift", "--database", url).out

        revision(app, "b2", "a1")
        state = tdmvc("migrations", "--database", url, "--format", "json").json
        assert_valid(state, "migrations")
        [location] = state["database"]["locations"]
        assert location["counts"] == {"applied": 1, "pending": 1}
        assert "pending  b2" in tdmvc("migrations", "--database", url).out
        behind = tdmvc("drift", "--database", url, code=1)
        assert "behind 1, migrations main" in behind.out
        tdmvc("drift", "--database", url, "--at", "HEAD")

        postgres_server.execute(name, NEXT)
        drift = tdmvc("drift", "golden", "--database", url, "--format", "json", code=1).json
        assert_valid(drift, "drift")
        assert [(one["kind"], one["status"]) for one in drift["drifts"]] == [
            ("database", "in-step"),
            ("dataset-in-database", "behind"),
        ]
        assert {(one["severity"], one["rule"], *one["columns"]) for one in drift["findings"]} == {
            ("info", "database-column", "locale"),
            ("error", "database-column", "channel"),
            ("warning", "database-type", "total"),
        }
        tdmvc("drift", "golden", "--database", url, "--fail-on", "unknown,failed")
        tdmvc("drift", "golden", "--database", url, "--fail-on", "schema", code=1)
        tdmvc("add", "golden", url)
        assert "In step" in tdmvc("drift", "golden", "--database", url).out
        for said in (added, behind):
            assert postgres_server.running.password not in said.out + said.err


def test_a_database_that_cannot_be_reached_is_an_error_without_its_password(
    tdmvc: Tdmvc, app: Path, postgres_server: DatabaseServer
) -> None:
    wrong = postgres_server.url("postgres").replace(postgres_server.running.password, "wr0ng-one")
    for command in (("migrations",), ("drift",)):
        failed = tdmvc(*command, "--database", wrong, code=7)
        assert "wr0ng-one" not in failed.out + failed.err
    assert "--merge-preview" in tdmvc("drift", "--database", wrong, "--merge-preview", "main", code=2).err
    assert "--database" in tdmvc("drift", "--location", "main", code=2).err
    assert "no status 'failed'" in tdmvc("drift", "--fail-on", "failed", code=2).err
    assert (
        "migration location 'mian'" in tdmvc("drift", "--database", wrong, "--location", "mian", code=3).err
    )
