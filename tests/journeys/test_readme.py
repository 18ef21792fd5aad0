"""The tour of the README can be followed to the letter, and its output is real."""

import re
import sqlite3
from pathlib import Path

import pytest

from tdmvc.demo import DemoRelease, read_releases
from tests.builders import Tdmvc, git
from tests.demo.shop_databases import load, migrate, read_tables
from tests.journeys.example_projects import ROOT, run_in

TOUR = (ROOT / "README.md").read_text(encoding="utf-8").partition("## A two-minute tour")[2]
# What follows needs a server, or is about another repository.
BLOCKS = re.findall(
    r"^```(yaml|console)\n(.*?)^```", TOUR.partition("`tdmvc run` does all")[0], re.MULTILINE | re.DOTALL
)
WIDTH = "96"
EDIT = (
    "UPDATE orders SET status = 'paid' WHERE id = 1002",
    "INSERT INTO payments VALUES (1006, 1002, 4, 'card', 'succeeded', 61.05, NULL, '2026-03-05T08:00:00Z')",
)


def test_the_first_screen_says_what_the_make_targets_install() -> None:
    first = (ROOT / "README.md").read_text(encoding="utf-8").partition("## A two-minute tour")[0]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    shown = re.findall(r"^make (\w+)", first, re.MULTILINE)
    named = re.findall(r"^\| `make (\w+)` \| tdmvc with `(\w+)`", first, re.MULTILINE)
    assert shown == [target for target, _ in named] == ["demo", "test"]
    for target, extra in named:
        stamp = re.search(rf"^{target}: (\$\(\w+\))", makefile, re.MULTILINE)
        assert stamp is not None
        recipe = re.search(rf"^{re.escape(stamp[1])}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        assert recipe is not None
        assert re.findall(r"--editable '\.\[(\w+)\]'", recipe[1]) == [extra]


def write_migrations(app: Path, release: DemoRelease) -> None:
    (app / "migrations").mkdir(exist_ok=True)
    for path in release.migrations:
        (app / "migrations" / path.name).write_bytes(path.read_bytes())


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The shop at its first release, and its data in SQLite beside it."""
    first = read_releases()[0]
    app = tmp_path / "shop"
    app.mkdir()
    git(app, "init", "-q", "-b", "main")
    write_migrations(app, first)
    git(app, "add", "-A")
    git(app, "commit", "-q", "-m", "Release 1.0.0")
    git(app, "tag", "v1.0.0")
    with sqlite3.connect(tmp_path / "shop.sqlite") as con:
        migrate(con, first)
        load(con, read_tables(first.data))
    return app


def test_the_tour_can_be_followed_to_the_letter(
    shop: Path, tdmvc: Tdmvc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", WIDTH)
    monkeypatch.chdir(shop)
    shown = 0
    for kind, block in BLOCKS:
        if kind == "yaml":
            contract = shop / "datasets" / "golden" / "contract.yaml"
            text = contract.read_text(encoding="utf-8")
            # At the end of the table `orders`.
            contract.write_text(text.replace("  - name: payments\n", f"{block}  - name: payments\n"))
            continue
        for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            prepare(shop, command)
            said = follow(shop, tdmvc, command)
            if output:
                shown += 1
                # Run from elsewhere, a command shows whole paths.
                texts = (said, said.replace(f"{shop}/", ""))
                assert any(map(pattern_of(output).match, texts)), f"{command}\n{said}"
    assert shown == 12


def prepare(shop: Path, command: str) -> None:
    """Do what the text beside a command says that somebody did."""
    if command.startswith("tdmvc add") and (shop / "datasets").exists():
        with sqlite3.connect(shop.parent / "shop.sqlite") as con:
            for statement in EDIT:
                con.execute(statement)
    elif command.startswith("tdmvc drift"):
        write_migrations(shop, read_releases()[1])


def follow(shop: Path, tdmvc: Tdmvc, command: str) -> str:
    if not command.startswith("tdmvc "):
        done = run_in(shop, "bash", "-uc", command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
    words = [quoted or plain for quoted, plain in re.findall(r"'([^']*)'|(\S+)", command)][1:]
    ran = tdmvc(*words, code=None, folder=shop)
    assert ran.code == int(ran.out.startswith(("Not valid", "Blocked", "Drift"))), ran.err
    return ran.out


def pattern_of(output: str) -> re.Pattern[str]:
    """Return what matches real output: `…` for anything, other commits and times; hints may follow."""
    lines = output.rstrip().split("\n")
    text = "\n".join("(?s:.*)" if line == "…" else re.escape(line).replace("…", "(?:…|.*)") for line in lines)
    text = re.sub(r"commit\\ [0-9a-f]{12}", r"commit\\ [0-9a-f]{12}", text)
    text = re.sub(r"\d+\\\.\d+\\ s\b", r"[\\d.]+\\ m?s", text)
    return re.compile(rf"{text}\s*?(?:\n\n|\n?\Z)")
