"""Shares, sizes and lists as text, the same in every format."""

import shlex
from collections.abc import Sequence

from tdmvc.render.cells import visible

_UNITS = ("kB", "MB", "GB", "TB", "PB")
_SHORT_HASH = 12


def percent(share: float) -> str:
    """Return a share as `12 %`, or as `0.3 %` if it is small."""
    return f"{share * 100:.1f} %" if 0 < abs(share) < 0.095 else f"{share * 100:.0f} %"


def size(count: int) -> str:
    """Return bytes in the unit that reads best: `512 B`, `1.2 kB`, `118 kB`; a kB is 1,000 bytes."""
    if abs(count) < 1000:
        return f"{count} B"
    amount = float(count)
    for unit in _UNITS:
        amount /= 1000
        if amount < 9.95:
            return f"{amount:.1f} {unit}"
        if amount < 999.5 or unit == _UNITS[-1]:
            break
    return f"{amount:,.0f} {unit}"


def short_hash(content: str) -> str:
    """Return enough of `sha256:…`, or of a commit, to recognise it."""
    kind, colon, digits = visible(content).rpartition(":")
    return f"{kind}{colon}{digits[:_SHORT_HASH]}"


def shell_word(text: str) -> str:
    """Return the text as one word that is safe to paste into a shell, harmless on the screen."""
    return shlex.quote(visible(text))


def joined(parts: Sequence[str]) -> str:
    """Return the non-empty parts with commas between."""
    return ", ".join(part for part in parts if part)
