"""Which cells of two columns differ, slot by slot, for two columns of one plain type."""

import pyarrow as pa

from tdmvc.changes import kernels
from tdmvc.changes.kernels import Mask, mask_at, positions_of, take
from tdmvc.changes.same_value import canonical_json


def is_plain(type_: pa.DataType) -> bool:
    """Return whether values of the type are compared here; nested ones are not."""
    return not pa.types.is_nested(type_)


def differing_cells(old: pa.Array, new: pa.Array) -> Mask:
    """Return where the values differ: null-safe, NaN equals NaN, 0.0 equals -0.0."""
    if kernels.is_dictionary(old) and kernels.is_dictionary(new):
        return kernels.differing(*kernels.shared_codes(old, new))
    return kernels.differing(kernels.plain(old), kernels.plain(new))


def differing_json(old: pa.Array, new: pa.Array) -> Mask:
    """Return where the texts hold different JSON. Cost: only texts that differ are parsed."""
    mask = differing_cells(old, new)
    suspects = positions_of(mask)
    texts = (kernels.plain(take(side, suspects)).to_pylist() for side in (old, new))
    differing = [
        position
        for position, before, after in zip(suspects.to_pylist(), *texts, strict=True)
        if before is None or after is None or canonical_json(before) != canonical_json(after)
    ]
    return mask_at(differing, len(mask))
