"""Repositories that many tests start from, built once and copied: a published dataset, a shop, a merge."""

import contextlib
import io
import json
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tdmvc.cli.main import run
from tdmvc.store.reflinks import copy_folder


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Tdmvc = Callable[..., Ran]


def git(folder: Path, *words: str) -> str:
    """Run Git and return what it printed."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit_all(app: Path, message: str) -> str:
    """Commit everything and return the commit's id."""
    git(app, "add", "-A")
    git(app, "commit", "-q", "--allow-empty", "-m", message)
    return git(app, "rev-parse", "HEAD")


def copy_repo(source: Path, target: Path) -> Path:
    """Copy a repository that was built once, links as links, and return the copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    copy_folder(source, target)
    return target


def run_quietly(app: Path, *words: object) -> str:
    """Run tdmvc in this process, which must end with 0, and return what it printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert run(["-C", str(app), *map(str, words)]) == 0, out.getvalue()
    return out.getvalue()


def run_json(app: Path, *words: object) -> Any:
    """Run tdmvc in this process, which must end with 0, and return the JSON that it printed."""
    return json.loads(run_quietly(app, *words, "--format", "json"))


def add_remotes(app: Path, *names: str) -> None:
    """Configure local remotes next to the repository; the first one is the default."""
    with (app / ".dvc" / "config").open("a") as file:
        file.write(f"[core]\n    remote = {names[0]}\n")
        for name in names:
            file.write(f"['remote \"{name}\"']\n    url = {app.parent / name}\n")


def add_tables(app: Path, tables: Mapping[str, str]) -> None:
    """Add CSV texts to `golden`, keyed by `id`, and commit."""
    source = app.parent / "source"
    source.mkdir(exist_ok=True)
    for name, text in tables.items():
        (source / f"{name}.csv").write_text(text)
    keys = [word for name in tables for word in ("--key", f"{name}=id")]
    run_quietly(app, "add", "golden", source, *keys)
    commit_all(app, "Golden data")


def add_migrations(app: Path) -> None:
    """Give the application a folder with one migration in plain SQL."""
    (app / "migrations").mkdir()
    (app / "migrations" / "0001_customers.sql").write_text("CREATE TABLE customers (id int);\n")
    with (app / "tdmvc.yaml").open("a") as file:
        file.write("migrations:\n  main: {tool: sql, path: migrations}\n")


def publish(app: Path, version: str = "1.0.0", *words: str) -> None:
    """Publish `golden` and commit."""
    run_quietly(app, "publish", "golden", version, *words)
    commit_all(app, "Publish")


class MemoryTree:
    """Files in a dict, as a Git revision would give them."""

    label = "abc1234"

    def __init__(self, files: dict[str, str | bytes]) -> None:
        self._files = files

    def list_files(self, folder: str = "") -> list[str]:
        return sorted(path for path in self._files if not folder or path.startswith(folder + "/"))

    def read_text(self, path: str) -> str | None:
        content = self._files.get(path)
        if isinstance(content, bytes):
            return content.decode("utf-8", "replace").removeprefix("\ufeff")
        return content

    def read_texts(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        for path in paths:
            text = self.read_text(path)
            if text is not None:
                yield path, text


CUSTOMERS = {1: ("Ann", "ann@x.test"), 2: ("Bob", "bob@x.test"), 3: ("Cat", "cat@x.test")}
ORDERS = {10: (1, "5.00"), 11: (2, "6.00")}
Customers = dict[int, tuple[str, str]]
Orders = dict[int, tuple[int, str]]


class Shop:
    """The repository, and what it holds on the present branch."""

    def __init__(self, app: Path, tdmvc: Tdmvc) -> None:
        self.app = app
        self.tdmvc = tdmvc

    def load(self, customers: Customers | None = None, orders: Orders | None = None) -> None:
        """Take in these rows; without arguments, the ones it began with."""
        source = self.app.parent / "shop.sqlite"
        source.unlink(missing_ok=True)
        with sqlite3.connect(source) as con:
            con.executescript(
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, mail TEXT UNIQUE);"
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id),"
                " total TEXT NOT NULL);"
            )
            rows = customers if customers is not None else CUSTOMERS
            con.executemany("INSERT INTO customers VALUES (?, ?, ?)", [(i, *row) for i, row in rows.items()])
            more = orders if orders is not None else ORDERS
            con.executemany("INSERT INTO orders VALUES (?, ?, ?)", [(i, *row) for i, row in more.items()])
        con.close()
        self.tdmvc("add", "golden", source)

    def commit(self, message: str, customers: Customers | None = None, orders: Orders | None = None) -> str:
        """Take in rows and commit everything."""
        self.load(customers, orders)
        return self.commit_all(message)

    def commit_all(self, message: str) -> str:
        return commit_all(self.app, message)

    def branch(self, name: str, *, at: str = "HEAD") -> None:
        git(self.app, "switch", "-q", "-c", name, at)
        self.tdmvc("checkout", "golden")

    def switch(self, name: str) -> None:
        git(self.app, "switch", "-q", name)
        self.tdmvc("checkout", "golden")

    def rows(self, table: str, ref: str | None = None) -> list[list[Any]]:
        words = ("--at", ref) if ref else ()
        found = self.tdmvc("sql", f"select * from {table} order by 1", *words, "--format", "json").json
        return [list(row) for row in found["rows"]]

    def working_copy_rows(self, table: str) -> list[tuple[Any, ...]]:
        """Return the rows that any other tool would read from the working copy."""
        parts = self.app / "datasets" / "golden" / table
        return duckdb.sql(f"select * from read_parquet('{parts}/*.parquet') order by 1").fetchall()

    @property
    def status(self) -> str:
        return git(self.app, "status", "--porcelain=v1", "--untracked-files=all")

    def make_personal(self, column: str) -> None:
        """Classify a column of customers in the contract."""
        path = self.app / "datasets" / "golden" / "contract.yaml"
        text = path.read_text()
        spot = text.index(f"name: {column}")
        end = text.index("\n", spot)
        indent = " " * (spot - text.rindex("\n", 0, spot) - 1)
        path.write_text(f"{text[:end]}\n{indent}classification: personal{text[end:]}")


def quiet_shop(app: Path) -> Shop:
    """Return a shop for a fixture that several tests share: its commands end with 0, and print nothing."""
    return Shop(app, lambda *words: Ran(0, run_quietly(app, *words), ""))


POINTER = "datasets/golden/orders.dvc"
CONFLICTS = "datasets/golden/conflicts/orders.yaml"
START = {1: "paid", 2: "open", 3: "open", 4: "open"}
Rows = Mapping[int, str]


@dataclass(frozen=True)
class MergeRepo:
    """A repository whose Git merges rows, and a folder next to it for sources."""

    root: Path
    parent: Path

    def run(self, *words: object, code: int | None = 0, folder: Path | None = None) -> str:
        """Run tdmvc in this process and return what it printed."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            ended = run(["-C", str(folder or self.root), *map(str, words)])
        assert code is None or ended == code, f"exit {ended}: {out.getvalue()}{err.getvalue()}"
        return out.getvalue() + err.getvalue()

    def git(self, *words: str, folder: Path | None = None) -> str:
        return git(folder or self.root, *words)

    def try_git(self, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run Git, whatever it ends with."""
        return subprocess.run(
            ["git", *words], cwd=folder or self.root, capture_output=True, text=True, check=False
        )

    def add(self, rows: Rows, table: str = "orders") -> None:
        source = self.parent / f"{table}.csv"
        source.write_text("id,status\n" + "".join(f"{id_},{status}\n" for id_, status in rows.items()))
        self.run("add", "golden", source, "--key", f"{table}=id")

    def commit(self, rows: Rows, message: str = "Change", table: str = "orders") -> None:
        self.add(rows, table)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def branch(self, name: str, rows: Rows, *, start: str = "main") -> None:
        """Make a branch on which the table holds these rows, and stay where we were."""
        here = self.git("rev-parse", "--abbrev-ref", "HEAD")
        self.git("switch", "-q", "-c", name, start)
        self.commit(rows, name)
        self.git("switch", "-q", here)

    def rows(self, ref: str = "golden", table: str = "orders") -> dict[int, str]:
        """Return the rows that a state's pointer names."""
        output = json.loads(
            self.run("sql", f'select id, status from "{table}"', "--at", ref, "--format", "json")
        )
        return {int(id_): status for id_, status in output["rows"]}

    def resolve(self, *words: object, code: int = 4) -> Any:
        return json.loads(self.run("resolve", *words, "--format", "json", code=code))

    def unmerged(self) -> str:
        return self.git("ls-files", "--unmerged")


def make_merge_repo(template: Path, folder: Path) -> MergeRepo:
    """Make the repository from the template: one table, one commit, `tdmvc install` done."""
    repo = MergeRepo(copy_repo(template, folder / "app"), folder)
    repo.run("install")
    repo.commit(START, "Start with orders")
    return repo


def copy_merge_repo(made: MergeRepo, folder: Path) -> MergeRepo:
    return MergeRepo(copy_repo(made.root, folder / "app"), folder)
