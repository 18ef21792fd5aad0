import json
import unicodedata
from datetime import UTC
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.model.dataset import DatasetKind, WorkStatus
from tdmvc.model.diff import TableStatus
from tdmvc.model.report import (
    AddedTable,
    AddReport,
    DatasetStatus,
    QueryResult,
    StatusReport,
    TableStatusReport,
)
from tdmvc.render.documents import document as json_document
from tdmvc.render.format import RenderOptions
from tdmvc.render.page import names
from tdmvc.render.reports.add import render_add
from tdmvc.render.reports.query import render as render_query
from tdmvc.render.reports.status import render as render_status
from tdmvc.render.terminal import display_width
from tdmvc.render.text import size
from tests.schemas import assert_valid
from tests.series import trials

TEXTS = st.text(max_size=30)
COUNTS = st.integers(0, 10**12)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    TEXTS,
    st.binary(max_size=20),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.uuids(),
)
KEYS = st.one_of(TEXTS, st.integers(), st.dates(), st.binary(max_size=4), st.tuples(st.integers(), TEXTS))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner, inner), st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=8,
)
TYPES = st.sampled_from(
    ("BIGINT", "VARCHAR", "DECIMAL(10,2)", "DATE", "TIMESTAMP WITH TIME ZONE", "MAP(DATE, INTEGER)")
)


@st.composite
def query_results(draw: st.DrawFn) -> QueryResult:
    columns = draw(st.lists(st.tuples(TEXTS, TYPES), min_size=1, max_size=8))
    row = st.tuples(*(VALUES for _ in columns))
    return QueryResult(
        tuple(name for name, _ in columns),
        tuple(type_ for _, type_ in columns),
        tuple(draw(st.lists(row, max_size=5))),
        draw(st.booleans()),
    )


TABLE_STATUSES = (TableStatus.ADDED, TableStatus.CHANGED, TableStatus.UNCHANGED, TableStatus.REMOVED)
ADD_REPORTS = st.builds(
    AddReport,
    TEXTS,
    st.lists(
        st.builds(
            AddedTable,
            TEXTS,
            st.sampled_from(TABLE_STATUSES),
            *(COUNTS,) * 4,
            st.lists(TEXTS, max_size=3).map(tuple),
            st.just("sha256:00"),
            st.lists(TEXTS, max_size=2).map(tuple),
        ),
        max_size=12,
    ).map(tuple),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
    folder=TEXTS,
)
STATUS_REPORTS = st.builds(
    StatusReport,
    st.none() | TEXTS,
    st.none() | TEXTS,
    st.lists(
        st.builds(
            DatasetStatus,
            TEXTS,
            st.sampled_from(DatasetKind),
            st.just(()),
            st.none(),
            st.lists(
                st.builds(
                    TableStatusReport,
                    TEXTS,
                    st.sampled_from(WorkStatus),
                    st.sampled_from(TABLE_STATUSES),
                ),
                max_size=12,
            ).map(tuple),
            st.none() | COUNTS,
        ),
        max_size=4,
    ).map(tuple),
)


def check_text(text: str, width: int) -> None:
    """Only line breaks and what can be seen; commands to copy may be longer than the line."""
    assert {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs"}} <= {"\n"}
    body, _, _ = text.partition("\nNext:\n")
    assert [line for line in body.split("\n") if display_width(line) > max(width, 40)] == []


def as_read_back(document: object) -> Any:
    return json.loads(json.dumps(document, allow_nan=False))


@settings(max_examples=trials(60, 20), deadline=None)
@given(query_results(), st.integers(1, 160))
def test_any_rows_make_a_grid_and_a_valid_document(result: QueryResult, width: int) -> None:
    check_text(render_query(result, RenderOptions(width=width)), width)
    assert_valid(as_read_back(json_document(result)), "sql")


@settings(max_examples=trials(30, 10), deadline=None)
@given(ADD_REPORTS, st.integers(1, 160))
def test_any_add_makes_a_page_and_a_valid_document(report: AddReport, width: int) -> None:
    check_text(render_add(report, RenderOptions(width=width)), width)
    assert_valid(as_read_back(json_document(report)), "add")


@settings(max_examples=trials(30, 10), deadline=None)
@given(STATUS_REPORTS, st.integers(1, 160))
def test_any_status_makes_a_page_and_a_valid_document(report: StatusReport, width: int) -> None:
    check_text(render_status(report, RenderOptions(width=width)), width)
    assert_valid(as_read_back(json_document(report)), "status")


@given(st.lists(TEXTS, max_size=30), st.integers(40, 200))
def test_folded_names_show_their_number(items: list[str], room: int) -> None:
    text = names(items, room)
    hidden = int(text.rpartition("… and ")[2].split(" ")[0]) if "… and " in text else 0
    assert 0 <= hidden < max(len(items), 1)
    assert bool(text) == any(items) or not text.strip(", ")


@given(st.integers(0, 10**17))
def test_a_size_is_short_and_never_a_thousand_of_its_unit(count: int) -> None:
    amount, _, unit = size(count).partition(" ")
    assert unit in ("B", "kB", "MB", "GB", "TB", "PB")
    assert len(amount) <= 3
