"""Plays tests that commit writes, resets a database after each, and prints how long the resets took, as JSON.

It runs in an interpreter of its own for each worker. `pytest-postgresql` is run by the interpreter that has it.
"""

import argparse
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

TABLES = 50
_WRITTEN = 5
_ROWS = 10


class _Tests:
    """Tests that each write to five tables over one connection, as an application's pool would."""

    def __init__(self, milliseconds: int) -> None:
        self._seconds = milliseconds / 1000
        self._random = random.Random(7)
        self._connection: psycopg.Connection | None = None

    def run(self, address: str) -> None:
        """Run one test to its end."""
        end = time.perf_counter() + self._seconds
        connection = self.connect(address)
        for table in self._random.sample(range(TABLES), _WRITTEN):
            first = self._random.randrange(1, 1000)
            connection.execute(
                f"UPDATE t{table} SET note = 'changed' WHERE id >= %s AND id < %s", [first, first + _ROWS]
            )
        connection.commit()
        time.sleep(max(0.0, end - time.perf_counter()))

    def connect(self, address: str) -> psycopg.Connection:
        """Return the open connection, or another one if the reset ended it."""
        if self._connection is not None:
            try:
                self._connection.execute("SELECT 1")
                self._connection.rollback()
                return self._connection
            except psycopg.OperationalError:
                self._connection.close()
        self._connection = psycopg.connect(address)
        return self._connection


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=("tdmvc", "pytest-postgresql", "delete"))
    parser.add_argument("--tests", type=int, required=True)
    parser.add_argument("--milliseconds", type=int, required=True)
    options = parser.parse_args()
    open_peer = {"tdmvc": _tdmvc, "pytest-postgresql": _janitor, "delete": _delete}[options.peer]
    tests, seconds, methods = _Tests(options.milliseconds), [], {}
    with open_peer() as (address, reset):
        for _ in range(options.tests):
            tests.run(address)
            started = time.perf_counter()
            method = reset()
            tests.connect(address)
            seconds.append(time.perf_counter() - started)
            methods[method] = methods.get(method, 0) + 1
    print(json.dumps({"seconds": seconds, "methods": methods}))


@contextmanager
def _tdmvc() -> Iterator[tuple[str, Callable[[], str]]]:
    from benchmarks.environments import KEY, cannot_build
    from tdmvc.environments.addresses import address_values
    from tdmvc.environments.base import EmbeddedServer
    from tdmvc.environments.postgres import EmbeddedPostgres

    provider = EmbeddedPostgres(EmbeddedServer("postgresql"), folder=Path(os.environ["TEMPLATES"]))
    with provider.open(KEY, cannot_build()) as source:
        database = source.create()
        yield address_values(database.location)["url"], lambda: database.reset().method.value


@contextmanager
def _janitor() -> Iterator[tuple[str, Callable[[], str]]]:
    from pytest_postgresql.janitor import DatabaseJanitor

    janitor = DatabaseJanitor(
        user=os.environ["PGUSER"],
        host=os.environ["PGHOST"],
        port=os.environ["PGPORT"],
        dbname="tests",
        template_dbname=os.environ["TEMPLATE"],
        password=os.environ["PGPASSWORD"],
    )

    def reset() -> str:
        janitor.drop()
        janitor.init()
        return "clone"

    janitor.init()
    yield "dbname=tests", reset
    janitor.drop()


@contextmanager
def _delete() -> Iterator[tuple[str, Callable[[], str]]]:
    """Delete all rows, and insert them again, in one transaction and without checks: the fastest way to do it."""
    database = os.environ["PGDATABASE"]
    with psycopg.connect(dbname=database) as connection:
        copies = []
        for i in range(TABLES):
            with connection.cursor().copy(f"COPY t{i} TO STDOUT (FORMAT binary)") as copy:
                copies.append(b"".join(copy))

        def reset() -> str:
            connection.execute("SET session_replication_role = replica")
            for i in range(TABLES):
                connection.execute(f"DELETE FROM t{i}")
            for i, rows in enumerate(copies):
                with connection.cursor().copy(f"COPY t{i} FROM STDIN (FORMAT binary)") as copy:
                    copy.write(rows)
            connection.commit()
            return "delete"

        connection.commit()
        yield f"dbname={database}", reset


if __name__ == "__main__":
    main()
