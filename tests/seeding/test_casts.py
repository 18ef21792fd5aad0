"""Values that a database writes in another form are verified by its own cast: a form is no difference, a value is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tdmvc
from tdmvc.api import Repository
from tdmvc.databases.base import DatabaseTarget, TableToWrite
from tdmvc.errors import DatabaseError
from tdmvc.model.finding import Finding
from tdmvc.model.location import Location
from tdmvc.model.seeding import DatasetSeedReport
from tdmvc.seeding.plan import SeedPlan
from tdmvc.seeding.read_back import verify_rows
from tdmvc.workspace.workspace import Workspace
from tests.builders import copy_repo
from tests.databases.conformance.conftest import ENGINES
from tests.databases.conformance.engines.base import Database, EngineUnderTest
from tests.series import sample_of
from tests.servers import DatabaseServer

TEXT = pa.string()
UUID, OTHER_UUID = "0f8fad5bd9cb469fa16570867728950e", "7c9e6679742540de944be07fc1f90ae7"


@dataclass(frozen=True)
class Cast:
    """A column of a dataset, what it is in the database, and another value."""

    name: str
    column: str
    value: object
    other: object
    type: pa.DataType = TEXT


CASTS: Mapping[str, Sequence[Cast]] = {
    "PostgreSQL": [
        Cast("uuid", "uuid", UUID, OTHER_UUID),
        Cast("upper", "uuid", UUID.upper(), OTHER_UUID),
        Cast("jsonb", "jsonb", '{"b": [1, 2],  "a": null}', '{"b": [2, 1], "a": null}'),
        Cast("number", "numeric(8,2)", "1.5", "1.51"),
        Cast("whole", "integer", "007", "8"),
        Cast("moment", "timestamptz", "2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z"),
        Cast("naive", "timestamptz", datetime(2026, 1, 2, 3), datetime(2026, 1, 2, 4), pa.timestamp("us")),
        Cast(
            "aware",
            "timestamp",
            *(datetime(2026, 1, 2, h, tzinfo=UTC) for h in (3, 4)),
            pa.timestamp("us", "UTC"),
        ),
        Cast("day", "date", "20260102", "20260103"),
        Cast("flag", "boolean", "1", "0"),
        Cast("span", "interval", "90 min", "91 min"),
        Cast("address", "inet", "10.0.0.1", "10.0.0.2"),
        Cast("range", "int4range", "[1,3]", "[1,4]"),
        Cast("padded", "char(4)", "a ", "b "),
        Cast("list", "uuid[]", [UUID, None], [OTHER_UUID, None], pa.list_(pa.string())),
    ],
    "MariaDB": [
        Cast("list", "json", [1, None], [1, 0], pa.list_(pa.int64())),
        Cast("flag", "int", True, False, pa.bool_()),
        Cast("digits", "varchar(20)", 12, 13, pa.int64()),
        Cast("price", "double", Decimal("1.10"), Decimal("1.11"), pa.decimal128(6, 2)),
        Cast("bytes", "binary(4)", b"ab", b"ac", pa.binary()),
        Cast("padded", "char(4)", "a ", "b "),
        Cast("uuid", "uuid", UUID, OTHER_UUID),
    ],
    "SQLite": [
        Cast("nan", "REAL", float("nan"), 1.0, pa.float64()),
        Cast("far", "date", -1_000_000, -1_000_001, pa.date32()),
    ],
    "DuckDB": [Cast("uuid", "UUID", UUID, OTHER_UUID), Cast("flag", "BOOLEAN", "yes", "no")],
}
engines = pytest.mark.parametrize(
    "engine", [one for one in ENGINES if one.name in CASTS], ids=lambda engine: engine.name
)


@pytest.fixture
def database(engine: EngineUnderTest, request: pytest.FixtureRequest) -> Iterator[Database]:
    with engine.database(request) as made:
        columns = ", ".join(f"{one.name}_ {one.column}" for one in CASTS[engine.name])
        made.run(f"CREATE TABLE t (id integer NOT NULL PRIMARY KEY, same varchar(10), {columns})")
        yield made


@pytest.fixture
def shop(engine: EngineUnderTest, template: Path, tmp_path: Path) -> Iterator[Repository]:
    with tdmvc.open(copy_repo(template, tmp_path / "app")) as repository:
        rows = _rows(engine, [(1, "a"), (2, None)])
        pq.write_table(rows, tmp_path / "t.parquet")
        repository.add("cast", tmp_path / "t.parquet", keys={"t": ["id"]})
        yield repository


def _rows(engine: EngineUnderTest, same: list[tuple[int, str | None]], other: str = "") -> pa.Table:
    """Return a row of values, or of another value in one column, and a row of nulls."""
    columns: dict[str, pa.Array] = {
        "id": pa.array([id_ for id_, _ in same], pa.int64()),
        "same": pa.array([text for _, text in same], pa.string()),
    }
    for one in CASTS[engine.name]:
        value: Any = one.other if one.name == other else one.value
        columns[f"{one.name}_"] = pa.array([value, None][: len(same)], one.type)
    return pa.table(columns)


@engines
def test_another_form_is_no_difference(engine: EngineUnderTest, database: Database, shop: Repository) -> None:
    report = _seed(shop, database)
    assert report.is_verified
    [found] = [finding for finding in report.findings if finding.rule == "verified-in-other-form"]
    assert set(found.columns) == {f"{one.name}_" for one in CASTS[engine.name]}


def _seed(shop: Repository, database: Database) -> DatasetSeedReport:
    [report] = shop.seed("cast", into=database.url, verify=True, mode="replace").datasets
    return report


@engines
def test_another_value_is_a_difference(
    engine: EngineUnderTest, database: Database, shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = ""

    def change_and_verify(
        workspace: Workspace, target: DatabaseTarget, plan: SeedPlan, location: Location
    ) -> list[Finding]:
        [table] = plan.tables
        assert table.target is not None
        rows = _rows(engine, [(1, "b" if changed == "same" else "a")], changed)
        schema = table.side.schema
        write = TableToWrite(
            schema, lambda: rows.select(schema.column_names).cast(schema.arrow_schema()).to_reader()
        )
        none = rows.select(["id"]).slice(0, 0)
        target.apply_changes(write, none.to_reader(), table.target.schema)
        return verify_rows(workspace, target, plan, location)

    monkeypatch.setattr("tdmvc.seeding.read_back.verify_rows", change_and_verify)
    for one in ("same", *sample_of(cast.name for cast in CASTS[engine.name])):
        changed = one
        with pytest.raises(DatabaseError) as caught:
            _seed(shop, database)
        column = one if one == "same" else f"{one}_"
        assert any(column in detail for detail in caught.value.details), (one, caught.value.details)


def test_a_key_in_another_form_is_told_from_rows_of_others(
    postgres_server: DatabaseServer, template: Path, tmp_path: Path
) -> None:
    file = tmp_path / "t.csv"
    file.write_text(f"id,name\n{UUID},Ada\n")
    with postgres_server.fresh_database() as name, tdmvc.open(copy_repo(template, tmp_path / "app")) as shop:
        shop.add("cast", file, keys={"t": ["id"]})
        statement = "CREATE TABLE t (id uuid PRIMARY KEY, name text);"
        postgres_server.execute(name, f"{statement} INSERT INTO t VALUES ('{OTHER_UUID}', 'Bob')")
        [report] = shop.seed("cast", into=postgres_server.url(name), mode="upsert", verify=True).datasets
        assert [one.columns for one in report.findings if one.rule == "verified-in-other-form"] == [("id",)]
        assert postgres_server.rows(name, "SELECT name FROM t ORDER BY name") == [("Ada",), ("Bob",)]


def test_a_value_that_was_edited_in_another_form_is_verified_though_its_type_is_declared(
    postgres_server: DatabaseServer, template: Path, tmp_path: Path
) -> None:
    with postgres_server.fresh_database() as name, tdmvc.open(copy_repo(template, tmp_path / "app")) as shop:
        made = "CREATE TABLE t (id int PRIMARY KEY, j jsonb NOT NULL); INSERT INTO t VALUES (1, '{\"a\": 1}')"
        postgres_server.execute(name, made)
        shop.add("cast", postgres_server.url(name))
        [part] = (shop.root / "datasets" / "cast" / "t").glob("*.parquet")
        rows = pq.read_table(part)
        edited = rows.set_column(1, "j", pa.array(['{"a":1,  "b":2}'], rows.schema.field("j").type))
        part.unlink()
        pq.write_table(edited, part)
        shop.add("cast")
        [column] = [one for one in shop.show("cast").tables[0].schema.columns if one.name == "j"]
        assert column.declared_type == "jsonb"
        [report] = shop.seed("cast", into=postgres_server.url(name), verify=True, force=True).datasets
        assert [one.columns for one in report.findings if one.rule == "verified-in-other-form"] == [("j",)]
