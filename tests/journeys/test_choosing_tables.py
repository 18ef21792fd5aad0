"""`add` takes from a folder or a database what a person chose, and says what it left out."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.builders import Tdmvc, add_tables


def tables(tdmvc: Tdmvc) -> list[str]:
    return sorted(table["name"] for table in tdmvc("show", "golden", "--format", "json").json["tables"])


def test_a_folder_as_it_is_can_be_added(tdmvc: Tdmvc, tmp_path: Path) -> None:
    folder = tmp_path / "seeds"
    for name, text in {
        "a.csv": "id\n1\n",
        "sub/b.csv": "id\n1\n",
        "schema.yml": "x",
        "sub/load.py": "x",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    added = tdmvc("add", "golden", folder)
    assert "left out of seeds: schema.yml, sub/load.py" in added.out
    assert tables(tdmvc) == ["a", "b"]
    assert "left out" not in tdmvc("add", "golden", folder, "--exclude", "schema.yml", "--exclude", "sub").out


def test_tables_of_a_database_are_chosen_by_pattern(tdmvc: Tdmvc, tmp_path: Path) -> None:
    path = tmp_path / "app.sqlite"
    with sqlite3.connect(path) as database:
        for name in ("shop_order", "shop_log", "auth_user", "django_session"):
            database.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY)")
    tdmvc("add", "golden", path, "--tables", "shop_*,auth_user", "--exclude", "*_log")
    assert tables(tdmvc) == ["auth_user", "shop_order"]
    error = tdmvc("add", "golden", path, "--tables", "shop_*,nope_*", code=3).err
    assert "No table matches 'nope_*'" in error
    assert "use one of: auth_user, django_session, shop_log, shop_order." in error
    assert "excluded" in tdmvc("add", "golden", path, "--exclude", "*", code=2).err
    assert "source" in tdmvc("add", "golden", "--exclude", "x", code=2).err
    tdmvc("add", "golden", path, "--exclude", "django_*", "--replace")
    assert tables(tdmvc) == ["auth_user", "shop_log", "shop_order"]


def test_tables_of_one_file_are_chosen_too(tdmvc: Tdmvc, tmp_path: Path) -> None:
    path = tmp_path / "fixture.json"
    path.write_text(
        json.dumps([{"model": f"{app}.m", "pk": 1, "fields": {}} for app in ("shop", "auth", "log")])
    )
    tdmvc("add", "golden", path, "--exclude", "auth_*", "--tables", "*_m", "--exclude", "log*")
    assert tables(tdmvc) == ["shop_m"]
    tdmvc("add", "golden", path, "--table", "log_m")
    assert tables(tdmvc) == ["log_m", "shop_m"]
    (tmp_path / "t.csv").write_text("id\n1\n")
    assert "excluded" in tdmvc("add", "golden", tmp_path / "t.csv", "--exclude", "t", code=2).err


def test_a_folder_that_holds_the_datasets_is_added_without_them(tdmvc: Tdmvc, repo: Path) -> None:
    (repo / "a.csv").write_text("id\n1\n")
    for _ in range(2):
        added = tdmvc("add", "golden", repo, "--exclude", "*.yaml", "--exclude", "*.db")
        assert "left out of app: datasets" in added.out
        assert tables(tdmvc) == ["a"]


CHOOSING = (
    ("diff", "golden@HEAD", "golden"),
    ("validate", "golden"),
    ("seed", "golden", "--into", "sqlite:///out.db", "--create"),
    ("checkout", "golden", "--into", "out"),
    ("contract", "show", "golden"),
    ("contract", "diff", "golden@HEAD", "golden"),
    ("contract", "export", "golden", "--to", "odcs"),
    ("contract", "import", "golden@HEAD", "--dataset", "golden"),
    ("contract", "infer", "golden"),
    ("revert", "golden", "HEAD"),
)


@pytest.mark.parametrize("words", CHOOSING, ids=lambda words: " ".join(words[:2]))
def test_every_command_chooses_tables_by_the_same_patterns(
    repo: Path, tdmvc: Tdmvc, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(repo)
    add_tables(repo, {"orders": "id\n1\n", "order_items": "id\n1\n", "customers": "id\n1\n"})
    add_tables(repo, {"orders": "id\n1\n2\n", "order_items": "id\n1\n2\n", "customers": "id\n1\n2\n"})
    error = tdmvc(*words, "--tables", "nope*", code=3).err
    assert "No table matches 'nope*'" in error
    assert "order_items, orders" in " ".join(error.split())
    assert "There is no table 'order'" in tdmvc(*words, "--tables", "order", code=3).err
    ran = tdmvc(*words, "--tables", "order*")
    assert "customers" not in ran.out
