from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest

from tdmvc.changes.key_words import parse_key, retyped
from tdmvc.errors import UsageError
from tdmvc.model.schema import Column, TableSchema

TEXT = TableSchema("people", (Column("name", pa.string()), Column("age", pa.int64())), ("name",))
LINES = TableSchema(
    "lines",
    (Column("order_id", pa.int32()), Column("line", pa.string()), Column("note", pa.string())),
    ("order_id", "line"),
)


def keyed(type_: pa.DataType) -> TableSchema:
    return TableSchema("t", (Column("k", type_),), ("k",))


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (pa.int8(), " 12", 12),
        (pa.uint64(), str(2**64 - 1), 2**64 - 1),
        (pa.decimal128(9, 2), "1.5", Decimal("1.50")),
        (pa.float64(), "1e3", 1000.0),
        (pa.bool_(), "true", True),
        (pa.date32(), "2026-01-31", date(2026, 1, 31)),
        (pa.time64("us"), "14:02", time(14, 2)),
        (pa.timestamp("us"), "2026-01-31 14:02:03.5", datetime(2026, 1, 31, 14, 2, 3, 500_000)),
        (pa.timestamp("us", tz="UTC"), "2026-01-31 14:02:00", datetime(2026, 1, 31, 14, 2, tzinfo=UTC)),
        (pa.timestamp("us", tz="UTC"), "2026-01-31T14:02:00+02:00", datetime(2026, 1, 31, 12, 2, tzinfo=UTC)),
        (pa.binary(), "0x00ff", b"\x00\xff"),
        (pa.string(), " as it is ", " as it is "),
    ],
)
def test_a_value_is_read_by_its_column_s_type(type_: pa.DataType, text: str, value: object) -> None:
    (found,) = parse_key([text], keyed(type_))
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (pa.int8(), "300"),
        (pa.int64(), "1.5"),
        (pa.int64(), ""),
        (pa.decimal128(9, 2), "1.555"),
        (pa.date32(), "31.1.2026"),
        (pa.time64("us"), "25:00"),
        (pa.bool_(), "perhaps"),
        (pa.binary(), "0xzz"),
        (pa.list_(pa.int64()), "[1]"),
    ],
)
def test_an_invalid_value_is_refused_with_the_name_of_its_column(type_: pa.DataType, text: str) -> None:
    with pytest.raises(UsageError, match=r"not a valid .* for t\.k"):
        parse_key([text], keyed(type_))


def test_no_message_contains_a_personal_value() -> None:
    with pytest.raises(UsageError) as raised:
        parse_key(["4711-secret"], keyed(pa.int64()), hidden={"k"})
    assert "secret" not in raised.value.message


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["1,a"], (1, "a")),
        (["order_id=1,line=a"], (1, "a")),
        (["line=a,order_id=1"], (1, "a")),
        (["line=a", "order_id=1"], (1, "a")),
        (["1", '"a,b"'], (1, "a,b")),
        (['1,"say ""hi"", then go"'], (1, 'say "hi", then go')),
        (["1,"], (1, "")),
        (['1,""'], (1, "")),
        (["1,NULL"], (1, None)),
        (['1,"NULL"'], (1, "NULL")),
        (["NULL,a"], (None, "a")),
        (["1,what=ever"], (1, "what=ever")),
        (["order_id=1", "line=x=y"], (1, "x=y")),
        (['1,"x'], (1, '"x')),
        (['1,"x"y'], (1, '"x"y')),
    ],
)
def test_a_key_of_several_columns_is_written_in_many_ways(words: list[str], key: tuple[object, ...]) -> None:
    assert parse_key(words, LINES) == key


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("Smith, John", "Smith, John"),
        ("name=Smith, John", "Smith, John"),
        ("a=b", "a=b"),
        ('"name=x"', "name=x"),
        ('"', '"'),
        ("NULL", None),
        ('"NULL"', "NULL"),
        ("", ""),
    ],
)
def test_a_key_of_one_column_is_not_split(word: str, value: str | None) -> None:
    assert parse_key([word], TEXT) == (value,)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["1"], "1 of 2"),
        (["1,a,b"], "3 of 2"),
        (["order_id=1,a"], "but not all"),
        (["order_id=1,order_id=2"], "twice"),
        (["order_id=1,note=x"], "'note' is not in the key"),
        (['order_id=1,nil="x"'], "'nil' is not in the key"),
        (['1,"a,b'], "3 of 2"),
    ],
)
def test_the_error_for_a_wrong_key_shows_a_right_one(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        parse_key(words, LINES)
    assert "order_id (int32), line (string)" in raised.value.message


def test_another_column_s_name_is_refused_and_a_table_without_a_key_too() -> None:
    with pytest.raises(UsageError, match="'age' is not in the key"):
        parse_key(["age=5"], TEXT)
    with pytest.raises(UsageError, match="no key"):
        parse_key(["5"], TableSchema("t", TEXT.columns))


def test_a_value_changes_with_its_columns_type() -> None:
    assert retyped(5, pa.string()) == "5"
    assert retyped("5", pa.int64()) == 5
    assert retyped(5, pa.decimal128(9, 2)) == Decimal("5.00")
    assert retyped(None, pa.int64()) is None
    with pytest.raises(ValueError, match="equal"):
        retyped("five", pa.int64())
    with pytest.raises(ValueError, match="equal"):
        retyped(300, pa.int8())
