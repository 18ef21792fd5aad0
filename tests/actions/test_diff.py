"""`diff` returns one difference per dataset, for the sides that its arguments name."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tdmvc.actions.add import add
from tdmvc.actions.diff import diff
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.diff import BumpLevel, TableStatus
from tdmvc.model.location import PathLocation
from tdmvc.model.named_keys import NamedKeys
from tdmvc.model.options import AddOptions, DiffOptions, RowsTarget
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import ORDERS, add_csv, commit_orders


def test_without_arguments_head_is_compared_with_the_working_copy(workspace: Workspace) -> None:
    add_csv(workspace, "orders", ORDERS.replace("10,1,open", "10,1,paid"))
    (found,) = diff(workspace)
    assert (found.old, found.new, found.bump.level) == ("golden@HEAD", "golden", BumpLevel.PATCH)
    customers, orders = found.tables
    assert (customers.status, orders.status) == (TableStatus.UNCHANGED, TableStatus.CHANGED)
    assert (orders.rows.added, orders.rows.removed, orders.rows.changed) == (0, 0, 1)


def test_one_reference_is_the_old_side(workspace: Workspace) -> None:
    commit_orders(workspace, "Pay", _10="paid")
    (found,) = diff(workspace, "golden@1.0.0")
    assert (found.old, found.new, found.is_changed) == ("golden@1.0.0", "golden", True)


def test_a_range_and_two_references_mean_the_same(workspace: Workspace) -> None:
    commit_orders(workspace, "Pay", _10="paid")
    assert diff(workspace, "golden@1.0.0..HEAD") == diff(workspace, "golden@1.0.0", "golden@HEAD")


def test_only_the_named_tables_are_compared(workspace: Workspace) -> None:
    (found,) = diff(workspace, "golden@1.0.0", tables=["customers"])
    assert [table.name for table in found.tables] == ["customers"]
    with pytest.raises(NotFoundError, match="There is no table 'order'"):
        diff(workspace, "golden@1.0.0", tables=["order"])


def test_options_limit_samples_and_name_a_folder_for_all_rows(workspace: Workspace, tmp_path: Path) -> None:
    commit_orders(workspace, "Pay", _10="paid", _12="paid")
    (found,) = diff(workspace, "golden@1.0.0", options=DiffOptions(1, RowsTarget(tmp_path / "rows")))
    assert len(found.tables[1].samples.changed) == 1
    assert pq.read_table(tmp_path / "rows" / "orders.parquet").num_rows == 2


def test_each_of_several_datasets_gets_its_own_folder_of_rows(workspace: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "countries.csv"
    source.write_text("code\nNA\n")
    options = AddOptions(keys=NamedKeys({"countries": ("code",)}))
    add(workspace, "reference", [PathLocation(source)], options)
    add_csv(workspace, "orders", ORDERS + "13,1,open\n")
    found = diff(workspace, options=DiffOptions(rows=RowsTarget(tmp_path / "rows")))
    assert [one.dataset for one in found] == ["golden", "reference"]
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("rows/*/*")} == {
        "rows/golden/orders.parquet",
        "rows/reference/countries.parquet",
    }
    with pytest.raises(UsageError, match="different datasets"):
        diff(workspace, "golden", "reference")
