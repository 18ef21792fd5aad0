"""The laws of the hint about tables: it agrees with a real parser if that understands the SQL."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse

from tdmvc.checks.drift import plain_name, touched_tables
from tdmvc.migrations.sql_tables import sql_tables
from tdmvc.model.migration import Migration
from tests.series import trials

QUOTES = {"postgres": ('"', '"'), "mysql": ("`", "`"), "tsql": ("[", "]"), "sqlite": ('"', '"')}
PLAIN = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).map("t_{}".format)
ODD = st.sampled_from(["Order Lines", "select", "Größen", "a-b", "t1.x", "drop table z"])
STATEMENTS = (
    "CREATE TABLE {t} (id int, other_id int)",
    "CREATE TABLE IF NOT EXISTS {t} (id int PRIMARY KEY)",
    "ALTER TABLE {t} ADD COLUMN x int",
    "DROP TABLE {t}",
    "INSERT INTO {t} (id) VALUES (1)",
    "INSERT INTO {t} (id) SELECT id FROM other_source",
    "UPDATE {t} SET x = 'a; DROP TABLE nothing' WHERE y = 2",
    "DELETE FROM {t} WHERE id = 1",
    "CREATE INDEX ix ON {t} (id)",
    "SELECT * FROM only_read",
    "CREATE VIEW v AS SELECT * FROM only_read",
)


def sqlglot_tables(sql: str, dialect: str) -> set[str]:
    """Return the targets of statements according to a parser."""
    found = set()
    for statement in parse(sql, read=dialect):
        for target in _targets(statement):
            if isinstance(target, exp.Schema):
                target = target.this
            if isinstance(target, exp.Table):
                found.add(target.name)
    return found


def _targets(statement: exp.Expression | None) -> list[object]:
    if isinstance(statement, exp.Create) and statement.kind == "INDEX":
        return [statement.this.args["table"]]
    if isinstance(statement, exp.Drop):
        return list(statement.args["tables"])
    is_of_table = isinstance(statement, exp.Create | exp.Alter) and statement.args.get("kind") == "TABLE"
    is_of_rows = isinstance(statement, exp.Insert | exp.Update | exp.Delete)
    return [statement.this] if is_of_table or is_of_rows else []


@st.composite
def scripts(draw, dialect):
    opening, closing = QUOTES[dialect]
    lines, touched = [], set()
    for template in draw(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=6)):
        name = draw(st.one_of(PLAIN, ODD))
        is_quoted = not name.startswith("t_") or draw(st.booleans())
        spelled = f"{opening}{name}{closing}" if is_quoted else name
        if draw(st.booleans()):
            spelled = f"shop.{spelled}"
        if "{t}" in template:
            touched.add(name)
        statement = template.format(t=spelled)
        if draw(st.booleans()):
            statement = statement.lower() if not is_quoted and "'" not in statement else statement
        lines.append(
            draw(st.sampled_from(["", "-- drop table a;\n", "/* update b set c = 1; */ ", "\n\n"]))
            + statement
        )
    return ";\n".join(lines) + draw(st.sampled_from(["", ";", ";\n"])), touched


@pytest.mark.parametrize("dialect", QUOTES)
@settings(max_examples=trials(60, 20), deadline=None)
@given(st.data())
def test_the_hint_equals_what_a_parser_finds_in_plain_statements(dialect, data):
    sql, touched = data.draw(scripts(dialect))
    if "IF NOT EXISTS" in sql and dialect == "tsql":
        sql = sql.replace("IF NOT EXISTS ", "")
    assert sqlglot_tables(sql, dialect) == touched
    assert set(sql_tables(sql)) == touched


@given(st.text(max_size=200))
def test_the_hint_never_raises(text):
    assert all(sql_tables(text))


@given(
    PLAIN,
    st.sampled_from(["{}", '"{}"', "`{}`", "[{}]", "public.{}", '"public"."{}"', "[dbo].[{}]", "db.dbo.{}"]),
)
def test_a_name_is_the_same_with_and_without_schema_quotes_and_case(name, spelling):
    for one in (spelling.format(name), spelling.format(name.upper())):
        assert plain_name(one) == name
        assert touched_tables([Migration("1", "", "", touches=(name.title(),))], [one, "another"]) == (one,)
    assert touched_tables([Migration("1", "", "", touches=(name,))], [f"{name}_x", f"{name}.other"]) == ()
