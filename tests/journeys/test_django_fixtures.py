"""The first ten minutes of a Django developer: a fixture, or the database, under version control and back again."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.model.django_models import DjangoModels
from tdmvc.model.source import ArrowScan
from tdmvc.sources import open_source
from tdmvc.sources.base import SourceOptions
from tdmvc.sources.django_writing import FixtureTable, write_fixture
from tdmvc.workspace.django_models import read_django_models
from tdmvc.workspace.workspace import Workspace
from tests.builders import Ran, Tdmvc, commit_all, copy_repo, run_quietly
from tests.duckdb_sessions import open_session
from tests.journeys.django_project import make_project, run_django

THING: dict[str, Any] = {
    "boolean": False,
    "maybe": None,
    "small": 7,
    "integer": -1,
    "big": 9007199254740993,
    "number": 0.1,
    "amount": "12.500",
    "char": "Zoë",
    "text": "",
    "email": "a@b.test",
    "day": "2024-02-29",
    "moment": "2024-02-29T10:11:12.345Z",
    "clock": "10:11:12",
    "took": "1 02:03:04",
    "token": "c9a646d3-9c61-4cb7-bfcd-ee2522c8f633",
    "data": {"b": [1, None, {"x": 1.5}], "a": "ü"},
    "blob": "AAECAw==",
    "address": "10.0.0.1",
    "customer": 1,
    "one": "red",
    "tags": ["blue", "red"],
    "others": [],
}
FIXTURE = [
    {"model": "my_shop.tag", "pk": "red", "fields": {}},
    {"model": "my_shop.tag", "pk": "blue", "fields": {}},
    {"model": "my_shop.customer", "pk": 1, "fields": {"name": "Ada", "owner": None}},
    {"model": "my_shop.thing", "pk": 1, "fields": THING},
    # What is left out takes its default.
    {
        "model": "my_shop.thing",
        "pk": 2,
        "fields": {"moment": "2024-01-01T00:00:00Z", "others": [1, 2], "tags": [["red"]]},
    },
    {"model": "my_shop.special", "pk": 1, "fields": {"note": "x"}},
]


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of a Django application, set up for datasets."""
    app = copy_repo(template, tmp_path_factory.mktemp("django") / "app")
    make_project(app)
    (app / "tdmvc.yaml").unlink()
    run_quietly(app, "init")
    commit_all(app, "The application")
    return app


@pytest.fixture
def repo(project: Path, tmp_path: Path) -> Path:
    return copy_repo(project, tmp_path / "app")


def by_key(objects: list[Any]) -> dict[tuple[str, str], Any]:
    """Return objects by model and key, the members of many-to-many fields without an order."""
    return {
        (one["model"], json.dumps(one["pk"])): {
            name: sorted(value, key=json.dumps) if name in ("tags", "others") else value
            for name, value in one["fields"].items()
        }
        for one in objects
    }


def test_a_fixture_goes_under_version_control_and_back(repo: Path, tdmvc: Tdmvc) -> None:
    fixture = repo / "fixtures" / "shop.json"
    fixture.parent.mkdir()
    fixture.write_text(json.dumps(FIXTURE))
    assert "django" in (repo / "tdmvc.yaml").read_text()
    tdmvc("add", "golden", "fixtures/shop.json")
    shown = {table["name"]: table for table in tdmvc("show", "golden", "--format", "json").json["tables"]}
    assert set(shown) == {
        "clients",
        "my_shop_special",
        "my_shop_tag",
        "my_shop_thing",
        "my_shop_thing_others",
    }
    commit_all(repo, "Test data")
    tdmvc("publish", "golden", "1.0.0")
    # An edit of the fixture is told, and shown as a changed cell.
    fixture.write_text(fixture.read_text().replace("12.500", "13.250"))
    assert "fixtures/shop.json changed since" in tdmvc("status").out
    tdmvc("add", "golden", "fixtures/shop.json")
    assert "13.250" in tdmvc("diff", "golden").out
    tdmvc("checkout", "golden", "--into", "out.json")
    tdmvc("checkout", "golden@1.0.0", "--into", "old.json")
    said, back, old = run_django(repo, [fixture, repo / "out.json", repo / "old.json"])
    assert by_key(back) == by_key(said)
    assert by_key(old)["my_shop.thing", "1"]["amount"] == "12.500"


def test_a_database_becomes_a_fixture(repo: Path, tdmvc: Tdmvc) -> None:
    fixture = repo / "shop.json"
    fixture.write_text(json.dumps(FIXTURE))
    database = repo.parent / "db.sqlite3"
    (said,) = run_django(repo, [fixture], database=str(database))
    tdmvc("add", "golden", database)
    out: Ran = tdmvc(
        "checkout", "golden", "--into", "out.json", "--exclude", "auth_permission,django_content_type"
    )
    assert "1 file written" in out.out
    (back,) = run_django(repo, [repo / "out.json"])
    assert by_key(back) == by_key(said)
    # Both ways give the same rows in the same columns.
    tdmvc("add", "other", "out.json")
    own, other = (
        {
            table["name"]: {column["name"] for column in table["columns"]}
            for table in tdmvc("show", name, "--format", "json").json["tables"]
        }
        for name in ("golden", "other")
    )
    assert other["my_shop_thing"] == own["my_shop_thing"]
    assert other["clients"] == own["clients"]


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
MICRO = st.integers(0, 999).map(lambda n: f".{n:03d}")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "maybe": st.none() | st.booleans(),
    "small": st.integers(-32768, 32767),
    "integer": st.none() | st.integers(-(2**31), 2**31 - 1),
    "big": st.none() | st.integers(-(2**63), 2**63 - 1),
    "number": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "amount": st.decimals(-(10**8), 10**8, places=3).map(str),
    "char": TEXT,
    "text": TEXT,
    "email": st.none() | TEXT,
    "day": st.none() | st.dates().map(str),
    "moment": st.datetimes().map(
        lambda one: f"{one.replace(microsecond=one.microsecond // 1000 * 1000).isoformat()}Z"
    ),
    "clock": st.none() | st.times().map(lambda one: one.replace(microsecond=0).isoformat()),
    "took": st.none() | st.integers(0, 10**6).map(lambda n: f"{n} 00:00:0{n % 10}"),
    "token": st.none() | st.uuids().map(str),
    "data": st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=6,
    ).filter(lambda value: value is not None),
    "blob": st.none() | st.sampled_from(["", "AAEC", "/w=="]),
    "address": st.none() | st.sampled_from(["10.0.0.1", "::1"]),
    "customer": st.none() | st.just(1),
    "tags": st.lists(st.sampled_from(["red", "blue"]), unique=True),
    "others": st.lists(st.sampled_from([1, 2]), unique=True),
}
NEEDED = {name: VALUES[name] for name in ("moment",)}
FIELDS = st.fixed_dictionaries(
    NEEDED, optional={name: values for name, values in VALUES.items() if name not in NEEDED}
)


def test_any_fixture_is_loaded_from_its_copy_as_from_itself(project: Path, tmp_path: Path) -> None:
    with Workspace.open(project) as workspace:
        models = read_django_models(workspace)
    pairs: list[Path] = []

    @settings(max_examples=40, database=None)
    @given(FIELDS, FIELDS)
    def copy(first: dict[str, Any], second: dict[str, Any]) -> None:
        things = [
            {"model": "my_shop.thing", "pk": pk, "fields": fields} for pk, fields in ((1, first), (2, second))
        ]
        original, copied = (tmp_path / f"{len(pairs)}{name}.json" for name in ("a", "b"))
        original.write_text(json.dumps([*FIXTURE[:3], *things]))
        _copy(original, copied, models)
        pairs.extend([original, copied])

    copy()
    dumps = run_django(project, pairs)
    for said, back in zip(dumps[::2], dumps[1::2], strict=True):
        assert by_key(back) == by_key(said)


def _copy(original: Path, copied: Path, models: DjangoModels) -> None:
    with open_session(threads=1) as con, copied.open("wb") as file:
        tables = []
        for table in open_source(original, con, SourceOptions(django_models=lambda: models)):
            assert isinstance(table.scan, ArrowScan)
            tables.append(FixtureTable(table.schema, table.scan.open))
        assert write_fixture(tables, models, file) == []
