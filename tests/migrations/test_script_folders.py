"""Folders of scripts, in which not every file is a migration."""

import pytest

from tdmvc.migrations import read_state

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
def test_an_applications_own_runner_among_its_migrations_is_told_and_is_none(tree, at, tool):
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
def test_a_script_without_a_number_that_offers_an_up_is_a_migration(tree, at, text):
    files = {"m/1_a.js": UP, "m/2_b.js": UP, "m/zebra.js": text}
    state = read_state(tree(files), at("sequelize", "m"))
    assert (state.heads, state.problems) == (("zebra.js",), ())


def test_where_no_name_has_a_number_every_script_counts(tree, at):
    files = {"m/a.js": UP, "m/run.js": RUNNER}
    assert read_state(tree(files), at("knex", "m")).heads == ("run.js",)
