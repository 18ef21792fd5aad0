"""Hints about tables from SQL in many dialects, with templates and faults, in little time."""

import time
from pathlib import Path

import pytest

from tdmvc.migrations.sql_tables import sql_tables
from tests.yaml_files import read_yaml

CASES = read_yaml(Path(__file__).parents[1] / "cases" / "sql_touches.yaml")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['dialect']}: {case['sql'][:50]!r}")
def test_the_hint_names_what_a_statement_changes(case):
    assert list(sql_tables(case["sql"])) == case.get("seen", case["tables"])


def test_the_hint_is_wrong_in_few_cases():
    wrong = [case for case in CASES if "seen" in case]
    assert all(sorted(case["seen"]) != case["tables"] for case in wrong)
    assert len(wrong) < len(CASES) / 8


@pytest.mark.parametrize(
    "text",
    [
        "drop table a, " * 20_000,
        "drop table " + "a, " * 80_000,
        "drop table " + "a.b.c.d, " * 30_000,
        "truncate " * 30_000,
        "alter table a rename to " * 20_000,
        "alter table a.b.c.d.e " * 20_000,
        "rename table " + "a to b, " * 40_000,
        "rename table a to " * 20_000,
        "create or replace " * 20_000,
        "( " * 100_000,
        "(" + " " * 200_000,
        "\n" + " " * 200_000,
        "\n " * 100_000,
        "${" * 100_000,
        "{{" * 100_000,
        "{%" * 100_000,
        ":a" * 100_000,
        ":" + "a" * 200_000,
        "execute immediate '" * 20_000,
        "execute " * 40_000,
        "E'\\" * 60_000,
        "`" + "'\\" * 60_000,
        "delimiter " * 20_000,
        "\n/" * 80_000,
        "then update " * 20_000,
    ],
    ids=range(25),
)
def test_the_hint_takes_little_time_on_every_text(text):
    start = time.process_time()
    sql_tables(text)
    assert time.process_time() - start < 2
