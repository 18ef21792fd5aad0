"""`demo`: the story of a small shop's test data, step by step, in its own repository."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tdmvc.demo import DemoRelease, read_releases
from tdmvc.demo.programs import PROGRAMS
from tdmvc.errors import DatabaseError
from tdmvc.servers import find_postgres


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the story."""

    words: tuple[str, ...]
    """`git …`, `dvc …`, `tdmvc …` or `python …`."""
    exit_code: int = 0
    """The expected exit code; the story stops on any other."""
    is_shown: bool = True
    """Whether its output is shown."""
    has_steps: bool = False
    """Whether the steps that it reports while it works are shown, too."""
    folder: str = "shop"
    """Where it runs, relative to the story's folder."""


@dataclass(frozen=True, slots=True)
class DemoStep:
    """One step: what it explains, what it prepares, what it runs."""

    title: str
    text: str
    commands: tuple[Command, ...]
    prepare: Callable[[], None] = lambda: None
    """Writes the files that a developer would write."""


def _git(*words: str, is_shown: bool = False) -> Command:
    return Command(("git", *words), is_shown=is_shown)


def _tdmvc(*words: str, exit_code: int = 0, is_shown: bool = True, folder: str = "shop") -> Command:
    return Command(("tdmvc", *words), exit_code=exit_code, is_shown=is_shown, folder=folder)


def plan_story(folder: Path) -> list[DemoStep]:
    """Return the steps of the story, to be run in order.

    Args:
        folder: an empty folder, for the shop's repository, its remote and a clone.
    """
    first, second, third = read_releases()
    shop = folder / "shop"
    return [
        DemoStep(
            "A shop and its first release",
            "Lumen sells candles and lamps. Its repository has SQL migrations and a tag, v1.0.0. "
            "`tdmvc init` finds both.",
            (
                _git("init", "-q", "-b", "main"),
                _git("config", "user.name", "Lumen"),
                _git("config", "user.email", "dev@lumen.example"),
                *_release(first),
                _tdmvc("init"),
                *_commit("Keep test data with tdmvc"),
            ),
            lambda: _begin(shop, first),
        ),
        DemoStep(
            "Golden data under version control",
            "The shop's typical orders and payments are in CSV files. `add` stores them as Parquet with DVC; the "
            "contract declares keys, types and personal columns, and what else must hold.",
            (
                _tdmvc("add", "golden", "../data-1.0.0"),
                *_commit("Add golden data: a payment that is retried"),
            ),
            lambda: _offer(folder, shop, first),
        ),
        DemoStep(
            "A version for the release",
            "`publish` writes one immutable file that records rows, contract, migrations, release and commit.",
            (
                _tdmvc("publish", "golden", "1.0.0", "--release", "1.0.0"),
                *_commit("Publish golden 1.0.0"),
            ),
        ),
        DemoStep(
            "The schema changes",
            "Release 1.1.0 adds subscriptions, but nobody has updated the data. `drift` reports it and exits "
            "with 1, so CI fails.",
            (*_release(second), _tdmvc("drift", exit_code=1)),
            lambda: _migrate(shop, second),
        ),
        DemoStep(
            "The data follows, row by row",
            "The new tables get rows. `diff` compares the working copy with the last commit, row by row.",
            (
                _tdmvc("add", "golden", "../data-1.1.0", is_shown=False),
                _tdmvc("diff"),
                *_commit("Add golden data: subscriptions and renewals"),
                _tdmvc("publish", "golden", "--bump", "auto", "--release", "1.1.0"),
                *_commit("Publish golden for 1.1.0"),
                _tdmvc("drift"),
            ),
            lambda: _offer(folder, shop, second),
        ),
        DemoStep(
            "Release 2.0.0: invoices in three currencies",
            "tdmvc computes the version number: customers.name became full_name, which breaks code that reads it, so "
            "the bump is major.",
            (
                *_release(third),
                _tdmvc(
                    "add", "golden", *(f"../data-2.0.0/{path.name}" for path in third.data), is_shown=False
                ),
                *_commit("Add golden data: multi-currency invoices"),
                _tdmvc("publish", "golden", "--bump", "auto", "--release", "2.0.0"),
                *_commit("Publish golden for 2.0.0"),
                _tdmvc("list"),
            ),
            lambda: _release_with_data(folder, shop, third),
        ),
        DemoStep(
            "What a pull request shows",
            "`review` compares the branch with its base: first the verdict, then the changes, grouped by pattern. "
            "In CI it writes one comment and one HTML page. After `install`, Git itself shows rows.",
            (
                _tdmvc("review", "v1.1.0", "--write", "html=../review.html"),
                _tdmvc("install"),
                _git("log", "-p", "-1", "--format=%s", "--", "datasets/golden/products.dvc", is_shown=True),
                *_commit("Show rows in git diff"),
            ),
        ),
        DemoStep(
            "An edit breaks an invariant",
            "The working copy is plain Parquet. A script uses DuckDB to correct one amount; the diff is one cell, and "
            "looks harmless. But the contract says that the payments of an order sum to its invoice: `validate` names "
            "the rule, the row and the line, and the review of such a change is blocked.",
            (
                Command(("python", "../edit.py"), is_shown=False),
                _tdmvc("diff"),
                _tdmvc("validate", exit_code=1),
                _tdmvc("review", "HEAD", exit_code=1),
                _tdmvc("checkout", "golden", "--force", is_shown=False),
                _tdmvc("status"),
            ),
            lambda: _write_program(folder, "edit.py"),
        ),
        DemoStep(
            "The data of a release, anywhere",
            "`push` sends the rows to a DVC remote. A shallow clone, as in CI, checks out the data that "
            "fits release 1.0.0.",
            (
                Command(("dvc", "remote", "add", "-q", "-d", "store", "../store"), is_shown=False),
                *_commit("Add a remote for the rows"),
                _tdmvc("push"),
                Command(
                    ("git", "clone", "-q", "--depth", "1", shop.as_uri(), "ci"), is_shown=False, folder="."
                ),
                _tdmvc("checkout", "--release", "1.0.0", "--into", "fixtures.sqlite", folder="ci"),
                _tdmvc(
                    "sql",
                    "select status, count(*) as payments, sum(amount) as amount from payments group by all",
                    "--at",
                    "golden@1.0.0",
                    folder="ci",
                ),
                _tdmvc("verify", "--remote", folder="ci"),
            ),
        ),
        *_plan_environments(folder),
    ]


def _plan_environments(folder: Path) -> list[DemoStep]:
    """Return the steps that run programs in a database of their own, or the advice to install one."""
    if not _has_postgres():
        advice = (
            "The next steps start a PostgreSQL server. To see them, run `pip install 'tdmvc[postgres]'`, and play the "
            "demo again."
        )
        return [DemoStep("A database with exactly these rows", advice, ())]
    run = ("tdmvc", "run", "--", "python", "../pay.py")
    return [
        DemoStep(
            "A database with exactly these rows",
            "`run` starts a PostgreSQL server, runs the migrations, loads the golden data and runs a program, here "
            "one that pays an order; then it removes everything. (`--rebuild`: earlier demos do not count.) The second "
            "run copies the first one's database as it was before the program, without migrating or loading.",
            (
                Command((*run[:2], "--rebuild", *run[2:]), has_steps=True),
                Command(run, has_steps=True),
            ),
            lambda: _write_program(folder, "pay.py"),
        ),
        DemoStep(
            "Clean again in milliseconds",
            "A test suite resets its database before each test. Whatever was written, the rows, the sequences and the "
            "schema come back, by the cheapest way that is sound.",
            (Command(("python", "../reset.py")),),
            lambda: _write_program(folder, "reset.py"),
        ),
    ]


def _has_postgres() -> bool:
    try:
        find_postgres()
    except DatabaseError:
        return False
    return find_spec("psycopg") is not None


def _release(release: DemoRelease) -> tuple[Command, ...]:
    return (*_commit(f"Release {release.version}"), _git("tag", f"v{release.version}"))


def _commit(message: str) -> tuple[Command, ...]:
    return (_git("add", "-A"), _git("commit", "-q", "-m", message))


def _begin(shop: Path, release: DemoRelease) -> None:
    shop.mkdir(parents=True)
    (shop / "README.md").write_text("# Lumen\n\nCandles and lamps.\n", encoding="utf-8")
    _migrate(shop, release)


def _migrate(shop: Path, release: DemoRelease) -> None:
    target = shop / "migrations"
    target.mkdir(exist_ok=True)
    for path in release.migrations:
        shutil.copy(path, target / path.name)


def _release_with_data(folder: Path, shop: Path, release: DemoRelease) -> None:
    _migrate(shop, release)
    _offer(folder, shop, release)


def _offer(folder: Path, shop: Path, release: DemoRelease) -> None:
    """Copy a release's sources next to the repository, and its contract into the dataset."""
    golden = shop / "datasets" / "golden"
    golden.mkdir(parents=True, exist_ok=True)
    shutil.copy(release.contract, golden / "contract.yaml")
    target = folder / f"data-{release.version}"
    if len(release.data) == 1:
        shutil.copytree(release.data[0], target)
        return
    for source in release.data:
        shutil.copytree(source, target / source.name)


def _write_program(folder: Path, name: str) -> None:
    (folder / name).write_text(PROGRAMS[name], encoding="utf-8")
