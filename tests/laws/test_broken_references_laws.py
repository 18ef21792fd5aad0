"""A check of only those rows that a difference changed finds the same broken references as one of all rows."""

from collections.abc import Iterator, Mapping

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.schema import TableSchema
from tests.databases.conformance.access import open_target, seed, to_write
from tests.databases.conformance.conftest import ENGINES
from tests.databases.conformance.contracts import Rows, column, key
from tests.databases.conformance.engines.base import Database, EngineUnderTest
from tests.series import trials

Con = duckdb.DuckDBPyConnection
Row = Mapping[str, object]
Difference = tuple[list[Row], list[Row]]
"""Rows that are inserted or updated, and keys of rows that are deleted."""

PEOPLE = TableSchema(
    "people",
    (key(), column("code", "string", unique=True), column("boss")),
    ("id",),
    (ForeignKey(("boss",), "people", ("id",)),),
)
PLACES = TableSchema("places", (key("a"), key("b"), column("note", "string")), ("a", "b"))
VISITS = TableSchema(
    "visits",
    (key(), column("person"), column("code", "string"), column("x"), column("y")),
    ("id",),
    (
        ForeignKey(("person",), "people", ("id",)),
        ForeignKey(("code",), "people", ("code",)),
        ForeignKey(("x", "y"), "places", ("a", "b")),
    ),
)
TABLES = (PEOPLE, PLACES, VISITS)
HELD = {"people": ["people"], "visits": ["people", "places"]}
NUMBERS = st.sampled_from([None, 1, 2, 3, 4, 5, 9])
CODES = [None, "A", "B", "C", "D", "E"]
FIRST: dict[str, Rows] = {
    "people": [
        {"id": i, "code": "_ABCD"[i] if i else None, "boss": 1 if i > 1 else None} for i in range(1, 5)
    ],
    "places": [{"a": a, "b": b, "note": None} for a in (1, 2) for b in (1, 2)],
    "visits": [
        {"id": 1, "person": 1, "code": "A", "x": 1, "y": 1},
        {"id": 2, "person": 2, "code": "B", "x": 2, "y": None},
        {"id": 3, "person": 3, "code": None, "x": 2, "y": 2},
        {"id": 4, "person": None, "code": "B", "x": None, "y": None},
        {"id": 5, "person": 3, "code": "C", "x": 2, "y": 2},
    ],
}


@st.composite
def differences(draw: st.DrawFn) -> dict[str, Difference]:
    """For some of the tables, rows of any key with any values, and keys of others that are deleted."""
    codes = draw(st.permutations(CODES[1:]))
    cells: dict[str, dict[str, st.SearchStrategy[object]]] = {
        "people": {"boss": NUMBERS},
        "places": {"note": st.sampled_from([None, "n"])},
        "visits": {"person": NUMBERS, "code": st.sampled_from(CODES), "x": NUMBERS, "y": NUMBERS},
    }
    found: dict[str, Difference] = {}
    for table in draw(st.sets(st.sampled_from(TABLES))):
        there = [{name: row[name] for name in table.key} for row in FIRST[table.name]]
        new = [dict.fromkeys(table.key, 5), dict.fromkeys(table.key, 6)]
        touched = draw(st.lists(st.sampled_from([*there, *new]), unique_by=repr, max_size=5))
        gone = [one for one in touched if one in there and draw(st.booleans())]
        kept = [one for one in touched if one not in gone]
        rows: list[Row] = [{**one, **draw(st.fixed_dictionaries(cells[table.name]))} for one in kept]
        if table is PEOPLE:
            # Codes that nobody keeps, so that they stay unique.
            others = [
                row["code"] for row in FIRST["people"] if all(row["id"] != one["id"] for one in touched)
            ]
            free = [code for code in codes if code not in others]
            rows = [
                {**row, "code": free[place] if place < len(free) else None} for place, row in enumerate(rows)
            ]
        found[table.name] = rows, list(gone)
    return found


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
def loaded(request: pytest.FixtureRequest, con: Con) -> Iterator[Database]:
    """A database with rows that break no reference."""
    engine: EngineUnderTest = request.param
    with engine.database(request) as database:
        seed(database, con, *(to_write(table, FIRST[table.name]) for table in TABLES))
        yield database


@settings(
    max_examples=trials(300, 12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(change={"people": ([{"id": 1, "code": "E", "boss": 9}], [{"id": 3}]), "visits": ([], [{"id": 5}])})
@example(change={"people": ([{"id": 1, "code": "B", "boss": 2}, {"id": 2, "code": "A", "boss": 1}], [])})
@example(
    change={
        "places": ([], [{"a": 2, "b": 2}]),
        "visits": ([{"id": 5, "person": 4, "code": "A", "x": 7, "y": 1}], []),
    }
)
@given(change=differences())
def test_what_changed_is_all_that_can_break(
    change: dict[str, Difference], loaded: Database, con: Con
) -> None:
    with open_target(loaded, con) as target:
        names = [table.name for table in TABLES]
        target.lock(names)
        catalog = target.read_catalog()
        for table in TABLES:
            if table.name in change:
                rows, gone = change[table.name]
                keys = pa.Table.from_pylist(
                    gone, schema=pa.schema([(name, pa.int64()) for name in table.key])
                )
                target.apply_changes(to_write(table, rows), keys.to_reader(), catalog[table.name].schema)
        try:
            target.finish(list(change))
        except DatabaseError:
            # Who may not turn references off declares them again, so that the server refuses the rows.
            assert loaded.engine.name == "PostgreSQL of the system"
            event("refused by the server")
            return
        for written in (list(change), names):
            everything = target.find_broken_references(written)
            assert target.find_broken_references(written, HELD) == everything
        event(f"broken references: {len(everything)}")
