"""Git itself shows rows, by real Git; and goes on showing pointers wherever rows are not to be had."""

import contextlib
import io
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.actions import show_pointer
from tdmvc.cli.main import run
from tdmvc.gitrepo.config import wanted_settings
from tdmvc.render.table_text import render_table
from tests.builders import copy_repo, git

POINTER = "datasets/golden/orders.dvc"
FIRST = "id,email,status,total\n1,ada@example.org,paid,10.50\n2,bob@example.org,open,20.00\n3,eve@x.org,open,7.25\n"
SECOND = "id,email,status,total\n1,ada@example.org,open,10.50\n2,rob@example.org,open,20.00\n4,new@x.org,paid,1.00\n"


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two repositories, made once: `orders` has the table in one commit, its addresses personal, and Git set up;
    in `changed`, the work tree has another state of it too."""
    top = tmp_path_factory.mktemp("made")
    source, app = top / "orders.csv", top / "orders"
    copy_repo(template, app)
    source.write_text(FIRST)
    _run(app, "add", "golden", source, "--key", "orders=id")
    contract = app / "datasets/golden/contract.yaml"
    contract.write_text(
        contract.read_text().replace("- name: email\n", "- name: email\n        classification: personal\n")
    )
    _run(app, "install")
    git(app, "add", "-A")
    git(app, "commit", "-q", "-m", "One")
    copy_repo(app, top / "changed")
    source.write_text(SECOND)
    _run(top / "changed", "add", "golden", source)
    return top


def _run(folder: Path, *words: object) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        assert run(["-C", str(folder), *map(str, words)]) == 0


@pytest.fixture
def orders(made: Path, repo: Path) -> Path:
    shutil.rmtree(repo)
    copy_repo(made / "orders", repo)
    return repo


@pytest.fixture
def changed(made: Path, repo: Path) -> Path:
    shutil.rmtree(repo)
    copy_repo(made / "changed", repo)
    return repo


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv"


def _rows(diff: str) -> list[str]:
    """Return the changed row lines of a text diff, without marks."""
    return [
        line[0] + " ".join(word.split("~")[0] for word in line[1:].split(" "))
        for line in diff.splitlines()
        if line[:1] in {"+", "-"} and line[1:].startswith("id=")
    ]


CHANGED_ROWS = [
    "-id=1 │ email=•••(15) │ status=paid │ total=10.50",
    "-id=2 │ email=•••(15) │ status=open │ total=20.00",
    "-id=3 │ email=•••(9) │ status=open │ total=7.25",
    "+id=1 │ email=•••(15) │ status=open │ total=10.50",
    "+id=2 │ email=•••(15) │ status=open │ total=20.00",
    "+id=4 │ email=•••(9) │ status=paid │ total=1.00",
]


def _has_no_personal_value(text: str) -> bool:
    return "@example.org" not in text and "@x.org" not in text


def test_git_diff_shows_which_rows_and_cells_changed(changed):
    text = git(changed, "diff", "--", POINTER)
    assert "golden: " in text
    assert "1 added, 1 removed, 2 changed" in text
    assert "paid → open" in text
    assert "md5" not in text
    assert _has_no_personal_value(text)


def test_git_diff_of_staged_changes_shows_rows_too(changed):
    git(changed, "add", "-A")
    assert git(changed, "diff", "--", POINTER) == ""
    assert "1 added, 1 removed, 2 changed" in git(changed, "diff", "--cached", "--", POINTER)


def test_git_log_and_git_show_print_rows_line_by_line(changed):
    git(changed, "add", "-A")
    git(changed, "commit", "-q", "-m", "Two")
    log = git(changed, "log", "-p", "-1", "--", POINTER)
    assert _rows(log) == CHANGED_ROWS
    assert _has_no_personal_value(log)
    assert "1 added, 1 removed, 2 changed" in git(changed, "show", "--ext-diff", "--", POINTER)


def test_a_changed_hidden_cell_of_the_same_length_is_visible_as_changed(changed):
    text = git(changed, "diff", "--no-ext-diff", "--", POINTER)
    old, new = (next(x for x in text.splitlines() if x.startswith(f"{sign}id=2")) for sign in "-+")
    assert old[1:] != new[1:]
    ada = [x.split(" │ ")[1] for x in text.splitlines() if x[1:].startswith("id=1")]
    assert len(ada) == 2
    assert len(set(ada)) == 1


def test_every_command_that_creates_patches_keeps_the_pointers_text(changed):
    patch = git(changed, "diff", "--no-ext-diff", "--no-textconv", "--", POINTER)
    assert "+- md5: " in patch
    requested = subprocess.run(
        ["git", "add", "-p", POINTER], cwd=changed, input="y\n", capture_output=True, text=True, check=True
    )
    assert "+- md5: " in requested.stdout
    git(changed, "commit", "-q", "-m", "Two")
    assert "+- md5: " in git(changed, "format-patch", "-1", "--stdout")
    assert git(changed, "diff", "--stat", "HEAD~1", "HEAD", "--", POINTER).count("|") == 1


def test_git_blame_shows_who_wrote_each_row(changed):
    git(changed, "commit", "-q", "-a", "-m", "Two", "--author", "Grace <grace@example.test>")
    blame = git(changed, "blame", "--", POINTER)
    assert any("Grace" in line and "id=4" in line for line in blame.splitlines())
    assert any("Ada" in line and "# table orders" in line for line in blame.splitlines())


def test_a_new_a_removed_and_a_renamed_table_are_reported(tdmvc, orders, tmp_path):
    (tmp_path / "more.csv").write_text("id,word\n7,seven\n")
    tdmvc("add", "golden", tmp_path / "more.csv", "--key", "more=id")
    git(orders, "add", "-A")
    git(orders, "rm", "-q", POINTER)
    text = git(orders, "diff", "--cached", "--no-renames", "--", "datasets/golden/*.dvc")
    assert "golden: nothing → " in text
    assert "more  added, 1 row" in text
    assert " → nothing" in text
    assert "orders  removed, 3 rows" in text
    git(orders, "reset", "-q", "--hard")
    git(orders, "mv", POINTER, "datasets/golden/bills.dvc")
    for name in (orders / "datasets/golden/bills.dvc", orders / "datasets/golden/contract.yaml"):
        name.write_text(name.read_text().replace("orders", "bills"))
    git(orders, "add", "-A")
    renamed = git(orders, "diff", "--cached", "-M", "--", "datasets/golden/*.dvc")
    assert "rename to datasets/golden/bills.dvc" in renamed
    assert "bills" in renamed.partition("\n\n")[2]
    assert _has_no_personal_value(renamed)


def test_a_conflict_shows_the_rows_of_both_sides(tdmvc, changed, source):
    git(changed, "switch", "-q", "-c", "other")
    git(changed, "commit", "-q", "-a", "-m", "Theirs")
    git(changed, "switch", "-q", "main")
    source.write_text(FIRST.replace("3,eve@x.org,open", "3,eve@x.org,shut"))
    tdmvc("add", "golden", source)
    git(changed, "commit", "-q", "-a", "-m", "Ours")
    merged = subprocess.run(["git", "merge", "other"], cwd=changed, capture_output=True, check=False)
    assert merged.returncode != 0
    text = git(changed, "diff", "--", POINTER)
    assert "diff --cc" in text
    assert "++=======" in text
    assert "status=shut" in text
    assert _has_no_personal_value(text)
    assert git(changed, "diff", "--ext-diff", "--ours", "--", POINTER).startswith("* Unmerged path")


def test_a_column_that_no_known_contract_describes_is_masked(tdmvc, changed):
    contract = changed / "datasets/golden/contract.yaml"
    text = contract.read_text()
    start = text.index("      - name: status")
    contract.write_text(text[:start] + text[text.index("      - name: total") :])
    git(changed, "add", "-A")
    git(changed, "commit", "-q", "--amend", "-m", "As if it had never been described")
    shown = git(changed, "show", "--", POINTER)
    assert "# column status string (masked)" in shown
    assert "status=•••(4)" in shown
    assert "paid" not in shown


def test_a_column_that_another_branch_classifies_is_masked_here_too(orders):
    contract = orders / "datasets/golden/contract.yaml"
    text = contract.read_text()
    git(orders, "switch", "-q", "-c", "stricter")
    contract.write_text(
        text.replace("- name: status\n", "- name: status\n        classification: personal\n")
    )
    git(orders, "commit", "-q", "-a", "-m", "Status tells on people")
    git(orders, "switch", "-q", "main")
    shown = git(orders, "show", "HEAD", "--", POINTER)
    assert "status=•••(4)" in shown
    assert "status=paid" not in shown
    assert "paid" not in git(orders, "show", "--ext-diff", "HEAD", "--", POINTER)


def test_a_contract_that_cannot_be_read_hides_every_column(changed):
    (changed / "datasets/golden/contract.yaml").write_text("<<<<<<< ours\nschema: [\n")
    shown = git(changed, "diff", "--no-ext-diff", "--", POINTER)
    assert _rows(shown)[0] == "-id=••• │ email=•••(15) │ status=•••(4) │ total=•••"


def test_another_file_of_dvc_is_shown_as_it_is(orders):
    text = "outs:\n- md5: 5d41402abc4b2a76b9719d911017c592\n  size: 5\n  hash: md5\n  path: model.bin\n"
    (orders / "datasets/models").mkdir()
    other = orders / "datasets/models/model.bin.dvc"
    other.write_text(text)
    git(orders, "add", "-A")
    git(orders, "commit", "-q", "-m", "A file")
    assert "+- md5: 5d41" in git(orders, "show", "HEAD")
    other.write_text(text.replace("size: 5", "size: 6"))
    plain = git(orders, "diff")
    assert "-  size: 5" in plain
    assert "+  size: 6" in plain


def test_the_pointers_text_is_shown_if_the_rows_are_missing(changed):
    git(changed, "commit", "-q", "-a", "-m", "Two")
    shutil.rmtree(changed / ".dvc/cache")
    assert "+- md5: " in git(changed, "show", "--", POINTER)
    ran = git(changed, "diff", "HEAD~1", "HEAD", "--", POINTER)
    assert "tdmvc pull" in ran
    assert "+- md5: " in ran


def test_showing_rows_fetches_nothing(tdmvc, changed, tmp_path):
    remote = tmp_path / "remote"
    with (changed / ".dvc/config").open("a") as file:
        file.write(f"[core]\n    remote = near\n['remote \"near\"']\n    url = {remote}\n")
    tdmvc("push")
    shutil.rmtree(changed / ".dvc/cache")
    git(changed, "diff", "--", POINTER)
    git(changed, "diff", "--no-ext-diff", "--", POINTER)
    assert not list((changed / ".dvc").glob("cache/files/md5/*/*"))


def test_an_uninstalled_clone_shows_pointers_and_its_files_are_as_before(tdmvc, repo, source):
    (repo / ".gitattributes").write_bytes(b"*.png binary\r\n")
    source.write_text(FIRST)
    tdmvc("add", "golden", source, "--key", "orders=id")
    before = (repo / ".git/config").read_bytes()
    tdmvc("install")
    assert (repo / ".gitattributes").read_bytes().startswith(b"*.png binary\r\n# tdmvc")
    git(repo, "add", "-A")
    assert "orders  added, 3 rows" in git(repo, "diff", "--cached", "--", POINTER)
    output = tdmvc("install", "--uninstall")
    assert "Git shows pointers again" in output.out
    assert (repo / ".gitattributes").read_bytes() == b"*.png binary\r\n"
    assert (repo / ".git/config").read_bytes() == before
    assert "+- md5: " in git(repo, "diff", "--cached", "--", POINTER)


def test_a_clone_without_install_shows_pointers(changed, tmp_path):
    git(changed, "commit", "-q", "-a", "-m", "Two")
    git(tmp_path, "clone", "-q", str(changed), "clone")
    assert "+- md5: " in git(tmp_path / "clone", "show", "--", POINTER)


@pytest.mark.parametrize("interpreter", ["/gone/with the wind/python", "/bin/false"])
def test_git_works_without_the_interpreter_or_tdmvc(changed, interpreter):
    for name, value in wanted_settings(interpreter).items():
        git(changed, "config", name, value)
    assert "+- md5: " in git(changed, "diff", "--no-ext-diff", "--", POINTER)
    assert "+- md5: " in git(changed, "diff", "--", POINTER)


def test_an_interpreter_with_spaces_and_quotes_in_its_path_is_found(changed, tmp_path):
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    (folder / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (folder / "python").chmod(0o755)
    for name, value in wanted_settings(str(folder / "python")).items():
        git(changed, "config", name, value)
    assert _rows(git(changed, "diff", "--no-ext-diff", "--", POINTER)) == CHANGED_ROWS
    assert "paid → open" in git(changed, "diff", "--", POINTER)


def test_modules_in_the_repository_are_never_imported(changed):
    for name, value in wanted_settings().items():
        git(changed, "config", name, value)
    (changed / "click.py").write_text("raise SystemExit('a trap')")
    assert _rows(git(changed, "diff", "--no-ext-diff", "--", POINTER)) == CHANGED_ROWS


def test_it_works_from_a_subfolder_and_in_another_work_tree(changed, tmp_path):
    assert "paid → open" in git(changed / "datasets", "diff", "--", "golden/orders.dvc")
    git(changed, "commit", "-q", "-a", "-m", "Two")
    git(changed, "worktree", "add", "-q", str(tmp_path / "second"), "HEAD")
    (changed / ".dvc/config").write_text(f"[cache]\n    dir = {changed}/.dvc/cache\n")
    shutil.copy(changed / ".dvc/config", tmp_path / "second/.dvc/config")
    assert _rows(git(tmp_path / "second", "show", "--", POINTER)) == CHANGED_ROWS


def test_a_bare_clone_shows_pointers(changed, tmp_path):
    git(changed, "commit", "-q", "-a", "-m", "Two")
    git(tmp_path, "clone", "-q", "--bare", str(changed), "bare")
    bare = tmp_path / "bare"
    for name, value in wanted_settings().items():
        git(bare, "config", name, value)
    (bare / "info").mkdir(exist_ok=True)
    (bare / "info/attributes").write_text("*.dvc diff=tdmvc\n")
    assert "+- md5: " in git(bare, "show", "HEAD", "--", POINTER)


def test_colour_is_as_git_would_colour_it(changed, monkeypatch):
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b[31mpaid" in git(changed, "-c", "color.diff=always", "diff", "--", POINTER)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31mpaid" not in git(changed, "-c", "color.diff=always", "diff", "--", POINTER)


def test_a_second_install_changes_nothing_and_keeps_another_tools_driver(tdmvc, orders):
    before = (orders / ".git/config").read_bytes(), (orders / ".gitattributes").read_bytes()
    assert "it was already set up" in " ".join(tdmvc("install").out.split())
    assert ((orders / ".git/config").read_bytes(), (orders / ".gitattributes").read_bytes()) == before
    tdmvc("install", "--uninstall")
    git(orders, "config", "diff.tdmvc.command", "somebody-else")
    refused = tdmvc("install", code=2)
    assert "diff.tdmvc.command" in refused.err
    assert not (orders / ".gitattributes").exists()
    assert git(orders, "config", "diff.tdmvc.command") == "somebody-else"
    assert "not tdmvc's" in tdmvc("install", "--uninstall").out
    assert git(orders, "config", "diff.tdmvc.command") == "somebody-else"


def test_an_overriding_line_is_reported(tdmvc, orders):
    with (orders / ".gitattributes").open("a") as file:
        file.write("*.dvc diff=other\n")
    assert "another driver" in " ".join(tdmvc("install").out.split()).lower()


def test_values_of_every_type_are_shown_even_those_that_python_lacks(tdmvc, repo, tmp_path):
    far, near = 2**61, 0
    times = pa.array([far, near], pa.int64()).cast(pa.timestamp("us"))
    columns = {
        "l": pa.array([[far], None], pa.list_(pa.int64())).cast(pa.list_(pa.timestamp("us"))),
        "a.b": pa.array([{"b": 1}, None]),
        "id": pa.array([2, 1]),
        "t": times,
        "z": times.cast(pa.timestamp("us", tz="UTC")),
        "d": pa.array([0, 1], pa.int32()).cast(pa.date32()),
        "y": pa.array([b"x" * 20, b""]),
    }
    pq.write_table(pa.table(columns), tmp_path / "odd.parquet")
    tdmvc("add", "golden", tmp_path / "odd.parquet", "--key", "odd=id")
    tables = show_pointer.read_contents((repo / "datasets/golden/odd.dvc").read_text(), repo)
    assert tables is not None
    first, second = render_table(tables[0]).splitlines()[-2:]
    assert first == (
        "id=1 │ l=NULL │ a.b=NULL │ t=1970-01-01 00:00:00 │ z=1970-01-01 00:00:00Z │ d=1970-01-02 │ y=0x (0 bytes)"
    )
    far_text = "75039-04-04 19:00:13.693952"
    assert second.startswith(f'id=2 │ l=["{far_text}"] │ a.b={{"b": 1}} │ t={far_text} │ z={far_text} │')
    assert second.split(" │ ")[-1].startswith("y=0x78787878787878787878787878787878… (20 bytes) #")


def test_a_large_table_is_shown_as_one_line_per_part(changed, monkeypatch):
    text = (changed / POINTER).read_text()
    monkeypatch.setattr(show_pointer, "LISTED_ROWS", 2)
    tables = show_pointer.read_contents(text, changed)
    assert tables is not None
    lines = render_table(tables[0]).splitlines()
    parts = [line for line in lines if line.startswith("# part ")]
    assert len(parts) == 1
    assert parts[0].endswith("rows 3 from id=1 to id=4")
    assert "git log -p --ext-diff" in lines[-1]
    assert not [line for line in lines if line.startswith("id=")]
