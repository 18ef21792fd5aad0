"""Applications with their traps, as data in tests/cases/migrations, read from disk and from a real commit."""

import pytest

from tdmvc.gitrepo.repository import GitRepo
from tdmvc.migrations import detect, read_state
from tests.builders import git
from tests.migrations.states import cases

TOOLS = ("alembic", "django", "flyway")


@pytest.fixture
def app(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    return tmp_path


@pytest.mark.parametrize(("tool", "case"), cases(TOOLS))
def test_a_tree_on_disk_and_in_a_commit_is_read_as_in_its_case(app, at, tool, case):
    for path, text in case["files"].items():
        (app / path).parent.mkdir(parents=True, exist_ok=True)
        (app / path).write_text(text, encoding="utf-8")
    git(app, "add", "--all", "--force")
    git(app, "commit", "-q", "-m", "Tree")
    repo = GitRepo.find(app)
    states = [read_state(tree, at(tool, case["path"])) for tree in (repo.work_tree(), repo.tree("HEAD"))]
    assert states[0] == states[1]
    state = states[0]
    by_id = {migration.id: migration for migration in state.migrations}
    assert [migration.id for migration in state.migrations] == case["ids"]
    assert list(state.heads) == case["heads"]
    assert [[problem.kind, problem.path] for problem in state.problems] == case.get("problems", [])
    assert state.is_linear is case["is_linear"]
    assert [migration.name for migration in state.migrations] == case.get(
        "names", [m.name for m in state.migrations]
    )
    parents, touches = case.get("parents", {}), case.get("touches", {})
    assert {id_: list(by_id[id_].parents) for id_ in parents} == parents
    assert {id_: list(by_id[id_].touches) for id_ in touches} == touches
    for tree in (repo.work_tree(), repo.tree("HEAD")):
        assert [[location.tool, location.path] for location in detect(tree)] == case["detected"]
