"""Which rows fit a release or a revision, and how they come into the working copy without losing work."""

import contextlib
import io
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.cli.main import run
from tests.builders import Tdmvc, copy_repo, git

CONFIG = """\
format: tdmvc/1
app:
  name: shop
  release: {tags: "v*"}
migrations:
  main: {tool: sql, path: migrations}
"""


def _quietly(app: Path, *words: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        assert run(["-C", str(app), *words]) == 0


def _add(app: Path, *names: str) -> None:
    lines = [f"{n},{name}" for n, name in enumerate(names, start=1)]
    source = app.parent / "customers.csv"
    source.write_text("\n".join(["id,name", *lines]) + "\n")
    _quietly(app, "add", "golden", str(source), "--key", "customers=id", "--migrated")


def _commit(app: Path, message: str, *tags: str) -> None:
    git(app, "add", "-A")
    git(app, "commit", "-q", "--allow-empty", "-m", message)
    for tag in tags:
        git(app, "tag", tag)


def _migrate(app: Path, number: int) -> None:
    (app / "migrations").mkdir(exist_ok=True)
    (app / "migrations" / f"000{number}_step.sql").write_text(f"ALTER TABLE customers ADD c{number} int;\n")


@pytest.fixture(scope="module")
def story(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five releases of a shop, and two versions of its data.

    1.0.0 is named by golden@1.0.0, the range from 1.1 to 1.3 by golden@1.1.0. Release 1.3.0
    has the migrations of golden@1.1.0; release 1.4.0 has a newer one.
    """
    app = copy_repo(template, tmp_path_factory.mktemp("story") / "app")
    (app / "tdmvc.yaml").write_text(CONFIG)
    _migrate(app, 1)
    _add(app, "Ada")
    _commit(app, "Ada")
    _quietly(app, "publish", "golden", "1.0.0", "--release", "1.0.0")
    _commit(app, "Release 1.0.0", "v1.0.0")
    _migrate(app, 2)
    _add(app, "Ada", "Grace")
    _commit(app, "Grace")
    _quietly(app, "publish", "golden", "1.1.0", "--release", ">=1.1,<1.3")
    _commit(app, "Release 1.1.0", "v1.1.0")
    _commit(app, "Release 1.3.0", "v1.3.0")
    _migrate(app, 3)
    _commit(app, "Release 1.4.0", "v1.4.0")
    return app


@pytest.fixture
def repo(story: Path, tmp_path: Path) -> Path:
    return copy_repo(story, tmp_path / "app")


@pytest.fixture
def folder(repo: Path) -> Path:
    return repo / "datasets" / "golden"


def _names(folder: Path) -> list[str]:
    return pq.read_table(folder / "customers").sort_by("id").column("name").to_pylist()


def _checkout(tdmvc: Tdmvc, *words: object, folder: Path | None = None) -> dict[str, Any]:
    where = {"folder": folder} if folder else {}
    (brought,) = tdmvc("checkout", *words, "--format", "json", **where).json["datasets"]
    assert isinstance(brought, dict)
    return brought


def _edit(folder: Path, *names: str) -> None:
    shutil.rmtree(folder / "customers")
    (folder / "customers").mkdir()
    table = pa.table({"id": pa.array(range(1, len(names) + 1), pa.int64()), "name": list(names)})
    pq.write_table(table, folder / "customers" / "mine.parquet")


# By release.


def test_a_release_that_a_version_names_is_declared(tdmvc: Tdmvc, folder: Path) -> None:
    for spelling in ("1.0.0", "v1.0.0", "1.0"):
        brought = _checkout(tdmvc, "--release", spelling)
        assert (brought["version"], brought["how"]) == ("1.0.0", "declared"), spelling
        assert _names(folder) == ["Ada"]


def test_a_release_in_a_versions_range_is_declared(tdmvc: Tdmvc, folder: Path) -> None:
    # No tag is called 1.2.7: a range needs none.
    brought = _checkout(tdmvc, "--release", "1.2.7")
    assert (brought["version"], brought["how"]) == ("1.1.0", "declared")
    assert _names(folder) == ["Ada", "Grace"]


def test_a_release_with_the_migrations_of_a_version_is_reported_as_inferred(tdmvc: Tdmvc) -> None:
    brought = _checkout(tdmvc, "--release", "1.3.0")
    assert (brought["version"], brought["how"]) == ("1.1.0", "inferred")
    assert "inferred from the migration state" in tdmvc("checkout", "--release", "1.3.0").out


def test_strict_infers_nothing(tdmvc: Tdmvc) -> None:
    assert _checkout(tdmvc, "--release", "1.0.0", "--strict")["how"] == "declared"
    refused = tdmvc("checkout", "--release", "1.3.0", "--strict", code=3)
    assert "--strict" in refused.err


def test_a_release_without_a_fitting_version_is_reported_with_the_nearest_ones(
    tdmvc: Tdmvc, folder: Path
) -> None:
    _checkout(tdmvc, "--release", "1.0.0")
    refused = tdmvc("checkout", "--release", "1.4.0", code=3)
    assert "release '1.4.0'" in refused.err
    assert "golden@1.0.0 (without migrations 0002, 0003)" in refused.err
    assert _names(folder) == ["Ada"]
    assert "golden@1.1.0 (without migration 0003)" in refused.err
    unknown = tdmvc("checkout", "--release", "9.9.9", code=3)
    assert "no tag or commit of that name" in unknown.err


def test_a_version_that_names_a_range_is_among_the_nearest(tdmvc: Tdmvc, repo: Path) -> None:
    (repo / "datasets" / "golden" / "versions" / "1.0.0.yaml").unlink()
    refused = tdmvc("checkout", "--release", "2.0.0", code=3)
    assert "release >=1.1,<1.3 has golden@1.1.0" in refused.err


def test_the_newest_version_of_a_release_wins(tdmvc: Tdmvc, repo: Path) -> None:
    _add(repo, "Ada", "Grace", "Edsger")
    _commit(repo, "Edsger")
    _quietly(repo, "publish", "golden", "1.2.0", "--release", "1.0.0")
    assert _checkout(tdmvc, "--release", "1.0.0")["version"] == "1.2.0"


def test_a_shallow_clone_without_tags_finds_only_declared_releases_and_explains_why(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path
) -> None:
    _use_remote(repo, tmp_path / "store")
    tdmvc("push")
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-tags", repo.as_uri(), "clone")
    clone = tmp_path / "clone"
    assert git(clone, "tag") == ""
    assert _checkout(tdmvc, "--release", "1.0.0", folder=clone)["version"] == "1.0.0"
    assert _names(clone / "datasets" / "golden") == ["Ada"]
    assert _checkout(tdmvc, "--release", "1.2.0", folder=clone)["version"] == "1.1.0"
    refused = tdmvc("checkout", "--release", "1.3.0", code=3, folder=clone)
    assert "this is a shallow clone" in refused.err


def test_datasets_that_fit_are_checked_out_and_the_others_are_reported(
    tdmvc: Tdmvc, repo: Path, folder: Path
) -> None:
    source = repo.parent / "prices.csv"
    source.write_text("id\n1\n")
    tdmvc("add", "prices", source, "--key", "prices=id")
    _commit(repo, "Prices")
    _quietly(repo, "publish", "prices", "1.0.0", "--release", "1.4.0")
    done = tdmvc("checkout", "--release", "1.3.0", "--format", "json", code=3).json
    assert [brought["ref"] for brought in done["datasets"]] == ["golden@1.1.0"]
    (left,) = done["without_version"]
    assert left["dataset"] == "prices"
    assert "release 1.4.0 has prices@1.0.0 (with later migration 0003)" in left["remedy"]
    assert _names(folder) == ["Ada", "Grace"]
    text = tdmvc("checkout", "--release", "1.3.0", code=3).out
    assert "prices  not checked out" in text
    found = {
        d["dataset"]: d
        for d in tdmvc("drift", "--release", "1.3.0", "--format", "json", code=1).json["drifts"]
    }
    assert (found["golden"]["status"], found["prices"]["status"]) == ("in-step", "unknown")
    assert "No version of prices fits release '1.3.0'" in found["prices"]["message"]
    # Nothing is checked out if nothing fits, and each dataset is reported.
    none = tdmvc("checkout", "--release", "9.9.9", code=3).err
    assert "No version of golden fits" in none
    assert "No version of prices fits" in none


def test_the_locations_of_a_release_are_read_at_its_own_commit(tdmvc: Tdmvc, repo: Path) -> None:
    git(repo, "mv", "migrations", "db")
    (repo / "tdmvc.yaml").write_text(
        CONFIG.replace("path: migrations", "path: db") + "  billing: {tool: flyway, path: billing}\n"
    )
    (repo / "billing").mkdir()
    (repo / "billing" / "V1__x.sql").write_text("")
    _commit(repo, "Moved")
    brought = _checkout(tdmvc, "--release", "1.3.0")
    assert (brought["version"], brought["how"]) == ("1.1.0", "inferred")
    states = tdmvc("migrations", "--at", "v1.3.0", "--format", "json").json["locations"]
    assert [(state["path"], state["heads"]) for state in states] == [("migrations", ["0002"])]


def test_unrecorded_and_unreadable_locations_are_ignored(tdmvc: Tdmvc, repo: Path) -> None:
    (repo / "tdmvc.yaml").write_text(CONFIG + "  billing: {tool: flyway, path: billing}\n")
    for tag in ("v1.5.0", "v1.6.0"):
        (repo / "migrations" / "0003_step.sql").unlink(missing_ok=True)
        _commit(repo, tag, tag)
        brought = _checkout(tdmvc, "--release", tag)
        assert (brought["version"], brought["how"]) == ("1.1.0", "inferred"), tag
        (repo / "billing").mkdir(exist_ok=True)
        (repo / "billing" / "V1__x.sql").write_text("")
        git(repo, "checkout", "-q", "--", "datasets")
    shutil.rmtree(repo / "migrations")
    _commit(repo, "None", "v1.7.0")
    refused = tdmvc("checkout", "--release", "1.7.0", code=3)
    assert "cannot be read there: main: There is no migration folder here" in refused.err
    assert "golden@1.1.0 (main: cannot be read at that commit)" in refused.err


def test_equal_heads_of_another_tool_are_different(tdmvc: Tdmvc, repo: Path) -> None:
    shutil.rmtree(repo / "migrations")
    (repo / "migrations").mkdir()
    (repo / "migrations" / "V0002__x.sql").write_text("")
    (repo / "tdmvc.yaml").write_text(CONFIG.replace("tool: sql", "tool: flyway"))
    _commit(repo, "Flyway", "v1.8.0")
    refused = tdmvc("checkout", "--release", "1.8.0", code=3)
    assert "golden@1.1.0 (made for migration 0002, which does not exist there)" in refused.err


def test_a_release_that_a_file_names_is_heads_own_even_without_tags(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path
) -> None:
    _use_remote(repo, tmp_path / "store")
    tdmvc("push")
    (repo / "tdmvc.yaml").write_text(CONFIG.replace('{tags: "v*"}', "{file: VERSION}"))
    (repo / "VERSION").write_text("1.9.0\n")
    (repo / "migrations" / "0003_step.sql").unlink()
    _commit(repo, "Release 1.9.0")
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-tags", repo.as_uri(), "clone")
    brought = _checkout(tdmvc, "--release", "1.9.0", folder=tmp_path / "clone")
    assert (brought["version"], brought["how"]) == ("1.1.0", "inferred")
    tdmvc("checkout", "--release", "1.9.1", code=3, folder=tmp_path / "clone")


def test_drift_of_a_release_compares_what_fits_it_with_its_own_schema(tdmvc: Tdmvc) -> None:
    for release in ("1.0.0", "1.1.0", "1.3.0"):
        (drift,) = tdmvc("drift", "--release", release, "--format", "json").json["drifts"]
        assert drift["status"] == "in-step", release
    (behind,) = tdmvc("drift", "--format", "json", code=1).json["drifts"]
    assert (behind["status"], [m["id"] for m in behind["pending"]]) == ("behind", ["0003"])


# References.


def test_a_release_is_a_reference(tdmvc: Tdmvc, folder: Path) -> None:
    assert tdmvc("show", "release:1.0.0", "--format", "json").json["version"] == "1.0.0"
    assert tdmvc("show", "golden@release:1.3.0", "--format", "json").json["version"] == "1.1.0"
    diff = tdmvc("diff", "release:1.0.0", "golden", "--format", "json").json
    assert diff["summary"]["rows"]["added"] == 1
    assert tdmvc("diff", "release:1.0.0", "--format", "json").json["summary"] == diff["summary"]
    assert _checkout(tdmvc, "release:1.0.0")["version"] == "1.0.0"
    assert _names(folder) == ["Ada"]


def test_two_sides_can_be_written_with_dots(tdmvc: Tdmvc) -> None:
    wanted = tdmvc("diff", "golden@1.0.0", "golden@1.1.0", "--format", "json").json
    assert wanted["summary"]["rows"]["added"] == 1
    for words in (
        "golden@1.0.0..1.1.0",
        "golden@1.0.0..golden@1.1.0",
        "golden@v1.0.0..latest",
        "golden@1.0.0..golden",
    ):
        output = tdmvc("diff", words, "--format", "json").json
        assert output["summary"] == wanted["summary"], words
    back = tdmvc("diff", "golden@1.1.0..1.0.0", "--format", "json").json
    assert back["summary"]["rows"]["removed"] == 1


def test_three_dots_compare_from_the_merge_base(tdmvc: Tdmvc, repo: Path) -> None:
    git(repo, "switch", "-q", "-c", "feature")
    _add(repo, "Ada", "Grace Hopper")
    _commit(repo, "On the branch")
    git(repo, "switch", "-q", "main")
    _quietly(repo, "checkout", "golden")
    _add(repo, "Ada Lovelace", "Grace", "Edsger")
    _commit(repo, "On main")
    direct = tdmvc("diff", "golden@main..feature", "--format", "json").json
    assert direct["summary"]["rows"] == {"added": 0, "removed": 1, "changed": 2, "ignored": 0}
    since = tdmvc("diff", "golden@main...feature", "--format", "json").json
    assert since["summary"]["rows"] == {"added": 0, "removed": 0, "changed": 1, "ignored": 0}
    (table,) = since["tables"]
    assert table["samples"]["changed"][0]["cells"][0]["new"] == "Grace Hopper"


def test_a_version_wins_over_a_revision_of_the_same_spelling(tdmvc: Tdmvc, repo: Path) -> None:
    git(repo, "tag", "1.1.0", "v1.0.0")
    assert tdmvc("show", "golden@1.1.0", "--format", "json").json["rows"] == 2
    assert tdmvc("show", "golden@refs/tags/1.1.0", "--format", "json").json["rows"] == 1
    # What is no version is a revision.
    assert tdmvc("show", "golden@v1.3.0", "--format", "json").json["version"] is None


def test_a_revision_shows_the_rows_of_its_pointers(tdmvc: Tdmvc, repo: Path, folder: Path) -> None:
    _add(repo, "Ada", "Grace", "Edsger")
    _commit(repo, "Edsger")
    assert tdmvc("show", "golden@HEAD", "--format", "json").json["rows"] == 3
    assert tdmvc("show", "golden@HEAD~1", "--format", "json").json["rows"] == 2
    assert tdmvc("sql", "SELECT max(name) FROM customers", "--at", "golden@HEAD~1", "--format", "json").json[
        "rows"
    ] == [["Grace"]]
    brought = _checkout(tdmvc, "golden@HEAD~1")
    assert (brought["version"], brought["rows"]) == (None, 2)
    assert _names(folder) == ["Ada", "Grace"]
    assert git(repo, "log", "-1", "--format=%s") == "Edsger"
    assert tdmvc("status", "--format", "json").json["datasets"][0]["versions"] == ["1.1.0"]


def test_a_detached_head_does_not_matter(tdmvc: Tdmvc, repo: Path, folder: Path) -> None:
    git(repo, "checkout", "-q", "--detach", "v1.1.0")
    status = tdmvc("status", "--format", "json").json
    assert (status["branch"], status["release"]) == (None, "1.1.0")
    assert _checkout(tdmvc, "golden@1.0.0")["rows"] == 1
    diff = tdmvc("diff", "--format", "json").json
    assert diff["summary"]["rows"]["removed"] == 1
    _quietly(repo, "checkout", "golden@HEAD")
    assert _names(folder) == ["Ada", "Grace"]


@pytest.mark.parametrize(
    ("reference", "code", "hint"),
    [
        ("golden@1.2.0", 3, "1.1.0"),
        ("goldne", 3, "'golden'"),
        ("goldne@1.0.0", 3, "'golden'"),
        ("golden@nothing", 3, "nothing"),
        ("golden@v1.0.0~1000", 3, "v1.0.0~1000"),
        ("golden@", 2, "golden@"),
        ("@1.0.0", 2, "@1.0.0"),
        ("release:", 2, "release:"),
    ],
)
def test_an_unknown_reference_is_reported_with_similar_names(
    tdmvc: Tdmvc, reference: str, code: int, hint: str
) -> None:
    refused = tdmvc("show", reference, code=code)
    assert refused.out == ""
    assert hint in refused.err
    tdmvc("checkout", reference, code=code)


def test_two_datasets_are_not_compared(tdmvc: Tdmvc, repo: Path) -> None:
    source = repo.parent / "other.csv"
    source.write_text("id\n1\n")
    tdmvc("add", "other", source)
    assert "different datasets" in tdmvc("diff", "golden", "other", code=2).err
    assert "DATASET@release:1.0.0" in tdmvc("show", "release:1.0.0", code=2).err


# Into the working copy.


def test_checkout_refuses_to_overwrite_unsaved_edits(tdmvc: Tdmvc, folder: Path) -> None:
    _edit(folder, "Ada", "Grace", "Mine")
    refused = tdmvc("checkout", "golden@1.0.0", code=4)
    assert "customers" in refused.err
    assert "--force" in refused.err
    assert _names(folder) == ["Ada", "Grace", "Mine"]
    tdmvc("checkout", "--release", "1.0.0", code=4)
    tdmvc("checkout", "golden@1.0.0", "--force")
    assert _names(folder) == ["Ada"]


def test_a_new_table_in_the_working_copy_is_left_alone(tdmvc: Tdmvc, folder: Path) -> None:
    (folder / "returns").mkdir()
    pq.write_table(pa.table({"id": [1]}), folder / "returns" / "data.parquet")
    tdmvc("checkout", "golden@1.0.0")
    assert (folder / "returns" / "data.parquet").is_file()


def test_checkout_restores_the_versions_contract_and_migrations_with_its_rows(
    tdmvc: Tdmvc, repo: Path, folder: Path
) -> None:
    assert "0002" in (folder / "dataset.yaml").read_text()
    _checkout(tdmvc, "golden@1.0.0")
    assert "0001" in (folder / "dataset.yaml").read_text()
    assert "0002" not in (folder / "dataset.yaml").read_text()
    _checkout(tdmvc, "golden@1.1.0")
    assert git(repo, "status", "--porcelain") == ""


def test_checkout_of_a_dataset_writes_the_rows_of_its_pointers(tdmvc: Tdmvc, folder: Path) -> None:
    shutil.rmtree(folder / "customers")
    assert _checkout(tdmvc, "golden")["changed_files"] == 1
    assert _names(folder) == ["Ada", "Grace"]
    assert _checkout(tdmvc, "golden")["changed_files"] == 0


def test_checkout_moves_no_head_and_touches_no_index(tdmvc: Tdmvc, repo: Path) -> None:
    (repo / "app.py").write_text("print()\n")
    git(repo, "add", "app.py")
    before = git(repo, "rev-parse", "HEAD"), git(repo, "diff", "--cached", "--name-only")
    tdmvc("checkout", "golden@1.0.0")
    assert (git(repo, "rev-parse", "HEAD"), git(repo, "diff", "--cached", "--name-only")) == before


def _use_remote(app: Path, store: Path) -> None:
    with (app / ".dvc" / "config").open("a") as file:
        file.write(f"[core]\n    remote = local\n['remote \"local\"']\n    url = {store}\n")
    git(app, "commit", "-q", "-a", "-m", "A remote")
