"""`status`, `show`, `list` and `sql` describe datasets and return their rows, without changing anything."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.actions.add import add
from tdmvc.actions.query import query
from tdmvc.actions.rows import read_table
from tdmvc.actions.show import list_versions, show
from tdmvc.actions.status import status
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.dataset import WorkStatus
from tdmvc.model.location import PathLocation
from tdmvc.model.report import DatasetStatus
from tdmvc.model.version import SemVer
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import ORDERS, add_csv, commit_orders
from tests.builders import git


def test_a_clean_dataset_equals_its_published_version(workspace: Workspace) -> None:
    report = status(workspace)
    (golden,) = report.datasets
    assert (report.branch, report.release) == ("main", "1.0.0")
    assert (golden.is_clean, golden.versions, golden.not_pushed) == (True, (SemVer(1, 0, 0),), None)


def test_an_added_table_differs_from_head_and_not_from_its_pointer(workspace: Workspace) -> None:
    add_csv(workspace, "orders", ORDERS + "13,1,open\n")
    (golden,) = status(workspace, ["golden"]).datasets
    orders = next(table for table in golden.tables if table.name == "orders")
    assert (orders.work, orders.since_head) == (WorkStatus.CLEAN, "changed")
    assert (golden.is_clean, golden.versions, golden.latest) == (False, (), SemVer(1, 0, 0))


def test_rows_of_another_commit_are_stale(workspace: Workspace) -> None:
    commit_orders(workspace, "Pay", _10="paid")
    pointer = workspace.working_copy("golden") / "orders.dvc"
    pointer.write_text(workspace.git.tree("HEAD~1").read_text("datasets/golden/orders.dvc") or "")
    (golden,) = status(workspace).datasets
    assert {table.name: table.work for table in golden.tables}["orders"] is WorkStatus.STALE


def test_a_dataset_with_files_that_are_not_committed_is_not_clean(workspace: Workspace) -> None:
    folder = workspace.working_copy("golden")
    with (folder / "contract.yaml").open("a") as contract:
        contract.write("# more\n")
    (folder / "README.md").write_text("Rows of the shop.\n")
    (golden,) = datasets_of(workspace)
    assert (golden.is_clean, golden.uncommitted) == (False, ("contract.yaml", "README.md"))
    (folder / "README.md").unlink()
    git(workspace.root, "add", "-A")
    assert not datasets_of(workspace)[0].is_clean
    git(workspace.root, "commit", "-q", "-m", "More")
    assert datasets_of(workspace)[0].is_clean


def datasets_of(workspace: Workspace) -> tuple[DatasetStatus, ...]:
    return status(workspace).datasets


def test_show_describes_tables_keys_and_types_of_a_version(workspace: Workspace) -> None:
    report = show(workspace, "golden@1.0.0")
    assert (report.ref, report.rows, report.release) == ("golden@1.0.0", 5, "1.0.0")
    customers, orders = report.tables
    assert (customers.schema.name, customers.schema.key, customers.rows) == ("customers", ("id",), 2)
    assert orders.schema.column_names == ("id", "customer_id", "status")


def test_list_has_every_version_oldest_first(workspace: Workspace) -> None:
    (summary,) = list_versions(workspace)
    assert (summary.name, summary.tables) == ("golden", 2)
    assert [version.version for version in summary.versions] == [SemVer(1, 0, 0)]


def test_a_query_reads_one_state_or_all_working_copies(workspace: Workspace) -> None:
    commit_orders(workspace, "Pay", _10="paid")
    text = "select count(*) as n, sum(id)::decimal(4,1) as ids from orders where status = 'paid'"
    now, before = query(workspace, text), query(workspace, text, at="golden@1.0.0")
    assert (now.columns, now.rows) == (("n", "ids"), ((2, Decimal("21.0")),))
    assert before.rows == ((1, Decimal("11.0")),)


def test_a_limit_cuts_the_rows_and_reports_it(workspace: Workspace) -> None:
    found = query(workspace, "select id from golden.orders order by id", limit=2)
    assert (found.rows, found.is_cut) == (((10,), (11,)), True)


def test_a_table_is_returned_in_key_order(workspace: Workspace) -> None:
    assert read_table(workspace, "golden@1.0.0", "orders")["id"].to_pylist() == [10, 11, 12]


def test_what_cannot_be_read_is_an_error(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="The query failed") as raised:
        query(workspace, "select nothing from orders")
    assert "\n" not in raised.value.what
    with pytest.raises(UsageError, match=r'failed: Parser Error: syntax error at or near "selct"\nFix'):
        query(workspace, "selct 1")
    with pytest.raises(NotFoundError, match=r"golden has no version '9\.0\.0'"):
        show(workspace, "golden@9.0.0")
    with pytest.raises(NotFoundError, match="There is no table 'order'"):
        read_table(workspace, "golden", "order")


def test_queries_find_nan_which_the_statistics_of_parts_leave_out(
    workspace: Workspace, tmp_path: Path
) -> None:
    values = [1.0, 2.0, float("nan"), None, 9.0, -0.0]
    rows = [{"id": number, "x": x, "s": {"x": x}} for number, x in enumerate(values, 1)]
    schema = pa.schema([("id", pa.int64()), ("x", pa.float64()), ("s", pa.struct([("x", pa.float64())]))])
    pq.write_table(pa.Table.from_pylist(rows, schema), tmp_path / "floats.parquet")
    add(workspace, "numbers", [PathLocation(tmp_path / "floats.parquet")])
    for condition, ids in {
        "isnan(x)": [3],
        "x > 5": [3, 5],
        "x = 'nan'": [3],
        "x >= 2": [2, 3, 5],
        "not (x > 5)": [1, 2, 6],
        "x between 20 and 'nan'::double": [3],
        "s.x > 20": [3],
    }.items():
        found = query(workspace, f"select id from numbers.floats where {condition} order by id").rows
        assert [row[0] for row in found] == ids, condition
