"""What a database declares is taken as it is, shown wherever people look, and kept by sources that declare nothing."""

import csv
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.builders import commit_all, copy_repo, git, run_json, run_quietly
from tests.yaml_files import read_yaml

CASES = read_yaml(Path(__file__).parent.parent / "cases" / "declared_schemas" / "changes.yaml")
ENGINES = ("sqlite", "duckdb")
LEVELS = ("none", "patch", "minor", "major")


def connect(path: Path) -> Any:
    return closing(sqlite3.connect(path) if path.suffix == ".sqlite" else duckdb.connect(str(path)))


def table_of(case: dict[str, Any]) -> str:
    return f"t{CASES.index(case)}"


def renamed(case: dict[str, Any], text: str) -> str:
    """Return a text with the name of the case's table instead of `t`."""
    return re.sub(r"\bt(?=_parent\b|\b)", table_of(case), text)


def expected(case: dict[str, Any]) -> list[list[str | None]]:
    return [
        [kind, column, *(text and renamed(case, text) for text in texts)]
        for kind, column, *texts in case["changes"]
    ]


def cases_of(engine: str) -> list[dict[str, Any]]:
    return [case for case in CASES if engine in case.get("engines", ENGINES)]


def write_database(path: Path, side: str) -> Path:
    """Make a database with the tables of all cases that its engine can have."""
    path.unlink(missing_ok=True)
    with connect(path) as database:
        for case in cases_of(path.suffix[1:]):
            for statement in case[side]:
                database.execute(renamed(case, statement))
        database.commit()
    return path


@dataclass(frozen=True)
class Story:
    """What the commands said about all cases of one engine."""

    repo: Path
    source: Path
    added: dict[str, Any]
    diff: dict[str, Any]
    review: dict[str, Any]
    into: Path


@pytest.fixture(scope="module")
def stories(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Story]:
    return {engine: tell(engine, template, tmp_path_factory.mktemp(engine)) for engine in ENGINES}


@pytest.fixture(params=ENGINES)
def story(request: pytest.FixtureRequest, stories: dict[str, Story]) -> Story:
    return stories[request.param]


def tell(engine: str, template: Path, folder: Path) -> Story:
    repo = copy_repo(template, folder / "app")
    source = write_database(folder / f"source.{engine}", "before")
    run_quietly(repo, "add", "golden", source)
    commit_all(repo, "Before")
    git(repo, "switch", "-q", "-c", "change")
    write_database(source, "after")
    added = run_json(repo, "add", "golden", source)
    diff = run_json(repo, "diff", "golden@main", "golden")
    review = run_json(repo, "review", "main", "--fail-on", "never")
    into = folder / f"into.{engine}"
    run_quietly(repo, "checkout", "golden", "--into", into)
    commit_all(repo, "After")
    return Story(repo, source, added, diff, review, into)


def tables(document: dict[str, Any]) -> dict[str, Any]:
    return {table["name"]: table for table in document["tables"]}


def changes(table: dict[str, Any] | None) -> list[list[str | None]]:
    keys = ("kind", "column", "old", "new")
    return [[change.get(key) for key in keys] for change in (table or {}).get("schema", [])]


@pytest.mark.parametrize(
    ("story", "case"),
    [
        pytest.param(engine, case, id=f"{engine}: {case['name']}")
        for engine in ENGINES
        for case in cases_of(engine)
    ],
    indirect=["story"],
)
def test_a_change_is_shown_by_add_diff_bump_and_review(story: Story, case: dict[str, Any]) -> None:
    name = table_of(case)
    assert changes(tables(story.added)[name]) == expected(case)
    assert changes(tables(story.diff).get(name)) == expected(case)
    (reviewed,) = story.review["datasets"]
    assert changes(tables(reviewed["diff"]).get(name)) == expected(case)
    reasons = [reason for reason in story.diff["bump"]["reasons"] if re.search(rf"\b{name}\b", reason)]
    assert bool(reasons) == bool(case["changes"])
    errors = [f for f in reviewed["findings"] if f["table"] == name and f["severity"] == "error"]
    assert errors == []
    if case["changes"]:
        assert LEVELS.index(story.diff["bump"]["level"]) >= LEVELS.index(case["bump"])


def declared(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what a database says of each table: columns, types, NOT NULL, defaults, keys, references."""
    with connect(path) as database:
        names = [f"t{number}" for number, case in enumerate(CASES) if case in cases_of(path.suffix[1:])]
        found = {}
        for name in names:
            rows = database.execute(f"SELECT * FROM pragma_table_info('{name}')").fetchall()
            # A column of a key has no nulls in any case.
            found[name] = [
                tuple("" if place == 3 and row[5] else str(cell).lower() for place, cell in enumerate(row))
                for row in rows
            ]
            if path.suffix == ".sqlite":
                rows = database.execute(f"SELECT * FROM pragma_foreign_key_list('{name}')").fetchall()
                unique = 'SELECT "unique" FROM pragma_index_list(?) ORDER BY 1'
                rows += database.execute(unique, (name,)).fetchall()
            else:
                rows = database.execute(
                    "SELECT constraint_type, constraint_column_names, referenced_table, referenced_column_names"
                    f" FROM duckdb_constraints() WHERE table_name = '{name}' ORDER BY ALL"
                ).fetchall()
            found[name] += rows
        return found


def test_the_database_that_is_checked_out_has_the_key_and_the_constraints(story: Story) -> None:
    assert declared(story.into) == declared(story.source)


def test_the_database_that_is_checked_out_declares_the_same(story: Story, tmp_path: Path) -> None:
    repo = copy_repo(story.repo, tmp_path / "app")
    again = run_json(repo, "add", "golden", story.into)
    assert {name: changes(table) for name, table in tables(again).items() if changes(table)} == {}
    assert {table["status"] for table in again["tables"]} == {"unchanged"}


@pytest.mark.parametrize(
    ("story", "options"),
    [("sqlite", ()), ("duckdb", ("--append",)), ("sqlite", ("--replace",))],
    indirect=["story"],
)
def test_a_file_that_declares_nothing_changes_no_declaration(
    story: Story, tmp_path: Path, options: tuple[str, ...]
) -> None:
    repo = copy_repo(story.repo, tmp_path / "app")
    folder = tmp_path / "rows"
    folder.mkdir()
    contract = (repo / "datasets/golden/contract.yaml").read_text()
    with connect(story.into) as database:
        for name in tables(story.added):
            every = "*" if story.into.suffix == ".sqlite" else "COLUMNS(*)::VARCHAR"
            rows = database.execute(f"SELECT {every} FROM {name}")
            header = [column[0] for column in rows.description]
            values = rows.fetchall()
            if options == ("--append",):
                values = [[1000, *values[0][1:]]]
                if any(
                    line[0] == "unique_changed"
                    for case in CASES
                    for line in case["changes"]
                    if table_of(case) == name
                ):
                    values[0][1] = f"{name} of its own"
            with (folder / f"{name}.csv").open("w", newline="") as file:
                csv.writer(file).writerows([header, *values])
    added = run_json(repo, "add", "golden", folder, *options)
    assert {name: changes(table) for name, table in tables(added).items() if changes(table)} == {}
    assert (repo / "datasets/golden/contract.yaml").read_text() == contract


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_person_added_to_the_contract_stays(repo: Path, tmp_path: Path, engine: str) -> None:
    source = tmp_path / f"source.{engine}"
    with connect(source) as database:
        database.execute("CREATE TABLE people (id INTEGER PRIMARY KEY)")
        database.execute("INSERT INTO people VALUES (1)")
        database.execute("CREATE TABLE t (a INTEGER NOT NULL, b INTEGER, mail VARCHAR NOT NULL, who INTEGER)")
        database.execute("INSERT INTO t VALUES (1, 1, 'x', 1)")
        database.commit()
    run_quietly(repo, "add", "golden", source, "--key", "t=a,b")
    path = repo / "datasets/golden/contract.yaml"
    contract = read_yaml(path)
    table = next(one for one in contract["schema"] if one["name"] == "t")
    table["description"] = "What people did."
    table["quality"] = [
        {
            "name": "own",
            "metric": "duplicateValues",
            "arguments": {"properties": ["mail", "who"]},
            "mustBe": 0,
        },
        {"type": "sql", "query": "SELECT COUNT(*) FROM {object} WHERE NOT (a > 0)", "mustBe": 0},
        {"type": "text", "description": "Somebody looks at it."},
    ]
    columns = {column["name"]: column for column in table["properties"]}
    columns["mail"] |= {"classification": "personal", "description": "Where to write to."}
    columns["mail"]["logicalTypeOptions"] = {"maxLength": 40}
    columns["who"]["relationships"] = [{"to": "people.id"}]
    path.write_text(yaml.safe_dump(contract, sort_keys=False))
    before = read_yaml(path)

    with connect(source) as database:
        database.execute("DROP TABLE t")
        database.execute("CREATE TABLE t (a INTEGER NOT NULL, b INTEGER, mail VARCHAR, who INTEGER)")
        database.execute("INSERT INTO t VALUES (1, 1, NULL, 1), (1, 2, 'y', 1)")
        database.commit()
    added = run_json(repo, "add", "golden", source)
    assert changes(tables(added)["t"]) == [["required_changed", "mail", "required", "optional"]]
    (mail,) = (
        one
        for one in before["schema"]
        if one["name"] == "t"
        for one in one["properties"]
        if one["name"] == "mail"
    )
    del mail["required"]
    assert read_yaml(path) == before
