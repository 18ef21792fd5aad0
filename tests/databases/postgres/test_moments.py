"""Rows are not read again if nobody can have written since they were loaded, and only then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from tdmvc.databases.postgres.writing import fingerprints
from tdmvc.databases.postgres.writing.target import PostgresTarget
from tdmvc.model.seeding import SeededDataset, SeededTable, SeedMode
from tests.databases.postgres.conftest import Target, table, write
from tests.databases.postgres.test_fingerprint import CHANGES, LASTING

_ROWS = table("a", {"id": [1, 2], "v": ["x", "y"]}, "id")
_TRIES = 5
"""Autovacuum may write at any time."""
Counted = list[str]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """The tables whose rows were read."""
    names: list[str] = []
    count = fingerprints.count_versions

    def counting(connection: Any, relations: Any) -> Any:
        names.extend(relation.name for relation in relations)
        return count(connection, relations)

    monkeypatch.setattr(fingerprints, "count_versions", counting)
    return names


def _remember(opened: PostgresTarget, *names: str) -> dict[str, tuple[int, str]]:
    found = {name: opened.fingerprint(name) for name in names}
    tables = tuple(SeededTable(name, "", "", rows, text) for name, (rows, text) in found.items())
    opened.write_state(SeededDataset("golden", "golden", "", (), datetime.now(UTC), "1", tables))
    opened.commit()
    return found


def _seed(target: Target) -> tuple[int, str]:
    with target.open() as opened:
        write(opened, _ROWS)
        return _remember(opened, "a")["a"]


def _look(target: Target, *, is_locked: bool = True) -> tuple[int, str]:
    with target.open() as opened:
        if is_locked:
            opened.lock(["a"])
        opened.read_state()
        return opened.fingerprint("a")


@contextmanager
def _writing(target: Target, *statements: str) -> Iterator[Any]:
    """Open a session in the middle of a transaction."""
    with target.server.connect(target.database) as other:
        other.execute(f"SET search_path = {target.schema}")
        other.autocommit = False
        for statement in statements:
            other.execute(statement)
        yield other


def _is_recalled(target: Target, counted: Counted, meanwhile: Callable[[], object]) -> bool:
    """Whether, after what happens meanwhile, the rows are known without reading them."""
    seeded = _seed(target)
    meanwhile()
    counted.clear()
    assert _look(target) == seeded
    return not counted


@pytest.fixture
def plain(target: Target) -> Target:
    target.run("CREATE TABLE a (id int PRIMARY KEY, v text)", "CREATE TABLE b (id int)")
    return target


def test_rows_are_not_read_while_nobody_writes(plain: Target, counted: Counted) -> None:
    def read() -> None:
        plain.run("SELECT * FROM a", "CHECKPOINT", "VACUUM b")
        assert _look(plain, is_locked=False) == _look(plain)
        with _writing(plain, "SELECT * FROM a"):
            pass

    assert any(_is_recalled(plain, counted, read) for _ in range(_TRIES))


@pytest.mark.parametrize(
    "statement",
    ["SELECT txid_current()", "INSERT INTO b VALUES (1)", "SELECT * FROM a FOR UPDATE"],
)
def test_they_are_read_after_any_transaction_that_could_write(
    plain: Target, counted: Counted, statement: str
) -> None:
    def write_and_roll_back() -> None:
        with _writing(plain, statement) as other:
            other.rollback()

    assert not _is_recalled(plain, counted, write_and_roll_back)


def test_they_are_read_after_somebody_wrote_in_another_database(plain: Target, counted: Counted) -> None:
    with plain.server.fresh_database() as name, plain.server.connect(name) as other:
        assert not _is_recalled(plain, counted, lambda: other.execute("SELECT txid_current()"))


def test_they_are_read_if_a_crash_would_empty_the_table(plain: Target, counted: Counted) -> None:
    plain.run("ALTER TABLE a SET UNLOGGED")
    assert not _is_recalled(plain, counted, lambda: None)


@pytest.mark.parametrize("first", ["SELECT txid_current()", "SAVEPOINT s", "SELECT 1"])
@pytest.mark.parametrize("is_older", [True, False])
def test_a_session_that_writes_later_is_noticed(plain: Target, first: str, is_older: bool) -> None:
    change = "UPDATE a SET v = 'z' WHERE id = 1"
    _seed(plain)
    with plain.open() as opened:
        if not is_older:
            write(opened, _ROWS, mode=SeedMode.UPSERT)
        with _writing(plain, first, "INSERT INTO b VALUES (1)") as other:
            if is_older:
                write(opened, _ROWS, mode=SeedMode.UPSERT)
            seeded = _remember(opened, "a")["a"]
            other.execute(change)
            other.commit()
    assert _look(plain) != seeded


def test_what_the_transaction_itself_wrote_is_noticed(plain: Target) -> None:
    seeded = _seed(plain)
    with plain.open() as opened:
        opened.lock(["a"])
        opened.read_state()
        opened._connection.execute(f"UPDATE {plain.schema}.a SET v = 'z' WHERE id = 1")
        assert opened.fingerprint("a") != seeded


def test_a_table_made_anew_is_not_taken_for_the_old_one(plain: Target, counted: Counted) -> None:
    seeded = _seed(plain)
    plain.run("DROP TABLE a", "CREATE TABLE a (id int PRIMARY KEY, v text)")
    assert _look(plain) != seeded
    assert counted[-1] == "a"


@pytest.mark.parametrize("change", [*CHANGES, *LASTING])
def test_every_kind_of_change_is_noticed(target: Target, change: str) -> None:
    target.run(
        "CREATE TYPE mood AS ENUM ('x', 'y')",
        "CREATE TYPE colour AS ENUM ('r', 'g')",
        "CREATE DOMAIN finer AS colour",
        "CREATE TYPE pair AS (number int, colour finer)",
        "CREATE TABLE a (id serial, day date, mood mood, more pair[], PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
        "CREATE TABLE a_new PARTITION OF a FOR VALUES FROM ('2024-01-01') TO ('2030-01-01')",
        "CREATE TABLE a_old PARTITION OF a DEFAULT",
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
        "INSERT INTO a VALUES (1, '2024-03-18', 'x'), (2, '1970-01-01', 'y')",
    )
    with target.open() as opened:
        opened.lock(["a"])
        seeded = _remember(opened, "a")["a"]
    target.run(*(CHANGES | LASTING)[change])
    assert _look(target) != seeded
