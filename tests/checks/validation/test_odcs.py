"""Rules as the Open Data Contract Standard writes them find the rows that break them, and no others."""

import datetime as dt
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import duckdb

from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.databases import condition_engines
from tdmvc.model.validation import RuleVerdict
from tests.laws.strategies_tables import write_parts

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
schema:
  - name: lines
    properties:
      - {name: id, logicalType: integer, primaryKey: true, logicalTypeOptions: {exclusiveMinimum: 0, maximum: 6}}
      - {name: code, logicalType: string, logicalTypeOptions: {minLength: 2},
         enum: [{value: '01'}, {value: ab}, {value: c}],
         quality: [{id: many, metric: duplicateValues, mustBeLessThan: 2},
                   {id: few, metric: nullValues, mustBeLessThan: 20, unit: percent},
                   {id: gone, metric: missingValues, arguments: {missingValues: [null, c]}, mustBe: 2}]}
      - {name: price, logicalType: number, physicalType: 'decimal(10,2)',
         logicalTypeOptions: {multipleOf: 0.05}, enum: [{value: 1.50}, {value: 2}, {value: 0.07}]}
      - {name: day, logicalType: date, logicalTypeOptions: {minimum: 2026-01-01, exclusiveMaximum: 2027-01-01},
         quality: [{type: sql, id: weekend, query: 'SELECT COUNT(*) FROM {object} WHERE NOT (weekday({property}) < 6)',
                    mustBe: 0, severity: info}]}
      - {name: at, logicalType: timestamp,
         logicalTypeOptions: {timezone: true, maximum: '2026-06-01', defaultTimezone: Asia/Tokyo}}
    quality:
      - {id: total, type: sql, query: 'SELECT sum({object}.price) FROM ${table}', mustBe: 9.07}
      - {metric: rowCount, mustBeBetween: [1, 5]}
"""
LATE = dt.datetime(2026, 5, 31, 15, 0, 1, tzinfo=dt.UTC)
EARLY = dt.datetime(2026, 5, 31, 15, tzinfo=dt.UTC)
ROWS = [
    (1, "01", Decimal("1.50"), dt.date(2026, 1, 1), EARLY),
    (2, "ab", Decimal("2.00"), dt.date(2026, 12, 31), LATE),
    (7, "ab", Decimal("0.07"), dt.date(2027, 1, 1), EARLY),
    (4, "c", Decimal("3.50"), dt.date(2025, 12, 31), None),
    (5, None, Decimal("2.00"), dt.date(2026, 1, 3), EARLY),
]


def test_a_contract_finds_each_fault_by_its_rule(tmp_path: Path) -> None:
    contract = parse_contract(CONTRACT, "contract.yaml")
    lines = contract.tables["lines"]
    rows = [dict(zip(lines.column_names, row, strict=True)) for row in ROWS]
    tables = {"lines": write_parts(tmp_path, lines, [rows[:3], rows[3:]])}
    with ExitStack() as stack, duckdb.connect() as con:
        options = ValidationOptions(conditions=condition_engines(stack))
        (found,) = validate_tables(con, tables, contract, options)
    results = {result.rule.id.removeprefix("lines."): result for result in found.results}
    assert {
        name: one.reason for name, one in results.items() if one.verdict is RuleVerdict.NOT_EVALUATED
    } == {}
    failing = {
        name: (one.failing, one.measured)
        for name, one in results.items()
        if one.verdict is RuleVerdict.FAILED
    }
    assert failing == {
        "id.range": (1, 1),
        "code.minLength": (1, 1),
        "code.few": (1, 20),
        "price.multipleOf": (1, 1),
        "price.enum": (1, 1),
        "day.range": (2, 2),
        "day.weekend": (1, 1),
        "at.range": (1, 1),
    }
    assert {name: one.measured for name, one in results.items() if name not in failing} == {
        "pk": 0,
        "code.enum": 0,
        "code.many": 1,
        "code.gone": 2,
        "total": Decimal("9.07"),
        "rowCount": 5,
    }
