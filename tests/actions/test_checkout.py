"""`checkout` returns what it wrote, and overwrites no edits unless it is told to."""

import sqlite3
from pathlib import Path

import pytest

from tdmvc.actions.checkout import CheckoutOptions, checkout
from tdmvc.errors import LocalWorkError, NotFoundError, UsageError
from tdmvc.model.location import PathLocation
from tdmvc.model.report import Inference
from tdmvc.model.selection import Selection
from tdmvc.model.version import SemVer
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import commit_orders, statuses


def test_a_version_replaces_rows_and_pointers(workspace: Workspace) -> None:
    commit_orders(workspace, "Pay", _10="paid")
    (done,) = checkout(workspace, "golden@1.0.0").datasets
    assert (done.ref, done.version, done.rows) == ("golden@1.0.0", SemVer(1, 0, 0), 5)
    assert (done.tables, done.target) == (("customers", "orders"), None)
    assert statuses(workspace)[10] == "open"


def test_the_present_state_writes_no_file(workspace: Workspace) -> None:
    (done,) = checkout(workspace, "golden").datasets
    assert done.changed_files == 0


def test_edits_are_overwritten_only_with_force(workspace: Workspace) -> None:
    part = next((workspace.working_copy("golden") / "orders").glob("*.parquet"))
    part.write_bytes(part.read_bytes() + b" ")
    with pytest.raises(LocalWorkError, match="saved nowhere else"):
        checkout(workspace, "golden")
    (done,) = checkout(workspace, "golden", CheckoutOptions(force=True)).datasets
    assert done.changed_files > 0
    assert statuses(workspace)[10] == "open"


def test_a_release_gives_the_version_that_declares_it(workspace: Workspace) -> None:
    report = checkout(workspace, options=CheckoutOptions(release="1.0.0"))
    (done,) = report.datasets
    assert (done.version, done.how, report.without_version) == (SemVer(1, 0, 0), Inference.DECLARED, ())


def test_a_release_that_no_version_fits_is_an_error_that_names_the_nearest(workspace: Workspace) -> None:
    with pytest.raises(NotFoundError, match=r"fits release '9\.0\.0'") as caught:
        checkout(workspace, options=CheckoutOptions(release="9.0.0", strict=True))
    assert "release 1.0.0 has golden@1.0.0" in caught.value.remedy


def test_a_reference_and_a_release_cannot_be_combined(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="either a reference or a release"):
        checkout(workspace, "golden", CheckoutOptions(release="1.0.0"))


def test_into_a_database_only_the_named_tables_are_written(workspace: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "out.sqlite"
    options = CheckoutOptions(into=PathLocation(target), selection=Selection(("orders",)))
    (done,) = checkout(workspace, "golden@1.0.0", options).datasets
    assert (done.tables, done.target) == (("orders",), str(target))
    with sqlite3.connect(target) as con:
        assert con.execute("select name from sqlite_master where type = 'table'").fetchall() == [("orders",)]
    with pytest.raises(LocalWorkError, match="The target"):
        checkout(workspace, "golden@1.0.0", options)
