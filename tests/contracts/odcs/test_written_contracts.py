"""What tdmvc writes is valid under the standard's schema of the version that it names, and reads back equal."""

from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import SIMPLE
from tdmvc.contracts.base import ImportOptions
from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.contracts.odcs.format import OdcsReader, OdcsWriter
from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.model.declarations import Default, ForeignKey, UniqueKey
from tdmvc.model.finding import Severity
from tdmvc.model.rules import (
    Format,
    JsonSchema,
    Length,
    MultipleOf,
    Operator,
    Pattern,
    Present,
    Query,
    Range,
    References,
    Required,
    RowCount,
    Rule,
    RuleTest,
    Threshold,
    Unique,
    Values,
    rule_id,
)
from tdmvc.model.schema import Column, Contract, TableSchema
from tests.contracts.odcs.standard import faults_of
from tests.series import trials

_NAMES = st.one_of(
    st.sampled_from(
        [
            *(
                "order-lines",
                "a.b",
                "a.b.c",
                "Order Details",
                "größe",
                "日本",
                "select",
                "on",
                "null",
                "1",
                "2026-01-01",
            ),
            *("id", "x", 'q"uote', "it's", "a/b", "#", "a:b", "_", "-", "schema", "{object}", "~"),
        ]
    ),
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=8
    ).filter(lambda name: name.strip() == name),
)
_TYPES = st.sampled_from(
    [
        *(
            (SIMPLE[name], None)
            for name in ("int32", "float64", "bool", "date", "time", "timestamp", "timestamptz")
        ),
        *((SIMPLE["string"], physical) for physical in (None, "varchar(40)", "uuid", "jsonb", "enum('a')")),
        (pa.decimal128(12, 2), "NUMERIC(12,2)"),
        (pa.list_(SIMPLE["string"]), None),
        (pa.struct([pa.field("x y", SIMPLE["int8"])]), None),
    ]
)
_TEXTS = st.sampled_from(["a", "", "2026-01-01", "null", "yes", "0x1", "a: b", "#", "ü\n", "N/A"])
_NUMBERS = st.sampled_from([Decimal("0.5"), Decimal(3), Decimal("1E+3"), Decimal("-7.25")])
_THRESHOLDS = st.one_of(
    st.just(Threshold()),
    st.builds(lambda one, n: Threshold(one, (n,)), st.sampled_from(list(Operator)[:6]), _NUMBERS),
    st.builds(
        lambda one, percent: Threshold(one, (Decimal(0), Decimal("9.5")), percent),
        st.sampled_from(list(Operator)[6:]),
        st.booleans(),
    ),
)


def _plain_tests(type_: pa.DataType) -> list[tuple[str, RuleTest]]:
    """Return tests that options of a type say, with the words of their ids."""
    if pa.types.is_string(type_):
        return [
            ("minLength", Length(minimum=1)),
            ("pattern", Pattern("^[a-z]+\\.$")),
            ("format", Format("email")),
        ]
    if pa.types.is_integer(type_) or pa.types.is_decimal(type_):
        return [
            ("range", Range(Decimal("0.5"), 9, excludes_minimum=True)),
            ("multipleOf", MultipleOf(Decimal("0.01"))),
        ]
    if type_ == SIMPLE["date"]:
        return [("range", Range("2026-01-01", "2026-12-31", excludes_maximum=True))]
    return [("minItems", Length(minimum=2))] if pa.types.is_list(type_) else []


def _measured_tests(column: Column) -> list[RuleTest]:
    """Return tests that a quality rule of a column says."""
    texts: list[RuleTest] = [Present((None, "", "2026-01-01")), Values(("a", "null", "1")), Pattern("^a")]
    query = Query('SELECT max(1) FROM "t" -- {')
    return [Required(), Unique(), query, *(texts if pa.types.is_string(column.type) else [])]


@st.composite
def _tables(draw: st.DrawFn) -> dict[str, TableSchema]:
    tables: dict[str, TableSchema] = {}
    for name in draw(st.lists(_NAMES, min_size=1, max_size=3, unique=True)):
        columns = tuple(
            Column(
                one,
                *draw(_TYPES),
                required=draw(st.booleans()),
                classification=draw(st.none() | _TEXTS.filter(bool)),
                default=draw(st.none() | st.builds(Default, _TEXTS)),
                description=draw(st.none() | _TEXTS.filter(bool)),
            )
            for one in draw(st.lists(_NAMES, min_size=1, max_size=4, unique=True))
        )
        names = [column.name for column in columns]
        key = tuple(draw(st.permutations(names))[: draw(st.integers(0, 2))])
        uniques = [UniqueKey(tuple(names[:2]), draw(st.none() | _NAMES), True)] if len(names) > 2 else []
        rules = tuple(rule for column in columns for rule in draw(_rules(name, column)))
        rows = Rule(rule_id(name, (), "rowCount"), name, (), RowCount(), Threshold(Operator.GREATER))
        tables[name] = TableSchema(name, columns, key, (), tuple(uniques), further_rules=(*rules, rows))
    targets = [
        *((table.name, column) for table in tables.values() for column in table.column_names),
        ("not.here", "x y"),
    ]
    for name, table in tables.items():
        found = []
        if draw(st.booleans()):
            one, column = draw(st.sampled_from(targets))
            found.append(ForeignKey((table.column_names[0],), one, (column,)))
        if len(table.columns) > 1:
            found.append(ForeignKey(table.column_names[:2], name, tuple(reversed(table.column_names[:2]))))
        references = tuple(sorted(found, key=lambda r: (r.columns, r.table, r.to)))
        tables[name] = replace(table, references=references)
    return tables


@st.composite
def _rules(draw: st.DrawFn, table: str, column: Column) -> list[Rule]:
    names, found = (column.name,), []
    for word, test in _plain_tests(column.type):
        if draw(st.booleans()):
            found.append(Rule(rule_id(table, names, word), table, names, test))
    for test in _measured_tests(column):
        if draw(st.booleans()):
            word = draw(st.sampled_from(["r", "some name", "ä.b", "2026-01-01"])) + type(test).__name__
            threshold = draw(_THRESHOLDS)
            # What the column itself may declare is written once.
            severity = draw(st.sampled_from(list(Severity)[1 if threshold == Threshold() else 0 :]))
            if isinstance(test, Query):
                threshold = replace(threshold, is_percent=False)
            found.append(Rule(rule_id(table, names, word), table, names, test, threshold, severity))
    return found


def _facts(contract: Contract) -> dict[str, tuple[object, ...]]:
    return {rule.id: (rule.columns, rule.test, rule.threshold, rule.severity) for rule in contract.rules}


@given(_tables(), st.sampled_from(["3.1.0", "3.2.0"]))
@settings(max_examples=trials(300, 25), deadline=None)
def test_every_contract_is_valid_under_the_version_that_it_names_and_reads_back_equal(
    tables: dict[str, TableSchema], version: str
) -> None:
    contract = Contract(tables)
    written = OdcsWriter().write(contract, contract.rules, {"version": version, "name": "golden"})
    assert faults_of(written.text, version) == []
    assert written.notes == ()
    read = OdcsReader().read(written.text, "p", ImportOptions()).contract
    assert {name: replace(table, further_rules=()) for name, table in read.tables.items()} == {
        name: replace(table, further_rules=()) for name, table in tables.items()
    }
    assert _facts(read) == _facts(contract)
    assert update_contract(written.text, "golden", tables) == written.text


def test_rules_that_the_standard_has_no_form_for_are_kept_or_named() -> None:
    column = Column("c", SIMPLE["string"])
    rules = (
        Rule("t.c.range", "t", ("c",), Range("a", "b")),
        Rule("t.c.json", "t", ("c",), JsonSchema('{"minProperties": 1}', is_text=True)),
        Rule("t.c.pattern", "t", ("c",), Pattern("a", is_whole=True)),
    )
    reference = References(ForeignKey(("c",), "u", ("id",)))
    some = Threshold(Operator.LESS, (Decimal(5),))
    lax = Rule("t.c.references", "t", ("c",), reference, some)
    written = OdcsWriter().write(Contract({"t": TableSchema("t", (column,))}), (*rules, lax), {"name": "g"})
    assert [note.message for note in written.notes] == [
        "The rule t.c.references (reference) is not written: the standard has no form for it."
    ]
    assert "pattern: ^(?:a)$" in written.text
    # The others are in a custom property, which other tools pass over.
    kept = [rule.test for rule in parse_contract(written.text, "p").rules]
    assert kept == [Pattern("^(?:a)$"), rules[0].test, rules[1].test]


def test_the_values_of_a_column_are_written_in_the_form_of_the_version() -> None:
    table = TableSchema("t", (Column("c", SIMPLE["string"]),))
    rule = Rule("t.c.enum", "t", ("c",), Values(("a", "1")))
    old = OdcsWriter().write(Contract({"t": table}), (rule,), {"version": "3.1.0"}).text
    new = OdcsWriter().write(Contract({"t": table}), (rule,), {"version": "3.2.0"}).text
    assert 'validValues: [a, "1"]' in old
    assert "enum:" in new
    for text, version in ((old, "3.1.0"), (new, "3.2.0")):
        assert faults_of(text, version) == []
        assert parse_contract(text, "p").tables["t"].further_rules == (rule,)


def test_a_restored_table_has_its_rules_again_and_other_rules_stay() -> None:
    text = """\
apiVersion: v3.1.0
kind: DataContract
id: d
version: 1.0.0
status: active
schema:
  - name: t
    properties:
      - name: c
        logicalType: integer
        logicalTypeOptions: {minimum: 1}   # from the law
        quality:
          - {id: few, metric: nullValues, mustBeLessThan: 5}
"""
    table = parse_contract(text, "p").tables["t"]
    assert update_contract(text, "d", {"t": replace(table, further_rules=())}) == text
    gone = update_contract(text, "d", {"t": None})
    restored = parse_contract(update_contract(gone, "d", {"t": table}), "p").tables["t"]
    assert restored == table
    wider = Rule("t.rowCount", "t", (), RowCount(), Threshold(Operator.GREATER))
    edited = update_contract(text, "d", {"t": replace(table, further_rules=(*table.further_rules, wider))})
    assert edited.startswith(text)
    assert faults_of(edited, "3.1.0") == []


@pytest.mark.parametrize("name", ["order-lines", "a.b", "1st", "größe", "x y"])
@pytest.mark.parametrize("version", ["3.1.0", "3.2.0"])
def test_a_reference_to_an_unusual_name_is_valid(name: str, version: str) -> None:
    target = TableSchema(name, (Column(name, SIMPLE["int64"]),), (name,))
    source = TableSchema("s", (Column("c", SIMPLE["int64"]),), (), (ForeignKey(("c",), name, (name,)),))
    text = update_contract(f"apiVersion: v{version}\n", "d", {name: target, "s": source})
    assert faults_of(text, version) == []
    assert parse_contract(text, "p").tables["s"] == source
