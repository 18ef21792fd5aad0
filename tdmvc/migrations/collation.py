"""Knows how JavaScript compares names for people: by letters first, then by accents, then by case."""

import unicodedata
from typing import Final, TypeAlias

LocaleRank: TypeAlias = tuple[str, list[str], str]

_PLACES: Final = str.maketrans(
    {char: chr(place) for place, char in enumerate(" _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789", start=1)}
)
"""The order of what is no letter, as Unicode's collation has it; letters come after it."""


def locale_rank(name: str) -> LocaleRank:
    """Return what a name sorts by in `localeCompare`, for English as for most languages of Latin letters."""
    if name.isascii():
        return name.lower().translate(_PLACES), [], name.swapcase()
    letters: list[str] = []
    accents: list[str] = []
    for char in unicodedata.normalize("NFD", name):
        if letters and unicodedata.combining(char):
            accents[-1] += char
        else:
            letters.append(char)
            accents.append("")
    plain = "".join(letters)
    while accents and not accents[-1]:
        accents.pop()
    return plain.lower().translate(_PLACES), accents, plain.swapcase()
