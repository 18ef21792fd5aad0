"""Values from buffers are those that PyArrow itself makes, and importing pandas is left to others."""

import subprocess
import sys
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from tdmvc.arrow.constants import constant, empty_table, number_array, numbers_of, text_array, values_array


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (None, pa.list_(pa.int8())),
        (False, pa.bool_()),
        (-1, pa.int8()),
        (2**64 - 1, pa.uint64()),
        (0.1, pa.float64()),
        (float(2**63), pa.float32()),
        (Decimal("-1.50"), pa.decimal256(76, 2)),
        (10**38, pa.decimal256(76, 0)),
        (b"\x00\xff", pa.binary()),
        ("ä", pa.string()),
    ],
)
def test_a_constant_is_the_scalar_of_pyarrow(value: object, type_: pa.DataType) -> None:
    assert constant(value, type_).equals(pa.scalar(value, type_))


def test_arrays_are_those_of_pyarrow() -> None:
    texts = ["ä", None, "", *["x"] * 20, None]
    found = text_array(texts)
    found.validate(full=True)
    assert found.equals(pa.array(texts, pa.string()))
    assert text_array([]).equals(pa.array([], pa.string()))
    assert number_array(np.arange(6, dtype=np.int32)[::2], pa.int32()).equals(pa.array([0, 2, 4], pa.int32()))


@pytest.mark.parametrize("type_", [pa.bool_(), pa.int16(), pa.uint32(), pa.float32(), pa.float64()])
def test_numbers_are_read_from_the_buffers_of_slices(type_: pa.DataType) -> None:
    array = pa.array([1, 0, None, 1, 1, 0, 1, 0, 0, 1, 1], pa.int8()).cast(type_).slice(3)
    assert numbers_of(array).tolist() == array.to_pylist()
    assert len(numbers_of(pa.nulls(3, type_))) == 3


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["a", None, "", "\u00e4\U0001f600"], pa.string()),
        ([b"\x00", None], pa.binary()),
        ([True, None, False, *[True] * 9], pa.bool_()),
        ([1, None, -(2**63), 2**63 - 1], pa.int64()),
        ([1, 2], pa.int16()),
        ([0.1, None, float("inf"), -0.0], pa.float64()),
        ([Decimal("1.50"), None, Decimal("-99999999.99"), Decimal("1E+2")], pa.decimal128(10, 2)),
        ([None, None], pa.date32()),
        ([0, -1, None, 2932896], pa.date32()),
        ([0, -62135596800000000], pa.timestamp("us", "UTC")),
        ([86399999999, None], pa.time64("us")),
        ([], pa.string()),
        ([], pa.int64()),
    ],
    ids=str,
)
def test_values_are_those_that_pyarrow_makes(values: list[object], type_: pa.DataType) -> None:
    made = values_array(values, type_)
    made.validate(full=True)
    assert made.equals(pa.array(values, type_))


def test_a_table_without_rows_has_its_columns() -> None:
    schema = pa.schema([("a", pa.int64()), ("b", pa.list_(pa.struct([("c", pa.string())])))])
    assert empty_table(schema).equals(schema.empty_table())


def test_pandas_is_not_imported_to_encode_rows() -> None:
    code = (
        "import sys; from tdmvc.arrow.constants import constant, text_array; import pyarrow as pa;"
        "from tdmvc.databases.postgres.encoding import copy_format, binary;"
        "binary.NUMBERS['int4'].encode(text_array(['1', None]).cast(pa.int32()));"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
