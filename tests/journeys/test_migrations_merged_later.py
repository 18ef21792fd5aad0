"""A migration that was merged after the rows were made is pending, even if its number is older than the head."""

from pathlib import Path

import pytest

from tests.builders import Tdmvc, add_tables, commit_all, git
from tests.schemas import assert_valid
from tests.yaml_files import read_yaml

ALEMBIC = "revision = {!r}\ndown_revision = {!r}\n"
TOOLS = {
    "sql": ({"0001_a.sql": "", "0003_c.sql": ""}, {"0002_b.sql": ""}, "0002"),
    "flyway": ({"V1__a.sql": "", "V3__c.sql": ""}, {"V2__b.sql": ""}, "2"),
    "golang-migrate": ({"1_a.up.sql": "", "3_c.up.sql": ""}, {"2_b.up.sql": ""}, "2"),
    "goose": (
        {"001_a.sql": "-- +goose Up\n", "003_c.sql": "-- +goose Up\n"},
        {"002_b.sql": "-- +goose Up\n"},
        "2",
    ),
    "prisma": (
        {"20240101_a/migration.sql": "", "20240301_c/migration.sql": ""},
        {"20240201_b/migration.sql": ""},
        "20240201_b",
    ),
    "alembic": (
        {"versions/a.py": ALEMBIC.format("a", None), "versions/c.py": ALEMBIC.format("c", "a")},
        {"versions/b.py": ALEMBIC.format("b", "a"), "versions/c.py": ALEMBIC.format("c", "b")},
        "b",
    ),
}


def _write(app: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = app / "migrations" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _set_up(app: Path, tool: str, files: dict[str, str]) -> None:
    _write(app, files)
    with (app / "tdmvc.yaml").open("a") as file:
        file.write(f"migrations:\n  main: {{tool: {tool}, path: migrations}}\n")
    add_tables(app, {"orders": "id,status\n1,open\n"})


@pytest.mark.parametrize("tool", TOOLS)
def test_it_is_pending_until_rows_were_made_for_it(repo: Path, tdmvc: Tdmvc, tool: str) -> None:
    first, later, id_ = TOOLS[tool]
    _set_up(repo, tool, first)
    recorded = read_yaml(repo / "datasets/golden/dataset.yaml")
    assert_valid(recorded, "dataset")
    tdmvc("drift")
    _write(repo, later)
    commit_all(repo, "Merge an older migration")
    [found] = tdmvc("drift", "--format", "json", code=1).json["drifts"]
    assert (found["status"], [one["id"] for one in found["pending"]]) == ("behind", [id_])
    tdmvc("check", code=1)
    (repo.parent / "orders.csv").write_text("id,status\n1,open\n2,paid\n")
    assert id_ in tdmvc("add", "golden", repo.parent / "orders.csv").out
    tdmvc("drift")


def test_old_migrations_that_were_pruned_are_no_drift(repo: Path, tdmvc: Tdmvc) -> None:
    _set_up(repo, "sql", TOOLS["sql"][0])
    (repo / "migrations/0001_a.sql").unlink()
    tdmvc("drift")


def test_a_manifest_with_heads_alone_means_what_it_meant(repo: Path, tdmvc: Tdmvc) -> None:
    _set_up(repo, "sql", TOOLS["sql"][0])
    path = repo / "datasets/golden/dataset.yaml"
    path.write_text(path.read_text().split("    ids:")[0])
    _write(repo, TOOLS["sql"][1])
    tdmvc("drift")


def test_branches_that_record_different_ids_merge(repo: Path, tdmvc: Tdmvc) -> None:
    _set_up(repo, "sql", {"0001_a.sql": "", "0005_e.sql": "", "0009_i.sql": ""})
    tdmvc("install")
    for branch, name, row in (("left", "0002_b.sql", "2,left"), ("right", "0007_g.sql", "3,right")):
        git(repo, "switch", "-q", "-c", branch, "main")
        tdmvc("checkout", "golden")
        _write(repo, {name: ""})
        (repo.parent / "orders.csv").write_text(f"id,status\n1,open\n{row}\n")
        tdmvc("add", "golden", repo.parent / "orders.csv")
        commit_all(repo, branch)
    tdmvc("merge", "left")
    tdmvc("drift")
    ids = read_yaml(repo / "datasets/golden/dataset.yaml")["migrations"]["main"]["ids"]
    assert sorted(ids) == ["0001", "0002", "0005", "0007", "0009"]
