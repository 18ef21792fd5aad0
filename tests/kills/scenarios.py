"""The commands that are killed, and the state in which each begins."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.builders import git, run_quietly
from tests.kills.shop import KillShop


def _nothing(shop: KillShop) -> None:
    pass


@dataclass(frozen=True)
class Scenario:
    """A command and its beginning; afterwards the state must be as if nobody had killed it."""

    name: str
    words: tuple[str, ...]
    prepare: Callable[[KillShop], None] = _nothing
    code: int = 0
    """With which code the undisturbed command ends."""
    choice: int | None = None
    """Which of several ways that a message names leads to the same end; None: each of them."""
    is_once: bool = False
    """Whether the command, done twice, does more than done once: it is repeated only if it did nothing."""
    is_edited: bool = True
    """Whether rows of another dataset have edits that were not added; a merge would not be committed."""


def _commit_notes(shop: KillShop) -> None:
    git(shop.app, "commit", "-q", "-m", "Notes", "notes.md")


def _change_source(shop: KillShop) -> None:
    shop.source(customers={7: "seven", 8: ""}, orders={9: "nine", 902: "new"})


def _edit_rows(shop: KillShop) -> None:
    """Edit the working copy as any other tool would: the second part of orders holds other rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    part = sorted((shop.app / "datasets/golden/orders").iterdir())[1]
    table = pq.read_table(part)
    texts = pa.array([f"edited {n}" for n in range(table.num_rows)])
    part.unlink()
    pq.write_table(table.set_column(1, "text", texts), part)


def _write_appended(shop: KillShop) -> None:
    folder = shop.folder / "source"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    lines = "".join(f"{n},appended {n}\n" for n in range(1000, 1050))
    (folder / "orders.csv").write_text(f"id,text\n{lines}")


def _begin_merge(shop: KillShop) -> None:
    run_quietly(shop.app, "-q", "merge", "feature", "--no-commit")


def _begin_clash(shop: KillShop) -> None:
    subprocess.run(["git", "merge", "-q", "clash"], cwd=shop.app, capture_output=True, check=False)


def _resolve_clash(shop: KillShop) -> None:
    _begin_clash(shop)
    run_quietly(shop.app, "-q", "resolve", "--theirs")


def _go_back(shop: KillShop) -> None:
    """Move main to where it was when feature left it."""
    git(shop.app, "stash", "-q")
    git(shop.app, "reset", "-q", "--hard", "main~1")
    git(shop.app, "stash", "pop", "-q")
    run_quietly(shop.app, "-q", "checkout", "golden")


def _lose_cache(shop: KillShop) -> None:
    run_quietly(shop.app, "-q", "push")
    shutil.rmtree(shop.app / ".dvc/cache/files")
    for table in ("customers", "orders"):
        shutil.rmtree(shop.app / "datasets/golden" / table)


def _make_garbage(shop: KillShop) -> None:
    for mark in ("one", "two"):
        shop.load(
            customers=dict.fromkeys(range(0, 150, 9), mark), orders=dict.fromkeys(range(0, 150, 9), mark)
        )
    run_quietly(shop.app, "-q", "checkout", "golden@HEAD", "--force")
    for ref in git(shop.app, "for-each-ref", "--format=%(refname)", "refs/tdmvc").split():
        git(shop.app, "update-ref", "-d", ref)
    old = time.time() - 100 * 86400
    for path in (shop.app / ".dvc/cache").rglob("*"):
        os.utime(path, (old, old))


def _seed_first(shop: KillShop) -> None:
    run_quietly(shop.app, "-q", "seed", "golden@1.0.0", "--into", "sqlite:///seeded.db")


def _write_migration(shop: KillShop) -> None:
    folder = shop.app / "migrations"
    folder.mkdir(exist_ok=True)
    (folder / "000001_orders.up.sql").write_text(
        "CREATE TABLE orders (id bigint PRIMARY KEY, text text CHECK (text <> '')); COMMENT ON TABLE orders IS 'Sold';"
    )


_SOURCE = ("golden", "../source", "--key", "customers=id", "--key", "orders=id")
SCENARIOS = (
    Scenario("add", ("tdmvc", "add", *_SOURCE), _change_source),
    Scenario("add-edits", ("tdmvc", "add", "golden"), _edit_rows),
    Scenario(
        "add-append", ("tdmvc", "add", "golden", "../source", "--append"), _write_appended, is_once=True
    ),
    Scenario("remove-table", ("tdmvc", "remove", "golden", "orders", "--force"), is_once=True),
    Scenario("remove-dataset", ("tdmvc", "remove", "golden", "--force"), is_once=True),
    Scenario("publish", ("tdmvc", "publish", "golden", "1.1.0", "--allow-lower-bump")),
    Scenario("publish-tag", ("tdmvc", "publish", "golden", "2.0.0", "--tag")),
    Scenario("publish-auto", ("tdmvc", "publish", "golden", "--bump", "auto", "--tag"), is_once=True),
    Scenario("publish-push", ("tdmvc", "publish", "golden", "2.0.0", "--push")),
    Scenario("yank", ("tdmvc", "yank", "golden@1.0.0", "--reason", "wrong")),
    Scenario("checkout", ("tdmvc", "checkout", "golden@1.0.0")),
    Scenario("checkout-force", ("tdmvc", "checkout", "golden", "--force"), _edit_rows),
    Scenario("checkout-into", ("tdmvc", "checkout", "golden@1.0.0", "--into", "out.sqlite"), is_once=True),
    Scenario("checkout-folder", ("tdmvc", "checkout", "golden@1.0.0", "--into", "out"), is_once=True),
    Scenario("seed", ("tdmvc", "seed", "golden", "--into", "sqlite:///seeded.db"), _seed_first),
    Scenario("merge", ("tdmvc", "merge", "feature")),
    Scenario("merge-no-commit", ("tdmvc", "merge", "feature", "--no-commit"), choice=1),
    Scenario("merge-forward", ("tdmvc", "merge", "feature"), _go_back),
    Scenario("merge-clash", ("tdmvc", "merge", "clash"), code=4),
    Scenario("merge-continue", ("tdmvc", "merge", "--continue"), _begin_merge, is_edited=False),
    Scenario("merge-abort", ("tdmvc", "merge", "--abort"), _begin_merge),
    Scenario("merge-abort-clash", ("tdmvc", "merge", "--abort"), _begin_clash),
    Scenario("merge-continue-clash", ("tdmvc", "merge", "--continue"), _resolve_clash, is_edited=False),
    Scenario("resolve", ("tdmvc", "resolve", "--theirs"), _begin_clash),
    Scenario("git-merge", ("git", "merge", "-q", "--no-edit", "feature")),
    Scenario("git-merge-clash", ("git", "merge", "-q", "--no-edit", "clash"), code=1),
    Scenario("contract-infer", ("tdmvc", "contract", "infer", "golden", "--apply", "--min-rows", "2")),
    Scenario(
        "contract-import",
        ("tdmvc", "contract", "import", "migrations", "--dataset", "golden"),
        _write_migration,
    ),
    Scenario("revert", ("tdmvc", "revert", "golden", "HEAD"), _nothing),
    Scenario("push", ("tdmvc", "push")),
    Scenario("pull", ("tdmvc", "pull", "golden"), _lose_cache),
    Scenario("gc", ("tdmvc", "gc", "--apply"), _make_garbage),
)
