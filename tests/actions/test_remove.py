"""`tdmvc remove`: tables and datasets go with all that belongs to them, and come back from Git and the cache."""

from pathlib import Path

import pytest
import yaml

import tdmvc as package
from tests.builders import Tdmvc, add_tables, commit_all, git, publish

CUSTOMERS = "id,name\n1,Ann\n2,Bob\n"
ORDERS = "id,customer_id\n10,1\n11,2\n"


@pytest.fixture
def shop(repo: Path) -> Path:
    add_tables(repo, {"customers": CUSTOMERS, "orders": ORDERS, "tmp_a": CUSTOMERS, "tmp_b": CUSTOMERS})
    return repo


def refer(shop: Path) -> None:
    """Let orders refer to customers."""
    path = shop / "datasets" / "golden" / "contract.yaml"
    contract = yaml.safe_load(path.read_text())
    (orders,) = [table for table in contract["schema"] if table["name"] == "orders"]
    orders["relationships"] = [
        {"type": "foreignKey", "from": "orders.customer_id", "to": "customers.id"},
    ]
    path.write_text(yaml.safe_dump(contract, sort_keys=False))
    commit_all(shop, "A reference")


def names(shop: Path) -> set[str]:
    with package.open(shop) as repository:
        return {table.schema.name for table in repository.show("golden").tables}


def files(shop: Path) -> set[str]:
    return {str(path.relative_to(shop)) for path in (shop / "datasets").rglob("*") if path.is_file()}


def test_tables_go_with_pointer_rows_and_contract(shop: Path, tdmvc: Tdmvc) -> None:
    assert tdmvc("remove", "golden", "tmp_*", "--format", "json").json == {
        "format": "tdmvc.remove/1",
        "dataset": "golden",
        "tables": ["tmp_a", "tmp_b"],
        "folder": "datasets/golden",
        "is_whole": False,
        "notes": [],
    }
    assert names(shop) == {"customers", "orders"}
    assert not any("tmp_" in name for name in files(shop))
    assert "tmp_a" not in (shop / "datasets" / "golden" / "contract.yaml").read_text()
    tdmvc("check")


def test_what_was_removed_comes_back_with_the_command_that_is_shown(shop: Path, tdmvc: Tdmvc) -> None:
    before = files(shop)
    for words in (("golden", "orders"), ("golden",)):
        printed = tdmvc("remove", *words).out
        assert files(shop) != before
        assert "git restore --staged --worktree datasets/golden && tdmvc checkout golden" in " ".join(
            printed.split()
        )
        git(shop, "restore", "--staged", "--worktree", "datasets/golden")
        tdmvc("checkout", "golden")
        assert files(shop) == before


def test_a_dataset_goes_with_its_versions_and_its_artifact(shop: Path, tdmvc: Tdmvc) -> None:
    publish(shop)
    assert "golden" in (shop / "dvc.yaml").read_text()
    config = shop / "tdmvc.yaml"
    config.write_text(config.read_text() + "environments:\n  local: {datasets: [golden@1.0.0]}\n")
    commit_all(shop, "An environment")
    printed = tdmvc("remove", "golden").out
    assert "the environment local loads golden" in " ".join(printed.split())
    assert not (shop / "datasets" / "golden").exists()
    assert "golden" not in (shop / "dvc.yaml").read_text()
    assert tdmvc("list", "--format", "json").json["datasets"] == []
    commit_all(shop, "Remove golden")
    with package.open(shop) as repository:
        assert repository.table("golden@HEAD~1", "orders").num_rows == 2


def test_a_table_that_others_refer_to_is_refused_unless_they_go_too(shop: Path, tdmvc: Tdmvc) -> None:
    refer(shop)
    before = files(shop)
    refused = tdmvc("remove", "golden", "customers", code=2)
    assert "orders refers to customers" in refused.err
    assert files(shop) == before
    tdmvc("remove", "golden", "customers", "--force")
    tdmvc("check")
    with package.open(shop) as repository:
        (orders,) = [one.schema for one in repository.show("golden").tables if one.schema.name == "orders"]
    assert orders.references == ()


def test_a_table_and_all_that_refer_to_it_go_together(shop: Path, tdmvc: Tdmvc) -> None:
    refer(shop)
    tdmvc("remove", "golden", "customers", "orders")
    assert names(shop) == {"tmp_a", "tmp_b"}


@pytest.mark.parametrize("words", [("golden", "orders"), ("golden",)])
def test_edits_and_files_that_are_saved_nowhere_else_are_refused(
    shop: Path, tdmvc: Tdmvc, words: tuple[str, ...]
) -> None:
    (part,) = (shop / "datasets" / "golden" / "orders").iterdir()
    part.unlink()
    (shop / "datasets" / "golden" / "orders" / "edited.csv").write_text("id,customer_id\n10,2\n")
    before = files(shop)
    assert "saved nowhere else" in tdmvc("remove", *words, code=4).err
    assert files(shop) == before
    tdmvc("remove", *words, "--force")
    assert "datasets/golden/orders.dvc" not in files(shop)


@pytest.mark.parametrize("words", [("golden", "orders"), ("golden",)])
def test_a_pointer_that_is_not_committed_is_refused(shop: Path, tdmvc: Tdmvc, words: tuple[str, ...]) -> None:
    source = shop.parent / "source" / "orders.csv"
    source.write_text(ORDERS + "12,1\n")
    tdmvc("add", "golden", source)
    refused = tdmvc("remove", *words, code=4).err
    assert "Git does not have" in refused
    tdmvc("remove", *words, "--force")


def test_unknown_names_are_errors_and_change_nothing(shop: Path, tdmvc: Tdmvc) -> None:
    before = files(shop)
    assert "order" in tdmvc("remove", "golden", "order", code=3).err
    tdmvc("remove", "silver", code=3)
    tdmvc("remove", "golden", "nothing*", code=3)
    assert files(shop) == before


def test_a_table_of_a_stage_is_left_to_the_stage(shop: Path, tdmvc: Tdmvc) -> None:
    (shop / "dvc.yaml").write_text(
        "stages:\n  derive:\n    cmd: make totals\n    outs:\n    - datasets/golden/totals\n"
    )
    commit_all(shop, "A stage")
    assert "derive" in tdmvc("remove", "golden", code=2).err
