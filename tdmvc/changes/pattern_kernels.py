"""Finds by Arrow kernels in which ways the cells of two arrays changed."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from tdmvc.arrow.constants import text
from tdmvc.arrow.values import python_values
from tdmvc.changes import kernels
from tdmvc.changes.kernels import Mask, both, either, inverse, mask_at, only, positions_of, take
from tdmvc.changes.pattern_kinds import Way
from tdmvc.changes.same_value import value_id
from tdmvc.model.diff import PatternKind

_AT_A_TIME = 4096


def ways_in_arrays(old: pa.Array, new: pa.Array, affixes: Sequence[Way]) -> Iterator[tuple[Way, Mask]]:
    """Yield null and empty, case, white space and known affixes, each with the cells that it explains."""
    old_null, new_null = kernels.is_null(old), kernels.is_null(new)
    is_text = pa.types.is_string(old.type) and pa.types.is_string(new.type)
    if pa.types.is_string(old.type):
        yield (PatternKind.EMPTY_TO_NULL, None), both(new_null, kernels.equal(old, text("")))
    if pa.types.is_string(new.type):
        yield (PatternKind.NULL_TO_EMPTY, None), both(old_null, kernels.equal(new, text("")))
    yield (PatternKind.SET_NULL, None), new_null
    yield (PatternKind.FILLED, None), old_null
    if not is_text:
        return
    same = kernels.equal(old, new)
    yield (PatternKind.CASE, None), only(_has_other_case(old, new), same)
    bare = kernels.without_white_space(old), kernels.without_white_space(new)
    yield (PatternKind.WHITESPACE, None), only(kernels.equal(*bare), same)
    empty = either(kernels.equal(old, text("")), kernels.equal(new, text("")))
    for kind, affix in affixes:
        yield (kind, affix), only(_has_affix(old, new, kind, text(affix or "")), empty)


def _has_affix(old: pa.Array, new: pa.Array, kind: PatternKind, affix: pa.Scalar) -> Mask:
    match kind:
        case PatternKind.PREFIX_ADDED:
            return kernels.equal(kernels.joined(affix, old), new)
        case PatternKind.PREFIX_REMOVED:
            return kernels.equal(kernels.joined(affix, new), old)
        case PatternKind.SUFFIX_ADDED:
            return kernels.equal(kernels.joined(old, affix), new)
    return kernels.equal(kernels.joined(new, affix), old)


def _has_other_case(old: pa.Array, new: pa.Array) -> Mask:
    """Return where only the case differs, as Python sees it: the kernel has other rules beyond ASCII."""
    mask = kernels.equal(kernels.lower(old), kernels.lower(new))
    unsure = only(
        inverse(either(kernels.is_null(old), kernels.is_null(new))),
        both(kernels.is_ascii(old), kernels.is_ascii(new)),
    )
    if not unsure.true_count:
        return mask
    places = positions_of(unsure)
    texts = (take(side, places).to_pylist() for side in (old, new))
    has_other_case = [
        place
        for place, before, after in zip(places.to_pylist(), *texts, strict=True)
        if before.lower() == after.lower()
    ]
    return either(only(mask, unsure), mask_at(has_other_case, len(old)))


def differs_from(values: pa.Array, one: pa.Array) -> Mask:
    """Return the slots that differ from the one value; NaN equals NaN."""
    if pa.types.is_nested(values.type):
        name = value_id(python_values(one)[0])
        differing = (place for place, value in enumerate(python_values(values)) if value_id(value) != name)
        return mask_at(differing, len(values))
    if pa.types.is_floating(values.type) and kernels.is_nan(one).true_count:
        return inverse(kernels.is_nan(values))
    return inverse(kernels.equal(values, one[0]))


def one_of_each_distance(old: pa.Array, new: pa.Array) -> Iterator[tuple[object, object, int]]:
    """Yield (old, new, cells), at least one for each distance by which values moved.

    Cost: Python's for each pair of floats, a kernel's for other numbers; a caller that
    has enough stops early.
    """
    if old.type != new.type:
        return
    if pa.types.is_floating(old.type):
        # Distances of floats are computed from their decimal text, which no kernel does.
        first_at, counts = kernels.distinct_pairs(old, new)
    elif pa.types.is_integer(old.type) or pa.types.is_temporal(old.type) or pa.types.is_decimal(old.type):
        try:
            if pa.types.is_unsigned_integer(old.type):
                amounts = kernels.difference(kernels.as_int64(new), kernels.as_int64(old))
            else:
                amounts = kernels.difference(new, old)
            first_at, counts = kernels.distinct_pairs(amounts, amounts)
        except (pa.ArrowException, NotImplementedError):
            first_at, counts = kernels.distinct_pairs(old, new)
    else:
        return
    for start in range(0, len(first_at), _AT_A_TIME):
        chosen = first_at.slice(start, _AT_A_TIME)
        olds, news = (python_values(take(side, chosen)) for side in (old, new))
        yield from zip(olds, news, counts.slice(start, _AT_A_TIME).to_pylist(), strict=True)


def values_at(old: pa.Array, new: pa.Array, position: int) -> tuple[object, object]:
    return python_values(old.slice(position, 1))[0], python_values(new.slice(position, 1))[0]
