"""What seeding and reading PostgreSQL cost, compared with pg_restore, pandas and psycopg."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import psycopg

from benchmarks.figures import Figure, peak_memory, ratio_of_times
from benchmarks.processes import TDMVC, Side, Timing, alternate, measure, run
from benchmarks.repository import DATASET, Repository
from tdmvc.servers import RunningServer, find_postgres, start_postgres

_TABLES = 50
_ROWS = 1_000_000
"""In all tables together."""
_READ_ROWS = 5_000_000
_LARGE_ROWS = 6_000_000
_CHANGED_ROWS = 1_000
_MOST_MEMORY_GIB = 300 / 1024
_READER = str(Path(__file__).with_name("database_readers.py"))


def measure_databases(work: Path, *, scale: float, runs: int) -> Iterator[Figure]:
    """Measure `tdmvc seed`, reading, and seeding a difference.

    Args:
        work: an empty folder; at scale 1, two gigabytes are written there and three into the server.
        scale: the share of the rows that the targets are for.
    """
    with start_postgres(find_postgres()) as server:
        databases = Databases(server)
        yield from _measure_seeding(databases, work, round(_ROWS * scale), runs)
        yield from _measure_reading(databases, work, round(_READ_ROWS * scale), runs)
        yield from _measure_difference(databases, work, round(_LARGE_ROWS * scale), runs)


class Databases:
    """Databases on one server."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server

    @property
    def environment(self) -> dict[str, str]:
        """What libpq and tdmvc need to log in, so that no password is on a command line."""
        server = self._server
        return {
            "PGHOST": server.host,
            "PGPORT": str(server.port),
            "PGUSER": server.user,
            "PGPASSWORD": server.password,
        }

    def url(self, name: str) -> str:
        """Return the URL of a database, without the password."""
        server = self._server
        return f"postgresql://{quote(server.user)}@{server.host}:{server.port}/{name}"

    def recreate(self, name: str, template: str = "template1") -> None:
        """Drop a database, and make it as a copy of another."""
        self.drop(name)
        self.execute("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")

    def drop(self, *names: str) -> None:
        """Drop databases, so that they take no disk while others are measured."""
        self.execute("postgres", *(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in names))

    def execute(self, name: str, *statements: str) -> None:
        """Run statements in a database, each in a transaction of its own."""
        server = self._server
        with psycopg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            dbname=name,
            autocommit=True,
        ) as connection:
            for statement in statements:
                connection.execute(statement.encode())


def _measure_seeding(databases: Databases, work: Path, rows: int, runs: int) -> Iterator[Figure]:
    """Seed 50 tables with keys and references, in turns with pg_restore (two jobs, or one transaction) and pandas."""
    databases.recreate("source")
    databases.execute("source", *fifty_tables(rows // _TABLES), "ANALYZE")
    dump, schema = work / "fifty.dump", work / "schema.sql"
    programs = find_postgres()
    environment = databases.environment
    run(
        work,
        str(programs.program("pg_dump")),
        "-Fc",
        "-f",
        str(dump),
        databases.url("source"),
        environment=environment,
    )
    run(
        work,
        str(programs.program("pg_dump")),
        "-s",
        "-f",
        str(schema),
        databases.url("source"),
        environment=environment,
    )
    databases.recreate("empty_schema", "source")
    databases.execute("empty_schema", f"TRUNCATE {', '.join(f't{i}' for i in range(_TABLES))}")
    repository = Repository(work / "seeding", environment)
    repository.create()
    repository.tdmvc("add", DATASET, databases.url("source"))
    seed = Side(
        (*TDMVC, "seed", DATASET, "--into", databases.url("target")),
        repository.root,
        lambda: databases.recreate("target", "empty_schema"),
        environment,
    )
    parallel = (str(programs.program("pg_restore")), "-j2", "--dbname", databases.url("restored"), str(dump))
    # What a seed promises: all or nothing, and statistics.
    whole = (
        "sh",
        "-c",
        '"$0" --single-transaction "$@" && exec "$PSQL" --quiet --dbname "$URL" --command ANALYZE',
        parallel[0],
        *parallel[2:],
    )
    data_only = ("--data-only", "--disable-triggers")
    with_psql = {**environment, "PSQL": str(programs.program("psql")), "URL": databases.url("restored")}
    full = Side(parallel, work, lambda: databases.recreate("restored"), environment)
    data = replace(
        full, command=(*parallel, *data_only), prepare=lambda: databases.recreate("restored", "empty_schema")
    )
    size = f"{_TABLES} tables, {rows / 1e6:g} M rows"
    for name, peer in (
        ("pg_restore -j2, schema too", full),
        ("pg_restore -j2 --data-only", data),
        (
            "pg_restore --single-transaction, schema too; ANALYZE",
            replace(full, command=whole, environment=with_psql),
        ),
        (
            "pg_restore --single-transaction --data-only; ANALYZE",
            replace(data, command=(*whole, *data_only), environment=with_psql),
        ),
    ):
        ours, theirs = alternate(seed, peer, runs=runs)
        yield ratio_of_times(f"seed: {size}, into the application's schema", ours, theirs, name, 1)
    bare = replace(seed, prepare=lambda: databases.recreate("target"))
    ours, peer = alternate(bare, full, runs=runs)
    yield ratio_of_times(f"seed: {size}, into an empty database", ours, peer, "pg_restore -j2, schema too", 1)
    pandas = Side(
        (
            sys.executable,
            _READER,
            "pandas",
            str(repository.root / "datasets" / DATASET),
            databases.url("target"),
        ),
        work,
        lambda: databases.recreate("target", "empty_schema"),
        environment,
    )
    ours, peer = alternate(seed, pandas, runs=1, is_warmed=False)
    yield ratio_of_times(f"seed: {size}, into the application's schema", ours, peer, "pandas to_sql", 0.1)
    databases.drop("source", "empty_schema", "target", "restored")


def fifty_tables(rows: int) -> Iterator[str]:
    for i in range(_TABLES):
        parent = f"REFERENCES t{i - 1} (id)" if i else ""
        yield f"""CREATE TABLE t{i} (
            id bigint PRIMARY KEY,
            parent_id bigint {parent},
            code varchar(20) NOT NULL UNIQUE,
            name text NOT NULL,
            amount numeric(12,2),
            rate double precision,
            is_open boolean NOT NULL DEFAULT true,
            day date,
            created_at timestamptz NOT NULL,
            note text
        )"""
        yield f"""INSERT INTO t{i}
            SELECT n, CASE WHEN n % 10 > 0 THEN (n::bigint * 7919) % {rows} + 1 END, 'C' || {i} || '-' || n,
                'Name of row ' || md5(n::text), (n::bigint * 31 % 1000000) / 100.0, sqrt(n), n % 3 > 0,
                date '2020-01-01' + (n % 2000)::int, timestamptz '2020-01-01 00:00Z' + n * interval '61 seconds',
                CASE WHEN n % 4 = 0 THEN repeat(md5((n * 3)::text), 2) END
            FROM generate_series(1, {rows}) n"""
        yield f"CREATE INDEX ON t{i} (parent_id)"


def _measure_reading(databases: Databases, work: Path, rows: int, runs: int) -> Iterator[Figure]:
    """Read one table as Arrow batches, in turns with psycopg's server-side cursor."""
    databases.recreate("reading")
    databases.execute("reading", *_one_table("events", rows), "VACUUM ANALYZE events")
    url, environment = databases.url("reading"), databases.environment
    ours = Side((sys.executable, _READER, "tdmvc", url, "events"), work, environment=environment)
    peer = Side((sys.executable, _READER, "psycopg", url, "events"), work, environment=environment)
    # What `pip install psycopg` gives; the binary package has the C extension.
    plain = replace(peer, environment={**environment, "PSYCOPG_IMPL": "python"})
    mine, theirs = alternate(ours, peer, runs=min(runs, 3), is_warmed=False)
    what = f"read {rows / 1e6:g} M rows × 10 columns"
    yield ratio_of_times(what, mine, theirs, "psycopg[binary] fetchmany", 0.2)
    yield peak_memory(f"{what}: peak memory", mine, theirs, "psycopg", _MOST_MEMORY_GIB)
    mine, theirs = alternate(ours, plain, runs=1, is_warmed=False)
    yield ratio_of_times(what, mine, theirs, "psycopg without C, fetchmany", 0.2)
    databases.drop("reading")


def _measure_difference(databases: Databases, work: Path, rows: int, runs: int) -> Iterator[Figure]:
    """Seed a version over another of which 1,000 rows differ, compared with a full load."""
    databases.recreate("large")
    databases.execute("large", *_one_table("events", rows), "VACUUM ANALYZE events")
    databases.recreate("large_schema")
    databases.execute("large_schema", *_one_table("events", 0))
    environment = databases.environment
    repository = Repository(work / "difference", environment)
    repository.create()
    repository.tdmvc("add", DATASET, databases.url("large"))
    repository.publish("1.0.0")
    first = rows // 2
    databases.execute(
        "large",
        f"UPDATE events SET name = name || '!' WHERE id > {first} AND id <= {first + _CHANGED_ROWS}",
    )
    repository.tdmvc("add", DATASET, databases.url("large"))
    repository.publish("1.0.1")
    databases.drop("large")
    databases.recreate("target", "large_schema")
    into = ("--into", databases.url("target"))
    full = measure(
        Side((*TDMVC, "seed", f"{DATASET}@1.0.0", *into), repository.root, environment=environment)
    )
    turns = []
    for turn in range(runs):
        version = "1.0.1" if turn % 2 == 0 else "1.0.0"
        side = Side((*TDMVC, "seed", f"{DATASET}@{version}", *into), repository.root, environment=environment)
        turns.append(measure(side))
    ours = replace(turns[0], seconds=tuple(turn.seconds[0] for turn in turns))
    what = f"seed another version: {_CHANGED_ROWS:,} rows of {rows / 1e6:g} M differ"
    yield ratio_of_times(what, ours, full, "the first seed", 0.05)
    again = measure(
        Side((*TDMVC, "seed", f"{DATASET}@{version}", *into), repository.root, environment=environment)
    )
    yield ratio_of_times("seed the version that is there", again, full, "the first seed")
    databases.recreate("target", "large_schema")
    words = (
        sys.executable,
        "-m",
        "benchmarks.seed_in_process",
        str(repository.root),
        databases.url("target"),
    )
    versions = (f"{DATASET}@1.0.0", f"{DATASET}@1.0.1", str(2 * runs))
    seconds = json.loads(run(Path.cwd(), *words, *versions, environment=environment))
    ours, full = (Timing(tuple(seconds[name]), 0) for name in ("difference", "full"))
    yield ratio_of_times(f"{what}, workspace.seed in Python", ours, full, "the first seed, in Python", 0.05)


def _one_table(name: str, rows: int) -> Iterator[str]:
    yield f"""CREATE TABLE {name} (
        id bigint PRIMARY KEY, user_id integer NOT NULL, kind varchar(20) NOT NULL, name text NOT NULL,
        amount numeric(12,2), rate double precision, is_open boolean NOT NULL, day date,
        created_at timestamptz NOT NULL, note text
    )"""
    yield f"""INSERT INTO {name}
        SELECT n, n::bigint * 7919 % 100000, 'kind-' || n % 7, 'Name of row ' || n,
            (n::bigint * 31 % 1000000) / 100.0, sqrt(n),
            n % 3 > 0, date '2020-01-01' + (n % 2000)::int, timestamptz '2020-01-01 00:00Z' + n * interval '61 seconds',
            CASE WHEN n % 4 = 0 THEN md5((n * 3)::text) END
        FROM generate_series(1, {rows}) n"""
    yield f"CREATE INDEX ON {name} (user_id)"
