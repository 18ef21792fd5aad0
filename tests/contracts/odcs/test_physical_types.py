"""What a database's word for a type means."""

import pyarrow as pa
import pytest

from tdmvc.arrow.types import SIMPLE, format_type
from tdmvc.contracts.physical_types import canonical_type, logical_type


@pytest.mark.parametrize(
    ("physical", "canonical"),
    [
        ("varchar(20)", "string"),
        ("NVARCHAR(160)", "string"),
        ("character varying(10)", "string"),
        ("text", "string"),
        ("bigint", "int64"),
        ("INTEGER", "int64"),
        ("int(11) unsigned", "int64"),
        ("bigint(20) unsigned", "uint64"),
        ("numeric(10,2)", "decimal(10,2)"),
        ("DECIMAL( 12 , 4 )", "decimal(12,4)"),
        ("decimal(5)", "decimal(5,0)"),
        ("numeric(50,2)", "string"),
        ("numeric", "decimal(38,10)"),
        ("boolean", "bool"),
        ("real", "float32"),
        ("double precision", "float64"),
        ("float(24)", "float32"),
        ("float(53)", "float64"),
        ("date", "date"),
        ("time(6) without time zone", "time"),
        ("time with time zone", "string"),
        ("timestamp", "timestamp"),
        ("timestamp(3) with time zone", "timestamptz"),
        ("timestamp with time zone", "timestamptz"),
        ("DATETIME", "timestamp"),
        ("datetimeoffset(7)", "timestamptz"),
        ("uuid", "string"),
        ("jsonb", "string"),
        ("enum('a','b')", "string"),
        ("bytea", "binary"),
        ("varbinary(16)", "binary"),
        ("geometry(Point,4326)", "string"),
        ("bigint[]", "list<int64>"),
        ("list<decimal(5,1)>", "list<decimal(5,1)>"),
        ("list<" * 5_000, "string"),
    ],
)
def test_a_physical_type_alone_gives_the_canonical_type(physical: str, canonical: str) -> None:
    type_ = canonical_type(None, physical)
    assert type_ is not None
    assert format_type(type_) == canonical


@pytest.mark.parametrize(
    ("logical", "physical", "format", "canonical"),
    [
        ("integer", "integer", "i32", "int32"),
        ("integer", "integer", None, "int64"),
        ("integer", "int64", "i32", "int64"),
        ("integer", "int8", None, "int8"),
        ("integer", None, "u16", "uint16"),
        ("integer", "numeric(12,0)", None, "decimal(12,0)"),
        ("number", "bigint", None, "int64"),
        ("number", None, None, "float64"),
        ("number", None, "f32", "float32"),
        ("date", "varchar(10)", None, "date"),
        ("boolean", "tinyint(1)", None, "bool"),
        ("string", "bytea", None, "binary"),
        ("string", "integer", None, "string"),
        ("timestamp", None, None, "timestamp"),
        ("object", "jsonb", None, "string"),
        ("array", None, None, "string"),
        ("vector", None, None, "list<float32>"),
        ("date", "quantum", None, "date"),
    ],
)
def test_the_logical_type_decides_the_category(
    logical: str, physical: str | None, format: str | None, canonical: str
) -> None:
    type_ = canonical_type(logical, physical, format=format)
    assert type_ is not None
    assert format_type(type_) == canonical


def test_a_timestamp_with_a_zone_is_an_instant() -> None:
    assert canonical_type("timestamp", None, is_zoned=True) == SIMPLE["timestamptz"]


def test_no_type_gives_no_canonical_type() -> None:
    assert canonical_type(None, None) is None
    assert canonical_type("quark", None) is None


def test_every_canonical_type_has_a_category_that_leads_back_to_its_text() -> None:
    nested = [pa.list_(pa.int8()), pa.struct([pa.field("a b", pa.list_(pa.date32()))]), pa.decimal128(38, 38)]
    for type_ in [*SIMPLE.values(), *nested]:
        assert canonical_type(logical_type(type_), format_type(type_)) == type_
