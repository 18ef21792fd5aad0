"""Loading states: what is written, in which order and by which way, and what a failure leaves."""

import pytest

from tdmvc.api import Repository
from tdmvc.errors import DatabaseError
from tdmvc.model.seeding import LoadMethod, SeedReport
from tests.seeding.memory_database import MemoryDatabase

INTO = "shop.memory"


def methods(report: SeedReport) -> dict[str, LoadMethod]:
    return {table.name: table.method for dataset in report.datasets for table in dataset.tables}


def writes(database: MemoryDatabase) -> list[str]:
    return [
        step for step in database.calls if step.split()[0] in ("create", "clear", "load", "apply", "remember")
    ]


def test_an_empty_database_gets_tables_and_rows_in_the_order_of_references(
    shop: Repository, database: MemoryDatabase
) -> None:
    report = shop.seed("golden@1.0.0", into=INTO, verify=True)
    assert methods(report) == {"customers": LoadMethod.CREATED, "orders": LoadMethod.CREATED}
    assert writes(database) == [
        "create customers",
        "create orders",
        "load customers",
        "load orders",
        "remember golden@1.0.0",
    ]
    assert database.calls[-1] == "commit"
    assert [row["name"] for row in database.rows("customers")] == ["Ann", "Bob", "Cat"]
    assert report.datasets[0].is_verified


def test_a_version_that_is_there_is_proven_and_nothing_is_written(
    shop: Repository, database: MemoryDatabase
) -> None:
    shop.seed("golden@1.0.0", into=INTO)
    database.calls.clear()
    report = shop.seed("golden@1.0.0", into=INTO)
    assert report.datasets[0].is_there
    assert writes(database) == []
    assert "fingerprint orders" in database.calls


def test_another_version_is_written_as_the_difference(shop: Repository, database: MemoryDatabase) -> None:
    shop.seed("golden@1.0.0", into=INTO)
    database.calls.clear()
    report = shop.seed("golden@2.0.0", into=INTO, verify=True, force=True)
    assert methods(report) == {"customers": LoadMethod.DIFFERENCE, "orders": LoadMethod.NOTHING}
    counts = next(table.counts for table in report.datasets[0].tables if table.name == "customers")
    assert (counts.inserted, counts.updated, counts.deleted, counts.unchanged) == (1, 1, 1, 1)
    assert writes(database) == ["apply customers", "remember golden@2.0.0"]
    assert [row["name"] for row in database.rows("customers")] == ["Ann", "Bo", "Dan"]


def test_references_count_as_held_only_if_they_did_and_both_tables_are_proven(
    shop: Repository, database: MemoryDatabase
) -> None:
    held = {"orders": {"customers"}}
    for ref in ("golden@1.0.0", "golden@2.0.0", "golden@1.0.0"):
        shop.seed(ref, into=INTO, force=True)
    assert database.held == [{}, held, held]

    database.tables["orders"].rows[0]["total"] = "0.00"
    shop.seed("golden@2.0.0", into=INTO, force=True)
    assert database.held.pop() == {}, "orders was reloaded"

    database.tables["orders"].rows.append({"id": 99, "customer_id": 99, "total": None})
    shop.seed("golden@1.0.0", into=INTO, tables=["customers"], force=True)
    database.tables["orders"].rows.pop()
    shop.seed("golden@2.0.0", into=INTO, force=True)
    assert database.held.pop() == {}, "customers was checked with other orders"


def test_broken_references_are_looked_for_in_all_rows_until_they_hold(
    shop: Repository, database: MemoryDatabase
) -> None:
    folder = shop.root / "datasets" / "golden" / "orders"
    for part in folder.glob("*.parquet"):
        part.unlink()
    (folder / "mine.csv").write_text("id,customer_id,total\n10,1,9.99\n11,77,9.99\n")
    shop.add("golden")
    for ref in ("golden", "golden@1.0.0", "golden@2.0.0"):
        shop.seed(ref, into=INTO, force=True)
    assert database.held == [{}, {}, {"orders": {"customers"}}]


def test_a_table_that_somebody_changed_is_reloaded_and_the_report_says_why(
    shop: Repository, database: MemoryDatabase
) -> None:
    shop.seed("golden@1.0.0", into=INTO)
    database.tables["orders"].rows[0]["total"] = "0.00"
    report = shop.seed("golden@1.0.0", into=INTO)
    [_, orders] = report.datasets[0].tables
    assert (orders.method, orders.why) == (
        LoadMethod.RELOADED,
        "something changed since golden@1.0.0 was loaded",
    )
    assert {row["total"] for row in database.rows("orders")} == {"5.00", "6.00"}


def test_edits_that_were_not_added_are_loaded_and_next_time_reloaded(
    shop: Repository, database: MemoryDatabase
) -> None:
    folder = shop.root / "datasets" / "golden" / "orders"
    table = shop.table("golden@1.0.0", "orders")
    for part in folder.glob("*.parquet"):
        part.unlink()
    (folder / "mine.csv").write_text("id,customer_id,total\n10,1,9.99\n")
    shop.seed("golden", into=INTO, verify=True)
    assert [row["total"] for row in database.rows("orders")] == ["9.99"]
    assert table.num_rows == 2
    report = shop.seed("golden@2.0.0", into=INTO, force=True)
    [_, orders] = report.datasets[0].tables
    assert (orders.method, orders.why) == (
        LoadMethod.RELOADED,
        "the rows of golden were never added to the dataset",
    )


def test_tables_are_chosen_and_others_stay_remembered(shop: Repository, database: MemoryDatabase) -> None:
    shop.seed("golden@1.0.0", into=INTO)
    shop.seed("golden@2.0.0", into=INTO, tables=["customers"], force=True)
    database.calls.clear()
    report = shop.seed("golden@2.0.0", into=INTO, force=True)
    assert report.datasets[0].is_there


def test_an_upsert_keeps_other_rows_and_deletes_none(shop: Repository, database: MemoryDatabase) -> None:
    shop.seed("golden@1.0.0", into=INTO)
    database.tables["customers"].rows.append({"id": 9, "name": "Eve", "mail": None})
    report = shop.seed("golden@2.0.0", into=INTO, mode="upsert", verify=True)
    [customers, orders] = report.datasets[0].tables
    assert customers.method is LoadMethod.UPSERTED
    assert (customers.counts.inserted, customers.counts.updated, customers.counts.unchanged) == (1, 1, 1)
    assert orders.method is LoadMethod.NOTHING
    assert [row["name"] for row in database.rows("customers")] == ["Ann", "Bo", "Cat", "Dan", "Eve"]


def test_rows_are_appended_and_an_append_is_never_skipped(shop: Repository, database: MemoryDatabase) -> None:
    shop.seed("golden@1.0.0", into=INTO, tables=["customers"], mode="append")
    report = shop.seed("golden@1.0.0", into=INTO, tables=["customers"], mode="append")
    assert methods(report) == {"customers": LoadMethod.APPENDED}
    assert len(database.rows("customers")) == 6


@pytest.mark.parametrize(
    "step", ["create orders", "load orders", "finish customers orders", "remember golden@1.0.0", "commit"]
)
@pytest.mark.parametrize("fault", [DatabaseError("The connection was lost."), KeyboardInterrupt()])
def test_a_failure_at_any_step_leaves_the_database_as_it_was(
    shop: Repository, database: MemoryDatabase, step: str, fault: BaseException
) -> None:
    def fail() -> None:
        raise fault

    database.before[step] = fail
    with pytest.raises(type(fault)):
        shop.seed("golden@1.0.0", into=INTO)
    assert (database.tables, database.state) == ({}, {})
    database.before.clear()
    assert shop.seed("golden@1.0.0", into=INTO).datasets[0].rows == 5


def test_rows_that_a_trigger_swallows_stop_the_load(shop: Repository, database: MemoryDatabase) -> None:
    database.trigger = lambda table, row: None if row["id"] == 11 else row
    with pytest.raises(DatabaseError, match="orders has 1 rows after loading, and should have 2"):
        shop.seed("golden@1.0.0", into=INTO)
    assert database.tables == {}


def test_a_database_that_returns_other_rows_is_named_by_table_and_column(
    shop: Repository, database: MemoryDatabase
) -> None:
    database.trigger = lambda table, row: row | {"name": "ANN"} if row.get("name") == "Ann" else row
    with pytest.raises(DatabaseError) as caught:
        shop.seed("golden@1.0.0", into=INTO, verify=True)
    assert "customers: 1 row changed; columns name (1 cell)" in str(caught.value)
    assert "ANN" not in str(caught.value)
    assert database.tables == {}


def test_sequences_move_again_if_another_offset_is_wanted(shop: Repository, database: MemoryDatabase) -> None:
    shop.seed("golden@1.0.0", into=INTO, sequence_offset=1000)
    assert "finish customers orders +1000" in database.calls
    database.calls.clear()
    shop.seed("golden@1.0.0", into=INTO, sequence_offset=1000)
    assert not any(step.startswith("finish") for step in database.calls)
    shop.seed("golden@1.0.0", into=INTO)
    assert "finish customers orders" in database.calls
    database.calls.clear()
    shop.seed("golden@1.0.0", into=INTO)
    assert not any(step.startswith("finish") for step in database.calls)


def test_several_states_are_loaded_in_their_order_each_in_one_transaction(
    shop: Repository, database: MemoryDatabase
) -> None:
    shop.add(
        "countries",
        _csv(shop, "countries", "code,name\nDE,Germany\n"),
        keys={"*": ["code"]},
        kind="reference",
    )
    report = shop.seed("countries", "golden@1.0.0", into=INTO, verify=True)
    assert [dataset.ref for dataset in report.datasets] == ["countries", "golden@1.0.0"]
    assert [dataset.mode.value for dataset in report.datasets] == ["upsert", "replace"]
    assert database.calls.count("commit") == 2
    assert shop.seed("countries", "golden@1.0.0", into=INTO).datasets[0].is_there


def test_an_error_in_the_second_state_says_that_the_first_stays(
    shop: Repository, database: MemoryDatabase
) -> None:
    shop.add("countries", _csv(shop, "countries", "code,name\nDE,Germany\n"), keys={"*": ["code"]})

    def fail() -> None:
        raise DatabaseError("The connection was lost.")

    database.before["load orders"] = fail
    with pytest.raises(
        DatabaseError, match=r"golden@1\.0\.0 was not loaded. Loaded before it, and still there: countries"
    ):
        shop.seed("countries", "golden@1.0.0", into=INTO)
    assert list(database.tables) == ["countries"]


def _csv(shop: Repository, name: str, text: str) -> str:
    path = shop.root.parent / f"{name}.csv"
    path.write_text(text)
    return str(path)
