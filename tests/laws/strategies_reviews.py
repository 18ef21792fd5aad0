"""Hypothesis strategies for reviews: any value under any name, hostile texts, and a personal column."""

import math
from datetime import UTC

from hypothesis import strategies as st

from tdmvc.model.diff import (
    Bump,
    BumpLevel,
    CellChange,
    ChangedRowSample,
    ChangePattern,
    DatasetDiff,
    PatternGroup,
    PatternKind,
    RowCounts,
    RowSample,
    Samples,
    SchemaChange,
    SchemaChangeKind,
    TableDiff,
    TableStatus,
)
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.review import (
    Bar,
    DatasetReview,
    RelatedRow,
    Review,
    ReviewSide,
    RowChange,
    Shift,
    ShiftKind,
    Verdict,
)
from tests.render.review_samples import NASTY

SECRET = "hush7secret"
PERSONAL = "private"
"""This column is personal in every table, and all its texts hold the secret."""

TEXTS = st.one_of(
    st.sampled_from(NASTY), st.text(max_size=12), st.lists(st.sampled_from(NASTY), max_size=3).map("".join)
)
NAMES = st.sampled_from(("orders", "a|b", "`t`", "", "@x", "<b>", "名", "x" * 90, *NASTY[:12]))
COUNTS = st.integers(0, 10**9)
VALUES = st.one_of(
    st.none(),
    TEXTS,
    st.integers(),
    st.booleans(),
    st.floats(),
    st.decimals(),
    st.binary(max_size=20),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.lists(TEXTS, max_size=2),
    st.dictionaries(TEXTS, st.integers(), max_size=2),
)
HIDDEN = st.one_of(st.none(), st.just(SECRET), st.just(f"{SECRET} and more"), st.just([SECRET]))
OPTIONAL = st.none() | TEXTS
SHARES = st.one_of(st.floats(0, 1), st.sampled_from([math.nan, math.inf, -1.0, 7.0]))


def tuples(items: st.SearchStrategy[object], most: int) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(items, max_size=most).map(tuple)


def cells_by_column(most: int = 3) -> st.SearchStrategy[dict[str, object]]:
    """Cells under any names, and sometimes a personal one."""
    return st.builds(
        lambda cells, hidden: cells | hidden,
        st.dictionaries(NAMES, VALUES, max_size=most),
        st.one_of(st.just({}), st.fixed_dictionaries({PERSONAL: HIDDEN})),
    )


CELL_CHANGES = st.one_of(
    st.builds(CellChange, NAMES, VALUES, VALUES, tuples(TEXTS, 2), st.none() | st.integers(-1, 5)),
    st.builds(CellChange, st.just(PERSONAL), HIDDEN, HIDDEN, st.just((SECRET,))),
)
ROWS = st.builds(RowSample, cells_by_column(1), cells_by_column())
CHANGED = st.builds(
    ChangedRowSample,
    cells_by_column(1),
    st.lists(CELL_CHANGES, min_size=1, max_size=2).map(tuple),
    cells_by_column(),
)
PATTERNS = st.one_of(
    st.builds(
        ChangePattern,
        st.sampled_from(PatternKind),
        tuples(NAMES, 2),
        COUNTS,
        VALUES,
        VALUES,
        OPTIONAL,
        st.none() | COUNTS,
        st.booleans(),
    ),
    st.builds(
        ChangePattern,
        st.sampled_from(PatternKind),
        st.just((PERSONAL,)),
        COUNTS,
        HIDDEN,
        HIDDEN,
        st.just(SECRET),
    ),
)
GROUPS = st.builds(
    PatternGroup,
    st.sampled_from(PatternKind),
    OPTIONAL,
    COUNTS,
    st.lists(st.tuples(NAMES, PATTERNS), min_size=1, max_size=2).map(tuple),
)
FINDINGS = st.builds(
    Finding,
    TEXTS,
    st.sampled_from(Severity),
    TEXTS,
    OPTIONAL,
    st.none() | NAMES,
    tuples(NAMES, 2),
    TEXTS,
    st.dictionaries(TEXTS, st.integers() | TEXTS, max_size=2),
)
TABLES = st.builds(
    TableDiff,
    NAMES,
    st.sampled_from(TableStatus),
    tuples(NAMES, 2),
    st.builds(RowCounts, *(COUNTS,) * 6),
    st.dictionaries(NAMES, COUNTS, max_size=2),
    tuples(st.builds(SchemaChange, st.sampled_from(SchemaChangeKind), *(OPTIONAL,) * 4), 3),
    st.builds(Samples, tuples(ROWS, 2), tuples(ROWS, 2), tuples(CHANGED, 2)),
    tuples(FINDINGS, 2),
    st.none() | NAMES,
    OPTIONAL,
    st.just(frozenset({PERSONAL})),
    tuples(PATTERNS, 2),
    st.dictionaries(NAMES, COUNTS, max_size=3),
    st.booleans(),
)
UNITS = st.recursive(
    st.builds(
        RelatedRow, NAMES, st.sampled_from(RowChange), cells_by_column(1), st.none() | st.integers(-1, 4)
    ),
    lambda rows: st.builds(
        RelatedRow,
        NAMES,
        st.sampled_from(RowChange),
        cells_by_column(1),
        st.none() | st.integers(-1, 4),
        tuples(rows, 3),
        tuples(NAMES, 2),
    ),
    max_leaves=4,
)
SHIFTS = st.one_of(
    st.builds(
        Shift,
        NAMES,
        NAMES,
        st.sampled_from(ShiftKind),
        SHARES,
        SHARES,
        tuples(st.builds(Bar, TEXTS, SHARES, SHARES), 3),
        st.booleans(),
    ),
    st.builds(
        Shift,
        NAMES,
        NAMES,
        st.sampled_from(ShiftKind),
        SHARES,
        SHARES,
        st.just((Bar(SECRET, 0.5, 0.5),)),
        st.just(True),
    ),
)
SIDES = st.builds(ReviewSide, TEXTS, OPTIONAL, OPTIONAL, st.dictionaries(NAMES, tuples(TEXTS, 3), max_size=2))
DATASETS = st.builds(
    DatasetReview,
    st.sampled_from(Verdict),
    tuples(TEXTS, 6),
    SIDES,
    SIDES,
    st.builds(
        DatasetDiff,
        TEXTS,
        TEXTS,
        TEXTS,
        tuples(TABLES, 2),
        st.builds(Bump, st.sampled_from(BumpLevel), tuples(TEXTS, 3)),
        tuples(GROUPS, 2),
    ),
    tuples(FINDINGS, 3),
    tuples(UNITS, 2),
    tuples(SHIFTS, 2),
    tuples(TEXTS, 2),
)
REVIEWS = st.builds(Review, TEXTS, TEXTS, tuples(DATASETS, 2), tuples(TEXTS, 2), tuples(TEXTS, 2))
