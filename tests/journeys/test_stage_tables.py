"""Tables that a stage of dvc.yaml makes: their pointers are in dvc.lock, and every verb reads them."""

from pathlib import Path

import pytest

from tests.builders import Tdmvc, copy_repo, git
from tests.journeys.pipelines import CONTRACT, build_pipeline, reproduce


@pytest.fixture(scope="module")
def staged(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pipeline(template, tmp_path_factory.mktemp("stages") / "app")


@pytest.fixture
def repo(staged: Path, tmp_path: Path) -> Path:
    return copy_repo(staged, tmp_path / "app")


def test_show_reads_rows_keys_and_references_of_what_a_stage_made(tdmvc: Tdmvc, repo: Path) -> None:
    assert not list((repo / "datasets" / "golden").glob("*.dvc"))
    shown = tdmvc("show", "golden", "--format", "json").json
    assert {table["name"]: (table["rows"], table["key"]) for table in shown["tables"]} == {
        "customers": (2, ["id"]),
        "orders": (3, ["id"]),
    }
    orders = next(table for table in shown["tables"] if table["name"] == "orders")
    assert orders["references"] == [{"columns": ["customer_id"], "table": "customers", "to": ["id"]}]
    assert tdmvc("show", "golden@HEAD", "--format", "json").json["content"] == shown["content"]
    status = tdmvc("status", "--format", "json").json["datasets"][0]
    assert status["is_clean"] is True


def test_diff_shows_what_the_next_run_changed(tdmvc: Tdmvc, repo: Path, fast_python: Path) -> None:
    tdmvc("publish", "golden", "1.0.0")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Publish")
    (repo / "fixtures" / "orders.csv").write_text("id,customer_id\n1,1\n2,1\n3,2\n4,2\n")
    reproduce(repo, fast_python)
    diff = tdmvc("diff", "golden", "--format", "json").json
    assert diff["summary"]["rows"] == {"added": 1, "removed": 0, "changed": 1, "ignored": 0}
    assert tdmvc("diff", "golden@1.0.0", "golden", "--format", "json").json["summary"] == diff["summary"]
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "More orders")
    assert tdmvc("diff", "golden@HEAD~1..HEAD", "--format", "json").json["summary"] == diff["summary"]
    assert tdmvc("publish", "golden", "--format", "json").json["version"] == "1.1.0"
    assert tdmvc("verify", "--format", "json").json["findings"] == []


def test_tables_of_a_stage_cannot_be_added(tdmvc: Tdmvc, repo: Path, tmp_path: Path) -> None:
    source = tmp_path / "orders.csv"
    source.write_text("id,customer_id\n1,1\n")
    refused = tdmvc("add", "golden", source, code=2)
    assert "dvc repro" in refused.err
    assert "golden" in refused.err
    assert git(repo, "status", "--porcelain") == ""
    # A table without a stage may be added.
    (tmp_path / "returns.csv").write_text("id\n1\n")
    tdmvc("add", "golden", tmp_path / "returns.csv")
    assert {t["name"] for t in tdmvc("show", "golden", "--format", "json").json["tables"]} == {
        "customers",
        "orders",
        "returns",
    }
    assert (repo / "datasets" / "golden" / "returns.dvc").is_file()


def test_checkout_of_a_version_changes_rows_but_not_dvc_lock(
    tdmvc: Tdmvc, repo: Path, fast_python: Path
) -> None:
    tdmvc("publish", "golden", "1.0.0")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Publish")
    (repo / "fixtures" / "orders.csv").write_text("id,customer_id\n1,1\n")
    reproduce(repo, fast_python)
    lock = (repo / "dvc.lock").read_bytes()
    (brought,) = tdmvc("checkout", "golden@1.0.0", "--format", "json").json["datasets"]
    assert brought["rows"] == 5
    assert any("dvc.lock" in note for note in brought["notes"])
    assert (repo / "dvc.lock").read_bytes() == lock
    assert not list((repo / "datasets" / "golden").glob("*.dvc"))


def test_build_and_add_give_the_same_rows(tdmvc: Tdmvc, repo: Path) -> None:
    built = {t["name"]: t["content"] for t in tdmvc("show", "golden", "--format", "json").json["tables"]}
    copy = repo / "datasets" / "copy"
    copy.mkdir()
    (copy / "contract.yaml").write_text(CONTRACT)
    added = tdmvc("add", "copy", repo / "fixtures", "--format", "json").json
    assert {t["name"]: t["content"] for t in added["tables"]} == built


def test_a_finding_on_a_stages_table_is_annotated_on_the_dvc_lock_that_holds_its_pointer(
    tdmvc: Tdmvc, repo: Path, fast_python: Path
) -> None:
    (repo / "fixtures" / "orders.csv").write_text("id,customer_id\n1,1\n2,2\n3,9\n")
    reproduce(repo, fast_python)
    found = tdmvc("review", "HEAD", "--format", "codequality", code=1).json
    assert {entry["location"]["path"] for entry in found} == {"dvc.lock"}
    git(repo, "commit", "-qam", "An order without a customer")
    found = tdmvc("review", "HEAD~1", "--head", "HEAD", "--format", "codequality", code=1).json
    assert {entry["location"]["path"] for entry in found} == {"dvc.lock"}
