"""Arrow's kernels, called by name.

They come from the registry below `pyarrow.compute`, which builds hundreds of wrappers when it is imported:
that takes as long as a small diff.
"""

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
]
