"""`add` returns what became of each table, and writes pointers only for what changed."""

import contextlib
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.actions.add import add
from tdmvc.actions.status import status
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.dataset import WorkStatus
from tdmvc.model.location import PathLocation
from tdmvc.model.named_keys import NamedKeys
from tdmvc.model.options import AddOptions
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import ORDERS, add_csv, statuses
from tests.builders import git


def test_a_changed_table_is_reported_with_its_rows_key_and_new_bytes(workspace: Workspace) -> None:
    report = add_csv(workspace, "orders", ORDERS + "13,1,open\n")
    (table,) = report.tables
    assert (table.name, table.status, table.rows, table.key) == ("orders", "changed", 4, ("id",))
    assert table.written_bytes > 0
    assert git(workspace.root, "status", "--porcelain").split() == ["M", "datasets/golden/orders.dvc"]


def test_equal_rows_change_nothing(workspace: Workspace) -> None:
    (table,) = add_csv(workspace, "orders", ORDERS).tables
    assert (table.status, table.written_bytes) == ("unchanged", 0)
    assert git(workspace.root, "status", "--porcelain") == ""


def test_append_keeps_the_rows_that_are_there(workspace: Workspace) -> None:
    report = add_csv(workspace, "orders", "id,customer_id,status\n13,1,open\n", AddOptions(append=True))
    assert report.tables[0].rows == 4
    assert set(statuses(workspace)) == {10, 11, 12, 13}


def test_replace_removes_the_tables_that_the_sources_do_not_have(workspace: Workspace) -> None:
    report = add_csv(workspace, "orders", ORDERS, AddOptions(replace=True))
    assert {table.name: table.status for table in report.tables} == {
        "customers": "removed",
        "orders": "unchanged",
    }
    assert not (workspace.working_copy("golden") / "customers.dvc").exists()


def test_without_a_source_an_edit_in_the_working_copy_is_added(workspace: Workspace) -> None:
    rewrite_customers(workspace.working_copy("golden") / "customers")
    assert work_status(workspace) is WorkStatus.MODIFIED
    (table,) = add(workspace, "golden").tables
    assert (table.name, table.status, table.rows) == ("customers", "changed", 1)
    assert work_status(workspace) is WorkStatus.CLEAN


def rewrite_customers(folder: Path) -> None:
    """Write one customer into the folder of the table, as another tool would."""
    for part in folder.iterdir():
        part.unlink()
    pq.write_table(pa.table({"id": [1], "name": ["Anna"]}), folder / "edited.parquet")


def work_status(workspace: Workspace) -> WorkStatus:
    """Return the status of customers in the working copy."""
    (dataset,) = status(workspace).datasets
    return next(table.work for table in dataset.tables if table.name == "customers")


def test_a_repeated_key_is_a_finding_and_the_rows_are_kept(workspace: Workspace) -> None:
    report = add_csv(workspace, "orders", ORDERS + "10,1,late\n")
    assert [finding.rule for finding in report.findings] == ["duplicate-key"]
    assert report.tables[0].rows == 4


def test_an_unknown_dataset_needs_a_source(workspace: Workspace) -> None:
    with pytest.raises(NotFoundError, match="silver") as caught:
        add(workspace, "silver")
    assert "tdmvc add silver SOURCE" in caught.value.remedy


def test_a_database_without_a_primary_key_leaves_the_key_that_a_person_named(workspace: Workspace) -> None:
    path = workspace.root.parent / "shop.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as shop:
        shop.executescript("CREATE TABLE notes (id INTEGER, text TEXT); INSERT INTO notes VALUES (1, 'a');")
    location = PathLocation(path)
    assert add(workspace, "golden", [location], AddOptions(keys=NamedKeys({"notes": ("id",)}))).tables[
        0
    ].key == ("id",)
    (table,) = add(workspace, "golden", [location]).tables
    assert (table.status, table.key) == ("unchanged", ("id",))


def test_an_unknown_table_gets_similar_names_even_if_nothing_was_edited(workspace: Workspace) -> None:
    with pytest.raises(NotFoundError, match="There is no table 'order'") as caught:
        add(workspace, "golden", options=AddOptions(table="order"))
    assert caught.value.remedy == "did you mean 'orders'?"


@pytest.mark.parametrize("written", ["True", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00"])
def test_append_says_if_the_texts_that_are_there_are_spelled_anew(workspace: Workspace, written: str) -> None:
    add_csv(workspace, "flags", f"id,flag\n1,{written}\n", AddOptions(keys=NamedKeys({"flags": ("id",)})))
    (table,) = add_csv(workspace, "flags", "id,flag\n2,maybe\n", AddOptions(append=True)).tables
    assert any("written again" in note for note in table.notes)
    (table,) = add_csv(workspace, "flags", f"id,flag\n1,{written}\n2,maybe\n").tables
    assert not any("written again" in note for note in table.notes)


def test_append_and_replace_contradict_each_other(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="--append and --replace"):
        add_csv(workspace, "orders", ORDERS, AddOptions(append=True, replace=True))
