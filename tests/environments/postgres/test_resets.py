"""After any writes of any sessions, a reset brings back the seeded state, by whichever method it chooses."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.environments.base import TemplateBuild, TemplateKey
from tdmvc.environments.postgres import PostgresServerProvider
from tdmvc.environments.postgres.database import PostgresDatabase
from tdmvc.environments.postgres.source import PostgresSource
from tdmvc.model.environment import ResetMethod, ResetReport
from tdmvc.model.location import Location, ServerLocation
from tests.environments.postgres.conftest import MakeSource
from tests.environments.postgres.observed import Connection, Observed, connect, observe
from tests.series import IS_LONG, trials
from tests.servers import DatabaseServer

HERE = Path(__file__).parent


def _run(name: str) -> Callable[[Location], None]:
    def run(location: Location) -> None:
        assert isinstance(location, ServerLocation)
        with connect(location) as connection:
            connection.execute((HERE / name).read_text(encoding="utf-8"))

    return run


BUILD = TemplateBuild(_run("schema.sql"), _run("rows.sql"))


@dataclass
class Bench:
    """A database that many examples use one after the other; after a failure, they get a new one."""

    source: PostgresSource
    database: PostgresDatabase
    seeded: Observed
    sessions: dict[int, Connection] = field(default_factory=dict)

    def session(self, number: int) -> Connection:
        """Return one of the application's connections; a new one if the old one was ended."""
        if number not in self.sessions or self.sessions[number].closed:
            self.sessions[number] = connect(
                self.database.location, application_name=f"app {number}", options="-c statement_timeout=200"
            )
        return self.sessions[number]

    def run(self, steps: list[tuple[int, str]]) -> None:
        """Run statements in sessions; those that fail are part of the game."""
        for number, statement in steps:
            with contextlib.suppress(psycopg.Error):
                self.session(number).execute(statement)

    def reset(self) -> ResetReport:
        """Reset the database, and forget the sessions that this ended."""
        report = self.database.reset()
        if report.method in (ResetMethod.SWAP, ResetMethod.COPY):
            self.close()
        return report

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Give later examples a new database if one fails."""
        try:
            yield
        except BaseException:
            self.close()
            self.database = self.source.create()
            raise

    def close(self) -> None:
        for connection in self.sessions.values():
            connection.close()
        self.sessions.clear()


@pytest.fixture(scope="module")
def bench(make_source: MakeSource) -> Iterator[Bench]:
    source = make_source(BUILD)
    database = source.create()
    bench = Bench(source, database, observe(database.location))
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def shared_bench(postgres_server: DatabaseServer) -> Iterator[Bench]:
    """The same on a server that others use, too, where every reset is a copy."""
    provider = PostgresServerProvider(postgres_server.location("law"))
    key = TemplateKey("hard", "rows", "hard@1.0.0")
    with provider.open(key, BUILD) as source:
        database = source.create()
        bench = Bench(source, database, observe(database.location))
        yield bench
        bench.close()
    provider.remove_template(key)


keys = st.integers(1, 65)
numbers = st.integers(-3, 500)
short = st.sampled_from(["'b'", "'c7'", "NULL", "'ü%s'", "repeat('x', 30)", "repeat(md5('7'), 400)"])
spaces = st.sampled_from(["", " OR true"])


def _format(template: str, **parts: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    return st.fixed_dictionaries(parts).map(lambda found: template.format(**found))  # type: ignore[arg-type]


rows = st.one_of(
    _format("INSERT INTO customers (email) VALUES ('new{a}'), ('other{a}')", a=numbers),
    _format(
        "INSERT INTO customers (id, email) VALUES ({a}, 'up{a}') ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email",
        a=keys,
    ),
    _format("UPDATE customers SET id = id + 1000, name = {x} WHERE id > {a}", a=keys, x=short),
    _format("UPDATE customers SET name = {x}, mood = 'bad' WHERE id = {a}{all}", a=keys, x=short, all=spaces),
    _format("DELETE FROM customers WHERE id % 7 = {a}", a=st.integers(0, 6)),
    _format("DELETE FROM customers WHERE id = {a}", a=keys),
    _format("INSERT INTO orders (customer_id, total) SELECT i, i FROM generate_series(1, {a}) AS i", a=keys),
    _format(
        "UPDATE orders SET total = total + 1, doc = to_jsonb({x}::text) WHERE id = {a}", a=numbers, x=short
    ),
    _format("UPDATE orders SET total = -total WHERE id % 20 = {a}", a=st.integers(0, 19)),
    _format("DELETE FROM orders WHERE id >= {a}", a=numbers),
    _format("SELECT * FROM orders WHERE id < {a} FOR UPDATE", a=numbers),
    _format("SELECT count(*) FROM orders WHERE total > {a}", a=numbers),
    _format("INSERT INTO notes VALUES ({x}, NULL), ({x}, 'bytes')", x=short),
    _format("UPDATE notes SET body = body || {x} WHERE length(body) > {a}", a=numbers, x=short),
    _format("DELETE FROM notes WHERE ctid = '(0,{a})'", a=keys),
    st.just("DELETE FROM notes WHERE body = 'twin'"),
    _format("UPDATE slots SET during = int4range({a}, {a} + 3) WHERE room = 'r1'", a=numbers),
    _format("DELETE FROM slots WHERE room > 'r{a}'", a=keys),
    _format("INSERT INTO slots VALUES (int4range({a}, {a} + 2), {x})", a=numbers, x=short),
    _format("UPDATE events SET id = id + {a} WHERE id < {a}", a=numbers),
    _format("DELETE FROM events WHERE id % 3 = {a}", a=st.integers(0, 2)),
    _format("UPDATE animals SET name = {x}", x=short),
    _format("DELETE FROM ONLY animals WHERE name IS NULL"),
    _format("INSERT INTO dogs VALUES ({x}, {x})", x=short),
    st.sampled_from(["DELETE FROM nothing", "INSERT INTO nothing DEFAULT VALUES"]),
    _format('UPDATE "odd % ""name" SET "a % b" = {a}, "Null" = {x}', a=numbers, x=short),
    st.just('INSERT INTO "odd % ""name" SELECT * FROM "odd % ""name"'),
)
sequences = st.one_of(
    _format(
        "SELECT nextval('{s}')",
        s=st.sampled_from(["tickets", "descending", "orders_id_seq", "customers_id_seq"]),
    ),
    _format("SELECT setval('tickets', {a}, {b})", a=st.integers(0, 9), b=st.booleans()),
    _format("SELECT setval('orders_id_seq', {a})", a=numbers),
)
transactions = st.sampled_from(
    [
        *(
            "BEGIN",
            "COMMIT",
            "ROLLBACK",
            "BEGIN ISOLATION LEVEL REPEATABLE READ",
            "SAVEPOINT s",
            "ROLLBACK TO s",
        ),
        *("RELEASE s", "SET CONSTRAINTS ALL IMMEDIATE", "LOCK TABLE orders IN SHARE MODE"),
    ]
)
schema = st.one_of(
    st.sampled_from(
        [
            "CREATE TABLE more AS SELECT * FROM customers",
            "CREATE TEMP TABLE mine (id integer)",
            "DROP TABLE notes",
            "ALTER TABLE orders ADD extra text DEFAULT 'x'",
            "ALTER TABLE notes ALTER bytes TYPE text USING bytes::text",
            "ALTER TABLE animals RENAME TO beasts",
            "TRUNCATE orders RESTART IDENTITY",
            "TRUNCATE slots, nothing",
            "REFRESH MATERIALIZED VIEW totals",
            "CREATE INDEX ON orders (total)",
            "REINDEX TABLE orders",
            "CLUSTER customers USING customers_pkey",
            "VACUUM FULL notes",
            "VACUUM (FREEZE) orders",
            "ANALYZE",
            "CHECKPOINT",
            "ALTER SEQUENCE tickets RESTART WITH 90",
            "ALTER SEQUENCE descending CACHE 20",
            "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "COMMENT ON TABLE orders IS 'changed'",
            "ALTER TYPE mood ADD VALUE 'ugly'",
            "SELECT lo_from_bytea(0, 'large')",
            "ALTER TABLE customers DISABLE TRIGGER ALL",
            "ALTER TABLE events DETACH PARTITION events_low",
            "CREATE SCHEMA other CREATE TABLE deep (id integer)",
            "DROP SCHEMA public CASCADE",
            "GRANT SELECT ON orders TO PUBLIC",
            "COPY notes FROM PROGRAM 'echo copied; echo again' (FORMAT csv, DELIMITER '|', NULL '')",
        ]
    ),
    rows,
)


def _tests(statements: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[tuple[int, str]]]]:
    """Return series of tests: each writes in up to three sessions, and is followed by a reset."""
    steps = st.lists(st.tuples(st.integers(0, 2), statements), max_size=7)
    return st.lists(steps, min_size=1, max_size=4)


@pytest.mark.timeout(1800 if IS_LONG else 120)
@given(_tests(st.one_of(rows, rows, sequences, transactions)))
@settings(max_examples=trials(1500, 25), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_and_sequences_are_restored_where_they_are(
    bench: Bench, tests: list[list[tuple[int, str]]]
) -> None:
    with bench.undisturbed():
        for steps in tests:
            bench.run(steps)
            report = bench.reset()
            assert report.method in (ResetMethod.NOTHING, ResetMethod.DELTA), report.why
            assert observe(bench.database.location, with_schema=False) == Observed(
                bench.seeded.rows, bench.seeded.sequences, ""
            )


@pytest.mark.timeout(1800 if IS_LONG else 120)
@given(_tests(st.one_of(rows, sequences, transactions, schema)))
@settings(max_examples=trials(300, 4), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_changed_the_schema_is_restored_too(
    bench: Bench, tests: list[list[tuple[int, str]]]
) -> None:
    with bench.undisturbed():
        for steps in tests:
            bench.run(steps)
            bench.reset()
            assert observe(bench.database.location) == bench.seeded


@pytest.mark.timeout(1800 if IS_LONG else 120)
@given(_tests(st.one_of(rows, sequences, transactions, schema)))
@settings(max_examples=trials(150, 3), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_copy_restores_everything_on_a_server_of_others(
    shared_bench: Bench, tests: list[list[tuple[int, str]]]
) -> None:
    with shared_bench.undisturbed():
        for steps in tests:
            shared_bench.run(steps)
            assert shared_bench.reset().method in (ResetMethod.SWAP, ResetMethod.COPY)
            assert observe(shared_bench.database.location) == shared_bench.seeded
