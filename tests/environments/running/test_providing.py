"""An environment from Python: an application's own migrations, rows, reset, and what is left."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import tdmvc
from tdmvc.environments.running.provide import EnvironmentOptions, provided
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import Environment, RunStep, TemplateOrigin
from tdmvc.workspace.workspace import Workspace
from tests.builders import Ran, add_tables, copy_repo

ENV = """\
import os
from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade() -> None:
    op.create_table("customers", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
    op.execute("INSERT INTO customers VALUES (99, 'made by a migration')")
"""


@pytest.fixture
def app(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An application with Alembic, whose environment names no command."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = copy_repo(template, tmp_path / "app")
    (folder / "migrations" / "versions").mkdir(parents=True)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (folder / "migrations" / "env.py").write_text(ENV)
    (folder / "migrations" / "versions" / "a1_first.py").write_text(REVISION)
    with (folder / "tdmvc.yaml").open("a") as file:
        file.write("migrations:\n  main: {tool: alembic, path: migrations}\n")
    add_tables(folder, {"customers": "id,name\n1,Ann\n2,Bob\n"})
    return folder


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as con:
        return con.execute(query).fetchall()


def test_the_known_tool_migrates_and_the_dataset_replaces_what_it_inserted(app: Path) -> None:
    path = app / "test.db"
    with tdmvc.open(app) as repository:
        local = Environment("local", f"sqlite:///{path}", exports={"DATABASE_URL": "{sqlalchemy_url}"})
        repository._workspace.config = replace(repository._workspace.config, environments=(local,))
        with repository.environment("local") as environment:
            assert environment.exports["DATABASE_URL"] == f"sqlite:///{path}"
            assert environment.refs == ("golden",)
            rows = ask(path, "SELECT * FROM customers ORDER BY id")
            assert rows == [(1, "Ann"), (2, "Bob")]
            assert ask(path, "SELECT * FROM alembic_version") == [("a1",)]
            with closing(sqlite3.connect(path)) as con, con:
                con.execute("DROP TABLE customers")
            environment.reset()
            assert ask(path, "SELECT * FROM customers ORDER BY id") == rows
            assert environment.source.origin is TemplateOrigin.BUILT
        assert not path.exists()
        with repository.environment("local") as environment:
            assert environment.source.origin is TemplateOrigin.REUSED
            assert [step.name for step in environment.steps if step.is_skipped] == ["migrate", "seed"]


def test_what_the_tool_says_about_its_failure_is_in_the_error(app: Path) -> None:
    revision = app / "migrations" / "versions" / "a1_first.py"
    revision.write_text(REVISION.replace("op.execute", "op.exekute"))
    with tdmvc.open(app) as repository:
        local = Environment("local", "sqlite:///test.db", exports={"DATABASE_URL": "{sqlalchemy_url}"})
        repository._workspace.config = replace(repository._workspace.config, environments=(local,))
        with (
            pytest.raises(DatabaseError, match="`alembic upgrade heads` ended with exit code 1") as caught,
            repository.environment("local"),
        ):
            pass
    assert any("exekute" in detail for detail in caught.value.details)
    assert not (app / "test.db").exists()


def test_a_database_that_cannot_be_had_is_a_failure_of_the_step_database(app: Path) -> None:
    done: list[RunStep] = []
    options = EnvironmentOptions(on_step=lambda _, step: done.append(step) if step else None)
    with (
        Workspace.open(app) as workspace,
        pytest.raises(DatabaseError, match="PostgreSQL 99"),
        provided(workspace, Environment("local", "embedded-99"), options),
    ):
        pass
    assert [(step.name, bool(step.error)) for step in done] == [
        ("checkout", False),
        ("database", True),
        ("tear-down", False),
    ]


@pytest.mark.parametrize(("datasets", "is_warned"), [(None, True), ((), False)])
def test_a_database_without_rows_is_no_surprise(
    template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    datasets: tuple[str, ...] | None,
    is_warned: bool,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    warnings: list[str] = []
    local = Environment("local", f"sqlite:///{tmp_path / 'test.db'}", datasets=datasets)
    with Workspace.open(copy_repo(template, tmp_path / "app")) as workspace:
        workspace.warn = warnings.append
        with provided(workspace, local):
            pass
    assert [warning for warning in warnings if "`tdmvc add golden SOURCE`" in warning] == warnings
    assert bool(warnings) is is_warned


@pytest.mark.parametrize(
    "command",
    [["run", "--env", "ci", "--", "true"], ["up", "ci"], ["keep", "ci", "--env", "ci", "--announce-to", "1"]],
)
def test_every_command_that_needs_the_folder_says_where_tdmvc_yaml_names_a_missing_one(
    template: Path, tmp_path: Path, tdmvc: Callable[..., Ran], command: list[str]
) -> None:
    app = copy_repo(template, tmp_path / "shop")
    with (app / "tdmvc.yaml").open("a") as file:
        file.write("environments:\n  local:\n    folder: apps/shop\n  ci: {extends: local}\n")
    line = (app / "tdmvc.yaml").read_text().splitlines().index("    folder: apps/shop") + 1
    result = tdmvc(*command, code=2, folder=app)
    assert "There is no folder apps/shop, in which the environment ci is." in result.err
    assert f"tdmvc.yaml, line {line}, key 'environments.local.folder'" in result.err
