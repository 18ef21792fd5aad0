"""A change of a dataset taken back, with what came later kept."""

from pathlib import Path

from tests.builders import CUSTOMERS, ORDERS, Shop, Tdmvc, git


def test_a_commit_is_reverted_and_later_changes_are_kept(shop: Shop) -> None:
    bad = shop.commit("Bad", orders={**ORDERS, 10: (1, "999.00"), 66: (1, "6.00")})
    shop.commit(
        "Good",
        {**CUSTOMERS, 4: ("Dan", "d@x.test")},
        {**ORDERS, 10: (1, "999.00"), 66: (1, "6.00"), 12: (3, "2.00")},
    )
    head = git(shop.app, "rev-parse", "HEAD")
    done = shop.tdmvc("revert", "golden", bad, "--format", "json").json
    assert [(t["name"], t["move"]) for t in done["tables"]] == [("orders", "merged")]
    assert [list(row) for row in shop.working_copy_rows("orders")] == [
        [10, 1, "5.00"],
        [11, 2, "6.00"],
        [12, 3, "2.00"],
    ]
    assert len(shop.working_copy_rows("customers")) == 4
    assert git(shop.app, "rev-parse", "HEAD") == head
    assert shop.status.split("\n") == ["M datasets/golden/orders.dvc"] or "orders.dvc" in shop.status
    again = shop.tdmvc("revert", "golden", bad)
    assert "Nothing to revert" in again.out


def test_the_last_commit_is_reverted_completely(shop: Shop) -> None:
    before = (shop.app / "datasets/golden/orders.dvc").read_text()
    shop.commit("Bad", orders={10: (1, "0.00")})
    output = shop.tdmvc("revert", "golden", "HEAD").out
    assert output.startswith("Reverted")
    assert (shop.app / "datasets/golden/orders.dvc").read_text() == before
    assert "Next:" in output


def test_later_work_on_the_same_cell_is_a_conflict_that_resolve_resolves(shop: Shop) -> None:
    shop.commit("Bad", orders={**ORDERS, 10: (1, "7.00")})
    bad = git(shop.app, "rev-parse", "HEAD")
    shop.commit("Later", orders={**ORDERS, 10: (1, "8.00"), 12: (3, "2.00")})
    done = shop.tdmvc("revert", "golden", bad, "--format", "json", code=4).json
    (conflict,) = done["tables"][0]["conflicts"]
    assert (conflict["base"], conflict["ours"], conflict["theirs"]) == ("7.00", "8.00", "5.00")
    assert (shop.app / "datasets/golden/orders.dvc").read_text().startswith("<<<<<<< the working copy")
    assert (shop.app / "datasets/golden/conflicts/orders.yaml").exists()
    assert "already in conflict" in shop.tdmvc("revert", "golden", bad, code=4).err
    shop.tdmvc("resolve", "golden", "--theirs")
    assert [row[2] for row in shop.working_copy_rows("orders")] == ["5.00", "6.00", "2.00"]
    assert not (shop.app / "datasets/golden/conflicts").exists()


def test_a_version_is_reverted_to_its_parent_and_stays_published(shop: Shop) -> None:
    shop.tdmvc("publish", "golden", "1.0.0")
    shop.commit("More", orders={**ORDERS, 20: (3, "1.00")})
    shop.tdmvc("publish", "golden", "1.1.0")
    shop.commit("Later", {**CUSTOMERS, 4: ("Dan", "d@x.test")}, {**ORDERS, 20: (3, "1.00")})
    kept = {p.name: p.read_bytes() for p in (shop.app / "datasets/golden/versions").rglob("*.yaml")}
    for word in ("golden@1.1.0", "1.1.0"):
        shop.tdmvc("revert", "golden", word)
        assert len(shop.working_copy_rows("orders")) == 2
        assert len(shop.working_copy_rows("customers")) == 4
    assert {p.name: p.read_bytes() for p in (shop.app / "datasets/golden/versions").rglob("*.yaml")} == kept
    assert "is the first version" in shop.tdmvc("revert", "golden", "1.0.0", code=2).err
    assert "does not name a state of golden" in shop.tdmvc("revert", "golden", "other@1.0.0", code=2).err


def test_a_range_is_reverted_as_one_change(shop: Shop) -> None:
    start = git(shop.app, "rev-parse", "HEAD")
    shop.commit("One", orders={**ORDERS, 20: (3, "1.00")})
    shop.commit("Two", orders={**ORDERS, 20: (3, "1.00"), 21: (3, "1.00")})
    end = git(shop.app, "rev-parse", "HEAD")
    shop.commit("Three", {**CUSTOMERS, 4: ("Dan", "d@x.test")}, {**ORDERS, 20: (3, "1.00"), 21: (3, "1.00")})
    shop.tdmvc("revert", "golden", f"{start}..{end}")
    assert len(shop.working_copy_rows("orders")) == 2
    assert len(shop.working_copy_rows("customers")) == 4


def test_a_merge_is_reverted_to_the_named_parent(shop: Shop) -> None:
    shop.branch("feature")
    shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    shop.commit("Main", {**CUSTOMERS, 4: ("Dan", "d@x.test")})
    shop.tdmvc("merge", "feature")
    assert "pass -m 1" in shop.tdmvc("revert", "golden", "HEAD", code=2).err
    assert "names none" in shop.tdmvc("revert", "golden", "HEAD", "-m", "3", code=2).err
    shop.tdmvc("revert", "golden", "HEAD", "-m", "1")
    assert (len(shop.working_copy_rows("orders")), len(shop.working_copy_rows("customers"))) == (2, 4)
    assert "leave out -m" in shop.tdmvc("revert", "golden", "HEAD~1", "-m", "1", code=2).err


def test_only_named_tables_are_reverted(shop: Shop) -> None:
    bad = shop.commit("Bad", {1: ("Ann", "ann@x.test")}, {10: (1, "5.00")})
    shop.tdmvc("revert", "golden", bad, "--tables", "customers")
    assert (len(shop.working_copy_rows("orders")), len(shop.working_copy_rows("customers"))) == (1, 3)
    near = shop.tdmvc("revert", "golden", bad, "--tables", "order", code=3)
    assert "did you mean 'orders'" in near.err


def test_an_added_table_is_removed_and_a_removed_one_is_restored(shop: Shop) -> None:
    source = shop.app.parent / "notes.csv"
    source.write_text("id,text\n1,a\n")
    shop.tdmvc("add", "golden", source, "--key", "notes=id")
    added = shop.commit_all("Notes")
    contract = (shop.app / "datasets/golden/contract.yaml").read_text()
    assert "notes" in contract
    shop.tdmvc("revert", "golden", added)
    assert not (shop.app / "datasets/golden/notes").exists()
    assert not (shop.app / "datasets/golden/notes.dvc").exists()
    assert "notes" not in (shop.app / "datasets/golden/contract.yaml").read_text()
    removed = shop.commit_all("No notes")
    shop.tdmvc("revert", "golden", removed)
    assert shop.working_copy_rows("notes") == [(1, "a")]
    assert (shop.app / "datasets/golden/contract.yaml").read_text() == contract


def test_manifests_are_reverted_by_their_entries(shop: Shop) -> None:
    dataset = shop.app / "datasets/golden/dataset.yaml"
    shop.make_personal("mail")
    dataset.write_text(dataset.read_text() + "description: bad\n")
    bad = shop.commit_all("Bad")
    shop.make_personal("name")
    dataset.write_text(dataset.read_text() + "ignore: [orders.total]\n")
    shop.commit_all("Good")
    done = shop.tdmvc("revert", "golden", bad, "--format", "json").json
    assert sorted(done["manifests"]) == ["contract.yaml", "dataset.yaml"]
    text = (shop.app / "datasets/golden/contract.yaml").read_text()
    assert text.count("classification: personal") == 1
    assert text.index("name: name") < text.index("classification: personal")
    assert "description" not in dataset.read_text()
    assert "ignore" in dataset.read_text()


def test_edits_that_were_not_added_are_not_overwritten(shop: Shop) -> None:
    import duckdb

    bad = shop.commit("Bad", orders={**ORDERS, 10: (1, "7.00")})
    folder = shop.app / "datasets/golden/orders"
    part = next(folder.glob("*.parquet"))
    duckdb.sql(f"copy (select * from read_parquet('{part}') limit 1) to '{folder}/mine.parquet'")
    part.unlink()
    assert "golden: orders" in shop.tdmvc("revert", "golden", bad, code=4).err
    assert (folder / "mine.parquet").exists()
    assert shop.status == ""


def test_pointers_that_were_not_committed_are_kept_under_a_ref(shop: Shop) -> None:
    bad = shop.commit("Bad", orders={**ORDERS, 10: (1, "7.00")})
    shop.load(None, {**ORDERS, 10: (1, "7.00"), 30: (1, "3.00")})
    output = shop.tdmvc("revert", "golden", bad)
    assert "tdmvc/replaced/golden" in output.out
    assert [row[2] for row in shop.working_copy_rows("orders")] == ["5.00", "6.00", "3.00"]
    assert len(shop.rows("orders", "golden@tdmvc/replaced/golden")) == 3


def test_a_broken_reference_is_reported(shop: Shop) -> None:
    added = shop.commit("Customer", {**CUSTOMERS, 4: ("Dan", "d@x.test")})
    shop.commit("Order", {**CUSTOMERS, 4: ("Dan", "d@x.test")}, {**ORDERS, 40: (4, "4.00")})
    output = shop.tdmvc("revert", "golden", added, code=4).out
    assert "broken-reference" in output
    assert "(id: 40)" in " ".join(output.split())  # the line may be wrapped


def test_unknown_names_are_reported(shop: Shop) -> None:
    assert "There is no dataset 'silver'" in shop.tdmvc("revert", "silver", "HEAD", code=3).err
    assert "There is no revision 'nine'" in shop.tdmvc("revert", "golden", "nine", code=3).err
    assert "is not a range" in shop.tdmvc("revert", "golden", "..HEAD", code=2).err


def test_in_a_shallow_clone_the_error_names_what_to_fetch(shop: Shop, tmp_path: Path, tdmvc: Tdmvc) -> None:
    shop.commit("More", orders={**ORDERS, 20: (3, "1.00")})
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{shop.app}", str(clone))
    assert "git fetch --deepen" in tdmvc("revert", "golden", "HEAD", folder=clone, code=3).err
