"""A long list of values is compared by one text of SQL, with the verdict of a short one."""

from datetime import date
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from tdmvc.arrow.types import SIMPLE
from tdmvc.checks.predicates import literals, predicate_sql
from tdmvc.model.rules import Present, Rule, Value, Values
from tdmvc.model.schema import Column, TableSchema

_FLOATS = [0.1, 0.25, 1.0, float("nan"), float("inf"), None]
CASES: list[tuple[pa.DataType, list[object], tuple[Value, ...]]] = [
    (SIMPLE["string"], ["a", "it's", "", "\x1f", "b\nc", "ä", "n", None], ("it's", "a", "", "b\nc", 5)),
    (SIMPLE["string"], ["a", "\x1f", "a\x1fb", "b", None], ("a\x1fb", "a")),
    (SIMPLE["string"], ["a", "\0", None], ("\0", "b")),
    (SIMPLE["int64"], [1, -2, 2**63 - 1, 3, None], (1, -2, 2**63 - 1, Decimal("2.0"), True, 2**70)),
    (SIMPLE["uint64"], [1, 2**64 - 1, None], (2**64 - 1, -1)),
    (pa.decimal128(12, 2), [Decimal("1.50"), Decimal(2), None], (Decimal("1.5"), Decimal("0.001"))),
    (SIMPLE["float64"], _FLOATS, (Decimal("0.1"), 1)),
    (SIMPLE["float32"], _FLOATS, (Decimal("0.1"), Decimal("0.25"))),
    (SIMPLE["bool"], [True, False, None], (True,)),
    (SIMPLE["date"], [date(2026, 1, 31), date(2026, 2, 1), None], ("2026-01-31",)),
]


@pytest.mark.parametrize(("type_", "cells", "named"), CASES)
@pytest.mark.parametrize("kind", [Values, Present])
def test_a_long_list_has_the_verdict_of_a_short_one(
    con: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Values | Present],
    type_: pa.DataType,
    cells: list[object],
    named: tuple[Value, ...],
) -> None:
    schema = TableSchema("t", (Column("v", type_),))
    rule = Rule("t.v.values", "t", ("v",), kind(named))
    rows = pa.table({"v": pa.array(cells, type_), "n": range(len(cells))})
    found = []
    for few in (1_000, 0):
        monkeypatch.setattr(literals, "_FEW", few)
        query = f"SELECT {predicate_sql(rule, schema)} FROM rows ORDER BY n"
        found.append(con.execute(query).fetchall())
    assert found[0] == found[1]
    assert rows.num_rows == len(cells)


def test_200_000_values_are_one_text(con: duckdb.DuckDBPyConnection) -> None:
    values = tuple(f"value {number}" for number in range(200_000))
    rule = Rule("t.v.values", "t", ("v",), Values(values))
    query = predicate_sql(rule, TableSchema("t", (Column("v", SIMPLE["string"]),)))
    assert query.count("'") == 2
    rows = pa.table({"v": ["value 7", "value 200000"]})
    assert con.execute(f"SELECT count_if({query}) FROM rows").fetchall() == [(1,)]
    assert rows.num_rows == 2
