"""Folders of scripts and code: which files are migrations, and which folders contain any."""

import pytest

from tdmvc.migrations import detect, read_state

UP = "export async function up(knex) {}\nexport async function down(knex) {}\n"
RUNNER = """import { orderBy } from 'lodash-es';
import type { Knex } from 'knex';

export default async function run(database: Knex, direction: 'up' | 'down' | 'latest'): Promise<void> {
    if (direction === 'up') await up();
    if (direction === 'down') await down();

    async function up() {
        const { up } = await import(`file://${next}`);
        await up(database);
    }
}
"""


@pytest.mark.parametrize("tool", ["knex", "sequelize"])
def test_an_applications_runner_among_its_migrations_is_reported_and_not_a_migration(tree, at, tool):
    files = {"m/20201028A-remove.ts": UP, "m/20201029A-more.ts": UP, "m/run.ts": RUNNER}
    state = read_state(tree(files), at(tool, "m"))
    assert state.heads == ("20201029A-more.ts",)
    assert [(problem.kind, problem.path) for problem in state.problems] == [("unreadable-file", "m/run.ts")]


@pytest.mark.parametrize(
    "text",
    [
        UP,
        "exports.up = (knex) => knex;",
        "module.exports = {\n  async up(knex) {},\n};",
        "module.exports = { up: (knex) => knex };",
        "function up(knex) {}\nmodule.exports = { up, down };",
        "export const up = async (knex) => {};",
        "export {\n  up,\n  down\n};",
        "module.exports = require('./parts/customers');",
    ],
    ids=range(8),
)
def test_a_script_without_a_number_that_exports_an_up_is_a_migration(tree, at, text):
    files = {"m/1_a.js": UP, "m/2_b.js": UP, "m/zebra.js": text}
    state = read_state(tree(files), at("sequelize", "m"))
    assert (state.heads, state.problems) == (("zebra.js",), ())


def test_every_script_counts_if_no_name_has_a_number(tree, at):
    files = {"m/a.js": UP, "m/run.js": RUNNER}
    assert read_state(tree(files), at("knex", "m")).heads == ("run.js",)


RAILS = "class {0} < ActiveRecord::Migration[7.1]\n  def change\n    create_table :{1}\n  end\nend\n"


def test_a_database_of_rails_may_have_its_migrations_in_any_folder(tree):
    config = """default: &default
  password: <%= ENV["SHOP_PASSWORD"] %>
production:
  primary:
    <<: *default
  animals:
    migrations_paths: "db/zoo" # not db/animals_migrate
  cache:
    migrations_paths:
      - db/cache/schema
      - lib/cache/changes
  search: {adapter: x}
  odd:
    migrations_paths: <%= Rails.root.join("x") %>
  far:
    migrations_paths: ../../elsewhere
"""
    files = {
        "api/config/database.yml": config,
        "api/db/migrate/1_a.rb": RAILS.format("A", "a"),
        "api/db/zoo/2_b.rb": RAILS.format("B", "b"),
        "api/db/zoo/old/1_c.rb": RAILS.format("C", "c"),
        "api/db/cache/schema/1_d.rb": RAILS.format("D", "d"),
        "api/lib/cache/changes/1_e.rb": RAILS.format("E", "e"),
        "api/db/other/1_f.rb": RAILS.format("F", "f"),
    }
    found = detect(tree(files))
    assert [(one.tool, one.path) for one in found] == [
        ("rails", "api/db/cache/schema"),
        ("rails", "api/db/migrate"),
        ("rails", "api/db/zoo"),
        ("rails", "api/lib/cache/changes"),
    ]
    assert [read_state(tree(files), one).heads for one in found] == [("1",), ("1",), ("2",), ("1",)]


def test_migrations_of_ef_core_may_be_written_in_fsharp_and_in_vb(tree):
    fsharp = """[<DbContext(typeof<ShopContext.ShopContext>)>]
[<Migration("20240101120000_Orders")>]
type Orders() =
    inherit Migration()
    override this.Up(migrationBuilder: MigrationBuilder) =
        migrationBuilder.CreateTable(name = "Orders", columns = (fun table -> table)) |> ignore
    override this.Down(migrationBuilder: MigrationBuilder) =
        migrationBuilder.DropTable(name = "Ghosts") |> ignore
"""
    basic = """Partial Public Class AddChannel
    Inherits Migration
    Protected Overrides Sub Up(migrationBuilder As MigrationBuilder)
        migrationBuilder.AddColumn(Of String)(name:="Channel", table:="Orders", nullable:=True)
    End Sub
    Protected Overrides Sub Down(migrationBuilder As MigrationBuilder)
        migrationBuilder.DropTable(name:="Ghosts")
    End Sub
End Class
"""
    designer = '<DbContext(GetType(ShopContext))>\n<Migration("20240201120000_AddChannel")>\nPartial Class AddChannel\n'
    files = {
        "fs/Migrations/20240101120000_Orders.fs": fsharp,
        "fs/Migrations/ShopContextModelSnapshot.fs": "[<DbContext(typeof<ShopContext>)>]",
        "vb/Migrations/20240201120000_AddChannel.vb": basic,
        "vb/Migrations/20240201120000_AddChannel.Designer.vb": designer,
        "vb/Migrations/ShopContextModelSnapshot.vb": "",
    }
    found = detect(tree(files))
    assert [(one.tool, one.path) for one in found] == [
        ("efcore", "fs/Migrations"),
        ("efcore", "vb/Migrations"),
    ]
    first, second = (read_state(tree(files), one) for one in found)
    assert (first.heads, first.problems) == (("20240101120000_Orders",), ())
    assert (second.heads, second.problems) == (("20240201120000_AddChannel",), ())
    assert first.migrations[0].touches == second.migrations[0].touches == ("Orders",)
