"""The Arrow kernels that comparisons need, and masks and positions as Arrow arrays.

A mask is a boolean array without nulls; positions are whole numbers, ascending unless stated otherwise.
"""

from collections.abc import Iterable
from typing import TypeAlias

import pyarrow as pa

from tdmvc.arrow.compute import (
    CastOptions,
    CumulativeOptions,
    DictionaryEncodeOptions,
    IndexOptions,
    ReplaceSubstringOptions,
    SetLookupOptions,
    call_function,
)
from tdmvc.arrow.constants import flag, number, text

Mask: TypeAlias = pa.BooleanArray
Positions: TypeAlias = pa.Array

NOWHERE: Positions = pa.nulls(0, pa.int64())


def uniform(length: int, *, is_set: bool) -> Mask:
    """Return a mask whose flags are all alike."""
    return pa.repeat(flag(is_set=is_set), length)


def mask_at(positions: Iterable[int], length: int) -> Mask:
    """Return a mask that is set at the positions, in whatever order they come. Cost: Python's for each."""
    bits = bytearray((length + 7) // 8)
    for position in positions:
        bits[position >> 3] |= 1 << (position & 7)
    return pa.Array.from_buffers(pa.bool_(), length, [None, pa.py_buffer(bits)])


def set_flags(flags: pa.BooleanArray) -> Mask:
    """Return the flags as a mask; null is not set."""
    return call_function("coalesce", [flags, flag(is_set=False)]) if flags.null_count else flags


def both(left: Mask, right: Mask) -> Mask:
    """Return where both are set."""
    return call_function("and", [left, right])


def either(left: Mask, right: Mask) -> Mask:
    """Return where at least one is set."""
    return call_function("or", [left, right])


def only(left: Mask, right: Mask) -> Mask:
    """Return where the left one is set and the right one is not."""
    return call_function("and_not", [left, right])


def inverse(mask: Mask) -> Mask:
    """Return where the mask is not set."""
    return call_function("invert", [mask])


def first_of(mask: Mask) -> int:
    """Return the first position that is set, -1 if none is."""
    return int(call_function("index", [mask], IndexOptions(value=flag(is_set=True))).as_py())


def positions_of(mask: Mask) -> Positions:
    """Return the positions that are set."""
    return call_function("indices_nonzero", [mask])


def count_up(length: int) -> Positions:
    """Return 0, 1, 2, … below the length."""
    ones = pa.repeat(number(1), length)
    return call_function("cumulative_sum", [ones], CumulativeOptions(start=number(-1)))


def take(array: pa.Array, positions: Positions) -> pa.Array:
    """Return the values at the positions."""
    return call_function("array_take", [array, positions])


def chosen(array: pa.Array, mask: Mask) -> pa.Array:
    """Return the values where the mask is set."""
    return call_function("array_filter", [array, mask])


def in_one(chunked: pa.ChunkedArray) -> pa.Array:
    """Return all chunks as one array."""
    if chunked.num_chunks == 1:
        return chunked.chunk(0)
    return pa.concat_arrays(chunked.chunks) if chunked.num_chunks else pa.nulls(0, chunked.type)


def equal(left: pa.Array, right: pa.Array | pa.Scalar) -> Mask:
    """Return where values are equal; false if either side is null."""
    return set_flags(call_function("equal", [left, right]))


def differing(old: pa.Array, new: pa.Array) -> Mask:
    """Return where values differ: null-safe, NaN equals NaN, 0.0 equals -0.0."""
    differs = call_function("not_equal", [old, new])
    if differs.null_count:
        one_is_null = call_function("xor", [is_null(old), is_null(new)])
        differs = call_function("coalesce", [differs, one_is_null])
    if pa.types.is_floating(old.type):
        differs = only(differs, both(is_nan(old), is_nan(new)))
    return differs


def less(left: pa.Array, right: pa.Array) -> Mask:
    """Return where the left value is less, in the order that parts are sorted by; false if either is null."""
    return set_flags(call_function("less", [left, right]))


def is_null(array: pa.Array) -> Mask:
    """Return where there is no value."""
    return call_function("is_null", [array])


def is_nan(array: pa.Array) -> Mask:
    """Return where the value is not a number; false for null."""
    return set_flags(call_function("is_nan", [array]))


def chosen_cells(mask: Mask, left: pa.Array, right: pa.Array) -> pa.Array:
    """Return each slot of the left array where the mask is set, else of the right one."""
    return call_function("if_else", [mask, left, right])


def is_among(array: pa.Array, values: pa.Array) -> Mask:
    """Return where the value is one of the values. Cost: a hash table over them."""
    return call_function("is_in", [array], SetLookupOptions(value_set=values))


def first_places(array: pa.Array, values: pa.Array) -> pa.Array:
    """Return the first position of each slot's value among the values; null if there is none."""
    return call_function("index_in", [array], SetLookupOptions(value_set=values))


def is_text(type_: pa.DataType) -> bool:
    """Return whether values are texts or bytes."""
    return bool(pa.types.is_string(type_) or pa.types.is_binary(type_))


def is_dictionary(array: pa.Array) -> bool:
    """Return whether the array holds positions in a dictionary instead of values."""
    return bool(pa.types.is_dictionary(array.type))


def plain(array: pa.Array) -> pa.Array:
    """Return the array with its values in place."""
    return take(array.dictionary, array.indices) if is_dictionary(array) else array


def shared_codes(old: pa.Array, new: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return one number per slot of two dictionary arrays, equal if the values are; null for null."""
    if old.dictionary.equals(new.dictionary):
        return old.indices, new.indices
    places = as_int64(first_places(new.dictionary, old.dictionary))
    # What only the new side has gets numbers that the old side cannot have.
    beyond = call_function("add", [count_up(len(places)), number(len(old.dictionary))])
    places = call_function("coalesce", [places, beyond])
    return as_int64(old.indices), take(places, new.indices)


def as_int64(numbers: pa.Array) -> pa.Array:
    """Return whole numbers as signed 64-bit ones; raises `pa.ArrowException` if one does not fit."""
    if numbers.type == pa.int64():
        return numbers
    return call_function("cast", [numbers], CastOptions(target_type=pa.int64()))


def whole_numbers(array: pa.Array) -> pa.Array | None:
    """Return integers, dates and times as 64-bit integers of one order; None for other types."""
    type_ = array.type
    if pa.types.is_uint64(type_) or not (pa.types.is_integer(type_) or pa.types.is_temporal(type_)):
        return None
    if pa.types.is_temporal(type_):
        array = array.view(pa.int64() if type_.bit_width == 64 else pa.int32())
    return as_int64(array)


def bounds(numbers: pa.Array) -> tuple[int, int]:
    """Return the least and the greatest of whole numbers; the array must not be empty."""
    found = call_function("min_max", [numbers]).as_py()
    return found["min"], found["max"]


def packed(codes: pa.Array, size: int, more: pa.Array) -> pa.Array:
    """Return one number for two, `codes * size + more`; the caller ensures that it fits into 64 bits."""
    scaled = call_function("multiply", [codes, number(size)])
    return call_function("add", [scaled, more])


def lowered(numbers: pa.Array, by: int) -> pa.Array:
    """Return each number less a constant."""
    return call_function("subtract", [numbers, number(by)])


def codes_of(array: pa.Array) -> tuple[pa.Array, int]:
    """Return one number per slot, counted from 0 in order of appearance, and how many there are; null is a value."""
    encoded = call_function(
        "dictionary_encode", [plain(array)], DictionaryEncodeOptions(null_encoding="encode")
    )
    return as_int64(encoded.indices), len(encoded.dictionary)


def distinct_pairs(old: pa.Array, new: pa.Array) -> tuple[Positions, pa.Array]:
    """Return the position of one slot of each pair of values, and how often the pair occurs.

    Nulls count as a value. Order: by first position.
    """
    old_codes, _ = codes_of(old)
    new_codes, size = codes_of(new)
    pairs = packed(old_codes, size, new_codes)
    counted = call_function("value_counts", [pairs])
    return first_places(counted.field("values"), pairs), counted.field("counts")


def lower(texts: pa.Array) -> pa.Array:
    """Return the texts in lower case."""
    return call_function("utf8_lower", [texts])


def without_white_space(texts: pa.Array) -> pa.Array:
    """Return the texts without white space, as Python defines it."""
    # The kernel's own `\s` matches ASCII only.
    space = r"[\t-\r\x1c-\x20\x{85}\p{Z}]+"
    return call_function("replace_substring_regex", [texts], ReplaceSubstringOptions(space, ""))


def is_ascii(texts: pa.Array) -> Mask:
    """Return which texts contain ASCII characters only; false for null."""
    return set_flags(call_function("string_is_ascii", [texts]))


def joined(*texts: pa.Array | pa.Scalar) -> pa.Array:
    """Return the concatenated texts of each slot."""
    return call_function("binary_join_element_wise", [*texts, text("")])


def difference(new: pa.Array, old: pa.Array) -> pa.Array:
    """Return new minus old; raises `pa.ArrowException` if a result does not fit."""
    return call_function("subtract_checked", [new, old])
