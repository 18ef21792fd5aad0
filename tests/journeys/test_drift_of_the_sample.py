"""The sample shop's three releases against its three versions: every status, with its exit code and in every format."""

import contextlib
import io
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tdmvc.cli.main import run
from tdmvc.demo import read_releases
from tests.builders import Tdmvc, commit_all, copy_repo, git
from tests.render.strict_junit import faults


def _quietly(shop: Path, *words: object) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        assert run(["-C", str(shop), *(str(word) for word in words)]) == 0


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample shop with a version of its golden data for each release."""
    shop = tmp_path_factory.mktemp("story") / "shop"
    (shop / "migrations").mkdir(parents=True)
    git(shop, "init", "-q", "-b", "main")
    for release in read_releases():
        for path in release.migrations:
            shutil.copy(path, shop / "migrations")
        if not (shop / "tdmvc.yaml").exists():
            _quietly(shop, "init")
        (shop / "datasets" / "golden").mkdir(parents=True, exist_ok=True)
        shutil.copy(release.contract, shop / "datasets" / "golden" / "contract.yaml")
        _quietly(shop, "add", "golden", *release.data)
        commit_all(shop, f"Data of {release.version}")
        _quietly(
            shop, "publish", "golden", release.version, "--release", release.version, "--allow-lower-bump"
        )
        commit_all(shop, f"Release {release.version}")
        git(shop, "tag", f"v{release.version}")
    return shop


@pytest.fixture
def repo(story: Path, tmp_path: Path) -> Path:
    copy_repo(story, tmp_path / "shop")
    return tmp_path / "shop"


def _drift(tdmvc: Tdmvc, *words: object, code: int) -> dict[str, Any]:
    (drift,) = tdmvc("drift", *words, "--format", "json", code=code).json["drifts"]
    assert isinstance(drift, dict)
    return drift


def test_each_version_is_in_step_with_its_release(tdmvc: Tdmvc) -> None:
    assert _drift(tdmvc, code=0)["status"] == "in-step"
    for release in ("1.0.0", "1.1.0", "2.0.0"):
        assert _drift(tdmvc, f"golden@{release}", "--at", f"v{release}", code=0)["status"] == "in-step"
        assert _drift(tdmvc, "--release", release, code=0)["ref"] == f"golden@{release}"


def test_the_first_version_is_two_behind_the_second_release(tdmvc: Tdmvc) -> None:
    drift = _drift(tdmvc, "golden@1.0.0", "--at", "v1.1.0", code=1)
    assert drift["status"] == "behind"
    assert [(m["id"], m["name"], m["touches"]) for m in drift["pending"]] == [
        ("0005", "create_subscriptions", ["renewals", "subscriptions"]),
        ("0006", "add_customer_locale", ["customers"]),
    ]
    assert drift["touched"] == ["customers"]
    text = tdmvc("drift", "golden@1.0.0", "--at", "v1.1.0", code=1).out
    assert "golden@1.0.0  behind 2" in text
    assert "0005  create_subscriptions  may affect renewals, subscriptions" in text
    tdmvc("drift", "golden@1.0.0", "--at", "v1.1.0", "--fail-on", "unknown,unreadable")


def test_the_newest_version_is_ahead_of_an_old_release_and_fails_only_with_fail_on(tdmvc: Tdmvc) -> None:
    words = ("golden@2.0.0", "--at", "v1.1.0")
    drift = _drift(tdmvc, *words, code=0)
    assert (drift["status"], drift["extra"]) == ("ahead", ["0007", "0008", "0009", "0010"])
    tdmvc("drift", *words, "--fail-on", "ahead", code=1)


def test_a_migration_that_was_edited_after_its_release_is_reported(tdmvc: Tdmvc, repo: Path) -> None:
    path = repo / "migrations" / "0009_make_product_sku_unique.sql"
    path.write_text(path.read_text() + "\n-- and another index\n")
    drift = _drift(tdmvc, "golden@2.0.0", code=1)
    assert (drift["status"], drift["pending"]) == ("edited", [])


def test_a_shop_that_restarted_its_migrations_has_unknown_old_data(tdmvc: Tdmvc, repo: Path) -> None:
    shutil.rmtree(repo / "migrations")
    (repo / "migrations").mkdir()
    (repo / "migrations" / "0001_all.sql").write_text("CREATE TABLE customers (id int);\n")
    drift = _drift(tdmvc, "golden@1.0.0", code=1)
    assert (drift["status"], drift["pending"], drift["extra"]) == ("unknown", [], [])
    assert "the work tree removed" in drift["message"]


def test_a_shop_without_migrations_is_unreadable(tdmvc: Tdmvc, repo: Path) -> None:
    shutil.rmtree(repo / "migrations")
    drift = _drift(tdmvc, code=1)
    assert drift["status"] == "unreadable"
    assert "There is no migration folder here" in drift["message"]


def test_the_answer_is_the_same_in_every_format(tdmvc: Tdmvc) -> None:
    words = ("golden@1.0.0", "golden@2.0.0", "--at", "v1.1.0")
    report = tdmvc("drift", *words, "--format", "junit", code=1).out
    assert faults(report) == []
    root = ET.fromstring(report)
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    lines = tdmvc("drift", *words, "--format", "github", code=1).out.splitlines()
    assert lines[0].startswith("::error title=tdmvc drift%3A golden@1.0.0 is behind 2 (migrations main),")
    assert "file=datasets/golden/dataset.yaml::" in lines[0]
    assert lines[-1].startswith("::notice title=tdmvc drift%3A golden@2.0.0 is ahead 4")
    page = tdmvc("drift", *words, "--format", "markdown", code=1).out
    assert "| `golden@1.0.0` | `main` | **behind 2** |" in page
    assert "- pending `0006` `add_customer_locale`, may affect `customers`" in page


@pytest.mark.parametrize(
    ("words", "code", "output"),
    [
        (("golden@9.9.9",), 3, "9.9.9"),
        (("--at", "nowhere"), 3, "nowhere"),
        (("--release", "9.9.9"), 3, "9.9.9"),
        (("--fail-on", "nonsense"), 2, "nonsense"),
        (("--format", "html"), 2, "html"),
    ],
)
def test_invalid_arguments_exit_with_the_documented_code(
    tdmvc: Tdmvc, words: tuple[str, ...], code: int, output: str
) -> None:
    assert output in tdmvc("drift", *words, code=code).err
