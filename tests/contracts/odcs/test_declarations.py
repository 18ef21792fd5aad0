"""What a contract declares beside names and types is written as the standard has it, and reads back."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import SIMPLE
from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.errors import ConfigError
from tdmvc.model.declarations import (
    Check,
    Collation,
    Default,
    ForeignKey,
    Generated,
    Identity,
    Index,
    ReferenceActions,
    TableOptions,
    TypeKind,
    UniqueKey,
    UserType,
    View,
)
from tdmvc.model.finding import Severity
from tdmvc.model.rules import Condition, Length, Unique, Values
from tdmvc.model.schema import Column, TableSchema
from tests.schemas import assert_valid_contract
from tests.series import trials

_INT, _TEXT = SIMPLE["int64"], SIMPLE["string"]
_SQL = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n()'\"{}:#-"),
    min_size=1,
).filter(str.strip)
_CONDITIONS = st.sampled_from(["a > 0", "\"c d\" <> ')' -- (", "(a = 1) OR (a = 2)", "a IN (1, 2) /* ) */"])
"""What people write, which is SQL that can be read."""
_NAMES = st.sampled_from(["a", "c d", "on"])
_DIALECTS = st.sampled_from(["sqlite", "duckdb", "postgresql"])
_COLUMN_LISTS = st.lists(_NAMES, min_size=1, max_size=3, unique=True).map(tuple)
_CHECKED_AT = st.sampled_from([None, "immediate", "deferred"])
_ACTIONS = st.sampled_from(["no action", "cascade", "restrict", "set null", "set default"])


def _optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


@st.composite
def _tables(draw: st.DrawFn) -> TableSchema:
    columns = tuple(
        Column(
            name,
            _TEXT,
            default=draw(
                _optional(
                    st.builds(
                        Default, literal=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]))
                    )
                    | st.builds(Default, expression=_SQL, dialect=_DIALECTS)
                )
            ),
            generated=draw(_optional(st.builds(Generated, _SQL, st.booleans(), _DIALECTS))),
            identity=draw(
                _optional(st.builds(Identity, st.booleans(), _optional(st.integers(-9, 9)), st.just(2)))
            ),
            collation=draw(_optional(st.builds(Collation, _SQL, _DIALECTS))),
            user_types=tuple(
                draw(
                    st.lists(
                        st.builds(UserType, _SQL, st.just(TypeKind.ENUM), _DIALECTS, _COLUMN_LISTS)
                        | st.builds(UserType, _SQL, st.sampled_from(TypeKind), _DIALECTS, st.just(()), _SQL),
                        max_size=2,
                    )
                )
            ),
            max_length=draw(_optional(st.integers(1, 99))),
            description=draw(_optional(_SQL)),
        )
        for name in ("a", "c d", "on")
    )
    reference = st.builds(
        ForeignKey,
        st.just(("a", "on")),
        st.just("t"),
        st.just(("a", "on")),
        _optional(
            st.builds(
                ReferenceActions,
                _ACTIONS,
                _ACTIONS,
                _CHECKED_AT,
                st.booleans(),
                _COLUMN_LISTS | st.just(()),
                st.booleans(),
            )
        ),
    )
    unique = st.builds(
        UniqueKey,
        _COLUMN_LISTS,
        _optional(_NAMES),
        st.just(True),
        st.booleans(),
        _COLUMN_LISTS | st.just(()),
        _CHECKED_AT,
    )
    by_person = st.builds(UniqueKey, _COLUMN_LISTS, _optional(_NAMES))
    return TableSchema(
        "t",
        columns,
        ("a",),
        tuple(draw(st.lists(reference, max_size=1))),
        tuple(draw(st.lists(unique | by_person, max_size=3, unique=True))),
        tuple(
            draw(
                st.lists(
                    st.builds(Check, _CONDITIONS, _optional(_NAMES))
                    | st.builds(Check, _SQL, _optional(_NAMES), _DIALECTS, st.booleans(), st.booleans()),
                    max_size=3,
                    unique=True,
                )
            )
        ),
        tuple(
            draw(
                st.lists(
                    st.builds(Index, _NAMES, _COLUMN_LISTS, st.none(), st.booleans())
                    | st.builds(Index, _NAMES, st.just(()), _SQL, st.booleans(), _DIALECTS),
                    max_size=2,
                    unique_by=lambda index: index.name,
                )
            )
        ),
        draw(_optional(st.builds(TableOptions, _COLUMN_LISTS, _DIALECTS))),
        draw(_optional(_SQL)),
    )


_VIEWS = st.lists(
    st.builds(View, _NAMES, _SQL, _DIALECTS, st.just(()), st.booleans()),
    max_size=2,
    unique_by=lambda view: view.name,
)


@given(_tables(), _tables(), _VIEWS)
@settings(max_examples=trials(60, 12), deadline=None)
def test_every_declaration_is_valid_odcs_reads_back_and_can_change_to_any_other(
    before: TableSchema, after: TableSchema, views: list[View]
) -> None:
    text = update_contract(None, "golden", {"t": before}, views)
    assert_valid_contract(text)
    contract = parse_contract(text, "p")
    assert contract.tables["t"] == before
    assert contract.views == tuple(views)
    assert update_contract(text, "golden", {"t": before}, views) == text
    # Descriptions are a person's: they are set, and never taken away.
    after = replace(
        after,
        description=after.description or before.description,
        columns=tuple(
            replace(new, description=new.description or old.description)
            for old, new in zip(before.columns, after.columns, strict=True)
        ),
    )
    changed = update_contract(text, "golden", {"t": after}, [])
    assert_valid_contract(changed)
    again = parse_contract(changed, "p").tables["t"]
    assert again == replace(
        after,
        unique_keys=tuple(sorted(after.unique_keys, key=again.unique_keys.index)),
        checks=tuple(sorted(after.checks, key=again.checks.index)),
    )


def test_rules_of_people_stay_as_they_were_written() -> None:
    text = """\
apiVersion: v3.1.0
kind: DataContract
id: d
name: d
version: 1.0.0
status: active
schema:
  - name: t
    properties:
      - {name: a, logicalType: integer, physicalType: int64}
      - {name: b, logicalType: string, physicalType: varchar(12), logicalTypeOptions: {maxLength: 10}}
    quality:
      # The accounting rule.
      - {id: r1, metric: duplicateValues, arguments: {properties: [a, b]}, mustBe: 0}
      - {id: r2, metric: duplicateValues, arguments: {properties: [a, b]}, mustBe: 5}
      - {id: r3, type: sql, query: 'SELECT COUNT(*) FROM {object} WHERE NOT (a > 0)', mustBe: 0}
      - {id: r4, type: sql, query: 'SELECT COUNT(*) FROM {object} WHERE NOT (a > 1)', mustBe: 0, severity: warning}
      - {id: r5, type: text, description: Sums are right.}
"""
    table = parse_contract(text, "p").tables["t"]
    assert table.unique_keys == (UniqueKey(("a", "b"), "r1"),)
    assert table.checks == (Check("a > 0", "r3"),)
    assert [(rule.id, rule.test, rule.columns) for rule in table.rules] == [
        ("t.b.length", Length(maximum=10), ("b",)),
        ("t.r1", Unique(), ("a", "b")),
        ("t.r3", Condition(Check("a > 0", "r3")), ("a",)),
        ("t.r2", Unique(), ("a", "b")),
        ("t.r4", Condition(Check("a > 1", "r4")), ("a",)),
    ]
    named = replace(table, checks=(*table.checks, Check("b <> ''", "not_empty", "sqlite")))
    changed = update_contract(text, "d", {"t": named})
    assert [line for line in text.splitlines() if line not in changed.splitlines()] == []
    assert parse_contract(changed, "p").tables["t"] == named
    assert update_contract(changed, "d", {"t": table}) == text


@pytest.mark.parametrize(
    ("physical", "limit"),
    [
        ("varchar(40)", 40),
        ("NVARCHAR( 160 )", 160),
        ("character varying(7)", 7),
        ("national character varying(7)", 7),
        ("char(2)", 2),
        ("text", None),
        ("varchar", None),
        ("decimal(10,2)", None),
        ("enum('a')", None),
    ],
)
def test_the_declared_type_limits_the_length_of_a_text(physical: str, limit: int | None) -> None:
    assert Column("c", _TEXT, physical).length_limit == limit
    assert Column("c", _INT, physical).length_limit is None


@pytest.mark.parametrize(
    ("physical", "types", "labels", "severity"),
    [
        ("enum('a','it''s, so')", (), ("a", "it's, so"), Severity.WARNING),
        ("ENUM('new', 'old')", (), ("new", "old"), Severity.WARNING),
        (
            "mood",
            (UserType("mood", TypeKind.ENUM, "postgresql", ("sad", "ok")),),
            ("sad", "ok"),
            Severity.ERROR,
        ),
        ("happy", (UserType("mood", TypeKind.ENUM, "postgresql", ("sad",)),), (), None),
        ("text", (), (), None),
        ("enum(x)", (), (), None),
    ],
)
def test_an_enum_of_a_database_limits_values(
    physical: str, types: tuple[UserType, ...], labels: tuple[str, ...], severity: Severity | None
) -> None:
    table = TableSchema("t", (Column("c", _TEXT, physical, user_types=types),))
    text = update_contract(None, "golden", {"t": table})
    read = parse_contract(text, "p").tables["t"]
    assert read == table
    found = [(rule.id, rule.test, rule.severity) for rule in read.rules]
    assert found == ([("t.c.enum", Values(labels), severity)] if labels else [])
    lines = [text.splitlines()[(rule.place.line or 0) - 1] for rule in read.rules if rule.place is not None]
    assert [line.strip().split(":")[0] for line in lines] == ["physicalType"] * len(found)


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ("{property: tdmvcDefault, value: {expression: now()}}", "dialect"),
        ("{property: tdmvcDefault, value: 1}", "mapping"),
        ("{property: tdmvcIdentity, value: {generation: sometimes}}", "by default"),
        ("{property: tdmvcIdentity, value: {start: x}}", "whole number"),
        ("{property: tdmvcGenerated, value: {dialect: sqlite}}", "expression"),
    ],
)
def test_a_wrong_declaration_is_named_with_its_line(declared: str, words: str) -> None:
    lines = ["kind: DataContract", "schema:", "  - name: t", "    properties:", "      - name: a"]
    lines += ["        logicalType: string", "        customProperties:", f"          - {declared}"]
    text = "\n".join(lines) + "\n"
    with pytest.raises(ConfigError, match=words) as raised:
        parse_contract(text, "contract.yaml")
    assert "line 8" in str(raised.value)
