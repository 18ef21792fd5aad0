"""Fixtures whose models are known from migrations: types, references, many-to-many fields, and back to a fixture."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from tdmvc.errors import SourceError, UsageError
from tdmvc.migrations.tools.django.models import read_models
from tdmvc.model.django_models import DjangoModels
from tdmvc.model.migration import Migration
from tdmvc.model.schema import TableSchema
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sources import open_source
from tdmvc.sources.base import SourceOptions
from tdmvc.sources.django_writing import FixtureTable, write_fixture
from tests.builders import MemoryTree

Read = Callable[[SourceTable], pa.Table]
Con = duckdb.DuckDBPyConnection

FIRST = """
import decimal, django.utils.timezone, uuid
from django.conf import settings
from django.db import migrations, models
class Migration(migrations.Migration):
    initial = True
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(name="Tag", fields=[
            ("slug", models.SlugField(primary_key=True, serialize=False)),
        ]),
        migrations.CreateModel(name="Client", fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
            ("name", models.CharField(max_length=40)),
            ("owner", models.ForeignKey(null=True, on_delete=models.CASCADE, to=settings.AUTH_USER_MODEL)),
        ], options={"db_table": "clients"}),
        migrations.CreateModel(name="Order", fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
            ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ("day", models.DateField(null=True)),
            ("total", models.DecimalField(decimal_places=2, max_digits=8, default=decimal.Decimal("0.00"))),
            ("client", models.ForeignKey(on_delete=models.CASCADE, to="shop.client")),
            ("status", models.CharField(max_length=10, default="new")),
            ("note", models.TextField(blank=True)),
        ]),
    ]
"""
SECOND = """
from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [("shop", "0001_first")]
    operations = [
        migrations.RenameModel("Client", "Customer"),
        migrations.RenameField("Order", "client", "customer"),
        migrations.AddField("order", "tags", models.ManyToManyField(to="shop.Tag")),
        migrations.AddField("order", "related", models.ManyToManyField(to="shop.order")),
        migrations.AddField("order", "extra", models.JSONField(default=dict)),
        migrations.AddField("order", "opens", models.TimeField(null=True)),
        migrations.AddField("order", "token", models.UUIDField(null=True)),
        migrations.AddField("order", "blob", models.BinaryField(null=True)),
        migrations.AddField("order", "gone", models.IntegerField(default=1)),
        migrations.RemoveField("order", "gone"),
    ]
"""


def shop() -> DjangoModels:
    tree = MemoryTree({"shop/migrations/0001_first.py": FIRST, "shop/migrations/0002_second.py": SECOND})
    return read_models(
        tree,
        [
            Migration("shop.0001_first", "0001_first", "shop/migrations/0001_first.py"),
            Migration("shop.0002_second", "0002_second", "shop/migrations/0002_second.py"),
        ],
    )


def order(pk: int, **fields: object) -> dict[str, object]:
    return {"model": "shop.order", "pk": pk, "fields": fields}


def open_fixture(folder: Path, con: Con, *objects: object) -> dict[str, SourceTable]:
    path = folder / "fixture.json"
    path.write_text(json.dumps(objects), encoding="utf-8")
    return {table.schema.name: table for table in open_source(path, con, SourceOptions(django_models=shop))}


def types(schema: TableSchema) -> dict[str, str]:
    return {column.name: column.type_text for column in schema.columns}


FULL = order(
    1,
    at="2020-01-01T10:00:00.120Z",
    day="2020-01-01",
    total="12.50",
    customer=7,
    status="paid",
    note="",
    tags=["a", "b"],
    related=[],
    extra={"b": [1, None]},
    opens="09:30:00",
    token="c9a646d3-9c61-4cb7-bfcd-ee2522c8f633",
    blob="AAEC",
)


def test_columns_have_the_types_and_names_of_their_database(tmp_path: Path, con: Con, read: Read) -> None:
    tables = open_fixture(tmp_path, con, FULL)
    assert sorted(tables) == ["shop_order", "shop_order_related", "shop_order_tags"]
    orders = tables["shop_order"]
    assert types(orders.schema) == {
        "id": "int64",
        "at": "timestamptz",
        "day": "date",
        "total": "decimal(18,2)",
        "customer_id": "int64",
        "status": "string",
        "note": "string",
        "extra": "string",
        "opens": "time",
        "token": "string",
        "blob": "binary",
    }
    assert [str(one) for one in orders.schema.references] == ["(customer_id) -> clients (id)"]
    status = orders.schema.column("status")
    assert status is not None
    assert status.length_limit == 10
    tags = tables["shop_order_tags"]
    assert types(tags.schema) == {"order_id": "int64", "tag_id": "string"}
    assert tags.schema.key == ("order_id", "tag_id")
    assert read(tags).to_pylist() == [{"order_id": 1, "tag_id": "a"}, {"order_id": 1, "tag_id": "b"}]
    assert read(tables["shop_order_related"]).num_rows == 0
    assert types(tables["shop_order_related"].schema) == {"from_order_id": "int64", "to_order_id": "int64"}
    assert not orders.notes


def test_a_field_that_an_object_lacks_has_the_default_that_django_takes(
    tmp_path: Path, con: Con, read: Read
) -> None:
    table = open_fixture(tmp_path, con, FULL, order(2, customer=7))["shop_order"]
    row = read(table).to_pylist()[1]
    assert (row["status"], row["note"], str(row["total"]), row["extra"]) == ("new", "", "0.00", "{}")
    # Only Django knows the time.
    assert row["at"] is None


@pytest.mark.parametrize(
    ("field", "value", "type_text"),
    [
        ("total", "12.505", "string"),
        ("total", "NaN", "string"),
        ("at", "yesterday", "string"),
        ("day", "2020-02-30", "string"),
        ("token", "C9A646D3-9C61-4CB7-BFCD-EE2522C8F633", "string"),
        ("blob", "AAE", "string"),
        ("customer", ["Zoë"], "list<string>"),
    ],
)
def test_a_value_that_a_type_does_not_hold_exactly_stays_as_it_is_written(
    tmp_path: Path, con: Con, read: Read, field: str, value: object, type_text: str
) -> None:
    table = open_fixture(tmp_path, con, order(1, **{field: value}))["shop_order"]
    assert types(table.schema)[field] == type_text
    assert read(table).column(field).to_pylist() == [value]


def test_a_reference_may_be_called_by_its_column(tmp_path: Path, con: Con, read: Read) -> None:
    table = open_fixture(tmp_path, con, order(1, customer=7), order(2, customer_id=8))["shop_order"]
    assert read(table).column("customer_id").to_pylist() == [7, 8]


def test_times_without_a_zone_stay_without_one(tmp_path: Path, con: Con) -> None:
    table = open_fixture(tmp_path, con, order(1, at="2020-01-01 10:00"))["shop_order"]
    assert types(table.schema)["at"] == "timestamp"
    table = open_fixture(tmp_path, con, order(1, at="2020-01-01 10:00"), order(2, at="2020-01-01T10:00Z"))[
        "shop_order"
    ]
    assert types(table.schema)["at"] == "string"
    assert "not that of a DateTimeField" in table.notes[0]


def test_members_named_by_a_natural_key_stay_a_list(tmp_path: Path, con: Con) -> None:
    tables = open_fixture(tmp_path, con, order(1, related=[["x", "y"]]))
    assert list(tables) == ["shop_order"]
    assert types(tables["shop_order"].schema)["related"] == "list<list<string>>"


def written(*tables: SourceTable) -> tuple[list[dict[str, Any]], list[str]]:
    def rows(table: SourceTable) -> FixtureTable:
        assert isinstance(table.scan, ArrowScan)
        return FixtureTable(table.schema, table.scan.open)

    file = io.BytesIO()
    notes = write_fixture([rows(table) for table in tables], shop(), file)
    return json.loads(file.getvalue()), notes


def test_a_fixture_comes_back_as_it_was(tmp_path: Path, con: Con) -> None:
    objects = [
        {"model": "auth.user", "pk": 3, "fields": {"username": "ada", "groups": [], "last_login": None}},
        {"model": "other.thing", "pk": "x", "fields": {"a": [1], "b": {"c": 1.50}, "d": None}},
        FULL,
        order(2, **{**FULL["fields"], "related": [1], "customer": ["by", "name"]}),  # type: ignore[dict-item]
        {"model": "shop.tag", "pk": "a", "fields": {}},
    ]
    tables = open_fixture(tmp_path, con, *objects)
    assert written(*tables.values()) == (objects, [])


def test_rows_of_a_join_that_a_fixture_names_itself_are_not_lost(tmp_path: Path, con: Con) -> None:
    objects = [
        {"model": "shop.order_tags", "pk": 1, "fields": {"order": 1, "tag": "a"}},
        order(1, note="x"),
    ]
    assert written(*open_fixture(tmp_path, con, *objects).values()) == (objects[::-1], [])


def test_a_field_that_takes_no_null_is_left_out_rather_than_null(tmp_path: Path, con: Con) -> None:
    tables = open_fixture(tmp_path, con, FULL, order(2, customer=7, day=None))
    second = written(*tables.values())[0][1]["fields"]
    assert "at" not in second
    assert second["day"] is None


def test_a_table_whose_model_is_not_known_is_refused_with_the_way_to_leave_it_out(
    tmp_path: Path, con: Con
) -> None:
    schema = TableSchema("my_app_thing", ())
    with pytest.raises(UsageError, match=r"No model is known for my_app_thing") as caught:
        write_fixture([FixtureTable(schema, lambda: pytest.fail("read"))], shop(), io.BytesIO())
    assert "--exclude 'my_app_thing'" in caught.value.remedy


YAML = """
- model: shop.order
  pk: 1
  fields: {at: 2020-01-01T10:00:00Z, day: 2020-01-01, total: 12.50, customer: 7, tags: &same [a, b], extra: {n: 1}}
- model: shop.order
  pk: 2
  fields:
    day: null
    note: "yes"
    tags: *same
"""


def test_yaml_is_read_like_json(tmp_path: Path, con: Con, read: Read) -> None:
    path = tmp_path / "fixture.yml"
    path.write_text(YAML)
    tables = {one.schema.name: one for one in open_source(path, con, SourceOptions(django_models=shop))}
    assert types(tables["shop_order"].schema)["at"] == "timestamptz"
    rows = read(tables["shop_order"]).to_pylist()
    assert str(rows[0]["total"]) == "12.50"
    assert rows[1]["note"] == "yes"
    assert read(tables["shop_order_tags"]).num_rows == 4


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- {model: a.b, fields: {x: 1, x: 2}}", "line 1: a key appears twice"),
        ("- {model: a.b, fields: {x: !!python/object:os.system ls}}", "line 1: this is not YAML"),
        ("- {model: a.b, fields: &x {x: *x}}", "line 1: a value contains itself"),
        ("- {model: a.b, fields: {x: 1}}\n- 3", "line 2: a row must be an object"),
        ("- {model: a.b, fields: {x: 1}}\n- {model: a.b}", "line 2 is not an object"),
    ],
)
def test_yaml_that_would_lose_something_is_refused(tmp_path: Path, con: Con, text: str, why: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(text)
    with pytest.raises(SourceError, match=why):
        open_source(path, con)


@pytest.mark.parametrize(
    "text", ["services: {a: 1}", "- name: x\n  model: gpt", "- {model: a, fields: 1}", ""]
)
def test_other_yaml_is_no_fixture(tmp_path: Path, con: Con, text: str) -> None:
    (tmp_path / "docker.yml").write_text(text)
    with pytest.raises(SourceError, match="does not know how to read"):
        open_source(tmp_path / "docker.yml", con)
