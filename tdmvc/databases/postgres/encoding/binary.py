"""Arrow values in the exact binary form of PostgreSQL's types."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa

from tdmvc.arrow.compute import ReplaceSubstringOptions, call_function, cast
from tdmvc.arrow.constants import constant, number_array, numbers_of, text
from tdmvc.databases.postgres.encoding.copy_format import (
    Encoder,
    Numbers,
    bytes_of,
    framed,
    framed_numbers,
    of_width,
)

_EPOCH_DAYS = 10_957
"""From 1970 to 2000, where PostgreSQL's times begin."""
_EPOCH_MICROSECONDS = _EPOCH_DAYS * 86_400_000_000
INFINITE_DAYS = 2**31 - 1
INFINITE_MICROSECONDS = 2**63 - 1
"""DuckDB's infinity, counted from 1970; its negative is that of the past."""
_BASE_DIGITS = 4
"""A digit of PostgreSQL's numeric is one of four decimal digits."""
_NEGATIVE = 0x4000
_WIDE_INTEGER = pa.decimal128(20, 0)
_UUID_BYTES = 16
_UUID_NOISE = "[-{}]"
_JSONB_VERSION = text(b"\x01", pa.binary())


class NotExactError(Exception):
    """A value has no exact form in the type."""


def exact_cast(array: pa.Array, type_: pa.DataType) -> pa.Array:
    """Return the values in another type.

    Raises:
        NotExactError: a value would change.
    """
    if array.type == type_:
        return array
    source = array.type
    try:
        if pa.types.is_decimal(source) and pa.types.is_floating(type_):
            found, is_changed = nearest_floats(array, type_)
            if any(is_changed):
                raise NotExactError
            return found
        if pa.types.is_integer(source) and pa.types.is_decimal(type_):
            array = cast(array, _WIDE_INTEGER)
        found = cast(array, type_)
        if pa.types.is_floating(type_) and pa.types.is_floating(source):
            # Arrow rounds floats silently.
            back = cast(found, source)
            _check(back, array)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise NotExactError from error
    return found


def nearest_floats(array: pa.Array, type_: pa.DataType) -> tuple[pa.Array, list[bool]]:
    """Return the floats that are nearest to decimals, and for each whether its shortest text is another number."""
    found = cast(cast(array, pa.string()), type_)
    shortest = cast(found, pa.string()).to_pylist()
    values = array.to_pylist()
    return found, [
        own is not None and Decimal(own) != value for own, value in zip(shortest, values, strict=True)
    ]


def _check(found: pa.Array, expected: pa.Array) -> None:
    is_same = call_function("equal", [found, expected])
    if pa.types.is_floating(expected.type):
        both = [call_function("is_nan", [one]) for one in (found, expected)]
        is_same = call_function("or", [is_same, call_function("and", both)])
    if call_function("all", [is_same]).as_py() is False:
        raise NotExactError


def booleans(array: pa.Array) -> list[pa.Array]:
    """Return booleans; of numbers, 0 and 1 are some."""
    if not pa.types.is_boolean(array.type):
        found = cast(array, pa.bool_())
        _check(cast(found, array.type), array)
        array = found
    return framed_numbers(numbers_of(array).astype("u1"), array)


def texts(array: pa.Array) -> list[pa.Array]:
    """Return texts, and all that PostgreSQL sends as text: enums, json, xml, names."""
    return framed(cast(array, pa.binary()))


def jsonb(array: pa.Array) -> list[pa.Array]:
    """Return JSON texts in the form of jsonb."""
    joined = call_function(
        "binary_join_element_wise", [_JSONB_VERSION, cast(array, pa.binary()), text(b"", pa.binary())]
    )
    return framed(joined)


def byte_strings(array: pa.Array) -> list[pa.Array]:
    """Return bytes."""
    return framed(array)


def dates(array: pa.Array) -> list[pa.Array]:
    """Return days; timestamps must be at midnight."""
    days = numbers_of(cast(exact_cast(array, pa.date32()), pa.int32())).astype(np.int64)
    found = _with_infinity(days, days - _EPOCH_DAYS, INFINITE_DAYS)
    return framed_numbers(found.astype(">i4"), array)


def timestamps(array: pa.Array) -> list[pa.Array]:
    """Return timestamps with or without a zone, which both count microseconds; a moment without a zone is in UTC."""
    if pa.types.is_date(array.type):
        array = exact_cast(array, pa.timestamp("us"))
    micros = numbers_of(cast(array, pa.int64()))
    found = _with_infinity(micros, micros - _EPOCH_MICROSECONDS, INFINITE_MICROSECONDS)
    return framed_numbers(found.astype(">i8"), array)


def _with_infinity(values: Numbers, found: Numbers, infinity: int) -> Numbers:
    """Return numbers with infinity in PostgreSQL's form: the largest and the smallest number."""
    for value, own in ((infinity, infinity), (-infinity, -infinity - 1)):
        if (values == value).any():
            found = np.where(values == value, own, found)
    return found


def times(array: pa.Array) -> list[pa.Array]:
    """Return times of a day."""
    return framed_numbers(numbers_of(cast(array, pa.int64())).astype(">i8"), array)


def uuids(array: pa.Array) -> list[pa.Array]:
    """Return UUIDs, which come as texts of 32 hexadecimal digits, with or without hyphens and braces."""
    options = ReplaceSubstringOptions(pattern=_UUID_NOISE, replacement="")
    digits = call_function("replace_substring_regex", [array], options)
    if digits.null_count:
        digits = call_function("coalesce", [digits, text("0" * 2 * _UUID_BYTES)])
    lengths = call_function("binary_length", [digits])
    if (
        call_function(
            "all", [call_function("equal", [lengths, constant(2 * _UUID_BYTES, pa.int32())])]
        ).as_py()
        is False
    ):
        raise NotExactError
    try:
        raw = np.frombuffer(bytes.fromhex(str(bytes_of(digits), "ascii")), f"V{_UUID_BYTES}")
    except ValueError as error:
        raise NotExactError from error
    return framed_numbers(raw, array)


def decimals(precision: int, scale: int) -> Encoder:
    """Return the encoder of numeric for integers and decimals, at a scale that holds all their digits.

    Every value gets the same number of base-10000 digits; the server removes zeros at both ends.
    """
    type_ = pa.decimal128(precision, scale)
    whole_digits = -(-(precision - scale) // _BASE_DIGITS)
    part_digits = -(-scale // _BASE_DIGITS)
    form = np.dtype(
        [
            *((name, ">i2") for name in ("ndigits", "weight", "sign", "scale")),
            ("digits", ">i2", (whole_digits + part_digits,)),
        ]
    )

    def encode(array: pa.Array) -> list[pa.Array]:
        found = exact_cast(array, type_)
        if found.null_count:
            found = call_function("coalesce", [found, constant(0, type_)])
        words = np.frombuffer(found.buffers()[1], "<i8", 2 * len(found), found.offset * 16).reshape(-1, 2)
        records = np.zeros(len(found), form)
        records["ndigits"] = whole_digits + part_digits
        records["weight"] = whole_digits - 1
        records["sign"] = np.where(words[:, 1] < 0, _NEGATIVE, 0)
        records["scale"] = scale
        rest = _Magnitudes(words)
        # From the last digit to the first; the last one may be of fewer decimal digits.
        for place in range(whole_digits + part_digits - 1, -1, -1):
            missing = part_digits * _BASE_DIGITS - scale if place == whole_digits + part_digits - 1 else 0
            records["digits"][:, place] = rest.take_digits(_BASE_DIGITS - missing) * 10**missing
        return framed_numbers(records, array)

    return encode


class _Magnitudes:
    """The absolute values of 128-bit integers, from which decimal digits are taken, the last ones first."""

    def __init__(self, words: Numbers) -> None:
        low, high = words[:, 0].view(np.uint64), words[:, 1]
        is_negative = high < 0
        low = np.where(is_negative, ~low + np.uint64(1), low)
        flipped = ~high.view(np.uint64) + (low == 0).astype(np.uint64)
        top = np.where(is_negative, flipped, high.view(np.uint64))
        self._limbs: list[Numbers] = []
        """Of 32 bits each, the most significant first; or one of 64, if the values fit."""
        if not top.any():
            self._limbs = [low]
        else:
            half, mask = np.uint64(32), np.uint64(0xFFFFFFFF)
            self._limbs = [top >> half, top & mask, low >> half, low & mask]

    def take_digits(self, count: int) -> Numbers:
        divisor = np.uint64(10**count)
        if len(self._limbs) == 1:
            self._limbs[0], found = np.divmod(self._limbs[0], divisor)
            return np.asarray(found)
        carry = np.zeros(len(self._limbs[0]), np.uint64)
        for i, limb in enumerate(self._limbs):
            self._limbs[i], carry = np.divmod((carry << np.uint64(32)) | limb, divisor)
        return carry


def arrays(element: Encoder, oid: int) -> Encoder:
    """Return the encoder of arrays of one dimension, from the encoder of their elements and the OID of its type."""
    head = np.array([(1, 0, oid, 0, 1)], _ARRAY_HEAD)
    empty = text(np.array([(0, 0, oid)], _EMPTY_ARRAY_HEAD).tobytes(), pa.binary())

    def encode(array: pa.Array) -> list[pa.Array]:
        if array.null_count:
            array = call_function("if_else", [array.is_valid(), array, constant(None, array.type)])
        flat = array.flatten()
        fields = element(flat)
        lengths = call_function("list_value_length", [array])
        counts = np.where(numbers_of(lengths.is_valid()), numbers_of(lengths), 0).astype(np.int32)
        joined = _joined_by_list(fields, counts)
        heads = np.repeat(head, len(array))
        heads["count"] = counts
        heads["has_nulls"] = 1 if flat.null_count else 0
        bodies = call_function(
            "binary_join_element_wise",
            [
                call_function(
                    "if_else",
                    [
                        call_function("equal", [number_array(counts, pa.int32()), constant(0, pa.int32())]),
                        empty,
                        of_width(heads.view(np.uint8), _ARRAY_HEAD.itemsize, len(array)),
                    ],
                ),
                joined,
                text(b"", pa.binary()),
            ],
        )
        if array.null_count:
            bodies = call_function("if_else", [array.is_valid(), bodies, constant(None, pa.binary())])
        return framed(bodies)

    return encode


_EMPTY_ARRAY_HEAD = np.dtype([("dimensions", ">i4"), ("has_nulls", ">i4"), ("oid", ">u4")])
_ARRAY_HEAD = np.dtype([*_EMPTY_ARRAY_HEAD.descr, ("count", ">i4"), ("first", ">i4")])


def _joined_by_list(fields: list[pa.Array], counts: Numbers) -> pa.Array:
    """Return the fields of all elements of a list as one value."""
    separator = text(b"", pa.binary())
    whole = call_function("binary_join_element_wise", [*fields, separator]) if len(fields) > 1 else fields[0]
    offsets = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    lists = pa.ListArray.from_arrays(number_array(offsets, pa.int32()), whole)
    return call_function("binary_join", [lists, separator])


@dataclass(frozen=True, slots=True)
class NumberForm:
    """An integer or float type of PostgreSQL."""

    type: pa.DataType
    """The Arrow type with the same values."""
    wire: str
    """NumPy's name of the binary form."""

    def encode(self, array: pa.Array) -> list[pa.Array]:
        """Return numbers in this form."""
        return framed_numbers(numbers_of(exact_cast(array, self.type)).astype(self.wire), array)


NUMBERS: Mapping[str, NumberForm] = {
    "int2": NumberForm(pa.int16(), ">i2"),
    "int4": NumberForm(pa.int32(), ">i4"),
    "int8": NumberForm(pa.int64(), ">i8"),
    "oid": NumberForm(pa.uint32(), ">u4"),
    "float4": NumberForm(pa.float32(), ">f4"),
    "float8": NumberForm(pa.float64(), ">f8"),
}
