"""Branches that change the same tables, merged by `tdmvc merge` in real repositories."""

from pathlib import Path

import pytest

from tests.builders import CUSTOMERS, ORDERS, Shop, git


def test_different_cells_and_rows_of_two_tables_are_merged_in_one_commit(shop: Shop) -> None:
    shop.branch("feature")
    (shop.app / "code.py").write_text("feature\n")
    shop.commit("Feature", {**CUSTOMERS, 1: ("Anna", "ann@x.test")}, {**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    (shop.app / "other.py").write_text("main\n")
    shop.commit("Main", {**CUSTOMERS, 1: ("Ann", "a@x.test")}, {**ORDERS, 10: (1, "7.00")})

    done = shop.tdmvc("merge", "feature", "--format", "json").json
    assert done["status"] == "merged"
    (golden,) = done["datasets"]
    assert {t["name"]: t["move"] for t in golden["tables"]} == {"customers": "merged", "orders": "merged"}
    assert shop.rows("customers")[0] == [1, "Anna", "a@x.test"]
    assert [list(row) for row in shop.working_copy_rows("orders")] == [
        [10, 1, "7.00"],
        [11, 2, "6.00"],
        [20, 3, "1.00"],
    ]
    assert shop.status == ""
    assert len(git(shop.app, "rev-list", "--parents", "-1", "HEAD").split()) == 3
    assert git(shop.app, "log", "-1", "--format=%s") == "Merge branch 'feature'"
    assert (shop.app / "code.py").exists()
    assert "clean" in shop.tdmvc("status").out.lower() or shop.tdmvc("diff", "--exit-code").code == 0


def test_a_branch_that_only_adds_is_a_fast_forward_with_its_rows(shop: Shop) -> None:
    shop.branch("feature")
    tip = shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    assert len(shop.working_copy_rows("orders")) == 2
    done = shop.tdmvc("merge", "feature", "--format", "json").json
    assert (done["status"], done["commit"]) == ("fast-forward", tip)
    assert len(shop.working_copy_rows("orders")) == 3
    assert shop.tdmvc("merge", "feature", "--format", "json").json["status"] == "up-to-date"
    assert shop.status == ""


def test_a_fast_forward_may_be_forbidden_or_demanded(shop: Shop) -> None:
    shop.branch("feature")
    shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    shop.tdmvc("merge", "feature", "--no-ff", "-m", "By hand")
    assert git(shop.app, "log", "-1", "--format=%s") == "By hand"
    shop.branch("other", at="HEAD~1")
    shop.commit("Other", orders={**ORDERS, 30: (1, "1.00")})
    shop.switch("main")
    before = git(shop.app, "rev-parse", "HEAD")
    refused = shop.tdmvc("merge", "other", "--ff-only", code=2)
    assert "have diverged" in refused.err
    assert (git(shop.app, "rev-parse", "HEAD"), shop.status) == (before, "")


def test_python_merges_checks_and_reverts_as_the_command_line_does(shop: Shop) -> None:
    import tdmvc
    from tdmvc.errors import UsageError

    shop.branch("feature")
    shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    shop.commit("Main", orders={**ORDERS, 30: (1, "2.00")})
    with tdmvc.open(shop.app) as workspace:
        assert workspace.merge_check("main", "feature").is_fine
        with pytest.raises(UsageError):
            workspace.merge("feature", fast_forward="maybe")
        assert workspace.merge("feature", message="From Python").commit is not None
        assert len(shop.working_copy_rows("orders")) == 4
        workspace.revert("golden", "HEAD", parent=1)
    assert len(shop.working_copy_rows("orders")) == 3


def test_only_their_table_changed_and_only_ours_changed(shop: Shop) -> None:
    shop.branch("feature")
    shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    shop.commit("Main", {**CUSTOMERS, 4: ("Dan", "dan@x.test")})
    done = shop.tdmvc("merge", "feature", "--format", "json").json
    assert [(t["name"], t["move"]) for t in done["datasets"][0]["tables"]] == [("orders", "taken")]
    assert len(shop.working_copy_rows("customers")) == 4
    assert len(shop.working_copy_rows("orders")) == 3


def delete_here_and_order_there(shop: Shop) -> None:
    """On main customer 3 goes; on the feature branch they order something."""
    shop.branch("feature")
    shop.commit("Order", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    shop.commit("Goodbye", {i: row for i, row in CUSTOMERS.items() if i != 3})


def test_a_broken_reference_is_reported_where_git_merges_cleanly(shop: Shop) -> None:
    delete_here_and_order_there(shop)
    git(shop.app, "merge", "-q", "--no-commit", "feature")
    git(shop.app, "merge", "--abort")

    done = shop.tdmvc("merge", "feature", "--format", "json", code=4).json
    assert done["status"] == "broken"
    (finding,) = done["datasets"][0]["findings"]
    assert (finding["rule"], finding["details"]["keys"]) == ("broken-reference", ["20"])
    assert git(shop.app, "log", "-1", "--format=%s") == "Goodbye"
    assert (shop.app / ".git" / "MERGE_HEAD").exists()
    assert len(shop.working_copy_rows("orders")) == 3

    shop.tdmvc("merge", "--continue", code=4)
    shop.load({i: row for i, row in CUSTOMERS.items() if i != 3}, {**ORDERS, 20: (1, "1.00")})
    assert shop.tdmvc("merge", "--continue", "--format", "json").json["status"] == "merged"
    assert shop.status == ""
    assert shop.rows("orders")[-1] == [20, 1, "1.00"]


def test_a_broken_merge_can_be_committed_with_an_option(shop: Shop) -> None:
    delete_here_and_order_there(shop)
    shop.tdmvc("merge", "feature", code=4)
    shop.tdmvc("merge", "--continue", "--allow-broken")
    assert git(shop.app, "log", "-1", "--format=%s") == "Merge branch 'feature'"
    assert shop.status == ""


def test_a_broken_merge_can_be_aborted(shop: Shop) -> None:
    delete_here_and_order_there(shop)
    shop.tdmvc("merge", "feature", code=4)
    output = shop.tdmvc("merge", "--abort")
    assert "Aborted" in output.out
    assert shop.status == ""
    assert len(shop.working_copy_rows("orders")) == 2
    assert not (shop.app / ".git" / "MERGE_HEAD").exists()
    assert "No merge is in progress" in shop.tdmvc("merge", "--abort", code=2).err
    assert "No merge is in progress" in shop.tdmvc("merge", "--continue", code=2).err


def both_change_one_cell(shop: Shop) -> None:
    shop.branch("feature")
    shop.commit("Feature", {**CUSTOMERS, 1: ("Anna", "theirs@x.test")}, {**ORDERS, 10: (1, "8.00")})
    shop.switch("main")
    shop.commit("Main", {**CUSTOMERS, 2: ("Rob", "bob@x.test")}, {**ORDERS, 10: (1, "7.00")})


def test_one_cell_changed_on_both_sides_is_a_conflict_with_its_file_and_the_rest_is_merged(
    shop: Shop,
) -> None:
    both_change_one_cell(shop)
    done = shop.tdmvc("merge", "feature", "--format", "json", code=4).json
    assert done["status"] == "open"
    tables = {t["name"]: t for t in done["datasets"][0]["tables"]}
    assert tables["customers"]["move"] == "merged"
    (conflict,) = tables["orders"]["conflicts"]
    assert (conflict["key"], conflict["column"]) == ({"id": "10"}, "total")
    assert (conflict["base"], conflict["ours"], conflict["theirs"]) == ("5.00", "7.00", "8.00")
    pointer = shop.app / "datasets/golden/orders.dvc"
    assert pointer.read_text().startswith("<<<<<<< ")
    assert "UU datasets/golden/orders.dvc" in shop.status
    assert "8.00" in (shop.app / "datasets/golden/conflicts/orders.yaml").read_text()
    assert (shop.app / ".git" / "MERGE_HEAD").exists()
    again = shop.tdmvc("merge", "--continue", "--format", "json", code=4).json
    assert again["status"] == "open"
    refused = shop.tdmvc("merge", "feature", code=4)
    assert "A merge is in progress" in refused.err


def test_an_aborted_conflict_removes_its_file(shop: Shop) -> None:
    both_change_one_cell(shop)
    shop.tdmvc("merge", "feature", code=4)
    shop.tdmvc("merge", "--abort")
    assert shop.status == ""
    assert not (shop.app / "datasets/golden/conflicts").exists()
    assert len(shop.working_copy_rows("customers")) == 3


def test_a_table_removed_here_and_changed_there_is_a_conflict_that_git_does_not_lose(shop: Shop) -> None:
    shop.branch("feature")
    shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    git(shop.app, "rm", "-q", "datasets/golden/orders.dvc")
    shop.commit_all("No orders")
    done = shop.tdmvc("merge", "feature", "--format", "json", code=4).json
    (table,) = done["datasets"][0]["tables"]
    assert (table["name"], table["conflicts"][0]["kind"]) == ("orders", "table_removed")
    assert "DU datasets/golden/orders.dvc" in shop.status


def test_several_branches_at_once_and_unknown_ones_are_refused(shop: Shop) -> None:
    shop.branch("one")
    shop.switch("main")
    assert "cannot be merged at once" in shop.tdmvc("merge", "one", "main", code=2).err
    assert "There is no revision 'nine'" in shop.tdmvc("merge", "nine", code=3).err
    assert "merge needs a branch" in shop.tdmvc("merge", code=2).err


def test_edits_that_were_not_added_are_not_overwritten(shop: Shop) -> None:
    shop.branch("feature")
    shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    shop.commit("Main", {**CUSTOMERS, 4: ("Dan", "dan@x.test")})
    import duckdb

    folder = shop.app / "datasets/golden/orders"
    part = next(folder.glob("*.parquet"))
    duckdb.sql(f"copy (select * from read_parquet('{part}') limit 1) to '{folder}/mine.parquet'")
    part.unlink()
    before = git(shop.app, "rev-parse", "HEAD")
    refused = shop.tdmvc("merge", "feature", code=4)
    assert "golden: orders" in refused.err
    assert git(shop.app, "rev-parse", "HEAD") == before
    assert (folder / "mine.parquet").exists()
    assert not (shop.app / ".git" / "MERGE_HEAD").exists()


def test_pointers_that_were_added_and_not_committed_are_not_overwritten(shop: Shop) -> None:
    shop.branch("feature")
    shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    shop.commit("Main", {**CUSTOMERS, 4: ("Dan", "dan@x.test")})
    shop.load(None, {**ORDERS, 30: (1, "2.00")})
    status = shop.status
    refused = shop.tdmvc("merge", "feature", code=4)
    assert "local changes would be lost" in refused.err
    assert shop.status == status


def test_edits_of_other_tables_are_kept(shop: Shop) -> None:
    shop.branch("feature")
    shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    (shop.app / "x").write_text("x")
    shop.commit_all("Main")
    extra = shop.app / "datasets/golden/customers/notes.parquet"
    next(extra.parent.glob("*.parquet")).rename(extra)
    shop.tdmvc("merge", "feature")
    assert extra.exists()
    assert len(shop.working_copy_rows("orders")) == 3


def test_a_merge_waits_for_its_commit_if_requested(shop: Shop) -> None:
    shop.branch("feature")
    shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    shop.commit("Main", {**CUSTOMERS, 4: ("Dan", "dan@x.test")})
    done = shop.tdmvc("merge", "feature", "--no-commit", "--format", "json").json
    assert (done["status"], done["commit"]) == ("merged", None)
    assert (shop.app / ".git" / "MERGE_HEAD").exists()
    shop.tdmvc("merge", "--continue", "-m", "Later")
    assert git(shop.app, "log", "-1", "--format=%s") == "Later"


def test_a_conflict_in_code_is_left_as_git_leaves_it(shop: Shop) -> None:
    (shop.app / "code.py").write_text("base\n")
    shop.commit_all("Code")
    shop.branch("feature")
    (shop.app / "code.py").write_text("theirs\n")
    shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    (shop.app / "code.py").write_text("ours\n")
    shop.commit("Main", {**CUSTOMERS, 4: ("Dan", "dan@x.test")})
    done = shop.tdmvc("merge", "feature", "--format", "json", code=4).json
    assert (done["status"], done["files"]) == ("open", ["code.py"])
    assert len(shop.working_copy_rows("orders")) == 3
    (shop.app / "code.py").write_text("both\n")
    assert shop.tdmvc("merge", "--continue", code=4).out.startswith("Conflicts")
    git(shop.app, "add", "code.py")
    shop.tdmvc("merge", "--continue")
    assert shop.status == ""


def test_the_persons_own_attributes_count(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    attributes = tmp_path / "attributes"
    attributes.write_text("LOG merge=union\n")
    git(shop.app, "config", "core.attributesFile", str(attributes))
    (shop.app / "LOG").write_text("a\n")
    shop.commit_all("Log")
    shop.branch("feature")
    (shop.app / "LOG").write_text("a\nb\n")
    shop.commit("Feature", orders={**ORDERS, 10: (1, "8.00")})
    shop.switch("main")
    (shop.app / "LOG").write_text("a\nc\n")
    shop.commit("Main", orders={**ORDERS, 11: (2, "9.00")})
    shop.tdmvc("merge", "feature")
    assert sorted((shop.app / "LOG").read_text().split()) == ["a", "b", "c"]
    assert [row[2] for row in shop.working_copy_rows("orders")] == ["8.00", "9.00"]


def test_branches_with_two_merge_bases_are_merged_by_their_virtual_base(shop: Shop) -> None:
    shop.branch("one")
    shop.commit("One", orders={**ORDERS, 10: (1, "7.00")})
    shop.branch("two", at="main")
    shop.commit("Two", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("one")
    one = git(shop.app, "rev-parse", "one")
    shop.tdmvc("merge", "two")
    shop.switch("two")
    shop.tdmvc("merge", one)
    merged = {10: (1, "7.00"), 11: (2, "6.00"), 20: (3, "1.00")}
    shop.commit("More", orders={**merged, 21: (3, "2.00")})
    shop.switch("one")
    shop.commit("Less", orders={10: (1, "7.00"), 20: (3, "1.00")})
    assert len(git(shop.app, "merge-base", "--all", "one", "two").split()) == 2
    shop.tdmvc("merge", "two")
    assert shop.rows("orders") == [[10, 1, "7.00"], [20, 3, "1.00"], [21, 3, "2.00"]]
    assert shop.status == ""


def test_contract_entries_of_neighbouring_columns_are_merged_by_meaning(shop: Shop) -> None:
    path = shop.app / "datasets/golden/contract.yaml"
    text = path.read_text()
    shop.branch("feature")
    shop.make_personal("mail")
    shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    assert path.read_text() == text
    shop.make_personal("name")
    shop.commit("Main", {**CUSTOMERS, 4: ("Dan", "dan@x.test")})
    shop.tdmvc("merge", "feature")
    assert path.read_text().count("classification: personal") == 2
    assert shop.status == ""


def test_without_install_and_without_attributes_nothing_is_left_in_the_configuration(shop: Shop) -> None:
    both_change_one_cell(shop)
    before = (shop.app / ".git" / "config").read_text()
    shop.tdmvc("merge", "feature", code=4)
    assert (shop.app / ".git" / "config").read_text() == before
    assert not list(shop.app.glob(".merge_file_*"))
