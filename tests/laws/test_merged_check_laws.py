"""What a merge breaks, found among the parts that can hold it, is what a look at every row finds."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.checks.merged import CheckedState, check_merged
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Severity
from tdmvc.model.schema import Column, TableSchema
from tests.duckdb_sessions import open_session_and_folder
from tests.laws.strategies_tables import Row, write_parts
from tests.series import trials

INT = pa.int64()
PEOPLE = TableSchema("people", (Column("id", INT), Column("badge", INT, unique=True)), ("id",))
ORDERS = TableSchema(
    "orders",
    (Column("id", INT), Column("person", INT, required=True)),
    ("id",),
    (ForeignKey(("person",), "people", ("id",)),),
)
Rows = dict[int, int | None]
rows = st.dictionaries(st.integers(0, 9), st.none() | st.integers(0, 7), max_size=8)


def merged_rows(base: Rows, ours: Rows, theirs: Rows) -> Rows:
    """Merge by rows; if both changed one, ours counts, as a person may decide."""
    found: Rows = {}
    for key in {*base, *ours, *theirs}:
        sides = [(key in side, side.get(key)) for side in (base, ours, theirs)]
        is_there, value = sides[2] if sides[0] == sides[1] else sides[1]
        if is_there:
            found[key] = value
    return found


def table(folder: Path, schema: TableSchema, rows: Rows) -> TableSide:
    """Cut at every third key, so that sides share the parts that they have alike."""
    parts: list[list[Row]] = [
        [{"id": key, schema.column_names[1]: rows[key]} for key in sorted(rows) if key // 3 == number]
        for number in range(4)
    ]
    return write_parts(folder, schema, [part for part in parts if part])


def broken(people: Rows, orders: Rows) -> set[tuple[int, int]]:
    return {(id_, who) for id_, who in orders.items() if who is not None and who not in people}


def repeated(people: Rows) -> set[int]:
    counts = Counter(badge for badge in people.values() if badge is not None)
    return {badge for badge, count in counts.items() if count > 1}


def badges(people: Rows) -> set[tuple[int, int]]:
    """Return the rows with a badge that another has, too."""
    return {(id_, badge) for id_, badge in people.items() if badge is not None and badge in repeated(people)}


def nulls(orders: Rows) -> set[int]:
    return {id_ for id_, who in orders.items() if who is None}


@settings(max_examples=trials(200, 15), deadline=None)
@given(st.tuples(rows, rows, rows), st.tuples(rows, rows, rows))
def test_only_violations_of_neither_side_are_errors(
    people: tuple[Rows, Rows, Rows], orders: tuple[Rows, Rows, Rows]
) -> None:
    states = [*zip(people[1:], orders[1:], strict=True), (merged_rows(*people), merged_rows(*orders))]
    with open_session_and_folder() as (con, folder):
        checked = [
            {"people": table(folder, PEOPLE, p), "orders": table(folder, ORDERS, o)} for p, o in states
        ]
        sides = [CheckedState(one, {"people": PEOPLE, "orders": ORDERS}) for one in checked]
        found = check_merged(con, sides[2], sides[:2], ValidationOptions())
    errors = {one.rule: one.details["count"] for one in found if one.severity is Severity.ERROR}
    (p1, o1), (p2, o2), (p3, o3) = states
    expected = {
        "broken-reference": len(broken(p3, o3) - broken(p1, o1) - broken(p2, o2)),
        "repeated-unique": len({badge for _, badge in badges(p3) - badges(p1) - badges(p2)}),
        "null-in-required": len(nulls(o3) - nulls(o1) - nulls(o2)),
    }
    assert errors == {rule: count for rule, count in expected.items() if count}
