"""The SQL of a rule gives one number, and a count shows the rows that it counts."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.checks.sandbox import QueryJob, QueryOutcome, QueryTable, run_queries


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, QueryTable]:
    folder = tmp_path_factory.mktemp("parts")
    ids = pa.int64()
    content = {
        "orders": (pa.table({"id": pa.array([1, 2, 3], ids), "total": pa.array([5, 7, 0], ids)}), ("id",)),
        "lines": (pa.table({"order": pa.array([1, 1, 2], ids), "price": pa.array([2, 3, 6], ids)}), ()),
    }
    found = {}
    for name, (rows, key) in content.items():
        pq.write_table(rows, folder / f"{name}.parquet")
        found[name] = QueryTable((folder / f"{name}.parquet",), rows.schema, key)
    return {**found, "empty": QueryTable((), content["orders"][0].schema, ("id",))}


def run(tables: dict[str, QueryTable], *texts: str, table: str = "orders") -> list[QueryOutcome]:
    jobs = {text: QueryJob(text, table) for text in texts}
    return list(run_queries(jobs, tables, examples=2).values())


def test_a_query_gives_its_number(tables: dict[str, QueryTable]) -> None:
    cases = {
        "SELECT count(*) FROM orders": Decimal(3),
        "SELECT count(*) FROM ORDERS": Decimal(3),
        "SELECT count(*) FROM empty": Decimal(0),
        "SELECT sum(total) FROM orders": Decimal(12),
        "SELECT 10 / 4.0": Decimal("2.5"),
        "SELECT 1 = 1": Decimal(1),
        "SELECT CAST(1.10 AS DECIMAL(5, 2))": Decimal("1.10"),
        "SELECT 170141183460469231731687303715884105727::HUGEINT": Decimal(2**127 - 1),
        "WITH big AS (SELECT * FROM orders WHERE total > 4) SELECT count(*) FROM big": Decimal(2),
        "WITH RECURSIVE n AS (SELECT 1 a UNION ALL SELECT a + 1 FROM n WHERE a < 5) SELECT max(a) FROM n": Decimal(
            5
        ),
        "SELECT count(*) FROM range(4)": Decimal(4),
        "SELECT count(*) FROM (SELECT total, row_number() OVER (ORDER BY id) n FROM orders) WHERE n > 1": Decimal(
            2
        ),
        "FROM orders SELECT max(id)": Decimal(3),
        'SELECT count(*) FROM orders o JOIN lines l ON l."order" = o.id': Decimal(3),
        "SELECT (SELECT count(*) FROM orders) - (SELECT count(*) FROM lines);": Decimal(0),
        "SELECT count(*) FROM orders WHERE list_sum(list_transform([total], lambda x: x * 2)) > 10": Decimal(
            1
        ),
    }
    for (text, number), outcome in zip(cases.items(), run(tables, *cases), strict=True):
        assert outcome.reason is None, text
        assert outcome.number == number, text


def test_a_count_shows_the_first_rows_that_it_counts(tables: dict[str, QueryTable]) -> None:
    cases: dict[str, list[dict[str, str | None]]] = {
        "SELECT count(*) FROM orders WHERE NOT (total > 10)": [{"id": "1"}, {"id": "2"}],
        "SELECT count(*) FROM orders o WHERE o.total <> (SELECT coalesce(sum(price), 0) FROM lines l"
        ' WHERE l."order" = o.id)': [{"id": "2"}],
        'SELECT count(*) FROM lines l JOIN orders o ON l."order" = o.id WHERE price > 2': [
            {"id": "1"},
            {"id": "2"},
        ],
        "SELECT count(*) FROM (SELECT total FROM orders GROUP BY total HAVING total > 5) x": [{"total": "7"}],
        "SELECT count(*) FROM lines WHERE price > 5": [{"order": "2", "price": "6"}],
        "SELECT count(*) FROM orders WHERE false": [],
        "SELECT max(id) FROM orders": [],
        "SELECT count(DISTINCT total) FROM orders": [],
        "SELECT count(total) FROM orders": [],
    }
    for (text, rows), outcome in zip(cases.items(), run(tables, *cases), strict=True):
        assert outcome.reason is None, text
        assert list(outcome.rows) == rows, text


def test_a_query_says_which_columns_it_names(tables: dict[str, QueryTable]) -> None:
    named, starred = run(
        tables,
        "SELECT max(o.Total) FROM orders o JOIN lines USING (id)",
        "SELECT count(*) FROM (SELECT * FROM orders)",
    )
    assert named.columns >= {"total", "id"}
    assert not named.names_all_columns
    assert starred.names_all_columns


@pytest.mark.parametrize(
    "text",
    [
        "SELECT max(x.b) FROM orders AS x(a, b)",
        "SELECT max(o.a) FROM orders o(a)",
        "SELECT max(struct_extract(orders, 'to' || 'tal')) FROM orders",
        "SELECT max(CAST(CAST(o AS JSON)->>'$.total' AS INT)) FROM orders o",
        "SELECT max(list_value(Orders)[1].total) FROM orders",
        "SELECT max(x.s) FROM (SELECT unnest(o) FROM orders o) x(i, s)",
    ],
)
def test_a_query_that_reads_a_column_by_another_name_is_said_to_read_all(
    tables: dict[str, QueryTable], text: str
) -> None:
    [outcome] = run(tables, text)
    assert outcome.names_all_columns


def test_rows_that_are_made_are_no_count(tables: dict[str, QueryTable]) -> None:
    made = run(
        tables,
        "SELECT count(*) FROM range((SELECT max(total) FROM orders))",
        "SELECT count(*) FROM (SELECT unnest(range(max(total))) FROM orders)",
        "SELECT count(*) FROM orders, generate_series(1, total)",
        "WITH RECURSIVE n AS (SELECT max(total) a FROM orders UNION ALL SELECT a - 1 FROM n WHERE a > 1)"
        " SELECT count(*) FROM n",
    )
    assert [outcome.number for outcome in made] == [7, 7, 12, 7]
    assert not any(outcome.counts_rows or outcome.rows for outcome in made)


def test_rows_say_whether_their_columns_are_those_of_the_table(tables: dict[str, QueryTable]) -> None:
    own, *others = run(
        tables,
        "SELECT count(*) FROM orders",
        "SELECT count(*) FROM (SELECT total AS id FROM orders)",
        "SELECT count(*) FROM orders AS x(total, id)",
        "WITH orders AS (SELECT total AS id FROM lines, empty) SELECT count(*) FROM orders RIGHT JOIN lines ON true",
    )
    assert own.shows_table
    assert all(outcome.rows for outcome in others)
    assert not any(outcome.shows_table for outcome in others)


def test_a_query_that_cannot_run_says_which_word_of_it_is_wrong(tables: dict[str, QueryTable]) -> None:
    cases = {
        "SELECT count(*) FROM orders WHERE totl > 1": (
            "it names a column that does not exist: totl; did you mean total?"
        ),
        "SELECT count(*) FROM orders o WHERE o.totl > 1": "it names a column that does not exist: totl",
        "SELECT count(*) FROM orders WHERE order.total > 1": (
            'DuckDB cannot parse it: syntax error at or near "order"'
        ),
        "SELECT count(*) FROM orders WHERE x.total > 1": (
            "it names a table that does not exist: x; did you mean orders?"
        ),
        "SELECT upper(total, 3) FROM orders": "the function upper does not take values of these types",
    }
    assert [outcome.reason for outcome in run(tables, *cases)] == list(cases.values())
