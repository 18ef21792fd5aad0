"""References that rows break are found, also those of other tables, and counted without showing a value."""

from tests.databases.postgres.conftest import Target


def _broken(target: Target, *names: str) -> list[tuple[str | None, tuple[str, ...], object, object]]:
    with target.open() as opened:
        findings = opened.find_broken_references(names)
    return [(one.table, one.columns, one.details["to"], one.details["rows"]) for one in findings]


def test_rows_that_refer_to_nothing_are_counted(target: Target) -> None:
    target.run(
        "CREATE TABLE a (id int, code text, PRIMARY KEY (id, code))",
        "CREATE TABLE simple (id int, a_id int, a_code text, FOREIGN KEY (a_id, a_code) REFERENCES a)",
        "CREATE TABLE fully (id int, a_id int, a_code text, FOREIGN KEY (a_id, a_code) REFERENCES a MATCH FULL)",
        "CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree)",
        "CREATE TABLE far (id int, day date, tree int REFERENCES tree) PARTITION BY RANGE (day)",
        "CREATE TABLE far_all PARTITION OF far DEFAULT",
        "SET session_replication_role = replica",
        "INSERT INTO a VALUES (1, 'x')",
        "INSERT INTO simple VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'x'), (4, null, 'y'), (5, 7, null)",
        "INSERT INTO fully VALUES (1, 1, 'x'), (2, 1, 'y'), (3, null, null), (4, null, 'y'), (5, 7, null)",
        "INSERT INTO tree VALUES (1, 1), (2, 9), (3, null)",
        "INSERT INTO far VALUES (1, '2024-01-01', 1), (2, '2024-01-01', 50)",
        "SET session_replication_role = origin",
    )
    columns = ("a_id", "a_code")
    assert _broken(target, "simple") == [("simple", columns, "a", 2)]
    assert _broken(target, "fully") == [("fully", columns, "a", 3)]
    assert _broken(target, "a") == [("fully", columns, "a", 3), ("simple", columns, "a", 2)]
    assert _broken(target, "tree") == [("far", ("tree",), "tree", 1), ("tree", ("parent",), "tree", 1)]
    assert _broken(target, "far") == [("far", ("tree",), "tree", 1)]


def test_references_between_schemas_of_other_types_and_over_periods_are_checked(target: Target) -> None:
    other = f"{target.schema}_other"
    target.run(
        f"CREATE SCHEMA {other}",
        "CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public",
        "CREATE TABLE a (id bigint PRIMARY KEY)",
        f"CREATE TABLE {other}.b (id int, a smallint REFERENCES {target.schema}.a)",
        "CREATE TABLE p (id int, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS))",
        "CREATE TABLE q (p int, at daterange, FOREIGN KEY (p, PERIOD at) REFERENCES p (id, PERIOD during))",
        "SET session_replication_role = replica",
        "INSERT INTO a VALUES (1)",
        f"INSERT INTO {other}.b VALUES (1, 1), (2, 5)",
        "INSERT INTO p VALUES (1, '[2024-01-01,2024-02-01)'), (1, '[2024-02-01,2024-03-01)')",
        "INSERT INTO q VALUES (1, '[2024-01-15,2024-02-15)'), (1, '[2024-02-15,2024-04-01)')",
        "INSERT INTO q VALUES (2, '[2024-01-01,2024-01-02)')",
        "SET session_replication_role = origin",
    )
    try:
        assert _broken(target, "a") == [(f"{other}.b", ("a",), "a", 1)]
        assert _broken(target, "q") == [("q", ("p", "at"), "p", 2)]
    finally:
        target.run(f"DROP SCHEMA {other} CASCADE")
