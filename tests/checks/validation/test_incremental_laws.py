"""After any edits, a validation of what changed finds what a full one finds, and what plain Python finds."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.checks.validation.cache import CountCache
from tdmvc.checks.validation.failing_rows import write_failing_rows
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.databases import condition_engines
from tdmvc.model.conditions import ConditionEngines
from tdmvc.model.declarations import Check, ForeignKey, UniqueKey
from tdmvc.model.rules import MultipleOf, Present, Range, Rule, Values
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.model.validation import RuleResult, TableValidation
from tdmvc.sql.duckdb import connect
from tests.checks.row_oracle import breaks
from tests.laws.strategies_tables import Row, digest_of, write_parts
from tests.series import trials

INT, TEXT = pa.int64(), pa.string()
ORDERS = TableSchema(
    "orders",
    (
        Column("id", INT),
        Column("line", TEXT),
        Column("customer", INT, required=True),
        Column("code", TEXT, unique=True, max_length=2),
        Column("price", pa.float64()),
    ),
    ("id", "line"),
    (
        ForeignKey(("customer",), "customers", ("id",)),
        ForeignKey(("id", "code"), "customers", ("id", "name")),
    ),
    (UniqueKey(("customer", "price"), nulls_distinct=False),),
    (Check("price < 5", "cheap"), Check("price < 3", "cheaper", "sqlite")),
    further_rules=(
        Rule("orders.price.range", "orders", ("price",), Range(Decimal(0), Decimal("2.5"))),
        Rule("orders.price.step", "orders", ("price",), MultipleOf(Decimal("0.5"))),
        Rule("orders.id.range", "orders", ("id",), Range(maximum=3)),
        Rule("orders.code.values", "orders", ("code",), Values(("a", "b", "c"))),
        Rule("orders.line.present", "orders", ("line",), Present((None, ""))),
    ),
)
CUSTOMERS = TableSchema("customers", (Column("id", INT), Column("name", TEXT, unique=True)), ("id",))
CONTRACT = Contract({"orders": ORDERS, "customers": CUSTOMERS})

ORDER = st.fixed_dictionaries(
    {
        "id": st.one_of(st.none(), st.integers(0, 5), st.integers(0, 5)),
        "line": st.sampled_from(["", "a", "b", "é", None]),
        "customer": st.sampled_from([0, 1, 2, 3, None]),
        "code": st.sampled_from(["a", "b", "c", "xyz", None]),
        "price": st.sampled_from([0.0, 0.5, 1.25, 2.5, 7.0, float("nan"), None]),
    }
)
SOUND_ORDER = st.fixed_dictionaries(
    {
        "id": st.integers(0, 40),
        "line": st.sampled_from(["a", "b"]),
        "customer": st.sampled_from([1, 2]),
        "code": st.none(),
        "price": st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0]),
    }
)
CUSTOMER = st.fixed_dictionaries({"id": st.integers(0, 4), "name": st.sampled_from(["a", "b", "c", None])})
Parts = dict[str, list[list[Row]]]


@dataclass(frozen=True)
class Edit:
    """A part of a table gets other rows, is added or goes."""

    table: str
    place: int
    rows: list[Row] | None


def _edits(table: str, row: st.SearchStrategy[Row]) -> st.SearchStrategy[Edit]:
    return st.builds(Edit, st.just(table), st.integers(0, 4), st.none() | st.lists(row, max_size=4))


EDITS = st.lists(
    st.one_of(_edits("orders", ORDER), _edits("orders", SOUND_ORDER), _edits("customers", CUSTOMER)),
    min_size=1,
    max_size=6,
)
SOUND_CUSTOMERS: list[Row] = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3, "name": None}]


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as con:
        yield con


@pytest.fixture(scope="module")
def engines() -> Iterator[ConditionEngines]:
    with ExitStack() as stack:
        yield condition_engines(stack)


@given(EDITS, st.lists(SOUND_ORDER, max_size=8), st.booleans())
@settings(max_examples=trials(400, sample=12))
def test_what_is_read_of_a_change_gives_what_all_rows_give(
    engine: duckdb.DuckDBPyConnection,
    engines: ConditionEngines,
    edits: list[Edit],
    orders: list[Row],
    has_old_parts: bool,
) -> None:
    with TemporaryDirectory() as folder, ExitStack() as stack:
        cache = CountCache(Path(folder) / "counts.sqlite")
        stack.callback(cache.close)
        options = ValidationOptions(cache=cache, conditions=engines, examples=100)
        if has_old_parts:
            options = replace(
                options,
                find_parts=lambda digests: [Path(folder) / f"{digest_of(one)}.parquet" for one in digests],
            )
        middle = len(orders) // 2
        parts: Parts = {
            "orders": [_sorted(_distinct(orders[:middle])), _sorted(_distinct(orders[middle:]))],
            "customers": [SOUND_CUSTOMERS],
        }
        for edit in (None, *edits):
            if edit is not None:
                _apply(parts, edit)
            tables = {
                name: write_parts(Path(folder), CONTRACT.tables[name], [rows for rows in of if rows])
                for name, of in parts.items()
            }
            some = validate_tables(engine, tables, CONTRACT, options)
            full = validate_tables(
                engine, tables, CONTRACT, ValidationOptions(conditions=engines, examples=100)
            )
            assert _results(some) == _results(full)
            rows = {name: [row for part in of for row in part] for name, of in parts.items()}
            expected = {rule.id: _expected(rule, rows) for rule in CONTRACT.rules}
            assert {one.rule.id: (one.measured, one.failing) for one in _results(full)} == expected
            assert all(one.failing == len(one.examples) for one in _results(full) if one.failing)
            again = validate_tables(engine, tables, CONTRACT, options)
            assert _results(again) == _results(full)
            assert all(table.checked_parts == 0 for table in again)
        written = write_failing_rows(engine, tables, CONTRACT, some, Path(folder) / "failing", options)
        broken = Counter(name for path in written for name in _broken_rules(path))
        assert broken == {one.rule.id: one.failing for one in _results(some) if one.failing}


def _broken_rules(path: Path) -> list[str]:
    """Return the rules that written rows break, each as often as it is broken."""
    return [name for names in pq.read_table(path).column("_rules").to_pylist() for name in names]


def _apply(parts: Parts, edit: Edit) -> None:
    of = parts[edit.table]
    if edit.rows is None:
        del of[edit.place : edit.place + 1]
    elif edit.place < len(of):
        of[edit.place] = _sorted(edit.rows)
    else:
        of.append(_sorted(edit.rows))


def _sorted(rows: Sequence[Row]) -> list[Row]:
    """Sort rows by key, nulls first, as the store does within a part."""
    return sorted(rows, key=lambda row: (row["id"] is not None, row["id"] or 0, str(row.get("line") or "")))


def _distinct(rows: Sequence[Row]) -> list[Row]:
    return list({(row["id"], row["line"]): row for row in rows}.values())


def _results(found: Sequence[TableValidation]) -> list[RuleResult]:
    """Return all that the way of evaluation does not change."""
    return [
        replace(result, evaluation=result.evaluation.SCAN, examples=tuple(sorted(result.examples, key=str)))
        for table in found
        for result in table.results
    ]


def _expected(rule: Rule, rows: dict[str, list[Row]]) -> tuple[int, int]:
    """Return what is measured, and how many rows break a rule, by plain Python."""
    here = rows[rule.table]
    cells = [tuple("nan" if row[name] != row[name] else row[name] for name in rule.columns) for row in here]
    match rule.id.rpartition(".")[2]:
        case "pk":
            missing = sum(None in cell for cell in cells)
            repeated = [n for cell, n in Counter(cells).items() if n > 1 and None not in cell]
            return missing + len(repeated), missing + sum(repeated)
        case "unique":
            is_strict = len(rule.columns) > 1
            repeated = [n for cell, n in Counter(cells).items() if n > 1 and (is_strict or None not in cell)]
            return len(repeated), sum(repeated)
        case "references":
            names = ("id", "name")[: len(rule.columns)]
            known = {tuple(row[name] for name in names) for row in rows["customers"]}
            count = sum(None not in cell and cell not in known for cell in cells)
        case "cheap" | "cheaper":
            limit = 5 if rule.id.endswith("cheap") else 3
            # NaN is larger than all numbers in DuckDB, and a null in SQLite.
            count = sum(
                (limit == 5 if cell == "nan" else cell is not None and float(str(cell)) >= limit)
                for (cell,) in cells
            )
        case "length":
            count = sum(len(str(row["code"])) > 2 for row in here if row["code"] is not None)
        case "required":
            count = sum(cell == (None,) for cell in cells)
        case _:
            type_ = ORDERS.columns[ORDERS.column_names.index(rule.columns[0])].type
            count = sum(breaks(rule.test, row[rule.columns[0]], type_) for row in here)
    return count, count
