"""Loading into SQLite and DuckDB files that an application made: in one transaction, or not at all."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.arrow.types import parse_type
from tdmvc.databases import TableToWrite, find_target_engine
from tdmvc.databases.base import READ_ALL, DatabaseTarget, ReadOptions
from tdmvc.errors import DatabaseError, UsageError
from tdmvc.model.declarations import Check, ForeignKey, Identity, Index, View
from tdmvc.model.location import PathLocation
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.seeding import SeededDataset, SeedMode, WrittenRows
from tests.snapshots import read_rows

Con = duckdb.DuckDBPyConnection
Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class File:
    """A database file, and its engine's own driver."""

    path: Path
    con: Con

    @contextmanager
    def open(self) -> Iterator[DatabaseTarget]:
        location = PathLocation(self.path)
        with find_target_engine(location).open_target(location, READ_ALL) as target:
            yield target

    def run(self, *statements: str) -> None:
        with self._connect() as database:
            for statement in statements:
                database.execute(statement)

    def rows(self, query: str) -> list[Row]:
        with self._connect() as database:
            return [tuple(row) for row in database.execute(query).fetchall()]

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection | Con]:
        if self.path.suffix == ".duckdb":
            with duckdb.connect(str(self.path)) as other:
                yield other
        else:
            with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
                yield database

    def seed(
        self, *tables: TableToWrite, mode: SeedMode = SeedMode.REPLACE, commit: bool = True
    ) -> list[WrittenRows]:
        """Load tables as `seed` does."""
        names = [table.schema.name for table in tables]
        with self.open() as target:
            target.lock(names)
            catalog = target.read_catalog()
            target.create_tables([one for one in tables if one.schema.name not in catalog], [])
            catalog = target.read_catalog()
            if mode is SeedMode.REPLACE:
                target.clear(names[::-1])
            counts = [target.load(one, catalog[one.schema.name].schema, mode) for one in tables]
            target.finish(names)
            if commit:
                target.commit()
        return counts


@pytest.fixture(params=["x.sqlite", "x.duckdb"])
def file(request: pytest.FixtureRequest, tmp_path: Path, con: Con) -> File:
    return File(tmp_path / request.param, con)


@pytest.fixture
def sqlite(tmp_path: Path, con: Con) -> File:
    return File(tmp_path / "x.sqlite", con)


@pytest.fixture
def duck(tmp_path: Path, con: Con) -> File:
    return File(tmp_path / "x.duckdb", con)


def column(name: str, type_: str, **declared: object) -> Column:
    parsed = parse_type(type_)
    assert parsed is not None
    return replace(Column(name, parsed), **declared)  # type: ignore[arg-type]


def table(schema: TableSchema, *rows: Row) -> TableToWrite:
    data = pa.Table.from_pylist(
        [dict(zip(schema.column_names, row, strict=True)) for row in rows], schema=schema.arrow_schema()
    )
    return TableToWrite(schema, lambda: data.to_reader(max_chunksize=2))


CUSTOMERS = TableSchema(
    "customers",
    (column("id", "int64"), column("email", "string", unique=True), column("age", "int64")),
    ("id",),
)
ORDERS = TableSchema(
    "orders",
    (column("id", "int64"), column("customer", "int64")),
    ("id",),
    (ForeignKey(("customer",), "customers", ("id",)),),
)
SHOP = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR UNIQUE, age INTEGER, note VARCHAR DEFAULT 'new')",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id))",
    "INSERT INTO customers VALUES (1, 'a', 10, 'mine'), (2, 'b', 20, 'mine')",
    "INSERT INTO orders VALUES (1, 1), (2, 2)",
)
ALL = "SELECT * FROM customers ORDER BY id"


def test_replace_leaves_exactly_the_rows_of_the_dataset(file: File) -> None:
    file.run(*SHOP)
    counts = file.seed(
        table(CUSTOMERS, (2, "a", 20), (3, "c", None)), table(ORDERS, (7, 3), (8, 2), (9, None))
    )
    assert counts == [WrittenRows(inserted=2), WrittenRows(inserted=3)]
    assert file.rows(ALL) == [(2, "a", 20, "new"), (3, "c", None, "new")]
    assert file.rows("SELECT * FROM orders ORDER BY id") == [(7, 3), (8, 2), (9, None)]


def test_upsert_counts_what_it_did_and_keeps_other_rows_and_columns(file: File) -> None:
    file.run(*SHOP, "INSERT INTO customers VALUES (5, 'e', 50, 'mine')")
    rows = table(CUSTOMERS, (1, "b", 10), (2, "a", 20), (3, "c", None), (5, "e", 50))
    assert file.seed(rows, mode=SeedMode.UPSERT) == [WrittenRows(inserted=1, updated=2, unchanged=1)]
    assert file.rows(ALL) == [
        (1, "b", 10, "mine"),
        (2, "a", 20, "mine"),
        (3, "c", None, "new"),
        (5, "e", 50, "mine"),
    ]
    assert file.rows("SELECT * FROM orders ORDER BY id") == [(1, 1), (2, 2)]
    assert file.seed(rows, mode=SeedMode.UPSERT) == [WrittenRows(unchanged=4)]


def test_append_refuses_a_key_that_is_there_and_changes_nothing(file: File) -> None:
    file.run(*SHOP)
    assert file.seed(table(CUSTOMERS, (3, "c", 1)), mode=SeedMode.APPEND) == [WrittenRows(inserted=1)]
    before = file.rows(ALL)
    with pytest.raises(DatabaseError, match="customers") as caught:
        file.seed(table(CUSTOMERS, (4, "secret", 1), (3, "secret", 1)), mode=SeedMode.APPEND)
    assert "secret" not in caught.value.message
    assert file.rows(ALL) == before


def test_only_what_differs_is_written_also_if_unique_values_change_places(file: File) -> None:
    file.run(*SHOP, "INSERT INTO customers VALUES (3, 'c', 30, 'mine'), (4, 'd', 40, 'mine')")
    with file.open() as target:
        target.lock(["customers"])
        schema = target.read_catalog()["customers"].schema
        deleted = pa.table({"id": pa.array([3, 99], pa.int64())}).to_reader()
        changes = table(CUSTOMERS, (1, "b", 10), (2, "a", 21), (5, "c", 5))
        assert target.apply_changes(changes, deleted, schema) == WrittenRows(inserted=1, updated=2, deleted=1)
        target.commit()
    assert file.rows(ALL) == [
        (1, "b", 10, "mine"),
        (2, "a", 21, "mine"),
        (4, "d", 40, "mine"),
        (5, "c", 5, "new"),
    ]


def test_nothing_stays_without_commit(file: File) -> None:
    file.run(*SHOP)
    before = file.rows(ALL)
    file.seed(table(CUSTOMERS, (9, "z", 9)), commit=False)
    assert file.rows(ALL) == before


def test_a_file_that_does_not_exist_is_made_at_commit(file: File) -> None:
    rows = table(CUSTOMERS, (1, "a", 1))
    file.seed(rows, commit=False)
    assert not file.path.exists()
    assert list(file.path.parent.iterdir()) == []
    file.seed(rows, table(ORDERS, (1, 1)))
    assert file.rows(ALL) == [(1, "a", 1)]
    assert [one.name for one in file.path.parent.iterdir()] == [file.path.name]


def test_missing_tables_are_made_beside_those_that_are_there(file: File) -> None:
    file.run("CREATE TABLE customers (id BIGINT PRIMARY KEY, email VARCHAR UNIQUE, age INTEGER)")
    orders = replace(ORDERS, indexes=(Index("by_customer", ("customer",)),))
    with file.open() as target:
        target.lock(["customers"])
        view = View("v", "SELECT id FROM orders", target.dialect)
        assert target.create_tables([table(orders, (1, 1))], [view]) == []
        catalog = target.read_catalog()
        target.load(table(CUSTOMERS, (1, "a", 1)), catalog["customers"].schema, SeedMode.REPLACE)
        target.load(table(orders, (1, 1)), catalog["orders"].schema, SeedMode.REPLACE)
        target.finish(["customers", "orders"])
        assert target.find_broken_references(["customers", "orders"]) == []
        target.commit()
    with file.open() as target:
        made = target.read_catalog()["orders"]
        assert made.rows == 1
        assert [(one.columns, one.table) for one in made.schema.references] == [(("customer",), "customers")]
        assert [index.name for index in made.schema.indexes] == ["by_customer"]
        assert target.snapshot().read_relations() == {"v": "view"}


def test_the_fingerprint_changes_with_every_change(file: File) -> None:
    file.run(*SHOP, "CREATE TABLE other (id INTEGER)")

    def print_of() -> tuple[int, str]:
        with file.open() as target:
            target.lock(["customers"])
            return target.fingerprint("customers")

    found = [print_of()]
    assert print_of() == found[0]
    assert found[0][0] == 2
    file.run("INSERT INTO other VALUES (1)")
    assert print_of() == found[0]
    for change in (
        "UPDATE customers SET age = 11 WHERE id = 1",
        "UPDATE customers SET note = NULL WHERE id = 1",
        "UPDATE customers SET note = '' WHERE id = 1",
        "INSERT INTO customers VALUES (8, 'h', 8, 'x')",
        "DELETE FROM customers WHERE id = 8",
        "ALTER TABLE customers ADD COLUMN more INTEGER",
        "CREATE INDEX by_age ON customers (age)",
    ):
        file.run(change)
        found.append(print_of())
    # A deleted row that was new is the same as if it had never been there.
    assert found[5] == found[3]
    assert len(set(found)) == len(found) - 1


@pytest.mark.parametrize("way", ["VACUUM INTO", ".dump", ".backup"])
def test_a_copy_of_a_sqlite_file_does_not_take_its_fingerprints_for_its_own(
    way: str, tmp_path: Path, con: Con
) -> None:
    file, copy = File(tmp_path / "shop.sqlite", con), File(tmp_path / "copy.sqlite", con)
    file.run(*SHOP)
    file.run("UPDATE customers SET age = 11 WHERE id = 1")
    with file.open() as target:
        target.lock([])
        before = target.fingerprint("customers")
        target.write_state(
            SeededDataset("golden", "golden@1", "c", (), datetime(2026, 1, 1, tzinfo=UTC), "1", ())
        )
        target.commit()
    with file.open() as target:
        assert target._fingerprints._known  # type: ignore[attr-defined]
    with closing(sqlite3.connect(file.path)) as one, closing(sqlite3.connect(copy.path)) as other:
        if way == "VACUUM INTO":
            one.execute(f"VACUUM INTO '{copy.path}'")
        elif way == ".dump":
            other.executescript("\n".join(one.iterdump()))
        else:
            one.backup(other)
    for age in range(20, 30):
        copy.run(f"UPDATE customers SET age = {age} WHERE id = 1")
        with copy.open() as target:
            assert target.fingerprint("customers") != before


LOOSE = {
    "integer[]": ("NULL", "[]"),
    "integer[][]": ("[NULL]", "[[]]"),
    "interval": ("'1 month'", "'30 days'"),
    "interval[]": ("['1 day']", "['24 hours']"),
    "struct(b interval)": ("{'b': '1 day'}", "{'b': '24 hours'}"),
    "struct(a integer[])": ("{'a': NULL}", "{'a': []}"),
}
"""Values of DuckDB with equal hashes, or that are equal."""


@pytest.mark.parametrize("type_", LOOSE)
def test_values_that_duckdb_takes_for_the_same(type_: str, tmp_path: Path, con: Con) -> None:
    file = File(tmp_path / "loose.duckdb", con)
    old, new = LOOSE[type_]
    file.run(f"CREATE TABLE t (id integer PRIMARY KEY, v {type_})", f"INSERT INTO t VALUES (1, {old})")
    rows = con.sql(f"SELECT 1 AS id, ({new})::{type_} AS v").to_arrow_table()
    if "interval" in type_:
        # As datasets keep them.
        texts = con.sql(f"SELECT 1 AS id, ({new})::{type_}::{type_.replace('interval', 'varchar')} AS v")
        rows = texts.to_arrow_table()
    schema = TableSchema("t", tuple(Column(one.name, one.type) for one in rows.schema), ("id",))
    with file.open() as target:
        before = target.fingerprint("t")
        own = target.read_catalog()["t"].schema
        counts = target.load(TableToWrite(schema, rows.to_reader), own, SeedMode.UPSERT)
        assert counts == WrittenRows(updated=1)
        assert target.fingerprint("t") != before
        target.commit()
    assert file.rows("SELECT v::VARCHAR FROM t") == con.sql(f"SELECT ({new})::{type_}::VARCHAR").fetchall()


def test_a_deleted_row_that_comes_back_has_the_same_fingerprint(file: File) -> None:
    file.run(*SHOP)
    with file.open() as target:
        before = target.fingerprint("orders")
    file.run("DELETE FROM orders WHERE id = 2", "INSERT INTO orders VALUES (2, 2)")
    with file.open() as target:
        assert target.fingerprint("orders") == before


def test_the_state_is_remembered_by_dataset(file: File) -> None:
    state = SeededDataset(
        "golden", "golden@1", "c", (("main", "0001"),), datetime(2026, 1, 1, tzinfo=UTC), "1", ()
    )
    other = replace(state, dataset="other")
    for one in (state, other, replace(state, ref="golden@2")):
        with file.open() as target:
            target.lock([])
            target.write_state(one)
            target.commit()
    with file.open() as target:
        assert target.read_state() == {"golden": replace(state, ref="golden@2"), "other": other}
        assert target.read_catalog() == {}
        assert target.snapshot().read_names() == []


def test_rows_are_read_back_in_the_same_transaction(file: File) -> None:
    file.run(*SHOP)
    with file.open() as target:
        target.lock(["orders"])
        catalog = target.read_catalog()
        target.clear(["orders"])
        target.load(table(ORDERS, (7, 1)), catalog["orders"].schema, SeedMode.REPLACE)
        (back,) = target.snapshot().read_tables(["orders"])
        assert [tuple(row.values()) for row in read_rows(back, file.con).to_pylist()] == [(7, 1)]
    assert file.rows("SELECT count(*) FROM orders") == [(2,)]


@pytest.mark.parametrize("name", ["x.csv", "x"])
def test_a_file_that_no_engine_would_make_is_refused(tmp_path: Path, con: Con, name: str) -> None:
    with pytest.raises(UsageError, match="is not a database"):
        find_target_engine(PathLocation(tmp_path / name))


def test_triggers_do_not_run_and_are_there_afterwards(sqlite: File) -> None:
    trigger = (
        "CREATE TRIGGER upper AFTER INSERT ON customers BEGIN UPDATE customers SET email = upper(email); END"
    )
    on_delete = "CREATE TRIGGER gone BEFORE DELETE ON customers BEGIN SELECT RAISE(ABORT, 'never'); END"
    sqlite.run(*SHOP, trigger, on_delete)
    with sqlite.open() as target:
        schema = target.read_catalog()["customers"].schema
        (found,) = target.check_columns(table(CUSTOMERS, (1, "a", 1)), schema)
        assert found.message.endswith("do not run: trigger gone, trigger upper.")
    sqlite.seed(table(CUSTOMERS, (1, "a", 1)))
    assert sqlite.rows(ALL) == [(1, "a", 1, "new")]
    triggers = sqlite.rows("SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name DESC")
    assert triggers == [(trigger,), (on_delete,)]


@pytest.mark.parametrize(
    ("declared", "type_", "good", "bad"),
    [
        ("INTEGER", "string", ["7", "x", "1.5"], "007"),
        ("NUMERIC", "string", ["7", "x"], "1e5"),
        ("REAL", "int64", [1, 2**53], 2**53 + 1),
        ("TEXT", "float64", [0.5, 0.1], 0.1 + 0.2),
        ("NUMERIC", "decimal(38,10)", ["1.5"], "12345678901234567890.1234567891"),
    ],
)
def test_a_value_that_the_declared_type_would_change_is_named_before_loading(
    sqlite: File, declared: str, type_: str, good: list[object], bad: object
) -> None:
    sqlite.run(f"CREATE TABLE t (id INTEGER PRIMARY KEY, c {declared})")
    schema = TableSchema("t", (column("id", "int64"), column("c", type_)), ("id",))

    def check(values: Sequence[object]) -> list[str]:
        array = pa.array(values)
        data = pa.table({"id": range(len(values)), "c": array.cast(schema.columns[1].type)})
        with sqlite.open() as target:
            rows = TableToWrite(schema, lambda: data.cast(schema.arrow_schema()).to_reader())
            return [one.rule for one in target.check_columns(rows, target.read_catalog()["t"].schema)]

    assert check(good) == []
    assert check([*good, bad]) == ["value-not-possible"]


def test_a_strict_table_says_before_loading_what_it_refuses(sqlite: File) -> None:
    sqlite.run("CREATE TABLE t (id INTEGER PRIMARY KEY, c TEXT, d ANY) STRICT")
    schema = TableSchema("t", (column("id", "int64"), column("c", "int64"), column("d", "string")), ("id",))
    with sqlite.open() as target:
        (found,) = target.check_columns(table(schema, (1, 1, "007")), target.read_catalog()["t"].schema)
    assert (found.rule, found.columns) == ("value-not-possible", ("c",))


def test_numbers_go_on_after_the_greatest_one(sqlite: File) -> None:
    sqlite.run("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a)", "INSERT INTO t VALUES (90, 1)")
    schema = TableSchema("t", (column("id", "int64", identity=Identity()),), ("id",))
    for offset, following in ((0, 8), (100, 108)):
        with sqlite.open() as target:
            target.lock(["t"])
            target.clear(["t"])
            target.load(table(schema, (7,)), target.read_catalog()["t"].schema, SeedMode.REPLACE)
            target.finish(["t"], sequence_offset=offset)
            target.commit()
        sqlite.run("INSERT INTO t (a) VALUES (1)")
        assert sqlite.rows("SELECT max(id) FROM t") == [(following,)]


def test_broken_references_are_found_from_and_to_the_tables(sqlite: File) -> None:
    sqlite.run(*SHOP)
    with sqlite.open() as target:
        target.lock(["customers"])
        target.clear(["customers"])
        (found,) = target.find_broken_references(["customers"])
        assert (found.table, found.columns, found.details) == (
            "orders",
            ("customer",),
            {"to": "customers", "rows": 2},
        )
        assert target.find_broken_references(["orders"]) == [found]


def test_a_condition_that_rows_break_is_named_without_a_value(sqlite: File) -> None:
    sqlite.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT CHECK (length(a) < 9))")
    schema = TableSchema("t", (column("id", "int64"), column("a", "string")), ("id",))
    with pytest.raises(DatabaseError, match=r"rows of t break the check \(length\(a\) < 9\)") as caught:
        sqlite.seed(table(schema, (1, "secret value")))
    assert "secret" not in caught.value.message


def test_another_program_that_writes_is_waited_for_and_named(
    sqlite: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tdmvc.databases.sqlite.opening._WAIT_SECONDS", 0.1)
    sqlite.run(*SHOP)
    with closing(sqlite3.connect(sqlite.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError, match="Another program is using"):
            sqlite.seed(table(CUSTOMERS, (1, "z", 1)))
        other.execute("ROLLBACK")
        other.execute("BEGIN")
        other.execute(ALL).fetchone()
        with pytest.raises(DatabaseError, match="Another program is using"):
            sqlite.seed(table(CUSTOMERS, (1, "z", 1)))
    assert sqlite.rows(ALL)[0] == (1, "a", 10, "mine")


def test_a_file_with_a_write_ahead_log_is_loaded_beside_its_readers(sqlite: File) -> None:
    sqlite.run("PRAGMA journal_mode = WAL", *SHOP)
    with closing(sqlite3.connect(sqlite.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM customers").fetchone() == (2,)
        sqlite.seed(table(CUSTOMERS, (1, "z", 1)))
        assert reader.execute("SELECT count(*) FROM customers").fetchone() == (2,)
    assert sqlite.rows(ALL) == [(1, "z", 1, "new")]


def test_a_full_disk_leaves_the_old_rows(sqlite: File) -> None:
    sqlite.run(*SHOP)
    before = sqlite.rows(ALL)
    with sqlite.open() as target:
        target.lock(["customers"])
        (pages,) = target._database.execute("PRAGMA page_count").fetchone()  # type: ignore[attr-defined]
        target._database.execute(f"PRAGMA max_page_count = {pages + 1}")  # type: ignore[attr-defined]
        schema = target.read_catalog()["customers"].schema
        rows = table(CUSTOMERS, *((10 + i, f"{i:04}" * 200, i) for i in range(100)))
        with pytest.raises(DatabaseError, match="disk is full"):
            target.load(rows, schema, SeedMode.APPEND)
    assert sqlite.rows(ALL) == before


def test_a_kill_leaves_the_old_rows(file: File) -> None:
    file.run(*SHOP)
    before = file.rows(ALL)
    script = (
        "import os, sys, duckdb, pyarrow as pa; from pathlib import Path\n"
        "from tdmvc.databases import find_target_engine, TableToWrite; from tdmvc.databases.base import READ_ALL\n"
        "from tdmvc.model.location import PathLocation; from tdmvc.model.seeding import SeedMode\n"
        "location = PathLocation(Path(sys.argv[1]))\n"
        "with find_target_engine(location).open_target(location, READ_ALL) as target:\n"
        "    target.lock(['orders']); schema = target.read_catalog()['orders'].schema; target.clear(['orders'])\n"
        "    rows = pa.table({'id': pa.array(range(50000), pa.int64()), 'customer': pa.nulls(50000, pa.int64())})\n"
        "    schema = schema.with_columns(schema.columns)\n"
        "    target.load(TableToWrite(schema, lambda: rows.to_reader(1000)), schema, SeedMode.REPLACE)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(file.path)], check=False, capture_output=True)
    assert done.returncode == -9, done.stderr
    assert file.rows(ALL) == before
    assert file.rows("SELECT count(*) FROM orders") == [(2,)]


def test_a_file_that_cannot_be_written_is_refused(sqlite: File) -> None:
    sqlite.run(*SHOP)
    with sqlite.open() as target:
        target._database.execute("PRAGMA query_only = ON")  # type: ignore[attr-defined]
        with pytest.raises(DatabaseError, match="cannot be written") as caught:
            target.lock(["customers"])
    assert caught.value.exit_code == 7


def test_rows_that_break_a_condition_of_a_new_table_stop_the_load(sqlite: File) -> None:
    schema = replace(CUSTOMERS, checks=(Check("age > 5", dialect="sqlite"),))
    with pytest.raises(DatabaseError, match="break the check"):
        sqlite.seed(table(schema, (1, "a", 1)))
    assert not sqlite.path.exists()


DEFINITIONS = (
    "SELECT sql, comment FROM duckdb_tables() UNION ALL SELECT sql, comment FROM duckdb_indexes() ORDER BY 1"
)


def test_duckdb_tables_are_declared_as_before_after_a_load(duck: File) -> None:
    duck.run(
        "CREATE SCHEMA crm",
        "CREATE TYPE mood AS ENUM ('good', 'bad')",
        "CREATE TABLE crm.people (id BIGINT PRIMARY KEY, boss BIGINT REFERENCES crm.people (id), m mood, "
        "twice BIGINT GENERATED ALWAYS AS (id * 2), CHECK (id > 0))",
        "CREATE TABLE crm.notes (person BIGINT REFERENCES crm.people (id), text VARCHAR DEFAULT 'none' NOT NULL)",
        "CREATE TABLE crm.alone (id BIGINT)",
        "COMMENT ON TABLE crm.notes IS 'about people'",
        "COMMENT ON COLUMN crm.people.m IS 'how they are'",
        "CREATE INDEX by_person ON crm.notes (person)",
        "CREATE VIEW happy AS SELECT id FROM crm.people WHERE m = 'good'",
        "INSERT INTO crm.people (id, boss, m) VALUES (1, NULL, 'good')",
        "INSERT INTO crm.people (id, boss, m) VALUES (2, 1, 'bad')",
        "INSERT INTO crm.notes VALUES (2, 'kept')",
    )
    before = duck.rows(DEFINITIONS)
    people = TableSchema(
        "crm.people",
        (column("id", "int64"), column("boss", "int64"), column("m", "string"), column("twice", "int64")),
        ("id",),
    )
    duck.seed(table(people, (2, 3, "good", 4), (3, 4, "bad", 6), (4, None, "bad", 8)))
    assert duck.rows(DEFINITIONS) == before
    assert duck.rows("FROM crm.people ORDER BY id") == [
        (2, 3, "good", 4),
        (3, 4, "bad", 6),
        (4, None, "bad", 8),
    ]
    assert duck.rows("FROM crm.notes") == [(2, "kept")]
    assert duck.rows("FROM happy") == [(2,)]
    before_error = duck.rows("FROM crm.people ORDER BY id")
    for rows in ([(5, 5, "good", 10)], [(5, 6, "good", 10), (6, 5, "good", 12)], [(5, 7, "bad", 10)]):
        with pytest.raises(DatabaseError, match=r"crm\.people refer to themselves"):
            duck.seed(table(people, *rows, (2, None, "good", 4)))
    with pytest.raises(DatabaseError, match=r"rows.*break a reference"):
        duck.seed(table(people, (3, None, "bad", 6)))
    assert duck.rows("FROM crm.people ORDER BY id") == before_error


def test_duckdb_references_that_rows_break_are_found_before_the_end(duck: File) -> None:
    duck.run(*SHOP)
    with duck.open() as target:
        target.clear(["customers"])
        (found,) = target.find_broken_references(["customers"])
        assert (found.table, found.columns, found.details) == (
            "orders",
            ("customer",),
            {"to": "customers", "rows": 2},
        )


def test_duckdb_sequences_go_on_after_the_greatest_number(duck: File) -> None:
    duck.run(
        "CREATE SEQUENCE numbers",
        "CREATE TABLE t (id BIGINT PRIMARY KEY DEFAULT nextval('numbers'), a INTEGER)",
        "INSERT INTO t (a) SELECT 1 FROM range(50)",
    )
    schema = TableSchema("t", (column("id", "int64", identity=Identity(sequence="numbers")),), ("id",))
    for offset, following in ((0, 8), (100, 108)):
        with duck.open() as target:
            target.lock(["t"])
            target.clear(["t"])
            target.load(table(schema, (7,)), target.read_catalog()["t"].schema, SeedMode.REPLACE)
            target.finish(["t"], sequence_offset=offset)
            loaded = target.fingerprint("t")
            target.commit()
        with duck.open() as target:
            assert target.fingerprint("t") == loaded
        duck.run("INSERT INTO t (a) VALUES (1)")
        assert duck.rows("SELECT max(id) FROM t") == [(following,)]
        with duck.open() as target:
            assert target.fingerprint("t") != loaded


@pytest.mark.parametrize(
    ("kind", "following"), [("TINYINT", 8 + 59), ("SMALLINT", 8 + 16_379), ("BIGINT", 40_008)]
)
def test_an_offset_leaves_a_duckdb_column_half_of_its_numbers(duck: File, kind: str, following: int) -> None:
    duck.run(
        "CREATE SEQUENCE n",
        f"CREATE TABLE t (id {kind} DEFAULT nextval('n'), a INTEGER)",
        "INSERT INTO t VALUES (7, 0)",
    )
    with duck.open() as target:
        target.lock(["t"])
        target.finish(["t"], sequence_offset=40_000)
        target.commit()
    duck.run("INSERT INTO t (a) SELECT 1 FROM range(50)")
    assert duck.rows("SELECT min(id) FROM t WHERE a = 1") == [(following,)]


@pytest.mark.parametrize(
    ("named", "made"), [("numbers", "s.numbers"), ("s.numbers", "s.numbers"), ("numbers", "numbers")]
)
def test_a_duckdb_sequence_is_the_one_of_the_tables_schema_before_mains(
    named: str, made: str, duck: File
) -> None:
    duck.run(
        "CREATE SCHEMA s",
        f"CREATE SEQUENCE {made}",
        f"CREATE TABLE s.t (id BIGINT PRIMARY KEY DEFAULT nextval('{named}'), a INTEGER)",
    )
    schema = TableSchema("s.t", (column("id", "int64"),), ("id",))
    with duck.open() as target:
        target.lock(["s.t"])
        target.load(table(schema, (7,)), target.read_catalog()["s.t"].schema, SeedMode.REPLACE)
        target.finish(["s.t"])
        target.commit()
    duck.run("INSERT INTO s.t (a) VALUES (1)")
    assert duck.rows("SELECT max(id) FROM s.t") == [(8,)]


def test_a_load_that_fails_leaves_duckdb_sequences_alone(duck: File) -> None:
    duck.run("CREATE SEQUENCE numbers", "CREATE TABLE t (id BIGINT PRIMARY KEY DEFAULT nextval('numbers'))")
    schema = TableSchema("t", (column("id", "int64", identity=Identity(sequence="numbers")),), ("id",))
    duck.seed(table(schema, (70,)), commit=False)
    duck.run("INSERT INTO t DEFAULT VALUES")
    assert duck.rows("FROM t") == [(1,)]


@pytest.mark.parametrize(
    ("declared", "type_", "good", "bad"),
    [
        ("INTEGER", "string", ["7"], "007"),
        ("INTEGER", "int64", [7], 2**40),
        ("FLOAT", "float64", [0.5], 0.1),
        ("DATE", "timestamp", [datetime(2024, 1, 1)], datetime(2024, 1, 1, 12)),
        ("ENUM ('a', 'b')", "string", ["a"], "c"),
        ("DECIMAL(4,1)", "decimal(10,2)", ["1.5"], "1.25"),
        ("VARCHAR", "int64", [7], None),
    ],
)
def test_a_value_that_a_duckdb_type_would_change_is_named_before_loading(
    duck: File, declared: str, type_: str, good: list[object], bad: object
) -> None:
    duck.run(f"CREATE TABLE t (id BIGINT PRIMARY KEY, c {declared})")
    schema = TableSchema("t", (column("id", "int64"), column("c", type_)), ("id",))

    def check(values: Sequence[object]) -> list[str]:
        data = pa.table({"id": range(len(values)), "c": pa.array(values)}).cast(schema.arrow_schema())
        with duck.open() as target:
            rows = TableToWrite(schema, lambda: data.to_reader())
            return [one.rule for one in target.check_columns(rows, target.read_catalog()["t"].schema)]

    assert check(good) == []
    assert check([*good, bad]) == ([] if bad is None else ["value-not-possible"])


def test_a_duckdb_file_that_another_program_has_open_is_refused(duck: File) -> None:
    duck.run(*SHOP)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(duck.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline().strip() == b"held"
        with pytest.raises(DatabaseError, match="Another connection has"):
            duck.seed(table(CUSTOMERS, (1, "z", 1)))
        other.stdin.close()


def test_a_new_duckdb_file_has_all_that_the_tables_declare(duck: File) -> None:
    customers = replace(
        CUSTOMERS,
        columns=(replace(CUSTOMERS.columns[0], identity=Identity()), *CUSTOMERS.columns[1:]),
        description="people who buy",
    )
    orders = replace(ORDERS, indexes=(Index("by_customer", ("customer",)),))
    duck.seed(table(customers, (4, "a", 1), (9, "b", 2)), table(orders, (1, 9)))
    assert duck.rows("SELECT nextval('customers_id_seq')") == [(10,)]
    assert duck.rows("SELECT comment FROM duckdb_tables() WHERE table_name = 'customers'") == [
        ("people who buy",)
    ]
    assert duck.rows("SELECT index_name FROM duckdb_indexes()") == [("by_customer",)]
    with pytest.raises(duckdb.ConstraintException, match="foreign key"):
        duck.run("INSERT INTO orders VALUES (2, 77)")


def test_the_fingerprint_of_a_changed_table_is_that_of_all_its_rows(sqlite: File) -> None:
    sqlite.run(*SHOP, "INSERT INTO customers VALUES (3, 'c', 30, 'mine'), (4, 'd', 40, 'mine')")
    with sqlite.open() as target:
        target.lock(["customers"])
        schema = target.read_catalog()["customers"].schema
        target.fingerprint("customers")
        deleted = pa.table({"id": pa.array([3, 99], pa.int64())}).to_reader()
        target.apply_changes(table(CUSTOMERS, (1, "b", 10), (2, "a", 21), (5, "c", 5)), deleted, schema)
        kept = target.fingerprint("customers")
        target.commit()
    with sqlite.open() as target:
        assert target.fingerprint("customers") == kept
    sqlite.run("CREATE TABLE other (id INTEGER)")
    with sqlite.open() as target:
        assert target.fingerprint("customers") == kept


def _reads(sqlite: File) -> bool:
    """Whether the fingerprint of a table is computed from its rows."""
    seen: list[str] = []
    options = ReadOptions(on_progress=lambda what, done, total, unit: seen.append(what))
    location = PathLocation(sqlite.path)
    with find_target_engine(location).open_target(location, options) as target:
        target.lock(["orders"])
        target.fingerprint("orders")
    return bool(seen)


@pytest.mark.parametrize("is_new", [False, True])
def test_rows_are_read_for_a_fingerprint_only_if_somebody_wrote_to_the_file(
    sqlite: File, is_new: bool
) -> None:
    if not is_new:
        sqlite.run(*SHOP)
    rows = table(CUSTOMERS, (1, "a", 1)), table(ORDERS, (1, 1))
    state = SeededDataset("golden", "golden@1", "c", (), datetime(2026, 1, 1, tzinfo=UTC), "1", ())

    def load() -> None:
        with sqlite.open() as target:
            target.lock(["customers", "orders"])
            catalog = target.read_catalog()
            target.create_tables([one for one in rows if one.schema.name not in catalog], [])
            catalog = target.read_catalog()
            target.clear(["orders", "customers"])
            for one in rows:
                target.load(one, catalog[one.schema.name].schema, SeedMode.REPLACE)
                target.fingerprint(one.schema.name)
            target.write_state(state)
            target.commit()

    load()
    assert not _reads(sqlite)
    assert not _reads(sqlite)
    with sqlite.open() as target:
        target.lock([])
        target.write_state(replace(state, dataset="other"))
        target.commit()
    assert not _reads(sqlite)
    sqlite.run("UPDATE orders SET customer = NULL")
    assert _reads(sqlite)
    load()
    assert not _reads(sqlite)
    sqlite.run("PRAGMA locking_mode = EXCLUSIVE", "UPDATE customers SET age = 7")
    assert _reads(sqlite)
    load()
    sqlite.run("PRAGMA journal_mode = WAL", "UPDATE customers SET age = 8")
    assert _reads(sqlite)
    load()
    assert _reads(sqlite)
    sqlite.run("UPDATE customers SET age = 9", "PRAGMA journal_mode = DELETE")
    assert _reads(sqlite)


@pytest.mark.parametrize(
    "index", ["fts5(email, content='customers', content_rowid='id')", 'fts4(email, content="customers")']
)
def test_a_full_text_index_over_a_table_is_rebuilt(sqlite: File, index: str) -> None:
    sqlite.run(
        *SHOP,
        f"CREATE VIRTUAL TABLE search USING {index}",
        "CREATE VIRTUAL TABLE own USING fts5(email)",
        "INSERT INTO search (search) VALUES ('rebuild')",
        "CREATE TRIGGER follow AFTER INSERT ON customers BEGIN "
        "INSERT INTO search (rowid, email) VALUES (new.id, new.email); END",
    )
    sqlite.seed(table(CUSTOMERS, (7, "fresh", 1)))
    assert sqlite.rows("SELECT rowid FROM search WHERE search MATCH 'fresh'") == [(7,)]
    assert sqlite.rows("SELECT rowid FROM search WHERE search MATCH 'a'") == []
    sqlite.run("INSERT INTO search (search) VALUES ('integrity-check')")
