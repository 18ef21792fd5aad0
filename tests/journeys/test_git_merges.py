"""Git's own merge works on rows: by real Git, in everything it merges in."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tdmvc.gitrepo.config import wanted_settings
from tests.builders import CONFLICTS, POINTER, START, MergeRepo, copy_merge_repo, make_merge_repo
from tests.series import long_only


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> MergeRepo:
    """`clean` changes rows that main leaves alone, `clash` one that main changes too."""
    repo = make_merge_repo(template, tmp_path_factory.mktemp("merges"))
    repo.branch("clean", {**START, 2: "void", 5: "new"})
    repo.branch("clash", {**START, 1: "theirs", 2: "void"})
    repo.commit({**START, 1: "ours", 4: "done"}, "Ours")
    return repo


@pytest.fixture
def repo(made: MergeRepo, tmp_path: Path) -> MergeRepo:
    return copy_merge_repo(made, tmp_path)


BOTH = {1: "ours", 2: "void", 3: "open", 4: "done"}


def test_a_merge_combines_the_rows_of_both_sides(repo):
    for name, value in wanted_settings().items():
        repo.git("config", name, value)
    repo.git("merge", "-q", "clean")
    assert repo.rows() == {**BOTH, 5: "new"}
    assert not (repo.root / CONFLICTS).exists()
    assert "stale" in repo.run("status")
    repo.run("checkout", "golden")
    assert "Clean" in repo.run("status")


def test_git_reports_the_merged_rows(repo):
    output = repo.try_git("merge", "clean")
    assert "golden/orders: rows of both sides; from theirs: 1 row added, 1 changed" in output.stderr


def test_the_merged_pointer_is_as_add_would_write_it(repo):
    repo.git("merge", "-q", "clean")
    merged = (repo.root / POINTER).read_text()
    repo.run("checkout", "golden")
    repo.add({**BOTH, 5: "new"})
    assert (repo.root / POINTER).read_text() == merged


def test_a_conflict_is_resolved_and_committed(repo):
    output = repo.try_git("merge", "clash")
    assert output.returncode == 1
    assert "golden/orders: 1 conflict to resolve: tdmvc resolve golden orders" in output.stderr
    assert (repo.root / CONFLICTS).is_file()
    assert repo.git("status", "--porcelain") == f"UU {POINTER}"
    left = repo.resolve("golden")["datasets"][0]["tables"][0]
    assert (left["count"], left["sides"]["theirs"]["label"]) == (1, "clash")
    resolved = repo.resolve("golden", "orders", "--theirs", code=0)
    assert (resolved["is_settled"], resolved["operation"]) == (True, "merge")
    assert not (repo.root / CONFLICTS).parent.exists()
    assert repo.unmerged() == ""
    repo.git("commit", "-q", "--no-edit")
    assert repo.rows() == {**BOTH, 1: "theirs"}
    assert "Clean" in repo.run("status")


@long_only
def test_a_rebase_of_three_commits_stops_only_at_the_conflict(repo):
    repo.git("switch", "-q", "-c", "three", "main~1")
    rows = {**START, 2: "a"}
    repo.commit(rows, "First")
    rows = {**rows, 1: "mine"}
    repo.commit(rows, "Second")
    repo.commit({**rows, 3: "c"}, "Third")
    output = repo.try_git("rebase", "main")
    assert output.returncode == 1
    assert "Second" in output.stdout + output.stderr
    assert repo.resolve("--theirs", code=0)["operation"] == "rebase"
    assert repo.try_git("-c", "core.editor=true", "rebase", "--continue").returncode == 0
    assert repo.rows("golden@three") == {1: "mine", 2: "a", 3: "c", 4: "done"}
    assert repo.rows("golden@three~1") == {1: "mine", 2: "a", 3: "open", 4: "done"}
    assert repo.rows("golden@three~2") == {1: "ours", 2: "a", 3: "open", 4: "done"}


def test_a_cherry_pick_takes_the_rows_of_one_commit(repo):
    repo.git("switch", "-q", "clean")
    repo.commit({**START, 2: "void", 3: "picked", 5: "new"}, "One more")
    repo.git("switch", "-q", "main")
    repo.git("cherry-pick", "clean")
    assert repo.rows() == {1: "ours", 2: "open", 3: "picked", 4: "done"}


def test_a_cherry_pick_in_conflict_continues_after_resolve(repo):
    repo.git("switch", "-q", "clash")
    repo.commit({**START, 1: "again", 2: "void"}, "Again")
    repo.git("switch", "-q", "main")
    assert repo.try_git("cherry-pick", "clash").returncode == 1
    assert repo.resolve("--ours", code=0)["operation"] == "cherry-pick"
    # Ours alone is what was there: Git calls that an empty commit.
    repo.git("-c", "core.editor=true", "cherry-pick", "--skip")
    assert repo.rows() == {**START, 1: "ours", 4: "done"}


def test_a_revert_undoes_rows_and_keeps_later_ones(repo):
    repo.commit({**START, 1: "ours", 2: "later", 4: "done"}, "Later")
    repo.git("revert", "--no-edit", "HEAD~1")
    assert repo.rows() == {**START, 2: "later"}


def test_a_stash_is_applied_over_other_rows(repo):
    repo.run("checkout", "golden")
    repo.add({**START, 1: "ours", 3: "stashed", 4: "done"})
    repo.git("stash")
    repo.git("merge", "-q", "clean")
    repo.git("stash", "pop")
    assert repo.rows() == {1: "ours", 2: "void", 3: "stashed", 4: "done", 5: "new"}


def test_a_stash_in_conflict_is_resolved_and_not_lost(repo):
    repo.run("checkout", "golden")
    repo.add({**START, 1: "stashed", 4: "done"})
    repo.git("stash")
    repo.commit({**START, 1: "main", 4: "done"}, "Main")
    assert repo.try_git("stash", "pop").returncode == 1
    assert repo.git("stash", "list") != ""
    repo.resolve("golden", "orders", "--theirs", "--key", "1", code=0)
    assert repo.rows() == {**START, 1: "stashed", 4: "done"}


def test_git_refuses_an_octopus_over_one_table_and_nothing_is_lost(repo):
    repo.branch("third", {**START, 3: "third"}, start="main~1")
    head = repo.git("rev-parse", "HEAD")
    output = repo.try_git("merge", "clean", "third")
    assert output.returncode != 0
    repo.try_git("merge", "--abort")
    repo.try_git("reset", "-q", "--hard")
    assert repo.git("rev-parse", "HEAD") == head
    assert repo.rows() == {**START, 1: "ours", 4: "done"}
    repo.git("merge", "-q", "clean")
    repo.git("merge", "-q", "third")
    assert repo.rows() == {**BOTH, 3: "third", 5: "new"}


@long_only
def test_branches_that_were_merged_twice_have_no_conflict_from_their_past(repo):
    """A criss-cross: the past of both is itself a merge, in which nobody can be asked."""
    repo.git("tag", "a", "main")
    repo.git("tag", "b", "clash")
    repo.try_git("merge", "b")
    repo.resolve("--ours", code=0)
    repo.git("commit", "-q", "-m", "A with B, ours")
    repo.git("switch", "-q", "-c", "other", "b")
    repo.try_git("merge", "a")
    repo.resolve("--theirs", code=0)
    repo.git("commit", "-q", "-m", "B with A, theirs")
    repo.commit({**BOTH, 3: "later"}, "Later")
    repo.git("switch", "-q", "main")
    repo.run("checkout", "golden")
    repo.commit({**BOTH, 5: "more"}, "More")
    assert len(repo.git("merge-base", "--all", "main", "other").split()) == 2
    repo.git("merge", "-q", "other")
    assert repo.rows() == {**BOTH, 3: "later", 5: "more"}


def test_a_merge_in_a_linked_work_tree_leaves_the_other_one_alone(repo):
    linked = repo.parent / "linked"
    repo.git("worktree", "add", "-q", "-b", "linked", str(linked), "main")
    # DVC's cache is where the first work tree has it.
    (linked / ".dvc/config.local").write_text(f"[cache]\n    dir = {repo.root / '.dvc/cache'}\n")
    assert repo.try_git("merge", "clash", folder=linked).returncode == 1
    assert (linked / CONFLICTS).is_file()
    assert not (repo.root / CONFLICTS).exists()
    repo.run("resolve", "golden", "orders", "--theirs", folder=linked)
    repo.git("commit", "-q", "--no-edit", folder=linked)
    assert repo.rows("golden@linked") == {**BOTH, 1: "theirs"}
    assert repo.git("status", "--porcelain") == ""


def test_a_merge_in_memory_leaves_no_trace_in_the_work_tree(repo):
    before = sorted(repo.root.glob("datasets/**/*"))
    output = repo.try_git("merge-tree", "--write-tree", "main", "clash")
    assert output.returncode == 1
    assert POINTER in output.stdout
    assert "tdmvc" not in output.stderr
    assert repo.try_git("merge-tree", "--write-tree", "main", "clean").returncode == 0
    assert sorted(repo.root.glob("datasets/**/*")) == before
    assert repo.git("status", "--porcelain") == ""


def test_a_bare_repository_merges_texts_and_reports_a_conflict(repo):
    """Hosts merge so: no attributes, no driver. Nothing is lost; `tdmvc merge` in a clone does the rows."""
    bare = repo.parent / "bare.git"
    repo.git("clone", "-q", "--bare", str(repo.root), str(bare))
    for name in ("clash", "clean"):
        output = repo.try_git("merge-tree", "--write-tree", "main", name, folder=bare)
        assert output.returncode == 1
        assert "CONFLICT" in output.stdout


def test_a_table_that_both_sides_added_is_merged_by_its_rows(repo):
    for name, rows in (("one", {1: "same", 2: "one"}), ("two", {1: "same", 3: "two"})):
        repo.git("switch", "-q", "-c", name, "main~1")
        repo.commit(rows, name, table="customers")
    repo.git("merge", "-q", "one")
    assert repo.rows(table="customers") == {1: "same", 2: "one", 3: "two"}


def test_a_table_that_both_sides_added_with_other_cells_is_in_conflict(repo):
    for name in ("one", "two"):
        repo.git("switch", "-q", "-c", name, "main~1")
        repo.commit({1: name, 2: "same"}, name, table="customers")
    assert repo.try_git("merge", "one").returncode == 1
    left = repo.resolve("golden")["datasets"][0]["tables"][0]
    assert [one["kind"] for one in left["conflicts"]] == ["row_added"]
    assert left["sides"]["base"]["object"] is None
    repo.resolve("golden", "customers", "--theirs", code=0)
    assert repo.rows(table="customers") == {1: "one", 2: "same"}


@pytest.mark.parametrize(("side", "is_there"), [("--ours", False), ("--theirs", True), ("--base", True)])
def test_a_table_that_one_side_removed_and_the_other_changed(repo, side, is_there):
    """Git asks no driver then: it leaves our file, or none, and the sides in its index."""
    repo.git("switch", "-q", "-c", "removal", "main~1")
    repo.run("checkout", "golden")
    repo.git("rm", "-q", POINTER)
    shutil.rmtree(repo.root / "datasets/golden/orders")
    repo.git("commit", "-q", "-m", "Remove")
    assert repo.try_git("merge", "main").returncode == 1
    left = repo.resolve("golden")["datasets"][0]["tables"][0]
    assert [one["kind"] for one in left["conflicts"]] == ["table_removed"]
    assert "conflict" in repo.run("status")
    repo.resolve("golden", "orders", side, code=0)
    assert repo.unmerged() == ""
    assert (repo.root / POINTER).exists() == is_there
    assert (repo.root / "datasets/golden/orders").exists() == is_there
    if is_there:
        assert repo.rows()[1] == ("ours" if side == "--theirs" else "paid")
    repo.git("commit", "-q", "-m", "Merged")


def test_without_the_driver_a_merge_leaves_texts_and_resolve_works_on_the_rows(repo):
    repo.run("install", "--uninstall")
    repo.git("checkout", ".gitattributes")
    assert repo.try_git("merge", "clean").returncode == 1
    assert "|||||||" not in (repo.root / POINTER).read_text()
    assert repo.resolve(code=0)["datasets"][0]["tables"][0]["outcome"] == "merged"
    repo.git("commit", "-q", "-m", "Merged")
    assert repo.rows() == {**BOTH, 5: "new"}


def test_without_the_driver_a_conflict_is_a_conflict(repo):
    repo.run("install", "--uninstall")
    repo.git("checkout", ".gitattributes")
    assert repo.try_git("merge", "clash").returncode == 1
    assert repo.resolve()["datasets"][0]["tables"][0]["count"] == 1
    assert (repo.root / CONFLICTS).is_file()
    assert repo.resolve("--base", code=0)["is_settled"]
    assert repo.rows() == {**BOTH, 1: "paid"}


def test_a_conflict_that_was_staged_with_its_markers_can_still_be_resolved(repo):
    repo.run("install", "--uninstall")
    repo.git("checkout", ".gitattributes")
    repo.try_git("merge", "clash")
    repo.git("add", POINTER)
    assert repo.resolve()["datasets"][0]["tables"][0]["count"] == 1
    repo.resolve("--theirs", code=0)
    assert repo.rows() == {**BOTH, 1: "theirs"}


@pytest.mark.parametrize("removed", ["interpreter", "package"])
def test_without_tdmvc_git_leaves_an_ordinary_conflict(repo, removed, fast_python):
    setting = repo.git("config", "merge.tdmvc.driver")
    if removed == "interpreter":
        setting = setting.replace(str(fast_python), "/nowhere/python")
    else:
        setting = setting.replace("-m tdmvc ", "-m no_such_module ")
    assert setting != repo.git("config", "merge.tdmvc.driver")
    repo.git("config", "merge.tdmvc.driver", setting)
    assert repo.try_git("merge", "clean").returncode == 1
    assert "<<<<<<< " in (repo.root / POINTER).read_text()
    assert repo.git("status", "--porcelain") == f"UU {POINTER}"
    repo.git("merge", "--abort")
    assert repo.git("status", "--porcelain") == ""


def test_dvc_files_that_are_no_tables_are_merged_as_text(repo):
    folder = repo.root / "datasets/golden"
    for name, size in (("main~1", 1), ("side", 2), ("main", 3)):
        if name == "side":
            repo.git("switch", "-q", "-c", "side", "clean")
        (folder / "model.bin.dvc").write_text(
            f"outs:\n- md5: {size:032x}\n  size: {size}\n  path: model.bin\n"
        )
        repo.git("add", "-A", "--force", "datasets")
        repo.git("commit", "-q", "-m", f"Model {size}")
        if name == "side":
            repo.git("switch", "-q", "main")
    output = repo.try_git("merge", "side")
    assert output.returncode == 1
    text = (folder / "model.bin.dvc").read_text()
    assert "<<<<<<< " in text
    assert f"{2:032x}" in text


def test_a_pointer_with_more_than_one_output_is_merged_as_text(repo):
    """Damaged on one side: no rows can be known."""
    repo.git("switch", "-q", "clean")
    with (repo.root / POINTER).open("a") as file:
        file.write("- md5: 0\n  path: x\n")
    repo.git("commit", "-q", "-a", "-m", "Damage")
    repo.git("switch", "-q", "main")
    assert repo.try_git("merge", "clean").returncode == 1
    assert "<<<<<<< ours" in (repo.root / POINTER).read_text()


def test_a_merge_does_not_wait_for_an_add(repo):
    """The driver takes no lock: another process may hold the dataset's as long as it likes."""
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from tdmvc.workspace.workspace import Workspace\n"
            "with Workspace.open('.') as w, w.writing('golden'): print('held', flush=True); sys.stdin.read()",
        ],
        cwd=repo.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        repo.git("merge", "-q", "clean")
    finally:
        holder.communicate(b"")
    assert repo.rows() == {**BOTH, 5: "new"}


@pytest.fixture
def call_driver(repo: MergeRepo, fast_python: Path) -> Callable[..., tuple[int, str]]:
    """Call the driver as Git does, outside of any merge; return its exit code, and what is in our file then."""

    def call(marker_size: int, path: str = POINTER) -> tuple[int, str]:
        names = {"O": "main~1", "A": "main", "B": "clash"}
        for name, ref in names.items():
            (repo.root / name).write_text(repo.git("show", f"{ref}:{POINTER}") + "\n")
        done = subprocess.run(
            [fast_python, "-m", "tdmvc", "git-merge", "--", *names, str(marker_size), path],
            cwd=repo.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == done.stderr == ""
        return done.returncode, (repo.root / "A").read_text()

    return call


def test_in_a_virtual_merge_base_conflicts_take_the_base(repo, call_driver):
    code, text = call_driver(9)
    assert code == 0
    (repo.root / POINTER).write_text(text)
    assert repo.rows() == {**BOTH, 1: "paid"}


@pytest.mark.parametrize("marker_size", [7, 8])
def test_a_rename_lengthens_markers_by_one_and_is_no_virtual_merge_base(repo, marker_size, call_driver):
    code, text = call_driver(marker_size)
    assert code == 4
    assert text.startswith("<<<<<<< ours\nouts:\n")


def test_longer_markers_that_a_person_configured_are_no_virtual_merge_base(repo, call_driver):
    (repo.root / ".git/info/attributes").write_text("*.dvc conflict-marker-size=20\n")
    assert call_driver(20)[0] == 4
    assert call_driver(22)[0] == 0


@pytest.mark.parametrize(
    "path", ["orders.dvc", "datasets/golden/sub/orders.dvc", "datasets/golden/other.dvc"]
)
def test_a_pointer_outside_the_datasets_is_left_to_git(repo, path, call_driver):
    before = repo.git("show", f"main:{POINTER}") + "\n"
    assert call_driver(7, path) == (2, before)


def _rename(repo: MergeRepo, rows: dict[int, str]) -> Path:
    """Rename the table on a branch of its own, with these rows in it."""
    repo.git("switch", "-q", "-c", "renamed", "main~1")
    repo.add(rows)
    repo.git("add", "-A")
    repo.git("mv", POINTER, "datasets/golden/sales.dvc")
    pointer = repo.root / "datasets/golden/sales.dvc"
    pointer.write_text(pointer.read_text().replace("path: orders", "path: sales"))
    repo.git("commit", "-q", "-a", "-m", "Rename")
    return pointer


def test_a_table_renamed_here_and_edited_there_is_renamed_and_edited(repo):
    _rename(repo, START)
    repo.git("merge", "-q", "main")
    assert repo.rows(table="sales") == {**START, 1: "ours", 4: "done"}
    assert not (repo.root / POINTER).exists()


def test_a_table_renamed_and_edited_here_and_edited_there_is_left_to_a_person(repo):
    pointer = _rename(repo, {**START, 2: "renamed"})
    assert repo.try_git("merge", "main").returncode == 1
    # So little is alike in the two files that Git sees a table that was removed here and changed there.
    assert repo.resolve()["datasets"][0]["tables"][0]["conflicts"][0]["kind"] == "table_removed"
    repo.git("merge", "--abort")
    assert repo.try_git("merge", "-X", "find-renames=10%", "main").returncode == 1
    assert "<<<<<<< " in pointer.read_text()
    output = repo.run("resolve", code=2)
    assert "is the pointer of the table orders" in output
    assert "git checkout --ours" in output


def test_dvc_lock_in_conflict_says_to_run_the_pipeline_again(repo):
    (repo.root / "dvc.yaml").write_text("stages:\n  s: {cmd: x, outs: [datasets/golden/made]}\n")
    (repo.root / "dvc.lock").write_text("<<<<<<< ours\nschema: '2.0'\n=======\n>>>>>>> theirs\n")
    output = repo.run("status", code=2)
    assert "dvc repro" in output
    assert "git checkout --ours -- dvc.lock" in output


def test_a_resolution_that_git_recorded_is_reused_and_written_to_the_working_copy(repo):
    repo.git("config", "rerere.enabled", "true")
    repo.try_git("merge", "clash")
    repo.resolve("--theirs", code=0)
    repo.git("commit", "-q", "-m", "Merged")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.run("checkout", "golden")
    assert "previous resolution" in repo.try_git("merge", "clash").stderr
    assert repo.unmerged() != ""
    repo.resolve(code=0)
    assert repo.unmerged() == ""
    assert not (repo.root / CONFLICTS).exists()
    repo.git("commit", "-q", "-m", "Merged again")
    assert repo.rows() == {**BOTH, 1: "theirs"}
    assert "Clean" in repo.run("status")


CONTRACT = "datasets/golden/contract.yaml"


def _edit_contract(repo: MergeRepo, branch: str, old: str, new: str) -> None:
    repo.git("switch", "-q", branch)
    repo.run("checkout", "golden")
    path = repo.root / CONTRACT
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    repo.git("commit", "-q", "-a", "-m", "Contract")


def test_contracts_are_merged_by_their_entries_next_to_the_rows(repo):
    """Neighbouring lines: Git's merge of lines would call it a conflict."""
    _edit_contract(repo, "clean", "- name: status\n", "- name: status\n        description: a word\n")
    _edit_contract(repo, "main", "- name: status\n", "- name: status\n        businessName: State\n")
    repo.git("merge", "-q", "clean")
    text = (repo.root / CONTRACT).read_text()
    assert "description: a word" in text
    assert "businessName: State" in text
    assert repo.rows() == {**BOTH, 5: "new"}


def test_a_contract_in_conflict_is_reported_with_its_place(repo):
    _edit_contract(repo, "clean", "status: active", "status: draft")
    _edit_contract(repo, "main", "status: active", "status: retired")
    output = repo.try_git("merge", "clean")
    assert output.returncode == 1
    assert f"{CONTRACT}: 1 conflict to resolve in the file\n  status" in output.stderr
    text = (repo.root / CONTRACT).read_text()
    assert (
        "<<<<<<< HEAD\nstatus: retired\n||||||| base\nstatus: active\n=======\nstatus: draft\n>>>>>>> clean\n"
        in text
    )
    assert repo.rows("golden@HEAD") == {**START, 1: "ours", 4: "done"}


def test_in_a_virtual_merge_base_a_contract_in_conflict_takes_the_base(repo):
    _edit_contract(repo, "clash", "status: active", "status: draft")
    _edit_contract(repo, "main", "status: active", "status: retired")
    names = {"O": "main~2", "A": "main", "B": "clash"}
    for name, ref in names.items():
        (repo.root / name).write_text(repo.git("show", f"{ref}:{CONTRACT}") + "\n")
    words = [sys.executable, "-m", "tdmvc", "git-merge", "--", *names]
    done = subprocess.run([*words, "9", CONTRACT], cwd=repo.root, check=False)
    assert done.returncode == 0
    assert (repo.root / "A").read_text() == (repo.root / "O").read_text()


def test_a_contract_in_conflict_hides_every_cell_and_does_not_stop_the_rows(repo):
    contract = repo.root / CONTRACT
    _edit_contract(repo, "clash", "status: active", "status: draft")
    _edit_contract(repo, "main", "status: active", "status: retired")
    assert repo.try_git("merge", "clash").returncode == 1
    output = repo.run("resolve", code=4)
    assert "every column counts as personal" in " ".join(output.split())
    assert "•••" in output
    done = repo.resolve("--theirs", code=0)
    assert done["datasets"][0]["others"] == ["datasets/golden/contract.yaml"]
    contract.write_text(repo.git("show", f"main:{contract.relative_to(repo.root)}") + "\n")
    repo.git("commit", "-q", "-a", "-m", "Merged")
    assert repo.rows() == {**BOTH, 1: "theirs"}
