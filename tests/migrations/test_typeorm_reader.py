"""The TypeORM reader: classes whose order is not clear."""

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import detect, read_state

CLASS = "import * as t from 'typeorm';\n\nexport class %s implements MigrationInterface {\n  up() {}\n}\n"


@pytest.mark.parametrize("name", ["AddOrders", "AddOrders0000000000000", "Add1700"])
def test_a_class_without_a_timestamp_is_a_problem_and_alone_an_error(tree, at, name):
    files = {"m/1-a.ts": CLASS % "A1700000000000", "m/2-b.ts": CLASS % name}
    state = read_state(tree(files), at("typeorm", "m"))
    assert state.heads == ("A1700000000000",)
    assert [(p.kind, p.path) for p in state.problems] == [("unreadable-file", "m/2-b.ts")]
    del files["m/1-a.ts"]
    with pytest.raises(MigrationsError, match=f"'{name}' does not end with a timestamp") as caught:
        read_state(tree(files), at("typeorm", "m"))
    assert caught.value.where == "m/2-b.ts, line 3"


def test_a_script_above_the_folders_of_migrations_does_not_make_them_one_location(tree):
    files = {
        "db/migration/postgres-initial.ts": CLASS % "initial0",
        "db/migration/postgres/1700000000000-a.ts": CLASS % "A1700000000000",
        "db/migration/postgres/1700000000001-b.ts": CLASS % "B1700000000001",
    }
    (found,) = detect(tree(files))
    assert found.path == "db/migration/postgres"
    assert read_state(tree(files), found).heads == ("B1700000000001",)


def test_a_string_in_the_up_migration_does_not_name_the_class(tree, at):
    text = "class A1700000000000 implements MigrationInterface {\n  up() {\n    name = 'B1800000000000'\n  }\n}\n"
    assert read_state(tree({"m/a.ts": text}), at("typeorm", "m")).heads == ("A1700000000000",)


def test_classes_with_equal_timestamps_are_in_the_order_of_their_files(tree, at):
    files = {"m/1.ts": CLASS % "B1700000000000", "m/2.ts": CLASS % "A1700000000000"}
    state = read_state(tree(files), at("typeorm", "m"))
    assert [migration.id for migration in state.migrations] == ["B1700000000000", "A1700000000000"]
    assert state.problems == ()
