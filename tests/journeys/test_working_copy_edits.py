"""Rows edited with other tools, as plain Parquet in a dataset's folder: seen, compared and taken in."""

import contextlib
import datetime as dt
import io
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tdmvc.cli.main import run
from tests.builders import Tdmvc, copy_repo, git

Write = Callable[[pa.Table, Path], None]
ROWS = 600


def _orders() -> pa.Table:
    numbers = range(1, ROWS + 1)
    start = dt.datetime(2026, 1, 1, 12, 30, 0, 250_000)
    return pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            # Nulls among integers: pandas makes floats of them.
            "coupon": pa.array([None if n % 3 else n for n in numbers], pa.int64()),
            "quantity": pa.array([n % 7 for n in numbers], pa.int32()),
            "total": pa.array([Decimal(n).scaleb(-2) for n in numbers], pa.decimal128(10, 2)),
            "status": pa.array(["" if n % 11 == 0 else f"state {n % 4}" for n in numbers], pa.string()),
            "note": pa.array([None if n % 2 else "NA" for n in numbers], pa.string()),
            "ordered_at": pa.array([start + dt.timedelta(hours=n) for n in numbers], pa.timestamp("us")),
            "paid_at": pa.array([start + dt.timedelta(days=n) for n in numbers], pa.timestamp("us", "UTC")),
            "is_gift": pa.array([None if n == 5 else n % 2 == 0 for n in numbers], pa.bool_()),
        }
    )


def _customers() -> pa.Table:
    return pa.table({"id": pa.array([1, 2, 3], pa.int64()), "name": ["Ada", "Grace", "Edsger"]})


@pytest.fixture(scope="module")
def committed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two tables; orders lies in several parts."""
    base = tmp_path_factory.mktemp("edits")
    app = base / "app"
    copy_repo(template, app)
    source = base / "source"
    source.mkdir()
    pq.write_table(_orders(), source / "orders.parquet")
    pq.write_table(_customers(), source / "customers.parquet")
    golden = app / "datasets" / "golden"
    golden.mkdir(parents=True)
    (golden / "dataset.yaml").write_text("format: tdmvc.dataset/1\nname: golden\npart_rows: 128\n")
    words = ["add", "golden", str(source), "--key", "orders=id", "--key", "customers=id"]
    with contextlib.redirect_stdout(io.StringIO()):
        assert run(["-C", str(app), *words]) == 0
    git(app, "add", "-A")
    git(app, "commit", "-q", "-m", "Golden data")
    assert len(list((golden / "orders").iterdir())) > 1
    return app


@pytest.fixture
def repo(committed: Path, tmp_path: Path) -> Path:
    return copy_repo(committed, tmp_path / "app")


@pytest.fixture
def folder(repo: Path) -> Path:
    return repo / "datasets" / "golden"


def _with_pandas(table: pa.Table, path: Path) -> None:
    frame = table.to_pandas()
    assert frame["coupon"].dtype == "float64"
    frame["ordered_at"] = frame["ordered_at"].astype("datetime64[ns]")
    frame.to_parquet(path, index=False)


def _with_polars(table: pa.Table, path: Path) -> None:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    frame.write_parquet(path, use_pyarrow=False)


def _with_duckdb(table: pa.Table, path: Path) -> None:
    with duckdb.connect() as con:
        con.register("edited", table)
        con.execute(f"COPY (SELECT * FROM edited ORDER BY random()) TO '{path}' (FORMAT parquet, CODEC gzip)")


def _with_pyarrow(table: pa.Table, path: Path) -> None:
    loose = pa.schema(
        [f.with_type(pa.large_string()) if pa.types.is_string(f.type) else f for f in table.schema]
    )
    pq.write_table(table.cast(loose), path, compression="snappy", row_group_size=50, version="1.0")


WRITERS = {
    "pandas": _with_pandas,
    "polars": _with_polars,
    "duckdb": _with_duckdb,
    "pyarrow": _with_pyarrow,
}
every_writer = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


def _edited(table: pa.Table) -> pa.Table:
    """Set one status and one coupon, drop order 10 and add order 601."""
    ids = table.column("id")
    status = pc.if_else(pc.equal(ids, 7), "returned", table.column("status"))
    coupon = pc.if_else(pc.equal(ids, 300), pa.scalar(None, pa.int64()), table.column("coupon"))
    table = table.set_column(table.schema.get_field_index("status"), "status", status)
    table = table.set_column(table.schema.get_field_index("coupon"), "coupon", coupon)
    new = table.slice(0, 1).set_column(0, "id", pa.array([601], pa.int64()))
    return pa.concat_tables([table.filter(pc.not_equal(ids, 10)), new])


def _replace(folder: Path, table: pa.Table, write: Write, name: str = "orders.parquet") -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    write(table, folder / name)


def _work(tdmvc: Tdmvc) -> dict[str, str]:
    tables = tdmvc("status", "--format", "json").json["datasets"][0]["tables"]
    return {table["name"]: table["work"] for table in tables}


def _diff(tdmvc: Tdmvc, *words: str) -> dict[str, Any]:
    diff = tdmvc("diff", *(words or ("golden",)), "--format", "json").json
    return {table["name"]: table for table in diff["tables"] if table["status"] != "unchanged"}


def _added(tdmvc: Tdmvc, *words: str) -> dict[str, str]:
    report = tdmvc("add", "golden", *words, "--format", "json").json
    return {table["name"]: table["status"] for table in report["tables"]}


def _shown(tdmvc: Tdmvc) -> dict[str, Any]:
    return {table["name"]: table for table in tdmvc("show", "golden", "--format", "json").json["tables"]}


def _counts(table: dict[str, Any]) -> tuple[int, int, int]:
    rows = table["rows"]
    return rows["added"], rows["removed"], rows["changed"]


@every_writer
def test_a_table_rewritten_as_one_file_shows_exactly_the_edit_before_and_after_add(
    tdmvc: Tdmvc, folder: Path, write: Write
) -> None:
    types = {c["name"]: c["type"] for c in _shown(tdmvc)["orders"]["columns"]}
    _replace(folder / "orders", _edited(_orders()), write)
    assert _work(tdmvc) == {"customers": "clean", "orders": "modified"}
    before = _diff(tdmvc)
    assert before.keys() == {"orders"}
    assert _counts(before["orders"]) == (1, 1, 2)
    assert before["orders"]["columns"] == {"coupon": 1, "status": 1}
    assert before["orders"]["schema"] == []
    samples = before["orders"]["samples"]
    assert [row["key"] for row in samples["removed"]] == [{"id": 10}]
    assert [row["key"] for row in samples["added"]] == [{"id": 601}]
    assert [(row["key"], row["cells"]) for row in samples["changed"]] == [
        (
            {"id": 7},
            [{"column": "status", "old": "state 3", "new": "returned", "inside": [], "pattern": 0}],
        ),
        ({"id": 300}, [{"column": "coupon", "old": 300, "new": None, "inside": [], "pattern": 1}]),
    ]

    assert _added(tdmvc) == {"orders": "changed"}
    assert _work(tdmvc) == {"customers": "clean", "orders": "clean"}
    assert _diff(tdmvc) == before
    assert {c["name"]: c["type"] for c in _shown(tdmvc)["orders"]["columns"]} == types
    kept = pq.read_table(folder / "orders")
    assert kept.sort_by("id").equals(_edited(_orders()).sort_by("id"))


@every_writer
def test_an_unchanged_rewrite_by_another_tool_is_no_change(
    tdmvc: Tdmvc, repo: Path, folder: Path, write: Write
) -> None:
    content = _shown(tdmvc)["orders"]["content"]
    pointer = (folder / "orders.dvc").read_bytes()
    _replace(folder / "orders", _orders(), write)
    assert _diff(tdmvc) == {}
    assert _added(tdmvc) == {"orders": "unchanged"}
    assert _shown(tdmvc)["orders"]["content"] == content
    assert (folder / "orders.dvc").read_bytes() == pointer
    assert git(repo, "status", "--porcelain") == ""
    assert _work(tdmvc)["orders"] == "clean"


def test_columns_in_another_order_are_no_change(tdmvc: Tdmvc, repo: Path, folder: Path) -> None:
    _replace(folder / "orders", _orders().select(sorted(_orders().column_names)), _with_pyarrow)
    assert _diff(tdmvc) == {}
    assert _added(tdmvc) == {"orders": "unchanged"}
    assert git(repo, "status", "--porcelain") == ""


def test_one_part_overwritten_under_its_own_name_is_an_edit_of_its_rows(tdmvc: Tdmvc, folder: Path) -> None:
    parts = sorted((folder / "orders").iterdir(), key=lambda path: path.name)
    part = parts[1]
    rows = pq.read_table(part)
    first = rows.column("id")[0].as_py()
    quantity = pc.if_else(
        pc.equal(rows.column("id"), first), pa.scalar(99, pa.int32()), rows.column("quantity")
    )
    rows = rows.set_column(rows.schema.get_field_index("quantity"), "quantity", quantity)
    _with_polars(rows, part)
    assert _work(tdmvc)["orders"] == "modified"
    before = _diff(tdmvc)["orders"]
    assert (_counts(before), before["columns"]) == ((0, 0, 1), {"quantity": 1})
    assert before["samples"]["changed"][0]["key"] == {"id": first}
    assert _added(tdmvc) == {"orders": "changed"}
    assert _diff(tdmvc)["orders"] == before
    # Only the part that holds the edit is new.
    names = {path.name for path in (folder / "orders").iterdir()}
    assert len({path.name for path in parts} - names) == 1


def test_the_cache_does_not_follow_an_edit_in_place(tdmvc: Tdmvc, folder: Path) -> None:
    for part in (folder / "orders").iterdir():
        part.write_bytes(b"PAR1 overwritten")
    tdmvc("checkout", "golden", code=4)
    tdmvc("checkout", "golden", "--force")
    assert pq.read_table(folder / "orders").num_rows == ROWS
    assert tdmvc("verify", "--format", "json").json["findings"] == []


def test_a_file_copied_next_to_the_parts_adds_its_rows(tdmvc: Tdmvc, folder: Path) -> None:
    more = _orders().slice(0, 2).set_column(0, "id", pa.array([901, 902], pa.int64()))
    _with_pandas(more, folder / "orders" / "more.parquet")
    assert _work(tdmvc)["orders"] == "modified"
    before = _diff(tdmvc)["orders"]
    assert _counts(before) == (2, 0, 0)
    assert [row["key"]["id"] for row in before["samples"]["added"]] == [901, 902]
    assert _added(tdmvc) == {"orders": "changed"}
    assert _diff(tdmvc)["orders"] == before
    assert not (folder / "orders" / "more.parquet").exists()


def test_repeated_rows_are_reported_before_they_are_published(tdmvc: Tdmvc, folder: Path) -> None:
    _with_pyarrow(_orders().slice(20, 1), folder / "orders" / "again.parquet")
    assert [f["rule"] for f in _diff(tdmvc)["orders"]["findings"]] == ["duplicate-key"]
    added = tdmvc("add", "golden", "--format", "json").json
    assert [(f["rule"], f["table"], f["columns"]) for f in added["findings"]] == [
        ("duplicate-key", "orders", ["id"])
    ]


def test_a_removed_part_is_removed_rows(tdmvc: Tdmvc, folder: Path) -> None:
    part = min((folder / "orders").iterdir(), key=lambda path: path.name)
    removed = pq.read_table(part).num_rows
    part.unlink()
    assert _work(tdmvc)["orders"] == "modified"
    assert _counts(_diff(tdmvc)["orders"]) == (0, removed, 0)
    assert _added(tdmvc) == {"orders": "changed"}
    assert _shown(tdmvc)["orders"]["rows"] == ROWS - removed


@every_writer
def test_the_folder_replaced_by_a_file_of_its_name_is_the_table(
    tdmvc: Tdmvc, folder: Path, write: Write
) -> None:
    shutil.rmtree(folder / "orders")
    write(_edited(_orders()), folder / "orders.tmp")
    (folder / "orders.tmp").rename(folder / "orders")
    assert _work(tdmvc)["orders"] == "modified"
    assert _counts(_diff(tdmvc)["orders"]) == (1, 1, 2)
    assert _added(tdmvc) == {"orders": "changed"}
    assert (folder / "orders").is_dir()
    assert _work(tdmvc) == {"customers": "clean", "orders": "clean"}


def test_a_removed_folder_is_no_removed_table_until_somebody_says_so(
    tdmvc: Tdmvc, repo: Path, folder: Path
) -> None:
    tdmvc("checkout", "golden")
    shutil.rmtree(folder / "customers")
    assert _work(tdmvc)["customers"] == "missing"
    assert _added(tdmvc) == {}
    assert (folder / "customers.dvc").exists()
    assert _added(tdmvc, "--remove", "customers") == {"customers": "removed"}
    assert not (folder / "customers.dvc").exists()
    after = _diff(tdmvc)["customers"]
    assert (after["status"], _counts(after)) == ("removed", (0, 3, 0))
    assert "customers" not in (folder / "contract.yaml").read_text()
    assert [w for w in git(repo, "status", "--porcelain").splitlines() if "orders" in w] == []


def test_tables_that_were_never_checked_out_are_not_removed_tables(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", repo.as_uri(), "clone")
    clone = tmp_path / "clone"
    shutil.copytree(repo / ".dvc" / "cache", clone / ".dvc" / "cache")
    tdmvc("checkout", "golden", "--tables", "customers", folder=clone)
    assert tdmvc("add", "golden", "--format", "json", folder=clone).json["tables"] == []
    assert git(clone, "status", "--porcelain") == ""
    assert tdmvc("diff", "--format", "json", folder=clone).json["summary"]["tables"]["removed"] == 0


@every_writer
def test_a_new_folder_is_a_new_table(tdmvc: Tdmvc, folder: Path, write: Write) -> None:
    (folder / "returns").mkdir()
    write(_orders().slice(0, 4), folder / "returns" / "data.parquet")
    assert _work(tdmvc)["returns"] == "new"
    before = _diff(tdmvc)["returns"]
    assert (before["status"], _counts(before)) == ("added", (4, 0, 0))
    assert _added(tdmvc) == {"returns": "added"}
    assert (folder / "returns.dvc").is_file()
    assert _work(tdmvc)["returns"] == "clean"
    assert _shown(tdmvc)["returns"]["rows"] == 4


def test_a_column_that_a_tool_added_or_dropped_is_a_change_of_schema(tdmvc: Tdmvc, folder: Path) -> None:
    frame = _customers().to_pandas()
    frame["locale"] = pd.Series(["en", None, "nl"])
    frame.to_parquet(folder / "customers" / next((folder / "customers").iterdir()).name, index=False)
    changed = _diff(tdmvc)["customers"]
    assert changed["schema"] == [{"kind": "column_added", "column": "locale", "new": "string"}]
    assert _counts(changed) == (0, 0, 0)
    assert _added(tdmvc) == {"customers": "changed"}
    assert [c["name"] for c in _shown(tdmvc)["customers"]["columns"]] == ["id", "name", "locale"]
    assert _shown(tdmvc)["customers"]["key"] == ["id"]


def test_a_value_that_does_not_fit_its_type_widens_the_column_with_a_warning(
    tdmvc: Tdmvc, folder: Path
) -> None:
    frame = _orders().to_pandas()
    frame["coupon"] = frame["coupon"] + 0.5
    shutil.rmtree(folder / "orders")
    (folder / "orders").mkdir()
    frame.to_parquet(folder / "orders" / "data.parquet", index=False)
    assert [s["kind"] for s in _diff(tdmvc)["orders"]["schema"]] == ["type_changed"]
    (added,) = tdmvc("add", "golden", "--format", "json").json["tables"]
    assert any("coupon" in note and "float64" in note for note in added["notes"])
    assert pq.read_table(folder / "orders").column("coupon")[2].as_py() == 3.5


def test_a_damaged_file_is_refused_and_nothing_changes(tdmvc: Tdmvc, repo: Path, folder: Path) -> None:
    (folder / "orders" / "cut.parquet").write_bytes(b"PAR1 cut off")
    refused = tdmvc("add", "golden", code=2)
    assert "cut.parquet" in refused.err
    assert git(repo, "status", "--porcelain") == ""


def test_only_the_named_edited_table_is_added(tdmvc: Tdmvc, folder: Path) -> None:
    _replace(folder / "orders", _edited(_orders()), _with_duckdb)
    _replace(folder / "customers", _customers().slice(0, 2), _with_duckdb)
    named = tdmvc("add", "golden", "--table", "customers", "--format", "json").json
    assert [table["name"] for table in named["tables"]] == ["customers"]
    assert _work(tdmvc) == {"customers": "clean", "orders": "modified"}
