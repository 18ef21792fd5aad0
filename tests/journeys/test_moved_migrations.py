"""Folders of migrations that moved since a tag, and those that `init` cannot read, through the real command line."""

from pathlib import Path

import pytest

from tests.builders import Tdmvc, commit_all, git
from tests.yaml_files import read_yaml

GOOSE = "-- +goose Up\nCREATE TABLE {} (id int);\n"


def _write(repo: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(text)


def _setup(repo: Path, tdmvc: Tdmvc) -> None:
    (repo / "tdmvc.yaml").unlink(missing_ok=True)
    tdmvc("init")
    source = repo.parent / "orders.csv"
    source.write_text("id\n1\n2\n")
    tdmvc("add", "golden", source, "--key", "orders=id", "--migrated")


@pytest.fixture
def moved(repo: Path, tdmvc: Tdmvc) -> Path:
    """Migrations that moved from `old` to `db` after v1.0.0, next to another service's with the same numbers."""
    (repo / "tdmvc.yaml").unlink()
    _write(repo, {"old/001_orders.sql": GOOSE.format("orders"), "other/001_pages.sql": GOOSE.format("pages")})
    commit_all(repo, "Two services")
    git(repo, "tag", "v1.0.0")
    (repo / "svc").mkdir()
    git(repo, "mv", "old", "svc/db")
    _write(repo, {"svc/db/002_total.sql": GOOSE.format("totals")})
    _setup(repo, tdmvc)
    commit_all(repo, "Data, and another folder")
    return repo


def _location(tdmvc: Tdmvc, rev: str, name: str = "db") -> dict[str, object]:
    found = tdmvc("migrations", "--at", rev, "--format", "json").json["locations"]
    return next(location for location in found if location["name"] == name)


def test_a_folder_that_moved_since_a_tag_is_found_there(moved: Path, tdmvc: Tdmvc) -> None:
    names = read_yaml(moved / "tdmvc.yaml")["migrations"]
    name = next(name for name, place in names.items() if place["path"] == "svc/db")
    found = _location(tdmvc, "v1.0.0", name)
    assert (found["path"], found["heads"], found["count"]) == ("old", ["1"], 1)
    drifts = tdmvc("drift", "golden", "--at", "v1.0.0", "--format", "json", code=0).json["drifts"]
    drift = next(drift for drift in drifts if drift["location"] == name)
    assert (drift["status"], drift["extra"]) == ("ahead", ["2"])


def test_a_revision_whose_tdmvc_yaml_names_the_old_folder_knows_the_later_migrations(
    repo: Path, tdmvc: Tdmvc
) -> None:
    _write(repo, {"old/001_orders.sql": GOOSE.format("orders")})
    _setup(repo, tdmvc)
    commit_all(repo, "Data")
    git(repo, "tag", "v1.0.0")
    git(repo, "mv", "old", "new")
    _write(repo, {"new/002_total.sql": GOOSE.format("totals")})
    _setup(repo, tdmvc)
    commit_all(repo, "Another folder")
    (drift,) = tdmvc("drift", "golden", "--at", "v1.0.0", "--format", "json", code=0).json["drifts"]
    assert (drift["status"], drift["extra"]) == ("ahead", ["2"])


def test_the_migrations_of_another_service_are_never_taken_for_those_that_are_missing(
    repo: Path, tdmvc: Tdmvc
) -> None:
    (repo / "tdmvc.yaml").unlink()
    _write(repo, {"a/001_pages.sql": GOOSE.format("pages")})
    commit_all(repo, "The first service")
    git(repo, "rm", "-q", "-r", "a")
    _write(repo, {"b/001_orders.sql": GOOSE.format("orders")})
    _setup(repo, tdmvc)
    commit_all(repo, "The second service")
    tdmvc("migrations", "--at", "HEAD~1", code=2)
    (drift,) = tdmvc("drift", "golden", "--at", "HEAD~1", "--format", "json", code=1).json["drifts"]
    assert drift["status"] == "unreadable"


def test_in_the_work_tree_a_folder_that_moved_is_an_error_that_names_the_new_one(
    repo: Path, tdmvc: Tdmvc
) -> None:
    _write(repo, {"old/001_orders.sql": GOOSE.format("orders")})
    _setup(repo, tdmvc)
    commit_all(repo, "Data")
    git(repo, "mv", "old", "new")
    failed = tdmvc("migrations", code=2)
    assert "There are migrations of goose in new." in " ".join(failed.err.split())
    (drift,) = tdmvc("drift", "golden", "--format", "json", code=1).json["drifts"]
    assert drift["status"] == "unreadable"
    assert "There are migrations of goose in new" in drift["message"]
    config = repo / "tdmvc.yaml"
    config.write_text(config.read_text().replace("path: old", "path: new"))
    assert tdmvc("migrations", "--format", "json").json["locations"][0]["heads"] == ["1"]


def test_init_names_only_migrations_that_can_be_read_and_says_why_not_the_others(
    repo: Path, tdmvc: Tdmvc
) -> None:
    (repo / "tdmvc.yaml").unlink()
    _write(
        repo,
        {
            "shop/001_orders.sql": GOOSE.format("orders"),
            "web/drizzle/meta/_journal.json": '{"entries": []}',
            "py/db/env.py": "",
            "py/db/versions/a.py": "import os\nrevision = os.environ['X']\n",
        },
    )
    said = tdmvc("init", "--format", "json").json
    assert [(one["name"], one["path"]) for one in said["migrations"]] == [("main", "shop")]
    assert read_yaml(repo / "tdmvc.yaml")["migrations"] == {"main": {"tool": "goose", "path": "shop"}}
    notes = " ".join(said["notes"])
    assert "There are migrations of alembic in py/db, but they cannot be read" in notes
    assert "py/db/versions/a.py, line 2" in notes
    assert "There are migrations of drizzle in web/drizzle" in notes
    # What the note says to add works once the file is corrected.
    _write(repo, {"py/db/versions/a.py": "revision = 'a'\ndown_revision = None\n"})
    line = "py: {tool: alembic, path: py/db}"
    assert f"`{line}`" in notes
    config = repo / "tdmvc.yaml"
    config.write_text(config.read_text().replace("migrations:\n", f"migrations:\n  {line}\n"))
    found = tdmvc("migrations", "--format", "json").json["locations"]
    assert [location["heads"] for location in found] == [["a"], ["1"]]
