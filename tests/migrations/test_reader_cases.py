"""Trees of files as applications have them, with their traps, for each reader."""

from itertools import pairwise

import pytest

from tdmvc.migrations import detect, read_state
from tests.migrations.states import cases

TOOLS = (
    "aerich",
    "dbmate",
    "diesel",
    "doctrine",
    "ecto",
    "efcore",
    "fluentmigrator",
    "golang-migrate",
    "goose",
    "hasura",
    "knex",
    "kysely",
    "laravel",
    "mikroorm",
    "node-pg-migrate",
    "phinx",
    "piccolo",
    "rails",
    "refinery",
    "seaorm",
    "sequelize",
    "sqlx",
    "typeorm",
)


@pytest.mark.parametrize(("tool", "case"), cases(TOOLS))
def test_a_tree_is_read_as_in_its_case(tree, at, tool, case):
    state = read_state(tree(case["files"]), at(tool, case["path"]))
    ids = [migration.id for migration in state.migrations]
    assert ids == case["ids"]
    assert list(state.heads) == case["heads"]
    assert [(p.kind, p.path) for p in state.problems] == [tuple(p) for p in case.get("problems", ())]
    assert state.is_linear is case["is_linear"]
    by_id = {migration.id: migration for migration in state.migrations}
    assert [m.name for m in state.migrations] == case.get("names", [m.name for m in state.migrations])
    hints = {id_: list(by_id[id_].touches) for id_ in case.get("touches", ())}
    assert hints == case.get("touches", {})
    in_line = {id_: [before] for before, id_ in pairwise(ids) if before != id_}
    parents = case.get("parents", in_line if len(set(ids)) == len(ids) else {})
    assert {id_: list(by_id[id_].parents) for id_ in parents} == parents


@pytest.mark.parametrize(("tool", "case"), cases(TOOLS))
def test_a_tree_is_detected_as_in_its_case(tree, tool, case):
    found = detect(tree(case["files"]))
    if "detected" in case:
        assert sorted([loc.tool, loc.path] for loc in found) == sorted(case["detected"])
    # Everything that is found can be read.
    for location in found:
        assert read_state(tree(case["files"]), location).count > 0


@pytest.mark.parametrize(
    "folder", ["test/sample", "spec/dummy", "node_modules/lib", "vendor/lib", "target/out"]
)
@pytest.mark.parametrize(("tool", "case"), cases(TOOLS))
def test_nothing_is_found_in_folders_of_tests_and_vendored_code(tree, tool, case, folder):
    moved = {f"{folder}/{path}": text for path, text in case["files"].items()}
    assert detect(tree(moved)) == ()
