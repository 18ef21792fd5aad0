import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tdmvc.model.dataset import WorkStatus
from tdmvc.model.migration import DriftStatus
from tdmvc.render.documents import document as json_document
from tests.render import database_samples, history_samples, seed_samples
from tests.render import report_samples as samples

FORMATS = Path(__file__).parents[2] / "docs" / "formats"

CASES: dict[str, tuple[str, ...]] = {
    "init": ("INIT_NEW", "INIT_AGAIN"),
    "add": ("ADD_MIXED", "ADD_SAME"),
    "status": ("STATUS_CLEAN", "STATUS_MIXED", "STATUS_CONFLICT", "STATUS_EMPTY"),
    "list": ("LIST_MANY", "LIST_ONE", "LIST_UNPUBLISHED"),
    "show": ("SHOW_VERSION", "SHOW_WORK", "SHOW_WIDE"),
    "publish": ("PUBLISH_PLAIN", "PUBLISH_TAGGED"),
    "checkout": ("CHECKOUT_ONE", "CHECKOUT_INTO", "CHECKOUT_RELEASE", "CHECKOUT_PARTLY"),
    "seed": ("SEED_ONE", "SEED_TWO", "SEED_SAME", "SEED_WOULD", "SEED_REFUSED"),
    "transfer": ("PUSH_SOME", "PUSH_NONE", "PULL_SOME", "PULL_NONE"),
    "resolve": ("RESOLVE_LEFT", "RESOLVE_DECIDED", "RESOLVE_DONE", "RESOLVE_OTHERS", "RESOLVE_NONE"),
    "verify": ("VERIFY_WHOLE", "VERIFY_BROKEN"),
    "gc": ("GC_WOULD", "GC_REMOVED", "GC_NOTHING", "GC_REFUSED"),
    "sql": ("QUERY", "QUERY_ODD", "QUERY_WIDE", "QUERY_DONE"),
    "migrations": ("MIGRATIONS", "MIGRATIONS_PARTLY", "MIGRATIONS_DATABASE"),
    "drift": ("DRIFT_FITS", "DRIFT_EVERY", "DRIFT_HINT", "DRIFT_DATABASE"),
    "log": ("LOG_DATASET", "LOG_TABLE", "LOG_VERSIONS", "LOG_NOTHING"),
    "row-log": ("ROW_LOG", "ROW_LOG_STILL"),
    "blame": ("BLAME_ROW", "BLAME_ROWS", "BLAME_VERSIONS", "BLAME_NONE"),
}
"""Names of samples by document."""


def sample(name: str) -> Any:
    """A report by its name, wherever it is kept."""
    places = (samples, history_samples, database_samples, seed_samples)
    return next(getattr(place, name) for place in places if hasattr(place, name))


PAIRS = [(verb, name) for verb, names in CASES.items() for name in names]


def schema_of(verb: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((FORMATS / f"{verb}.schema.json").read_text(encoding="utf-8"))
    return schema


def document_of(name: str) -> dict[str, Any]:
    """The document as a reader gets it: through JSON text."""
    text = json.dumps(json_document(sample(name)), allow_nan=False)
    document: dict[str, Any] = json.loads(text)
    return document


def faults(schema: dict[str, Any], document: object) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(document)]


@pytest.mark.parametrize(("verb", "name"), PAIRS)
def test_a_document_follows_its_schema(verb: str, name: str) -> None:
    assert faults(schema_of(verb), document_of(name)) == []


@pytest.mark.parametrize("verb", CASES)
def test_a_schema_is_valid_and_refuses_unknown_keys(verb: str) -> None:
    schema = schema_of(verb)
    Draft202012Validator.check_schema(schema)
    document = document_of(CASES[verb][0])
    assert document["format"] == f"tdmvc.{verb}/1" == schema["title"]
    assert faults(schema, document | {"surprise": 1})
    assert faults(schema, {key: value for key, value in document.items() if key != "format"})


@pytest.mark.parametrize("verb", CASES)
def test_every_object_of_a_schema_is_closed_and_needs_all_its_keys(verb: str) -> None:
    def walk(node: object) -> None:
        if isinstance(node, dict):
            if "properties" in node:
                assert node["additionalProperties"] is False
                assert node["required"] == list(node["properties"])
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(schema_of(verb))


@pytest.mark.parametrize("verb", CASES)
def test_a_page_explains_every_key_and_its_example_fits_the_schema(verb: str) -> None:
    page = (FORMATS / f"{verb}.md").read_text(encoding="utf-8")
    schema = schema_of(verb)
    objects = [schema, *(part for part in schema.get("$defs", {}).values() if "properties" in part)]
    keys = {key for part in objects for key in part["properties"]}
    assert {key for key in keys if f"`{key}`" not in page and f'"{key}"' not in page} == set()
    example = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert example is not None
    assert faults(schema, json.loads(example[1])) == []


def test_the_index_links_every_page_and_schema() -> None:
    index = (FORMATS / "README.md").read_text(encoding="utf-8")
    links = set(re.findall(r"\]\(([^)#]+)\)", index))
    assert {path.name for path in FORMATS.iterdir()} - {"README.md"} <= links
    assert {link for link in links if not (FORMATS / link).exists()} == set()


def test_show_holds_exactly_what_was_promised_and_totals() -> None:
    shown = document_of("SHOW_VERSION")
    assert set(shown) == {
        *("format", "dataset", "ref", "kind", "version", "release", "migrations", "content", "tables"),
        *("rows", "bytes", "yank", "views"),
    }
    assert (shown["version"], shown["release"], shown["rows"], shown["bytes"]) == (
        "3.2.0",
        "2.14.0",
        1482,
        132_428,
    )
    customers, orders = shown["tables"]
    assert customers["columns"][1] == {
        "name": "email",
        "type": "string",
        "physical_type": "NVARCHAR(160)",
        "nullable": True,
        "unique": True,
        "classification": "personal",
    }
    assert orders["key"] == ["region", "number"]
    assert orders["references"][0] == {
        "columns": ["customer_id"],
        "table": "customers",
        "to": ["customer_id"],
    }


def test_a_working_copy_has_no_version_in_show() -> None:
    shown = document_of("SHOW_WORK")
    assert (shown["version"], shown["release"], shown["migrations"]) == (None, None, {})


def test_a_location_has_its_heads_count_and_digest() -> None:
    main, billing = document_of("MIGRATIONS")["locations"]
    assert {key: main[key] for key in ("name", "tool", "path", "heads", "count", "digest", "problems")} == {
        "name": "main",
        "tool": "alembic",
        "path": "migrations",
        "heads": ["ae1027a6acf"],
        "count": 2,
        "digest": samples.SHA,
        "problems": [],
    }
    assert [problem["kind"] for problem in billing["problems"]] == ["several-heads", "unreadable-file"]
    assert main["migrations"][1]["parents"] == ["1b2c3d"]


def test_the_samples_cover_every_status() -> None:
    drifts = document_of("DRIFT_EVERY")["drifts"]
    assert {drift["status"] for drift in drifts} == {status.value for status in DriftStatus}
    tables = [
        table
        for sample in ("STATUS_MIXED", "STATUS_CONFLICT")
        for dataset in document_of(sample)["datasets"]
        for table in dataset["tables"]
    ]
    assert {table["work"] for table in tables} == {status.value for status in WorkStatus}
    assert {table["since_head"] for table in tables} == {"unchanged", "added", "changed", "removed"}
    added = document_of("ADD_MIXED")["tables"]
    assert {table["status"] for table in added} == {"added", "changed", "unchanged", "removed"}


def test_unknown_values_are_null() -> None:
    assert document_of("ADD_SAME")["folder"] is None
    removed = next(t for t in document_of("ADD_MIXED")["tables"] if t["status"] == "removed")
    assert removed["content"] is None
    without_remote = document_of("STATUS_MIXED")["datasets"][2]
    assert without_remote["not_pushed"] is None
    assert document_of("PUBLISH_PLAIN")["pushed"] is None


def test_a_published_version_explains_its_number() -> None:
    published = document_of("PUBLISH_PLAIN")
    assert (published["version"], published["parent"]) == ("3.2.0", "3.1.1")
    assert published["bump"] == {
        "level": "minor",
        "reasons": ["+12 rows in orders", "column orders.channel added"],
    }
    assert published["suggested"]["level"] == "major"


def test_rows_of_a_query_lose_nothing_in_json() -> None:
    rows = document_of("QUERY")["rows"]
    assert rows[0] == [1, "Ada", "12.50", "2026-11-22T10:00:00Z", ["a", "b"], None]
    assert rows[2][0] == str(2**60)
    odd = document_of("QUERY_ODD")
    assert odd["rows"] == [[{"2026-01-02": 3}, [1, 2, 3], "2026-01-02", {"base64": "AP8="}, "NaN", None]]
    assert odd["is_cut"]
