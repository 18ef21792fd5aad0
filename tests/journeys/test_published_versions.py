"""A published version is final: whatever is done to its file is an error, and its number is never given again."""

import shlex
import subprocess
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from tests.builders import Tdmvc, add_tables, commit_all, copy_repo, git, publish, run_quietly
from tests.schemas import assert_valid
from tests.series import sample_of
from tests.yaml_files import read_yaml

VERSION = "datasets/golden/versions/1.1.0.yaml"


def _add(app: Path, text: str) -> None:
    (app.parent / "orders.csv").write_text(text)
    run_quietly(app, "add", "golden", app.parent / "orders.csv")
    commit_all(app, "Change")


@pytest.fixture(scope="module")
def published(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with golden@1.0.0 and golden@1.1.0 on main, and a branch to work on."""
    app = copy_repo(template, tmp_path_factory.mktemp("published") / "app")
    add_tables(app, {"orders": "id,status\n1,open\n"})
    publish(app)
    _add(app, "id,status\n1,open\n2,paid\n")
    publish(app, "1.1.0")
    git(app, "switch", "-q", "-c", "work")
    return app


@pytest.fixture
def repo(published: Path, tmp_path: Path) -> Path:
    return copy_repo(published, tmp_path / "app")


def _edit(app: Path) -> None:
    path = app / VERSION
    path.write_text(path.read_text() + "notes: better\n")


def _delete(app: Path) -> None:
    git(app, "rm", "-q", VERSION)


def _recreate(app: Path) -> None:
    """Give the number to the rows of 1.0.0, in three commits as somebody might."""
    other = (app / VERSION).read_text()
    _delete(app)
    commit_all(app, "Remove")
    (app / VERSION).write_text(other.replace("rows: 2", "rows: 3"))


def _recreate_in_a_merge(app: Path) -> None:
    """Change the file in the merge commit itself, which `git log` does not show by default."""
    git(app, "switch", "-q", "-c", "side")
    (app / "side.txt").write_text("1\n")
    commit_all(app, "Side")
    git(app, "switch", "-q", "work")
    (app / "work.txt").write_text("1\n")
    commit_all(app, "Work")
    git(app, "merge", "-q", "--no-commit", "side")
    _edit(app)


CHANGES = [
    (_edit, "version-changed"),
    (_delete, "version-removed"),
    (_recreate, "version-changed"),
    (_recreate_in_a_merge, "version-changed"),
]


@pytest.mark.parametrize(
    ("change", "rule", "is_committed"),
    sample_of((*change, is_committed) for change, is_committed in product(CHANGES, [False, True])),
)
def test_an_edited_removed_or_recreated_version_is_an_error_everywhere_until_it_is_restored(
    repo: Path, tdmvc: Tdmvc, change: Callable[[Path], None], rule: str, is_committed: bool
) -> None:
    change(repo)
    if is_committed:
        commit_all(repo, "Change a version")
    remedies = set()
    commands = ["check", "verify", "review main", *(["merge-check main"] if is_committed else [])]
    for command in commands:
        found = tdmvc(*command.split(), "--format", "json", code=1).json
        assert_valid(found, command.split()[0])
        rules = {
            f["rule"]: f
            for f in (
                found["findings"]
                if "findings" in found
                else [f for one in found["datasets"] for f in one["findings"]]
            )
        }
        assert rule in rules, command
        remedies.add(rules[rule]["remedy"])
    assert len(remedies) == 1
    command = remedies.pop().split("`")[1]
    assert command.startswith("git checkout ")
    git(repo, *shlex.split(command)[1:])
    commit_all(repo, "Restore")
    for command in ("check", "verify", "review main", "merge-check main"):
        tdmvc(*command.split())


def test_removing_a_dataset_with_its_versions_is_an_error_before_the_merge_only(
    repo: Path, tdmvc: Tdmvc
) -> None:
    git(repo, "branch", "older")
    git(repo, "rm", "-q", "-r", "datasets/golden")
    commit_all(repo, "Remove the dataset")
    for command in ("review", "merge-check"):
        found = tdmvc(command, "main", "--format", "json", code=1).json
        assert_valid(found, command)
        findings = [f for one in found["datasets"] for f in one["findings"]]
        assert {f["details"]["version"] for f in findings if f["rule"] == "version-removed"} == {
            "1.0.0",
            "1.1.0",
        }
    # A branch that still has it removes nothing.
    git(repo, "switch", "-q", "older")
    for command in ("review", "merge-check"):
        found = tdmvc(command, "work", "--format", "json").json
        assert not [f for one in found["datasets"] for f in one["findings"]]


def test_a_version_that_the_merged_branch_changed_is_found_before_the_merge(repo: Path, tdmvc: Tdmvc) -> None:
    _edit(repo)
    commit_all(repo, "Change a version")
    git(repo, "switch", "-q", "main")
    assert "golden@1.1.0" in tdmvc("merge-check", "main", "work", code=1).out
    git(repo, "switch", "-q", "work")
    git(repo, "revert", "--no-edit", "HEAD")
    tdmvc("merge-check", "main")


def test_a_version_published_in_a_merge_commit_or_on_two_branches_is_known(repo: Path, tdmvc: Tdmvc) -> None:
    git(repo, "switch", "-q", "-c", "side")
    (repo / "side.txt").write_text("1\n")
    commit_all(repo, "Side")
    git(repo, "switch", "-q", "work")
    (repo / "work.txt").write_text("1\n")
    commit_all(repo, "Work")
    git(repo, "merge", "-q", "--no-commit", "side")
    tdmvc("publish", "golden", "1.2.0", "--allow-unchanged")
    commit_all(repo, "Merge and publish")
    tdmvc("check")
    path = repo / VERSION.replace("1.1.0", "1.2.0")
    path.write_text(path.read_text() + "notes: better\n")
    assert "golden@1.2.0" in tdmvc("check", code=1).out


def test_a_number_published_on_two_branches_is_either_of_them(repo: Path, tdmvc: Tdmvc) -> None:
    git(repo, "switch", "-q", "-c", "side")
    tdmvc("publish", "golden", "1.2.0", "--notes", "side", "--allow-unchanged")
    commit_all(repo, "Publish")
    git(repo, "switch", "-q", "work")
    tdmvc("publish", "golden", "1.2.0", "--notes", "work", "--allow-unchanged")
    commit_all(repo, "Publish")
    git(repo, "merge", "-q", "-s", "ours", "side")
    tdmvc("check")
    git(repo, "checkout", "side", "--", "datasets/golden/versions/1.2.0.yaml")
    tdmvc("check")


def test_a_version_that_differs_from_its_tag_is_an_error_even_without_history(
    repo: Path, tdmvc: Tdmvc, tmp_path: Path
) -> None:
    git(repo, "tag", "-a", "-m", "tag", "golden@v1.1.0")
    _edit(repo)
    commit_all(repo, "Change a version")
    git(repo, "clone", "-q", "--depth=1", f"file://{repo}", str(tmp_path / "shallow"))
    clone = tmp_path / "shallow"
    tdmvc("check", folder=clone)
    git(clone, "fetch", "-q", "--depth=1", "origin", "tag", "golden@v1.1.0")
    assert "the tag golden@v1.1.0" in tdmvc("check", folder=clone, code=1).out


def test_line_ends_of_a_checkout_are_no_change(repo: Path, tdmvc: Tdmvc) -> None:
    path = repo / VERSION
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    tdmvc("check")


@pytest.mark.parametrize("is_tagged", [False, True])
def test_publish_gives_no_number_that_history_or_a_tag_knows(
    repo: Path, tdmvc: Tdmvc, is_tagged: bool
) -> None:
    if is_tagged:
        # Known by its tag alone: the branch that published it is gone.
        git(repo, "tag", "-a", "-m", "tag", "golden@v1.1.0")
        git(repo, "switch", "-q", "-C", "work", "HEAD~2")
        tdmvc("checkout", "golden", "--force")
    else:
        _delete(repo)
        commit_all(repo, "Remove")
    _add(repo, "id,status\n1,open\n7,new\n")
    refused = tdmvc("publish", "golden", "1.1.0", code=2)
    assert "was published before" in refused.err
    words = shlex.split(refused.err.split("`")[1])
    report = tdmvc(*words[1:], "--format", "json").json
    assert report["version"] == "1.2.0"


def test_a_dataset_made_again_does_not_begin_at_1_0_0_again(repo: Path, tdmvc: Tdmvc) -> None:
    git(repo, "rm", "-rq", "datasets/golden")
    commit_all(repo, "Remove")
    tdmvc("check")
    (repo.parent / "orders.csv").write_text("id,status\n9,new\n")
    tdmvc("add", "golden", repo.parent / "orders.csv", "--key", "orders=id")
    commit_all(repo, "Again")
    assert tdmvc("publish", "golden", "--format", "json").json["version"] == "1.0.1"


def test_a_yanked_version_is_never_chosen_and_shown_everywhere(repo: Path, tdmvc: Tdmvc) -> None:
    before = (repo / VERSION).read_bytes()
    report = tdmvc("yank", "golden@1.1.0", "--reason", "Totals lack the tax", "--format", "json").json
    assert_valid(report, "yank")
    assert (report["version"], report["latest"]) == ("1.1.0", "1.0.0")
    marked = read_yaml(repo / report["file"])
    assert_valid(marked, "yanked")
    commit_all(repo, "Yank")
    assert (repo / VERSION).read_bytes() == before
    # Both versions name the release 1.0.0, and the older one is what is left.
    chosen = tdmvc("show", "release:1.0.0", "--format", "json").json
    assert (chosen["version"], chosen["yank"]) == ("1.0.0", None)
    assert tdmvc("show", "golden@latest", "--format", "json").json["version"] == "1.0.0"
    for words in (("list",), ("show", "golden@1.1.0"), ("log", "golden", "--versions")):
        assert "Totals lack the tax" in tdmvc(*words).out, words
    assert "which was yanked" in tdmvc("status").out
    assert tdmvc("status", "--format", "json").json["datasets"][0]["yanked"] == ["1.1.0"]
    assert "golden@1.1.0 was yanked: Totals lack the tax" in tdmvc("checkout", "golden@1.1.0").err
    for command in ("check", "verify", "review main", "merge-check main"):
        tdmvc(*command.split())
    assert tdmvc("publish", "golden", "--format", "json").json["version"] == "1.1.1"


def test_if_every_version_is_yanked_the_error_says_so(repo: Path, tdmvc: Tdmvc) -> None:
    for version in ("1.0.0", "1.1.0"):
        tdmvc("yank", f"golden@{version}", "--reason", "Wrong")
    by_release = tdmvc("checkout", "--release", "1.0.0", code=3).err
    assert "golden@1.1.0 names it, but was yanked: Wrong." in by_release
    tdmvc("checkout", "--release", "1.0.0", "--strict", code=3)
    latest = tdmvc("show", "golden@latest", code=3).err
    assert "Every published version of golden was yanked" in latest
    tdmvc(*shlex.split(latest.split("`")[1])[1:])
    assert tdmvc("show", "golden@latest", "--format", "json").json["version"] == "1.1.1"


@pytest.mark.parametrize(
    ("ref", "reason", "code", "words"),
    [
        ("golden", "x", 2, "does not name a version"),
        ("golden@main", "x", 2, "does not name a version"),
        ("golden@1.1.0", " ", 2, "reason is empty"),
        ("golden@1.1.1", "x", 3, "1.1.0"),
        ("gold@1.1.0", "x", 3, "golden"),
    ],
)
def test_what_cannot_be_yanked_is_refused(
    repo: Path, tdmvc: Tdmvc, ref: str, reason: str, code: int, words: str
) -> None:
    assert words in tdmvc("yank", ref, "--reason", reason, code=code).err
    assert not git(repo, "status", "--porcelain")


def test_a_yank_is_undone_by_removing_its_file(repo: Path, tdmvc: Tdmvc) -> None:
    tdmvc("yank", "golden@1.1.0", "--reason", "Wrong")
    commit_all(repo, "Yank")
    # The same yank again, as after a kill, changes nothing.
    tdmvc("yank", "golden@1.1.0", "--reason", "Wrong")
    again = tdmvc("yank", "golden@1.1.0", "--reason", "Totals lack the tax", code=2).err
    subprocess.run(shlex.split(again.split("`")[1]), cwd=repo, check=True)
    assert tdmvc("show", "golden@latest", "--format", "json").json["version"] == "1.1.0"
