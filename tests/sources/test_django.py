"""Django fixtures: a table for each model."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.errors import SourceError
from tdmvc.model.source import SourceTable
from tdmvc.sources import open_source
from tdmvc.sources.base import SourceOptions

Read = Callable[[SourceTable], pa.Table]
Con = duckdb.DuckDBPyConnection


def thing(pk: object, model: str = "shop.Order", **fields: object) -> dict[str, object]:
    return {"model": model, "pk": pk, "fields": fields}


def open_fixture(folder: Path, con: Con, *objects: object) -> dict[str, SourceTable]:
    path = folder / "fixture.json"
    path.write_text(json.dumps(objects, ensure_ascii=False, indent=1), encoding="utf-8")
    return {table.schema.name: table for table in open_source(path, con)}


def test_each_model_is_a_table_keyed_by_id(tmp_path: Path, con: Con, read: Read) -> None:
    tables = open_fixture(
        tmp_path,
        con,
        thing(1, title="Zoë"),
        thing("u-1", "auth.user", name="x"),
        thing(2, total=1.5, title=None),
    )
    assert list(tables) == ["auth_user", "shop_order"]
    orders = tables["shop_order"]
    assert orders.schema.column_names == ("id", "title", "total")
    assert orders.schema.key == ("id",)
    assert orders.is_keyed
    assert "called 'id'" in orders.notes[0]
    assert read(orders).to_pylist() == [
        {"id": 1, "title": "Zoë", "total": None},
        {"id": 2, "title": None, "total": 1.5},
    ]
    assert read(tables["auth_user"]).to_pylist() == [{"id": "u-1", "name": "x"}]


def test_the_key_is_called_pk_if_a_field_is_called_id(tmp_path: Path, con: Con, read: Read) -> None:
    table = open_fixture(tmp_path, con, thing(7, id="x"))["shop_order"]
    assert table.schema.key == ("pk",)
    assert read(table).to_pylist() == [{"pk": 7, "id": "x"}]


def test_objects_without_a_primary_key_make_a_table_without_a_key(
    tmp_path: Path, con: Con, read: Read
) -> None:
    bare = {"model": "shop.tag", "fields": {"name": "a"}}
    table = open_fixture(tmp_path, con, bare, thing(None, "shop.tag", name="b"))["shop_tag"]
    assert table.schema.column_names == ("name",)
    assert table.schema.key == ()
    assert not table.is_keyed
    assert read(table).column("name").to_pylist() == ["a", "b"]


def test_a_composite_primary_key_makes_no_key(tmp_path: Path, con: Con) -> None:
    table = open_fixture(tmp_path, con, thing([1, 2], name="a"))["shop_order"]
    assert table.schema.key == ()
    assert not table.is_keyed


def test_lists_stay_lists_and_objects_become_json_text(tmp_path: Path, con: Con, read: Read) -> None:
    table = open_fixture(
        tmp_path,
        con,
        thing(1, tags=[1, 2], perms=[["add", "auth"]], data={"b": 1, "a": [None]}, body='[{"type": "p"}]'),
        thing(2, tags=[], perms=[], data={"c": 1}, body=""),
    )["shop_order"]
    types = {column.name: column.type_text for column in table.schema.columns}
    assert types == {
        "id": "int64",
        "tags": "list<int64>",
        "perms": "list<list<string>>",
        "data": "string",
        "body": "string",
    }
    assert [column.name for column in table.schema.columns if column.is_json] == ["data"]
    assert read(table).column("data").to_pylist() == ['{"b":1,"a":[null]}', '{"c":1}']
    assert read(table).column("body").to_pylist() == ['[{"type": "p"}]', ""]


def test_dates_in_texts_stay_texts(tmp_path: Path, con: Con) -> None:
    table = open_fixture(tmp_path, con, thing(1, at="2020-01-01T00:00:00Z"))["shop_order"]
    assert table.schema.columns[1].type_text == "string"


def test_a_list_with_an_object_of_another_shape_is_refused(tmp_path: Path, con: Con) -> None:
    with pytest.raises(SourceError, match=r"line .*not an object of a Django fixture"):
        open_fixture(tmp_path, con, thing(1, a=1), {"model": "shop.order"})


def test_rows_with_a_model_column_of_their_own_are_plain_json(tmp_path: Path, con: Con) -> None:
    (table,) = open_fixture(tmp_path, con, {"model": "Golf", "fields": 3}).values()
    assert table.schema.name == "fixture"


def test_a_table_name_for_a_fixture_is_refused(tmp_path: Path, con: Con) -> None:
    path = tmp_path / "f.json"
    path.write_text(json.dumps([thing(1, a=1)]))
    with pytest.raises(SourceError, match="names its tables itself"):
        open_source(path, con, SourceOptions("orders"))
