"""`tdmvc sql` into files: CSV and Parquet hold exactly the rows, and values of parameters are only values."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tdmvc as package
from tests.builders import Tdmvc, add_tables, copy_repo, run_quietly
from tests.series import trials

TEXTS = st.none() | st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\",\n\t '\\;$"), max_size=6
)


@pytest.fixture
def shop(repo: Path) -> Path:
    add_tables(repo, {"orders": "id,status,total\n1,paid,5.00\n2,open,6.50\n3,,7.00\n"})
    return repo


@given(
    rows=st.lists(
        st.tuples(st.integers(-(2**63), 2**63 - 1), TEXTS, TEXTS), unique_by=lambda row: row[0], max_size=8
    )
)
@settings(max_examples=trials(200, 15), deadline=None)
def test_csv_is_read_again_as_the_same_rows(tmp_path_factory: Any, template: Path, rows: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("law")
    with package.open(copy_repo(template, folder / "app")) as repository:
        given_rows = pa.table(
            {
                "id": pa.array([row[0] for row in rows], pa.int64()),
                "a": pa.array([row[1] for row in rows], pa.string()),
                "b": pa.array([row[2] for row in rows], pa.string()),
            }
        )
        (folder / "in").mkdir()
        pq.write_table(given_rows, folder / "in" / "t.parquet")
        repository.add("golden", folder / "in", keys={"t": ["id"]})
        run_sql(folder / "app", "select * from t order by id", "--output", folder / "out" / "t.csv")
        repository.add("copy", folder / "out", keys={"t": ["id"]})
        texts = "select id::varchar, a::varchar, b::varchar from {}.t order by id"
        assert (
            repository.sql(texts.format("golden")).to_pylist()
            == repository.sql(texts.format("copy")).to_pylist()
        )


def run_sql(app: Path, *words: object) -> None:
    run_quietly(app, "sql", *words)


def test_all_rows_are_written_whatever_a_terminal_shows(shop: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    many = "select range as n, 'x' as t from range(3000)"
    assert "there are more" in tdmvc("sql", many).out
    assert len(tdmvc("sql", many, "--format", "json").json["rows"]) == 3000
    assert tdmvc("sql", many, "--format", "csv").out.count("\n") == 3001
    printed = tdmvc("sql", many, "--output", tmp_path / "n.parquet").err
    assert "3,000 rows written to" in printed
    assert pq.read_table(tmp_path / "n.parquet").num_rows == 3000
    tdmvc("sql", many, "--output", tmp_path / "n.json", "--limit", "2")
    assert json.loads((tmp_path / "n.json").read_text())["is_cut"] is True


def test_values_that_csv_has_no_form_for_are_written_as_json_and_hexadecimal(
    shop: Path, tdmvc: Tdmvc
) -> None:
    query = """select [1, 2] as l, {'a': 'x"y'} as s, '\\x00\\xFF'::blob as b, interval 1 day as i, null as n, '' as e,
        timestamptz '2026-01-01 10:00:00+02' as z, 1.50::decimal(5, 2) as d, true as t"""
    assert tdmvc("sql", query, "--format", "csv").out == (
        'l,s,b,i,n,e,z,d,t\n"[1,2]","{""a"":""x\\""y""}",\\x00ff,1 day,,"",2026-01-01 08:00:00+00,1.50,true\n'
    )


@pytest.mark.parametrize(
    ("value", "count"),
    [("paid", 1), ("x' or '1'='1", 0), ("$other", 0), ("a=b", 0), ("", 0), ("öpen; drop table t", 0)],
)
def test_a_parameter_is_a_value_and_nothing_else(shop: Path, tdmvc: Tdmvc, value: str, count: int) -> None:
    result = tdmvc(
        "sql", "select * from orders where status = $status", "--param", f"status={value}", "--format", "json"
    )
    assert len(result.json["rows"]) == count


def test_a_parameter_takes_the_type_that_it_is_compared_with(shop: Path, tdmvc: Tdmvc) -> None:
    words = ("--param", "id=02", "--param", "total=6.5", "--format", "json")
    assert (
        len(tdmvc("sql", "select * from orders where id = $id and total = $total", *words).json["rows"]) == 1
    )
    with package.open(shop) as repository:
        assert repository.sql("select * from orders where id = $id", {"id": 2}).num_rows == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("select $a",), "not provided"),
        (("select 1", "--param", "a=1"), "parameter"),
        (("select 1", "--param", "a"), "NAME=VALUE"),
        (("select 1", "--param", "1=2"), "NAME=VALUE"),
        (("select $a", "--param", "a=1", "--param", "a=2"), "twice"),
        (("select 1", "--output", "x.xlsx"), ".csv"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    shop: Path, tdmvc: Tdmvc, words: tuple[str, ...], message: str
) -> None:
    assert message.lower() in tdmvc("sql", *words, code=2).err.lower()
    assert not (shop / "x.xlsx").exists()


@pytest.mark.parametrize(
    "query",
    [
        "select error('stop') as x from orders",
        "select if(i < 900_000, i, error('stop')) as x from range(1_000_000) t(i)",
    ],
)
def test_a_query_that_fails_midway_leaves_the_file_as_it_was(
    shop: Path, tdmvc: Tdmvc, tmp_path: Path, query: str
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("mine\n")
    assert "The query failed: Invalid Input Error: stop" in tdmvc("sql", query, "--output", file, code=2).err
    assert file.read_text() == "mine\n"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".tdmvc")] == []
