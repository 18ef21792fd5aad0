"""Rows that are seeded into a database read back with the same content hash, or it was said before that they do not."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import count

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import parse_type
from tdmvc.errors import DatabaseError
from tdmvc.model.schema import Column, TableSchema
from tests.databases.conformance.access import open_snapshot
from tests.databases.conformance.conftest import ENGINES, SECOND_VERSION
from tests.databases.conformance.engines.base import Database, EngineUnderTest, TypeCase, type_cases
from tests.laws.round_trips import Dataset, Rows, Trip, dataset_of, read_as_dataset, round_trips
from tests.laws.strategies_tables import VALUES, canonical_value
from tests.series import IS_LONG, trials

Con = duckdb.DuckDBPyConnection
SETTINGS = settings(
    max_examples=trials(300, 5),
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
NAMES = ("a", "B c", 'd"e', "select", "ü.x", "%s", "k'")
KEYS = ("int64", "int32", "string", "date", "uint8", "bool", "decimal(6,2)")
MORE_VALUES: dict[str, st.SearchStrategy[object]] = {
    "int8": st.sampled_from([0, -128, 127]),
    "int16": st.sampled_from([0, -(2**15), 2**15 - 1]),
    "uint16": st.sampled_from([0, 2**16 - 1]),
    "uint32": st.sampled_from([0, 2**32 - 1]),
    "list<string>": st.lists(st.sampled_from([None, "", "NULL", "a,b", '"', "\\", "{}"]), max_size=3),
    "list<timestamptz>": st.lists(VALUES["timestamptz"], max_size=2),
    "list<list<int32>>": st.lists(VALUES["list<int32>"], max_size=2),
    "list<decimal(6,2)>": st.lists(st.one_of(st.none(), VALUES["decimal(6,2)"]), max_size=2),
    "list<binary>": st.lists(VALUES["binary"], max_size=2),
}
CELLS = {**VALUES, **MORE_VALUES}
_numbers = count()
WITH_ALL_TYPES = [engine for engine in ENGINES if IS_LONG or engine.name != SECOND_VERSION]
"""The second version of PostgreSQL loads all types only in a long run; `test_types.py` always reads them."""
engines = pytest.mark.parametrize("engine", WITH_ALL_TYPES, ids=lambda engine: engine.name)


@pytest.fixture
def make_database(request: pytest.FixtureRequest) -> Iterator[Callable[[EngineUnderTest], Database]]:
    """Make databases that are dropped at the end of the test."""
    with ExitStack() as stack:
        yield lambda engine: stack.enter_context(engine.database(request))


def column_of(name: str, kind: str) -> Column:
    """Return a column of a canonical type, or of JSON text."""
    if kind == "json":
        # Not jsonb, whose texts PostgreSQL rewrites.
        return Column(name, pa.string(), physical_type="json")
    type_ = parse_type(kind)
    assert type_ is not None
    return Column(name, type_)


@st.composite
def tables(draw: st.DrawFn) -> tuple[TableSchema, Rows]:
    """A table of a dataset: a key of up to two columns, columns of all canonical types, and rows."""
    keys = draw(st.lists(st.sampled_from(KEYS), max_size=2))
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=0 if keys else 1, max_size=5))
    names = draw(st.permutations(NAMES))[: len(keys) + len(kinds)]
    columns = [
        replace(column_of(name, kind), required=place < len(keys))
        for place, (name, kind) in enumerate(zip(names, [*keys, *kinds], strict=False))
    ]
    key = tuple(names[: len(keys)])
    cells = {
        column.name: CELLS[kind] if column.required else st.one_of(st.none(), CELLS[kind])
        for column, kind in zip(columns, [*keys, *kinds], strict=False)
    }
    rows: list[dict[str, object]] = draw(st.lists(st.fixed_dictionaries(cells), max_size=6))
    if key:
        rows = list({repr([canonical_value(row[name]) for name in key]): row for row in rows}.values())
    return TableSchema("t", tuple(columns), key), rows


@engines
@SETTINGS
@given(made=tables())
def test_rows_come_back_or_it_is_said_that_they_do_not(
    made: tuple[TableSchema, Rows],
    engine: EngineUnderTest,
    con: Con,
    shared_databases: Callable[[EngineUnderTest], Database],
) -> None:
    schema, rows = made
    dataset = dataset_of(replace(schema, name=f"t{next(_numbers)}"), rows)
    try:
        (trip,) = round_trips(shared_databases(engine), con, [dataset]).values()
    except DatabaseError as error:
        # Only the server knows that a text is no JSON, and says so while it is loaded. A column of texts for one of the
        # same type is not read before, because the load refuses the only text that PostgreSQL does not have.
        has_nul = "\\x00" in repr(rows) and "a NUL character" in error.message
        if not has_nul and not any(
            column.name in error.message for column in schema.columns if column.is_json
        ):
            raise
        event("refused by the server")
        return
    event("refused" if trip.is_refused else "reported" if trip.findings else "equal")
    assert trip.unreported == (), [finding.message for finding in trip.findings]


@pytest.fixture
def shared_databases(
    make_database: Callable[[EngineUnderTest], Database],
) -> Callable[[EngineUnderTest], Database]:
    """Return one database for all examples of a test; each has a table of its own."""
    made: dict[str, Database] = {}

    def find(engine: EngineUnderTest) -> Database:
        if engine.name not in made:
            made[engine.name] = make_database(engine)
        return made[engine.name]

    return find


PAIRS = [
    pytest.param(one, other, id=f"{one.name} to {other.name}")
    for one in WITH_ALL_TYPES
    for other in WITH_ALL_TYPES
    if IS_LONG or one.name == other.name or (one.name, other.name) == ("PostgreSQL", "MariaDB")
]


def cases_of(engine: EngineUnderTest) -> dict[str, TypeCase]:
    """Return the types of an engine by the name of a table for each."""
    return {f"t{number}": case for number, case in enumerate(type_cases(engine.dialect, engine.name))}


def read_cases(database: Database, con: Con) -> list[Dataset]:
    """Return a dataset with a table for each type of an engine."""
    for name, case in cases_of(database.engine).items():
        database.run(*case.statements(name))
    with open_snapshot(database, con) as snapshot:
        return [read_as_dataset(con, source) for source in snapshot.read_tables(snapshot.read_names())]


def check(
    engine: EngineUnderTest, trips: Mapping[str, Trip], reported: Callable[[TypeCase, bool], bool]
) -> None:
    """Make sure that values come back or are reported.

    Args:
        reported: whether it is right that there are reports, or none, on a type.
    """
    wrong = {}
    for name, case in cases_of(engine).items():
        reports = [finding.message for finding in trips[name].findings]
        if trips[name].unreported or not reported(case, bool(reports)):
            wrong[case.type] = list(trips[name].unreported) or reports
    assert wrong == {}


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_every_type_comes_back_from_a_database_made_of_the_contract(
    first: EngineUnderTest,
    second: EngineUnderTest,
    con: Con,
    make_database: Callable[[EngineUnderTest], Database],
) -> None:
    datasets = read_cases(make_database(first), con)
    trips = round_trips(make_database(second), con, datasets)
    is_same = first.dialect == second.dialect
    check(first, trips, lambda case, has_reports: not is_same or has_reports is bool(case.reported))


@pytest.mark.parametrize(
    "engine",
    [engine for engine in WITH_ALL_TYPES if IS_LONG or engine.name == "PostgreSQL"],
    ids=lambda engine: engine.name,
)
def test_every_type_comes_back_from_a_database_with_its_own_schema(
    engine: EngineUnderTest, con: Con, make_database: Callable[[EngineUnderTest], Database]
) -> None:
    datasets = read_cases(make_database(engine), con)
    other = make_database(engine)
    for name, case in cases_of(engine).items():
        other.run(*(one for one in case.statements(name) if not one.startswith("INSERT")))
    trips = round_trips(other, con, datasets)
    check(engine, trips, lambda case, has_reports: bool(case.reported) or not has_reports)
