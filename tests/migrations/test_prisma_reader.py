"""The Prisma reader: folders of migrations."""

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import detect, read_state
from tests.migrations.states import find, ids


def files(*names, folder="prisma/migrations"):
    return {f"{folder}/{name}/migration.sql": f"-- {name}\n" for name in names}


def test_a_realistic_folder_is_found_and_read_in_the_order_of_names(case_tree):
    (found,) = detect(case_tree("prisma"))
    assert (found.tool, found.path) == ("prisma", "prisma/migrations")
    state = read_state(case_tree("prisma"), found)
    assert [(m.id, m.name, m.touches) for m in state.migrations] == [
        ("0_init", "0 init", ("Customer",)),
        ("20230105093000_add_index", "add index", ("Customer",)),
        ("20230105093000_add_orders", "add orders", ("Order",)),
        ("20240220141500_backfill", "backfill", ("Order",)),
    ]
    assert state.heads == ("20240220141500_backfill",)
    assert state.migrations[2].parents == ("20230105093000_add_index",)


def test_a_folder_without_its_script_is_a_problem(case_tree, at):
    state = read_state(case_tree("prisma"), at("prisma", "prisma/migrations"))
    assert [(p.kind, p.path) for p in state.problems] == [
        ("unreadable-file", "prisma/migrations/20240301000000_lost")
    ]


def test_names_are_sorted_as_text_and_not_as_numbers(tree, at):
    state = read_state(tree(files("9_a", "10_b", "2_c")), at("prisma", "prisma/migrations"))
    assert ids(state) == ["10_b", "2_c", "9_a"]


def test_names_are_sorted_as_by_locale_compare(tree, at):
    names = ["0_init", "1_a", "10_b", "2_B", "2_b", "2_é", "2_ea", "2-c"]
    state = read_state(tree(files(*names)), at("prisma", "prisma/migrations"))
    assert ids(state) == ["0_init", "1_a", "10_b", "2_b", "2_B", "2_é", "2_ea", "2-c"]


def test_only_the_script_counts_for_the_digest(tree, at):
    def digest(**more):
        tree_ = tree({**files("1_a"), **{f"prisma/migrations/{path}": text for path, text in more.items()}})
        return read_state(tree_, at("prisma", "prisma")).digest

    assert digest() == digest(**{"1_a/down.sql": "drop table a", "migration_lock.toml": "x"})
    assert digest() != digest(**{"1_a/migration.sql": "create table b (x int)"})


@pytest.mark.parametrize("path", ["prisma", "prisma/migrations", "prisma/schema.prisma", "."])
def test_a_location_may_be_any_folder_above_or_the_schema(tree, at, path):
    schema = {"prisma/schema.prisma": "", **files("1_a")}
    assert ids(read_state(tree(schema), at("prisma", path))) == ["1_a"]


@pytest.mark.parametrize(
    "given",
    [
        {"db/migrations/migration_lock.toml": "", **files("1_a", folder="db/migrations")},
        {"db/schema.prisma": "", **files("1_a", folder="db/migrations")},
        {"db/schema/user.prisma": "", **files("1_a", folder="db/migrations")},
        {
            "prisma.config.ts": "export default defineConfig({\n  schema: 'x',\n"
            "  migrations: {\n    seed: 'tsx seed.ts', path: './db/migrations' },\n});",
            **files("1_a", folder="db/migrations"),
        },
    ],
    ids=["lock", "schema", "schema-folder", "config"],
)
def test_a_folder_is_found_by_its_lock_file_a_schema_or_the_configuration(tree, given):
    assert [(loc.tool, loc.path) for loc in find("prisma", tree(given))] == [("prisma", "db/migrations")]


def test_folders_with_only_scripts_and_folders_of_tests_are_not_found(tree):
    others = files("1_a", folder="drizzle") | {
        "tests/prisma/migrations/migration_lock.toml": "",
        **files("1_a", folder="tests/prisma/migrations"),
    }
    assert find("prisma", tree(others)) == []


@pytest.mark.parametrize("path", ["prisma", "nowhere"])
def test_no_script_is_an_error(tree, at, path):
    with pytest.raises(MigrationsError):
        read_state(tree({"prisma/migrations/1_a/readme.md": ""}), at("prisma", path))


def test_ten_thousand_migrations_are_one_sequence(tree, at):
    names = [f"{n:014d}_x" for n in range(10_000)]
    state = read_state(tree(files(*names)), at("prisma", "prisma"))
    assert ids(state) == names
    assert state.problems == ()
