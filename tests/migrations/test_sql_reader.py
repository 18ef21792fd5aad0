"""The reader of plain SQL files: names and patterns."""

import pytest

from tdmvc.errors import ConfigError, MigrationsError
from tdmvc.migrations import detect, read_state
from tests.migrations.states import ids


def files(*names, folder="migrations"):
    return {f"{folder}/{name}": "ALTER TABLE a ADD b int;" for name in names}


def test_numbers_are_compared_as_numbers(tree, at):
    state = read_state(tree(files("9_a.sql", "10_b.sql", "0002-c.sql")), at("sql", "migrations"))
    assert ids(state) == ["0002", "9", "10"]
    assert state.heads == ("10",)
    assert [m.name for m in state.migrations] == ["c", "a", "b"]
    assert [m.parents for m in state.migrations] == [(), ("0002",), ("9",)]
    assert state.migrations[0].touches == ("a",)


def test_down_files_and_subfolders_are_left_out(tree, at):
    names = (
        "1_a.up.sql",
        "1_a.down.sql",
        "2_b.sql",
        "2_b_down.sql",
        "3_c.UNDO.sql",
        "old/7_x.sql",
        "notes.md",
    )
    state = read_state(tree(files(*names)), at("sql", "migrations/"))
    assert ids(state) == ["1", "2"]
    assert state.migrations[0].name == "a"
    assert state.problems == ()


def test_a_pattern_decides_what_counts(tree, at):
    pattern = r"(?P<name>\w+)/r(?P<id>[\d.]+)\.ddl$"
    state = read_state(
        tree(files("core/r1.2.ddl", "core/r1.10.ddl", "1_a.sql")), at("sql", "migrations", pattern)
    )
    assert ids(state) == ["1.2", "1.10"]
    assert state.migrations[0].name == "core"


@pytest.mark.parametrize("pattern", ["(?P<id>", r"\d+", "*"])
def test_a_pattern_that_cannot_be_used_is_an_error_of_the_configuration(tree, at, pattern):
    with pytest.raises(ConfigError, match=r"tdmvc\.yaml") as caught:
        read_state(tree(files("1_a.sql")), at("sql", "migrations", pattern))
    assert not isinstance(caught.value, MigrationsError)


@pytest.mark.parametrize("names", [("7_a.sql", "7_b.sql"), ("7_a.sql", "007_b.sql")])
def test_two_files_with_one_number_are_a_problem(tree, at, names):
    state = read_state(tree(files(*names)), at("sql", "migrations"))
    assert [problem.kind for problem in state.problems] == ["duplicate-id"]


@pytest.mark.parametrize("path", ["nowhere", "migrations"])
def test_no_matching_file_is_an_error(tree, at, path):
    with pytest.raises(MigrationsError, match=r"abc1234"):
        read_state(tree(files("readme.md")), at("sql", path))


def test_folders_called_migrations_are_found_under_different_names(tree):
    found = detect(
        tree(
            files("1_a.sql", folder="svc/billing/migrations") | files("1_a.sql", folder="svc/shop/migrations")
        )
    )
    assert [(loc.name, loc.tool, loc.path) for loc in found] == [
        ("billing", "sql", "svc/billing/migrations"),
        ("shop", "sql", "svc/shop/migrations"),
    ]


def test_numbered_files_in_other_folders_or_next_to_python_are_not_found(tree):
    assert detect(tree(files("1_a.sql", folder="queries"))) == ()
    assert detect(tree(files("1_a.sql") | {"migrations/env.py": ""})) == ()
