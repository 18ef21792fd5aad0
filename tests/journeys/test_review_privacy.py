"""No personal value leaves a review, whatever form it takes and whatever is wrong with the data."""

import contextlib
import io
import json
import re
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tdmvc.cli.main import run
from tests.builders import Tdmvc, commit_all, copy_repo, git
from tests.yaml_files import read_yaml

FORMATS = ("terminal", "markdown", "html", "json", "github", "junit", "sarif", "codequality")
SECRET = re.compile(r"xyzzy|(?<![0-9a-f])77\d{3}(?![0-9a-f])|1977-|plugh", re.IGNORECASE)
"""What every personal value below looks like, and nothing else does."""


def _csv(path: Path, names: str, rows: Iterable[tuple[object, ...]]) -> None:
    lines = [
        ",".join("" if cell is None else f'"{str(cell).replace(chr(34), chr(34) * 2)}"' for cell in row)
        for row in rows
    ]
    path.write_text("\n".join([names, *lines]) + "\n", encoding="utf-8")


def _people(count: int, *, mark: str = "xyzzy", age: int = 77_100) -> list[tuple[object, ...]]:
    return [
        (
            f"{mark}{i}@example.org",
            f"Ada {mark}{i}",
            json.dumps({"nick": f"{mark}{i}", f"plugh{i}": {"deep": [f"{mark}{i}"]}}),
            age + i,
            f"1977-01-{i % 28 + 1:02}",
            f"{mark}-{'ab'[i % 2]}",
            "Oslo",
        )
        for i in range(count)
    ]


PEOPLE = "email,name,profile,pay,born,ward,city"


def _write(
    folder: Path,
    people: list[tuple[object, ...]],
    orders: list[tuple[object, ...]],
    phones: list[tuple[object, ...]],
) -> Path:
    folder.mkdir(exist_ok=True)
    _csv(folder / "people.csv", PEOPLE, people)
    _csv(folder / "orders.csv", "no,email,status", orders)
    _csv(folder / "phones.csv", "id,phone", phones)
    return folder


def _orders(count: int) -> list[tuple[object, ...]]:
    return [(i, f"xyzzy{i % 40}@example.org", "open") for i in range(count)]


def _phones(count: int) -> list[tuple[object, ...]]:
    return [(i, f"+xyzzy{i}") for i in range(count)]


PERSONAL = {
    "people": ("email", "name", "profile", "pay", "born", "ward"),
    "orders": ("email",),
    "phones": ("phone",),
}


def _classify(app: Path, personal: dict[str, tuple[str, ...]]) -> None:
    """Write classification, reference and uniqueness into the contract."""
    path = app / "datasets" / "golden" / "contract.yaml"
    contract = read_yaml(path)
    for table in contract["schema"]:
        for column in table["properties"]:
            column.pop("classification", None)
            if column["name"] in personal.get(table["name"], ()):
                column["classification"] = "personal"
            if (table["name"], column["name"]) == ("orders", "email"):
                column["relationships"] = [{"type": "foreignKey", "to": "people.email"}]
            if column["name"] == "phone":
                column["unique"] = True
    path.write_text(yaml.safe_dump(contract, sort_keys=False))


def _call(app: Path, *words: object) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert run(["-C", str(app), *map(str, words)]) == 0


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People with addresses as keys, on main; `feature` has everything wrong with it that can be."""
    top = tmp_path_factory.mktemp("privacy")
    app = top / "app"
    copy_repo(template, app)
    people = _people(60)
    source = _write(top / "src", people, _orders(60), _phones(30))
    keys = ("--key", "people=email", "--key", "orders=no", "--key", "phones=id")
    _call(app, "add", "golden", source, *keys)
    _classify(app, PERSONAL)
    commit_all(app, "People")
    git(app, "switch", "-q", "-c", "feature")
    changed: list[tuple[object, ...]] = [
        (
            p[0],
            str(p[1]).upper() if i < 20 else p[1],
            str(p[2]).replace("deep", "low"),
            77_900,
            p[4],
            None,
            "Bergen",
        )
        for i, p in enumerate(people[5:], 5)
    ]
    changed += [people[7], (None, *people[8][1:]), *_people(3, mark="newxyzzy")]
    phones = [*_phones(30)[:-2], (28, "+xyzzy1"), (29, "+xyzzy1")]
    _write(
        top / "src",
        changed,
        [*_orders(60), (90, "lostxyzzy@example.org", "open"), (91, "newxyzzy0@example.org", "open")],
        phones,
    )
    _call(app, "add", "golden", source)
    commit_all(app, "Everything")
    return top


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Path:
    copy_repo(made, tmp_path / "work")
    return tmp_path / "work" / "app"


def _say_all(tdmvc: Tdmvc, folder: Path, *words: str, code: int | None = 1) -> dict[str, str]:
    """Return everything that a review says, by where it says it."""
    shutil.rmtree(folder, ignore_errors=True)
    files = [f"--write={name}={folder / name}" for name in FORMATS]
    ran = tdmvc(*words, "review", "main", *files, code=code)
    output = {"out": ran.out, "err": ran.err}
    return output | {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*"))}


def _leaks(output: dict[str, str]) -> dict[str, list[str]]:
    found = {where: SECRET.findall(text) for where, text in output.items()}
    return {
        where: [text[max(0, m.start() - 60) : m.end() + 20] for m in SECRET.finditer(text)][:3]
        for where, text in output.items()
        if found[where]
    }


def _rules(output: dict[str, str]) -> set[str]:
    document: dict[str, Any] = json.loads(output["json"])
    return {f["rule"] for d in document["datasets"] for f in d["findings"]}


def test_no_personal_value_is_in_any_format(tdmvc: Tdmvc, tmp_path: Path) -> None:
    output = _say_all(tdmvc, tmp_path / "out")
    assert {*FORMATS, "out", "err"} == output.keys()
    # All that could quote a value is there, so that the test means something.
    assert {"duplicate-key", "null-key", "repeated-unique", "broken-reference"} <= _rules(output)
    (golden,) = json.loads(output["json"])["datasets"]
    assert {"pay", "ward"} <= {shift["column"] for shift in golden["shifts"]}
    assert golden["diff"]["patterns"]
    assert golden["units"]
    assert "Bergen" in output["html"]
    assert _leaks(output) == {}
    assert _leaks(_say_all(tdmvc, tmp_path / "quiet", "--quiet")) == {}


def test_no_personal_value_is_in_messages_about_edits_that_were_not_added(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path
) -> None:
    folder = repo / "datasets" / "golden" / "people"
    for part in folder.glob("*.parquet"):
        part.unlink()
    shutil.copy(repo.parent / "src" / "people.csv", folder / "mine.csv")
    output = _say_all(tdmvc, tmp_path / "out", code=None)
    assert _leaks(output) == {}
    (folder / "mine.csv").write_text(PEOPLE + '\nxyzzy1@example.org,xyzzy\n"xyzzy broken')
    output = _say_all(tdmvc, tmp_path / "out", code=None)
    assert _leaks(output) == {}


def test_a_column_that_was_personal_on_the_old_side_only_stays_masked(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path
) -> None:
    # Its classification goes in the same branch.
    _classify(repo, {"people": ("email", "name"), "orders": (), "phones": ()})
    commit_all(repo, "Declassify")
    output = _say_all(tdmvc, tmp_path / "out")
    assert "classification-lost" in _rules(output)
    lost = [
        (f["table"], f["columns"])
        for f in json.loads(output["json"])["datasets"][0]["findings"]
        if f["rule"] == "classification-lost"
    ]
    assert sorted(lost) == [
        ("orders", ["email"]),
        ("people", ["born"]),
        ("people", ["pay"]),
        ("people", ["profile"]),
        ("people", ["ward"]),
        ("phones", ["phone"]),
    ]
    assert _leaks(output) == {}


def test_a_lost_classification_without_changed_rows_is_an_error(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path
) -> None:
    git(repo, "switch", "-q", "-C", "feature", "main")
    _call(repo, "checkout", "golden", "--force")
    _classify(repo, {})
    output = _say_all(tdmvc, tmp_path / "out")
    assert _rules(output) == {"classification-lost"} | ({"unclassified-personal"} & _rules(output))
    assert _leaks(output) == {}


def test_a_column_that_is_personal_on_the_new_side_only_hides_the_old_values_too(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path
) -> None:
    git(repo, "switch", "-q", "main")
    _classify(repo, {})
    commit_all(repo, "Nothing is personal")
    git(repo, "switch", "-q", "-c", "later")
    _classify(repo, PERSONAL)
    _call(repo, "add", "golden", repo.parent / "src")
    commit_all(repo, "It is")
    output = _say_all(tdmvc, tmp_path / "out", code=None)
    assert json.loads(output["json"])["summary"]["rows"]["changed"] > 10
    assert _leaks(output) == {}


def test_removed_tables_and_datasets_are_masked_by_the_old_contract(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path
) -> None:
    (repo.parent / "src" / "people.csv").unlink()
    _call(repo, "add", "golden", repo.parent / "src", "--replace")
    commit_all(repo, "No people")
    output = _say_all(tdmvc, tmp_path / "out", code=None)
    assert json.loads(output["json"])["summary"]["tables"]["removed"] == 1
    assert _leaks(output) == {}
    git(repo, "rm", "-rqf", "datasets/golden")
    shutil.rmtree(repo / "datasets" / "golden", ignore_errors=True)
    git(repo, "commit", "-q", "-m", "No data")
    output = _say_all(tdmvc, tmp_path / "out", code=None)
    assert json.loads(output["json"])["summary"]["tables"]["removed"] == 3
    assert _leaks(output) == {}


@pytest.mark.parametrize("damage", ["cut", "overwritten", "gone"])
def test_a_damaged_part_is_reported_without_its_values(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path, damage: str
) -> None:
    shutil.rmtree(repo / "datasets" / "golden" / "people")
    for path in (repo / ".dvc" / "cache" / "files" / "md5").rglob("*"):
        if path.is_file() and not path.name.endswith(".dir"):
            data = path.read_bytes()
            path.chmod(0o644)
            if damage == "gone":
                path.unlink()
            else:
                path.write_bytes(
                    data[: len(data) // 2] if damage == "cut" else b"xyzzy77123" * (len(data) // 10)
                )
    output = _say_all(tdmvc, tmp_path / "out", "-q", code=6)
    assert output["err"]
    assert _leaks(output) == {}


def test_a_bug_leaves_a_log_without_values(
    tdmvc: Tdmvc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = "".join(("xyz", "zy1@example.org"))

    def fail(*_: object, **__: object) -> None:
        raise ValueError(value)

    monkeypatch.setattr("tdmvc.actions.review.check_classification", fail)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    output = _say_all(tdmvc, tmp_path / "out", code=70)
    (log,) = tmp_path.glob("tdmvc-bug-*.log")
    assert _leaks(output | {"log": log.read_text()}) == {}


def test_rows_written_by_the_suggested_command_are_masked_too(tdmvc: Tdmvc, tmp_path: Path) -> None:
    document = json.loads(_say_all(tdmvc, tmp_path / "out")["json"])
    (command,) = document["datasets"][0]["commands"]
    words = shlex.split(command)[1:]
    ran = tdmvc(*words, "--rows", tmp_path / "rows", "--rows-format", "csv")
    files = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "rows").iterdir()}
    assert files.keys() == {"people.csv", "orders.csv", "phones.csv"}
    assert _leaks(files | {"out": ran.out, "err": ran.err}) == {}
