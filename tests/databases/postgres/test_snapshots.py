"""All that is read is of one moment; what keeps rows from being read is an error that says what to do."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import psycopg
import pyarrow as pa
import pytest

from tdmvc.databases.base import QualifiedName, ReadOptions
from tdmvc.databases.postgres.connection import Session, connected
from tdmvc.databases.postgres.reading.snapshot import PostgresSnapshot, open_snapshot
from tdmvc.errors import DatabaseError, NotFoundError
from tdmvc.model.location import ServerLocation, parse_location
from tdmvc.model.source import ArrowScan, SourceTable
from tests.servers import DatabaseServer

Run = Callable[..., None]


def _rows(table: SourceTable) -> pa.Table:
    assert isinstance(table.scan, ArrowScan)
    return table.scan.open().read_all()


@contextmanager
def _snapshot(location: ServerLocation, *schemas: str) -> Iterator[PostgresSnapshot]:
    with open_snapshot(location, ReadOptions(schemas=schemas)) as snapshot:
        yield snapshot


@pytest.fixture
def run(postgres_server: DatabaseServer, postgres_database: ServerLocation) -> Run:
    """Return what runs statements in the test's database."""

    def run(*statements: str) -> None:
        postgres_server.execute(postgres_database.database, *statements)

    return run


def test_what_others_write_meanwhile_is_not_read(postgres_database: ServerLocation, run: Run) -> None:
    run(
        "CREATE TABLE a (i int)",
        "CREATE TABLE b (i int)",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO b VALUES (1)",
    )
    with _snapshot(postgres_database) as snapshot:
        a, b = snapshot.read_tables(["a", "b"])
        assert isinstance(a.scan, ArrowScan)
        first = a.scan.open()
        run("INSERT INTO a VALUES (2)", "UPDATE b SET i = 3", "CREATE TABLE c ()")
        # Two scans at once use two connections.
        assert _rows(b).to_pydict() == {"i": [1]}
        assert first.read_all().to_pydict() == _rows(a).to_pydict() == {"i": [1]}
        assert snapshot.read_rows(QualifiedName("public", "b"), 9) == [{"i": 1}]


def test_a_table_that_was_emptied_meanwhile_is_an_error(
    postgres_database: ServerLocation,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run("CREATE TABLE t (i int)", "INSERT INTO t VALUES (1)")
    run(
        "CREATE TABLE p (i int) PARTITION BY LIST (i)",
        "CREATE TABLE p1 PARTITION OF p DEFAULT",
        "INSERT INTO p VALUES (1)",
    )
    with _snapshot(postgres_database) as snapshot:
        assert snapshot.read_names() == ["p", "t"]
        run("TRUNCATE t", "TRUNCATE p1")
        for name, emptied in (("t", "t"), ("p", "p1")):
            with pytest.raises(DatabaseError, match=f"emptied or rewrote {emptied} meanwhile"):
                snapshot.read_tables([name])
    run("INSERT INTO t VALUES (1)")
    monkeypatch.setattr("tdmvc.databases.postgres.reading.snapshot._MOST_LOCKED", 0)
    with _snapshot(postgres_database) as snapshot:
        (table,) = snapshot.read_tables(["t"])
        run("TRUNCATE t")
        with pytest.raises(DatabaseError, match="emptied or rewrote t meanwhile") as caught:
            _rows(table)
        assert table.find_fault is not None
        assert table.find_fault() is caught.value


def test_what_was_dropped_or_is_not_filled_is_an_error(postgres_database: ServerLocation, run: Run) -> None:
    run("CREATE TABLE t (i int)", "CREATE MATERIALIZED VIEW v AS SELECT 1 AS i WITH NO DATA")
    with _snapshot(postgres_database) as snapshot:
        assert snapshot.read_names() == ["t"]
        run("DROP TABLE t")
        with pytest.raises(DatabaseError, match="A table is not there any more") as caught:
            snapshot.read_tables(["t"])
        assert caught.value.remedy == "run the same command again."
    with _snapshot(postgres_database) as snapshot:
        (view,) = snapshot.read_tables(["v"])
        with pytest.raises(DatabaseError, match=r'"v" has not been populated\.') as caught:
            _rows(view)
        assert "REFRESH MATERIALIZED VIEW" in caught.value.remedy
    run("REFRESH MATERIALIZED VIEW v")
    with _snapshot(postgres_database) as snapshot:
        assert _rows(*snapshot.read_tables(["v"])).to_pydict() == {"i": [1]}


def test_tables_are_kept_from_changes_but_not_from_writers(
    postgres_database: ServerLocation, run: Run
) -> None:
    run("CREATE TABLE t (i int)")
    with _snapshot(postgres_database) as snapshot:
        snapshot.read_tables(["t"])
        run("INSERT INTO t VALUES (1)", "CREATE INDEX ON t (i)", "DELETE FROM t")
        with pytest.raises(Exception, match="lock timeout"):
            run("SET lock_timeout = '100ms'", "TRUNCATE t")


def test_a_lock_of_another_session_is_an_error_that_names_it_and_how_to_end_it(
    postgres_server: DatabaseServer,
    postgres_database: ServerLocation,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tdmvc.databases.postgres.connection.LOCK_TIMEOUT_SECONDS", 1)
    run("CREATE TABLE t (i int)")
    with (
        suppress(psycopg.errors.AdminShutdown),
        postgres_server.connect(postgres_database.database, autocommit=False) as other,
    ):
        other.execute("LOCK TABLE t")
        pid = other.info.backend_pid
        with (
            pytest.raises(DatabaseError, match=rf"process {pid} of postgres.*, on t\.") as caught,
            _snapshot(postgres_database) as snapshot,
        ):
            snapshot.read_tables(["t"])
        assert f"SELECT pg_terminate_backend({pid})" in caught.value.remedy
        run(f"SELECT pg_terminate_backend({pid})")
    with _snapshot(postgres_database) as snapshot:
        assert len(snapshot.read_tables(["t"])) == 1


def test_a_large_table_is_read_over_several_connections(
    postgres_server: DatabaseServer,
    postgres_database: ServerLocation,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tdmvc.databases.postgres.reading.snapshot._PARALLEL_BLOCKS", 1)
    run("CREATE TABLE t AS SELECT i, repeat('x', 1000) AS a FROM generate_series(1, 20000) i")
    with _snapshot(postgres_database) as snapshot:
        (table,) = snapshot.read_tables(["t"])
        run("INSERT INTO t SELECT 0, 'y' FROM generate_series(1, 20000)")
        assert sorted(_rows(table)["i"].to_pylist()) == list(range(1, 20001))
        with postgres_server.connect(postgres_database.database) as other:
            query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tdmvc' AND datname = %s"
            assert other.execute(query, [postgres_database.database]).fetchone() == (3,)
        # Whoever wants no more rows leaves no thread behind.
        assert isinstance(table.scan, ArrowScan)
        batches = table.scan.open()
        batches.read_next_batch()
        del batches
        assert not [thread for thread in threading.enumerate() if "run" in thread.name]
        assert _rows(table).num_rows == 20000


def test_a_statement_that_takes_too_long_is_an_error(postgres_database: ServerLocation, run: Run) -> None:
    run("CREATE VIEW slow AS SELECT 1 AS i FROM pg_sleep(1.5)")
    run(f"ALTER DATABASE {postgres_database.database} SET statement_timeout = '1s'")
    with _snapshot(postgres_database) as snapshot:
        (view,) = snapshot.read_tables(["slow"])
        with pytest.raises(DatabaseError, match="took longer than allowed") as caught:
            _rows(view)
    assert "?options=-c%20statement_timeout%3D4h" in caught.value.remedy
    url = f"{postgres_database}?options=-c%20statement_timeout%3D4h"
    advised = replace(parse_location(url), password=postgres_database.password)
    with _snapshot(advised) as snapshot:
        assert _rows(*snapshot.read_tables(["slow"])).num_rows == 1
    with (
        open_snapshot(postgres_database, ReadOptions(timeout_seconds=1)) as snapshot,
        pytest.raises(DatabaseError, match="took longer than allowed"),
    ):
        _rows(*snapshot.read_tables(["slow"]))


def test_a_lost_connection_is_an_error(
    postgres_server: DatabaseServer,
    postgres_database: ServerLocation,
    run: Run,
) -> None:
    run("CREATE TABLE t AS SELECT i, repeat('x', 1000) AS a FROM generate_series(1, 100000) i")
    own = "application_name = 'tdmvc' AND datname = current_database()"
    with _snapshot(postgres_database) as snapshot:
        (table,) = snapshot.read_tables(["t"])
        assert isinstance(table.scan, ArrowScan)
        reader = table.scan.open()
        reader.read_next_batch()
        run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {own}")
        with pytest.raises(DatabaseError, match="The connection to the database was lost") as caught:
            reader.read_all()
        assert (caught.value.exit_code, table.find_fault and table.find_fault()) == (7, caught.value)
        with pytest.raises(DatabaseError, match="The connection to the database was lost"):
            snapshot.read_others()


def test_values_are_in_no_message(postgres_database: ServerLocation, run: Run) -> None:
    run("CREATE TABLE t (a text)", "INSERT INTO t VALUES ('geheim')", "CREATE VIEW v AS SELECT a::int FROM t")
    with _snapshot(postgres_database) as snapshot:
        (view,) = snapshot.read_tables(["v"])
        with pytest.raises(DatabaseError) as caught:
            _rows(view)
        assert "table v" in caught.value.where
        assert "geheim" not in caught.value.message


@contextmanager
def _guest(server: DatabaseServer, location: ServerLocation) -> Iterator[ServerLocation]:
    name = f"guest_{location.database}"
    server.execute(location.database, f"CREATE ROLE {name} LOGIN PASSWORD 'geheim'")
    try:
        yield replace(location, user=name, password="geheim")
    finally:
        server.execute(location.database, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_tables_that_a_user_may_not_read_are_named_together(
    postgres_server: DatabaseServer,
    postgres_database: ServerLocation,
    run: Run,
) -> None:
    run("CREATE TABLE a (i int, j int)", "CREATE TABLE b (i int)", "CREATE TABLE c (i int)")
    with _guest(postgres_server, postgres_database) as guest:
        run(f"GRANT SELECT ON c TO {guest.user}", f"GRANT SELECT (i) ON a TO {guest.user}")
        with _snapshot(guest) as snapshot:
            with pytest.raises(DatabaseError, match=rf"The user {guest.user} may not read a, b\.") as caught:
                snapshot.read_tables(["a", "b", "c"])
            assert f"GRANT SELECT ON a TO {guest.user}" in caught.value.remedy
            assert len(snapshot.read_tables(["c"])) == 1
            assert list(snapshot.read_columns()) == [QualifiedName("public", "c")]


def test_rows_that_row_level_security_hides_are_an_error(
    postgres_server: DatabaseServer,
    postgres_database: ServerLocation,
    run: Run,
) -> None:
    run("CREATE TABLE t (i int)", "INSERT INTO t VALUES (1), (2)", "ALTER TABLE t ENABLE ROW LEVEL SECURITY")
    run("CREATE POLICY odd ON t USING (i % 2 = 1)")
    with _guest(postgres_server, postgres_database) as guest:
        run(f"GRANT SELECT ON t TO {guest.user}")
        with (
            _snapshot(guest) as snapshot,
            pytest.raises(DatabaseError, match=f"would hide rows of t from the user {guest.user}"),
        ):
            snapshot.read_tables(["t"])
    with _snapshot(postgres_database) as snapshot:
        (table,) = snapshot.read_tables(["t"])
        assert _rows(table).num_rows == 2
        assert table.notes == ("not kept: policy odd",)


def test_a_user_with_one_connection_can_read(
    postgres_server: DatabaseServer,
    postgres_database: ServerLocation,
    run: Run,
) -> None:
    run("CREATE TABLE t (i int, a text)", "INSERT INTO t VALUES (1, NULL)")
    with _guest(postgres_server, postgres_database) as guest:
        run(f"GRANT SELECT ON t TO {guest.user}", f"ALTER ROLE {guest.user} CONNECTION LIMIT 1")
        with _snapshot(guest) as snapshot:
            (table,) = snapshot.read_tables(["t"])
            assert _rows(table).to_pydict() == {"i": [1], "a": [None]}


def test_nothing_can_be_written_while_reading(postgres_database: ServerLocation) -> None:
    with connected(postgres_database, Session()) as connection, pytest.raises(Exception, match="read-only"):
        connection.execute("CREATE TABLE public.t (i int)")


def test_schemas_and_their_names(postgres_database: ServerLocation, run: Run) -> None:
    run(
        'CREATE SCHEMA "Sales"',
        'CREATE TABLE "Sales".t (i int PRIMARY KEY)',
        'CREATE TABLE "Sales"."T.1" (i int)',
        'CREATE TABLE t (i int REFERENCES "Sales".t, s serial)',
        'CREATE VIEW v AS SELECT i FROM "Sales".t',
    )
    with _snapshot(postgres_database) as snapshot:
        assert (snapshot.schemas, snapshot.read_names()) == (("public",), ["t"])
        (table,) = snapshot.read_tables(["t"])
        assert [reference.table for reference in table.schema.references] == ["Sales.t"]
    with _snapshot(postgres_database, "Sales") as snapshot:
        assert snapshot.read_names() == ["T.1", "t"]
    in_url = replace(postgres_database, query=(("schema", "public,Sales"),))
    with open_snapshot(in_url, ReadOptions()) as snapshot:
        assert snapshot.read_names() == ["Sales.T.1", "Sales.t", "public.t"]
        table = snapshot.read_tables(["public.t"])[0]
        assert [reference.table for reference in table.schema.references] == ["Sales.t"]
        serial = table.schema.column("s")
        assert serial is not None
        assert serial.identity is not None
        assert serial.identity.sequence == "public.t_s_seq"
        (view,) = snapshot.read_others().views
        assert (view.name, view.query) == ("public.v", ' SELECT i\n   FROM "Sales".t'.strip())
        with pytest.raises(NotFoundError, match=r"There is no table 't'"):
            snapshot.read_tables(["t"])
    with (
        pytest.raises(DatabaseError, match="The database has no schema gone") as caught,
        _snapshot(postgres_database, "gone"),
    ):
        raise AssertionError("opened")
    assert caught.value.remedy == "name one of: Sales, public."


def test_the_default_schema_is_that_of_the_connection(
    postgres_server: DatabaseServer,
    postgres_database: ServerLocation,
    run: Run,
) -> None:
    run("CREATE SCHEMA shop", "CREATE TABLE shop.t (i int)")
    run(
        f"ALTER DATABASE {postgres_database.database} SET search_path = gone, pg_temp, pg_catalog, shop, public"
    )
    with _snapshot(postgres_database) as snapshot:
        assert (snapshot.schemas, snapshot.read_names()) == (("shop",), ["t"])
