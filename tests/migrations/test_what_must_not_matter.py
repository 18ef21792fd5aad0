"""What must not matter: files among migrations that are none, and line ends; what a tool refuses is reported."""

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import READERS, detect, read_state
from tests.migrations.states import CASES, cases

HELPERS = {
    ".eslintrc.js": "module.exports = {};\n",
    "Dockerfile": "FROM scratch\n",
    "Helper.cs": "static class Helper { }\n",
    "Helper.java": "class Helper { }\n",
    "README.md": "# How to go up\n",
    "__init__.py": "",
    "_helper.php": "<?php function helper() {}\n",
    "_helpers.py": "X = 1\n",
    "_shared.ts": "export const upper = 1;\n",
    "aaa_first.py": "X = 1\n",
    "conftest.py": "X = 1\n",
    "functions.sql": "select 1;\n",
    "helper.exs": "defmodule Helper do\nend\n",
    "helper.rb": "module Helper\nend\n",
    "helpers.go": "package migrations\n",
    "helpers.js": "module.exports = { x: 1 };\n",
    "index.ts": "export * from './a';\n",
    "mod.rs": "pub fn x() {}\n",
    "run.sh": "#!/bin/sh\n",
    "zz.json": "{}\n",
}
TOOLS = [tool for tool in READERS if (CASES / f"{tool}.yaml").is_file()]


@pytest.mark.parametrize(("tool", "case"), cases(TOOLS))
def test_a_helper_among_migrations_hides_no_folder_and_changes_no_head(tree, tool, case):
    found = detect(tree(case["files"]))
    for location in found:
        try:
            before = read_state(tree(case["files"]), location)
        except MigrationsError:
            continue
        folders = {migration.path.rpartition("/")[0] for migration in before.migrations}
        helpers = {f"{folder}/{name}": text for folder in folders for name, text in HELPERS.items()}
        files = helpers | case["files"]
        assert detect(tree(files)) == found
        after = read_state(tree(files), location)
        assert (after.heads, after.count) == (before.heads, before.count)
        # What the tool would refuse or ignore is reported, at its own file.
        new = [problem for problem in after.problems if problem not in before.problems]
        assert {problem.path for problem in new} <= helpers.keys() - case["files"].keys()


SCRIPT = "exports.up = async (db) => { await db.schema.dropTable('a'); };\nexports.down = async () => {};\n"


@pytest.mark.parametrize(
    ("files", "tool", "path"),
    [
        # Neither these scripts nor their project's files name the tool in the first one of the folder.
        (
            {"package.json": '{"dependencies": {"knex": "3"}}', "db/migrations/aaa.js": "exports.x = 1;\n"}
            | {f"db/migrations/2024010{n}120000_a.js": SCRIPT for n in (1, 2, 3)},
            "knex",
            "db/migrations",
        ),
        # Not all names begin with a time.
        (
            {"package.json": '{"dependencies": {"knex": "3"}}', "db/changes/helpers.js": "exports.x = 1;\n"}
            | {f"db/changes/2024010{n}120000_a.js": SCRIPT for n in (1, 2, 3)},
            "knex",
            "db/changes",
        ),
        (
            {"db/migrations/apply.py": "X = 1\n", "db/migrations/001_a.sql": "CREATE TABLE a (x int);"},
            "sql",
            "db/migrations",
        ),
        (
            {
                "shop/migrations/aaa.py": "X = 1\n",
                "shop/migrations/initial.py": "class Migration:\n    pass\n",
            },
            "django",
            "shop",
        ),
    ],
    ids=range(4),
)
def test_a_helper_does_not_hide_which_tool_a_folder_belongs_to(tree, files, tool, path):
    assert [(one.tool, one.path) for one in detect(tree(files))] == [(tool, path)]
    assert read_state(tree(files), detect(tree(files))[0]).count > 0


@pytest.mark.parametrize(("tool", "case"), cases(TOOLS))
def test_line_ends_of_windows_change_nothing(tree, tool, case):
    unix, windows = case["files"], {path: text.replace("\n", "\r\n") for path, text in case["files"].items()}
    found = detect(tree(unix))
    assert detect(tree(windows)) == found
    for location in found:
        try:
            expected = read_state(tree(unix), location)
        except MigrationsError:
            continue
        assert read_state(tree(windows), location) == expected
