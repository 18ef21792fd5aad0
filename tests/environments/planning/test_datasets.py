"""Which states of datasets an environment loads, and in which order."""

from pathlib import Path

import pytest

from tdmvc.environments.planning.datasets import choose_states
from tdmvc.errors import NotFoundError
from tdmvc.model.environment import Environment
from tdmvc.workspace.workspace import Workspace
from tests.builders import add_migrations, add_tables, commit_all, copy_repo, publish, run_quietly

ALL = Environment("local")
GOLDEN = Environment("golden", datasets=("golden",))


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Golden, reference and masked data for the first migration, and golden@1.0.0."""
    app = copy_repo(template, tmp_path_factory.mktemp("datasets") / "app")
    add_migrations(app)
    add_tables(app, {"customers": "id\n1\n"})
    for kind in ("reference", "masked"):
        source = app.parent / f"{kind}_rows.csv"
        source.write_text("id\n1\n")
        run_quietly(app, "add", kind, source, "--key", f"{kind}_rows=id", "--kind", kind)
    run_quietly(app, "add", "golden", "--migrated")
    commit_all(app, "Data")
    publish(app, "1.0.0")
    return app


@pytest.fixture
def app(made: Path, tmp_path: Path) -> Path:
    return copy_repo(made, tmp_path / "app")


def choose(app: Path, environment: Environment = ALL, *more: str) -> tuple[list[str], list[str]]:
    """Return the chosen states, and the warnings."""
    warnings: list[str] = []
    with Workspace.open(app) as workspace:
        workspace.warn = warnings.append
        return [state.ref for state in choose_states(workspace, environment, more)], warnings


def add_migration(app: Path) -> None:
    (app / "migrations" / "0002_more.sql").write_text("ALTER TABLE customers ADD name text;\n")


def test_golden_and_reference_datasets_are_loaded_reference_first(app: Path) -> None:
    assert choose(app) == (["reference", "golden"], [])
    add_migration(app)
    assert not any("masked" in warning for warning in choose(app)[1])


def test_named_datasets_are_loaded_whatever_their_kind_and_in_their_order(app: Path) -> None:
    assert choose(app, Environment("x", datasets=("masked", "golden")))[0] == ["masked", "golden"]
    assert choose(app, Environment("x", datasets=("masked", "reference")))[0] == ["reference", "masked"]
    assert choose(app, Environment("x", datasets=()))[0] == []


def test_a_further_state_is_added_or_takes_the_place_of_the_dataset_s_own(app: Path) -> None:
    assert choose(app, ALL, "masked")[0] == ["reference", "golden", "masked"]
    assert choose(app, ALL, "golden@1.0.0")[0] == ["reference", "golden@1.0.0"]
    with pytest.raises(NotFoundError):
        choose(app, ALL, "golden@2.0.0")


def test_the_working_copy_is_taken_if_it_was_made_for_the_migrations(app: Path) -> None:
    add_migration(app)
    run_quietly(app, "add", "golden", "--migrated")
    assert choose(app, GOLDEN) == (["golden"], [])


def test_else_the_newest_version_that_was_made_for_them_is_taken(app: Path) -> None:
    add_migration(app)
    run_quietly(app, "add", "golden", "--migrated")
    (app / "migrations" / "0002_more.sql").unlink()
    assert choose(app, GOLDEN) == (["golden@1.0.0"], [])
    run_quietly(app, "yank", "golden@1.0.0", "--reason", "Wrong")
    refs, warnings = choose(app, GOLDEN)
    assert refs == ["golden"]
    assert len(warnings) == 1


def test_if_none_was_the_working_copy_is_taken_with_a_warning(app: Path) -> None:
    add_migration(app)
    refs, [warning] = choose(app, GOLDEN)
    assert refs == ["golden"]
    assert (
        "No version of golden was made for the migrations of the work tree, so the working copy is loaded: 1 migration"
        in warning
    )
