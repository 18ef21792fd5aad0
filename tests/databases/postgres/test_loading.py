"""What loading does to the rows of tables, in each mode, and to nothing else."""

import pyarrow as pa
import pytest

from tdmvc.databases.base import TableToWrite
from tdmvc.errors import DatabaseError
from tdmvc.model.seeding import SeedMode, WrittenRows
from tests.databases.postgres.conftest import Target, table, write


def test_replace_leaves_exactly_the_rows_of_the_dataset(target: Target) -> None:
    target.run("CREATE TABLE a (id int PRIMARY KEY, v text)", "INSERT INTO a VALUES (1, 'old'), (7, 'gone')")
    assert target.load(table("a", {"id": [1, 2], "v": ["new", None]}, "id")) == [WrittenRows(inserted=2)]
    assert target.rows("SELECT * FROM a ORDER BY 1") == [(1, "new"), (2, None)]


def test_upsert_changes_only_what_differs(target: Target) -> None:
    target.run(
        "CREATE TABLE a (id int PRIMARY KEY, v text, own int DEFAULT 5)",
        "INSERT INTO a VALUES (1, 'same', 1), (2, 'old', 2), (9, 'other', 9)",
    )
    before = target.rows("SELECT xmin::text FROM a WHERE id = 1")
    rows = table("a", {"id": [1, 2, 3], "v": ["same", "new", "added"]}, "id")
    assert target.load(rows, mode=SeedMode.UPSERT) == [WrittenRows(inserted=1, updated=1, unchanged=1)]
    expected = [(1, "same", 1), (2, "new", 2), (3, "added", 5), (9, "other", 9)]
    assert target.rows("SELECT * FROM a ORDER BY 1") == expected
    assert target.rows("SELECT xmin::text FROM a WHERE id = 1") == before


@pytest.mark.parametrize(
    ("type_", "old", "new"),
    [
        ("numeric", "1.0", "1.00"),
        ("json", '{"a":1}', '{"a": 1}'),
        ("interval", "30 days", "1 mon"),
        ("float8", "0", "-0"),
        ("point", "(1,2)", "(1,3)"),
        ("xml", "<a/>", "<b/>"),
        ("text", None, "x"),
        ("text", "x", None),
    ],
)
def test_upsert_sees_differences_that_the_type_calls_equal(
    target: Target, type_: str, old: str | None, new: str | None
) -> None:
    if type_ == "xml" and not target.rows("SELECT FROM pg_proc WHERE proname = 'xmlparse'"):
        type_ = "text"
    target.run(f"CREATE TABLE a (id int PRIMARY KEY, v {type_})")
    target.admin.execute(f"INSERT INTO a VALUES (1, %s::text::{type_})", [old])
    rows = table("a", {"id": [1], "v": pa.array([new], pa.string())}, "id")
    assert target.load(rows, mode=SeedMode.UPSERT) == [WrittenRows(updated=1)]
    assert target.rows("SELECT v::text FROM a") == [(new,)]
    assert target.load(rows, mode=SeedMode.UPSERT) == [WrittenRows(unchanged=1)]


@pytest.mark.parametrize("key", ["", "id", "v"])
def test_upsert_needs_a_key_that_the_database_knows(target: Target, key: str) -> None:
    target.run("CREATE TABLE a (id int, v int)", "CREATE UNIQUE INDEX ON a (v) WHERE v > 5")
    with pytest.raises(DatabaseError, match="needs a unique key"):
        target.load(table("a", {"id": [1], "v": [1]}, key), mode=SeedMode.UPSERT)


def test_append_adds_rows_and_refuses_a_key_that_is_there(target: Target) -> None:
    target.run("CREATE TABLE a (id int CONSTRAINT own_key PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    assert target.load(table("a", {"id": [2]}), mode=SeedMode.APPEND) == [WrittenRows(inserted=1)]
    with pytest.raises(DatabaseError, match="repeats values of own_key") as raised:
        target.load(table("a", {"id": [3, 2]}), mode=SeedMode.APPEND)
    assert raised.value.exit_code == 7
    assert target.rows("SELECT id FROM a ORDER BY 1") == [(1,), (2,)]


def _change(target: Target, rows: TableToWrite, deleted: pa.Table) -> WrittenRows:
    with target.open() as opened:
        opened.lock([rows.schema.name])
        schema = opened.read_catalog()[rows.schema.name].schema
        counts = opened.apply_changes(rows, deleted.to_reader(), schema)
        opened.finish([rows.schema.name])
        opened.commit()
        return counts


def test_a_difference_is_applied_by_key(target: Target) -> None:
    target.run(
        "CREATE TABLE a (id int PRIMARY KEY, v int)", "INSERT INTO a SELECT n, n FROM generate_series(1, 9) n"
    )
    counts = _change(target, table("a", {"id": [2, 50], "v": [0, 0]}, "id"), pa.table({"id": [3, 4]}))
    assert counts == WrittenRows(inserted=1, updated=1, deleted=2)
    assert target.rows("SELECT count(*), sum(v) FROM a") == [(8, 36)]


@pytest.mark.parametrize(
    "constraint",
    [
        "UNIQUE (v)",
        "UNIQUE (v) DEFERRABLE INITIALLY DEFERRED",
        "EXCLUDE (v WITH =)",
    ],
)
def test_unique_values_move_from_one_row_to_another(target: Target, constraint: str) -> None:
    target.run(
        f"CREATE TABLE a (id int PRIMARY KEY, v text, own int DEFAULT 0, {constraint})",
        "INSERT INTO a VALUES (1, 'x', 10), (2, 'y', 20), (3, 'z', 30)",
    )
    rows = table("a", {"id": [1, 2, 4], "v": ["y", "x", "z"]}, "id")
    assert _change(target, rows, pa.table({"id": [3]})) == WrittenRows(inserted=1, updated=2, deleted=1)
    assert target.rows("SELECT * FROM a ORDER BY 1") == [(1, "y", 10), (2, "x", 20), (4, "z", 0)]


def test_identities_that_are_always_generated_are_written(target: Target) -> None:
    target.run(
        "CREATE TABLE a (code text PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, "
        "twice int GENERATED ALWAYS AS (n * 2) STORED)",
        "INSERT INTO a (code) VALUES ('x'), ('y')",
    )
    rows = table("a", {"code": ["x", "z"], "n": [40, 41], "twice": [80, 82]}, "code")
    assert target.load(rows, mode=SeedMode.UPSERT) == [WrittenRows(inserted=1, updated=1)]
    assert target.rows("SELECT * FROM a ORDER BY 1") == [("x", 40, 80), ("y", 2, 4), ("z", 41, 82)]
    assert target.load(rows)[0].inserted == 2
    target.run("INSERT INTO a (code) VALUES ('new')")
    assert target.rows("SELECT n FROM a WHERE code = 'new'") == [(42,)]


def test_only_the_table_itself_is_emptied(target: Target) -> None:
    target.run(
        "CREATE TABLE parent (id int)",
        "CREATE TABLE child () INHERITS (parent)",
        "INSERT INTO parent VALUES (1)",
        "INSERT INTO child VALUES (2)",
        "CREATE TABLE measured (id int, day date) PARTITION BY RANGE (day)",
        "CREATE TABLE measured_24 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
        "CREATE TABLE measured_rest PARTITION OF measured DEFAULT",
        "INSERT INTO measured VALUES (1, '2024-05-05'), (2, '2020-01-01')",
    )
    days = pa.array([19_800, 0], pa.int32()).cast(pa.date32())
    target.load(table("parent", {"id": [5]}), table("measured", {"id": [3, 4], "day": days}))
    assert target.rows("SELECT tableoid::regclass::text, id FROM parent ORDER BY 2") == [
        ("child", 2),
        ("parent", 5),
    ]
    assert target.rows("SELECT tableoid::regclass::text, id FROM measured ORDER BY 2") == [
        ("measured_24", 3),
        ("measured_rest", 4),
    ]


@pytest.mark.parametrize("action", ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL"])
@pytest.mark.parametrize("is_owner", [False, True], ids=["superuser", "owner"])
def test_rows_that_refer_from_other_tables_stay_as_they_are(
    target: Target, action: str, is_owner: bool
) -> None:
    target.run(
        "CREATE TABLE a (id int PRIMARY KEY)",
        f"CREATE TABLE b (id int, a int CONSTRAINT to_a REFERENCES a ON DELETE {action})",
        "COMMENT ON CONSTRAINT to_a ON b IS 'kept'",
        "INSERT INTO a VALUES (1), (2)",
        "INSERT INTO b VALUES (1, 1), (2, null)",
    )
    location = None
    if is_owner:
        role = target.role(*(f"ALTER TABLE {name} OWNER TO ROLE" for name in "ab"))
        location = target.location_as(role)
    target.load(table("a", {"id": [1, 5]}), location=location)
    assert target.rows("SELECT * FROM b ORDER BY 1") == [(1, 1), (2, None)]
    assert target.rows("SELECT id FROM a ORDER BY 1") == [(1,), (5,)]
    assert target.rows(
        "SELECT confdeltype::text, convalidated, obj_description(oid) FROM pg_constraint WHERE conname = 'to_a' "
        f"AND connamespace = '{target.schema}'::regnamespace"
    ) == [({"NO ACTION": "a", "RESTRICT": "r", "CASCADE": "c", "SET NULL": "n"}[action], True, "kept")]
    with pytest.raises(Exception, match="violates foreign key"):
        target.run("INSERT INTO b VALUES (3, 77)")


def test_what_an_owner_breaks_is_refused(target: Target) -> None:
    target.run(
        "CREATE TABLE a (id int PRIMARY KEY)",
        "CREATE TABLE b (a int CONSTRAINT to_a REFERENCES a)",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO b VALUES (1)",
    )
    role = target.role(*(f"ALTER TABLE {name} OWNER TO ROLE" for name in "ab"))
    with pytest.raises(DatabaseError, match="break its reference to_a"):
        target.load(table("a", {"id": [5]}), location=target.location_as(role))
    assert target.rows("SELECT id FROM a") == [(1,)]
    assert target.rows(
        f"SELECT count(*) FROM pg_constraint WHERE conname = 'to_a' AND connamespace = '{target.schema}'::regnamespace"
    ) == [(1,)]


def test_tables_that_refer_to_each_other_are_loaded_in_any_order(target: Target) -> None:
    target.run(
        "CREATE TABLE a (id int PRIMARY KEY, b int, boss int REFERENCES a)",
        "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a)",
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b",
    )
    role = target.role("ALTER TABLE a OWNER TO ROLE", "ALTER TABLE b OWNER TO ROLE")
    rows = [
        table("a", {"id": [1, 2], "b": [10, 11], "boss": [2, None]}),
        table("b", {"id": [10, 11], "a": [2, 1]}),
    ]
    for location in (None, target.location_as(role)):
        target.load(*rows, location=location)
        assert target.rows("SELECT * FROM a ORDER BY 1") == [(1, 10, 2), (2, 11, None)]


def _keep_watch(target: Target, state: str) -> None:
    target.run(
        "CREATE TABLE a (id int PRIMARY KEY, v text)",
        "CREATE TABLE log (said text)",
        "CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN INSERT INTO {target.schema}.log VALUES (tg_name); "
        "IF tg_level = 'ROW' THEN new.v := 'changed'; END IF; RETURN new; END $$",
        "CREATE TRIGGER row_trigger BEFORE INSERT OR UPDATE ON a FOR EACH ROW EXECUTE FUNCTION change()",
        "CREATE TRIGGER all_trigger AFTER TRUNCATE ON a EXECUTE FUNCTION change()",
        "CREATE RULE on_delete AS ON DELETE TO a DO ALSO INSERT INTO log VALUES ('rule')",
        "CREATE RULE on_insert AS ON INSERT TO a DO INSTEAD NOTHING",
        *(f"ALTER TABLE a {state} TRIGGER {name}" for name in ("row_trigger", "all_trigger")),
        *(f"ALTER TABLE a {state} RULE {name}" for name in ("on_delete", "on_insert")),
        "INSERT INTO log VALUES ('begin')",
    )


_ACTING = (
    "SELECT tgenabled::text FROM pg_trigger WHERE tgrelid = 'a'::regclass UNION ALL "
    "SELECT ev_enabled::text FROM pg_rewrite WHERE ev_class = 'a'::regclass ORDER BY 1"
)


@pytest.mark.parametrize("state", ["ENABLE", "ENABLE ALWAYS", "ENABLE REPLICA", "DISABLE"])
@pytest.mark.parametrize("is_owner", [False, True], ids=["superuser", "owner"])
def test_triggers_and_rules_do_not_act_on_rows_and_stay_as_they_were(
    target: Target, state: str, is_owner: bool
) -> None:
    _keep_watch(target, state)
    before = target.rows(_ACTING)
    location = None
    if is_owner:
        location = target.location_as(target.role("ALTER TABLE a OWNER TO ROLE"))
    for mode in (SeedMode.REPLACE, SeedMode.UPSERT):
        target.load(table("a", {"id": [1, 2], "v": [mode, mode]}, "id"), mode=mode, location=location)
        assert target.rows("SELECT * FROM a ORDER BY 1") == [(1, mode), (2, mode)]
    assert target.rows("SELECT * FROM log") == [("begin",)]
    assert target.rows(_ACTING) == before


def test_a_user_who_cannot_stop_a_trigger_is_refused_and_told_what_to_do(target: Target) -> None:
    _keep_watch(target, "ENABLE")
    role = target.role("GRANT ALL ON a, log TO ROLE")
    rows = table("a", {"id": [1], "v": ["x"]})
    with pytest.raises(DatabaseError, match="may not disable") as raised:
        target.load(rows, location=target.location_as(role))
    assert "trigger row_trigger of" in raised.value.message
    advice = raised.value.remedy.partition("run: ")[2].rstrip(".")
    target.run(advice)
    target.load(rows, location=target.location_as(role))
    assert target.rows("SELECT v FROM a") == [("x",)]


def test_a_user_with_rights_to_rows_alone_loads_tables(target: Target) -> None:
    target.run(
        "CREATE TABLE a (id serial PRIMARY KEY)",
        "CREATE TABLE b (id int, a int REFERENCES a)",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO b VALUES (1, 1)",
    )
    role = target.role(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON a, b TO ROLE", "GRANT ALL ON SEQUENCE a_id_seq TO ROLE"
    )
    target.load(table("a", {"id": [7]}), table("b", {"id": [2], "a": [7]}), location=target.location_as(role))
    assert target.rows("SELECT * FROM b") == [(2, 7)]
    assert target.rows("SELECT nextval('a_id_seq')") == [(8,)]


def test_row_level_security_hides_nothing(target: Target) -> None:
    target.run(
        "CREATE TABLE a (id int)",
        "INSERT INTO a VALUES (1), (2)",
        "ALTER TABLE a ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY own ON a USING (id = 1)",
    )
    role = target.role("GRANT ALL ON a TO ROLE")
    with pytest.raises(DatabaseError):
        target.load(table("a", {"id": [5]}), location=target.location_as(role))
    assert target.rows("SELECT count(*) FROM a") == [(2,)]
    target.load(table("a", {"id": [5]}))
    assert target.rows("SELECT * FROM a") == [(5,)]


def test_nothing_stays_without_a_commit(target: Target) -> None:
    target.run("CREATE TABLE a (id serial PRIMARY KEY)", "INSERT INTO a DEFAULT VALUES")
    with target.open() as opened:
        write(opened, table("a", {"id": [70]}))
    assert target.rows("SELECT * FROM a") == [(1,)]
    target.run("INSERT INTO a DEFAULT VALUES")
    assert target.rows("SELECT max(id) FROM a") == [(2,)]


_INDEXES = """
SELECT c.relname::text, pg_get_indexdef(c.oid), obj_description(c.oid, 'pg_class'), pg_get_constraintdef(k.oid),
    obj_description(k.oid, 'pg_constraint'), i.indisreplident, i.indisclustered
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.contype <> 'f'
WHERE i.indrelid IN ('a'::regclass, 'b'::regclass) ORDER BY 1
"""


@pytest.mark.parametrize("user", ["superuser", "owner", "owner who makes nothing"])
def test_indexes_of_many_rows_are_afterwards_as_they_were(target: Target, user: str) -> None:
    target.run(
        "CREATE TABLE a (id int PRIMARY KEY, v text, w int, x int, y int, EXCLUDE (w WITH =))",
        "ALTER TABLE a ADD CONSTRAINT twice UNIQUE NULLS NOT DISTINCT (v, w) INCLUDE (id) DEFERRABLE",
        "ALTER TABLE a ADD CONSTRAINT referred UNIQUE (x)",
        "ALTER TABLE a ADD CONSTRAINT filled UNIQUE (y) WITH (fillfactor = 50)",
        "CREATE INDEX hashed ON a USING hash (v) WITH (fillfactor = 60) WHERE w > 5",
        "CREATE INDEX words ON a (lower(v) DESC NULLS LAST, w) INCLUDE (x)",
        "CREATE INDEX known ON a ((w + 1))",
        "ALTER INDEX known ALTER COLUMN 1 SET STATISTICS 500",
        "CREATE UNIQUE INDEX one ON a (w)",
        "COMMENT ON INDEX words IS 'it''s kept'",
        "COMMENT ON CONSTRAINT twice ON a IS 'kept, too'",
        "CLUSTER a USING one",
        "CREATE TABLE b (x int REFERENCES a (x))",
        "CREATE INDEX again ON b (x)",
    )
    before = target.rows(_INDEXES)
    location = None
    if user != "superuser":
        grants = ["ALTER TABLE a OWNER TO ROLE", "ALTER TABLE b OWNER TO ROLE"]
        grants += [f"GRANT CREATE ON SCHEMA {target.schema} TO ROLE"] if user == "owner" else []
        location = target.location_as(target.role(*grants))
    ids = pa.array(range(6_000), pa.int32())
    rows = table("a", {"id": ids, "v": [str(n) for n in range(6_000)], "w": ids, "x": ids, "y": ids}, "id")
    target.load(rows, table("b", {"x": ids}), location=location)
    assert target.rows(_INDEXES) == before
    assert target.rows("SELECT attstattarget::int FROM pg_attribute WHERE attrelid = 'known'::regclass") == [
        (500,)
    ]
    target.run("SET enable_seqscan = off")
    assert target.rows("SELECT id FROM a WHERE v = '77'") == [(77,)]


def test_many_rows_with_a_value_twice_are_refused(target: Target) -> None:
    target.run("CREATE TABLE a (id int PRIMARY KEY, v int CONSTRAINT once UNIQUE)")
    ids = pa.array(range(6_000), pa.int32())
    with pytest.raises(DatabaseError, match="a row repeats values of once"):
        target.load(table("a", {"id": ids, "v": pa.array([n // 2 for n in range(6_000)])}))
    assert target.rows("SELECT count(*) FROM a") == [(0,)]
    target.run("INSERT INTO a VALUES (1, 1)")
    with pytest.raises(Exception, match="once"):
        target.run("INSERT INTO a VALUES (2, 1)")
