"""What a reviewer gets: a branch of a real repository, reviewed through the real command line."""

import contextlib
import io
import json
import os
import shlex
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tdmvc.cli.main import run
from tests.builders import Tdmvc, commit_all, copy_repo, git
from tests.schemas import assert_valid

FORMATS = ("terminal", "markdown", "html", "json", "github", "junit", "sarif", "codequality")
CI_NAMES = ("CI", "GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")

SHOP = """
create table customers(id integer primary key, name text not null, city text);
create table orders(id integer primary key, customer_id integer not null references customers(id), status text);
create table notes(id integer primary key, body text);
insert into customers select value, 'Name ' || value, 'Oslo' from generate_series(1, 30);
insert into orders select value, value % 30 + 1, 'open' from generate_series(1, 60);
insert into notes select value, 'Note ' || value from generate_series(1, 5);
"""


@pytest.fixture(autouse=True)
def _outside_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CI_NAMES:
        monkeypatch.delenv(name, raising=False)


def _write(source: Path, script: str) -> Path:
    source.parent.mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(source)) as con:
        # SQLite has generate_series only if it was compiled in.
        rows = "with recursive s(value) as (select {0} union all select value + 1 from s where value < {1})"
        for statement in filter(str.strip, script.split(";")):
            if "generate_series" in statement:
                before, _, rest = statement.partition(" from generate_series(")
                first, last = rest.rstrip().rstrip(")").split(", ")
                into, _, picked = before.partition(" select ")
                statement = f"{into} {rows.format(first, last)} select {picked} from s"
            con.execute(statement)
        con.commit()
    return source


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop on main, and a branch `feature` that holds nothing yet."""
    top = tmp_path_factory.mktemp("review")
    copy_repo(template, top / "app")
    _write(top / "src" / "shop.sqlite3", SHOP)
    with contextlib.redirect_stdout(io.StringIO()):
        assert run(["-C", str(top / "app"), "add", "golden", str(top / "src" / "shop.sqlite3")]) == 0
    commit_all(top / "app", "Golden data")
    git(top / "app", "switch", "-q", "-c", "feature")
    return top


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Path:
    copy_repo(made, tmp_path / "work")
    return tmp_path / "work" / "app"


@pytest.fixture
def change(tdmvc: Tdmvc, repo: Path) -> Callable[..., None]:
    """Run SQL on the source, take it in and, unless told otherwise, commit it on the branch."""

    def make(script: str, *words: str, commit: bool = True) -> None:
        source = _write(repo.parent / "src" / "shop.sqlite3", script)
        tdmvc("add", "golden", source, *words)
        if commit:
            commit_all(repo, "Change")

    return make


Change = Callable[..., None]
EDIT = "update orders set status = 'shipped' where id <= 10; insert into orders values (99, 1, 'open')"


def _rules(document: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(f["rule"], f["severity"], f["table"]) for d in document["datasets"] for f in d["findings"]]


# What a branch does.


def test_edited_rows_are_counted_and_do_not_block(tdmvc: Tdmvc, change: Change) -> None:
    change(EDIT)
    found = tdmvc("review", "main", "--format", "json").json
    assert (found["verdict"], found["base"], found["head"]) == ("fine", "main", "working tree")
    assert found["summary"]["rows"] == {"added": 1, "removed": 0, "changed": 10, "ignored": 0}
    (golden,) = found["datasets"]
    assert golden["ranked"] == ["orders"]
    assert [p["kind"] for p in golden["diff"]["patterns"]] == ["constant"]
    output = tdmvc("review", "main").out
    assert "status" in output
    assert "open → shipped" in output


def test_removing_a_customer_with_orders_is_reported(tdmvc: Tdmvc, change: Change) -> None:
    change("delete from customers where id = 3")
    found = tdmvc("review", "main", "--format", "json", code=1).json
    assert found["verdict"] == "blocked"
    assert _rules(found) == [("broken-reference", "error", "orders")]
    (finding,) = found["datasets"][0]["findings"]
    assert (
        "2 rows of orders (id: 2, 32) refer to a row of customers that does not exist" in finding["message"]
    )
    # The command that the remedy names shows the very rows.
    command = shlex.split(finding["remedy"].split("`")[1])
    shown = tdmvc(*command[1:], "--format", "terminal", code=1).out
    assert "orders row id=2: customer_id 3 is not in customers.id" in shown
    tdmvc("review", "main", "--fail-on", "never")


def test_a_reference_that_was_broken_before_only_warns(tdmvc: Tdmvc, repo: Path, change: Change) -> None:
    change("delete from customers where id = 3")
    git(repo, "switch", "-q", "-c", "next")
    change(EDIT)
    found = tdmvc("review", "feature", "--format", "json").json
    assert _rules(found) == [("reference-broken-before", "warning", "orders")]
    assert found["verdict"] == "attention"
    tdmvc("review", "feature", "--fail-on", "warning", code=1)
    # An edit that has nothing to do with the reference is not answered with what it did not do.
    git(repo, "switch", "-q", "-c", "last")
    change("update orders set status = 'late'; update customers set city = 'Bergen'")
    assert _rules(tdmvc("review", "next", "--format", "json").json) == []
    change("update orders set customer_id = 3 where id = 1")
    assert _rules(tdmvc("review", "next", "--format", "json", code=1).json) == [
        ("broken-reference", "error", "orders"),
        ("reference-broken-before", "warning", "orders"),
    ]


MIGRATIONS = "migrations:\n  main: {tool: flyway, path: db}\n"


def test_a_branch_that_adds_only_a_migration_shows_that_the_rows_are_behind(tdmvc: Tdmvc, repo: Path) -> None:
    git(repo, "switch", "-q", "main")
    (repo / "db").mkdir()
    (repo / "db" / "V1__start.sql").write_text("create table customers (id int primary key);\n")
    (repo / "tdmvc.yaml").write_text((repo / "tdmvc.yaml").read_text() + MIGRATIONS)
    tdmvc("add", "golden", "--migrated")
    commit_all(repo, "Migrations")
    git(repo, "switch", "-q", "-C", "feature")
    assert tdmvc("review", "main", "--format", "json").json["verdict"] == "unchanged"
    (repo / "db" / "V2__city.sql").write_text("alter table customers add column zip text;\n")
    commit_all(repo, "Second migration")
    for words in ((), ("--head", "feature"), ("--head", "HEAD")):
        found = tdmvc("review", "main", *words, "--format", "json", "--fail-on", "never").json
        assert [rule for rule, _, _ in _rules(found)] == ["drift-behind"], words
        assert found["summary"]["rows"] == {"added": 0, "removed": 0, "changed": 0, "ignored": 0}
        assert found["datasets"][0]["diff"]["tables"] == []
    for name in ("terminal", "markdown"):
        assert "drift-behind" in tdmvc("review", "main", "--format", name, code=1).out


def test_a_renamed_column_is_one_line_and_changes_no_row(tdmvc: Tdmvc, change: Change) -> None:
    change("alter table customers rename column name to label")
    (golden,) = tdmvc("review", "main", "--format", "json").json["datasets"]
    (table,) = [t for t in golden["diff"]["tables"] if t["status"] != "unchanged"]
    assert [(s["kind"], s["old"], s["new"]) for s in table["schema"]] == [("column_renamed", "name", "label")]
    assert table["rows"]["changed"] == 0
    assert golden["verdict"] == "attention"


def test_a_dropped_table_is_an_error_only_if_it_is_referenced(tdmvc: Tdmvc, change: Change) -> None:
    change("drop table notes", "--replace")
    found = tdmvc("review", "main", "--format", "json").json
    assert (found["verdict"], found["summary"]["tables"]["removed"]) == ("attention", 1)
    assert "notes" in tdmvc("review", "main", "--format", "markdown").out


def test_an_added_or_removed_dataset_is_reviewed_completely(tdmvc: Tdmvc, repo: Path) -> None:
    source = repo.parent / "src" / "colours.csv"
    source.write_text("id,name\n1,red\n2,blue\n")
    tdmvc("add", "reference", source, "--key", "colours=id")
    commit_all(repo, "Colours")
    found = tdmvc("review", "main", "--format", "json").json
    assert ([d["dataset"] for d in found["datasets"]], found["unchanged"]) == (["reference"], ["golden"])
    assert found["summary"]["rows"]["added"] == 2
    git(repo, "rm", "-rq", "datasets/golden")
    shutil.rmtree(repo / "datasets" / "golden")
    git(repo, "commit", "-q", "-m", "Drop")
    for words in ((), ("--head", "feature")):
        found = tdmvc("review", "main", *words, "--format", "json").json
        assert [d["dataset"] for d in found["datasets"]] == ["golden", "reference"], words
        assert found["summary"]["tables"]["removed"] == 3
        assert found["datasets"][0]["verdict"] == "attention"
    for name in FORMATS:
        tdmvc("review", "main", "--format", name)


def test_edits_that_were_not_added_are_reviewed_only_in_the_work_tree(
    tdmvc: Tdmvc, repo: Path, change: Change
) -> None:
    (part,) = (repo / "datasets/golden/notes").glob("*.parquet")
    rows = pq.read_table(part)
    part.unlink()
    pq.write_table(rows.filter(pc.field("id") > 2), part.with_name("mine.parquet"))
    found = tdmvc("review", "main", "--format", "json").json
    assert found["summary"]["rows"] == {"added": 0, "removed": 2, "changed": 0, "ignored": 0}
    assert tdmvc("review", "main", "--head", "feature", "--format", "json").json["verdict"] == "unchanged"


def test_every_command_that_a_review_names_works(tdmvc: Tdmvc, repo: Path, change: Change) -> None:
    change(EDIT, commit=False)
    found = tdmvc("review", "main", "--format", "json").json
    (command,) = found["datasets"][0]["commands"]
    shown = tdmvc(*shlex.split(command)[1:], "--format", "json").json
    assert shown["summary"]["rows"]["changed"] == 10
    commit_all(repo, "Edit")
    found = tdmvc("review", "main", "--head", "feature", "--format", "json").json
    (command,) = found["datasets"][0]["commands"]
    assert tdmvc(*shlex.split(command)[1:], "--format", "json").json["summary"]["rows"]["changed"] == 10
    assert tdmvc(*shlex.split(found["commands"][0])[1:], "--format", "json").json == found


def test_a_revision_is_reviewed_independently_of_the_work_tree(
    tdmvc: Tdmvc, repo: Path, change: Change
) -> None:
    change(EDIT)
    git(repo, "switch", "-q", "main")
    found = tdmvc("review", "main", "--head", "feature", "--format", "json").json
    assert (found["head"], found["summary"]["rows"]["changed"]) == ("feature", 10)
    assert tdmvc("review", "main", "--head", "no-such", code=3).out == ""


def test_later_commits_on_main_do_not_affect_the_review(tdmvc: Tdmvc, repo: Path, change: Change) -> None:
    git(repo, "switch", "-q", "main")
    change("update notes set body = 'other'")
    git(repo, "switch", "-q", "feature")
    found = tdmvc("review", "main", "--format", "json").json
    assert found["verdict"] == "unchanged"
    ids = [git(repo, "rev-parse", rev).strip() for rev in ("main~1", "main", "feature")]
    assert [found["commits"][side]["id"] for side in ("merge_base", "base", "head")] == ids
    assert found["commits"]["commits_since"] == 1


def test_a_base_that_moved_on_does_not_lend_its_name_to_the_merge_base(
    tdmvc: Tdmvc, repo: Path, change: Change
) -> None:
    change(EDIT)
    assert tdmvc("review", "main", "--format", "json").json["datasets"][0]["old"]["ref"] == "golden@main"
    git(repo, "switch", "-q", "-c", "later", "main")
    git(repo, "commit", "-q", "--allow-empty", "-m", "Later")
    found = tdmvc("review", "later", "--head", "feature", "--format", "json").json
    base = git(repo, "rev-parse", "main").strip()
    assert found["datasets"][0]["old"]["ref"] == f"golden@{base[:10]}"
    shown = tdmvc("review", "later", "--head", "feature").out
    assert f"from  the merge base {base[:10]}, " in shown
    assert "base  later is 1 commit further, at " in shown


# Nothing changed.


def test_an_unchanged_branch_is_reported_in_every_format(tdmvc: Tdmvc) -> None:
    assert tdmvc("review", "main", "--format", "json").json["verdict"] == "unchanged"
    output = tdmvc("review", "main", "--format", "markdown").out
    assert output.startswith("<!-- tdmvc-review -->\n")
    for name in FORMATS:
        tdmvc("review", "main", "--format", name, "--fail-on", "warning")


def test_a_quiet_review_gives_no_hints(tdmvc: Tdmvc) -> None:
    assert "Next:" in tdmvc("review", "main").out
    quiet = tdmvc("--quiet", "review", "main").out
    assert quiet.startswith("Unchanged")
    assert "Next:" not in quiet


# Against what.


def test_the_base_comes_from_ci_or_the_remote_and_defaults_to_main(
    tdmvc: Tdmvc, repo: Path, change: Change, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(EDIT)

    def base() -> str:
        return str(tdmvc("review", "--format", "json").json["base"])

    assert base() == "main"
    git(repo, "clone", "-q", "--bare", ".", str(tmp_path / "remote.git"))
    git(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(repo, "fetch", "-q", "origin")
    assert base() == "origin/main"
    git(repo, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/feature")
    assert base() == "origin/HEAD"
    for name in CI_NAMES[1:]:
        git(repo, "branch", "-f", f"release-{name}", "main")
        with monkeypatch.context() as patch:
            patch.setenv(name, f"release-{name}")
            assert base() == f"release-{name}"
            git(repo, "update-ref", f"refs/remotes/origin/release-{name}", "main")
            assert base() == f"origin/release-{name}"


def test_a_missing_target_of_ci_is_not_replaced_by_another_branch(
    tdmvc: Tdmvc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_BASE_REF", "release/2.0")
    output = tdmvc("review", code=3).err
    assert "'release/2.0'" in output
    assert "git fetch origin release/2.0:refs/remotes/origin/release/2.0" in output
    # Who names a base is not asked for another.
    tdmvc("review", "main")


def test_without_any_main_branch_the_base_must_be_named(tdmvc: Tdmvc, repo: Path) -> None:
    git(repo, "branch", "-q", "-m", "main", "trunk")
    output = tdmvc("review", code=3).err
    assert "tdmvc review BRANCH" in output
    tdmvc("review", "trunk")


def test_a_detached_head_is_reviewed_like_a_branch(tdmvc: Tdmvc, repo: Path, change: Change) -> None:
    change(EDIT)
    git(repo, "switch", "-q", "--detach", "HEAD")
    assert tdmvc("review", "--format", "json").json["summary"]["rows"]["changed"] == 10


def _with_remote(repo: Path) -> None:
    store = repo.parent / "store"
    with (repo / ".dvc" / "config").open("a") as file:
        file.write(f"[core]\n    remote = local\n['remote \"local\"']\n    url = {store}\n")
    commit_all(repo, "A remote")


def test_in_a_clone_without_the_merge_base_the_error_names_what_to_fetch(
    tdmvc: Tdmvc, repo: Path, change: Change, tmp_path: Path
) -> None:
    git(repo, "switch", "-q", "main")
    _with_remote(repo)
    tdmvc("push")
    git(repo, "switch", "-q", "-C", "feature")
    change(EDIT)
    tdmvc("push")
    git(repo, "switch", "-q", "main")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "feature", repo.as_uri(), "clone")
    output = tdmvc("review", code=3, folder=clone).err
    assert "git fetch" in output
    git(clone, "fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    output = tdmvc("review", code=3, folder=clone).err
    assert "git fetch --deepen" in output
    git(clone, "fetch", "-q", "--deepen", "5", "origin", "feature", "main:refs/remotes/origin/main")
    found = tdmvc("review", "--format", "json", folder=clone).json
    assert (found["base"], found["summary"]["rows"]["changed"]) == ("origin/main", 10)


def test_conflict_markers_in_manifests_are_an_error_with_the_line(tdmvc: Tdmvc, repo: Path) -> None:
    path = repo / "datasets/golden/dataset.yaml"
    marks = "<<<<<<< HEAD\nkind: golden\n=======\nkind: masked\n>>>>>>> other\n"
    path.write_text(path.read_text() + marks)
    output = tdmvc("review", "main", code=2).err
    assert "datasets/golden/dataset.yaml, line" in output
    git(repo, "checkout", "-q", "datasets/golden/dataset.yaml")
    pointer = repo / "datasets/golden/notes.dvc"
    pointer.write_text("<<<<<<< HEAD\n" + pointer.read_text() + "=======\n>>>>>>> other\n")
    output = tdmvc("review", "main", code=4).err
    assert "datasets/golden/notes.dvc" in output


# Formats.


@pytest.fixture
def blocked(change: Change) -> None:
    change(EDIT + "; delete from customers where id = 3; delete from notes where id = 1")


@pytest.mark.usefixtures("blocked")
def test_every_format_is_valid_and_can_be_written_with_the_others(tdmvc: Tdmvc, tmp_path: Path) -> None:
    target = tmp_path / "not" / "there"
    words = [f"--write={name}={target / name}" for name in FORMATS]
    ran = tdmvc("review", "main", "--format", "github", *words, "-o", tmp_path / "annotations", code=1)
    assert ran.out == ""
    texts = {name: (target / name).read_text(encoding="utf-8") for name in FORMATS}
    assert (tmp_path / "annotations").read_text() == texts["github"]
    document = json.loads(texts["json"])
    assert_valid(document, "review")
    assert _rules(document) == [("broken-reference", "error", "orders")]
    suite = ElementTree.fromstring(texts["junit"].encode())
    assert len(suite.findall(".//failure")) == 1
    sarif = json.loads(texts["sarif"])
    assert sarif["version"] == "2.1.0"
    (result,) = sarif["runs"][0]["results"]
    where = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert where == "datasets/golden/orders.dvc"
    (problem,) = json.loads(texts["codequality"])
    assert problem["location"]["path"] == "datasets/golden/orders.dvc"
    assert problem["severity"] == "blocker"
    assert all(line.startswith("::") for line in texts["github"].splitlines())
    assert texts["markdown"].startswith("<!-- tdmvc-review -->\n")
    assert texts["html"].lower().startswith("<!doctype html>")
    assert "\x1b" not in texts["terminal"]


@pytest.mark.usefixtures("blocked")
def test_a_format_does_not_depend_on_the_other_formats(tdmvc: Tdmvc, change: Change, tmp_path: Path) -> None:
    change("update orders set status = 'back ' || id where id > 4")
    for name in ("markdown", "json", "terminal"):
        alone = tdmvc("review", "main", "--format", name, code=1).out
        beside = tdmvc("review", "main", "--format", name, "--write", f"html={tmp_path / 'p'}", code=1).out
        assert alone == beside, name


@pytest.fixture
def zone() -> Iterator[Callable[[str], None]]:
    """Set the time zone of this process, and set it back."""
    before = os.environ.get("TZ")

    def move(name: str) -> None:
        os.environ["TZ"] = name
        time.tzset()

    yield move
    if before is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("blocked")
def test_the_same_branch_gives_the_same_bytes_in_every_place_time_zone_and_format(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: Callable[[str], None]
) -> None:
    def written(folder: Path, name: str) -> dict[str, bytes]:
        target = tmp_path / name
        words = [f"--write={name}={target / name}" for name in FORMATS]
        tdmvc("review", "main", *words, "-o", target / "out", code=1, folder=folder)
        return {path.name: path.read_bytes() for path in target.iterdir()}

    first = written(repo, "first")
    assert written(repo, "second") == first
    elsewhere = tmp_path / "a long way" / "ünd so weiter"
    elsewhere.parent.mkdir()
    copy_repo(repo, elsewhere)
    shutil.rmtree(elsewhere / ".git" / "tdmvc", ignore_errors=True)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    zone("Asia/Kathmandu")
    assert written(elsewhere, "third") == first


# Refusals.


def test_personal_values_are_revealed_on_a_terminal_only(
    tdmvc: Tdmvc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tdmvc("review", "main", "--reveal", code=2)  # a pipe
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    tdmvc("review", "main", "--reveal", "-o", tmp_path / "out", code=2)
    tdmvc("review", "main", "--reveal", "--write", f"terminal={tmp_path / 'out'}", code=2)
    tdmvc("review", "main", "--reveal", "--format", "markdown", code=2)
    tdmvc("review", "main", "--reveal", "--post", "github", code=2)
    monkeypatch.setenv("CI", "true")
    tdmvc("review", "main", "--reveal", code=2)
    assert not (tmp_path / "out").exists()


def test_invalid_arguments_are_refused_before_any_work(tdmvc: Tdmvc, tmp_path: Path) -> None:
    assert "FORMAT=FILE" in tdmvc("review", "main", "--write", "html", code=2).err
    tdmvc("review", "main", "--write", f"pdf={tmp_path / 'x'}", code=2)
    tdmvc("review", "main", "--post", "bitbucket", code=2)
    assert "no-such" in tdmvc("review", "no-such", code=3).err
    (tmp_path / "file").write_text("")
    tdmvc("review", "main", "-o", tmp_path / "file" / "below", code=6)
