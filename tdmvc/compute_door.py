"""The door to Arrow's kernels, by name.

`pyarrow.compute` builds some three hundred wrappers when it is imported, which takes longer
than a small diff; the registry behind it is there without them, and without NumPy.
"""

from tdmvc.late import import_alone

import_alone("pyarrow._compute", without="numpy")

from pyarrow._compute import (  # noqa: E402
    CastOptions,
    CumulativeOptions,
    DictionaryEncodeOptions,
    IndexOptions,
    ReplaceSubstringOptions,
    SetLookupOptions,
    call_function,
)

__all__ = [
    "CastOptions",
    "CumulativeOptions",
    "DictionaryEncodeOptions",
    "IndexOptions",
    "ReplaceSubstringOptions",
    "SetLookupOptions",
    "call_function",
]
