"""Arrow's kernels, called by name.

They come from the registry below `pyarrow.compute`, which builds hundreds of wrappers when it is imported:
that takes as long as a small diff.
"""

from typing import Any

import pyarrow as pa
from pyarrow._compute import (
    CastOptions,
    CumulativeOptions,
    DictionaryEncodeOptions,
    IndexOptions,
    JoinOptions,
    MatchSubstringOptions,
    ReplaceSubstringOptions,
    SetLookupOptions,
    TrimOptions,
    call_function,
)

__all__ = [
    "CastOptions",
    "CumulativeOptions",
    "DictionaryEncodeOptions",
    "IndexOptions",
    "JoinOptions",
    "MatchSubstringOptions",
    "ReplaceSubstringOptions",
    "SetLookupOptions",
    "TrimOptions",
    "call_function",
    "cast",
]


def cast(values: pa.Array | pa.Scalar, type_: pa.DataType) -> Any:
    """Return values in another type, as their own method does.

    Raises:
        pyarrow.ArrowException: one does not fit, or there is no such cast.
    """
    return call_function("cast", [values], CastOptions.safe(type_))
