"""A dataset diff as terminal text and as `tdmvc.diff/1`."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.model.diff import (
    Bump,
    BumpLevel,
    CellChange,
    ChangedRowSample,
    DatasetDiff,
    RowCounts,
    RowSample,
    Samples,
    SchemaChange,
    SchemaChangeKind,
    TableDiff,
    TableStatus,
)
from tdmvc.model.finding import Finding, Severity
from tdmvc.render.diff.markdown import render as render_markdown
from tdmvc.render.diff.terminal import render as render_diff
from tdmvc.render.documents import document as json_document
from tdmvc.render.format import RenderOptions
from tdmvc.render.json import json_value
from tdmvc.render.review.markdown import render as render_review
from tdmvc.render.terminal import display_width
from tests.render import review_samples

FORMATS = Path(__file__).parents[2] / "docs" / "formats"
SCHEMA = json.loads((FORMATS / "diff.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

ALBUM = TableDiff(
    name="Album",
    status=TableStatus.CHANGED,
    key=("AlbumId",),
    rows=RowCounts(old=347, new=1346, added=1001, removed=2, changed=2),
    columns={"Title": 2, "Owner": 1},
    schema=(
        SchemaChange(SchemaChangeKind.COLUMN_ADDED, "Year", new="int32"),
        SchemaChange(SchemaChangeKind.COLUMN_REMOVED, "Old", old="string"),
        SchemaChange(SchemaChangeKind.TYPE_WIDENED, "ArtistId", "int32", "int64"),
    ),
    samples=Samples(
        added=(RowSample({"AlbumId": 348}, {"AlbumId": 348, "Title": "Live", "Owner": "ann@example.org"}),),
        removed=(RowSample({"AlbumId": 5}, {"AlbumId": 5, "Title": "", "Owner": None}),),
        changed=(
            ChangedRowSample(
                {"AlbumId": 7},
                (
                    CellChange("Title", "", None),
                    CellChange("Owner", "ann@example.org", "bob@example.org", ("a.ann",)),
                ),
            ),
            ChangedRowSample({"AlbumId": 12}, (CellChange("Title", "名前", "x", ("items[1]",)),)),
        ),
    ),
    findings=(
        Finding(
            "duplicate-key",
            Severity.ERROR,
            "The key (AlbumId) of Album repeats on the new side: 1 key (9).",
            dataset="golden",
            table="Album",
            columns=("AlbumId",),
            remedy="give each row its own key.",
            details={"keys": ["9"]},
        ),
    ),
    personal_columns=frozenset({"Owner"}),
)
DIFF = DatasetDiff(
    "golden",
    "golden@1.0.0",
    "golden",
    (ALBUM, TableDiff("Genre", TableStatus.UNCHANGED), TableDiff("Track", TableStatus.UNCHANGED)),
    Bump(BumpLevel.MAJOR, ("2 rows removed from Album", "column Album.Year added")),
)

EXPECTED = """\
golden: golden@1.0.0 → golden
tables: 1 changed, 2 unchanged; rows: 1,001 added, 2 removed, 2 changed; 3 changed cells

Album  347 → 1,346 rows: 1,001 added, 2 removed, 2 changed
  + column Year int32
  − column Old string
  ~ type of ArtistId widened: int32 → int64
  cells: Title 2, Owner 1
  error duplicate-key: The key (AlbumId) of Album repeats on the new side: 1 key (9).
                       → give each row its own key.
  ~ AlbumId 7   Title  '' → NULL
                Owner  •••(15) → •••(15)
  ~ AlbumId 12  Title  名前 → x
                       inside: items[1]
  − AlbumId 5  Title '', Owner NULL
    … 1 more removed
  + AlbumId 348  Title Live, Owner •••(15)
    … 1,000 more added

unchanged: Genre, Track

suggested bump: major
  2 rows removed from Album
  column Album.Year added
"""


def test_the_terminal_shows_the_totals_first_and_then_each_table() -> None:
    assert render_diff([DIFF], RenderOptions(width=100)) == EXPECTED


def test_colour_adds_colour_and_nothing_else() -> None:
    painted = render_diff([DIFF], RenderOptions(color=True, width=100))
    assert painted != EXPECTED
    assert re.sub(r"\x1b\[\d+m", "", painted) == EXPECTED


def test_no_change_is_one_line() -> None:
    same = DatasetDiff("golden", "a", "b", (TableDiff("Genre", TableStatus.UNCHANGED),), Bump(BumpLevel.NONE))
    assert render_diff([same], RenderOptions(width=80)) == "golden: a → b: no change in 1 table\n"


def test_a_finding_in_an_unchanged_table_is_shown() -> None:
    table = TableDiff("Genre", TableStatus.UNCHANGED, findings=ALBUM.findings)
    same = DatasetDiff("golden", "a", "b", (table,), Bump(BumpLevel.NONE))
    assert "error duplicate-key" in render_diff([same], RenderOptions(width=80))


@pytest.mark.parametrize("width", [1, 40, 60, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for line in render_diff([DIFF], RenderOptions(width=width)).splitlines():
        assert display_width(line) <= max(width, 40)


def test_no_personal_value_is_in_any_output_and_keys_are_no_exception() -> None:
    table = TableDiff(
        "t",
        TableStatus.CHANGED,
        key=("email",),
        rows=RowCounts(1, 1, 1, 1, 1),
        samples=Samples(
            added=(RowSample({"email": "ann@x"}, {"email": "ann@x"}),),
            removed=(RowSample({"email": "ann@x"}, {"email": "ann@x"}),),
            changed=(
                ChangedRowSample({"email": "ann@x"}, (CellChange("meta", {"ann": 1}, {"ann": 2}, ("ann",)),)),
            ),
        ),
        personal_columns=frozenset({"email", "meta"}),
    )
    diff = DatasetDiff("golden", "a", "b", (table,), Bump(BumpLevel.PATCH))
    assert "ann" not in render_diff([diff], RenderOptions(width=100))
    assert "ann" not in json.dumps(json_document(diff))
    assert "•••(5)" in render_diff([diff], RenderOptions(width=100))
    assert "ann" not in render_markdown([diff], RenderOptions())


def test_markdown_says_of_a_dataset_what_a_review_says() -> None:
    (shown,) = (
        one for one in review_samples.BLOCKED.datasets if one.dataset == review_samples.GOLDEN.dataset
    )
    alone = replace(shown, findings=tuple(found for table in shown.diff.tables for found in table.findings))
    text = render_markdown([shown.diff], RenderOptions())
    assert text.startswith(f"## `golden`: `{shown.diff.old}` → `{shown.diff.new}`\n")
    assert "tdmvc-review" not in text
    alone = replace(alone, units=(), shifts=())
    review = render_review(replace(review_samples.BLOCKED, datasets=(alone,)), RenderOptions())
    parts = [f"#### {part}" for part in text.partition("\n\n**Not shown here")[0].split("#### ")[1:]]
    assert len(parts) >= 4
    assert all(part.rstrip() in review for part in parts)


@pytest.mark.parametrize("limit", [60_000, 5_000, 500, 60])
def test_markdown_is_shorter_than_the_limit_and_says_what_it_left_out(limit: int) -> None:
    many = replace(DIFF, tables=tuple(replace(ALBUM, name=f"album_{number}") for number in range(300)))
    text = render_markdown([many], RenderOptions(limit=limit))
    assert len(text) < limit
    assert limit == 60_000 or "**Not shown here:**" in text or "too long to show here" in text
    assert text.count("<details") == text.count("</details>")


def test_markdown_of_equal_states_and_of_none_is_a_line() -> None:
    same = DatasetDiff("golden", "a", "b", (TableDiff("t", TableStatus.UNCHANGED),), Bump(BumpLevel.PATCH))
    assert render_markdown([same], RenderOptions()) == "## `golden`: `a` → `b`\n\nNo change in 1 table.\n"
    assert render_markdown([], RenderOptions()) == "There are no datasets yet.\n"


def test_the_document_follows_the_schema() -> None:
    document = json_document(DIFF)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(document)
    assert document["summary"] == {
        "tables": {"added": 0, "removed": 0, "renamed": 0, "changed": 1, "unchanged": 2},
        "rows": {"added": 1001, "removed": 2, "changed": 2, "ignored": 0},
        "cells": 3,
    }
    tables = document["tables"]
    assert isinstance(tables, list)
    album = tables[0]
    assert album["schema"][0] == {"kind": "column_added", "column": "Year", "new": "int32"}
    assert album["samples"]["changed"][0] == {
        "key": {"AlbumId": 7},
        "cells": [
            {"column": "Title", "old": "", "new": None, "inside": [], "pattern": None},
            {
                "column": "Owner",
                "old": {"masked": True, "length": 15},
                "new": {"masked": True, "length": 15},
                "inside": [],
                "pattern": None,
            },
        ],
        "unchanged": {},
    }


def test_the_example_on_the_page_follows_the_schema() -> None:
    page = (FORMATS / "diff.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
    VALIDATOR.validate(json.loads(example))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1.50"), "1.50"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (b"\x00\xff", {"base64": "AP8="}),
        (datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:00:00Z"),
        (2**53 + 1, "9007199254740993"),
        (-5, -5),
        (True, True),
        ({"a": [Decimal(1)]}, {"a": ["1"]}),
    ],
)
def test_json_values_lose_nothing(value: object, expected: object) -> None:
    assert json_value(value) == expected


CELLS = st.one_of(
    st.none(),
    st.text(),
    st.binary(),
    st.floats(),
    st.decimals(),
    st.datetimes(),
    st.integers(),
    st.lists(st.text()),
)


NAMES = st.lists(st.text(), min_size=1, max_size=3, unique=True)


@given(names=NAMES, value=CELLS, other=CELLS, width=st.integers(0, 90))
@settings(max_examples=100, deadline=None)
def test_any_value_under_any_name_renders_in_lines_that_fit(
    names: list[str], value: object, other: object, width: int
) -> None:
    row = RowSample({names[0]: value}, dict.fromkeys(names, other))
    changed = ChangedRowSample(
        {names[0]: value}, tuple(CellChange(name, value, other, (name,)) for name in names)
    )
    table = TableDiff(
        names[0],
        TableStatus.CHANGED,
        (names[0],),
        RowCounts(1, 1, 9, 9, 9),
        dict.fromkeys(names, 3),
        tuple(SchemaChange(kind, names[-1], names[0], names[-1]) for kind in SchemaChangeKind),
        Samples((row,), (row,), (changed,)),
        (Finding(names[0], Severity.WARNING, names[0], remedy=names[-1]),),
    )
    diff = DatasetDiff(names[0], names[-1], names[0], (table,), Bump(BumpLevel.PATCH, tuple(names)))
    text = render_diff([diff], RenderOptions(width=width))
    assert all(display_width(line) <= max(width, 40) for line in text.split("\n"))
    assert text.replace("\n", "").isprintable()
    assert render_markdown([diff], RenderOptions()).startswith("## ")
    document = json.loads(json.dumps(json_document(diff), allow_nan=False))
    VALIDATOR.validate(document)
