"""Sets of characters as regular expressions of RE2 write them."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

_LAST = 0x10FFFF
_FIRST_SURROGATE, _LAST_SURROGATE = 0xD800, 0xDFFF


class Ranges:
    """A set of code points as ascending ranges that do not touch."""

    def __init__(self, *pairs: tuple[int, int]) -> None:
        self.pairs = tuple(_joined(pairs))


def _joined(pairs: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, int]]:
    first = last = -2
    for low, high in sorted(pairs):
        if low <= last + 1:
            last = max(last, high)
            continue
        if last >= 0:
            yield first, last
        first, last = low, high
    if last >= 0:
        yield first, last


def complement(ranges: Ranges) -> Ranges:
    """Return all other code points."""
    found = []
    start = 0
    for low, high in ranges.pairs:
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    if start <= _LAST:
        found.append((start, _LAST))
    return Ranges(*found)


def class_text(ranges: Ranges) -> str:
    """Return a class of RE2 that matches one of the characters; texts have no half surrogate pairs."""
    pieces = [
        f"\\x{{{low:x}}}" if low == high else f"\\x{{{low:x}}}-\\x{{{high:x}}}"
        for first, last in ranges.pairs
        for low, high in _without_surrogates(first, last)
    ]
    return f"[{''.join(pieces)}]" if pieces else f"[^\\x{{0}}-\\x{{{_LAST:x}}}]"


def _without_surrogates(low: int, high: int) -> Iterator[tuple[int, int]]:
    if low < _FIRST_SURROGATE:
        yield low, min(high, _FIRST_SURROGATE - 1)
    if high > _LAST_SURROGATE:
        yield max(low, _LAST_SURROGATE + 1), high


@lru_cache
def python_class(letter: str) -> Ranges:
    r"""Return what `\d`, `\w` or `\s` of Python matches: characters of all languages."""
    every = "".join(map(chr, (*range(_FIRST_SURROGATE), *range(_LAST_SURROGATE + 1, _LAST + 1))))
    return Ranges(*((ord(one), ord(one)) for one in re.findall(f"\\{letter}", every)))


DIGITS: Final = Ranges((ord("0"), ord("9")))
WORDS: Final = Ranges((ord("0"), ord("9")), (ord("A"), ord("Z")), (ord("a"), ord("z")), (ord("_"), ord("_")))
SPACES: Final = Ranges(
    (0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029),
    (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)
)  # fmt: skip
"""`\\s` of ECMA-262: white space and line ends."""
LINE_ENDS: Final = Ranges((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
"""What `.` of ECMA-262 does not match."""
