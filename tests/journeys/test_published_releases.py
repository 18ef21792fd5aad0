"""A version is tied to a release only if the migrations at the release's commit are those of its rows."""

from pathlib import Path

import pytest

from tests.builders import Ran, Tdmvc, add_migrations, add_tables, commit_all, copy_repo, git
from tests.schemas import assert_valid


@pytest.fixture(scope="module")
def tagged(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with releases read from tags: v1.0.0 has one migration, and HEAD the golden rows for it."""
    app = copy_repo(template, tmp_path_factory.mktemp("releases") / "app")
    add_migrations(app)
    _read_from(app, '{tags: "v*"}')
    add_tables(app, {"orders": "id,status\n1,open\n"})
    git(app, "tag", "-a", "-m", "Release", "v1.0.0")
    return app


@pytest.fixture
def repo(tagged: Path, tmp_path: Path) -> Path:
    return copy_repo(tagged, tmp_path / "app")


def _read_from(app: Path, source: str) -> None:
    path = app / "tdmvc.yaml"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(f"  release: {source}\n" if "release:" in line else line for line in lines))


def _migrate(app: Path, tdmvc: Tdmvc) -> None:
    """Commit one more migration, with rows for it."""
    (app / "migrations" / "0002_more.sql").write_text("ALTER TABLE orders ADD total int;\n")
    (app.parent / "orders.csv").write_text("id,status,total\n1,open,3\n")
    tdmvc("add", "golden", app.parent / "orders.csv")
    commit_all(app, "Totals")


def _published(tdmvc: Tdmvc, *words: str) -> tuple[str | None, str]:
    ran: Ran = tdmvc("publish", "golden", *words, "--format", "json")
    return ran.json["release"], ran.err


def test_rows_for_the_migrations_of_the_last_tag_are_tied_to_it(repo: Path, tdmvc: Tdmvc) -> None:
    assert _published(tdmvc) == ("1.0.0", "")


@pytest.mark.parametrize("source", ['{tags: "v*"}', "{file: VERSION}", "{command: cat VERSION}"])
def test_rows_for_later_migrations_are_tied_to_no_release_until_you_name_one(
    repo: Path, tdmvc: Tdmvc, source: str
) -> None:
    _read_from(repo, source)
    _migrate(repo, tdmvc)
    release, warning = _published(tdmvc)
    assert release is None
    assert "does not fit release 1.0.0" in warning
    assert "with later migration 0002" in warning
    (repo / warning.split("remove ")[1].split(" ")[0]).unlink()
    assert _published(tdmvc, "1.0.0", "--release", "1.1.0") == ("1.1.0", "")
    assert (
        tdmvc("checkout", "--release", "1.1.0", "--format", "json").json["datasets"][0]["how"] == "declared"
    )


def test_the_release_that_a_file_names_before_its_tag_exists_is_that_of_head(
    repo: Path, tdmvc: Tdmvc
) -> None:
    _read_from(repo, "{file: VERSION}")
    _migrate(repo, tdmvc)
    (repo / "VERSION").write_text("1.1.0\n")
    commit_all(repo, "Release")
    assert _published(tdmvc) == ("1.1.0", "")


def test_a_release_that_you_name_is_kept_with_a_warning_if_it_does_not_fit(repo: Path, tdmvc: Tdmvc) -> None:
    _migrate(repo, tdmvc)
    release, warning = _published(tdmvc, "--release", "v1.0.0")
    assert release == "1.0.0"
    assert "does not fit it" in warning


def test_without_tags_publish_says_so(repo: Path, tdmvc: Tdmvc) -> None:
    git(repo, "tag", "-d", "v1.0.0")
    release, warning = _published(tdmvc)
    assert release is None
    assert "no tag in HEAD's history matches 'v*'" in warning
    assert "git fetch --tags" in warning


def test_in_a_shallow_clone_publish_says_so(repo: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    commit_all(repo, "Later")
    git(repo, "clone", "-q", "--depth=1", "--no-tags", f"file://{repo}", str(tmp_path / "clone"))
    clone = tmp_path / "clone"
    (clone / ".dvc" / "cache").symlink_to(repo / ".dvc" / "cache")
    tdmvc("checkout", "golden", folder=clone)
    warning = tdmvc("publish", "golden", folder=clone).err
    assert "this clone is shallow" in warning
    git(clone, *warning.split("`")[1].split()[1:])
    (clone / "datasets/golden/versions/1.0.0.yaml").unlink()
    assert tdmvc("publish", "golden", "--format", "json", folder=clone).json["release"] == "1.0.0"


@pytest.mark.parametrize(
    ("source", "tag", "name"),
    [
        ('{tags: "v*"}', "v1.2.3", "v1.2.3"),
        ('{tags: "v*"}', "v1.2.3", "refs/tags/v1.2.3"),
        ('{tags: "app@*"}', "app@1.2.3", "app@1.2.3"),
        ('{tags: "app@*"}', "app@1.2.3", "refs/tags/app@1.2.3"),
        ('{tags: "shop/v*"}', "shop/v1.2.3", "shop/v1.2.3"),
        ("{file: VERSION}", "app@1.2.3", "app@1.2.3"),
        ("{file: VERSION}", "app-v1.2.3", "app-v1.2.3"),
    ],
)
def test_a_full_tag_name_means_its_release(
    repo: Path, tdmvc: Tdmvc, source: str, tag: str, name: str
) -> None:
    _read_from(repo, source)
    commit_all(repo, "Read releases elsewhere")
    git(repo, "tag", tag)
    release, warning = _published(tdmvc, "--release", name)
    assert (release is not None and release.removeprefix("v"), warning) == ("1.2.3", "")
    for asked in (name, "1.2.3", "v1.2.3"):
        assert tdmvc("show", f"release:{asked}", "--format", "json").json["version"] == "1.0.0"
        tdmvc("drift", "--release", asked)


@pytest.mark.parametrize(
    ("tags", "files", "source", "release"),
    [
        (["v1.2.0"], {"VERSION": "1.0.0\n"}, 'tags: "v*"', "1.2.0"),
        (["1.2.0"], {}, 'tags: "[0-9]*"', "1.2.0"),
        (["app@1.2.0", "lib@3.0.0"], {}, 'tags: "app@*"', "1.2.0"),
        (["release-1.2.0"], {}, 'tags: "release-*"', "1.2.0"),
        (["v2.0.0-rc.1"], {"VERSION": "1.0.0\n"}, "file: VERSION", "1.0.0"),
        (["v1.2.0"], {"pyproject.toml": '[project]\ndynamic = ["version"]\n'}, 'tags: "v*"', "1.2.0"),
        ([], {"pyproject.toml": "[tool.ruff]\n", "VERSION": "3.1\n"}, "file: VERSION", "3.1"),
        (["v2.0.0-rc.1"], {"pyproject.toml": "[tool.ruff]\n"}, 'tags: "v*"', "2.0.0-rc.1"),
        (["nightly"], {"pyproject.toml": "[tool.ruff]\n"}, 'tags: "v*"', None),
    ],
)
def test_init_reads_releases_where_there_are_any_and_shows_the_current_one(
    tmp_path: Path, tdmvc: Tdmvc, tags: list[str], files: dict[str, str], source: str, release: str | None
) -> None:
    app = tmp_path / "fresh" / "app"
    app.mkdir(parents=True)
    git(app, "init", "-q", "-b", "main")
    for name, text in files.items():
        (app / name).write_text(text)
    commit_all(app, "Start")
    for tag in tags:
        git(app, "tag", tag)
    report = tdmvc("init", "--format", "json", folder=app).json
    assert_valid(report, "init")
    assert f"release: {{{source}}}" in (app / "tdmvc.yaml").read_text()
    assert report["release"] == release
    assert bool(report["notes"]) == (release is None)
    shown = tdmvc("init", folder=app).out
    assert (release or "No release can be read") in shown


def test_a_tag_that_is_not_in_the_history_of_head_does_not_count(tmp_path: Path, tdmvc: Tdmvc) -> None:
    app = tmp_path / "fresh" / "app"
    app.mkdir(parents=True)
    git(app, "init", "-q", "-b", "main")
    (app / "VERSION").write_text("1.0.0\n")
    commit_all(app, "Start")
    git(app, "switch", "-q", "-c", "next")
    commit_all(app, "Next")
    git(app, "tag", "v2.0.0")
    git(app, "switch", "-q", "main")
    assert tdmvc("init", "--format", "json", folder=app).json["release"] == "1.0.0"
