"""What a writer writes is read as the same contract, except for what its notes name."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import SIMPLE, format_type, parse_type
from tdmvc.changes.contracts import diff_contracts
from tdmvc.contracts import READERS, WRITERS
from tdmvc.contracts.base import ImportOptions
from tdmvc.documents.json_text import Json
from tdmvc.documents.validator import SchemaValidator
from tdmvc.model.contract_changes import ContractChange
from tdmvc.model.declarations import Check, Default, ForeignKey, ReferenceActions, UniqueKey
from tdmvc.model.finding import Severity
from tdmvc.model.rule_strength import is_implied
from tdmvc.model.rules import (
    Condition,
    Format,
    HasType,
    JsonSchema,
    Length,
    MultipleOf,
    Operator,
    Pattern,
    PatternSyntax,
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
from tdmvc.sql.typed_conditions import typed_rules
from tests.series import trials

DIALECTS = ("postgresql", "mysql", "sqlite", "duckdb")
WRITTEN = [
    *(("sql", {"dialect": one}) for one in DIALECTS),
    *(("odcs", {"version": one}) for one in ("3.1.0", "3.2.0")),
    ("json-schema", {}),
    ("avro", {}),
]
SHOP = Path(__file__).parents[2] / "cases" / "odcs" / "shop.yaml"
DEMO = Path(__file__).parents[3] / "tdmvc" / "demo" / "contract.yaml"
_ACTIONS = st.builds(
    ReferenceActions,
    st.sampled_from(["no action", "cascade", "set null", "restrict"]),
    st.sampled_from(["no action", "cascade"]),
    st.sampled_from([None, "immediate", "deferred"]),
)
_NESTED = (
    "list<string>",
    "list<int32>",
    "struct<a: int64, b: string>",
    'list<struct<"x y": date, x_y: time>>',
)
_TYPES = st.sampled_from(
    [
        *((type_, None) for type_ in SIMPLE.values()),
        *((parse_type(name), None) for name in ("decimal(12,2)", "decimal(38,0)", *_NESTED)),
        *((SIMPLE["string"], physical) for physical in ("varchar(40)", "uuid", "json", "enum('a','b')")),
        (SIMPLE["int64"], "smallint"),
    ]
)
_VALUES: list[Json] = ["", "a", "b", "a@b.c", 0, 1, Decimal("0.5"), True, [], ["a"], [1], {}, {"one": 1}]
"""What schemas are compared by: two that say the same of each are taken for one."""
_DEFAULTS = {"bool": "true", "int64": "5", "float64": "0.5", "string": "null", "decimal(12,2)": "1.50"}
_SEVERAL = st.builds(
    Threshold,
    st.sampled_from([Operator.LESS, Operator.LESS_OR_EQUAL]),
    st.just((Decimal(5),)),
    st.booleans(),
)


def _tests(column: Column) -> list[RuleTest]:
    """Return rules that a column may have."""
    type_ = column.type
    found: list[RuleTest] = [Required(), Unique(), Unique(nulls_distinct=False), HasType(column.type_text)]
    if column.is_json:
        return [
            *found,
            JsonSchema('{"type": "object"}', is_text=True),
            JsonSchema('{"format": "email"}', is_text=True),
        ]
    if pa.types.is_string(type_):
        found += [Length(2, 9), Length(minimum=1), Length(maximum=7), Range("a", "b"), Format("email")]
        found += [
            Values(("a", "it's", "b\\c", "Ä ")),
            Values(("a", "b")),
            Present(("", "n/a")),
            Present((None, "x")),
        ]
        found += [Pattern("^a"), Pattern("a|b", is_whole=True), Pattern("a+", PatternSyntax.PYTHON)]
        found += [Pattern("[a-z]", PatternSyntax.RE2, is_whole=True), Format("uuid"), Format("date")]
        found += [
            JsonSchema('{"anyOf": [{"pattern": "^a"}, {"minLength": 3}]}'),
            JsonSchema('{"not": {"const": "a"}}'),
        ]
        found += [JsonSchema('{"$ref": "#/$defs/x", "$defs": {"x": {"const": "a"}}}')]
        found += [JsonSchema('{"$ref": "#/definitions/x", "definitions": {"x": {"const": "a"}}}', "7")]
        found += [JsonSchema('{"anyOf": [{"format": "email"}]}', is_about_formats=True)]
    if pa.types.is_date(type_):
        found += [
            Range("2026-01-01"),
            Range(None, "2026-12-31", excludes_maximum=True),
            Present(("2026-01-01",)),
        ]
    if pa.types.is_integer(type_):
        found += [
            Range(-1, 9),
            Range(0, None, True),
            Values((1, 2, 3)),
            MultipleOf(Decimal(5)),
            Present((0,)),
        ]
    if pa.types.is_decimal(type_):
        found += [
            Range(Decimal("0.5")),
            MultipleOf(Decimal("0.05")),
            Values((Decimal("1.5"), 2)),
            Present((None, 1)),
        ]
    if pa.types.is_floating(type_):
        found += [
            Range(0),
            Range(None, 9),
            Range(0, 1),
            Values((Decimal("0.5"), 1)),
            MultipleOf(Decimal("0.5")),
        ]
    if pa.types.is_boolean(type_):
        found += [Values((True,)), Present((False,))]
    if pa.types.is_list(type_):
        found += [Length(1, 5), Length(minimum=1), JsonSchema('{"uniqueItems": true}')]
    if pa.types.is_struct(type_):
        found += [JsonSchema('{"required": ["a"]}')]
    return found


@st.composite
def _column(draw: st.DrawFn, table: str, name: str) -> tuple[Column, list[Rule]]:
    type_, physical = draw(_TYPES)
    limit = (
        draw(st.sampled_from([None, None, 40])) if pa.types.is_string(type_) and physical is None else None
    )
    literal = _DEFAULTS.get(format_type(type_)) if draw(st.booleans()) else None
    column = Column(
        name,
        type_,
        physical,
        required=draw(st.booleans()),
        unique=draw(st.booleans()) and not pa.types.is_nested(type_),
        default=Default(literal) if literal is not None else None,
        classification=draw(st.sampled_from([None, None, "personal"])),
        description=draw(st.sampled_from([None, "It's one"])),
        max_length=limit,
    )
    names = (name,)
    tests = draw(st.lists(st.sampled_from(_tests(column)), max_size=2, unique=True))
    rules = [
        Rule(rule_id(table, names, f"rule{place}"), table, names, test) for place, test in enumerate(tests)
    ]
    return column, [draw(_weighed(rule)) for rule in rules]


def _weighed(rule: Rule) -> st.SearchStrategy[Rule]:
    """Return a rule as an error on any row, or as something less."""
    if isinstance(rule.test, RowCount | Query):
        return st.sampled_from([rule, replace(rule, threshold=Threshold(Operator.GREATER))])
    others = [replace(rule, severity=Severity.WARNING), replace(rule, severity=Severity.INFO)]
    return st.one_of(
        st.just(rule), st.sampled_from(others), _SEVERAL.map(lambda allowed: replace(rule, threshold=allowed))
    )


def _table_rules(table: str, columns: tuple[str, ...]) -> list[Rule]:
    """Return rules that are about no single column."""
    pair = columns[:2]
    rows = JsonSchema('{"minProperties": 1, "maxProperties": 9}', is_row=True)
    some = JsonSchema('{"if": {"required": ["one"]}, "then": false}', is_row=True)
    found = [
        (columns, rows),
        (columns[:1], some),
        ((), RowCount()),
        ((), Query(f"SELECT count(*) FROM {table}")),
        (pair, Required()),
        (pair, Unique(nulls_distinct=False)),
        (columns[:1], Condition(Check("one IS NOT NULL OR 1 = 1"))),
        (columns[:1], References(ForeignKey(columns[:1], "parents", ("pid",)))),
    ]
    return [
        Rule(rule_id(table, (), f"row{place}"), table, names, test)
        for place, (names, test) in enumerate(found)
    ]


@st.composite
def _contracts(draw: st.DrawFn) -> Contract:
    parent = TableSchema("parents", (Column("pid", SIMPLE["int64"], required=True),), ("pid",))
    drawn = [draw(_column("children", name)) for name in ("one", "two", "three")[: draw(st.integers(1, 3))]]
    columns = [column for column, _ in drawn]
    plain = [column.name for column in columns if not pa.types.is_nested(column.type) and not column.is_json]
    uniques = (
        (UniqueKey(tuple(plain[:2]), draw(st.sampled_from([None, "pair"])), True),)
        if len(plain) > 1 and draw(st.booleans())
        else ()
    )
    references: tuple[ForeignKey, ...] = ()
    if draw(st.booleans()):
        columns.append(Column("parent", SIMPLE["int64"]))
        references = (ForeignKey(("parent",), "parents", ("pid",), draw(_ACTIONS)),)
    whole = _table_rules("children", tuple(column.name for column in columns))
    rules = [draw(_weighed(one)) for one in draw(st.lists(st.sampled_from(whole), max_size=2, unique=True))]
    children = TableSchema(
        "children",
        tuple(columns),
        tuple(plain[:1]) if draw(st.booleans()) else (),
        references,
        uniques,
        description=draw(st.sampled_from([None, "Some"])),
        further_rules=(*(rule for _, inner in drawn for rule in inner), *rules),
    )
    return Contract({"parents": parent, "children": children})


def _silent_losses(contract: Contract, name: str, options: dict[str, str]) -> list[str]:
    """Return what is another after a round trip, and no note of the writer names."""
    written = WRITERS[name].write(contract, contract.rules, options)
    suffix = {"sql": "sql", "odcs": "yaml"}.get(name, "json")
    read_options = ImportOptions(dialect=options.get("dialect"))
    read = READERS[name].read(written.text, f"contract.{suffix}", read_options)
    notes = [note.message for note in written.notes]
    old, new = _comparable(contract), _comparable(read.contract)
    lost = [one for one in diff_contracts(old, new).changes if not _is_words_only(one)]
    return [one.message for one in lost if not _is_named(one, notes) and not _is_kept(one, old, new)]


def _is_kept(change: ContractChange, old: Contract, new: Contract) -> bool:
    """Whether other rules, or the type of the column, demand what one that came or went does."""
    named = re.match(r"rule (\S+) (added|removed|became)", change.message)
    if named is None:
        return False
    sides = ((old, new), (new, old))
    found = [(rule, other) for one, other in sides for rule in one.rules if rule.id == named[1]]
    return bool(found) and all(_is_demanded(rule, other.tables[rule.table]) for rule, other in found)


def _is_demanded(rule: Rule, table: TableSchema) -> bool:
    if isinstance(rule.test, HasType):
        return all(one.type_text == rule.test.type for one in table.columns if one.name in rule.columns)
    return is_implied(rule, typed_rules(table))


def _comparable(contract: Contract) -> Contract:
    """Return a contract in which two schemas are equal if they say the same of some values."""
    tables = {
        name: replace(
            table, further_rules=tuple(one for rule in table.further_rules for one in _judged(rule))
        )
        for name, table in contract.tables.items()
    }
    return replace(contract, tables=tables)


def _judged(rule: Rule) -> list[Rule]:
    test = rule.test
    if isinstance(test, Required):
        return [replace(rule, columns=(name,)) for name in rule.columns]
    if not isinstance(test, JsonSchema):
        return [rule]
    lax = SchemaValidator.of(test.schema, test.draft)
    strict = SchemaValidator.of(test.schema, test.draft, checks_formats=test.is_about_formats)
    values = [one for one in _VALUES if isinstance(one, dict) or not test.is_row]
    verdicts = [(test.is_about_formats and not lax.is_valid(one)) or strict.is_valid(one) for one in values]
    return [replace(rule, test=replace(test, schema=json.dumps(verdicts), draft=""))]


def _is_words_only(change: ContractChange) -> bool:
    """Whether only the spelling of a type changed."""
    return change.message.startswith("declared type of")


def _is_named(change: ContractChange, notes: list[str]) -> bool:
    """Whether a note names what changed: a rule by its id, anything else by its kind and place."""
    if change.message.endswith("other rules demand as much"):
        return True
    rule = re.match(r"rule (\S+?)(?:-\d)? ", change.message)
    if rule is not None and any(f" {rule[1]} " in note for note in notes):
        return True
    if change.table is None:
        return any(note.startswith("The service level") for note in notes)
    if rule is None:
        subject = change.message.split(" of ")[0].split()[-1]
    else:
        is_of_type = "has the type" in change.message or "is a valid" in change.message
        subject = "type" if is_of_type else rule[1].rpartition(".")[2]
    words = [rf"\b{re.escape(word)}\b" for word in (change.table, subject, *change.columns[:1])]
    return any(all(re.search(word, note, re.IGNORECASE) for word in words) for note in notes)


@pytest.mark.parametrize(("name", "options"), WRITTEN, ids=str)
@given(contract=_contracts())
@settings(max_examples=trials(3000, 20), deadline=None)
def test_what_is_written_is_read_as_the_same_contract_except_for_what_notes_name(
    contract: Contract, name: str, options: dict[str, str]
) -> None:
    assert _silent_losses(contract, name, options) == []


@pytest.mark.parametrize("path", [SHOP, DEMO], ids=["shop", "demo"])
@pytest.mark.parametrize(("name", "options"), WRITTEN, ids=str)
def test_the_shops_are_the_same_after_a_round_trip_except_for_what_notes_name(
    path: Path, name: str, options: dict[str, str]
) -> None:
    contract = READERS["odcs"].read(path.read_text("utf-8"), "contract.yaml", ImportOptions()).contract
    assert _silent_losses(contract, name, options) == []


def test_a_required_column_has_no_null_in_its_list_of_values() -> None:
    rule = Rule("t.c.values", "t", ("c",), Values(("a", None)))
    table = TableSchema("t", (Column("c", SIMPLE["string"], required=True),), further_rules=(rule,))
    contract = Contract({"t": table})
    assert "null" not in WRITERS["json-schema"].write(contract, contract.rules, {}).text


@pytest.mark.parametrize(("dialect", "lost"), [("mysql", "DEFERRABLE"), ("duckdb", "ON DELETE CASCADE")])
def test_actions_of_references_that_an_engine_lacks_are_named(dialect: str, lost: str) -> None:
    reference = ForeignKey(("c",), "t", ("id",), ReferenceActions("cascade", deferrable="deferred"))
    columns = (Column("id", SIMPLE["int64"]), Column("c", SIMPLE["int64"]))
    contract = Contract({"t": TableSchema("t", columns, ("id",), (reference,))})
    written = WRITERS["sql"].write(contract, contract.rules, {"dialect": dialect})
    assert any(lost in note.message for note in written.notes)
