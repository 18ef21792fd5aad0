"""Git's own merge works on rows: by real Git, in everything it merges in."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import CONFLICTS, POINTER, START, Stage, copy_stage, make_stage


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """`clean` changes rows that main leaves alone, `clash` one that main changes too."""
    stage = make_stage(template, tmp_path_factory.mktemp("merges"))
    stage.branch("clean", {**START, 2: "void", 5: "new"})
    stage.branch("clash", {**START, 1: "theirs", 2: "void"})
    stage.commit({**START, 1: "ours", 4: "done"}, "Ours")
    return stage


@pytest.fixture
def stage(made: Stage, tmp_path: Path) -> Stage:
    return copy_stage(made, tmp_path)


BOTH = {1: "ours", 2: "void", 3: "open", 4: "done"}


def test_a_merge_brings_the_rows_of_both_sides_together(stage):
    stage.git("merge", "-q", "clean")
    assert stage.rows() == {**BOTH, 5: "new"}
    assert not (stage.root / CONFLICTS).exists()
    assert "stale" in stage.run("status")
    stage.run("checkout", "golden")
    assert "Clean" in stage.run("status")


def test_git_says_which_rows_came(stage):
    output = stage.try_git("merge", "clean")
    assert "golden/orders: rows of both sides; from theirs: 1 row added, 1 changed" in output.stderr


def test_the_merged_pointer_is_as_add_would_write_it(stage):
    stage.git("merge", "-q", "clean")
    merged = (stage.root / POINTER).read_text()
    stage.run("checkout", "golden")
    stage.add({**BOTH, 5: "new"})
    assert (stage.root / POINTER).read_text() == merged


def test_a_conflict_is_settled_and_committed(stage):
    output = stage.try_git("merge", "clash")
    assert output.returncode == 1
    assert "golden/orders: 1 conflict to resolve: tdmvc resolve golden orders" in output.stderr
    assert (stage.root / CONFLICTS).is_file()
    assert stage.git("status", "--porcelain") == f"UU {POINTER}"
    left = stage.resolve("golden")["datasets"][0]["tables"][0]
    assert (left["count"], left["sides"]["theirs"]["label"]) == (1, "clash")
    resolved = stage.resolve("golden", "orders", "--theirs", code=0)
    assert (resolved["is_settled"], resolved["operation"]) == (True, "merge")
    assert not (stage.root / CONFLICTS).parent.exists()
    assert stage.unmerged() == ""
    stage.git("commit", "-q", "--no-edit")
    assert stage.rows() == {**BOTH, 1: "theirs"}
    assert "Clean" in stage.run("status")


def test_a_rebase_of_three_commits_stops_only_at_the_conflict(stage):
    stage.git("switch", "-q", "-c", "three", "main~1")
    rows = {**START, 2: "a"}
    stage.commit(rows, "First")
    rows = {**rows, 1: "mine"}
    stage.commit(rows, "Second")
    stage.commit({**rows, 3: "c"}, "Third")
    output = stage.try_git("rebase", "main")
    assert output.returncode == 1
    assert "Second" in output.stdout + output.stderr
    assert stage.resolve("--theirs", code=0)["operation"] == "rebase"
    assert stage.try_git("-c", "core.editor=true", "rebase", "--continue").returncode == 0
    assert stage.rows("golden@three") == {1: "mine", 2: "a", 3: "c", 4: "done"}
    assert stage.rows("golden@three~1") == {1: "mine", 2: "a", 3: "open", 4: "done"}
    assert stage.rows("golden@three~2") == {1: "ours", 2: "a", 3: "open", 4: "done"}


def test_a_cherry_pick_takes_the_rows_of_one_commit(stage):
    stage.git("switch", "-q", "clean")
    stage.commit({**START, 2: "void", 3: "picked", 5: "new"}, "One more")
    stage.git("switch", "-q", "main")
    stage.git("cherry-pick", "clean")
    assert stage.rows() == {1: "ours", 2: "open", 3: "picked", 4: "done"}


def test_a_cherry_pick_in_conflict_goes_on_when_it_is_settled(stage):
    stage.git("switch", "-q", "clash")
    stage.commit({**START, 1: "again", 2: "void"}, "Again")
    stage.git("switch", "-q", "main")
    assert stage.try_git("cherry-pick", "clash").returncode == 1
    assert stage.resolve("--ours", code=0)["operation"] == "cherry-pick"
    # Ours alone is what was there: Git calls that an empty commit.
    stage.git("-c", "core.editor=true", "cherry-pick", "--skip")
    assert stage.rows() == {**START, 1: "ours", 4: "done"}


def test_a_revert_takes_back_rows_and_leaves_later_ones(stage):
    stage.commit({**START, 1: "ours", 2: "later", 4: "done"}, "Later")
    stage.git("revert", "--no-edit", "HEAD~1")
    assert stage.rows() == {**START, 2: "later"}


def test_a_stash_comes_back_over_other_rows(stage):
    stage.run("checkout", "golden")
    stage.add({**START, 1: "ours", 3: "stashed", 4: "done"})
    stage.git("stash")
    stage.git("merge", "-q", "clean")
    stage.git("stash", "pop")
    assert stage.rows() == {1: "ours", 2: "void", 3: "stashed", 4: "done", 5: "new"}


def test_a_stash_in_conflict_is_settled_and_not_lost(stage):
    stage.run("checkout", "golden")
    stage.add({**START, 1: "stashed", 4: "done"})
    stage.git("stash")
    stage.commit({**START, 1: "main", 4: "done"}, "Main")
    assert stage.try_git("stash", "pop").returncode == 1
    assert stage.git("stash", "list") != ""
    stage.resolve("golden", "orders", "--theirs", "--key", "1", code=0)
    assert stage.rows() == {**START, 1: "stashed", 4: "done"}


def test_git_refuses_an_octopus_over_one_table_and_nothing_is_lost(stage):
    stage.branch("third", {**START, 3: "third"}, start="main~1")
    head = stage.git("rev-parse", "HEAD")
    output = stage.try_git("merge", "clean", "third")
    assert output.returncode != 0
    stage.try_git("merge", "--abort")
    stage.try_git("reset", "-q", "--hard")
    assert stage.git("rev-parse", "HEAD") == head
    assert stage.rows() == {**START, 1: "ours", 4: "done"}
    stage.git("merge", "-q", "clean")
    stage.git("merge", "-q", "third")
    assert stage.rows() == {**BOTH, 3: "third", 5: "new"}


def test_branches_that_met_twice_have_no_conflict_of_their_past(stage):
    """A criss-cross: the past of both is itself a merge, in which nobody can be asked."""
    stage.git("tag", "a", "main")
    stage.git("tag", "b", "clash")
    stage.try_git("merge", "b")
    stage.resolve("--ours", code=0)
    stage.git("commit", "-q", "-m", "A with B, ours")
    stage.git("switch", "-q", "-c", "other", "b")
    stage.try_git("merge", "a")
    stage.resolve("--theirs", code=0)
    stage.git("commit", "-q", "-m", "B with A, theirs")
    stage.commit({**BOTH, 3: "later"}, "Later")
    stage.git("switch", "-q", "main")
    stage.run("checkout", "golden")
    stage.commit({**BOTH, 5: "more"}, "More")
    assert len(stage.git("merge-base", "--all", "main", "other").split()) == 2
    stage.git("merge", "-q", "other")
    assert stage.rows() == {**BOTH, 3: "later", 5: "more"}


def test_a_merge_in_a_linked_work_tree_leaves_the_other_one_alone(stage):
    linked = stage.beside / "linked"
    stage.git("worktree", "add", "-q", "-b", "linked", str(linked), "main")
    # DVC's cache is where the first work tree has it.
    (linked / ".dvc/config.local").write_text(f"[cache]\n    dir = {stage.root / '.dvc/cache'}\n")
    assert stage.try_git("merge", "clash", folder=linked).returncode == 1
    assert (linked / CONFLICTS).is_file()
    assert not (stage.root / CONFLICTS).exists()
    stage.run("resolve", "golden", "orders", "--theirs", folder=linked)
    stage.git("commit", "-q", "--no-edit", folder=linked)
    assert stage.rows("golden@linked") == {**BOTH, 1: "theirs"}
    assert stage.git("status", "--porcelain") == ""


def test_a_merge_in_memory_leaves_no_trace_in_the_work_tree(stage):
    before = sorted(stage.root.glob("datasets/**/*"))
    output = stage.try_git("merge-tree", "--write-tree", "main", "clash")
    assert output.returncode == 1
    assert POINTER in output.stdout
    assert "tdmvc" not in output.stderr
    assert stage.try_git("merge-tree", "--write-tree", "main", "clean").returncode == 0
    assert sorted(stage.root.glob("datasets/**/*")) == before
    assert stage.git("status", "--porcelain") == ""


def test_a_bare_repository_merges_texts_and_says_conflict(stage):
    """Hosts merge so: no attributes, no driver. Nothing is lost; `tdmvc merge` in a clone does the rows."""
    bare = stage.beside / "bare.git"
    stage.git("clone", "-q", "--bare", str(stage.root), str(bare))
    for name in ("clash", "clean"):
        output = stage.try_git("merge-tree", "--write-tree", "main", name, folder=bare)
        assert output.returncode == 1
        assert "CONFLICT" in output.stdout


def test_a_table_that_both_sides_added_is_merged_by_its_rows(stage):
    for name, rows in (("one", {1: "same", 2: "one"}), ("two", {1: "same", 3: "two"})):
        stage.git("switch", "-q", "-c", name, "main~1")
        stage.commit(rows, name, table="customers")
    stage.git("merge", "-q", "one")
    assert stage.rows(table="customers") == {1: "same", 2: "one", 3: "two"}


def test_a_table_that_both_sides_added_with_other_cells_is_in_conflict(stage):
    for name in ("one", "two"):
        stage.git("switch", "-q", "-c", name, "main~1")
        stage.commit({1: name, 2: "same"}, name, table="customers")
    assert stage.try_git("merge", "one").returncode == 1
    left = stage.resolve("golden")["datasets"][0]["tables"][0]
    assert [one["kind"] for one in left["conflicts"]] == ["row_added"]
    assert left["sides"]["base"]["object"] is None
    stage.resolve("golden", "customers", "--theirs", code=0)
    assert stage.rows(table="customers") == {1: "one", 2: "same"}


@pytest.mark.parametrize(("side", "is_there"), [("--ours", False), ("--theirs", True), ("--base", True)])
def test_a_table_that_one_side_removed_and_the_other_changed(stage, side, is_there):
    """Git asks no driver then: it leaves our file, or none, and the sides in its index."""
    stage.git("switch", "-q", "-c", "removal", "main~1")
    stage.run("checkout", "golden")
    stage.git("rm", "-q", POINTER)
    shutil.rmtree(stage.root / "datasets/golden/orders")
    stage.git("commit", "-q", "-m", "Remove")
    assert stage.try_git("merge", "main").returncode == 1
    left = stage.resolve("golden")["datasets"][0]["tables"][0]
    assert [one["kind"] for one in left["conflicts"]] == ["table_removed"]
    assert "conflict" in stage.run("status")
    stage.resolve("golden", "orders", side, code=0)
    assert stage.unmerged() == ""
    assert (stage.root / POINTER).exists() == is_there
    assert (stage.root / "datasets/golden/orders").exists() == is_there
    if is_there:
        assert stage.rows()[1] == ("ours" if side == "--theirs" else "paid")
    stage.git("commit", "-q", "-m", "Merged")


def test_without_the_driver_a_merge_leaves_texts_and_resolve_works_on_the_rows(stage):
    stage.run("install", "--uninstall")
    stage.git("checkout", ".gitattributes")
    assert stage.try_git("merge", "clean").returncode == 1
    assert "|||||||" not in (stage.root / POINTER).read_text()
    assert stage.resolve(code=0)["datasets"][0]["tables"][0]["outcome"] == "merged"
    stage.git("commit", "-q", "-m", "Merged")
    assert stage.rows() == {**BOTH, 5: "new"}


def test_without_the_driver_a_conflict_is_a_conflict(stage):
    stage.run("install", "--uninstall")
    stage.git("checkout", ".gitattributes")
    assert stage.try_git("merge", "clash").returncode == 1
    assert stage.resolve()["datasets"][0]["tables"][0]["count"] == 1
    assert (stage.root / CONFLICTS).is_file()
    assert stage.resolve("--base", code=0)["is_settled"]
    assert stage.rows() == {**BOTH, 1: "paid"}


def test_a_conflict_that_was_staged_with_its_markers_can_still_be_resolved(stage):
    stage.run("install", "--uninstall")
    stage.git("checkout", ".gitattributes")
    stage.try_git("merge", "clash")
    stage.git("add", POINTER)
    assert stage.resolve()["datasets"][0]["tables"][0]["count"] == 1
    stage.resolve("--theirs", code=0)
    assert stage.rows() == {**BOTH, 1: "theirs"}


@pytest.mark.parametrize("removed", ["interpreter", "package"])
def test_where_tdmvc_is_gone_git_leaves_an_ordinary_conflict(stage, removed):
    setting = stage.git("config", "merge.tdmvc.driver")
    if removed == "interpreter":
        setting = setting.replace(sys.executable, "/nowhere/python")
    else:
        setting = setting.replace("-m tdmvc ", "-m no_such_module ")
    stage.git("config", "merge.tdmvc.driver", setting)
    assert stage.try_git("merge", "clean").returncode == 1
    assert "<<<<<<< " in (stage.root / POINTER).read_text()
    assert stage.git("status", "--porcelain") == f"UU {POINTER}"
    stage.git("merge", "--abort")
    assert stage.git("status", "--porcelain") == ""


def test_files_of_dvc_that_are_no_tables_are_merged_as_texts(stage):
    folder = stage.root / "datasets/golden"
    for name, size in (("main~1", 1), ("side", 2), ("main", 3)):
        if name == "side":
            stage.git("switch", "-q", "-c", "side", "clean")
        (folder / "model.bin.dvc").write_text(
            f"outs:\n- md5: {size:032x}\n  size: {size}\n  path: model.bin\n"
        )
        stage.git("add", "-A", "--force", "datasets")
        stage.git("commit", "-q", "-m", f"Model {size}")
        if name == "side":
            stage.git("switch", "-q", "main")
    output = stage.try_git("merge", "side")
    assert output.returncode == 1
    text = (folder / "model.bin.dvc").read_text()
    assert "<<<<<<< " in text
    assert f"{2:032x}" in text


def test_a_pointer_with_more_than_one_output_is_merged_as_text(stage):
    """Damaged on one side: no rows can be known."""
    stage.git("switch", "-q", "clean")
    with (stage.root / POINTER).open("a") as file:
        file.write("- md5: 0\n  path: x\n")
    stage.git("commit", "-q", "-a", "-m", "Damage")
    stage.git("switch", "-q", "main")
    assert stage.try_git("merge", "clean").returncode == 1
    assert "<<<<<<< ours" in (stage.root / POINTER).read_text()


def test_a_merge_waits_for_nobody_who_adds(stage):
    """The driver takes no lock: another process may hold the dataset's as long as it likes."""
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from tdmvc.workspace.workspace import Workspace\n"
            "with Workspace.open('.') as w, w.writing('golden'): print('held', flush=True); sys.stdin.read()",
        ],
        cwd=stage.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        stage.git("merge", "-q", "clean")
    finally:
        holder.communicate(b"")
    assert stage.rows() == {**BOTH, 5: "new"}


def _call_driver(stage: Stage, marker_size: int, path: str = POINTER) -> tuple[int, str]:
    """Call the driver as Git does, outside of any merge; return its exit code, and what is in our file then."""
    names = {"O": "main~1", "A": "main", "B": "clash"}
    for name, ref in names.items():
        (stage.root / name).write_text(stage.git("show", f"{ref}:{POINTER}") + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "tdmvc", "git-merge", "--", *names, str(marker_size), path],
        cwd=stage.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == done.stderr == ""
    return done.returncode, (stage.root / "A").read_text()


def test_in_the_common_past_what_is_undecided_stays_as_it_was_before_both(stage):
    code, text = _call_driver(stage, 9)
    assert code == 0
    (stage.root / POINTER).write_text(text)
    assert stage.rows() == {**BOTH, 1: "paid"}


@pytest.mark.parametrize("marker_size", [7, 8])
def test_a_rename_lengthens_markers_by_one_and_is_no_common_past(stage, marker_size):
    code, text = _call_driver(stage, marker_size)
    assert code == 4
    assert text.startswith("<<<<<<< ours\nouts:\n")


def test_longer_markers_that_a_person_asked_for_are_no_common_past(stage):
    (stage.root / ".git/info/attributes").write_text("*.dvc conflict-marker-size=20\n")
    assert _call_driver(stage, 20)[0] == 4
    assert _call_driver(stage, 22)[0] == 0


@pytest.mark.parametrize(
    "path", ["orders.dvc", "datasets/golden/sub/orders.dvc", "datasets/golden/other.dvc"]
)
def test_a_pointer_at_another_place_is_left_to_git(stage, path):
    before = stage.git("show", f"main:{POINTER}") + "\n"
    assert _call_driver(stage, 7, path) == (2, before)


def _rename(stage: Stage, rows: dict[int, str]) -> Path:
    """Rename the table on a branch of its own, with these rows in it."""
    stage.git("switch", "-q", "-c", "renamed", "main~1")
    stage.add(rows)
    stage.git("add", "-A")
    stage.git("mv", POINTER, "datasets/golden/sales.dvc")
    pointer = stage.root / "datasets/golden/sales.dvc"
    pointer.write_text(pointer.read_text().replace("path: orders", "path: sales"))
    stage.git("commit", "-q", "-a", "-m", "Rename")
    return pointer


def test_a_table_renamed_here_and_edited_there_is_renamed_and_edited(stage):
    _rename(stage, START)
    stage.git("merge", "-q", "main")
    assert stage.rows(table="sales") == {**START, 1: "ours", 4: "done"}
    assert not (stage.root / POINTER).exists()


def test_a_table_renamed_and_edited_here_and_edited_there_is_left_to_a_person(stage):
    pointer = _rename(stage, {**START, 2: "renamed"})
    assert stage.try_git("merge", "main").returncode == 1
    # So little is alike in the two files that Git sees a table that was removed here and changed there.
    assert stage.resolve()["datasets"][0]["tables"][0]["conflicts"][0]["kind"] == "table_removed"
    stage.git("merge", "--abort")
    assert stage.try_git("merge", "-X", "find-renames=10%", "main").returncode == 1
    assert "<<<<<<< " in pointer.read_text()
    output = stage.run("resolve", code=2)
    assert "is the pointer of the table orders" in output
    assert "git checkout --ours" in output


def test_dvc_lock_in_conflict_says_to_run_the_pipeline_again(stage):
    (stage.root / "dvc.yaml").write_text("stages:\n  s: {cmd: x, outs: [datasets/golden/made]}\n")
    (stage.root / "dvc.lock").write_text("<<<<<<< ours\nschema: '2.0'\n=======\n>>>>>>> theirs\n")
    output = stage.run("status", code=2)
    assert "dvc repro" in output
    assert "git checkout --ours -- dvc.lock" in output


def test_what_git_remembers_of_a_resolved_conflict_is_taken_and_laid_out(stage):
    stage.git("config", "rerere.enabled", "true")
    stage.try_git("merge", "clash")
    stage.resolve("--theirs", code=0)
    stage.git("commit", "-q", "-m", "Merged")
    stage.git("reset", "-q", "--hard", "HEAD~1")
    stage.run("checkout", "golden")
    assert "previous resolution" in stage.try_git("merge", "clash").stderr
    assert stage.unmerged() != ""
    stage.resolve(code=0)
    assert stage.unmerged() == ""
    assert not (stage.root / CONFLICTS).exists()
    stage.git("commit", "-q", "-m", "Merged again")
    assert stage.rows() == {**BOTH, 1: "theirs"}
    assert "Clean" in stage.run("status")


CONTRACT = "datasets/golden/contract.yaml"


def _edit_contract(stage: Stage, branch: str, old: str, new: str) -> None:
    stage.git("switch", "-q", branch)
    stage.run("checkout", "golden")
    path = stage.root / CONTRACT
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    stage.git("commit", "-q", "-a", "-m", "Contract")


def test_contracts_are_merged_by_what_they_say_beside_the_rows(stage):
    """Neighbouring lines: Git's merge of lines would call it a conflict."""
    _edit_contract(stage, "clean", "- name: status\n", "- name: status\n        description: a word\n")
    _edit_contract(stage, "main", "- name: status\n", "- name: status\n        businessName: State\n")
    stage.git("merge", "-q", "clean")
    text = (stage.root / CONTRACT).read_text()
    assert "description: a word" in text
    assert "businessName: State" in text
    assert stage.rows() == {**BOTH, 5: "new"}


def test_a_contract_in_conflict_is_reported_with_its_place(stage):
    _edit_contract(stage, "clean", "status: active", "status: draft")
    _edit_contract(stage, "main", "status: active", "status: retired")
    output = stage.try_git("merge", "clean")
    assert output.returncode == 1
    assert f"{CONTRACT}: 1 conflict to resolve in the file\n  status" in output.stderr
    text = (stage.root / CONTRACT).read_text()
    assert (
        "<<<<<<< HEAD\nstatus: retired\n||||||| base\nstatus: active\n=======\nstatus: draft\n>>>>>>> clean\n"
        in text
    )
    assert stage.rows("golden@HEAD") == {**START, 1: "ours", 4: "done"}


def test_in_the_common_past_a_contract_in_conflict_stays_as_it_was_before_both(stage):
    _edit_contract(stage, "clash", "status: active", "status: draft")
    _edit_contract(stage, "main", "status: active", "status: retired")
    names = {"O": "main~2", "A": "main", "B": "clash"}
    for name, ref in names.items():
        (stage.root / name).write_text(stage.git("show", f"{ref}:{CONTRACT}") + "\n")
    words = [sys.executable, "-m", "tdmvc", "git-merge", "--", *names]
    done = subprocess.run([*words, "9", CONTRACT], cwd=stage.root, check=False)
    assert done.returncode == 0
    assert (stage.root / "A").read_text() == (stage.root / "O").read_text()


def test_a_contract_in_conflict_hides_every_cell_and_does_not_stop_the_rows(stage):
    contract = stage.root / CONTRACT
    _edit_contract(stage, "clash", "status: active", "status: draft")
    _edit_contract(stage, "main", "status: active", "status: retired")
    assert stage.try_git("merge", "clash").returncode == 1
    output = stage.run("resolve", code=4)
    assert "every column counts as personal" in " ".join(output.split())
    assert "•••" in output
    done = stage.resolve("--theirs", code=0)
    assert done["datasets"][0]["others"] == ["datasets/golden/contract.yaml"]
    contract.write_text(stage.git("show", f"main:{contract.relative_to(stage.root)}") + "\n")
    stage.git("commit", "-q", "-a", "-m", "Merged")
    assert stage.rows() == {**BOTH, 1: "theirs"}
