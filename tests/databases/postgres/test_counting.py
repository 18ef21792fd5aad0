"""One question about many tables sees what each table holds in the transaction that asks."""

import pytest

from tdmvc.databases.postgres.writing import counting
from tests.servers import DatabaseServer


@pytest.mark.parametrize("fixture", ["postgres_server", "system_postgres"])
def test_rows_that_are_not_committed_are_counted(
    fixture: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_AT_ONCE", 3)
    server: DatabaseServer = request.getfixturevalue(fixture)
    with server.fresh_database() as name, server.connect(name) as connection:
        connection.autocommit = False
        for n in range(8):
            connection.execute(f"CREATE TABLE t{n} AS SELECT generate_series(1, {n * 10}) AS v")
        queries = [(f"SELECT count(*), sum(v) FROM t{n}", n not in (2, 7)) for n in range(8)]
        found = list(counting.ask_of_all(connection, queries))
        assert found == [(n * 10, sum(range(n * 10 + 1)) or None) for n in range(8)]
        assert connection.execute("SHOW parallel_setup_cost").fetchall() == [("1000",)]
        [(workers,)] = connection.execute("SHOW max_parallel_workers_per_gather").fetchall()
        assert int(workers) > 0
