"""Values that look personal or secret are in no output of any command, in any format, until a contract allows it."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest

from tdmvc.cli.group import COMMANDS, cli
from tests.builders import Ran, Tdmvc, commit_all, copy_repo, git, run_quietly

CANARY = "zqCanary"
COLUMNS = {
    "email": "{c}.{n}@example.com",
    "password": "{c} plain {n}",
    "api_token": "{c}{n}",
    "ssn": "{c}-{n}",
    "Nachname": "{c}{n}",
    "手机号": "{c}{n}",
    "misc": "$2b$12${c}abcdefghijklmnopqr{n}",
    "ref": "sk_live_{c}{n}",
    "config": '{{""api_key"": ""{c}{n}""}}',
    "home": "postgres://me:{c}{n}@db/shop",
    "contact": "{c}{n} <{c}{n}@example.com>",
}
"""Columns and their cells; the last five are innocent names."""


def rows(n: int, *, changed: int = 0, more: int = 0, status: str = "new") -> str:
    lines = [",".join(["id", *COLUMNS, "status"])]
    for id_ in range(1, n + more + 1):
        number = id_ * 1000 + (changed if id_ <= 3 else 0)
        cells = [text.format(c=CANARY, n=number) for text in COLUMNS.values()]
        lines.append(",".join([str(id_), *(f'"{cell}"' for cell in cells), status if id_ == 1 else "old"]))
    return "\n".join(lines) + "\n"


def add(app: Path, text: str, *, is_old: bool) -> str:
    source = app.parent / "users.csv"
    source.write_text(text, encoding="utf-8")
    said = run_quietly(app, "add", "golden", source, "--key", "users=id")
    if is_old:
        contract = app / "datasets/golden/contract.yaml"
        text = contract.read_text(encoding="utf-8")
        looks = r" *customProperties:\n *- property: tdmvcLooksLike\n *value: [^\n]*\n"
        assert re.search(looks, text)
        contract.write_text(re.sub(looks, "", text), encoding="utf-8")
    return said


@pytest.fixture(scope="module", params=[False, True], ids=["added now", "added by an older tdmvc"])
def made(template: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A repository with a version, two commits more, and a branch that conflicts."""
    is_old = bool(request.param)
    app = copy_repo(template, tmp_path_factory.mktemp("values") / "app")
    said = " ".join(add(app, rows(5), is_old=is_old).split())
    assert CANARY not in said
    assert f"{len(COLUMNS)} columns look personal or secret" in said
    assert "users.misc (a password hash)" in said
    commit_all(app, "Add")
    run_quietly(app, "publish", "golden", "1.0.0")
    commit_all(app, "Publish")
    git(app, "switch", "-q", "-c", "other")
    add(app, rows(5, changed=7, status="theirs"), is_old=is_old)
    commit_all(app, "Theirs")
    git(app, "switch", "-q", "main")
    run_quietly(app, "checkout", "golden")
    add(app, rows(5, changed=1, more=2, status="ours"), is_old=is_old)
    commit_all(app, "Ours")
    return app


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Path:
    return copy_repo(made, tmp_path / "app")


@pytest.fixture
def app(repo: Path) -> Path:
    return repo


ADDED_NOW = pytest.mark.parametrize("made", [False], ids=["added now"], indirect=True)


def formats(name: str) -> list[str | None]:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    option = next((p for p in command.params if "--format" in p.opts), None)
    return list(option.type.choices) if option is not None else [None]  # type: ignore[attr-defined]


READING = {
    "status": ["status"],
    "list": ["list"],
    "validate": ["validate golden", "validate golden@1.0.0 --full --fail-on warning"],
    "show": ["show golden", "show golden@1.0.0"],
    "diff": ["diff golden@1.0.0 golden", "diff golden@HEAD~1 golden@HEAD --samples 50", "diff main...other"],
    "log": ["log golden", "log golden users", "log golden users --key 1", "log golden users --key 7"],
    "blame": ["blame golden users --all", "blame golden@1.0.0 users --all"],
    "review": ["review golden@1.0.0", "review HEAD~1", "review HEAD~1 --head main"],
    "check": ["check"],
    "verify": ["verify"],
    "drift": ["drift"],
    "migrations": ["migrations"],
    "gc": ["gc"],
    "merge-check": ["merge-check other"],
    "contract": [
        *("contract show golden", "contract diff golden@1.0.0 golden", "contract infer golden --min-rows 2"),
        *("contract export golden --to odcs", "contract export golden --to json-schema"),
    ],
}
WRITING = {
    "add": ["add golden", "add golden {bad}"],
    "checkout": ["checkout golden@1.0.0", "checkout golden --into {out}"],
    "publish": ["publish golden"],
    "merge": ["merge other"],
    "resolve": [
        "resolve golden",
        "resolve golden users --key 1 --column email --value x",
        "resolve golden users --key 1 --ours",
        "resolve golden --ours",
    ],
    "revert": ["revert golden HEAD~1", "revert golden HEAD"],
    "yank": ["yank golden@1.0.0 --reason bad"],
    "remove": ["remove golden users", "remove golden users --force", "remove golden"],
    "seed": [
        "seed golden@1.0.0 --into {out}.sqlite --verify",
        "seed golden --into {out}.sqlite --dry-run",
        "seed golden --into {narrow} --mode append",
        "seed golden --into {narrow}",
    ],
    "push": ["push"],
    "pull": ["pull"],
}
ELSEWHERE = {
    *("init", "install", "demo", "help", "build", "sql", "completion"),
    *("run", "up", "down", "reset", "env"),
}
"""Commands that read no rows, `sql`, which shows them on purpose, and those of environments, which seed as `seed`."""


def test_every_command_is_tried() -> None:
    assert {*READING, *WRITING, *ELSEWHERE} >= set(COMMANDS)


def outputs(
    app: Path, tdmvc: Tdmvc, commands: dict[str, list[str]], words: dict[str, object]
) -> Iterator[Ran]:
    for name, lines in commands.items():
        for line in lines:
            for format in formats(name):
                more = [] if format is None else ["--format", format]
                ran = tdmvc(*line.format(**words).split(), *more, code=None)
                assert ran.code != 70, (line, ran.err)
                assert CANARY not in ran.out + ran.err, (line, format, found_in(ran.out + ran.err))
                yield ran


def found_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if CANARY in line][:5]


def written(app: Path) -> list[Path]:
    """Return the text files of the repository and its Git folder that hold a value."""
    return [
        path
        for path in app.rglob("*")
        if path.is_file()
        and path.suffix != ".parquet"
        and not {"objects", "cache"} & {*path.parts}
        and CANARY.encode() in path.read_bytes()
    ]


def test_reading_shows_no_value(app: Path, tdmvc: Tdmvc, request: pytest.FixtureRequest) -> None:
    commands = READING
    if "older" in request.node.name:
        commands = {
            name: READING[name] for name in ("diff", "log", "blame", "review", "merge-check", "contract")
        }
    assert sum(len(ran.out) for ran in outputs(app, tdmvc, commands, {})) > 10_000
    assert written(app) == []


def test_files_of_changed_rows_hide_them(app: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    for old in ("golden@1.0.0", "golden@other"):
        folder = tmp_path / old
        tdmvc("diff", old, "golden", "--rows", folder, "--rows-format", "csv")
        (file,) = folder.glob("*.csv")
        assert CANARY not in file.read_text(encoding="utf-8")
        assert "•••" in file.read_text(encoding="utf-8")


@ADDED_NOW
def test_reviews_for_files_and_hosts_show_no_value(app: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    for format in formats("review"):
        page = tmp_path / f"review.{format}"
        tdmvc("review", "HEAD~1", "--write", f"{format}:{page}", code=None)
        tdmvc("review", "HEAD~1", "--format", format, "-o", page, code=None)
        assert page.is_file(), format
        assert CANARY not in page.read_text(encoding="utf-8"), format


@ADDED_NOW
def test_git_shows_no_value(app: Path, tdmvc: Tdmvc) -> None:
    tdmvc("install")
    for words in (["diff", "HEAD~1"], ["log", "-p", "-1"]):
        shown = git(app, *words)
        assert "•••" in shown
        assert CANARY not in shown, found_in(shown)


def test_merging_shows_no_value(app: Path, tdmvc: Tdmvc) -> None:
    merging = {name: WRITING[name] for name in ("merge", "resolve")}
    codes = [ran.code for ran in outputs(app, tdmvc, merging, {})]
    assert (codes[0], codes[-1]) == (4, 0)
    assert written(app) == []


@ADDED_NOW
def test_writing_shows_no_value(app: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    bad = tmp_path / "users.csv"
    bad.write_text(rows(3).replace("1,", "x,", 1) + rows(3).splitlines()[1] + "\n", encoding="utf-8")
    words: dict[str, object] = {"bad": bad, "out": tmp_path / "out", "narrow": tmp_path / "narrow.sqlite"}
    with closing(sqlite3.connect(str(words["narrow"]))) as con:
        texts = ", ".join(f'"{name}" TEXT CHECK (length("{name}") < 9)' for name in (*COLUMNS, "status"))
        con.execute(f"CREATE TABLE users (id INTEGER PRIMARY KEY, {texts})")
    for name, lines in WRITING.items():
        if name not in ("merge", "resolve"):
            git(app, "reset", "-q", "--hard")
            list(outputs(app, tdmvc, {name: lines}, words))
            assert written(app) == [], name


@ADDED_NOW
def test_a_classification_shows_them(app: Path, tdmvc: Tdmvc) -> None:
    contract = app / "datasets/golden/contract.yaml"
    text = contract.read_text(encoding="utf-8")
    for name in ("email", "misc"):
        text = text.replace(f"- name: {name}\n", f"- name: {name}\n        classification: internal\n")
    contract.write_text(text, encoding="utf-8")
    shown = tdmvc("diff", "golden@1.0.0", "golden", "--format", "json").out
    assert f"{CANARY}.1001@example.com" in shown
    assert f"$2b$12${CANARY}" in shown
    assert "sk_live_" not in shown
    assert f"{CANARY}.1001@example.com" in tdmvc("log", "golden", "users", "--key", "1").out
