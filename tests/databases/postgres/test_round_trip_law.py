"""Rows that are read from a PostgreSQL table and loaded into another are the same, as the server itself writes them."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.databases.base import ReadOptions, TableToWrite
from tdmvc.databases.postgres import PostgresEngine
from tdmvc.model.location import Location
from tests.databases.postgres.strategies import OWN_TYPES, TYPES
from tests.series import trials
from tests.servers import DatabaseServer

_SETTINGS = (
    "SET lock_timeout = '5s'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; "
    "SET IntervalStyle = 'postgres'; SET search_path = public"
)


@pytest.fixture(scope="module")
def databases(postgres_server: DatabaseServer) -> Iterator[tuple[Any, Location, Location]]:
    """A connection to a database with types of its own, its location, and that of an empty one with the same types."""
    with (
        postgres_server.fresh_database() as source,
        postgres_server.fresh_database() as copy,
        postgres_server.connect(source) as connection,
        postgres_server.connect(copy) as other,
    ):
        connection.execute(OWN_TYPES)
        other.execute(OWN_TYPES)
        connection.execute(_SETTINGS)
        yield connection, postgres_server.location(source), postgres_server.location(copy)


_COLUMN = st.sampled_from(sorted(TYPES)).flatmap(
    lambda type_: st.tuples(st.just(type_), st.lists(st.none() | TYPES[type_], min_size=4, max_size=4))
)


@settings(
    max_examples=trials(2000, 12),
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(columns=st.lists(_COLUMN, min_size=1, max_size=6), is_made=st.booleans())
def test_what_is_read_and_loaded_reads_the_same(
    databases: tuple[Any, Location, Location], columns: list[tuple[str, list[str | None]]], is_made: bool
) -> None:
    connection, source, copy = databases
    names = [f"c{place}" for place in range(len(columns))]
    declared = ", ".join(f"{name} {type_}" for name, (type_, _) in zip(names, columns, strict=True))
    statement = f"CREATE TABLE public.t (id int PRIMARY KEY, {declared})"
    connection.execute(f"DROP TABLE IF EXISTS public.t; {statement}")
    for row in range(4):
        casts = ", ".join(f"%s::text::{type_}" for type_, _ in columns)
        values = [texts[row] for _, texts in columns]
        connection.execute(f"INSERT INTO public.t VALUES ({row}, {casts})", values)
    as_texts = f"SELECT id, {', '.join(f'{name}::text' for name in names)} FROM public.t ORDER BY id"
    expected = connection.execute(as_texts).fetchall()

    engine, options = PostgresEngine(), ReadOptions()
    with (
        engine.open_snapshot(source, duckdb.connect, options) as snapshot,
        engine.open_target(copy, options) as target,
    ):
        (read,) = snapshot.read_tables(["t"])
        rows = TableToWrite(read.schema, read.scan.open)  # type: ignore[union-attr]
        target.lock([])
        if is_made:
            target.create_tables([rows], [])
        else:
            target._connection.execute(f"SET search_path = public; {statement}; SET search_path = pg_catalog")
        schema = target.read_catalog()["t"].schema
        assert [
            finding for finding in target.check_columns(rows, schema) if finding.severity == "error"
        ] == []
        target.clear(["t"])
        target.load(rows, schema, mode="replace")  # type: ignore[arg-type]
        target.finish(["t"])
        actual = target._connection.execute(as_texts).fetchall()
        (again,) = target.snapshot().read_tables(["t"])
        same = again.scan.open().read_all().equals(read.scan.open().read_all())  # type: ignore[union-attr]
    assert actual == expected
    if not is_made:
        assert same
        assert again.schema == read.schema
