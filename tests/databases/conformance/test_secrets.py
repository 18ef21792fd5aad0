"""No error shows a value of a row or a password."""

import dataclasses
import traceback
from collections.abc import Mapping

import duckdb
import pyarrow as pa
import pytest

from tdmvc.errors import DatabaseError
from tdmvc.model.finding import Severity
from tdmvc.model.location import ServerLocation
from tdmvc.model.seeding import SeedMode
from tests.databases.conformance.access import load, open_snapshot, open_target, seed, to_write
from tests.databases.conformance.contracts import CUSTOMERS, SWAPPED, Rows
from tests.databases.conformance.engines.base import Database, EngineUnderTest

Con = duckdb.DuckDBPyConnection
SECRET = "4111-SECRET-1111"


def shown(error: DatabaseError) -> str:
    """Return all that a user, or a log file, could see of an error."""
    return error.message + "".join(traceback.format_exception(error)) + repr(error)


REFUSED: dict[str, tuple[str, Mapping[str, object]]] = {
    "a key that is there": (
        "CREATE TABLE customers (id bigint NOT NULL PRIMARY KEY, name varchar(20) UNIQUE)",
        {"id": 8, "name": SECRET},
    ),
    "a null": (
        "CREATE TABLE customers (id bigint NOT NULL PRIMARY KEY, name varchar(20), other varchar(9) NOT NULL)",
        {"id": 8, "name": SECRET},
    ),
    "a check": (
        "CREATE TABLE customers (id bigint NOT NULL PRIMARY KEY, name varchar(20), CHECK (name NOT LIKE '4111%'))",
        {"id": 8, "name": SECRET},
    ),
    "a type": (
        "CREATE TABLE customers (id bigint NOT NULL PRIMARY KEY, name date)",
        {"id": 8, "name": SECRET},
    ),
    "a length": (
        "CREATE TABLE customers (id bigint NOT NULL PRIMARY KEY, name varchar(5))",
        {"id": 8, "name": SECRET},
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_an_error_of_a_load_names_the_table_and_shows_no_value(
    database: Database, con: Con, kind: str
) -> None:
    create, row = REFUSED[kind]
    database.run(create)
    if kind == "a key that is there":
        seed(database, con, to_write(CUSTOMERS, [row]))
        row = {**row, "id": 9}
    with open_target(database, con) as target:
        target.lock(["customers"])
        table = to_write(CUSTOMERS, [row])
        findings = target.check_columns(table, target.read_catalog()["customers"].schema)
        problems = [one for one in findings if one.severity is Severity.ERROR]
        assert all(one.table == "customers" and SECRET not in one.message for one in problems)
        if problems:
            return

        def append() -> None:
            load(target, table, mode=SeedMode.APPEND)
            target.commit()

        with pytest.raises(DatabaseError) as caught:
            append()
    text = shown(caught.value)
    assert "customers" in text
    assert SECRET not in text


def test_an_error_of_a_difference_shows_no_value(database: Database, con: Con) -> None:
    rows: Rows = [{"id": 1, "place": 411101111, "x": 1, "y": 1}, {"id": 2, "place": 2, "x": 2, "y": 2}]
    seed(database, con, to_write(SWAPPED, rows))

    def apply() -> None:
        with open_target(database, con) as target:
            target.lock(["swapped"])
            new = to_write(SWAPPED, [{"id": 2, "place": 411101111, "x": 2, "y": 2}])
            none = pa.table({"id": pa.array([], pa.int64())}).to_reader()
            target.apply_changes(new, none, target.read_catalog()["swapped"].schema)
            target.commit()

    with pytest.raises(DatabaseError) as caught:
        apply()
    assert "411101111" not in shown(caught.value)


@pytest.fixture
def server_database(database: Database) -> Database:
    """A database on a server."""
    if not isinstance(database.location, ServerLocation):
        pytest.skip("a file has no password")
    return database


@pytest.mark.parametrize("fault", ["password", "user", "database", "port"])
def test_an_error_of_a_connection_shows_no_password(server_database: Database, con: Con, fault: str) -> None:
    location = server_database.location
    assert isinstance(location, ServerLocation)
    wrong = {
        "password": {"password": f"{SECRET}:@/"},
        "user": {"user": "nobody-else", "password": SECRET},
        "database": {"database": "is_not_there"},
        "port": {"port": 1, "password": SECRET},
    }[fault]
    changed = dataclasses.replace(location, **wrong)  # type: ignore[arg-type]
    moved = Moved(server_database, changed)
    for opener in (open_snapshot, open_target):
        with pytest.raises(DatabaseError) as caught, opener(moved, con):
            pass
        text = shown(caught.value)
        assert SECRET not in text
        assert location.password is None or location.password not in text
        assert str(changed) in text
        assert caught.value.remedy
        assert caught.value.exit_code == 7


@dataclasses.dataclass
class Moved:
    """A database under another address."""

    database: Database
    location: ServerLocation

    @property
    def engine(self) -> EngineUnderTest:
        return self.database.engine
