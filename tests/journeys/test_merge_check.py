"""What CI is told of a merge before anybody makes it."""

import shutil
from pathlib import Path

from tests.builders import CUSTOMERS, ORDERS, Shop, Tdmvc, git
from tests.schemas import assert_valid


def diverged(shop: Shop, theirs: dict[str, object], ours: dict[str, object]) -> None:
    """Two branches, `main` and `feature`, the latter checked out."""
    shop.branch("feature")
    shop.commit("Feature", theirs.get("customers"), theirs.get("orders"))  # type: ignore[arg-type]
    shop.switch("main")
    shop.commit("Main", ours.get("customers"), ours.get("orders"))  # type: ignore[arg-type]
    shop.switch("feature")


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file of the work tree and the index, with its bytes."""
    skipped = (".git/objects", ".git/tdmvc", ".dvc/cache", ".dvc/tmp")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).as_posix().startswith(skipped)
    }


def test_a_clean_merge_is_fine_and_changes_nothing(shop: Shop) -> None:
    diverged(shop, {"orders": {**ORDERS, 10: (1, "8.00")}}, {"orders": {**ORDERS, 11: (2, "9.00")}})
    (shop.app / "notes.txt").write_text("mine\n")
    before, status = snapshot(shop.app), shop.status
    found = shop.tdmvc("merge-check", "main", "--format", "json").json
    assert (found["status"], found["is_fine"]) == ("merged", True)
    assert [(t["name"], t["move"]) for t in found["datasets"][0]["tables"]] == [("orders", "merged")]
    assert (snapshot(shop.app), shop.status) == (before, status)
    assert "Merges" in shop.tdmvc("merge-check", "main").out
    assert_valid(found, "merge-check")


def test_conflicts_are_reported_by_row_and_cell_in_every_format_and_personal_ones_are_masked(
    shop: Shop,
) -> None:
    shop.make_personal("mail")
    shop.commit_all("Personal")
    diverged(
        shop,
        {"customers": {**CUSTOMERS, 1: ("Ann", "theirs@x.test")}, "orders": {**ORDERS, 10: (1, "8.00")}},
        {"customers": {**CUSTOMERS, 1: ("Ann", "ours@x.test")}, "orders": {**ORDERS, 10: (1, "7.00")}},
    )
    before = snapshot(shop.app)
    for name in ("terminal", "json", "github", "junit", "markdown"):
        output = shop.tdmvc("merge-check", "main", "--format", name, code=1).out
        assert "7.00" in output, name
        assert "8.00" in output, name
        assert "@x.test" not in output, name
    found = shop.tdmvc("merge-check", "main", "--format", "json", code=1).json
    assert found["status"] == "open"
    tables = {table["name"]: table for table in found["datasets"][0]["tables"]}
    assert tables["customers"]["conflicts"][0]["is_hidden"]
    github = shop.tdmvc("merge-check", "main", "--format", "github", code=1).out
    assert "file=datasets/golden/orders.dvc" in github
    assert snapshot(shop.app) == before


def test_a_deleted_customer_and_an_order_added_for_them_do_not_merge(shop: Shop) -> None:
    diverged(
        shop,
        {"orders": {**ORDERS, 20: (3, "1.00")}},
        {"customers": {i: row for i, row in CUSTOMERS.items() if i != 3}},
    )
    git(shop.app, "merge-tree", "--write-tree", "main", "feature")  # Git itself is content
    output = shop.tdmvc("merge-check", "main", code=1).out
    assert "broken-reference" in output
    assert "(id: 20)" in output
    assert "tdmvc sql" not in output
    found = shop.tdmvc("merge-check", "main", "feature", "--format", "json", code=1).json
    assert found["status"] == "broken"


def test_an_old_violation_of_both_sides_is_reported_and_does_not_fail(shop: Shop) -> None:
    shop.commit("Broken", orders={**ORDERS, 15: (99, "1.00")})
    more = {**ORDERS, 15: (99, "1.00")}
    diverged(shop, {"orders": {**more, 10: (1, "8.00")}}, {"orders": {**more, 11: (2, "9.00")}})
    found = shop.tdmvc("merge-check", "main", "--format", "json").json
    (finding,) = found["datasets"][0]["findings"]
    assert (finding["rule"], finding["severity"]) == ("reference-broken-before", "warning")


def migration(shop: Shop, id_: str, down: str | None) -> None:
    folder = shop.app / "db" / "versions"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{id_}.py").write_text(f'revision = "{id_}"\ndown_revision = {down!r}\n')


def test_two_branches_that_each_add_a_migration_are_out_of_step_when_merged(shop: Shop) -> None:
    (shop.app / "tdmvc.yaml").write_text("format: tdmvc/1\nmigrations:\n  main: {tool: alembic, path: db}\n")
    migration(shop, "a", None)
    shop.commit("a")
    shop.branch("feature")
    migration(shop, "b", "a")
    shop.commit_all("b")
    shop.switch("main")
    migration(shop, "c", "a")
    shop.commit("c", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("feature")
    found = shop.tdmvc("merge-check", "main", "--format", "json", code=1).json
    (drift,) = found["drifts"]
    assert (drift["status"], drift["fails"], drift["is_old"]) == ("behind", True, False)
    assert shop.tdmvc("merge-check", "main", "--fail-on", "none").code == 0


def two_heads_in_step(shop: Shop) -> None:
    """Each branch adds a migration and data for it, so that the merged data is in step with two heads."""
    (shop.app / "tdmvc.yaml").write_text("format: tdmvc/1\nmigrations:\n  main: {tool: alembic, path: db}\n")
    migration(shop, "a", None)
    shop.commit("a")
    shop.branch("feature")
    migration(shop, "b", "a")
    shop.commit("b", {**CUSTOMERS, 4: ("Dan", "dan@x.test")})
    shop.switch("main")
    migration(shop, "c", "a")
    shop.commit("c", orders={**ORDERS, 20: (3, "1.00")})
    shop.switch("feature")


def test_two_heads_after_a_merge_fail_although_the_data_has_both(shop: Shop) -> None:
    two_heads_in_step(shop)
    found = shop.tdmvc("merge-check", "main", "--format", "json", code=1).json
    (drift,) = found["drifts"]
    assert (drift["status"], drift["fails"]) == ("in-step", True)
    assert "2 heads" in shop.tdmvc("merge-check", "main", code=1).out
    assert shop.tdmvc("merge-check", "main", "--fail-on", "behind").code == 0
    shop.tdmvc("merge", "main")
    assert shop.tdmvc("drift").code == 0
    assert "2 heads" in shop.tdmvc("drift", "--fail-on", "problems", code=1).out
    # The remedy: a migration that merges both.
    (shop.app / "db/versions/m.py").write_text('revision = "m"\ndown_revision = ("b", "c")\n')
    shop.tdmvc("add", "golden", shop.app.parent / "shop.sqlite")
    assert shop.tdmvc("drift", "--fail-on", "problems").code == 0


def test_two_heads_that_both_sides_have_are_not_the_merges_fault(shop: Shop) -> None:
    two_heads_in_step(shop)
    shop.tdmvc("merge", "main")
    git(shop.app, "branch", "-f", "main")
    (shop.app / "code.py").write_text("x = 1\n")
    shop.commit_all("Code")
    git(shop.app, "switch", "-q", "main")
    (shop.app / "other.py").write_text("x = 1\n")
    shop.commit_all("Other")
    assert shop.tdmvc("merge-check", "feature").code == 0


def test_drift_that_both_sides_have_is_not_the_merges_fault(shop: Shop) -> None:
    (shop.app / "tdmvc.yaml").write_text("format: tdmvc/1\nmigrations:\n  main: {tool: alembic, path: db}\n")
    migration(shop, "a", None)
    shop.tdmvc("add", "golden", "--migrated")
    shop.commit_all("a")
    migration(shop, "b", "a")
    shop.commit_all("b, and nobody brought the rows through it")
    shop.branch("feature")
    (shop.app / "one").write_text("1")
    shop.commit_all("one")
    shop.switch("main")
    (shop.app / "two").write_text("2")
    shop.commit_all("two")
    found = shop.tdmvc("merge-check", "feature", "--format", "json").json
    (drift,) = found["drifts"]
    assert (drift["status"], drift["fails"], drift["is_old"]) == ("behind", False, True)


def test_a_conflict_in_code_and_in_a_manifest_is_reported_by_its_file(shop: Shop) -> None:
    path = shop.app / "datasets/golden/dataset.yaml"
    (shop.app / "code.py").write_text("base\n")
    path.write_text(path.read_text() + "description: base\n")
    shop.commit_all("Code")
    shop.branch("feature")
    (shop.app / "code.py").write_text("theirs\n")
    path.write_text(path.read_text().replace("description: base", "description: theirs"))
    shop.commit_all("Theirs")
    shop.switch("main")
    (shop.app / "code.py").write_text("ours\n")
    path.write_text(path.read_text().replace("description: base", "description: ours"))
    shop.commit_all("Ours")
    found = shop.tdmvc("merge-check", "feature", "--format", "json", code=1).json
    assert found["files"] == ["code.py", "datasets/golden/dataset.yaml"]


def test_a_branch_that_is_merged_needs_no_merge(shop: Shop) -> None:
    shop.branch("feature")
    assert "Nothing to merge" in shop.tdmvc("merge-check", "main").out
    shop.commit("Feature", orders={**ORDERS, 20: (3, "1.00")})
    found = shop.tdmvc("merge-check", "main", "--format", "json").json
    assert found["status"] == "fast-forward"


def test_in_a_shallow_clone_the_error_names_what_to_fetch(shop: Shop, tmp_path: Path, tdmvc: Tdmvc) -> None:
    diverged(shop, {"orders": {**ORDERS, 10: (1, "8.00")}}, {"orders": {**ORDERS, 11: (2, "9.00")}})
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", "--branch=feature", f"file://{shop.app}", str(clone))
    missing = tdmvc("merge-check", "origin/main", folder=clone, code=3)
    assert "git fetch --unshallow origin main:refs/remotes/origin/main" in missing.err
    git(clone, "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    shallow = tdmvc("merge-check", "origin/main", folder=clone, code=3)
    assert "git fetch --deepen" in shallow.err
    git(clone, "fetch", "-q", "--unshallow", "origin", "+main:refs/remotes/origin/main")
    absent = tdmvc("merge-check", "origin/main", folder=clone, code=6)
    assert "is missing" in absent.err
    shutil.copytree(shop.app / ".dvc/cache", clone / ".dvc/cache")
    before = snapshot(clone)
    assert tdmvc("merge-check", "origin/main", folder=clone).code == 0
    assert snapshot(clone) == before


def test_missing_rows_are_read_from_the_remote(shop: Shop, tmp_path: Path, tdmvc: Tdmvc) -> None:
    remote = tmp_path / "remote"
    (shop.app / ".dvc/config").write_text(f"[core]\n    remote = r\n['remote \"r\"']\n    url = {remote}\n")
    shop.commit_all("Remote")
    diverged(shop, {"orders": {**ORDERS, 10: (1, "8.00")}}, {"orders": {**ORDERS, 11: (2, "9.00")}})
    shop.tdmvc("push")
    shop.switch("main")
    shop.tdmvc("push")
    shop.switch("feature")
    # Only the branches' own commits are pushed, and the base is on one of them.
    base = git(shop.app, "merge-base", "main", "feature")
    git(shop.app, "switch", "-q", "--detach", base)
    shop.tdmvc("push")
    git(shop.app, "switch", "-q", "feature")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(shop.app), str(clone))
    assert tdmvc("merge-check", "origin/main", folder=clone).code == 0
    done = tdmvc("merge", "origin/main", "--format", "json", folder=clone).json
    assert done["status"] == "merged"
    assert not (clone / "datasets/golden/orders").exists(), "nobody asked for rows in this clone"
