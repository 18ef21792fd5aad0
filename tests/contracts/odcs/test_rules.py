"""What a contract declares becomes rules with ids, lines and thresholds; what is wrong is an error with its line."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from tdmvc.contracts.base import ImportedContract, ImportOptions
from tdmvc.contracts.odcs.format import OdcsReader
from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.contracts.scalars import FORMATS
from tdmvc.errors import ConfigError
from tdmvc.model.declarations import Check
from tdmvc.model.finding import Severity
from tdmvc.model.rules import (
    Condition,
    Format,
    JsonSchema,
    Length,
    MultipleOf,
    Operator,
    Pattern,
    Present,
    Query,
    Range,
    Required,
    RowCount,
    Rule,
    RuleTest,
    Threshold,
    Unique,
    Unreadable,
    Values,
)

_COLUMN_LINE = 7


def _text(column: str, table: str = "[]", version: str = "v3.1.0") -> str:
    return f"""\
apiVersion: {version}
kind: DataContract
schema:
  - name: t
    quality: {table}
    properties:
      - {{name: c, {column}}}
      - {{name: d, logicalType: string}}
"""


def _read(text: str) -> ImportedContract:
    return OdcsReader().read(text, "contract.yaml", ImportOptions())


def _only(text: str) -> Rule:
    (rule,) = _read(text).contract.tables["t"].further_rules
    return rule


@pytest.mark.parametrize(
    ("column", "word", "test"),
    [
        ("logicalType: string, logicalTypeOptions: {minLength: 2}", "minLength", Length(minimum=2)),
        ("logicalType: string, logicalTypeOptions: {pattern: '^a+$'}", "pattern", Pattern("^a+$")),
        ("logicalType: string, logicalTypeOptions: {format: uuid}", "format", Format("uuid")),
        ("logicalType: integer, logicalTypeOptions: {minimum: 1, maximum: 9}", "range", Range(1, 9)),
        ("logicalType: number, logicalTypeOptions: {minimum: -0.10}", "range", Range(Decimal("-0.10"))),
        ("logicalType: number, logicalTypeOptions: {minimum: 1e-3}", "range", Range(Decimal("0.001"))),
        (
            "logicalType: integer, logicalTypeOptions: {exclusiveMinimum: 0}",
            "range",
            Range(0, excludes_minimum=True),
        ),
        (
            "logicalType: integer, logicalTypeOptions: {exclusiveMinimum: 0, maximum: 5}",
            "range",
            Range(0, 5, excludes_minimum=True),
        ),
        (
            "logicalType: integer, logicalTypeOptions: {minimum: 0, exclusiveMinimum: true, maximum: 5}",
            "range",
            Range(0, 5, excludes_minimum=True),
        ),
        ("logicalType: integer, logicalTypeOptions: {multipleOf: 5}", "multipleOf", MultipleOf(Decimal(5))),
        (
            "logicalType: integer, physicalType: 'numeric(30,0)', logicalTypeOptions: {format: u8}",
            "format",
            Range(0, 255),
        ),
        ("logicalType: date, logicalTypeOptions: {minimum: 2026-01-31}", "range", Range("2026-01-31")),
        ("logicalType: time, logicalTypeOptions: {maximum: '09:30'}", "range", Range(maximum="09:30")),
        (
            "logicalType: timestamp, logicalTypeOptions: {minimum: '2026-01-31T02:00:00+02:00'}",
            "range",
            Range("2026-01-31T00:00:00"),
        ),
        (
            "logicalType: timestamp,"
            " logicalTypeOptions: {timezone: true, minimum: '2026-07-01', defaultTimezone: Asia/Tokyo}",
            "range",
            Range("2026-07-01T00:00:00+09:00"),
        ),
        (
            "logicalType: array, items: {logicalType: string}, logicalTypeOptions: {minItems: 1}",
            "minItems",
            Length(minimum=1),
        ),
        ("logicalType: vector, logicalTypeOptions: {dimensions: 3}", "dimensions", Length(3, 3)),
        ("logicalType: string, enum: [{value: 01}, {value: 1.0}]", "enum", Values(("01", "1.0"))),
        ("logicalType: integer, enum: [{value: 1}, {value: null}]", "enum", Values((1, None))),
        ("logicalType: boolean, enum: [{value: true}]", "enum", Values((True,))),
        ("logicalType: number, enum: [{value: 1.50}]", "enum", Values((Decimal("1.50"),))),
    ],
)
def test_a_type_and_its_options_give_rules(column: str, word: str, test: RuleTest) -> None:
    rule = _only(_text(column, version="v3.2.0"))
    assert (rule.id, rule.columns, rule.test) == (f"t.c.{word}", ("c",), test)
    assert rule.place is not None
    assert rule.place.line == _COLUMN_LINE
    assert (rule.threshold, rule.severity) == (Threshold(), Severity.ERROR)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_each_format_that_json_schema_tests_is_one_of_a_contract(name: str) -> None:
    column = f"logicalType: string, logicalTypeOptions: {{format: {name}}}"
    assert _only(_text(column)).test == Format(name)


@pytest.mark.parametrize(
    ("column", "words", "keywords"),
    [
        (
            "logicalType: object, properties: [{name: z, logicalType: string, logicalTypeOptions: {maxLength: 5}}]",
            "z.maxLength",
            {"properties": {"z": {"maxLength": 5}}},
        ),
        (
            "logicalType: object, properties: [{name: z, logicalType: object, properties:"
            " [{name: y, logicalType: integer, required: true}]}]",
            "z.y.required",
            {"properties": {"z": {"required": ["y"], "properties": {"y": {"not": {"type": "null"}}}}}},
        ),
        (
            "logicalType: array, items: {logicalType: number, logicalTypeOptions: {minimum: 0.10}}",
            "items.range",
            {"items": {"minimum": 0.1}},
        ),
        (
            "logicalType: array, items: {logicalType: string, enum: [{value: a}]}",
            "items.enum",
            {"items": {"enum": ["a", None]}},
        ),
        (
            "logicalType: array, items: {logicalType: string,"
            " quality: [{metric: missingValues, arguments: {missingValues: ['']}, mustBe: 0}]}",
            "items.missingValues",
            {"items": {"not": {"enum": [""]}}},
        ),
        (
            "logicalType: array, items: {logicalType: string}, logicalTypeOptions: {uniqueItems: true}",
            "uniqueItems",
            {"uniqueItems": True},
        ),
    ],
)
def test_what_is_inside_a_column_is_a_json_schema_of_the_column(
    column: str, words: str, keywords: dict[str, object]
) -> None:
    rule = _only(_text(column, version="v3.2.0"))
    assert isinstance(rule.test, JsonSchema)
    assert (rule.id, rule.columns, json.loads(rule.test.schema)) == (f"t.c.{words}", ("c",), keywords)
    assert not rule.test.is_text


def test_documents_are_checked_as_json_texts_with_the_types_of_their_parts() -> None:
    column = (
        "logicalType: map, map: {key: {logicalType: string, logicalTypeOptions: {pattern: '^[a-z]+$'}},"
        " value: {logicalType: object, properties: [{name: n, logicalType: integer}]}}"
    )
    rules = {rule.id: rule.test for rule in _read(_text(column, version="v3.2.0")).rules}
    assert all(isinstance(test, JsonSchema) and test.is_text for test in rules.values())
    assert {
        name: json.loads(test.schema) for name, test in rules.items() if isinstance(test, JsonSchema)
    } == {
        "t.c.type": {
            "type": ["object", "null"],
            "additionalProperties": {
                "type": ["object", "null"],
                "properties": {"n": {"type": ["integer", "null"]}},
            },
        },
        "t.c.key.pattern": {"propertyNames": {"pattern": "^[a-z]+$"}},
    }


@pytest.mark.parametrize(
    ("rule", "test"),
    [
        ("metric: nullValues", Required()),
        ("metric: missingValues, arguments: {missingValues: [null, '', N/A]}", Present((None, "", "N/A"))),
        (
            "metric: invalidValues, arguments: {validValues: [a, 01, 2026-01-01]}",
            Values(("a", "01", "2026-01-01")),
        ),
        ("metric: invalidValues, arguments: {pattern: '^a'}", Pattern("^a")),
        ("metric: duplicateValues", Unique()),
        (
            "type: sql, query: 'SELECT count(*) FROM ${table} WHERE ${column} IS NULL'",
            Query('SELECT count(*) FROM "t" WHERE "c" IS NULL'),
        ),
        (
            "type: sql, query: 'SELECT COUNT(*) FROM {object} WHERE NOT ({property} > d)'",
            Condition(Check('"c" > d', "r")),
        ),
    ],
)
def test_a_quality_rule_of_a_column_keeps_its_id_threshold_and_severity(rule: str, test: RuleTest) -> None:
    found = _only(
        _text(f"logicalType: string, quality: [{{id: r, {rule}, mustBeLessThan: 5, severity: warning}}]")
    )
    assert (found.id, found.severity) == ("t.c.r", Severity.WARNING)
    assert found.threshold == Threshold(Operator.LESS, (Decimal(5),))
    assert found.test == test


@pytest.mark.parametrize(
    ("operator", "threshold"),
    [
        *((f"{one}: 1.5", Threshold(one, (Decimal("1.5"),))) for one in list(Operator)[:6]),
        *((f"{one}: [0, 1e2]", Threshold(one, (Decimal(0), Decimal(100)))) for one in list(Operator)[6:]),
        ("mustBe: 1, unit: percent", Threshold(numbers=(Decimal(1),), is_percent=True)),
        ("mustBe: 1, unit: rows", Threshold(numbers=(Decimal(1),))),
    ],
)
def test_each_operator_is_a_threshold(operator: str, threshold: Threshold) -> None:
    assert (
        _only(_text(f"logicalType: string, quality: [{{metric: nullValues, {operator}}}]")).threshold
        == threshold
    )


def test_rules_of_a_table_are_declarations_if_no_row_may_break_them() -> None:
    table = _read(
        _text(
            "logicalType: string",
            "[{id: u, metric: duplicateValues, arguments: {properties: [c, d]}, mustBe: 0},"
            " {metric: duplicateValues, arguments: {properties: [c, d]}, mustBeLessThan: 3},"
            " {id: k, type: sql, query: 'select count(*) from T where not (c <> d);', mustBe: 0},"
            " {type: sql, query: 'SELECT COUNT(*) FROM t WHERE NOT (c) OR (d)', mustBe: 0},"
            " {id: q, type: sql, query: 'SELECT COUNT(*) FROM t WHERE NOT (c IN (SELECT d FROM t))', mustBe: 0},"
            " {metric: rowCount, mustBeGreaterThan: 0}]",
        )
    ).contract.tables["t"]
    assert [one.columns for one in table.unique_keys] == [("c", "d")]
    assert [rule.test for rule in table.further_rules] == [
        Unique(),
        Query("select count(*) from T where not (c <> d);"),
        Query("SELECT COUNT(*) FROM t WHERE NOT (c) OR (d)"),
        Query("SELECT COUNT(*) FROM t WHERE NOT (c IN (SELECT d FROM t))"),
        RowCount(),
    ]
    assert {rule.place.line for rule in table.rules if rule.place} == {5}


def test_the_old_names_of_version_3_0_are_read() -> None:
    rules = (
        "[{rule: nullCheck}, {rule: validValues, validValues: [a]},"
        " {rule: duplicateCount, mustBeLessThan: 1, unit: percent}]"
    )
    read = _read(_text(f"logicalType: string, quality: {rules}", version="v3.0.2"))
    assert [rule.test for rule in read.rules] == [Required(), Values(("a",)), Unique()]
    with pytest.raises(ConfigError, match="no operator"):
        _read(_text(f"logicalType: string, quality: {rules}"))


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        ("{type: text, description: Sums are right.}", "for people, and not checked: Sums are right"),
        ("{type: custom, engine: soda, implementation: 'x: y'}", "a rule of soda"),
        ("{metric: nullValues, mustBe: 0, severity: awful}", "severity 'awful' is unknown"),
        ("{metric: invalidValues, mustBe: 0}", "nothing says which values are valid"),
    ],
)
def test_what_is_not_checked_is_a_note_with_its_line(quality: str, words: str) -> None:
    (note,) = _read(_text(f"logicalType: string, quality: [{quality}]")).notes
    assert words in note.message
    assert note.place.line == _COLUMN_LINE


def test_a_field_that_looks_like_none_of_the_standard_is_a_note() -> None:
    column = "logicalType: string, ours: 1, customProperties: [{property: tdmvcOther, value: 1}], classification: mine"
    assert [note.message for note in _read(_text(column)).notes] == [
        "properties[].ours is not a field of the standard, and has no effect.",
        "tdmvcOther is not read here, and has no effect.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "meant"),
    [
        ("schema:", "schemas:", "schema"),
        ("properties:", "propertys:", "properties"),
        ("kind:", "kinds:", "kind"),
    ],
)
def test_a_misspelt_field_of_the_contract_is_an_error(old: str, new: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=f"did you mean '{meant}'"):
        _read(_text("logicalType: string").replace(old, new, 1))


@pytest.mark.parametrize(
    ("column", "words"),
    [
        *(
            (f"logicalType: string, quality: [{{{rule}}}]", words)
            for rule, words in [
                ("metric: nullvalues, mustBe: 0", "did you mean 'nullValues'"),
                ("metric: nullValues, mustBe: 0, mustBeLessThan: 1", "two operators"),
                ("metric: nullValues", "no operator"),
                ("metric: nullValues, mustBee: 0", "did you mean 'mustBe'"),
                ("metric: nullValues, mustBeBetween: [1]", "two numbers"),
                ("metric: nullValues, mustBeBetween: [2, 1]", "the smaller one first"),
                ("metric: nullValues, mustBe: many", "number"),
                ("metric: nullValues, mustBe: .nan", "number"),
                ("metric: nullValues, mustBe: 0, unit: furlongs", "rows or percent"),
                ("metric: rowCount, mustBe: 0", "a metric of a table"),
                ("metric: missingValues, mustBe: 0", "missingValues: "),
                ("metric: nullValues, mustBe: 0, arguments: {validValues: [a]}", "no argument 'validValues'"),
                ("metric: invalidValues, mustBe: 0, validValues: [a]", "arguments: {validValues"),
                ("metric: invalidValues, mustBe: 0, arguments: {pattern: '('}", "ECMA-262"),
                ("metric: invalidValues, mustBe: 0, arguments: {pattern: '(?i)a'}", "ECMA-262"),
                ("metric: duplicateValues, mustBe: 0, arguments: {properties: [c, e]}", "no column 'e'"),
                ("type: sql, mustBe: 0", "'query' is missing"),
                ("type: sql, query: 'SELECT {colum} FROM {object}', mustBe: 0", "'{colum}' has no meaning"),
                ("query: SELECT 1, mustBe: 0", "type: sql"),
                ("type: magic, mustBe: 0", "'magic'"),
                ("type: custom, engine: soda", "'implementation' is missing"),
                (
                    "id: a, metric: nullValues, mustBe: 0}, {id: a, metric: nullValues, mustBe: 1",
                    "appears twice",
                ),
            ]
        ),
        ("logicalType: string, logicalTypeOptions: {minimum: 1}", "an option of date"),
        ("logicalType: string, logicalTypeOptions: {maxLenght: 1}", "did you mean 'maxLength'"),
        ("logicalType: string, logicalTypeOptions: {pattern: '['}", "ECMA-262"),
        ("logicalType: string, logicalTypeOptions: {minLength: 3, maxLength: 2}", "greater than maxLength"),
        ("logicalType: integer, logicalTypeOptions: {minimum: 3, maximum: 2}", "greater than the maximum"),
        ("logicalType: integer, logicalTypeOptions: {multipleOf: 0}", "greater than 0"),
        ("logicalType: integer, logicalTypeOptions: {format: f32}", "'f32' is unknown"),
        ("logicalType: date, logicalTypeOptions: {minimum: 2026-02-30}", "not a date"),
        ("logicalType: time, logicalTypeOptions: {defaultTimezone: Moon/Sea}", "time zone"),
        ("logicalType: integer, enum: [{value: a}]", "number"),
        ("logicalType: string, enum: [a]", "`- value: …`"),
        ("logicalType: string, enum: []", "no values"),
        ("logicalType: strng", "unknown"),
        ("logicalType: string, requird: true", "did you mean 'required'"),
        ("logicalType: string, qualty: [{metric: nullValues, mustBe: 0}]", "did you mean 'quality'"),
        ("logicalType: string, classification: persnal", "did you mean 'personal'"),
        (
            "logicalType: string, customProperties: [{property: tdmvcDefalt, value: {literal: a}}]",
            "did you mean 'tdmvcDefault'",
        ),
        ("logicalType: string, relationships: [{from: t.c, to: t.d}]", "no 'from'"),
        ("logicalType: string, relationships: [{to: t.e}]", "does not exist"),
        ("logicalType: string, relationships: [{to: t.d, type: friend}]", "foreignKey"),
        ("logicalType: string, relationships: [{to: t.d, on: x}]", "unknown in a relationship"),
        (
            "logicalType: object, properties: [{name: z, logicalType: string, logicalTypeOptions: {pattern: '('}}]",
            "ECMA",
        ),
    ],
)
def test_what_is_wrong_is_an_error_with_its_line(column: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _read(_text(column, version="v3.2.0"))
    assert words in str(caught.value)
    assert (caught.value.path, caught.value.line) == ("contract.yaml", _COLUMN_LINE)


def test_a_fault_in_a_rule_leaves_the_other_rules_and_the_rows_readable() -> None:
    quality = "[{metric: nothing, mustBe: 0}, {metric: rowCount, mustBe: 1}]"
    table = parse_contract(_text("logicalType: string, required: true", quality), "p").tables["t"]
    assert [rule.id for rule in table.rules] == ["t.c.required", "t.rowCount", "t.unreadable"]
    assert table.rules[-1].test == Unreadable("The metric 'nothing' is unknown")


def test_an_id_does_not_change_when_other_rules_do() -> None:
    rule = "{type: sql, query: 'SELECT 1 FROM {object}', mustBe: 1}"
    alone = _only(_text("logicalType: string", f"[{rule}]"))
    among = _read(_text("logicalType: string, required: true", f"[{{metric: rowCount, mustBe: 1}}, {rule}]"))
    assert alone.id in [one.id for one in among.rules]


def test_a_file_that_would_take_long_is_refused_with_a_limit() -> None:
    with pytest.raises(ConfigError, match="larger than 5 MB"):
        _read(_text("logicalType: string") + "# " + "x" * 10_000_000)
    deep = "items: {" * 70 + "logicalType: string" + "}" * 70
    with pytest.raises(ConfigError, match="nested too deeply"):
        _read(_text(f"logicalType: array, {deep}"))
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
    with pytest.raises(ConfigError, match="without bounds"):
        _read(bomb)


def test_relationships_lead_to_names_ids_and_elsewhere() -> None:
    text = """\
apiVersion: v3.2.0
kind: DataContract
schema:
  - id: customers_tbl
    name: cust.omers
    properties:
      - {id: key, name: id.no, logicalType: integer, primaryKey: true}
      - {name: address, logicalType: object, properties: [{name: zip, logicalType: string}]}
  - name: orders
    properties:
      - name: a
        logicalType: integer
        relationships:
          - to: schema/customers_tbl/properties/key
          - {id: r, to: cust.omers.id.no}
          - to: /schema/customers_tbl/properties/key
          - to: cust.omers.address.zip
          - to: schema/customers_tbl/properties/address/properties/zip
          - to: other.yaml#customers.id
    relationships:
      - {from: [orders.a], to: [cust.omers.id.no]}
"""
    read = _read(text)
    references = {(one.columns, one.table, one.to) for one in read.contract.tables["orders"].references}
    assert references == {(("a",), "cust.omers", ("id.no",))}
    assert [note.place.line for note in read.notes if "not checked" in note.message] == [17, 18, 19]
    with pytest.raises(ConfigError, match="stands at 'orders'"):
        _read(text.replace("[orders.a]", "[cust.omers.id.no]"))


def test_service_levels_are_values_and_what_cannot_be_read_is_a_note() -> None:
    levels = """\
slaProperties:
  - {property: Latency, value: 4, unit: d, element: t.c, scheduler: cron, schedule: 0 30 * * *}
  - {property: re, value: P1Y}
  - {property: frequency, value: 24h}
  - {property: latency, value: 500ms}
  - {property: latency, value: 1, element: t.nothing}
  - {property: availability, value: 99.9%}
"""
    read = _read(_text("logicalType: timestamp") + levels)
    first, *rest = read.contract.service_levels
    assert (first.property, str(first.amount), first.unit, first.columns) == (
        "latency",
        "4",
        "day",
        (("t", "c"),),
    )
    assert (first.scheduler, first.schedule) == ("cron", "0 30 * * *")
    assert [(one.property, str(one.amount), one.unit) for one in rest] == [
        ("retention", "1", "year"),
        ("frequency", "24", "hour"),
    ]
    assert [note.place.line for note in read.notes] == [13, 14, 15]


def test_a_rule_of_one_table_names_only_its_own_columns() -> None:
    table = _read(_text("logicalType: string, quality: [{metric: nullValues, mustBe: 0}]")).contract.tables[
        "t"
    ]
    (column,) = (one for one in table.columns if one.name == "d")
    assert table.restricted((column,)).further_rules == ()
    assert replace(table, further_rules=()) != table


@pytest.mark.parametrize("option", ["minimum", "multipleOf", "exclusiveMaximum"])
def test_an_option_without_a_value_is_an_error_with_its_line(option: str) -> None:
    text = f"""\
apiVersion: v3.1.0
kind: DataContract
schema:
  - name: t
    properties:
      - name: n
        logicalType: integer
        logicalTypeOptions:
          {option}:
"""
    with pytest.raises(ConfigError, match=f"'{option}' has no value") as caught:
        OdcsReader().read(text, "contract.yaml", ImportOptions())
    assert "line 9" in str(caught.value)
