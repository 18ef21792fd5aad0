"""Work trees of one clone (`git worktree`): rows that another work tree has are found."""

import os
from pathlib import Path

import pytest

from tests.builders import CUSTOMERS, ORDERS, Shop, Tdmvc, git


@pytest.fixture
def shop(repo: Path, tdmvc: Tdmvc) -> Shop:
    """Two branches; the clone has no remote, and the second branch is in a linked work tree."""
    shop = Shop(repo, tdmvc)
    shop.commit("Shop")
    shop.branch("feature")
    shop.commit("Feature", {**CUSTOMERS, 1: ("Anna", "ann@x.test")}, {**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    shop.commit("Main", {**CUSTOMERS, 4: ("Dan", "dan@x.test")}, {**ORDERS, 10: (1, "7.00")})
    git(repo, "worktree", "add", "-q", str(repo.parent / "linked"), "feature")
    return shop


def test_a_linked_work_tree_checks_out_and_merges_rows_of_the_main_one(shop: Shop, tdmvc: Tdmvc) -> None:
    linked = shop.app.parent / "linked"
    tdmvc("checkout", "golden", folder=linked)
    shown = tdmvc("sql", "select name from customers order by id", "--format", "json", folder=linked).json
    assert [row[0] for row in shown["rows"]] == ["Anna", "Bob", "Cat"]
    tdmvc("merge", "main", folder=linked)
    shown = tdmvc("sql", "select name from customers order by id", "--format", "json", folder=linked).json
    assert [row[0] for row in shown["rows"]] == ["Anna", "Bob", "Cat", "Dan"]
    assert git(linked, "status", "--porcelain") == ""
    # And back: what was merged there is in the linked work tree's cache only.
    shop.tdmvc("merge", "feature")
    assert [row[2] for row in shop.working_copy_rows("orders")] == ["7.00", "6.00", "1.00"]


def test_a_damaged_object_of_another_work_tree_is_not_used(shop: Shop, tdmvc: Tdmvc) -> None:
    linked = shop.app.parent / "linked"
    for part in (shop.app / ".dvc/cache/files").rglob("*"):
        if part.is_file() and part.read_bytes()[:4] == b"PAR1":
            part.chmod(0o644)
            part.write_bytes(part.read_bytes()[:-1] + b"x")
    refused = tdmvc("checkout", "golden", folder=linked, code=6)
    assert "the cache of another work tree" in refused.err


def test_a_work_tree_whose_folder_is_gone_is_passed_over(shop: Shop, tdmvc: Tdmvc) -> None:
    other = shop.app.parent / "other"
    git(shop.app, "worktree", "add", "-q", "--detach", str(other))
    os.rename(other, shop.app.parent / "moved")
    tdmvc("checkout", "golden", folder=shop.app.parent / "linked")
