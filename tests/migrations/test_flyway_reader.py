"""The Flyway reader: versions, repeatable files and folders."""

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import detect, read_state
from tests.migrations.states import ids


def files(*names, folder="db/migration"):
    return {
        f"{folder}/{name}": f"-- {name}\nCREATE TABLE t{position} (x int);"
        for position, name in enumerate(names)
    }


def test_versions_are_compared_number_by_number(tree, at):
    state = read_state(
        tree(files("V1.9__a.sql", "V1.10__b.sql", "V1_2__c.sql", "V2__d.sql")), at("flyway", "db")
    )
    assert ids(state) == ["1.2", "1.9", "1.10", "2"]
    assert state.heads == ("2",)
    assert [m.parents for m in state.migrations] == [(), ("1.2",), ("1.9",), ("1.10",)]
    assert [m.name for m in state.migrations] == ["c", "a", "b", "d"]
    assert state.migrations[0].touches == ("t2",)


def test_repeatable_files_count_only_for_the_digest(tree, at):
    base = files("V1__a.sql")
    plain = read_state(tree(base), at("flyway", "db"))
    with_view = read_state(tree(base | {"db/migration/R__views.sql": "create view a"}), at("flyway", "db"))
    edited = read_state(tree(base | {"db/migration/R__views.sql": "create view b"}), at("flyway", "db"))
    assert with_view.heads == ("1",)
    assert ids(with_view) == ["1"]
    assert len({plain.digest, with_view.digest, edited.digest}) == 3


def test_undo_files_and_callbacks_are_left_out(tree, at):
    state = read_state(
        tree(files("V1__a.sql", "U1__a.sql", "beforeMigrate.sql", "U2__b.sql")), at("flyway", "db")
    )
    alone = read_state(tree(files("V1__a.sql")), at("flyway", "db"))
    assert ids(state) == ["1"]
    assert state.digest == alone.digest


def test_a_baseline_replaces_the_versions_before_it(tree, at):
    assert ids(read_state(tree(files("B5__base.sql", "V6__x.sql")), at("flyway", "db"))) == ["5", "6"]
    both = read_state(tree(files("V4__w.sql", "V5__v.sql", "B5__base.sql")), at("flyway", "db"))
    assert ids(both) == ["4", "5"]
    assert both.problems == ()


@pytest.mark.parametrize(
    "names", [("V1__a.sql", "V1__b.sql"), ("V1__a.sql", "V1.0__b.sql"), ("V1__a.sql", "V01__b.sql")]
)
def test_two_files_with_one_version_are_a_problem(tree, at, names):
    state = read_state(tree(files(*names)), at("flyway", "db"))
    assert [problem.kind for problem in state.problems] == ["duplicate-id"]
    assert state.count == 2


def test_a_file_whose_version_flyway_does_not_understand_is_a_problem(tree, at):
    state = read_state(tree(files("V1__a.sql", "V2_missing.sql", "V3b__x.sql")), at("flyway", "db"))
    assert [(p.kind, p.path) for p in state.problems] == [
        ("unreadable-file", "db/migration/V2_missing.sql"),
        ("unreadable-file", "db/migration/V3b__x.sql"),
    ]
    assert state.heads == ("1",)


def test_java_migrations_next_to_the_resources_belong_to_them(tree, at):
    both = files("V1__a.sql", folder="src/main/resources/db/migration") | files(
        "V2__B.java", "Validator.java", folder="src/main/java/db/migration"
    )
    assert [(loc.tool, loc.path) for loc in detect(tree(both))] == [
        ("flyway", "src/main/resources/db/migration")
    ]
    state = read_state(tree(both), at("flyway", "src/main/resources/db/migration"))
    assert state.heads == ("2",)
    assert state.problems == ()


def test_the_folder_of_each_database_is_a_separate_location(tree):
    two = files("V1__a.sql", folder="db/migration/mysql") | files(
        "V1__a.sql", folder="db/migration/postgresql"
    )
    assert [(loc.name, loc.path) for loc in detect(tree(two))] == [
        ("mysql", "db/migration/mysql"),
        ("postgresql", "db/migration/postgresql"),
    ]


def test_folders_for_each_year_are_one_location(tree, at):
    years = files("V1__a.sql", folder="db/migration/2023") | files("V2__b.sql", folder="db/migration/2024")
    assert [loc.path for loc in detect(tree(years))] == ["db/migration"]
    assert read_state(tree(years), at("flyway", "db/migration")).heads == ("2",)


def test_a_version_without_a_name_counts_in_sql_but_is_not_detected(tree, at):
    bare = files("V1.sql", "V2.java")
    assert detect(tree(bare)) == ()
    assert ids(read_state(tree(bare), at("flyway", "db"))) == ["1"]


def test_test_folders_are_not_found(tree):
    assert detect(tree(files("V1__a.sql", folder="src/test/resources/db/migration"))) == ()


@pytest.mark.parametrize("path", ["db", "nowhere"])
def test_no_versioned_file_is_an_error(tree, at, path):
    with pytest.raises(MigrationsError):
        read_state(tree(files("R__views.sql", "readme.txt")), at("flyway", path))
