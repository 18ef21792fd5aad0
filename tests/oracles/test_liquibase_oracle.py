"""Compares the reader with Liquibase on random changelogs."""

from hypothesis import given, settings

from tdmvc.gitrepo.trees import WorkTree
from tests.migrations.states import CASES
from tests.oracles.agreement import read
from tests.oracles.changelogs import projects
from tests.series import trials


@settings(max_examples=trials(150, 30), deadline=None)
@given(projects())
def test_change_sets_and_their_order_are_those_of_liquibase_itself(ask, files):
    assert_agreed(files, ask("liquibase", files))


def test_a_realistic_project_is_read_as_by_liquibase(ask):
    tree = WorkTree(CASES / "liquibase/src/main/resources")
    files = {path: tree.read_text(path) for path in tree.list_files()}
    files["changelog.yaml"] = "databaseChangeLog: [{include: {file: db/changelog/shop.yaml}}]"
    answer = ask("liquibase", files)
    assert len(answer.ids) > 10
    assert_agreed(files, answer)


def assert_agreed(files, answer):
    (master,) = (path for path in files if path.startswith("changelog."))
    state = read("liquibase", files, master)
    if state is None or answer.refusal:
        assert state is None or state.problems, answer.refusal
        assert answer.refusal or not answer.ids, "the reader found nothing"
        return
    # A change set that runs again is not a step, unless there is nothing else.
    steps = [id_ for id_, is_repeatable in answer.ids if not is_repeatable] or [id_ for id_, _ in answer.ids]
    once = list(dict.fromkeys(steps))
    assert list(dict.fromkeys(migration.id for migration in state.migrations)) == once
    # A file that is included twice is read once; Liquibase refuses its change sets later on.
    problems = [problem for problem in state.problems if "again" not in problem.message]
    if len(once) == len(steps):
        assert problems == []
        assert state.heads == (steps[-1],)
    else:
        assert {problem.kind for problem in state.problems} == {"duplicate-id"}
