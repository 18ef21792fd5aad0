"""Hostile texts: each takes little time and memory, or is an error that names it."""

import time
from contextlib import suppress

import pytest

from tdmvc.errors import MigrationsError, UnreadableFileError
from tdmvc.migrations import detect, read_state
from tdmvc.migrations.schema_effects import net_effects
from tdmvc.migrations.tools.liquibase.lookup import MAX_REPLACEMENT
from tdmvc.model.migration import Migration

SCRIPTS = {"db/env.py": "", "db/versions/a.py": "revision = 'a'\n"}


@pytest.fixture(autouse=True)
def _is_quick():
    start = time.process_time()
    yield
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "[" * 3_000 + "]" * 3_000,
        "[tool.alembic]\nscript_location = " + "[" * 3_000 + "]" * 3_000,
        "a." * 20_000 + "b = 1\n[tool.alembic]\nscript_location = 'sql'\n" + "a." * 20_000 + "b = 1\n",
        "tool = 1\n",
        "[tool]\nalembic = 1\n",
    ],
    ids=range(6),
)
def test_a_toml_file_that_cannot_be_parsed_is_ignored(tree, text):
    files = {"pyproject.toml": text, "diesel.toml": text, "sqlx.toml": text}
    assert [(one.tool, one.path) for one in detect(tree(SCRIPTS | files))] == [("alembic", "db")]


def test_the_table_of_a_long_pyproject_is_found(tree):
    other = "[tool.other]\n" + "".join(f"k{n} = 'a long value'\n" for n in range(2_000))
    own = (
        '[tool.alembic] # ours\nscript_location = "%(here)s/src/db"\nversion_locations = [\n  "src/one",\n]\n'
    )
    files = {"pyproject.toml": other + own + other, "src/one/a.py": "revision = 'a'\n", "src/db/env.py": ""}
    (found,) = detect(tree(files))
    assert (found.tool, found.path) == ("alembic", "src/db")
    assert read_state(tree(files), found).heads == ("a",)


@pytest.mark.parametrize(
    "settings",
    [
        "".join(f"k{n} = %(k{n - 1})s\n" for n in range(6_000)),
        "k0 = xxxxxxxxxx\n" + "".join(f"k{n} = " + f"%(k{n - 1})s" * 20 + "\n" for n in range(1, 12)),
        f"k = {'x' * 1_000_000}\nversion_locations = {'%(k)s' * 20_000}\n",
        f"k = {'x' * 400}\nversion_locations = {'%(k)s ' * 200_000}\n",
    ],
    ids=range(4),
)
def test_settings_of_alembic_that_name_each_other_stay_small(tree, settings):
    files = SCRIPTS | {"alembic.ini": f"[alembic]\nscript_location = db\n{settings}"}
    assert [(one.tool, one.path) for one in detect(tree(files))] == [("alembic", "db")]


def test_names_that_double_each_other_are_evaluated_once(tree, at):
    doubled = "a0 = 'x'\n" + "".join(f"a{n} = a{n - 1} + a{n - 1}\n" for n in range(1, 45))
    with pytest.raises(MigrationsError) as caught:
        read_state(tree({"v/a.py": f"{doubled}revision = a44\n"}), at("alembic", "v"))
    assert caught.value.where == "v/a.py, line 46"
    assert read_state(tree({"v/a.py": f"{doubled}revision = a2\n"}), at("alembic", "v")).heads == ("xxxx",)


@pytest.mark.parametrize("when", ["1e999", "-1e400", "NaN", "Infinity", '"now"'])
def test_a_time_that_is_not_a_number_is_an_error_that_names_the_journal(tree, at, when):
    files = {
        "d/meta/_journal.json": f'{{"entries": [{{"idx": 0, "when": {when}, "tag": "0000_a"}}]}}',
        "d/0000_a.sql": "",
    }
    with pytest.raises(MigrationsError, match="0000_a") as caught:
        read_state(tree(files), at("drizzle", "d"))
    assert caught.value.where == "d/meta/_journal.json"


def test_a_version_of_five_thousand_digits_is_a_version(tree, at):
    files = {f"m/V{'1' * 5000}__a.sql": "", "m/V2__b.sql": "", "m/V2.0.0__c.sql": ""}
    state = read_state(tree(files), at("flyway", "m"))
    assert state.heads == ("1" * 5000,)
    assert [problem.kind for problem in state.problems] == ["duplicate-id"]
    assert [one.tool for one in detect(tree(files))] == ["flyway"]


def test_properties_of_liquibase_that_name_each_other_stay_small(tree, at):
    given = '<property name="a0" value="xxxxxxxxxx"/>' + "".join(
        f'<property name="a{n}" value="{f"${{a{n - 1}}}" * 10}"/>' for n in range(1, 12)
    )
    sets = '<changeSet id="${a1}" author="a"/>' + f'<changeSet id="{"${a3}" * 5_000}" author="a"/>'
    files = {"db.changelog-master.xml": f"<databaseChangeLog>{given}{sets}</databaseChangeLog>"}
    first, second = read_state(tree(files), at("liquibase", ".")).migrations
    assert f"::{'x' * 100}::" in first.id
    assert len(second.id) < MAX_REPLACEMENT + len("${a3}" * 5_000) + 100


def test_thousands_of_classes_in_one_file_take_linear_time(tree, at):
    classes = "".join(
        f"class A{n}{1700000000000 + n} implements MigrationInterface {{ up(q) {{ q.dropTable('t{n}') }} }}\n"
        for n in range(4_000)
    )
    state = read_state(tree({"m/1.ts": classes}), at("typeorm", "m"))
    assert state.count == 4_000
    assert state.migrations[7].touches == ("t7",)
    again = read_state(tree({"m/1.ts": classes.replace("'t3999'", "'other'")}), at("typeorm", "m"))
    assert again.digest != state.digest


@pytest.mark.parametrize(
    "text",
    ["up export" + " " * 200_000, "up " + "export {" * 30_000, "up\n" + "async " * 40_000, "up\n" * 60_000],
    ids=range(4),
)
def test_a_script_that_may_export_an_up_is_searched_quickly(tree, at, text):
    files = {"m/1_a.js": "exports.up = 1", "m/2_b.js": "exports.up = 1", "m/run.js": text}
    assert read_state(tree(files), at("knex", "m")).heads == ("2_b.js",)


@pytest.mark.parametrize(
    "text",
    [
        "migrations_paths:" * 20_000,
        "migrations_paths:\n" + "- a\n" * 50_000,
        "migrations_paths: " + "," * 200_000,
    ],
    ids=range(3),
)
def test_a_database_yml_is_searched_quickly(tree, text):
    files = {"config/database.yml": text, "db/migrate/1_a.rb": "class A < ActiveRecord::Migration[7.1]"}
    assert [one.path for one in detect(tree(files))] == ["db/migrate"]


def test_many_files_with_one_id_are_reported_in_one_line(tree, at):
    files = {f"m/{n:03d}.sql": "" for n in range(300)}
    pattern = r"^(?P<id>\d)\d+\.sql$"
    (first, *_) = read_state(tree(files), at("sql", "m", pattern)).problems
    assert first.message == (
        "100 files have the id '0': m/000.sql, m/001.sql, m/002.sql, m/003.sql, m/004.sql and 95 more."
    )


def test_a_file_that_is_too_large_to_be_text_does_not_hide_other_folders(tree):
    class Heavy(type(tree({}))):
        def read_text(self, path):
            if "huge" in path:
                raise UnreadableFileError.too_large(path, 100_000_000, 1 << 25)
            return super().read_text(path)

    files = {
        "api/migrations/1_huge.sql": "",
        "api/migrations/2_a.sql": "-- +goose Up",
        "huge/package.json": "",
        "huge/migrations/1.js": "exports.up = (knex) => 1",
        "java/db/migration/V1__huge.sql": "",
        "shop/migrations/0001_huge.py": "",
        "web/migrations/20240101_huge.ts": "",
    }
    assert {(one.tool, one.path) for one in detect(Heavy(files))} == {
        ("goose", "api/migrations"),
        ("flyway", "java/db/migration"),
    }


LONG = 40_000
HOSTILE = [
    "class " * (LONG // 6),
    "public " * (LONG // 7) + "x",
    "[a] " * (LONG // 4),
    "[Migration(1)]" + " " * LONG,
    "class A" + " " * LONG + "{",
    "\n" * LONG,
    "a " * (LONG // 2),
    "a" * LONG,
    "a" + " " * LONG + "b",
    "use " * (LONG // 4),
    "table(" * (LONG // 6),
    "function up function " * (LONG // 21),
    "->table(" * (LONG // 8),
    "Schema::rename(" * (LONG // 15),
    "Box::new(a::" * (LONG // 12),
    "Box::new(" + "a::" * (LONG // 3),
    "impl MigrationTrait " * (LONG // 20),
    "fn name(&self) " * (LONG // 15),
    "-" * LONG,
    "-- up\n" * (LONG // 6),
    "INSERT INTO migrations VALUES (1,'a',1)" + " " * LONG,
    "INSERT INTO migrations (" * (LONG // 24),
    "COPY migrations (" * (LONG // 17),
    "migrations: " * (LONG // 12),
    "export * as " * (LONG // 12),
    "import a from './" * (LONG // 17),
    "namespace A" * (LONG // 11),
    "<parent>" * (LONG // 8),
    "<dependency>" * (LONG // 12),
    "tablename=" * (LONG // 10),
]
PLACES = {
    "laravel": ["database/migrations/2024_01_0{}_000000_a.php", "database/schema/mysql-schema.sql"],
    "phinx": ["db/2024010{}000000_a.php", "phinx.php"],
    "doctrine": ["m/Version{}.php"],
    "ecto": ["priv/repo/migrations/{}_a.exs", "priv/repo/structure.sql"],
    "aerich": ["m/{}_a.py", "m/{}_b.sql"],
    "kysely": ["migrations/{}.ts", "migrations/index.ts"],
    "node-pg-migrate": ["migrations/{}_a.js", "migrations/{}_b.sql"],
    "mikroorm": ["migrations/Migration{}.ts"],
    "hasura": ["m/{}_a/up.sql", "config.yaml"],
    "seaorm": ["src/m20240101_00000{}_a.rs", "src/lib.rs"],
    "fluentmigrator": ["Migrations/{}.cs"],
    "refinery": ["m/V{}__a.rs", "m/V{}__b.sql"],
}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_is_searched_quickly_by_each_reader(tree, at, text):
    for tool, (first, *others) in PLACES.items():
        files = {first.format(1): text} | {name.format(2): text for name in others}
        folder = first.rpartition("/")[0]
        with suppress(MigrationsError):
            read_state(tree(files), at(tool, folder.rpartition("/")[0] if tool == "hasura" else folder))
    module = {f"a/src/main/resources/{n}.txt": "" for n in range(2)} | {
        "a/pom.xml": text,
        "a/build.gradle": text,
        "b/src/main/resources/x.txt": "",
        "a/src/main/resources/master.xml": '<databaseChangeLog><include file="none.xml"/></databaseChangeLog>',
    }
    with pytest.raises(MigrationsError):
        read_state(tree(module), at("liquibase", "a/src/main/resources/master.xml"))


def test_any_text_is_sampled_quickly_in_detection(tree):
    names = [name.format(n) for places in PLACES.values() for name in places for n in (1, 2)]
    for text in HOSTILE[::2]:
        detect(tree(dict.fromkeys(names, text[: LONG // 10])))


EFFECTS = [
    "ALTER TABLE t " * (LONG // 14),
    "ALTER TABLE t ADD " + "a int, " * (LONG // 7),
    "ALTER TABLE t ADD " + "(" * LONG,
    "ALTER TABLE t ADD a int;" * (LONG // 24),
    "ALTER TABLE t RENAME " * (LONG // 21),
    "INSERT INTO t SELECT 1;" * (LONG // 23),
    '"alter table t ' * (LONG // 15),
    "`alter table t " * (LONG // 15),
    "add_column :t" * (LONG // 13),
    "def upgrade():\n" + "    op.add_column('t', sa.Column('c'))\n" * (LONG // 40),
    "def upgrade():\n    x" + ".a" * 3_000 + "()\n",
    "class Migration:\n    operations = " + "[" * 150 + "]" * 150,
    "class Migration:\n    operations = [migrations.AddField('a', 'b', x" + ".a" * 3_000 + "())]\n",
    "class Migration:\n    operations = [" + "migrations.SeparateDatabaseAndState([" * 60 + "])" * 60 + "]\n",
]


@pytest.mark.parametrize("text", [*EFFECTS, *HOSTILE[::3]], ids=range(len(EFFECTS) + len(HOSTILE[::3])))
def test_any_text_is_searched_quickly_for_what_it_adds_and_removes(tree, text):
    for tool, path in (
        ("sql", "1.sql"), ("alembic", "a.py"), ("django", "a.py"), ("rails", "1_a.rb"), ("knex", "1.js"),
        ("typeorm", "a.ts"), ("efcore", "a.cs"),
    ):  # fmt: skip
        migration = Migration("shop.0001_a", "a", path, touches=("shop_a",))
        for effect in (one for _, one in net_effects(tree({path: text}), tool, [migration]).shapes):
            assert effect.table
