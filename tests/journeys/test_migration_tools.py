"""Applications in several languages in one repository: found, read at any revision, compared with their data."""

from pathlib import Path

import pytest

from tests.builders import Tdmvc, commit_all
from tests.yaml_files import read_yaml

FILES = {
    "shop/go.mod": "module example.test/shop\n",
    "shop/migrations/00001_orders.sql": (
        "-- +goose Up\nCREATE TABLE orders (id int);\n-- +goose Down\nDROP TABLE orders;\n"
    ),
    "web/package.json": '{"dependencies": {"knex": "3"}}',
    "web/migrations/20240101120000_pages.js": (
        "exports.up = (knex) => knex.schema.createTable('pages', (t) => t.increments());\n"
        "exports.down = (knex) => knex.schema.dropTable('pages');\n"
    ),
    "books/Gemfile": "gem 'rails'\n",
    "books/db/migrate/20240101120000_create_invoices.rb": (
        "class CreateInvoices < ActiveRecord::Migration[7.1]\n  def change\n    create_table :invoices\n  end\nend\n"
    ),
    "books/db/schema.rb": "ActiveRecord::Schema[7.1].define(version: 2024_01_01_120000) do\nend\n",
    "web/node_modules/knex/migrations/20200101000000_x.js": "exports.up = (knex) => knex;\n",
}
NEXT = {
    "shop/migrations/00002_channel.sql": (
        "-- +goose Up\nALTER TABLE orders ADD channel text;\n-- +goose Down\nSELECT 1;\n"
    )
}


def _write(repo: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def apps(repo: Path, tdmvc: Tdmvc) -> Path:
    """Three applications, their migrations as `init` finds them, and a golden dataset for all."""
    _write(repo, FILES)
    (repo / "tdmvc.yaml").unlink()
    tdmvc("init")
    source = repo.parent / "orders.csv"
    source.write_text("id\n1\n2\n")
    tdmvc("add", "golden", source, "--key", "orders=id")
    commit_all(repo, "Three applications and their data")
    return repo


def _drift(tdmvc: Tdmvc, *words: str, code: int, ref: str = "golden") -> dict[str, dict[str, object]]:
    drifts = tdmvc("drift", ref, *words, "--format", "json", code=code).json["drifts"]
    return {drift["location"]: drift for drift in drifts}


def test_init_finds_each_application_and_leaves_out_tests_and_vendored_code(apps: Path) -> None:
    assert read_yaml(apps / "tdmvc.yaml")["migrations"] == {
        "shop": {"tool": "goose", "path": "shop/migrations"},
        "web": {"tool": "knex", "path": "web/migrations"},
        "books": {"tool": "rails", "path": "books/db/migrate"},
    }


def test_with_another_migration_the_data_is_behind_and_at_an_older_revision_ahead(
    apps: Path, tdmvc: Tdmvc
) -> None:
    assert {name: drift["status"] for name, drift in _drift(tdmvc, code=0).items()} == {
        "shop": "in-step",
        "web": "in-step",
        "books": "in-step",
    }
    _write(apps, NEXT)
    drifts = _drift(tdmvc, code=1)
    assert [drifts[name]["status"] for name in ("shop", "web", "books")] == ["behind", "in-step", "in-step"]
    pending = drifts["shop"]["pending"]
    assert isinstance(pending, list)
    assert [(m["id"], m["name"], m["touches"]) for m in pending] == [("2", "channel", ["orders"])]
    tdmvc("add", "golden", "--migrated")
    commit_all(apps, "A channel")
    assert _drift(tdmvc, "--at", "HEAD~1", code=0)["shop"]["status"] == "ahead"
    found = tdmvc("migrations", "--at", "HEAD~1", "--format", "json").json["locations"]
    heads = {location["name"]: location["heads"] for location in found}
    assert heads == {"shop": ["1"], "web": ["20240101120000_pages.js"], "books": ["20240101120000"]}


def test_an_edit_of_an_up_migration_is_reported_and_one_of_a_down_migration_is_not(
    apps: Path, tdmvc: Tdmvc
) -> None:
    # A published version records the digest of its migrations.
    tdmvc("publish", "golden", "1.0.0")
    first = apps / "shop/migrations/00001_orders.sql"
    first.write_bytes(first.read_bytes().replace(b"DROP TABLE orders", b"DROP TABLE IF EXISTS orders"))
    assert _drift(tdmvc, ref="golden@1.0.0", code=0)["shop"]["status"] == "in-step"
    first.write_bytes(first.read_bytes().replace(b"\n", b"\r\n"))
    assert _drift(tdmvc, ref="golden@1.0.0", code=0)["shop"]["status"] == "in-step"
    first.write_bytes(first.read_bytes().replace(b"id int", b"id bigint"))
    assert _drift(tdmvc, ref="golden@1.0.0", code=1)["shop"]["status"] == "edited"


def test_removed_and_forgotten_files_are_reported(apps: Path, tdmvc: Tdmvc) -> None:
    (apps / "books/db/schema.rb").write_text(
        "ActiveRecord::Schema[7.1].define(version: 2024_02_01_000000) do\nend\n"
    )
    out = tdmvc("migrations", "--path", "books", "--format", "json").json["locations"][0]
    assert out["heads"] == ["20240201000000"]
    assert [problem["kind"] for problem in out["problems"]] == ["gap"]
    assert "20240201000000" in out["problems"][0]["message"]
    for path in (apps / "shop/migrations").iterdir():
        path.unlink()
    assert (
        "no migration folder"
        in tdmvc("migrations", "--path", "shop/migrations", "--tool", "goose", code=None).err
    )
    assert _drift(tdmvc, code=1)["shop"]["status"] == "unreadable"


@pytest.mark.parametrize(
    ("path", "count"), [("shop", 1), ("./shop/", 1), ("shop/migrations", 1), (".", 3), ("/", 3)]
)
def test_a_folder_may_be_written_in_any_notation(apps: Path, tdmvc: Tdmvc, path: str, count: int) -> None:
    given = str(apps) if path == "/" else path
    found = tdmvc("migrations", "--path", given, "--format", "json").json["locations"]
    assert len(found) == count
    at_head = tdmvc("migrations", "--path", given, "--at", "HEAD", "--format", "json").json["locations"]
    assert at_head == found


def test_a_folder_that_is_missing_without_migrations_or_outside_is_an_error(apps: Path, tdmvc: Tdmvc) -> None:
    assert "There is no folder 'nowhere'" in tdmvc("migrations", "--path", "nowhere", code=3).err
    _write(apps, {"notes/a.md": ""})
    assert "--tool: aerich, alembic, atlas" in tdmvc("migrations", "--path", "notes", code=3).err
    assert "outside the repository" in tdmvc("migrations", "--path", "../x", code=2).err
    assert "outside the repository" in tdmvc("migrations", "--path", apps.parent, code=2).err
    assert "No migrations of flyway" in tdmvc("migrations", "--tool", "flyway", code=3).err
    assert "--path and --tool" in tdmvc("migrations", "--path", "notes", "--tool", "goose", code=2).err
