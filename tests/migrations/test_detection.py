"""Detection: which tool a folder belongs to if its file names fit several, and at what cost."""

from collections import Counter

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import READERS, detect, read_state
from tdmvc.migrations.detection import BY_NAME_ALONE, CachedTree, precedence
from tdmvc.migrations.evidence import SAMPLE_FILES

PAIR = {"db/migrations/1_a.up.sql": "CREATE TABLE a (x int);", "db/migrations/1_a.down.sql": "DROP TABLE a;"}
PLAIN = {"db/migrations/1_a.sql": "CREATE TABLE a (x int);"}
CARGO = {"Cargo.toml": '[dependencies]\nsqlx = "0.8"\n'}


class CountingTree:
    """A tree that counts how often each of its methods is called."""

    label = "abc1234"

    def __init__(self, inner):
        self._inner = inner
        self.listed = 0
        self.reads = Counter()

    def list_files(self, folder=""):
        self.listed += 1
        return self._inner.list_files(folder)

    def read_text(self, path):
        self.reads[path] += 1
        return self._inner.read_text(path)

    def read_texts(self, paths):
        for path in paths:
            text = self.read_text(path)
            if text is not None:
                yield path, text


def tools(found):
    return [(location.tool, location.path) for location in found]


@pytest.mark.parametrize(
    ("files", "tool"),
    [
        (PAIR, "golang-migrate"),
        (PAIR | CARGO, "sqlx"),
        (PAIR | CARGO | {"db/go.mod": "module x\n"}, "golang-migrate"),
        (PAIR | {".sqlx/query-1.json": "{}"}, "sqlx"),
        (PLAIN, "sql"),
        (PLAIN | CARGO, "sqlx"),
        ({"db/migrations/1_a.sql": "-- +goose Up\nSELECT 1;"} | CARGO, "goose"),
        ({"db/migrations/1_a.sql": "-- migrate:up\nSELECT 1;"}, "dbmate"),
        ({"db/migrations/1_a.sql": "-- +migrate Up\nSELECT 1;"}, "sql"),
        ({"db/migrations/1_a.sql": "SELECT '-- +goose Up';"}, "sql"),
    ],
    ids=range(10),
)
def test_a_folder_of_numbered_sql_files_belongs_to_the_tool_that_it_has_signs_of(tree, files, tool):
    assert tools(detect(tree(files))) == [(tool, "db/migrations")]


@pytest.mark.parametrize(
    ("text", "package", "tool"),
    [
        ("exports.up = (knex) => knex.schema.dropTable('a');", "", "knex"),
        ("exports.up = (queryInterface) => queryInterface.dropTable('a');", '"knex": "1"', "sequelize"),
        ("export class A1700000000000 implements MigrationInterface { up() {} }", '"knex": "1"', "typeorm"),
        ("exports.up = (db) => db.schema.dropTable('a');", '"knex": "1"', "knex"),
        ("exports.up = (q) => q.dropTable('a');", '"sequelize-cli": "6"', "sequelize"),
        ("exports.up = (db) => db.schema.dropTable('a');", '"knex": "1", "sequelize": "6"', None),
        ("exports.up = (db) => db.schema.dropTable('a');", "", None),
        ("exports.up = (pgm) => pgm.dropTable('a');", '"knex": "1"', "node-pg-migrate"),
        (
            "export async function up(db: Kysely<any>) { await db.schema.dropTable('a') }",
            '"knex": "1"',
            "kysely",
        ),
        ("exports.up = async (db) => { await db.schema.dropTable('a'); };", '"kysely": "1"', "kysely"),
        (
            "import { Migration } from '@mikro-orm/migrations';\nexport class A extends Migration { async up() {} }",
            '"typeorm": "1"',
            "mikroorm",
        ),
        ("module.exports = { async up(db) { await db.collection('a').drop() } };", '"knex": "1"', None),
        ("console.log('no migration');", '"knex": "1"', None),
        ("export class Service { run(queryRunner) { knex('a'); } } // up", '"knex": "1"', None),
        ("exports.up = (k) => k;", '"mongoose": "8"', None),
    ],
    ids=range(15),
)
def test_a_folder_of_scripts_belongs_to_the_tool_that_they_or_their_project_use(tree, text, package, tool):
    files = {"api/package.json": f'{{"dependencies": {{{package}}}}}'}
    files |= {f"api/migrations/2024010{n}120000-a.ts": text.replace("A17", f"A{n}7") for n in (1, 2)}
    assert tools(detect(tree(files))) == ([(tool, "api/migrations")] if tool else [])


def test_a_tool_that_recognises_a_folder_only_by_its_file_names_comes_last():
    order = precedence(READERS)
    assert order[-2:] == list(BY_NAME_ALONE)
    assert sorted(order) == sorted(READERS)
    # All others keep the order of the registry.
    others = [tool for tool in READERS if tool not in BY_NAME_ALONE]
    assert order[:-2] == others


def test_no_folder_belongs_to_two_tools(tree):
    files = (
        PAIR | CARGO | {"b/migrations/1_a.sql": "-- +goose Up\n-- migrate:up\n", "c/migrations/1_a.sql": ""}
    )
    found = detect(tree(files))
    assert len({location.path for location in found}) == len(found) == 3


@pytest.mark.parametrize("path", ["nowhere", "docs", "."])
@pytest.mark.parametrize("tool", READERS)
def test_a_folder_without_migrations_of_a_tool_is_an_error_that_names_it(tree, at, tool, path):
    files = {"docs/readme.md": "# Nothing\n", "docs/Cargo.lock": "", "main.c": "int main;"}
    with pytest.raises(MigrationsError) as caught:
        read_state(tree(files), at(tool, path))
    assert path in caught.value.where
    assert "abc1234" in caught.value.what


@pytest.mark.parametrize(
    ("tool", "name", "text"),
    [
        ("golang-migrate", "{}_a.up.sql", "CREATE TABLE a (x int);"),
        ("goose", "{}_a.sql", "-- +goose Up\nCREATE TABLE a (x int);"),
        ("dbmate", "{}_a.sql", "-- migrate:up\nCREATE TABLE a (x int);\n-- migrate:down\n"),
        ("sqlx", "{}_a.sql", "CREATE TABLE a (x int);"),
        ("diesel", "{}_a/up.sql", "CREATE TABLE a (x int);"),
        ("rails", "{0}_a{0}.rb", "class A < ActiveRecord::Migration[7.1]\nend"),
        ("knex", "{}_a.js", "exports.up = (knex) => {};"),
        ("sequelize", "{}_a.js", "exports.up = (queryInterface) => {};"),
        (
            "typeorm",
            "{0}-a.ts",
            "class A1700000000000 implements MigrationInterface {{\n name = 'A17000000{0:05d}'; up() {{}} }}",
        ),
        ("efcore", "{0:014d}_A.cs", '[Migration("{0:014d}_A")] class A : Migration {{ }}'),
    ],
)
def test_a_history_of_any_length_is_read_once_file_by_file(tree, at, tool, name, text):
    fill = text if "{{" in text else text.replace("{", "{{").replace("}", "}}")
    files = {f"db/migrate/{name.format(n)}": fill.format(n) for n in range(10_001, 11_501)}
    others = {f"src/{n}.txt": "" for n in range(100)}
    counting = CountingTree(tree(files | others))
    state = read_state(counting, at(tool, "db/migrate"))
    assert state.count == 1500
    assert set(counting.reads) >= set(files)
    assert {path for path in files if counting.reads[path] != 1} == set()
    # Besides the migrations, at most two schema files are looked for.
    assert sum(counting.reads.values()) <= 1502
    assert counting.listed <= 3


def test_detection_lists_a_tree_once_and_reads_a_few_files_of_each_folder_once(tree):
    files = {
        f"svc{n}/migrations/{k:05d}_a.{ending}": "-- nothing"
        for n in range(20)
        for k in range(200)
        for ending in ("sql", "js", "go", "rb")
    }
    counting = CountingTree(tree(files | {f"src/{n}.c": "" for n in range(1000)} | CARGO))
    detect(counting)
    assert counting.listed == 1
    assert max(counting.reads.values()) == 1
    # Numbered SQL and Go files are sampled both together and separately; scripts and Ruby files separately.
    assert sum(counting.reads.values()) <= 20 * 5 * SAMPLE_FILES + 1


def test_a_cached_tree_returns_what_the_tree_itself_returns(tree):
    names = ["a/b/c.sql", "a/b.sql", "a-b/c.sql", "a/b0/c.sql", "z.sql", "a/b/ü.sql"]
    inner = tree({name: name for name in names})
    once = CachedTree(inner)
    for folder in ("", "a", "a/b", "a-b", "b", "a/b/c.sql"):
        assert once.list_files(folder) == inner.list_files(folder)
    assert [*once.read_texts([*names, "none"])] == [*inner.read_texts([*names, "none"])]
    assert once.read_text("none") is None
    assert once.label == inner.label
