from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tdmvc.changes.row_lookup import compare_rows, same_rows
from tdmvc.changes.same_value import same_value, value_id
from tdmvc.model.history import CellEvent, CellStep

NAN = float("nan")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, None),
        (NAN, NAN),
        (0.0, -0.0),
        (1, 1.0),
        (1, Decimal("1.00")),
        (Decimal("0.1"), 0.1),
        (0.1, Decimal("0.1")),
        (date(2026, 1, 2), datetime(2026, 1, 2)),
        (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 2)),
        (5, "5"),
        ("true", True),
        ([1, NAN, None], [1, NAN, None]),
        ({"a": [1]}, {"a": [1.0]}),
    ],
)
def test_equal_values_in_different_forms_are_the_same(old: object, new: object) -> None:
    assert same_value(old, new)
    assert same_value(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, ""),
        (0, None),
        (True, 1),
        (0, False),
        ("a", "A"),
        (1, "1.0"),
        (b"a", "b"),
        ([1], [1, 2]),
        ({"a": 1}, {"b": 1}),
        (date(2026, 1, 2), datetime(2026, 1, 2, 1)),
    ],
)
def test_different_values_are_not_the_same(old: object, new: object) -> None:
    assert not same_value(old, new)
    assert not same_value(new, old)


def test_only_json_columns_compare_by_structure() -> None:
    assert same_value('{"a": 1, "b": 2}', '{"b":2.0,"a":1}', is_json=True)
    assert not same_value('{"a": 1, "b": 2}', '{"b":2.0,"a":1}')
    assert not same_value('{"a": 1}', '{"a": 2}', is_json=True)


def test_identities_are_equal_if_keys_are_equal() -> None:
    assert value_id(NAN) == value_id(float("nan"))
    assert value_id(True) != value_id(1)
    assert value_id([{"a": NAN}]) == value_id([{"a": NAN}])
    assert hash(value_id({"a": [1, None]})) == hash(value_id({"a": [1, None]}))


def test_cells_of_a_row_are_added_removed_changed_and_renamed() -> None:
    steps = compare_rows({"a": 1, "b": 2, "gone": 3}, {"b": 5, "now": 1, "came": None}, {"now": "a"}, ())
    assert steps == (
        CellStep("b", CellEvent.CHANGED, 2, 5),
        CellStep("now", CellEvent.COLUMN_RENAMED, 1, 1, "a"),
        CellStep("came", CellEvent.COLUMN_ADDED),
        CellStep("gone", CellEvent.COLUMN_REMOVED, 3),
    )


def test_a_reused_column_name_is_a_new_column() -> None:
    steps = compare_rows({"a": 1}, {"b": 1, "a": 9}, {"b": "a"}, ())
    assert [(step.column, step.event) for step in steps] == [
        ("b", CellEvent.COLUMN_RENAMED),
        ("a", CellEvent.COLUMN_ADDED),
    ]


def test_rows_of_one_key_are_a_multiset() -> None:
    assert same_rows([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}], ())
    assert not same_rows([{"a": 1}, {"a": 1}], [{"a": 1}, {"a": 2}], ())
    assert not same_rows([{"a": 1}], [{"a": 1}, {"a": 1}], ())
