"""What migrations add, remove and fill is found in SQL, Python and other code, in their order."""

import pytest

from tdmvc.migrations.schema_effects import net_effects
from tdmvc.migrations.sql_effects import sql_effects
from tdmvc.model.migration import Migration
from tests.builders import MemoryTree


def _sql(text: str) -> list[str]:
    return [_shown(effect.table, effect.columns, exists=effect.exists) for effect in sql_effects(text)]


def _shown(table: str, columns: tuple[str, ...], *, exists: bool | None) -> str:
    sign = "~" if exists is None else "+" if exists else "-"
    return sign + ".".join((table, *columns[:1]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ALTER TABLE "shop"."Orders" ADD COLUMN IF NOT EXISTS "Note" text;', "+orders.note"),
        ("alter table t add a int default 3, add b numeric(8, 2), drop column if exists c", "+t.a +t.b -t.c"),
        ("ALTER TABLE t ADD a int, b int", "+t.a +t.b"),
        ("ALTER TABLE t ADD (a int, b number(3,2))", "+t.a +t.b"),
        ("ALTER TABLE t DROP COLUMN a, b", "-t.a -t.b"),
        ("ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t RENAME c TO d", "-t.a +t.b -t.c +t.d"),
        ("ALTER TABLE `t` CHANGE `a` `b` int, MODIFY c int", "-t.a +t.b"),
        ("ALTER TABLE new_t RENAME TO t", "-new_t +t"),
        ("CREATE TABLE IF NOT EXISTS a (id int, b text); DROP TABLE IF EXISTS c, d;", "+a -c -d"),
        ("CREATE TEMP TABLE a (id int)", ""),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 1), ALTER COLUMN b SET NOT NULL, DROP CONSTRAINT d", ""),
        ("ALTER TABLE t ADD PRIMARY KEY (a, b), ADD UNIQUE (a), ADD INDEX i (b), DROP FOREIGN KEY f", ""),
        ("UPDATE t SET a = 1; INSERT INTO u VALUES (1); DELETE FROM v; TRUNCATE w", "~t ~u ~v ~w"),
        ("-- ALTER TABLE t ADD a int\nCREATE INDEX i ON t (a); SELECT 'DROP TABLE t';", ""),
        ("ALTER TABLE t ADD a int;\n-- migrate:down\nALTER TABLE t DROP a;", "+t.a"),
        ("ALTER TABLE t ADD", ""),
    ],
)
def test_sql_says_which_tables_and_columns_it_makes_removes_and_fills(text: str, expected: str) -> None:
    assert " ".join(_sql(text)) == expected


ALEMBIC = """
TABLE = "orders"

def upgrade():
    op.add_column(TABLE, sa.Column("a", sa.Integer()))
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("b", sa.Integer()))
        batch_op.drop_column("c")
    with op.batch_alter_table("items") as batch_op:
        batch_op.alter_column("d", new_column_name="e")
        batch_op.alter_column("f", nullable=False)
    op.create_table("g", sa.Column("id"))
    op.drop_table("h")
    op.rename_table("i", "j")
    op.execute("UPDATE k SET a = 1")
    op.execute(sa.text("ALTER TABLE l ADD m int"))
    op.create_index("n", "o", ["p"])

def downgrade():
    op.drop_column("orders", "a")
"""

DJANGO = """
class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel("Cart", fields=[]),
        migrations.CreateModel("Proxy", fields=[], options={"proxy": True}),
        migrations.AddField(model_name="order", name="buyer", field=models.ForeignKey("shop.Buyer")),
        migrations.AddField("order", "tags", models.ManyToManyField("shop.Tag")),
        migrations.RemoveField("order", "old"),
        migrations.RenameField("order", "name", "title"),
        migrations.DeleteModel(name="Gone"),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL("ALTER TABLE shop_order ADD x int")],
            state_operations=[migrations.RemoveField("order", "kept")],
        ),
    ]
"""

RAILS = """
class AddThings < ActiveRecord::Migration[7.1]
  def up
    add_column :orders, :note, :string
    remove_column :orders, :old
    rename_column :orders, :a, :b
    create_table :carts do |t|
    end
    execute "ALTER TABLE items ADD c int"
  end

  def down
    remove_column :orders, :note
  end
end
"""

TYPEORM = """
export class A1700000000000 implements MigrationInterface {
    async up(queryRunner: QueryRunner) {
        await queryRunner.query(`ALTER TABLE "users" ADD "age" integer`);
    }
    async down(queryRunner: QueryRunner) {
        await queryRunner.query(`ALTER TABLE "users" DROP COLUMN "age"`);
    }
}
"""


@pytest.mark.parametrize(
    ("tool", "path", "text", "touches", "expected"),
    [
        (
            "alembic", "a.py", ALEMBIC, (),
            "+orders.a +users.b -users.c -items.d +items.e +g -h -i +j +l.m",
        ),
        (
            "django", "a.py", DJANGO, ("shop_cart", "shop_proxy", "shop_order", "shop_gone"),
            "+shop_cart +shop_order.buyer -shop_order.old -shop_order.name +shop_order.title -shop_gone +shop_order.x",
        ),
        ("rails", "a.rb", RAILS, (), "+orders.note -orders.old -orders.a +orders.b +carts +items.c"),
        ("typeorm", "a.ts", TYPEORM, (), "+users.age"),
        ("sequelize", "a.js", "exports.up = (q) => q.addColumn('orders', 'note', {})", (), "+orders.note"),
        ("knex", "a.js", "exports.up = (knex) => knex.schema.createTable('carts', t => {})", (), "+carts"),
        ("yoyo", "a.py", "step('CREATE TABLE a (id int)', 'DROP TABLE a')", (), ""),
        ("node-pg-migrate", "a.sql", "ALTER TABLE t ADD a int;\n-- Down Migration\nALTER TABLE t DROP a;", (), "+t.a"),
        ("alembic", "a.py", "def upgrade(:", (), ""),
        ("django", "a.py", "x = 1", (), ""),
    ],
)  # fmt: skip
def test_a_migration_of_a_tool_has_the_effects_of_its_way_up(
    tool: str, path: str, text: str, touches: tuple[str, ...], expected: str
) -> None:
    migration = Migration("shop.0002_more", "", path, touches=touches)
    net = net_effects(MemoryTree({path: text}), tool, [migration])
    shown = [_shown(effect.table, effect.columns, exists=effect.exists) for _, effect in net.shapes]
    assert sorted(shown) == sorted(expected.split())
    assert {table for _, tables in net.filled.values() for table in tables} == (
        {"k"} if text is ALEMBIC else set()
    )


def test_the_last_effect_on_a_column_counts() -> None:
    files = {
        "1.sql": "ALTER TABLE t ADD a int; ALTER TABLE t ADD b int;",
        "2.sql": "ALTER TABLE t DROP a;",
        "3.sql": "CREATE TABLE new_t (b int); DROP TABLE t; ALTER TABLE new_t RENAME TO t;",
    }
    migrations = [Migration(path[0], "", path) for path in files]
    net = net_effects(MemoryTree(files), "sql", migrations[:2])
    assert {(m.id, e.columns, e.exists) for m, e in net.shapes} == {
        ("1", ("b",), True),
        ("2", ("a",), False),
    }
    net = net_effects(MemoryTree(files), "sql", migrations)
    assert {(e.table, e.columns, e.exists) for _, e in net.shapes} == {
        ("new_t", (), False),
        ("t", (), True),
    }


def test_a_file_with_several_migrations_tells_nothing_of_one() -> None:
    files = {"a.sql": "ALTER TABLE t ADD a int;"}
    migrations = [Migration("1", "", "a.sql"), Migration("2", "", "a.sql")]
    assert net_effects(MemoryTree(files), "liquibase", migrations).tables == {}
