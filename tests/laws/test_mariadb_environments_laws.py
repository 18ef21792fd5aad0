"""Whatever programs write to MariaDB, a reset gives back all that was seeded."""

import contextlib
from collections.abc import Iterator
from contextlib import closing

import pymysql
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.environments.base import EmbeddedServer, EphemeralDatabase
from tdmvc.environments.mariadb import EmbeddedMariadb
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod
from tests.environments.mariadb.conftest import KEY, build, connect, content
from tests.series import IS_LONG, trials
from tests.servers import without_package

TABLES = ("customers", "orders", "isam", "t1", "t2")
SCHEMA = (
    "CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50))",
    "CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) UNIQUE, customer INT, "
    "FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE ON UPDATE CASCADE)",
    "CREATE TABLE isam (id INT, name VARCHAR(50)) ENGINE=MyISAM",
    "CREATE SEQUENCE s CACHE 3",
)
ROWS = (
    "INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bo')",
    "INSERT INTO orders VALUES (1, 'first', 1), (2, 'second', 2)",
    "INSERT INTO isam VALUES (1, 'x'), (1, 'x')",
)

tables = st.sampled_from(TABLES)
numbers = st.integers(-3, 20)
rows = st.one_of(
    st.builds("INSERT INTO {} (id, name) VALUES ({}, 'x{}')".format, tables, numbers, numbers),
    st.builds("INSERT INTO {} (name) VALUES ('x{}')".format, tables, numbers),
    st.builds("REPLACE INTO {} (id, name) VALUES ({}, 'y{}')".format, tables, numbers, numbers),
    st.builds(
        "UPDATE {} SET name = '{}' WHERE id < {}".format,
        tables,
        st.sampled_from(("ANN", "ann ", "z")),
        numbers,
    ),
    st.builds("UPDATE {} SET id = id + {} WHERE id > {}".format, tables, numbers, numbers),
    st.builds("DELETE FROM {} WHERE id > {}".format, tables, numbers),
    st.builds("SET foreign_key_checks = {}".format, st.integers(0, 1)),
    st.sampled_from(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a", "ROLLBACK TO a", "SELECT NEXTVAL(s)")),
)
definitions = st.one_of(
    st.builds("TRUNCATE TABLE {}".format, tables),
    st.builds("CREATE TABLE {} (id INT PRIMARY KEY, name TEXT)".format, tables),
    st.builds("DROP TABLE {}".format, tables),
    st.builds("ALTER TABLE {} ADD COLUMN c INT".format, tables),
    st.builds("ALTER TABLE {} AUTO_INCREMENT = 50".format, tables),
    st.builds("CREATE TRIGGER g AFTER INSERT ON {} FOR EACH ROW DELETE FROM isam".format, tables),
    st.builds("CREATE VIEW v AS SELECT * FROM {}".format, tables),
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EphemeralDatabase]:
    try:
        provider = EmbeddedMariadb(EmbeddedServer("mysql"), folder=tmp_path_factory.mktemp("templates"))
    except DatabaseError as error:
        without_package(error)
    with provider.open(KEY, build(SCHEMA, ROWS)) as source:
        yield source.create()


@pytest.fixture(scope="module")
def seeded(database: EphemeralDatabase) -> dict[str, object]:
    return content(database.location)


def check(
    database: EphemeralDatabase, seeded: dict[str, object], done: list[tuple[bool, str]], *, is_ended: bool
) -> None:
    with closing(connect(database.location)) as first, closing(connect(database.location)) as second:
        for connection in (first, second):
            with connection.cursor() as cursor:
                cursor.execute("SET innodb_lock_wait_timeout = 0, lock_wait_timeout = 0")
        for is_first, statement in done:
            with contextlib.suppress(pymysql.MySQLError), (first if is_first else second).cursor() as cursor:
                cursor.execute(statement)
        if is_ended:
            for connection in (first, second):
                connection.rollback()
        database.reset()
        assert content(database.location) == seeded
        assert database.reset().method is ResetMethod.NOTHING


@pytest.mark.timeout(3600 if IS_LONG else 120)
@settings(
    max_examples=trials(200, 15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(done=st.lists(st.tuples(st.booleans(), rows), max_size=12), is_ended=st.booleans())
def test_rows(
    database: EphemeralDatabase, seeded: dict[str, object], done: list[tuple[bool, str]], *, is_ended: bool
) -> None:
    check(database, seeded, done, is_ended=is_ended)


@pytest.mark.timeout(3600 if IS_LONG else 120)
@settings(
    max_examples=trials(60, 3), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(done=st.lists(st.tuples(st.booleans(), rows | definitions), max_size=12), is_ended=st.booleans())
def test_rows_and_definitions(
    database: EphemeralDatabase, seeded: dict[str, object], done: list[tuple[bool, str]], *, is_ended: bool
) -> None:
    check(database, seeded, done, is_ended=is_ended)
