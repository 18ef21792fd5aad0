"""On a server of its own, tdmvc sees whatever is written, and chooses the cheapest reset that is sound."""

import secrets
import threading
import time
from contextlib import ExitStack, closing, suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tdmvc.environments.base import EmbeddedServer, TemplateBuild, TemplateKey
from tdmvc.environments.postgres import EmbeddedPostgres
from tdmvc.environments.postgres.copies import opened_copies
from tdmvc.environments.postgres.database import PostgresDatabase
from tdmvc.environments.postgres.log_blocks import CATALOG_CHANGED
from tdmvc.environments.postgres.source import PostgresSource
from tdmvc.environments.postgres.write_watch import ServerMark, WriteWatch
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod, TemplateOrigin
from tdmvc.model.location import Location, ServerLocation
from tdmvc.servers import ServerOptions, find_system_postgres, start_postgres
from tests.environments.postgres.conftest import MakeSource
from tests.environments.postgres.observed import connect, observe
from tests.series import long_only, trials

PLAIN = """
    CREATE TABLE plain (id integer PRIMARY KEY, note text);
    INSERT INTO plain SELECT i, 'n' || i FROM generate_series(1, 500) AS i;
"""
SCHEMA = (
    PLAIN
    + """
    CREATE TABLE watched (id integer);
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER nothing BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION nothing();
    ALTER TABLE watched ENABLE ALWAYS TRIGGER nothing;
    CREATE SEQUENCE cached CACHE 10;
    CREATE SEQUENCE single;
    CREATE ROLE guest;
    CREATE ROLE owner;
    ALTER DATABASE {database} OWNER TO owner;
    ALTER DATABASE {database} SET search_path = "$user", public, "odd ""name", '';
    ALTER DATABASE {database} SET application_name = 'it''s, "quoted"';
    ALTER ROLE guest IN DATABASE {database} SET work_mem = '5MB';
    REVOKE ALL ON DATABASE {database} FROM PUBLIC;
    GRANT CONNECT ON DATABASE {database} TO guest WITH GRANT OPTION;
"""
)


def build(*statements: str) -> TemplateBuild:
    def migrate(location: Location) -> None:
        assert isinstance(location, ServerLocation)
        with connect(location) as connection:
            for statement in statements:
                connection.execute(statement.replace("{database}", location.database))

    return TemplateBuild(migrate, lambda location: None)


@pytest.fixture(scope="module")
def source(make_source: MakeSource) -> PostgresSource:
    return make_source(build(SCHEMA))


@pytest.fixture(scope="module")
def shared(source: PostgresSource) -> PostgresDatabase:
    return source.create()


def test_tables_do_not_grow_from_one_reset_to_the_next(
    source: PostgresSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tdmvc.environments.postgres.write_watch._MOST_WRITTEN_BLOCKS", 20)
    database = source.create()
    seeded = observe(database.location)
    sizes = []
    with connect(database.location) as connection, connect(database.location, autocommit=False) as undone:
        for _ in range(12):
            connection.execute("UPDATE plain SET note = note || 'x'")
            connection.execute("INSERT INTO plain SELECT i, 'new' FROM generate_series(1000, 1500) AS i")
            undone.execute("INSERT INTO plain SELECT i, 'undone' FROM generate_series(2000, 2500) AS i")
            undone.rollback()
            assert database.reset().method is ResetMethod.DELTA
            sizes += connection.execute("SELECT pg_table_size('plain')").fetchall()[0]
    assert observe(database.location) == seeded
    assert sizes[-1] <= sizes[2] * 1.5, sizes
    database.drop()


@pytest.mark.parametrize("writes", ["", "INSERT INTO plain VALUES (9999, 'meanwhile')"])
def test_what_is_written_during_a_clean_up_is_not_taken_for_seeded(
    make_source: MakeSource, monkeypatch: pytest.MonkeyPatch, writes: str
) -> None:
    monkeypatch.setattr("tdmvc.environments.postgres.write_watch._MOST_WRITTEN_BLOCKS", 1)
    database = make_source(build(PLAIN)).create()
    seeded = observe(database.location)
    read_mark, calls = WriteWatch.read_mark, count(1)

    def reading(watch: WriteWatch) -> ServerMark:
        # The first mark is that after the rows are restored, the second that after the clean-up.
        if next(calls) == 2 and writes:
            with connect(database.location) as other:
                other.execute(writes)
        return read_mark(watch)

    with connect(database.location) as connection:
        connection.execute("UPDATE plain SET note = 'x'")
    monkeypatch.setattr(WriteWatch, "read_mark", reading)
    report = database.reset()
    monkeypatch.undo()
    assert (report.method is ResetMethod.DELTA) == (not writes)
    database.reset()
    assert observe(database.location) == seeded
    database.drop()


@pytest.fixture
def database(shared: PostgresDatabase) -> PostgresDatabase:
    shared.reset()
    return shared


def settings(database: PostgresDatabase) -> list[tuple[object, ...]]:
    """Return what PostgreSQL does not copy with a database."""
    query = """
        SELECT pg_get_userbyid(datdba), datacl::text, setrole::regrole::text, setconfig::text
        FROM pg_database LEFT JOIN pg_db_role_setting ON setdatabase = pg_database.oid
        WHERE datname = current_database() ORDER BY 3
    """
    with connect(database.location) as connection:
        return connection.execute(query).fetchall()


def test_connections_stay_open_when_rows_are_restored(database: PostgresDatabase) -> None:
    with connect(database.location) as connection:
        connection.execute("PREPARE one AS SELECT count(*) FROM plain WHERE note = 'x'")
        connection.execute("SELECT pg_advisory_lock(7)")
        for _ in range(3):
            connection.execute("UPDATE plain SET note = 'x' WHERE id % 50 = 0")
            connection.execute("DELETE FROM plain WHERE id = 7")
            assert database.reset().method is ResetMethod.DELTA
            assert connection.execute("EXECUTE one").fetchall() == [(0,)]
        assert connection.execute("SELECT count(*), sum(id) FROM plain").fetchall() == [(500, 125250)]
        assert connection.execute("SELECT pg_advisory_unlock(7)").fetchall() == [(True,)]


def test_a_copy_has_the_owner_the_rights_and_the_settings_of_the_template(database: PostgresDatabase) -> None:
    before = settings(database)
    assert len(before) == 2
    with connect(database.location) as connection:
        connection.execute(f"ALTER DATABASE {database.location.database} RESET ALL")
        connection.execute(f"GRANT ALL ON DATABASE {database.location.database} TO PUBLIC")
    report = database.reset()
    assert (report.method, report.why) == (
        ResetMethod.COPY,
        "settings of the database were changed; no spare copy was ready",
    )
    assert settings(database) == before
    with connect(database.location) as connection:
        assert connection.execute("SHOW search_path").fetchall() == [('"$user", public, "odd ""name", ""',)]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("SELECT nextval('cached')", "sessions keep numbers of sequences"),
        ("INSERT INTO watched VALUES (1)", "public.watched has triggers or rules that always run"),
        ("INSERT INTO plain SELECT i FROM generate_series(1000, 60000) AS i", "much was written"),
        ("TRUNCATE plain", CATALOG_CHANGED),
        ("CREATE UNLOGGED TABLE fast ()", CATALOG_CHANGED),
        ("ANALYZE plain", CATALOG_CHANGED),
        ("SELECT lo_create(0)", CATALOG_CHANGED),
    ],
)
def test_a_copy_takes_over_where_single_rows_cannot_be_restored(
    database: PostgresDatabase, statement: str, why: str
) -> None:
    seeded = observe(database.location)
    with connect(database.location) as connection:
        connection.execute(statement)
    report = database.reset()
    assert report.method in (ResetMethod.SWAP, ResetMethod.COPY)
    assert report.why.removesuffix("; no spare copy was ready") == why
    assert observe(database.location) == seeded
    assert database.reset().method in (ResetMethod.NOTHING, ResetMethod.DELTA)


@pytest.mark.parametrize(
    "statements",
    [
        ["BEGIN", "CREATE TABLE more (id integer PRIMARY KEY)", "DROP TABLE plain", "ROLLBACK"],
        ["BEGIN", "SAVEPOINT s", "CREATE INDEX ON plain (note)", "ROLLBACK TO s", "COMMIT"],
        ["SELECT nextval('single')"],
        ["SELECT * FROM plain FOR UPDATE"],
        ["CHECKPOINT", "UPDATE plain SET note = upper(note) WHERE id < 9", "CHECKPOINT"],
    ],
)
def test_rows_are_restored_where_nothing_else_stays_changed(
    database: PostgresDatabase, statements: list[str]
) -> None:
    seeded = observe(database.location)
    with connect(database.location) as connection:
        for statement in statements:
            connection.execute(statement)
    report = database.reset()
    assert report.method in (ResetMethod.NOTHING, ResetMethod.DELTA), report.why
    assert observe(database.location) == seeded


def test_what_no_reset_brings_back_is_named_once(database: PostgresDatabase) -> None:
    name = f"left_{secrets.token_hex(4)}"
    with connect(database.location) as connection:
        connection.execute(f"CREATE ROLE {name}")
        connection.execute(f"CREATE DATABASE {name}")
        connection.execute(f"ALTER ROLE {name} SET work_mem = '6MB'")
    assert database.reset().remains == (
        f"a setting of the role {name} was added",
        f"the database {name} was added",
        f"the role {name} was added",
    )
    assert database.reset().remains == ()
    with connect(database.location) as connection:
        connection.execute(f"DROP DATABASE {name}")
        connection.execute(f"DROP ROLE {name}")


def test_settings_of_the_server_are_restored(database: PostgresDatabase) -> None:
    with connect(database.location) as connection:
        (before,) = connection.execute("SHOW work_mem").fetchall()
        connection.execute("ALTER SYSTEM SET work_mem = '7MB'")
        connection.execute("SELECT pg_reload_conf()")
    report = database.reset()
    assert report.why == "settings of the server were changed"
    assert database.reset().method is ResetMethod.NOTHING
    with connect(database.location) as connection:
        assert connection.execute("SELECT pg_sleep(0.1)").fetchall()
        assert connection.execute("SHOW work_mem").fetchall() == [before]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL",
        "DROP DATABASE {database} WITH (FORCE)",
    ],
)
def test_a_reset_survives_a_test_that_ends_all_sessions_or_drops_the_database(
    database: PostgresDatabase, statement: str
) -> None:
    seeded = observe(database.location)
    with connect(ServerLocation(**{**_parts(database.location), "database": "postgres"})) as connection:
        connection.execute(statement.replace("{database}", database.location.database))
    database.reset()
    assert observe(database.location) == seeded


def _parts(location: ServerLocation) -> dict[str, object]:
    return {name: getattr(location, name) for name in ServerLocation.__slots__}


def test_a_session_that_reads_in_a_transaction_is_ended_only_if_something_was_written(
    database: PostgresDatabase,
) -> None:
    with closing(connect(database.location, autocommit=False, application_name="reader")) as reader:
        reader.execute("SELECT * FROM plain")
        assert database.reset().method is ResetMethod.NOTHING
        reader.execute("SELECT * FROM plain")
        with connect(database.location) as connection:
            connection.execute("DELETE FROM plain")
        report = database.reset()
        assert [name.partition(" ")[0] for name in report.ended_connections] == ["reader"]


@pytest.mark.parametrize("mode", ["SHARE", "EXCLUSIVE", "ACCESS EXCLUSIVE"])
def test_a_session_that_locks_a_table_without_writing_is_ended(database: PostgresDatabase, mode: str) -> None:
    with closing(connect(database.location, autocommit=False, application_name="locker")) as locker:
        locker.execute(f"LOCK TABLE plain IN {mode} MODE")
        report = database.reset()
        assert [name.partition(" ")[0] for name in report.ended_connections] == ["locker"]
    with connect(database.location, options="-c lock_timeout=2s") as connection:
        connection.execute("UPDATE plain SET note = note WHERE false")
    assert database.reset().method is ResetMethod.NOTHING


def test_work_that_was_rolled_back_leaves_nothing_to_restore(database: PostgresDatabase) -> None:
    with connect(database.location) as connection:
        for statement in ("BEGIN", "UPDATE plain SET note = 'x'", "ROLLBACK"):
            connection.execute(statement)
        assert database.reset().method is ResetMethod.NOTHING
        assert connection.execute("SELECT count(*) FROM plain WHERE note = 'x'").fetchall() == [(0,)]


def test_a_template_with_unlogged_tables_is_copied_for_each_reset(make_source: MakeSource) -> None:
    database = make_source(build("CREATE UNLOGGED TABLE fast AS SELECT 1 AS id")).create()
    assert database.reset().method is ResetMethod.NOTHING
    seeded = observe(database.location)
    with connect(database.location) as connection:
        connection.execute("DELETE FROM fast")
    report = database.reset()
    assert report.why.startswith("public.fast is unlogged")
    assert observe(database.location) == seeded


def test_prepared_transactions_are_rolled_back() -> None:
    options = ServerOptions(settings={"max_prepared_transactions": "5"})
    with ExitStack() as stack:
        server = stack.enter_context(start_postgres(find_system_postgres(), options))
        build("CREATE DATABASE pattern").migrate(server.location("postgres"))
        build("CREATE TABLE plain (id integer)").migrate(server.location("pattern"))
        copies = stack.enter_context(
            opened_copies(
                server.location("postgres"),
                server.location("pattern"),
                prefix="t_",
                server=server,
            )
        )
        source = stack.enter_context(closing(PostgresSource(TemplateOrigin.BUILT, copies, iter(["app"]))))
        database = source.create()
        for statement in ("INSERT INTO plain VALUES (1)", "CREATE TABLE more ()"):
            with connect(database.location) as connection:
                for one in ("BEGIN", statement, "PREPARE TRANSACTION 'it''s %s'"):
                    connection.execute(one)
            report = database.reset()
            assert "prepared transaction it's %s" in report.ended_connections
            with connect(database.location) as connection:
                connection.execute("DROP TABLE plain")
            database.reset()


@long_only
def test_settings_of_the_role_do_not_weaken_a_reset(tmp_path: Path) -> None:
    provider = EmbeddedPostgres(EmbeddedServer("postgresql"), folder=tmp_path)
    settings = [
        f"ALTER ROLE postgres SET {setting}"
        for setting in (
            "default_transaction_isolation = 'serializable'",
            "default_transaction_read_only = on",
            "statement_timeout = '1s'",
            "idle_session_timeout = '300ms'",
            "DateStyle = 'German'",
            "extra_float_digits = -10",
            "synchronous_commit = off",
        )
    ]
    tables = "CREATE TABLE times AS SELECT now() AS at, 1 / 3.0::float8 AS share FROM generate_series(1, 9)"
    with provider.open(TemplateKey("settings", "rows", ""), build(tables, *settings)) as source:
        database = source.create()
        seeded = observe(database.location, with_schema=False)
        time.sleep(0.5)
        for _ in range(2):
            with connect(database.location) as connection:
                connection.execute("SET default_transaction_read_only = off")
                connection.execute("DELETE FROM times")
            assert database.reset().method is ResetMethod.DELTA
            assert observe(database.location, with_schema=False) == seeded


@long_only
def test_migrations_that_make_a_tablespace_are_refused(tmp_path: Path) -> None:
    provider = EmbeddedPostgres(EmbeddedServer("postgresql"), folder=tmp_path)
    made = build("SET allow_in_place_tablespaces = on", "CREATE TABLESPACE far LOCATION ''")
    opened = provider.open(TemplateKey("tablespace", "rows", ""), made)
    with pytest.raises(DatabaseError, match="made a tablespace"), opened:
        pass


def test_databases_of_one_server_are_reset_by_several_threads(source: PostgresSource) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            database = source.create()
            seeded = observe(database.location, with_schema=False)
            for turn in range(8):
                with connect(database.location) as connection:
                    connection.execute("DELETE FROM plain WHERE mod(id, 3) = %s", [number % 3])
                    connection.execute("SELECT nextval('single')")
                    if turn % 4 == 3:
                        connection.execute("ALTER TABLE plain ADD extra text")
                assert database.reset().method is not ResetMethod.NOTHING
                assert observe(database.location, with_schema=False) == seeded
            database.drop()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_program_that_goes_on_writing_is_not_taken_for_the_seeded_state(database: PostgresDatabase) -> None:
    seeded = observe(database.location)
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not stop.is_set():
            # Its connections are ended now and then.
            with suppress(psycopg.Error), connect(database.location) as connection:
                while not stop.is_set():
                    connection.execute(
                        "UPDATE plain SET note = 'late' WHERE id = 1 + mod((random() * 400)::int, 400)"
                    )
                    written += 1

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(trials(100, 6)):
        database.reset()
    stop.set()
    for thread in threads:
        thread.join()
    assert written
    database.reset()
    assert observe(database.location) == seeded
