"""Plans: what fits, what stands in the way, and what keeps a database from being seeded by accident."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

import tdmvc
from tdmvc.api import Repository
from tdmvc.errors import DatabaseError, NotFoundError, UsageError
from tdmvc.model.database_names import TableNames, match_columns
from tdmvc.model.declarations import Default, ForeignKey
from tdmvc.model.location import Location, PathLocation, parse_location
from tdmvc.model.reference_order import order_by_references
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.seeding import LoadMethod
from tdmvc.seeding.protection import refuse_name, says_production
from tests.seeding.memory_database import MemoryDatabase, MemoryTarget

INTO = "shop.memory"
CUSTOMERS = TableSchema(
    "customers",
    (Column("id", pa.int64(), required=True), Column("name", pa.string()), Column("mail", pa.string())),
    ("id",),
)
ORDERS = TableSchema(
    "orders",
    (
        Column("id", pa.int64(), required=True),
        Column("customer_id", pa.int64()),
        Column("total", pa.string()),
    ),
    ("id",),
    (ForeignKey(("customer_id",), "customers", ("id",)),),
)


def application(database: MemoryDatabase) -> None:
    """Make the tables as an application's migrations would."""
    database.make(CUSTOMERS)
    database.make(ORDERS)


def problems(shop: Repository, *refs: str, **options: object) -> list[str]:
    with pytest.raises(DatabaseError) as caught:
        shop.seed(*refs, into=INTO, **options)  # type: ignore[arg-type]
    assert "Nothing was written" in caught.value.what
    return list(caught.value.details)


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("orders", ["orders", "Orders"], ["orders"]),
        ("orders", ["Orders", "customers"], ["Orders"]),
        ("orders", ["ORDERS", "Orders"], ["ORDERS", "Orders"]),
        ("orders", ["public.orders", "audit.log"], ["public.orders"]),
        ("orders", ["public.orders", "audit.orders"], ["public.orders", "audit.orders"]),
        ("public.orders", ["orders"], ["orders"]),
        ("public.orders", ["audit.orders"], []),
        ("Public.Orders", ["public.orders"], ["public.orders"]),
        ("orders", ["order"], []),
    ],
)
def test_a_table_is_found_by_name_then_case_then_schema(
    name: str, known: list[str], found: list[str]
) -> None:
    assert TableNames(known).find(name) == sorted(found)


@pytest.mark.parametrize(
    ("own", "known", "matched"),
    [
        (["id", "Name"], ["id", "name"], {"id": "id", "Name": "name"}),
        (["a", "A"], ["A", "a"], {"a": "a", "A": "A"}),
        (["a", "A"], ["A"], {"A": "A"}),
        (["Ab", "aB"], ["AB"], {"Ab": "AB"}),
        (["a"], ["A", "á"], {"a": "A"}),
        (["x"], ["y"], {}),
    ],
)
def test_a_column_is_found_by_name_then_case_and_never_twice(
    own: list[str], known: list[str], matched: dict[str, str]
) -> None:
    assert match_columns(own, known) == matched


def test_tables_come_after_those_that_they_refer_to_as_far_as_cycles_allow() -> None:
    order = order_by_references(
        {"a": ["b"], "b": ["c"], "c": ["b", "d"], "d": ["d"], "e": ["a", "nowhere"], "f": []}
    )
    assert order == ["d", "b", "c", "a", "e", "f"]


def test_all_problems_are_reported_at_once(shop: Repository, database: MemoryDatabase) -> None:
    columns = (
        Column("id", pa.int64(), required=True),
        Column("name", pa.int64()),
        Column("phone", pa.string(), required=True),
        Column("made", pa.string(), required=True, default=Default(expression="now()")),
    )
    database.make(TableSchema("customers", columns, ("id",)))
    assert problems(shop, "golden@1.0.0") == [
        "golden@1.0.0: The database's table customers has no column mail.",
        "golden@1.0.0: The dataset has no column phone, which the database's table customers requires, and which "
        "has no default there.",
        "golden@1.0.0: The database has no table orders.",
    ]


def test_columns_that_cannot_hold_the_values_are_problems(shop: Repository, database: MemoryDatabase) -> None:
    names = (replace(CUSTOMERS.columns[1], type=pa.int64()), replace(CUSTOMERS.columns[2], required=True))
    database.make(CUSTOMERS.with_columns((CUSTOMERS.columns[0], *names)))
    database.make(ORDERS)
    shop.add("golden", _csv(shop, "customers", "id,name,mail\n1,Ann,\n2,Bob,b@x.test\n3,Cat,\n"))
    assert problems(shop, "golden") == [
        "golden: 2 rows of customers have a null in mail, which the database does not allow.",
        "golden: name holds texts, and the database's column int64.",
    ]


def _csv(shop: Repository, name: str, text: str) -> Path:
    path = shop.root.parent / f"{name}.csv"
    path.write_text(text)
    return path


def test_a_missing_table_is_made_among_an_applications_only_if_you_say_so(
    shop: Repository, database: MemoryDatabase
) -> None:
    database.make(replace(CUSTOMERS, name="Customers"))
    assert problems(shop, "golden@1.0.0") == ["golden@1.0.0: The database has no table orders."]
    shop.seed("golden@1.0.0", into=INTO, create=True, verify=True)
    [reference] = database.tables["orders"].schema.references
    assert reference.table == "Customers"


def test_columns_that_differ_in_case_are_filled_and_read_back(
    shop: Repository, database: MemoryDatabase
) -> None:
    database.make(
        CUSTOMERS.with_columns(
            (*(replace(one, name=one.name.upper()) for one in CUSTOMERS.columns), Column("x", pa.int64()))
        )
    )
    report = shop.seed("golden@1.0.0", into=INTO, tables=["customers"], verify=True)
    assert report.datasets[0].is_verified
    assert database.rows("customers")[0]["NAME"] == "Ann"
    shop.seed("golden@2.0.0", into=INTO, tables=["customers"], verify=True)
    assert [row["NAME"] for row in database.rows("customers")] == ["Ann", "Bo", "Dan"]


def test_rows_that_tdmvc_did_not_load_are_kept_without_force(
    shop: Repository, database: MemoryDatabase
) -> None:
    application(database)
    database.tables["customers"].rows.append({"id": 7, "name": "Real", "mail": None})
    with pytest.raises(DatabaseError, match="delete 1 row") as caught:
        shop.seed("golden@1.0.0", into=INTO)
    assert caught.value.where.endswith("customers (1 row)")
    assert "Real" not in str(caught.value)
    report = shop.seed("golden@1.0.0", into=INTO, dry_run=True)
    assert report.refusal.endswith("delete 1 row: customers (1 row).")
    assert report.has_errors
    assert len(database.rows("customers")) == 1
    forced = shop.seed("golden@1.0.0", into=INTO, force=True)
    assert [table.why for table in forced.datasets[0].tables] == ["there were other rows", ""]
    assert len(database.rows("customers")) == 3


def test_an_upsert_into_an_applications_rows_is_no_loss_but_a_later_replace_is(
    shop: Repository, database: MemoryDatabase
) -> None:
    application(database)
    database.tables["customers"].rows.append({"id": 7, "name": "Real", "mail": None})
    shop.seed("golden@1.0.0", into=INTO, mode="upsert")
    assert len(database.rows("customers")) == 4
    with pytest.raises(DatabaseError, match=r"rows that tdmvc did not load. Seeding it would delete 4 rows"):
        shop.seed("golden@1.0.0", into=INTO)


@pytest.mark.parametrize(
    ("name", "is_production"),
    [
        ("shop_prod", True),
        ("prod1", True),
        ("ShopProduction", True),
        ("PROD", True),
        ("db.live.example.com", True),
        ("shop-prd-2.sqlite", True),
        ("products", False),
        ("delivery", False),
        ("pre-production", False),
        ("non_prod", False),
        ("reproduction", False),
        ("shop_test", False),
        ("", False),
    ],
)
def test_a_name_says_production_by_whole_words(name: str, is_production: bool) -> None:
    assert says_production(name) is is_production


@pytest.mark.parametrize(
    "location",
    [
        PathLocation(Path("data/shop-prod.db")),
        parse_location("postgresql://me:secret@db/shop_production"),
        parse_location("mysql://live.example.com/shop"),
        parse_location("postgresql:///shop?host=db-prod"),
        parse_location("postgresql:///?service=shop-prod"),
    ],
)
def test_a_location_that_says_production_is_refused_without_a_password(location: Location) -> None:
    refusal = refuse_name(location)
    assert refusal is not None
    assert "secret" not in refusal.what


def test_production_is_refused_before_anything_else(shop: Repository, database: MemoryDatabase) -> None:
    application(database)
    with pytest.raises(DatabaseError, match="says that it is production") as caught:
        shop.seed("golden@1.0.0", into="prod.memory")
    assert caught.value.exit_code == 7
    assert database.calls == []
    shop.seed("golden@1.0.0", into="prod.memory", force=True)


def test_a_database_that_turns_out_to_be_production_is_refused(
    shop: Repository, database: MemoryDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    application(database)
    monkeypatch.setattr(MemoryTarget, "names", {"database": "shop_prod"})
    with pytest.raises(DatabaseError, match="The name of the database says that it is production: shop_prod"):
        shop.seed("golden@1.0.0", into=INTO)
    assert database.rows("customers") == []
    shop.seed("golden@1.0.0", into=INTO, force=True)


def test_a_database_with_a_dataset_of_production_is_refused(
    shop: Repository, database: MemoryDatabase
) -> None:
    shop.add("production-sample", _csv(shop, "plans", "id\n1\n"))
    shop.seed("production-sample", into=INTO)
    with pytest.raises(DatabaseError, match="holds the dataset production-sample"):
        shop.seed("golden@1.0.0", into=INTO)
    shop.seed("production-sample", into=INTO)


def test_other_tables_are_cleared_only_if_you_say_so(shop: Repository, database: MemoryDatabase) -> None:
    application(database)
    notes = TableSchema("notes", (Column("id", pa.int64()),))
    database.make(notes, {"id": 1}, {"id": 2})
    applied = TableSchema("alembic_version", (Column("version_num", pa.string()),))
    database.make(applied, {"version_num": "a1"})
    shop.seed("golden@1.0.0", into=INTO)
    assert len(database.rows("notes")) == 2
    with pytest.raises(DatabaseError, match="delete 2 rows"):
        shop.seed("golden@1.0.0", into=INTO, truncate_others=True)
    report = shop.seed("golden@1.0.0", into=INTO, truncate_others=True, force=True)
    cleared = [table for table in report.datasets[0].tables if table.method is LoadMethod.CLEARED]
    assert [(table.target, table.counts.deleted) for table in cleared] == [("notes", 2)]
    assert database.rows("notes") == []
    assert len(database.rows("alembic_version")) == 1


def test_a_migration_table_with_rows_of_the_database_stays(
    shop: Repository, database: MemoryDatabase
) -> None:
    shop.add("golden", _csv(shop, "alembic_version", "version_num\nb2\n"), table="alembic_version")
    application(database)
    applied = TableSchema("alembic_version", (Column("version_num", pa.string()),))
    database.make(applied, {"version_num": "a1"})
    report = shop.seed("golden", into=INTO, verify=True)
    assert [finding.rule for finding in report.datasets[0].findings] == ["migration-table"]
    assert database.rows("alembic_version") == [{"version_num": "a1"}]


def test_references_that_the_dataset_breaks_are_told_and_others_stop_the_load(
    shop: Repository, database: MemoryDatabase
) -> None:
    application(database)
    notes = TableSchema(
        "notes",
        (Column("id", pa.int64()), Column("customer", pa.int64())),
        references=(ForeignKey(("customer",), "customers", ("id",)),),
    )
    database.make(notes, {"id": 1, "customer": 99})
    with pytest.raises(DatabaseError, match="would break 1 reference between its tables and rows outside"):
        shop.seed("golden@1.0.0", into=INTO)
    assert database.rows("customers") == []
    report = shop.seed("golden@1.0.0", into=INTO, force=True)
    assert [finding.table for finding in report.datasets[0].findings] == ["notes"]
    database.tables["notes"].rows.clear()
    shop.add("golden", _csv(shop, "orders", "id,customer_id,total\n1,77,5\n"))
    [finding] = shop.seed("golden", into=INTO).datasets[0].findings
    assert finding.message.endswith("The dataset itself has these rows.")


def test_two_datasets_with_one_table_and_an_upsert_without_a_key_are_problems(
    shop: Repository, database: MemoryDatabase
) -> None:
    shop.add("other", _csv(shop, "orders", "id,customer_id,total\n1,1,5\n"))
    assert problems(shop, "golden@1.0.0", "other") == [
        "other: Both golden@1.0.0 and other have the table orders, and the second would replace the rows of the first."
    ]
    assert problems(shop, "other", mode="upsert") == [
        "other: orders has no key, by which an upsert could find the rows that are there."
    ]


def test_an_upsert_by_columns_that_are_not_unique_in_the_database_is_a_problem(
    shop: Repository, database: MemoryDatabase
) -> None:
    shop.seed("golden@1.0.0", into=INTO)
    database.tables["orders"].schema = replace(database.tables["orders"].schema, key=())
    [problem] = problems(shop, "golden@1.0.0", mode="upsert")
    assert problem.startswith(
        "golden@1.0.0: Several rows of the database's table orders may have the same id"
    )


def test_a_state_is_named_once(shop: Repository, database: MemoryDatabase) -> None:
    with pytest.raises(UsageError, match=r"golden is named twice: golden@1\.0\.0, golden"):
        shop.seed("golden@1.0.0", "golden", into=INTO)
    with pytest.raises(UsageError, match="at least one state"):
        shop.seed(into=INTO)


def test_a_table_that_appears_after_planning_is_seen_under_the_lock(
    shop: Repository, database: MemoryDatabase
) -> None:
    def appear() -> None:
        database.before.clear()
        database.make(replace(ORDERS, columns=ORDERS.columns[:2]), {"id": 1, "customer_id": None})

    database.before["lock "] = appear
    with pytest.raises(DatabaseError, match="no column total") as caught:
        shop.seed("golden@1.0.0", into=INTO)
    assert caught.value.details
    assert list(database.tables) == ["orders"]


def test_a_second_seed_that_waited_for_the_first_finds_its_rows(
    shop: Repository, database: MemoryDatabase
) -> None:
    def other_command() -> None:
        database.before.clear()
        shop.seed("golden@1.0.0", into=INTO)

    database.before["lock "] = other_command
    report = shop.seed("golden@1.0.0", into=INTO)
    assert not database.before
    assert report.datasets[0].is_there


def test_a_database_with_other_migrations_is_named_with_its_problems(
    shop: Repository, database: MemoryDatabase
) -> None:
    folder = shop.root / "migrations"
    folder.mkdir()
    for name in ("V1__customers.sql", "V2__mail.sql"):
        (folder / name).write_text("CREATE TABLE x (id int);\n")
    with (shop.root / "tdmvc.yaml").open("a") as file:
        file.write("migrations:\n  main: {tool: flyway, path: migrations}\n")
    with tdmvc.open(shop.root) as again:
        again.add("golden", _csv(again, "customers", "id,name,mail\n1,Ann,\n"), migrated=True)
        database.make(CUSTOMERS.with_columns(CUSTOMERS.columns[:2]))
        database.make(ORDERS)
        names = ("installed_rank", "version", "description", "type", "script", "checksum", "success")
        history = TableSchema("flyway_schema_history", tuple(Column(name, pa.string()) for name in names))
        row = dict.fromkeys(names, "1") | {
            "description": "customers",
            "type": "SQL",
            "script": "V1__customers.sql",
        }
        database.make(history, row | {"success": "true"})
        assert problems(again, "golden") == [
            "golden: Migrations main: 1 migration has been applied to it that the database lacks: 2.",
            "golden: The database's table customers has no column mail.",
        ]


def test_tables_are_chosen_and_left_out_by_pattern(shop: Repository, database: MemoryDatabase) -> None:
    application(database)
    [report] = shop.seed("golden@1.0.0", into=INTO, tables=["cust*", "order?"], exclude=["ord*"]).datasets
    assert [table.name for table in report.tables] == ["customers"]
    with pytest.raises(NotFoundError, match=r"No table matches 'x\*'\.") as caught:
        shop.seed("golden@1.0.0", into=INTO, tables=["customers", "x*"])
    assert "customers" in caught.value.remedy
    with pytest.raises(UsageError, match=r"Every table of golden@1\.0\.0 is excluded"):
        shop.seed("golden@1.0.0", into=INTO, exclude=["*"])


def test_what_a_table_that_is_left_out_means_for_references_is_in_the_plan(
    shop: Repository, database: MemoryDatabase
) -> None:
    application(database)
    assert problems(shop, "golden@1.0.0", exclude=["customers"]) == [
        "golden@1.0.0: 2 rows of orders refer by customer_id to customers, which is not seeded and has no rows in the "
        "database."
    ]
    forced = shop.seed("golden@1.0.0", into=INTO, exclude=["customers"], force=True, dry_run=True)
    assert {one.rule for one in forced.datasets[0].findings} == {"broken-reference"}
    shop.seed("golden@1.0.0", into=INTO, tables=["customers"])
    [report] = shop.seed("golden@1.0.0", into=INTO, exclude=["customers"]).datasets
    assert [one.message for one in report.findings] == [
        "orders refers by customer_id to customers, which is not seeded: its rows stay as they are."
    ]


def test_each_table_is_remembered_with_the_state_that_it_has(
    shop: Repository, database: MemoryDatabase
) -> None:
    application(database)
    shop.seed("golden@1.0.0", into=INTO)
    whole = json.loads(database.state["golden"])["content"]
    shop.seed("golden@2.0.0", into=INTO, tables=["customers"])
    state = json.loads(database.state["golden"])
    assert [(table["name"], table["ref"]) for table in state["tables"]] == [
        ("customers", ""),
        ("orders", "golden@1.0.0"),
    ]
    assert (state["ref"], state["content"] != whole) == ("golden@2.0.0", True)
    [there] = shop.seed("golden@1.0.0", into=INTO, exclude=["customers"]).datasets
    assert there.is_there
    shop.seed("golden@1.0.0", into=INTO)
    assert json.loads(database.state["golden"])["content"] == whole


def test_truncate_others_leaves_tables_of_the_dataset_that_are_left_out(
    shop: Repository, database: MemoryDatabase
) -> None:
    application(database)
    shop.seed("golden@1.0.0", into=INTO)
    before = database.rows("orders")
    shop.seed("golden@2.0.0", into=INTO, exclude=["orders"], truncate_others=True)
    assert database.rows("orders") == before
