"""The Python face: every verb as a method, answering with values."""

import inspect
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

import tdmvc
from tdmvc.api import Repository
from tdmvc.cli.commands.contract import COMMANDS as CONTRACT_COMMANDS
from tdmvc.cli.group import COMMANDS
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.csv_options import CsvOptions
from tdmvc.model.dataset import WorkStatus
from tdmvc.model.diff import BumpLevel, DatasetDiff
from tdmvc.model.migration import DriftStatus
from tests.builders import Ran, add_migrations, commit_all, copy_repo, git

VERBS = {
    "add",
    "assert_valid",
    "blame",
    "check",
    "checkout",
    "contract_diff",
    "contract_export",
    "contract_import",
    "contract_infer",
    "contract_show",
    "database_drift",
    "database_migrations",
    "datasets",
    "diff",
    "drift",
    "environment",
    "list",
    "log",
    "log_row",
    "merge",
    "merge_check",
    "migrations",
    "publish",
    "pull",
    "push",
    "remove",
    "resolve",
    "revert",
    "review",
    "row",
    "seed",
    "show",
    "sql",
    "status",
    "table",
    "tables",
    "validate",
    "verify",
    "yank",
}
METHODS_WITHOUT_A_COMMAND = {
    *("assert_valid", "database_drift", "database_migrations", "environment", "log_row", "table"),
    *("datasets", "row", "tables"),
    *("contract_diff", "contract_export", "contract_import", "contract_infer", "contract_show"),
}
"""Those that options of another command call, or several commands."""
COMMANDS_WITHOUT_A_METHOD = {
    *("gc", "help", "init", "install", "build", "demo", "completion", "contract"),
    *("run", "up", "down", "reset", "env"),
}


@pytest.fixture(scope="module")
def with_version(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with golden@1.0.0 and migrations, made once."""
    app = copy_repo(template, tmp_path_factory.mktemp("api") / "app")
    add_migrations(app)
    source = app.parent / "customers.csv"
    source.write_text("id,name\n2,Grace\n1,Ada\n")
    with tdmvc.open(app) as workspace:
        workspace.add("golden", source, keys={"customers": ["id"]})
        commit_all(app, "Golden data")
        workspace.publish("golden", "1.0.0", release="1.0.0")
    commit_all(app, "Publish")
    return app


@pytest.fixture
def published(with_version: Path, repo: Path) -> Path:
    """That repository in the place of `repo`."""
    shutil.rmtree(repo)
    return copy_repo(with_version, repo)


@pytest.fixture
def source(repo: Path) -> Path:
    path = repo.parent / "customers.csv"
    path.write_text("id,name\n2,Grace\n1,Ada\n")
    return path


def test_the_public_api_is_exactly_the_documented_list() -> None:
    assert tdmvc.__all__ == ["__version__", "open"]
    methods = {
        name
        for part in Repository.__mro__
        if part.__module__.startswith("tdmvc.api")
        for name, value in vars(part).items()
        if inspect.isfunction(value) and name[0] != "_"
    }
    assert methods == VERBS | {"close"}
    public = {name for name in dir(Repository) if name[0] != "_"}
    assert public == VERBS | {"close", "open", "on_progress", "root", "timings", "warn"}
    commands = {name.replace("-", "_") for name in COMMANDS}
    assert commands - COMMANDS_WITHOUT_A_METHOD == VERBS - METHODS_WITHOUT_A_COMMAND
    assert {f"contract_{name}" for name in CONTRACT_COMMANDS} <= methods
    for name in methods:
        assert (getattr(Repository, name).__doc__ or "").rstrip().endswith("."), name


def test_options_of_the_api_are_named_and_never_positional_flags() -> None:
    for name in VERBS:
        for parameter in inspect.signature(getattr(Repository, name)).parameters.values():
            if parameter.annotation in (bool, "bool"):
                assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, f"{name}({parameter.name})"


def test_open_finds_the_repository_from_inside_it(published: Path) -> None:
    with tdmvc.open(str(published / "datasets" / "golden")) as workspace:
        assert isinstance(workspace, Repository)
        assert workspace.root == published
        assert workspace.datasets() == ("golden",)


def test_open_refuses_a_folder_without_tdmvc(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        tdmvc.open(tmp_path)
    git(tmp_path, "init", "-q")
    with pytest.raises(NotFoundError, match="tdmvc init"):
        tdmvc.open(tmp_path)


def test_add_returns_what_was_added(repo: Path, source: Path) -> None:
    with tdmvc.open(repo) as workspace:
        report = workspace.add("golden", source, keys={"customers": ["id"]}, kind="reference")
        (table,) = report.tables
        assert (table.name, table.status, table.rows, table.key) == ("customers", "added", 2, ("id",))
        assert workspace.show("golden").kind == "reference"
        more = source.with_name("more.csv")
        more.write_text("id,name\n3,-\n")
        appended = workspace.add("golden", str(more), table="customers", csv=CsvOptions(("-",)), append=True)
        assert appended.tables[0].rows == 3
        assert workspace.table("golden", "customers").column("name").to_pylist() == ["Ada", "Grace", None]


def test_a_choice_that_does_not_exist_names_those_that_do(published: Path, source: Path) -> None:
    with tdmvc.open(published) as workspace:
        with pytest.raises(
            UsageError, match=r"kind cannot be 'x'.\n.*golden, masked, synthetic or reference"
        ):
            workspace.add("golden", source, kind="x")
        with pytest.raises(UsageError, match=r"fast_forward cannot be 'x'.\n.*auto, only or never"):
            workspace.merge("main", fast_forward="x")
        with pytest.raises(UsageError, match=r"bump cannot be 'none'.\n.*auto, major, minor or patch"):
            workspace.publish("golden", bump="none")


def test_table_gives_arrow_in_key_order_at_any_state(published: Path, source: Path) -> None:
    with tdmvc.open(published) as workspace:
        expected = pa.table({"id": pa.array([1, 2], pa.int64()), "name": ["Ada", "Grace"]})
        assert workspace.table("golden@1.0.0", "customers").equals(expected)
        assert workspace.table("golden@HEAD", "customers").equals(expected)
        with pytest.raises(NotFoundError, match="customers"):
            workspace.table("golden", "customer")


def test_tables_and_rows_are_found_by_their_names_and_keys(published: Path) -> None:
    with tdmvc.open(published) as workspace:
        assert workspace.tables("golden@1.0.0") == ("customers",)
        assert workspace.row("golden", "customers", 2) == {"id": 2, "name": "Grace"}
        with pytest.raises(NotFoundError, match="No row of customers has this key") as missing:
            workspace.row("golden", "customers", 7)
        assert "7" not in str(missing.value)
        with pytest.raises(UsageError, match="key column id is of the type str, and the column is int64"):
            workspace.row("golden", "customers", "2")
        with pytest.raises(UsageError, match=r"1 column, and the call has 0 values.\n.*\n.*: id"):
            workspace.row("golden", "customers")
        with pytest.raises(NotFoundError, match="customers"):
            workspace.row("golden", "customer", 2)
        workspace.add("other", {"unkeyed": pa.table({"a": [1]})})
        with pytest.raises(UsageError, match="unkeyed has no key"):
            workspace.row("other", "unkeyed", 1)


def test_sql_takes_values_by_name(published: Path) -> None:
    with tdmvc.open(published) as workspace:
        found = workspace.sql("select id from customers where name = $name", {"name": "Grace"})
        assert found.to_pylist() == [{"id": 2}]


def test_sql_gives_arrow(published: Path) -> None:
    with tdmvc.open(published) as workspace:
        counted = workspace.sql("select count(*) as n from customers", at="golden@1.0.0")
        assert counted.to_pylist() == [{"n": 2}]
        assert workspace.sql("select name from golden.customers where id = 1").to_pylist() == [
            {"name": "Ada"}
        ]
        with pytest.raises(UsageError):
            workspace.sql("select nothing from customers")


def test_diff_and_publish_work_in_sequence(published: Path, source: Path) -> None:
    with tdmvc.open(published) as workspace:
        source.write_text("id,name\n1,Ada\n2,Grace Hopper\n3,Edsger\n")
        workspace.add("golden", source)
        diff = workspace.diff("golden@1.0.0", "golden")
        assert isinstance(diff, DatasetDiff)
        assert (diff.tables[0].rows.added, diff.tables[0].rows.changed) == (1, 1)
        assert diff.bump.level is BumpLevel.MINOR
        assert workspace.diff("golden@1.0.0").tables == diff.tables
        assert (
            workspace.diff("golden@1.0.0", "golden", tables=["customers"], sample_rows=0)
            .tables[0]
            .samples.added
            == ()
        )
        with pytest.raises(UsageError, match="minor"):
            workspace.publish("golden", bump="patch")
        with pytest.raises(UsageError, match="bump cannot be"):
            workspace.publish("golden", bump="huge")
        report = workspace.publish("golden", notes="More.")
        assert str(report.version.version) == "1.1.0"
        (summary,) = workspace.list()
        assert [str(version.version) for version in summary.versions] == ["1.0.0", "1.1.0"]


def test_checkout_works_by_reference_by_release_and_into_another_folder(
    published: Path, source: Path
) -> None:
    with tdmvc.open(published) as workspace:
        source.write_text("id,name\n1,Ada\n")
        workspace.add("golden", source)
        git(published, "add", "-A")
        git(published, "commit", "-q", "-m", "Fewer")
        (brought,) = workspace.checkout("golden@1.0.0").datasets
        assert brought.rows == 2
        (brought,) = workspace.checkout(release="1.0.0", datasets=["golden"], strict=True).datasets
        assert brought.how == "declared"
        target = published.parent / "out.sqlite"
        (brought,) = workspace.checkout("golden@HEAD", into=str(target), tables=["customers"]).datasets
        assert (brought.rows, brought.target) == (1, str(target))
        with pytest.raises(UsageError):
            workspace.checkout()


def test_remove_takes_tables_out(published: Path) -> None:
    with tdmvc.open(published) as workspace:
        workspace.add("golden", {"more": pa.table({"a": [1]})})
        assert workspace.remove("golden", "more", force=True).tables == ("more",)
        assert workspace.tables("golden") == ("customers",)


def test_status_show_and_verify_agree(published: Path) -> None:
    with tdmvc.open(published) as workspace:
        (dataset,) = workspace.status("golden").datasets
        assert [table.work for table in dataset.tables] == [WorkStatus.CLEAN]
        shown = workspace.show("golden@1.0.0")
        assert (shown.rows, shown.release) == (2, "1.0.0")
        report = workspace.verify()
        assert report.findings == ()
        assert {state.content for state in report.verified} == {shown.content}


def test_push_and_pull_use_a_local_remote(published: Path) -> None:
    with (published / ".dvc" / "config").open("a") as file:
        file.write(f"['remote \"near\"']\n    url = {published.parent / 'near'}\n")
    with tdmvc.open(published) as workspace:
        sent = workspace.push("golden@1.0.0", remote="near")
        assert (sent.objects, sent.remotes) == (2, ("near",))
        assert workspace.pull(remote="near").moved == 0
        assert workspace.verify("golden@1.0.0").findings == ()


def test_migrations_and_drift_return_states_and_relations(published: Path) -> None:
    with tdmvc.open(published) as workspace:
        (state,) = workspace.migrations()
        assert state.heads == ("0001",)
        (in_step,) = workspace.drift()
        assert in_step.status is DriftStatus.IN_STEP
        (published / "migrations" / "0002_more.sql").write_text("SELECT 1;\n")
        (behind,) = workspace.drift("golden@1.0.0")
        assert (behind.status, [m.id for m in behind.pending]) == (DriftStatus.BEHIND, ["0002"])
        assert workspace.migrations(at="HEAD", path="migrations", tool="sql")[0].heads == ("0001",)


def test_history_is_returned_for_tables_rows_and_cells(published: Path) -> None:
    with tdmvc.open(published) as workspace:
        (entry,) = workspace.log("golden", "customers").entries
        assert (entry.point.subject, entry.tables[0].added) == ("Golden data", 2)
        (step,) = workspace.log_row("golden", "customers", "1").steps
        assert {cell.column: cell.new for cell in step.cells} == {"id": 1, "name": "Ada"}
        first, second = workspace.blame("golden", "customers", versions=True).rows
        assert [cell.point.id for cell in (*first.cells, *second.cells)] == ["1.0.0"] * 4
        assert workspace.blame("golden", "customers", "2", columns=["name"]).rows[0].cells[0].value == "Grace"


def test_a_workspace_that_is_closed_leaves_no_folder(published: Path) -> None:
    with tdmvc.open(published) as workspace:
        folder = workspace._workspace.temporary_folder()
        workspace.sql("select 1")
        assert folder.is_dir()
    assert not folder.exists()


def test_the_api_reads_what_the_command_line_wrote(
    tdmvc: Callable[..., Ran], published: Path, source: Path
) -> None:
    source.write_text("id,name\n7,Barbara\n")
    tdmvc("add", "golden", source)
    with Repository.open(published) as workspace:
        assert workspace.table("golden", "customers").to_pylist() == [{"id": 7, "name": "Barbara"}]
