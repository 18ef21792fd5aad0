"""A condition of a contract means what it means in its database, and reaches nothing but the row."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from tdmvc.arrow.types import parse_type
from tdmvc.databases import condition_engines
from tdmvc.databases.duckdb import conditions as duckdb_conditions
from tdmvc.databases.sqlite import conditions as sqlite_conditions
from tdmvc.model.conditions import ConditionEngines, NotEvaluatedError
from tdmvc.model.declarations import Collation
from tdmvc.model.schema import Column
from tests.yaml_files import read_yaml

CASES = Path(__file__).parent.parent / "cases" / "conditions"
EVALUATED = read_yaml(CASES / "evaluated.yaml")
REFUSED = read_yaml(CASES / "refused.yaml")
N = Column("n", pa.int64())


@pytest.fixture
def engines() -> Iterator[ConditionEngines]:
    with ExitStack() as stack:
        yield condition_engines(stack)


def find_broken(
    engines: ConditionEngines, dialect: str, condition: str, columns: list[Column], rows: pa.RecordBatch
) -> list[int]:
    with engines[dialect].open(condition, "items", columns) as opened:
        return list(opened.find_broken(rows))


def value(cell: object, type_: pa.DataType) -> object:
    if pa.types.is_timestamp(type_) and isinstance(cell, str):
        return datetime.fromisoformat(cell)
    if pa.types.is_decimal(type_) and isinstance(cell, str):
        return Decimal(cell)
    return str(cell) if pa.types.is_string(type_) and isinstance(cell, date | int) else cell


@pytest.mark.parametrize(
    ("case", "dialect"),
    [
        pytest.param(case, dialect, id=f"{case['condition']} in {dialect}")
        for case in EVALUATED
        for dialect in case["broken"]
    ],
)
def test_a_condition_is_false_for_the_rows_that_its_database_refuses(
    engines: ConditionEngines, case: dict[str, Any], dialect: str
) -> None:
    collations = case.get("collations", {})
    columns = [
        Column(
            name,
            parse_type(type_) or pa.null(),
            case.get("physical", {}).get(name),
            collation=Collation(collations[name], "sqlite") if name in collations else None,
        )
        for name, type_ in case["columns"].items()
    ]
    cells = zip(*case["rows"], strict=True)
    arrays = [
        pa.array([value(cell, column.type) for cell in own], column.type)
        for column, own in zip(columns, cells, strict=True)
    ]
    rows = pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])
    assert find_broken(engines, dialect, case["condition"], columns, rows) == case["broken"][dialect]
    plain = engines[dialect].find_plain_sql(case["condition"], "items", columns)
    if plain is not None:
        con = duckdb.connect()
        con.register("given", pa.Table.from_batches([rows]))
        numbered = "(SELECT *, row_number() OVER () - 1 AS place FROM given)"
        found = con.sql(f"SELECT place FROM {numbered} WHERE NOT {plain} ORDER BY place").fetchall()
        assert [place for (place,) in found] == case["broken"][dialect]


@pytest.mark.parametrize(
    ("condition", "is_plain"),
    [
        ("n > 0 -- a comment", True),
        ("price * n < 100 AND day >= DATE '2024-01-01'", True),
        ("length(code) BETWEEN 1 AND 3 OR n IS NULL", True),
        ("ratio < 100", False),
        ("moment > '2024-01-01'", False),
        ("items.n > 0", False),
        ("CAST(code AS TIMESTAMPTZ) IS NOT NULL", False),
        ("replace(code, 'a', 'aaaa') <> ''", False),
        ("n > 0) OR (SELECT true", False),
        ("id = 'x'", False),
    ],
)
def test_only_comparisons_and_arithmetic_on_exact_values_are_plain(
    engines: ConditionEngines, condition: str, is_plain: bool
) -> None:
    columns = [
        N,
        *(Column("price", pa.decimal128(10, 2)), Column("day", pa.date32()), Column("code", pa.string())),
        *(Column("ratio", pa.float64()), Column("moment", pa.timestamp("us", "UTC"))),
        Column("id", pa.string(), "uuid"),
    ]
    named = [column for column in columns if column.name in condition]
    assert (engines["duckdb"].find_plain_sql(condition, "items", named) is not None) == is_plain


@pytest.mark.parametrize(
    "long",
    [
        "hex(zeroblob(40000000 + 0 * n))",
        "replace(hex(zeroblob(40000)), '0', n || hex(zeroblob(400)))",
    ],
)
def test_a_condition_makes_no_text_much_longer_than_the_rows(engines: ConditionEngines, long: str) -> None:
    rows = pa.RecordBatch.from_pydict({"n": ["x" * 200_000, None]})
    assert find_broken(engines, "sqlite", "length(n || n) < 5", [Column("n", pa.string())], rows) == [0]
    with pytest.raises(NotEvaluatedError, match="needs more than tdmvc allows"):
        find_broken(engines, "sqlite", f"length({long}) > 5", [Column("n", pa.string())], rows)


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb"])
@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["condition"])
def test_what_is_no_condition_on_one_row_is_never_run(
    engines: ConditionEngines, case: dict[str, Any], dialect: str
) -> None:
    rows = pa.RecordBatch.from_pydict({"n": [1, 2]})
    with pytest.raises(NotEvaluatedError, match=case["reasons"][dialect]):
        find_broken(engines, dialect, case["condition"], [N], rows)
    # The next condition is evaluated as if nothing had been.
    assert find_broken(engines, dialect, "n > 1", [N], rows) == [0]


def test_a_condition_that_takes_too_long_is_stopped(
    engines: ConditionEngines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_conditions, "_SECONDS", 0)
    monkeypatch.setattr(duckdb_conditions, "_SECONDS", 0.05)
    rows = pa.RecordBatch.from_pydict({"n": list(range(30_000))})
    slow = " AND ".join(["n + 1 > n"] * 300)
    with pytest.raises(NotEvaluatedError, match="longer than"):
        find_broken(engines, "sqlite", slow, [N], rows)
    texts = pa.RecordBatch.from_pydict({"n": ["ab" * 2_000] * 30_000})
    slow = "NOT regexp_matches(n, '" + "(a|b|ab)*?" * 12 + "c') OR sha256(n) = 'x'"
    with pytest.raises(NotEvaluatedError, match="longer than"):
        find_broken(engines, "duckdb", slow, [Column("n", pa.string())], texts)
    assert find_broken(engines, "duckdb", "n > 1", [N], rows) == [0, 1]


def test_a_text_that_parts_spell_in_another_way_than_its_source_is_not_called_wrong(
    engines: ConditionEngines,
) -> None:
    seen = Column("seen", pa.timestamp("us"), "DATETIME")
    rows = pa.RecordBatch.from_pydict({"seen": pa.array([datetime(2024, 1, 31, 10)], seen.type)})
    assert find_broken(engines, "sqlite", "seen < '2025-'", [seen], rows) == []
    with pytest.raises(NotEvaluatedError, match="how the texts of seen are spelled"):
        find_broken(engines, "sqlite", "seen LIKE '%T%'", [seen], rows)
    assert find_broken(engines, "sqlite", "seen IS NULL OR seen > '2025-'", [seen], rows) == [0]


def test_an_error_shows_no_value(engines: ConditionEngines) -> None:
    rows = pa.RecordBatch.from_pydict({"n": ["secret"]})
    with pytest.raises(NotEvaluatedError) as error:
        find_broken(engines, "duckdb", "CAST(n AS INTEGER) > 0", [Column("n", pa.string())], rows)
    assert str(error.value) == "DuckDB cannot do it (ConversionException)"


@pytest.mark.parametrize(
    "condition", ["n > 2", "n IN (1, 2) OR n IS NULL", "NOT n = 3", "n BETWEEN 2 AND 4", "n"]
)
def test_both_engines_agree_with_the_databases_themselves(engines: ConditionEngines, condition: str) -> None:
    values = [None, 0, 1, 2, 3, 4, 5]
    rows = pa.RecordBatch.from_pydict({"n": pa.array(values, pa.int64())})
    for dialect, broken in (("sqlite", sqlite3.IntegrityError), ("duckdb", duckdb.ConstraintException)):
        con: Any = sqlite3.connect(":memory:") if dialect == "sqlite" else duckdb.connect()
        con.execute(f"CREATE TABLE items (n INTEGER CHECK ({condition}))")
        refused = []
        for place, one in enumerate(values):
            try:
                con.execute("INSERT INTO items VALUES (?)", [one])
            except broken:
                refused.append(place)
        con.close()
        assert find_broken(engines, dialect, condition, [N], rows) == refused
