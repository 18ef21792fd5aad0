"""Ten releases of a real Django fixture, published one after another and compared with what plain Python counts.

The oracle reads the JSON by itself. Objects go by (model, pk), as multisets, because two of
the fixtures hold six objects twice: an object whose key stands more than once on a side is
added or removed, never changed.

How absent fields count: a field that one object lacks while others of its model have it is
null. A field that a whole model gains or loses is a change of schema, and changes no row.
So a renamed field (promo_title, lead_title) is no changed row either: cells are counted over
the fields that both sides have.
"""

import contextlib
import io
import json
import re
import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tdmvc.cli.main import run
from tests.builders import Tdmvc, copy_repo, git
from tests.series import IS_LONG, long_only, trials

pytestmark = [pytest.mark.real, pytest.mark.slow]

RELEASES = ("v5.0", "v5.1", "v5.2", "v6.0", "v6.4", "v7.0", "v7.1", "v7.2", "v7.3", "8e2b625")
VERSIONS = ("1.0.0", "2.0.0", "3.0.0", "3.0.1", "4.0.0", "4.1.0", "5.0.0", "6.0.0", "6.0.1", "7.0.0")
if not IS_LONG:
    # Repeated objects, an unchanged fixture, tables that come and go, renamed columns.
    RELEASES = ("v5.1", "v5.2", "v6.0", "v7.1", "v7.2")
    VERSIONS = ("1.0.0", "2.0.0", "2.0.1", "3.0.0", "4.0.0")
Models = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class History:
    """The repository with all releases published, and what the commands answered."""

    app: Path
    added: dict[str, Any] = field(default_factory=dict)
    published: dict[str, Any] = field(default_factory=dict)
    diffs: dict[tuple[str, str], Any] = field(default_factory=dict)

    def version(self, release: str) -> str:
        return str(self.published[release]["version"])

    def diff(self, old: str, new: str) -> Any:
        """Compare two releases once, however many tests ask."""
        if (old, new) not in self.diffs:
            self.diffs[old, new] = _call(self.app, "diff", f"golden@{self.version(old)}..{self.version(new)}")
        return self.diffs[old, new]


@pytest.fixture(scope="module")
def history(shared: Path, template: Path, tmp_path_factory: pytest.TempPathFactory) -> History:
    base = tmp_path_factory.mktemp("bakerydemo")
    copy_repo(template, base / "app")
    done = History(base / "app")
    for release in RELEASES:
        source = base / "bakerydemo.json"
        source.write_bytes((shared / "bakerydemo" / f"bakerydemo_{release}.json").read_bytes())
        done.added[release] = _call(done.app, "add", "golden", source, "--replace")
        git(done.app, "add", "-A")
        git(done.app, "commit", "-q", "--allow-empty", "-m", f"Fixture of {release}")
        done.published[release] = _call(
            # Some fixtures have keys that repeat.
            done.app,
            *("publish", "golden", "--release", release.removeprefix("v"), "--allow-invalid"),
        )
        git(done.app, "add", "-A")
        git(done.app, "commit", "-q", "-m", f"Publish for {release}")
    return done


@pytest.fixture
def repo(history: History, tmp_path: Path) -> Path:
    """A copy of that repository."""
    shutil.copytree(history.app, tmp_path / "app", symlinks=True)
    return tmp_path / "app"


def _call(app: Path, *words: object) -> Any:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert run(["-C", str(app), *map(str, words), "--format", "json"]) == 0
    return json.loads(out.getvalue())


def _load(shared: Path, release: str) -> Models:
    models: Models = defaultdict(list)
    for item in json.loads(
        (shared / "bakerydemo" / f"bakerydemo_{release}.json").read_text(encoding="utf-8")
    ):
        models[item["model"].replace(".", "_")].append({"id": item["pk"], **item["fields"]})
    # A many-to-many field is a table; here it is always empty.
    for user in models["auth_user"]:
        models["auth_user_user_permissions"] += user.pop("user_permissions")
    return models


@dataclass
class Expected:
    """What must be said of one table."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    cells: Counter[str] = field(default_factory=Counter)
    gained: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()


def _expect(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Expected:
    if not old or not new:
        return Expected(added=len(new), removed=len(old))
    had, have = ({name for item in side for name in item} for side in (old, new))
    common = sorted(had & have)
    output = Expected(gained=frozenset(have - had), lost=frozenset(had - have))
    before, after = _by_key(old), _by_key(new)
    for key in before.keys() | after.keys():
        left, right = before.get(key, []), after.get(key, [])
        if len(left) == len(right) == 1:
            cells = [name for name in common if _text(left[0].get(name)) != _text(right[0].get(name))]
            output.changed += bool(cells)
            output.cells.update(cells)
        else:
            rows = Counter(_row(item, common) for item in right)
            rows.subtract(_row(item, common) for item in left)
            output.added += sum(count for count in rows.values() if count > 0)
            output.removed -= sum(count for count in rows.values() if count < 0)
    return output


def _by_key(items: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        found[_text(item["id"])].append(item)
    return found


def _row(item: dict[str, Any], names: list[str]) -> tuple[str, ...]:
    return tuple(_text(item.get(name)) for name in names)


def _text(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", value):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        # The models of django.contrib say which texts are moments.
        value = value.astimezone(UTC).isoformat(timespec="microseconds")
    # Texts that hold JSON (a page's body, a revision's content) say the same in any order of names.
    return json.dumps(value, sort_keys=True)


RENAMES = {
    ("v7.2", "base_homepage"): {
        ("promo_image", "lead_image"),
        ("promo_text", "lead_text"),
        ("promo_title", "lead_title"),
    }
}
"""Columns that people renamed, by the release that has the new names and the table."""


@pytest.mark.parametrize(("old", "new"), list(pairwise(RELEASES)))
def test_every_diff_is_what_plain_python_counts(history: History, shared: Path, old: str, new: str) -> None:
    before, after = _load(shared, old), _load(shared, new)
    diff = history.diff(old, new)
    tables = {table["name"]: table for table in diff["tables"]}
    assert tables.keys() == before.keys() | after.keys()
    for name, table in tables.items():
        expected = _expect(before.get(name, []), after.get(name, []))
        rows = table["rows"]
        assert (rows["added"], rows["removed"], rows["changed"]) == (
            expected.added,
            expected.removed,
            expected.changed,
        ), name
        assert (rows["old"], rows["new"]) == (len(before.get(name, [])), len(after.get(name, []))), name
        assert table["columns"] == dict(expected.cells), name
        schema = table["schema"]
        renamed = [s for s in schema if s["kind"] == "column_renamed"]
        gained = {s["column"] for s in schema if s["kind"] == "column_added"}
        assert gained | {s["new"] for s in renamed} == expected.gained, name
        lost = {s["column"] for s in schema if s["kind"] == "column_removed"}
        assert lost | {s["old"] for s in renamed} == expected.lost, name
        assert {(s["old"], s["new"]) for s in renamed} == RENAMES.get((new, name), set()), name
        repeats = any(
            len(rows) > 1 for side in (before, after) for rows in _by_key(side.get(name, [])).values()
        )
        is_changed = table["status"] == "changed"
        rules = [f["rule"] for f in table["findings"] if f["rule"] != "hidden-values"]
        assert rules == ["duplicate-key"] * (repeats and is_changed), name


TOTALS = {
    ("v5.0", "v5.1"): (294, 2, 80, 225),
    # Six objects went with two tables, and six came as second copies.
    ("v5.1", "v5.2"): (6, 6, 24, 24),
    ("v5.2", "v6.0"): (0, 0, 0, 0),
    ("v6.4", "v7.0"): (1, 0, 5, 11),
    ("v7.0", "v7.1"): (0, 3, 0, 0),
    ("v7.1", "v7.2"): (0, 0, 13, 13),
    ("v7.2", "v7.3"): (0, 0, 0, 0),
    ("v7.3", "8e2b625"): (45, 0, 11, 11),
}
"""Rows that were added, removed and changed, and cells, between two releases."""


@pytest.mark.parametrize(
    ("old", "new"), [pair for pair in pairwise(RELEASES) if pair in TOTALS], ids=lambda name: name
)
def test_totals_are_what_people_counted(history: History, old: str, new: str) -> None:
    diff = history.diff(old, new)
    added, removed, changed, cells = TOTALS[old, new]
    assert diff["summary"]["rows"] == {"added": added, "removed": removed, "changed": changed, "ignored": 0}
    assert diff["summary"]["cells"] == cells


def test_repeated_objects_are_found_when_they_are_added(history: History) -> None:
    assert [f["rule"] for f in history.added["v5.1"]["findings"]] == []
    findings = history.added["v5.2"]["findings"]
    assert [(f["rule"], f["table"], f["details"]["keys"]) for f in findings] == [
        ("duplicate-key", "wagtailsearchpromotions_query", 3),
        ("duplicate-key", "wagtailsearchpromotions_querydailyhits", 3),
    ]


def test_a_version_of_an_unchanged_fixture_is_reported_as_equal(history: History) -> None:
    equal = {release: output["equal_to"] for release, output in history.published.items()}
    pairs = (("v5.2", "v6.0"), ("v7.2", "v7.3"))[: trials(2, 1)]
    assert {release for release, version in equal.items() if version} == {new for _, new in pairs}
    for old, new in pairs:
        assert equal[new] == history.version(old)
        assert {table["status"] for table in history.added[new]["tables"]} == {"unchanged"}
        assert sum(table["written_bytes"] for table in history.added[new]["tables"]) == 0
        shown = [_call(history.app, "show", f"golden@{history.version(r)}") for r in (old, new)]
        assert shown[0]["content"] == shown[1]["content"]
        assert shown[0]["release"] != shown[1]["release"]


def test_versions_are_bumped_as_the_changes_require(history: History) -> None:
    assert tuple(history.version(release) for release in RELEASES) == VERSIONS


def _read_rows(folder: Path, models: Models) -> Models:
    """Read what was checked out, with JSON texts as values, and without the fields that an object lacked."""
    found: Models = {}
    for name, items in models.items():
        nested = {key for item in items for key, value in item.items() if isinstance(value, dict | list)}
        rows = pq.read_table(folder / name).to_pylist()
        for row in rows:
            for column in nested & row.keys():
                row[column] = json.loads(row[column]) if isinstance(row[column], str) else row[column]
        found[name] = rows
    return found


def _assert_holds(folder: Path, models: Models) -> None:
    assert {path.name for path in folder.iterdir() if path.is_dir()} - {"versions"} == models.keys()
    found = _read_rows(folder, models)
    for name, items in models.items():
        names = sorted({key for item in items for key in item})
        assert Counter(_row(row, names) for row in found[name]) == Counter(
            _row(item, names) for item in items
        ), name


def test_checkout_by_release_writes_the_fixture_of_that_release(
    tdmvc: Tdmvc, repo: Path, history: History, shared: Path
) -> None:
    brought = tdmvc("checkout", "--release", "7.1", "--format", "json").json
    (golden,) = brought["datasets"]
    assert (golden["version"], golden["how"], golden["rows"]) == (
        history.version("v7.1"),
        "declared",
        596,
    )
    _assert_holds(repo / "datasets" / "golden", _load(shared, "v7.1"))
    assert tdmvc("show", "golden", "--format", "json").json["content"] == golden["content"]
    status = tdmvc("status", "--format", "json").json["datasets"][0]
    assert status["versions"] == [history.version("v7.1")]
    tdmvc("checkout", "--release", "6.2", code=3)


@long_only
def test_checkout_by_release_works_in_a_clone_of_depth_one(
    tdmvc: Tdmvc, repo: Path, shared: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    with (repo / ".dvc" / "config").open("a") as file:
        file.write(f"[core]\n    remote = local\n['remote \"local\"']\n    url = {store}\n")
    git(repo, "commit", "-q", "-a", "-m", "A remote")
    sent = tdmvc("push", "--format", "json").json
    assert sent["moved"] == sent["objects"] > 50
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", repo.as_uri(), "clone")
    assert git(clone, "rev-list", "--count", "HEAD") == "1"
    (golden,) = tdmvc("checkout", "--release", "7.1", "--format", "json", folder=clone).json["datasets"]
    assert (golden["version"], golden["rows"]) == ("5.0.0", 596)
    _assert_holds(clone / "datasets" / "golden", _load(shared, "v7.1"))
    # Only what that release needs has travelled.
    here = sum(1 for path in (clone / ".dvc" / "cache" / "files" / "md5").rglob("*") if path.is_file())
    assert here < sent["objects"]
