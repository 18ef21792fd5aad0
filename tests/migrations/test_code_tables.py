"""Hints about tables from migrations in a programming language."""

import time
from contextlib import suppress

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import detect, read_state
from tdmvc.migrations.code_tables import EFCORE, KNEX, RAILS, SEQUELIZE, TYPEORM, go_tables, sql_in_code
from tests.series import trials


@pytest.mark.parametrize(
    ("code", "tables"),
    [
        ('await q(`CREATE TABLE "shop"."orders" (id int)`)', {"orders"}),
        ('await q("ALTER TABLE \\"orders\\" ADD x int")', {"orders"}),
        ("await q('insert into `items` values (1)')", {"items"}),
        ('migrationBuilder.Sql(@"DELETE FROM ""Orders"" WHERE 1 = 1");', {"Orders"}),
        (
            "execute <<~SQL\n  UPDATE orders SET x = 1;\n  COMMENT ON COLUMN items.x IS 'x'\nSQL",
            {"items", "orders"},
        ),
        ("-- nothing\n// drop table a\n", set()),
        ("label('please update me now')", set()),
        ("update(orders)\ncopy items\n", set()),
        ("q('select 1; drop table if exists a; truncate b')", {"a", "b"}),
    ],
)
def test_sql_in_code_is_found_where_a_statement_begins(code, tables):
    assert sql_in_code(code) == tables


@pytest.mark.parametrize(
    ("hints", "code", "tables"),
    [
        (KNEX, "exports.up = k => k.schema.alterTable('a', t => t.dropColumn('x')).dropTableIfExists(`b`)", ("a", "b")),
        (KNEX, "exports.up = async (trx) => { await trx('shop.orders').del(); trx.insert(x); }", ("orders",)),
        (KNEX, "const up = async (k) => k('a');\nconst down = async (knex) => knex('gone').del();", ()),
        (KNEX, "exports.down = (knex) => knex('gone');\nexports.up = (knex) => knex('a').insert({})", ("a",)),
        (SEQUELIZE, "up: (qi) => qi.addConstraint('orders', { references: { table: 'users' } })", ("orders",)),
        (SEQUELIZE, "up: (qi) => qi.bulkInsert({ schema: 's', tableName: 'orders' }, [])", ("orders",)),
        (SEQUELIZE, "async up(qi) { qi.renameTable('a', 'b') },\n async down(qi) { qi.dropTable('c') }", ("a", "b")),
        (TYPEORM, 'async up(q) { q.createIndices("orders", []); q.dropForeignKey("a", f) }', ("a", "orders")),
        (TYPEORM, "async up(q) { await q.createTable(new Table({\n  name: 'orders',\n})) }", ("orders",)),
        (TYPEORM, "async up(q) {}\n  public async down(q) { await q.dropTable('gone') }", ()),
        (RAILS, "def change\n  add_reference :orders, :user\n  x { remove_index :items }\nend", ("items", "orders")),
        (RAILS, "def self.down\n  drop_table :gone\nend\ndef self.up\n  create_table 'a'\nend", ("a",)),
        (RAILS, "def change\n  rename_table :a, 'b'\n  # drop_table :c\n  create_table(:d)\nend", ("a", "b", "d")),
        (EFCORE, 'void Up(M m) { m.AlterTable("A"); m.InsertData(table: "B", column: "x", value: 1); }', ("A", "B")),
        (EFCORE, 'void Down(M m) { m.DropTable(name: "Gone"); }\nvoid Up(M m) { m.CreateTable(name: "A"); }', ("A",)),
        (EFCORE, 'void Up(M m) { m.AddForeignKey(name: "FK", table: "A", principalTable: "B"); }', ("A",)),
    ],
    ids=range(16),
)  # fmt: skip
def test_calls_in_the_up_migration_that_name_a_table_are_found(hints, code, tables):
    assert hints.tables(code) == tables


def test_down_functions_in_go_are_left_out():
    code = "func Up1() { q(`DROP TABLE a`) }\nfunc down1() { q(`DROP TABLE b`) }\nfunc Down2() { q(`DROP TABLE c`) }\n"
    assert go_tables(code) == ("a",)


HOSTILE = [
    "class " * 30_000,
    "export default " * 15_000,
    "class A {" * 20_000,
    "exports." * 25_000,
    "name = " * 30_000,
    "[Migration(" * 20_000,
    "[DbContext(typeof(" * 10_000,
    "class A : " * 20_000,
    ".RenameTable(" * 15_000,
    ".createTable(" * 15_000,
    "{ tableName: { schema: " * 9_000,
    "create index " * 15_000,
    "create_table " * 15_000,
    "rename_table :a, " * 12_000,
    "table: " * 30_000,
    "table" + " " * 200_000,
    ".CreateTable(name" + " " * 200_000,
    ".RenameTable(" + "newName  " * 20_000,
    "\n" * 200_000,
    " " * 200_000,
    "\t\n" * 100_000,
    "'" * 200_000,
    '\\"' * 100_000,
    "update " + "a" * 200_000,
    "update a" * 25_000,
    "func down" * 20_000,
    "-- +goose Up\n-- +goose Down\n" * 7_000,
    "-- migrate:up\n" * 14_000,
    "INSERT INTO schema_migrations (version) VALUES\n" * 4_000,
    "INSERT INTO schema_migrations (version) VALUES " + "('1')," * 30_000,
    "ActiveRecord::Schema.define(" * 7_000,
    "def down\ndef up\n" * 13_000,
    "a." * 25_000 + "a = 1",
    "(" * 200_000,
    "[" * 200_000,
    "\ufffd\x00" * 50_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_every_text_takes_little_time(tree, at, text):
    names = {
        "golang-migrate": "m/1_a.up.sql",
        "dbmate": "m/1_a.sql",
        "goose": "m/1_a.go",
        "diesel": "m/1_a/up.sql",
        "rails": "db/migrate/1_a.rb",
        "knex": "m/1_a.js",
        "sequelize": "m/1_a.js",
        "typeorm": "m/1_a.ts",
        "efcore": "m/20240101000000_A.Designer.cs",
    }
    beside = {"efcore": "m/20240101000000_A.cs", "dbmate": "schema.sql", "rails": "db/schema.rb"}
    text = text[: len(text) // trials(1, 4)]
    start = time.process_time()
    for tool, name in names.items():
        files = {name: text, beside.get(tool, name): text}
        with suppress(MigrationsError):
            read_state(tree(files), at(tool, name.rpartition("/")[0].removesuffix("/1_a")))
        detect(
            tree(files | {"package.json": text, "Cargo.toml": text, "diesel.toml": text, "knexfile.js": text})
        )
    assert time.process_time() - start < trials(6, 3)
