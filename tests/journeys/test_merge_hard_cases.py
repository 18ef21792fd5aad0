"""Merges that meet lost objects, renamed tables, foreign settings, and edits in between."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.builders import CUSTOMERS, ORDERS, Shop, git


def diverge(shop: Shop) -> None:
    """Both branches change both tables, and nothing clashes."""
    shop.branch("feature")
    shop.commit("Feature", {**CUSTOMERS, 1: ("Anna", "ann@x.test")}, {**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    shop.commit("Main", {**CUSTOMERS, 4: ("Dan", "dan@x.test")}, {**ORDERS, 10: (1, "7.00")})


def test_resolve_resolves_a_conflict_and_the_merge_continues(shop: Shop) -> None:
    shop.branch("feature")
    shop.commit("Feature", orders={**ORDERS, 10: (1, "8.00"), 20: (3, "1.00")})
    shop.switch("main")
    shop.commit("Main", orders={**ORDERS, 10: (1, "7.00"), 21: (3, "2.00")})
    output = shop.tdmvc("merge", "feature", code=4).out
    assert "tdmvc resolve golden" in output
    shop.tdmvc("resolve", "golden", "--theirs")
    shop.tdmvc("merge", "--continue")
    assert shop.rows("orders") == [[10, 1, "8.00"], [11, 2, "6.00"], [20, 3, "1.00"], [21, 3, "2.00"]]
    assert len(shop.working_copy_rows("orders")) == 4
    assert shop.status == ""
    assert len(git(shop.app, "rev-list", "--parents", "-1", "HEAD").split()) == 3


def test_missing_rows_stop_the_merge_before_it_begins(shop: Shop) -> None:
    diverge(shop)
    shutil.rmtree(shop.app / ".dvc/cache")
    before = git(shop.app, "rev-parse", "HEAD")
    refused = shop.tdmvc("merge", "feature", code=6)
    assert "is missing" in refused.err
    assert (git(shop.app, "rev-parse", "HEAD"), shop.status) == (before, "")
    assert not (shop.app / ".git" / "MERGE_HEAD").exists()


def test_a_table_that_was_renamed_with_its_rows_is_not_merged_into_the_new_name(shop: Shop) -> None:
    """Git sees the pointer of `orders` renamed, and would merge our change of `orders` into `sales`."""
    folder = shop.app / "datasets/golden"
    shop.branch("feature")
    text = (folder / "orders.dvc").read_text()
    (folder / "sales.dvc").write_text(text.replace("path: orders", "path: sales"))
    git(shop.app, "rm", "-q", "--cached", "datasets/golden/orders.dvc")
    (folder / "orders.dvc").unlink()
    contract = folder / "contract.yaml"
    contract.write_text(contract.read_text().replace("name: orders", "name: sales"))
    shop.commit_all("Renamed")
    shop.switch("main")
    shop.commit("Main", orders={**ORDERS, 10: (1, "7.00")})
    done = shop.tdmvc("merge", "feature", "--format", "json", code=4).json
    tables = {t["name"]: t for t in done["datasets"][0]["tables"]}
    assert tables["sales"]["move"] == "added"
    assert tables["orders"]["conflicts"][0]["kind"] == "table_removed"
    assert (folder / "sales.dvc").read_text() == text.replace("path: orders", "path: sales")
    assert "orders.dvc" in git(shop.app, "ls-files", "--unmerged")
    shop.tdmvc("resolve", "golden", "--ours")
    shop.tdmvc("merge", "--continue", "--allow-broken")
    assert shop.rows("orders")[0] == [10, 1, "7.00"]
    assert shop.rows("sales")[0] == [10, 1, "5.00"]
    assert shop.status == ""


@pytest.mark.parametrize("attribute", ["merge=binary", "-merge", "merge=dvc"])
def test_other_git_attributes_do_not_change_the_rows(shop: Shop, attribute: str) -> None:
    (shop.app / ".gitattributes").write_text(f"*.dvc {attribute}\n")
    shop.commit_all("Attributes")
    diverge(shop)
    shop.tdmvc("merge", "feature")
    assert [row[2] for row in shop.working_copy_rows("orders")] == ["7.00", "6.00", "1.00"]
    assert shop.status == ""


def test_a_temporary_folder_can_have_any_name(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "it's 100%O $HOME"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    diverge(shop)
    assert shop.tdmvc("merge-check", "feature").code == 0
    shop.tdmvc("merge", "feature")
    assert [row[2] for row in shop.working_copy_rows("orders")] == ["7.00", "6.00", "1.00"]


def test_a_dataset_that_only_they_have_comes_without_its_rows_and_a_warning(shop: Shop) -> None:
    shop.branch("feature")
    source = shop.app.parent / "prices.csv"
    source.write_text("id,price\n1,2\n")
    shop.tdmvc("add", "reference", source, "--key", "prices=id")
    shop.commit_all("Prices")
    shop.switch("main")
    shutil.rmtree(shop.app / "datasets/reference", ignore_errors=True)
    shop.commit("Main", orders={**ORDERS, 20: (3, "1.00")})
    output = shop.tdmvc("merge", "feature").out
    assert "`tdmvc checkout reference` writes them" in " ".join(output.split())
    shop.tdmvc("checkout", "reference")
    assert shop.status == ""


def test_rows_edited_after_the_merge_are_not_lost_by_aborting_it(shop: Shop) -> None:
    import duckdb

    diverge(shop)
    shop.tdmvc("merge", "feature", "--no-commit")
    folder = shop.app / "datasets/golden/orders"
    part = next(folder.glob("*.parquet"))
    duckdb.sql(f"copy (select * from read_parquet('{part}') limit 1) to '{folder}/mine.parquet'")
    part.unlink()
    refused = shop.tdmvc("merge", "--abort", code=4)
    assert "golden: orders" in refused.err
    assert (folder / "mine.parquet").exists()
    assert (shop.app / ".git" / "MERGE_HEAD").exists()
    assert "were not added" in shop.tdmvc("merge", "--continue", code=4).err
    shop.tdmvc("merge", "--abort", "--force")
    assert [row[2] for row in shop.working_copy_rows("orders")] == ["7.00", "6.00"]
    assert shop.status == ""


def test_rows_added_after_the_merge_are_kept_under_a_ref(shop: Shop) -> None:
    diverge(shop)
    shop.tdmvc("merge", "feature", "--no-commit")
    shop.load({**CUSTOMERS, 5: ("Eve", "e@x.test")}, ORDERS)
    output = shop.tdmvc("merge", "--abort").out
    assert "tdmvc/replaced/golden" in output
    assert shop.status == ""
    assert len(shop.rows("customers", "golden@tdmvc/replaced/golden")) == 4
