"""Knows which cells of two columns differ, slot by slot, where both have one plain type."""

import numpy as np
import pyarrow as pa

from tdmvc.changes import kernels
from tdmvc.changes.json_text import canonical_json
from tdmvc.changes.kernels import Mask


def is_plain(type_: pa.DataType) -> bool:
    """Tell whether values of the type are compared here; nested ones are not."""
    return not pa.types.is_nested(type_)


def differing_cells(old: pa.Array, new: pa.Array) -> Mask:
    """Return true a slot whose values differ: null-safe, NaN equals NaN, 0.0 equals -0.0."""
    if kernels.is_dictionary(old) and kernels.is_dictionary(new) and len(new.dictionary):
        old_codes, new_codes = kernels.shared_codes(old, new)
        return np.not_equal(old_codes, new_codes)
    old, new = kernels.plain(old), kernels.plain(new)
    same = kernels.to_mask(kernels.equal(old, new))
    if old.null_count or new.null_count:
        same |= kernels.is_null(old) & kernels.is_null(new)
    if pa.types.is_floating(old.type):
        same |= kernels.is_nan(old) & kernels.is_nan(new)
    return np.logical_not(same, out=same)


def differing_json(old: pa.Array, new: pa.Array) -> Mask:
    """Return true a slot whose texts hold unlike JSON. Cost: only texts that differ are parsed."""
    mask = differing_cells(old, new)
    suspects = np.flatnonzero(mask)
    texts = (kernels.plain(kernels.take(side, suspects)).to_pylist() for side in (old, new))
    for position, before, after in zip(suspects.tolist(), *texts, strict=True):
        if before is not None and after is not None:
            mask[position] = canonical_json(before) != canonical_json(after)
    return mask
