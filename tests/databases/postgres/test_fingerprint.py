"""A fingerprint stays the same while a table does, and differs after anything that anybody did to it."""

import pyarrow as pa
import pytest

from tdmvc.model.seeding import SeedMode
from tests.databases.postgres.conftest import Target, table, write

_DAYS = pa.array([19_800, 0], pa.int32()).cast(pa.date32())


def _fingerprint(target: Target, name: str = "a") -> tuple[int, str]:
    with target.open() as opened:
        opened.lock([name])
        return opened.fingerprint(name)


@pytest.fixture
def seeded(target: Target) -> tuple[int, str]:
    """The fingerprint of a loaded table, as the load saw it."""
    target.run(
        "CREATE TYPE mood AS ENUM ('x', 'y')",
        "CREATE TYPE colour AS ENUM ('r', 'g')",
        "CREATE DOMAIN fine AS colour",
        "CREATE DOMAIN finer AS fine",
        "CREATE TYPE pair AS (number int, colour finer)",
        "CREATE TYPE pairs AS RANGE (subtype = pair)",
        "CREATE TABLE a (id serial, day date, mood mood, more pairs[], PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
        "CREATE TABLE a_new PARTITION OF a FOR VALUES FROM ('2024-01-01') TO ('2030-01-01')",
        "CREATE TABLE a_old PARTITION OF a DEFAULT",
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
    )
    with target.open() as opened:
        write(opened, table("a", {"id": [1, 2], "day": _DAYS, "mood": ["x", "y"]}, "id"))
        found = opened.fingerprint("a")
        opened.commit()
    return found


def test_it_stays_the_same_while_nothing_happens(target: Target, seeded: tuple[int, str]) -> None:
    target.run("SELECT * FROM a", "VACUUM (FREEZE, ANALYZE) a", "CHECKPOINT", "SELECT pg_stat_reset()")
    with target.server.connect(target.database) as other:
        other.execute(f"SELECT * FROM {target.schema}.a FOR UPDATE")
        other.autocommit = False
        other.execute(f"DELETE FROM {target.schema}.a")
        other.rollback()
    assert _fingerprint(target) == seeded
    assert seeded[0] == 2


CHANGES = {
    "a changed row": ["UPDATE a SET mood = 'y' WHERE id = 1"],
    "a row written as it was": ["UPDATE a SET mood = mood WHERE id = 1"],
    "a row less, and the same again": [
        "DELETE FROM a WHERE id = 1",
        "INSERT INTO a VALUES (1, '2024-03-18', 'x')",
    ],
    "all rows gone": ["TRUNCATE a"],
    "all rows again": [
        "CREATE TEMP TABLE kept AS SELECT * FROM a",
        "TRUNCATE a",
        "INSERT INTO a SELECT * FROM kept ORDER BY id",
    ],
    "a sequence with other steps": ["ALTER SEQUENCE a_id_seq INCREMENT 5"],
    "a label with another name": ["ALTER TYPE mood RENAME VALUE 'x' TO 'z'"],
    "a label deep in a type": ["ALTER TYPE colour RENAME VALUE 'r' TO 'z'"],
    "a field more in a type": ["ALTER TYPE pair ADD ATTRIBUTE third int"],
    "a column more": ["ALTER TABLE a ADD COLUMN another int DEFAULT 5"],
    "a column with another name": ["ALTER TABLE a RENAME COLUMN mood TO feeling"],
    "a column of another type": ["ALTER TABLE a ALTER COLUMN id TYPE bigint"],
    "another default": ["ALTER TABLE a ALTER COLUMN mood SET DEFAULT 'x'"],
    "a condition": ["ALTER TABLE a ADD CHECK (id > 0)"],
    "an index": ["CREATE INDEX ON a (mood)"],
    "a trigger": ["CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION nothing()"],
    "a partition": ["CREATE TABLE a_far PARTITION OF a FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')"],
    "a partition taken away": ["ALTER TABLE a DETACH PARTITION a_old"],
}
LASTING = {
    "a rewritten partition": ["VACUUM FULL a_new"],
    "a number taken": ["SELECT nextval('a_id_seq')"],
    "a sequence set": ["SELECT setval('a_id_seq', 100)"],
}
"""What no rollback undoes."""


def test_it_differs_after_any_change(target: Target, seeded: tuple[int, str]) -> None:
    for change, statements in CHANGES.items():
        with target.open() as opened:
            opened.lock(["a"])
            opened._connection.execute(f"SET search_path = {target.schema}")
            for statement in statements:
                opened._connection.execute(statement)
            opened._connection.execute("SET search_path = pg_catalog")
            assert opened.fingerprint("a") != seeded, change
    assert _fingerprint(target) == seeded
    before = seeded
    for change, statements in LASTING.items():
        target.run(*statements)
        after = _fingerprint(target)
        assert after != before, change
        before = after


def test_rows_of_a_foreign_partition_count_by_their_values(target: Target) -> None:
    # Where the server may read it.
    file = target.server.running.folder / "rows.csv"
    file.write_text("1,x\n2,y\n")
    target.run(
        "CREATE EXTENSION IF NOT EXISTS file_fdw SCHEMA pg_catalog",
        "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
        "CREATE TABLE a (id int, v text) PARTITION BY RANGE (id)",
        "CREATE FOREIGN TABLE a_file PARTITION OF a FOR VALUES FROM (1) TO (9) SERVER files "
        f"OPTIONS (filename '{file}', format 'csv')",
    )
    before = _fingerprint(target)
    assert _fingerprint(target) == before
    file.write_text("1,x\n2,z\n")
    assert _fingerprint(target) != before
    target.run("DROP SERVER files CASCADE")


def test_the_lock_waits_for_a_session_that_is_still_writing(target: Target, seeded: tuple[int, str]) -> None:
    with target.server.connect(target.database) as other:
        other.autocommit = False
        other.execute(f"UPDATE {target.schema}.a SET mood = 'y' WHERE id = 1")
        with target.open() as opened:
            opened._connection.execute("SET LOCAL lock_timeout = '100ms'")
            with pytest.raises(Exception, match="holds a lock"):
                opened.lock(["a"])
        other.commit()
    assert _fingerprint(target) != seeded


def test_it_is_that_of_the_table_alone(target: Target, seeded: tuple[int, str]) -> None:
    target.run("CREATE TABLE b (a int)", "INSERT INTO b VALUES (1)")
    target.load(table("b", {"a": [2]}))
    assert _fingerprint(target) == seeded


def test_it_is_known_again_after_a_difference(target: Target, seeded: tuple[int, str]) -> None:
    rows = table("a", {"id": [3, 2], "day": _DAYS, "mood": ["x", "x"]}, "id,day")
    with target.open() as opened:
        write(opened, rows, mode=SeedMode.UPSERT)
        found = opened.fingerprint("a")
        opened.commit()
    assert found != seeded
    assert found[0] == 3
    assert _fingerprint(target) == found


@pytest.mark.parametrize("constraint", ["", ", UNIQUE (v)"])
def test_it_is_kept_up_while_a_difference_is_applied(target: Target, constraint: str) -> None:
    target.run(f"CREATE TABLE c (id int PRIMARY KEY, v text{constraint})")
    target.load(table("c", {"id": list(range(9)), "v": [f"v{n}" for n in range(9)]}, "id"))
    rows = table("c", {"id": [2, 3, 4, 50], "v": ["v3", "v2", "v4", "v0"]}, "id")
    with target.open() as opened:
        opened.lock(["c"])
        before = opened.fingerprint("c")
        opened.apply_changes(rows, pa.table({"id": [0, 8]}).to_reader(), opened.read_catalog()["c"].schema)
        opened.finish(["c"])
        after = opened.fingerprint("c")
        opened.commit()
    assert after != before
    assert after[0] == 8
    assert _fingerprint(target, "c") == after


@pytest.mark.parametrize("is_owner", [False, True], ids=["superuser", "owner"])
def test_what_a_load_suspends_does_not_show(target: Target, is_owner: bool) -> None:
    target.run(
        "CREATE TABLE b (id int PRIMARY KEY, b int REFERENCES b)",
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
        "CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION nothing()",
    )
    location = target.location_as(target.role("ALTER TABLE b OWNER TO ROLE")) if is_owner else None
    with target.open(location) as opened:
        write(opened, table("b", {"id": [1], "b": [1]}))
        found = opened.fingerprint("b")
        opened.commit()
    with target.open(location) as opened:
        opened.lock(["b"])
        assert opened.fingerprint("b") == found
