"""Reviews of real histories: two releases of one application's database, and a table of companies."""

import contextlib
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tdmvc.cli.main import run
from tests.builders import Tdmvc, copy_repo, git
from tests.series import long_only

pytestmark = [pytest.mark.real, pytest.mark.slow]

RULES = Path(__file__).parents[2] / "docs" / "examples" / "bakerydemo.dataset.yaml"
FORMATS = ("terminal", "markdown", "html", "json", "github", "junit", "sarif", "codequality")


@dataclass(frozen=True)
class Bakery:
    """The reviews of v7.1 → v7.2 by format: as the databases are, and with rules."""

    plain: dict[str, str]
    ruled: dict[str, str]


def _review(app: Path, base: str, head: str) -> dict[str, str]:
    target = app.parent / head
    files = [f"--write={name}={target / name}" for name in FORMATS]
    with contextlib.redirect_stdout(io.StringIO()):
        run(["-C", str(app), "review", base, "--head", head, *files])
    return {path.name: path.read_text(encoding="utf-8") for path in target.iterdir()}


@pytest.fixture(scope="module")
def bakery(shared: Path, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Bakery:
    top = tmp_path_factory.mktemp("bakery")
    app = top / "app"
    copy_repo(template, app)

    def take(release: str) -> None:
        source = top / "bakery.sqlite3"
        shutil.copy(shared / "bakerydemo" / f"bakery_{release}.sqlite3", source)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            assert run(["-C", str(app), "add", "golden", str(source), "--replace"]) == 0
        git(app, "add", "-A")
        git(app, "commit", "-q", "-m", release)

    take("v7.1")
    git(app, "switch", "-q", "-c", "ruled")
    shutil.copy(RULES, app / "datasets" / "golden" / "dataset.yaml")
    git(app, "commit", "-q", "-a", "-m", "Rules")
    git(app, "switch", "-q", "-c", "next", "main")
    take("v7.2")
    git(app, "switch", "-q", "-c", "ruled-next", "ruled")
    git(app, "checkout", "-q", "next", "--", "datasets")
    shutil.copy(RULES, app / "datasets" / "golden" / "dataset.yaml")
    git(app, "add", "-A")
    git(app, "commit", "-q", "-m", "v7.2 with rules")
    return Bakery(_review(app, "main", "next"), _review(app, "ruled", "ruled-next"))


@long_only
def test_without_rules_hundreds_of_changed_rows_read_as_a_few_patterns(bakery: Bakery) -> None:
    found = json.loads(bakery.plain["json"])
    rows = found["summary"]["rows"]
    assert (rows["added"], rows["removed"], rows["changed"]) == (10, 0, 390)
    (golden,) = found["datasets"]
    groups = golden["diff"]["patterns"]
    assert 0 < len(groups) <= 8
    # Every changed cell is in exactly one of them.
    cells = found["summary"]["cells"]
    assert sum(group["cells"] for group in groups) == cells
    for table in golden["diff"]["tables"]:
        assert sum(pattern["cells"] for pattern in table["patterns"]) == table["cells"], table["name"]


def test_with_natural_keys_and_ignore_rules_only_peoples_changes_are_left(bakery: Bakery) -> None:
    found = json.loads(bakery.ruled["json"])
    rows = found["summary"]["rows"]
    assert (rows["added"], rows["removed"], rows["changed"]) == (10, 0, 13)
    assert rows["ignored"] == 178
    (golden,) = found["datasets"]
    by_name = {table["name"]: table for table in golden["diff"]["tables"]}
    assert by_name["auth_permission"]["key"] == ["content_type_id", "codename"]
    assert by_name["auth_permission"]["rows"]["changed"] == 0
    assert "ignored" in bakery.ruled["markdown"]


def test_both_reviews_stay_within_their_limits(bakery: Bakery) -> None:
    for output in (bakery.plain, bakery.ruled):
        assert output.keys() == set(FORMATS)
        assert len(output["markdown"]) < 60_000
        assert len(output["html"].encode()) < 5_000_000


def test_the_index_renames_a_column_and_changes_no_row(tdmvc: Tdmvc, repo: Path, shared: Path) -> None:
    source = repo.parent / "constituents.csv"
    shutil.copy(shared / "sp500" / "9f18ae5.csv", source)
    tdmvc("add", "index", source, "--key", "constituents=Symbol")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Index")
    git(repo, "switch", "-q", "-c", "feature")
    shutil.copy(shared / "sp500" / "226112f.csv", source)
    tdmvc("add", "index", source)
    found = tdmvc("review", "main", "--format", "json").json
    assert found["summary"]["rows"] == {"added": 0, "removed": 0, "changed": 0, "ignored": 0}
    (table,) = found["datasets"][0]["diff"]["tables"]
    (change,) = table["schema"]
    assert (change["kind"], change["old"], change["new"]) == ("column_renamed", "Security", "Company")
    assert change["evidence"] == "all 503 rows are equal"
    assert "Security" in tdmvc("review", "main", "--format", "markdown").out
