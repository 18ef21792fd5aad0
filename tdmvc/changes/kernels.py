"""The Arrow kernels that comparisons need, called by name.

`pyarrow.compute` builds some three hundred wrappers when it is imported, which would be a
fifth of a small diff's time; the registry behind it is there without them.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow._compute import call_function

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Positions = np.ndarray[Any, np.dtype[np.int64]]


def equal(left: pa.Array, right: pa.Array) -> pa.Array:
    """Return a boolean a slot; null where either side is."""
    return call_function("equal", [left, right])


def is_null(array: pa.Array) -> Mask:
    """Return true a slot without a value."""
    if array.null_count == 0:
        return np.zeros(len(array), np.bool_)
    return to_mask(call_function("is_null", [array]))


def is_nan(array: pa.Array) -> Mask:
    """Return true a slot that is not a number; false for null."""
    return to_mask(call_function("is_nan", [array]))


def to_mask(flags: pa.Array) -> Mask:
    """Return a boolean array as NumPy has it; null is false."""
    length = len(flags)
    validity, bits = flags.buffers()
    mask = _unpacked(bits, flags.offset, length)
    if validity is not None and flags.null_count:
        mask &= _unpacked(validity, flags.offset, length)
    return mask


def is_text(type_: pa.DataType) -> bool:
    """Tell whether values are texts or bytes."""
    return bool(pa.types.is_string(type_) or pa.types.is_binary(type_))


def is_dictionary(array: pa.Array) -> bool:
    """Tell whether the array holds positions in a dictionary instead of values."""
    return bool(pa.types.is_dictionary(array.type))


def plain(array: pa.Array) -> pa.Array:
    """Return the array with its values in place."""
    return call_function("array_take", [array.dictionary, array.indices]) if is_dictionary(array) else array


def shared_codes(old: pa.Array, new: pa.Array) -> tuple[Positions, Positions]:
    """Return a number a slot of two dictionary arrays, equal where the values are; -1 for null."""
    from pyarrow._compute import SetLookupOptions

    found = call_function("index_in", [new.dictionary], SetLookupOptions(value_set=old.dictionary))
    missing = is_null(found)
    # What only the new side has gets numbers that the old side cannot have.
    places = np.where(missing, np.arange(len(found)) + len(old.dictionary), _int32(found))
    return _indices(old), np.where(is_null(new.indices), -1, places[np.maximum(_int32(new.indices), 0)])


def take(array: pa.Array, positions: Positions) -> pa.Array:
    """Return the values at the positions."""
    return call_function("array_take", [array, from_positions(positions)])


def from_positions(positions: Positions) -> pa.Array:
    """Return positions as an Arrow array, by way of its buffer: `pa.array` may import pandas."""
    data = np.ascontiguousarray(positions, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(data), [None, pa.py_buffer(data)])


def to_positions(array: pa.Array) -> Positions:
    """Return an integer array without nulls as 64-bit integers."""
    if array.type != pa.int64():
        array = call_function("cast", [array], _cast_to(pa.int64()))
    return np.frombuffer(array.buffers()[1], np.int64, count=len(array), offset=array.offset * 8)


def whole_numbers(array: pa.Array) -> Positions | None:
    """Return integers, dates and times without nulls as 64-bit integers of one order; None for other types."""
    type_ = array.type
    if pa.types.is_uint64(type_) or not (pa.types.is_integer(type_) or pa.types.is_temporal(type_)):
        return None
    if pa.types.is_temporal(type_):
        array = array.view(pa.int64() if type_.bit_width == 64 else pa.int32())
    return to_positions(array)


def dictionary_codes(array: pa.Array) -> Positions:
    """Return a number a slot, equal for equal values and counted from 0 in order of appearance."""
    return to_positions(call_function("dictionary_encode", [array]).indices)


def _indices(array: pa.Array) -> Positions:
    codes = _int32(array.indices)
    return np.where(is_null(array.indices), -1, codes) if array.indices.null_count else codes


def _int32(array: pa.Array) -> Any:
    return np.frombuffer(array.buffers()[1], np.int32, count=len(array), offset=array.offset * 4)


def _cast_to(target: pa.DataType) -> object:
    from pyarrow._compute import CastOptions

    return CastOptions(target_type=target)


def _unpacked(bits: pa.Buffer, offset: int, length: int) -> Mask:
    first = offset // 8
    used = np.frombuffer(bits, np.uint8)[first : (offset + length + 7) // 8]
    return np.unpackbits(used, bitorder="little")[offset - first * 8 :][:length].astype(np.bool_)


def distinct_pairs(old: pa.Array, new: pa.Array) -> tuple[Positions, Positions]:
    """Return the position of one slot of each pair of values, and how often the pair occurs.

    Nulls count as a value. Order: by first position.
    """
    old_codes, new_codes = _codes_with_null(old), _codes_with_null(new)
    pairs = old_codes * (int(new_codes.max(initial=0)) + 1) + new_codes
    _, first, counts = np.unique(pairs, return_index=True, return_counts=True)
    order = np.argsort(first)
    return first[order], counts[order]


def lower(texts: pa.Array) -> pa.Array:
    """Return the texts in lower case."""
    return call_function("utf8_lower", [texts])


def without_white_space(texts: pa.Array) -> pa.Array:
    """Return the texts with every run of what Python calls white space taken out."""
    from pyarrow._compute import ReplaceSubstringOptions

    # The kernel's own `\s` knows ASCII only.
    space = r"[\t-\r\x1c-\x20\x{85}\p{Z}]+"
    return call_function("replace_substring_regex", [texts], ReplaceSubstringOptions(space, ""))


def is_ascii(texts: pa.Array) -> Mask:
    """Return true a text of ASCII characters only; false for null."""
    return to_mask(call_function("string_is_ascii", [texts]))


def less(left: pa.Array, right: pa.Array) -> Mask:
    """Return true a slot that is less, in the order that parts are sorted by; false where either is null."""
    return to_mask(call_function("less", [left, right]))


def signed(numbers: pa.Array) -> pa.Array:
    """Return unsigned integers as signed ones; raises `pa.ArrowException` where one does not fit."""
    return call_function("cast", [numbers], _cast_to(pa.int64()))


def joined(*texts: pa.Array | pa.Scalar) -> pa.Array:
    """Return the texts of each slot one after the other."""
    return call_function("binary_join_element_wise", [*texts, pa.scalar("")])


def difference(new: pa.Array, old: pa.Array) -> pa.Array:
    """Return new minus old; raises `pa.ArrowException` where a result does not fit."""
    return call_function("subtract_checked", [new, old])


def _codes_with_null(array: pa.Array) -> Positions:
    encoded = call_function("dictionary_encode", [array]).indices
    if encoded.null_count == 0:
        return to_positions(encoded)
    missing = is_null(encoded)
    codes = np.frombuffer(encoded.buffers()[1], np.int32, count=len(encoded), offset=encoded.offset * 4)
    return np.where(missing, 0, codes.astype(np.int64) + 1)
