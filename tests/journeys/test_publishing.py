"""Versions: which number comes next, what is refused, and what a tag commits."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.builders import Tdmvc, add_tables, copy_repo, git
from tests.yaml_files import read_yaml


def _write(app: Path, text: str) -> Path:
    source = app.parent / "customers.csv"
    source.write_text(text)
    return source


@pytest.fixture(scope="module")
def added(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a committed dataset, not published yet."""
    app = copy_repo(template, tmp_path_factory.mktemp("publishing") / "app")
    add_tables(app, {"customers": "id,name\n1,Ada\n2,Grace\n"})
    return app


@pytest.fixture
def repo(added: Path, tmp_path: Path) -> Path:
    return copy_repo(added, tmp_path / "app")


@pytest.fixture
def change(tdmvc: Tdmvc, repo: Path) -> Callable[[str], None]:
    """Take other rows in and commit them."""

    def make(text: str) -> None:
        tdmvc("add", "golden", _write(repo, text))
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", "Change")

    return make


MORE = "id,name\n1,Ada\n2,Grace\n3,Edsger\n"
FEWER = "id,name\n1,Ada\n"
OTHER = "id,name\n1,Ada\n2,Grace Hopper\n"
WIDER = "id,name,locale\n1,Ada,en\n2,Grace,en\n"


def test_the_first_version_is_1_0_0_and_records_what_a_checkout_needs(tdmvc: Tdmvc, repo: Path) -> None:
    output = tdmvc("publish", "golden", "--notes", "The first.", "--format", "json").json
    assert (output["version"], output["parent"], output["release"]) == ("1.0.0", None, "1.0.0")
    written = read_yaml(repo / "datasets/golden/versions/1.0.0.yaml")
    assert written["commit"] == git(repo, "rev-parse", "HEAD")
    assert written["notes"] == "The first."
    assert written["tables"]["customers"]["rows"] == 2
    assert set(output["files"]) == {
        line[3:] for line in git(repo, "status", "--porcelain", "-uall").splitlines()
    }
    listed = tdmvc("list", "--format", "json").json["datasets"][0]["versions"]
    assert [version["version"] for version in listed] == ["1.0.0"]
    assert "artifacts" in (repo / "dvc.yaml").read_text()


@pytest.mark.parametrize(
    ("text", "version"), [(MORE, "1.1.0"), (FEWER, "2.0.0"), (OTHER, "1.0.1"), (WIDER, "1.1.0")]
)
def test_auto_bumps_the_number_as_the_changes_require(
    tdmvc: Tdmvc, change: Callable[[str], None], text: str, version: str
) -> None:
    tdmvc("publish", "golden")
    change(text)
    output = tdmvc("publish", "golden", "--bump", "auto", "--format", "json").json
    assert (output["version"], output["parent"]) == (version, "1.0.0")
    assert output["suggested"]["reasons"]
    assert output["bump"]["reasons"] == output["suggested"]["reasons"]


def test_a_lower_version_than_the_changes_require_is_refused_with_the_reasons(
    tdmvc: Tdmvc, repo: Path, change: Callable[[str], None]
) -> None:
    tdmvc("publish", "golden")
    change(FEWER)
    for words in (("1.0.1",), ("1.1.0",), ("--bump", "minor"), ("--bump", "patch")):
        refused = tdmvc("publish", "golden", *words, code=2)
        assert "major" in refused.err
        assert "1 row removed from customers" in refused.err
    assert not list((repo / "datasets/golden/versions").glob("1.*.1.yaml"))
    output = tdmvc("publish", "golden", "--bump", "minor", "--allow-lower-bump", "--format", "json").json
    assert (output["version"], output["suggested"]["level"]) == ("1.1.0", "major")


def test_a_higher_version_than_the_changes_require_is_allowed(
    tdmvc: Tdmvc, change: Callable[[str], None]
) -> None:
    tdmvc("publish", "golden")
    change(OTHER)
    assert tdmvc("publish", "golden", "--bump", "major", "--format", "json").json["version"] == "2.0.0"


def test_a_used_an_older_and_an_invalid_number_are_refused(
    tdmvc: Tdmvc, repo: Path, change: Callable[[str], None]
) -> None:
    tdmvc("publish", "golden", "1.2.0")
    change(OTHER)
    before = (repo / "datasets/golden/versions/1.2.0.yaml").read_bytes()
    assert "is already published" in tdmvc("publish", "golden", "1.2.0", code=2).err
    assert "is already published" in tdmvc("publish", "golden", "v1.2.0", code=2).err
    assert "is lower than" in tdmvc("publish", "golden", "1.1.0", code=2).err
    assert "semantic version" in tdmvc("publish", "golden", "next", code=2).err
    tdmvc("publish", "golden", "1.3.0", "--bump", "minor", code=2)
    assert (repo / "datasets/golden/versions/1.2.0.yaml").read_bytes() == before


@pytest.mark.parametrize("number", [(), ("1.0.0",)], ids=["auto", "named"])
@pytest.mark.parametrize("killed_after", ["file", "commit"])
def test_a_publish_that_was_killed_before_its_tag_is_finished_by_the_same_command(
    tdmvc: Tdmvc, repo: Path, number: tuple[str, ...], killed_after: str
) -> None:
    tdmvc("publish", "golden", *number)
    written = (repo / "datasets/golden/versions/1.0.0.yaml").read_bytes()
    if killed_after == "commit":
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", "Publish golden@1.0.0")
    again = tdmvc("publish", "golden", *number, "--tag", "--format", "json").json
    assert (again["version"], again["tag"], again["is_new"]) == ("1.0.0", "golden@v1.0.0", False)
    assert git(repo, "show", "golden@v1.0.0:datasets/golden/versions/1.0.0.yaml").encode() == written.strip()
    assert git(repo, "status", "--porcelain") == ""
    assert tdmvc("verify", "--format", "json").json["findings"] == []


def test_publishing_the_same_number_again_changes_nothing_for_the_same_rows_and_options(
    tdmvc: Tdmvc, repo: Path, change: Callable[[str], None]
) -> None:
    tdmvc("publish", "golden", "1.0.0", "--notes", "The first.", "--release", "2.0.0", "--tag")
    head = git(repo, "rev-parse", "HEAD")
    again = tdmvc("publish", "golden", "1.0.0", "--tag")
    assert "golden@1.0.0: published before with these rows" in again.out
    assert (git(repo, "rev-parse", "HEAD"), git(repo, "status", "--porcelain")) == (head, "")
    for words in (("--notes", "Another."), ("--release", "3.0.0")):
        assert "is already published" in tdmvc("publish", "golden", "1.0.0", *words, code=2).err
    # The same rows get a new number for another release, or if somebody insists.
    same = ("publish", "golden", "--tag", "--release", "2.0.0")
    assert "Nothing changed since golden@1.0.0" in tdmvc(*same, code=2).err
    again = tdmvc(*same, "--allow-unchanged", "--format", "json").json
    assert again["version"] == "1.0.1"
    change(OTHER)
    assert "is already published" in tdmvc("publish", "golden", "1.0.1", code=2).err


def test_a_pre_release_comes_before_its_version(tdmvc: Tdmvc) -> None:
    tdmvc("publish", "golden", "1.0.0-rc.1")
    output = tdmvc("publish", "golden", "1.0.0", "--format", "json").json
    assert (output["parent"], output["equal_to"]) == ("1.0.0-rc.1", "1.0.0-rc.1")
    assert tdmvc("show", "golden@latest", "--format", "json").json["version"] == "1.0.0"


def test_nothing_is_published_before_the_first_commit(tdmvc: Tdmvc, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q")
    tdmvc("init", folder=empty)
    source = tmp_path / "customers.csv"
    source.write_text(MORE)
    tdmvc("add", "golden", source, folder=empty)
    refused = tdmvc("publish", "golden", "1.0.0", code=2, folder=empty)
    assert "no commit yet" in refused.err
    assert not (empty / "datasets/golden/versions").exists()


def test_edits_that_were_not_added_are_not_published(tdmvc: Tdmvc, repo: Path) -> None:
    folder = repo / "datasets/golden/customers"
    shutil.rmtree(folder)
    folder.mkdir()
    pq.write_table(pa.table({"id": [1], "name": ["Ada"]}), folder / "mine.parquet")
    refused = tdmvc("publish", "golden", "1.0.0", code=4)
    assert "tdmvc add golden" in refused.err
    tdmvc("publish", "nothing", code=3)


def test_a_table_without_a_pointer_is_not_left_out_by_accident(tdmvc: Tdmvc, repo: Path) -> None:
    folder = repo / "datasets/golden/returns"
    folder.mkdir()
    pq.write_table(pa.table({"id": [1]}), folder / "data.parquet")
    assert "returns" in tdmvc("publish", "golden", code=4).err


def test_tag_commits_the_versions_files_alone_and_tags_as_gto_expects(tdmvc: Tdmvc, repo: Path) -> None:
    (repo / "staged.py").write_text("staged\n")
    git(repo, "add", "staged.py")
    (repo / "VERSION").write_text("1.0.1\n")
    before = git(repo, "rev-parse", "HEAD")
    output = tdmvc("publish", "golden", "--tag", "--format", "json").json
    assert output["tag"] == "golden@v1.0.0"
    assert git(repo, "cat-file", "-t", "golden@v1.0.0") == "tag"
    head = git(repo, "rev-parse", "HEAD")
    assert git(repo, "rev-parse", "golden@v1.0.0^{commit}") == output["tag_commit"] == head
    assert git(repo, "rev-parse", "HEAD~1") == before
    assert set(git(repo, "show", "--name-only", "--format=", "HEAD").splitlines()) == set(output["files"])
    assert git(repo, "diff", "--cached", "--name-only") == "staged.py"
    assert git(repo, "diff", "--name-only") == "VERSION"
    assert tdmvc("verify", "--format", "json").json["findings"] == []


def test_a_tag_needs_committed_rows_and_a_free_name(tdmvc: Tdmvc, repo: Path) -> None:
    tdmvc("add", "golden", _write(repo, MORE))
    assert "uncommitted changes" in tdmvc("publish", "golden", "--tag", code=2).err
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "More")
    git(repo, "tag", "golden@v1.0.0")
    assert "was published before" in tdmvc("publish", "golden", "1.0.0", "--tag", code=2).err
    assert not (repo / "datasets/golden/versions").exists()


def test_a_tag_without_its_version_file_is_reported_by_verify(tdmvc: Tdmvc, repo: Path) -> None:
    git(repo, "tag", "golden@v9.0.0")
    findings = tdmvc("verify", "--format", "json").json["findings"]
    assert [finding["rule"] for finding in findings] == ["tag-without-version"]


def test_an_edited_version_file_is_reported_by_verify(tdmvc: Tdmvc, repo: Path) -> None:
    tdmvc("publish", "golden")
    path = repo / "datasets/golden/versions/1.0.0.yaml"
    version = read_yaml(path)
    content = version["tables"]["customers"]["content"]
    path.write_text(path.read_text().replace(content, "sha256:" + "0" * 64))
    findings = tdmvc("verify", "--format", "json", code=1).json["findings"]
    assert {finding["rule"] for finding in findings} == {"version-content"}
