"""SQL of a contract reads the dataset's tables, and can do nothing else."""

import subprocess
import sys
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.checks.sandbox import QueryJob, QueryLimits, QueryOutcome, QueryTable, run_queries

SECRET = "4929-1234"
"""A value that must be in no answer."""
REFUSED = [
    "COPY orders TO '{other}'",
    "WITH x AS (COPY orders TO '{other}') SELECT 1",
    "WITH x AS (COPY orders TO '{part}' (use_tmp_file false)) SELECT 1",
    "WITH x AS (INSERT INTO orders SELECT * FROM orders RETURNING id) SELECT count(*) FROM x",
    "WITH x AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM x",
    "WITH x AS (UPDATE orders SET id = 1 RETURNING id) SELECT count(*) FROM x",
    "EXPORT DATABASE '{other}'",
    "CREATE TABLE x AS SELECT 1",
    "CREATE MACRO f() AS 1",
    "DROP VIEW orders",
    "ATTACH '{other}' AS x",
    "USE x",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET threads = 64",
    "RESET memory_limit",
    "PRAGMA version",
    "CALL duckdb_settings()",
    "CHECKPOINT",
    "EXPLAIN ANALYZE SELECT 1",
    "DESCRIBE orders",
    "SUMMARIZE orders",
    "SELECT count(*) FROM (DESCRIBE orders)",
    "PIVOT orders ON id USING count(*)",
    "PREPARE x AS SELECT 1",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY orders TO '{other}'",
    "SELECT count(*) FROM '{part}'",
    'SELECT count(*) FROM "{part}"',
    "SELECT count(*) FROM read_parquet('{part}')",
    "SELECT count(*) FROM parquet_scan('{part}')",
    "SELECT count(*) FROM read_csv('/etc/passwd')",
    "SELECT count(*) FROM read_text('/etc/passwd')",
    "SELECT length(content) FROM read_blob('/etc/passwd')",
    "SELECT count(*) FROM glob('/*')",
    "SELECT count(*) FROM 'https://example.test/x.parquet'",
    "SELECT count(*) FROM parquet_metadata('{part}')",
    "SELECT count(*) FROM duckdb_settings()",
    "SELECT count(*) FROM duckdb_secrets()",
    "SELECT count(*) FROM information_schema.tables",
    "SELECT count(*) FROM pg_catalog.pg_class",
    "SELECT count(*) FROM sqlite_master",
    "SELECT count(*) FROM memory.main.orders",
    "SELECT count(*) FROM query('SELECT 1')",
    "SELECT count(*) FROM query_table('orders')",
    'WITH "{part}" AS (SELECT 1) SELECT count(*) FROM (SELECT * FROM other."{part}")',
    "SELECT getenv('HOME')",
    "SELECT current_setting('threads')",
    "SELECT getvariable('x')",
    "SELECT count(*) FROM orders WHERE now() IS NULL",
    "SELECT count(*) FROM orders WHERE current_date > DATE '2000-01-01'",
    "SELECT count(*) FROM orders WHERE get_current_timestamp() IS NULL",
    "SELECT count(*) FROM orders WHERE localtime IS NULL",
    "SELECT count(*) FROM orders WHERE current_timestamp IS NULL",
    "SELECT count(*) FROM orders WHERE age(DATE '2000-01-01') IS NULL",
    "SELECT random()",
    "SELECT count(*) FROM orders WHERE uuid() IS NULL",
    "SELECT nextval('x')",
    "SELECT count(*) FROM orders TABLESAMPLE 10%",
    "SELECT count(*) FROM orders USING SAMPLE 1 ROWS",
    "SELECT error('x')",
    "SELECT write_log('x')",
    "SELECT pg_sleep(100)",
    "SELECT sleep_ms(100)",
    "SELECT $1",
    "SELECT ?",
    "SELECT [1, 2]::INTEGER[100000000]",
    "SELECT system.main.getenv('HOME')",
    "SELECT count(*) FROM orders AT (VERSION => 1)",
]
FAILING = [
    "SELECT CAST(card AS INTEGER) FROM orders",
    "SELECT CAST(card AS DATE) FROM orders",
    "SELECT count(*) FROM orders WHERE CAST(card AS DECIMAL(4, 2)) > 0",
    "SELECT count(*) FROM orders WHERE regexp_matches('x', card || '(')",
    "SELECT strptime(card, '%Y') FROM orders",
    "SELECT card FROM orders",
    "SELECT any_value(card) FROM orders",
    "SELECT min(card) FROM orders GROUP BY card",
    "SELECT count(nope) FROM orders",
    "SELECT count(*) FROM nope",
    "SELECT NULL",
    "SELECT 1, 2",
    "SELECT id FROM orders WHERE false",
    "SELECT 'NaN'::DOUBLE",
    "SELECT 'infinity'::DOUBLE",
    "not sql at all",
    "",
]
GREEDY = [
    "WITH RECURSIVE r AS (SELECT 1 a UNION ALL SELECT a FROM r) SELECT count(*) FROM r",
    "SELECT list_aggregate(range(500000000::BIGINT), 'sum')",
    "SELECT length(repeat('x', 4000000000))",
    "SELECT length(lpad('x', 2000000000, 'y'))",
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, QueryTable]:
    part = tmp_path_factory.mktemp("parts") / "orders.parquet"
    rows = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "card": [SECRET, "x(", None]})
    pq.write_table(rows, part)
    return {"orders": QueryTable((part,), rows.schema, ("id",))}


def run_all(texts: list[str], tables: dict[str, QueryTable], **more: QueryLimits) -> list[QueryOutcome]:
    part = tables["orders"].files[0]
    filled = [
        text.replace("{part}", str(part)).replace("{other}", str(part.parent / "other")) for text in texts
    ]
    jobs = {str(n): QueryJob(text, "orders") for n, text in enumerate(filled)}
    return list(run_queries(jobs, tables, examples=3, **more).values())


def test_what_is_not_a_query_over_the_tables_is_refused_and_has_no_effect(
    tables: dict[str, QueryTable],
) -> None:
    part = tables["orders"].files[0]
    before = part.read_bytes(), part.stat().st_mtime_ns
    for text, outcome in zip(REFUSED, run_all(REFUSED, tables), strict=True):
        assert outcome.number is None, text
        assert outcome.reason, text
    assert (part.read_bytes(), part.stat().st_mtime_ns) == before
    assert [path.name for path in part.parent.iterdir()] == [part.name]


def test_what_fails_says_why_without_a_value(tables: dict[str, QueryTable]) -> None:
    for text, outcome in zip(FAILING, run_all(FAILING, tables), strict=True):
        assert outcome.number is None, text
        assert outcome.reason, text
        assert SECRET not in repr(outcome), text


def test_what_takes_too_much_is_stopped_and_the_next_query_runs(tables: dict[str, QueryTable]) -> None:
    limits = QueryLimits(seconds=2, memory_bytes=1 << 30)
    *greedy, last = run_all([*GREEDY, "SELECT count(*) FROM orders"], tables, limits=limits)
    for text, outcome in zip(GREEDY, greedy, strict=True):
        assert outcome.number is None, text
        assert outcome.reason in (
            "it took longer than 2 seconds",
            "it needs more memory than a rule may take",
        ), text
    assert last.number == 3


def test_memory_is_watched_where_the_system_does_not_limit_it(tables: dict[str, QueryTable]) -> None:
    limits = QueryLimits(seconds=20, memory_bytes=200 << 20, is_watched=True)
    [outcome] = run_all(["SELECT length(repeat('x', 3000000000))"], tables, limits=limits)
    assert outcome.reason == "it needs more memory than a rule may take"


def test_the_process_knows_nothing_of_the_environment(
    tables: dict[str, QueryTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[dict[str, str]] = []
    popen = subprocess.Popen

    def start(*args: object, env: dict[str, str], **more: object) -> object:
        started.append(env)
        return popen(*args, env=env, **more)  # type: ignore[call-overload]

    monkeypatch.setenv("PGPASSWORD", SECRET)
    monkeypatch.setattr(subprocess, "Popen", start)
    [outcome] = run_all(["SELECT count(*) FROM orders"], tables)
    assert outcome.number == 3
    assert SECRET not in repr(started)


_PARENT = """
import sys
from pathlib import Path
import pyarrow as pa
from tdmvc.checks.sandbox import QueryJob, QueryTable, process, run_queries
popen = process.subprocess.Popen
def start(*args, **more):
    child = popen(*args, **more)
    print(child.pid, flush=True)
    return child
process.subprocess.Popen = start
process._QueryProcess.run_before = process._QueryProcess.run
def run(self, *args):
    print("ready", flush=True)
    return self.run_before(*args)
process._QueryProcess.run = run
run_queries({"x": QueryJob("SELECT sum(range % 7) FROM range(1000000000000)", "t")}, {})
"""


def test_a_query_ends_with_the_process_that_asked_for_it() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert parent.stdout.readline() == "ready\n"
        parent.kill()
        child.wait(timeout=20)


def test_damaged_rows_are_no_pass(tables: dict[str, QueryTable], tmp_path: Path) -> None:
    part = tmp_path / "orders.parquet"
    whole = tables["orders"].files[0].read_bytes()
    part.write_bytes(whole[:4] + bytes(20) + whole[24:])
    damaged = {"orders": QueryTable((part,), tables["orders"].schema, ("id",))}
    [outcome] = run_all(["SELECT count(*) FROM orders WHERE id > 1"], damaged)
    assert outcome.number is None
    assert outcome.reason
