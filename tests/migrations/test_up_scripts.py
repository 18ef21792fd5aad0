"""What migrations run: their up migrations, one after another, each line where its file has it."""

from collections.abc import Callable

import pytest

from tdmvc.migrations import read_scripts, read_state
from tdmvc.migrations.up_scripts import declared_engine, find_migration, scripts_until
from tdmvc.model.migration import MigrationLocation
from tdmvc.model.tree import FileTree

Tree = Callable[[dict[str, str]], FileTree]
At = Callable[..., MigrationLocation]

UP = "CREATE TABLE t (id int);"
DOWN = "DROP TABLE t;"
TOOLS = {
    "dbmate": ("m/1_a.sql", f"-- migrate:up\n{UP}\n-- migrate:down\n{DOWN}\n", "m"),
    "goose": ("m/1_a.sql", f"-- +goose Up\n{UP}\n-- +goose Down\n{DOWN}\n", "m"),
    "golang-migrate": ("m/000001_a.up.sql", f"\n{UP}\n", "m"),
    "flyway": ("m/V1__a.sql", f"\n{UP}\n", "m"),
    "prisma": ("m/20240101000000_a/migration.sql", f"\n{UP}\n", "m"),
    "diesel": ("m/2024-01-01-000000_a/up.sql", f"\n{UP}\n", "m"),
    "hasura": ("m/1_a/up.sql", f"\n{UP}\n", "m"),
    "sqlx": ("m/1_a.sql", f"\n{UP}\n", "m"),
    "refinery": ("m/V1__a.sql", f"\n{UP}\n", "m"),
    "atlas": ("m/1_a.sql", f"\n{UP}\n", "m"),
    "yoyo": ("m/1_a.sql", f"\n{UP}\n", "m"),
    "sql": ("m/1_a.sql", f"\n{UP}\n-- Down Migration\n{DOWN}\n", "m"),
    "liquibase": (
        "m/db.changelog-master.sql",
        f"--liquibase formatted sql\n{UP}\n--changeset me:1\n{UP}\n--rollback {DOWN}\n",
        "m",
    ),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_up_migration_of_each_tool_keeps_its_lines(tree: Tree, at: At, tool: str) -> None:
    path, text, folder = TOOLS[tool]
    [script] = read_scripts(tree({path: text}), at(tool, folder))
    assert script.migration.path == path
    lines = (script.text or "").split("\n")
    place = 3 if tool == "liquibase" else 1
    assert lines[place] == UP
    assert [line for line in lines if line and not line.startswith("--")] == [UP]


def test_sections_that_follow_a_down_section_keep_their_lines(tree: Tree, at: At) -> None:
    text = f"-- migrate:up\n{UP}\n-- migrate:down\n{DOWN}\n-- migrate:up\nALTER TABLE t ADD a int;\n-- migrate:down\n"
    [script] = read_scripts(tree({"m/1_a.sql": text}), at("dbmate", "m"))
    assert (script.text or "").split("\n")[5] == "ALTER TABLE t ADD a int;"
    assert DOWN not in (script.text or "")


def test_a_schema_file_stands_for_all_migrations_if_some_were_removed(tree: Tree, at: At) -> None:
    schema = f"{UP}\nINSERT INTO schema_migrations (version) VALUES ('1'), ('2');\n"
    files = {
        "db/schema.sql": schema,
        "db/m/2_b.sql": "-- migrate:up\nALTER TABLE t ADD a int;\n-- migrate:down\n",
    }
    [script] = read_scripts(tree(files), at("dbmate", "db/m"))
    assert (script.migration.path, script.text) == ("db/schema.sql", schema)


def test_change_sets_run_in_the_databases_that_they_name(tree: Tree, at: At) -> None:
    text = (
        "--liquibase formatted sql\n--changeset me:1 dbms:postgresql\nSELECT 1;\n"
        '--changeset me:1 dbms:"mysql, mariadb"\nSELECT 2;\n--changeset me:2 dbms:!mysql\nSELECT 3;\n'
        "--changeset me:3\nSELECT 4;\n"
    )
    scripts = read_scripts(tree({"m/db.changelog-master.sql": text}), at("liquibase", "m"))

    def run_in(engine: str) -> list[str]:
        return [
            line for s in scripts if s.runs_in(engine) for line in (s.text or "").split("\n") if "SEL" in line
        ]

    assert run_in("postgresql") == ["SELECT 1;", "SELECT 3;", "SELECT 4;"]
    assert run_in("mysql") == ["SELECT 2;", "SELECT 4;"]
    assert run_in("sqlite") == ["SELECT 3;", "SELECT 4;"]


def test_what_is_filled_in_is_left_out_and_code_has_no_script(tree: Tree, at: At) -> None:
    files = {"m/V1__a.sql": "CREATE TABLE ${schema}.t (id int);", "m/V2__b.java": "class V2__b {}"}
    first, second = read_scripts(tree(files), at("flyway", "m"))
    assert (first.text, first.has_templates) == ("CREATE TABLE t (id int);", True)
    assert second.text is None


def test_a_migration_is_found_by_id_number_or_file_and_needs_those_before_it(tree: Tree, at: At) -> None:
    files = {f"m/00000{n}_a{n}.up.sql": UP for n in (1, 2, 3)}
    state = read_state(tree(files), at("golang-migrate", "m"))
    for name in ("2", "000002", "000002_a2.up", "000002_a2.up.sql"):
        found = find_migration(state, name)
        assert found is not None
        assert found.id == "2"
    assert find_migration(state, "4") is None
    assert find_migration(state, "") is None
    needed = scripts_until(read_scripts(tree(files), at("golang-migrate", "m")), "2")
    assert [one.migration.id for one in needed] == ["1", "2"]


@pytest.mark.parametrize(
    ("files", "path", "tool", "engine"),
    [
        ({"m/1_a.up.sql": UP}, "m", "golang-migrate", None),
        ({"db/mysql/1_a.up.sql": UP}, "db/mysql", "golang-migrate", "mysql"),
        ({"jdbc-postgres/db/1_a.up.sql": UP}, "jdbc-postgres/db", "golang-migrate", "postgresql"),
        (
            {"m/migration_lock.toml": 'provider = "sqlite"\n', "m/1_a/migration.sql": UP},
            "m",
            "prisma",
            "sqlite",
        ),
    ],
)
def test_the_engine_is_that_of_the_settings_or_of_a_folder(
    tree: Tree, at: At, files: dict[str, str], path: str, tool: str, engine: str | None
) -> None:
    files_tree = tree(files)
    assert declared_engine(files_tree, read_state(files_tree, at(tool, path))) == engine
