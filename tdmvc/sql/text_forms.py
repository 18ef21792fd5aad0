"""In which form the texts of a column are written, and whether a type gives them back as they were.

A text fits a type if casting it to the type and back gives the same text. Booleans, floats and
timestamps have several usual forms (`True`, `12` for `12.0`, `2024-01-31T10:00:00Z`): these fit, too, if all texts
of the column have the same one, because then no two texts become one value.
"""

from dataclasses import dataclass
from enum import IntFlag

import pyarrow as pa

from tdmvc.sql.quoting import quote_text
from tdmvc.sql.types import duckdb_type

_DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
_ZONE = r"(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"
_FRACTION_AT = 20
"""Where the fraction or the zone of a timestamp begins, counted from 1."""
_MICROSECOND_DIGITS = 6


class TextTraits(IntFlag):
    """What texts tell about their form; a column has the union of its texts' shapes."""

    LOST = 1
    """The type would change the text."""
    SPECIAL = 2
    """A word in title case, a whole number without its `.0`, a `T`."""
    USUAL = 4
    """A word in lower case, a whole number with its `.0`, a space instead of the `T`."""
    UPPER = 8
    """A word in upper case."""
    DATE = 16
    """A date without a time."""
    TRAILING_ZERO = 32
    """A fraction that ends in a zero."""
    ALL_ZEROS = 64
    """A fraction that has only zeros."""
    OTHER_ZONE = 128
    """Another zone than `+00`."""
    LETTER_ZONE = 256
    """The zone `Z`."""
    NO_FRACTION = 512
    """The first of the bits for the number of fraction digits, from none to six."""


_FRACTIONS = [TextTraits(TextTraits.NO_FRACTION << digits) for digits in range(_MICROSECOND_DIGITS + 1)]
_ZONE_AT = 16
"""The bits from here on are a hash of the zone."""


@dataclass(frozen=True, slots=True)
class TextForm:
    """One way in which all texts of a column are written."""

    example: str = ""
    """What it looks like; empty for the canonical form."""
    is_known: bool = True
    """False if there are no texts that could have another form."""


CANONICAL = TextForm()
NO_TEXTS = TextForm(is_known=False)


def has_forms(type_: pa.DataType) -> bool:
    """Whether texts of the type have more forms than the canonical one."""
    return bool(pa.types.is_boolean(type_) or pa.types.is_floating(type_) or pa.types.is_timestamp(type_))


def shape_expression(text: str, type_: pa.DataType) -> str:
    """Return SQL for a number that tells the form of a text: bits of `TextTraits`, and a hash of its zone.

    Args:
        text: an SQL expression that gives the text.
        type_: a canonical type, not nested.
    """
    value = f"TRY_CAST({text} AS {duckdb_type(type_)})"
    as_text = f"CAST({value} AS VARCHAR)"
    if pa.types.is_boolean(type_):
        words = {
            ("true", "false"): TextTraits.USUAL,
            ("True", "False"): TextTraits.SPECIAL,
            ("TRUE", "FALSE"): TextTraits.UPPER,
        }
        cases = " ".join(f"WHEN {text} IN {pair} THEN {shape.value}" for pair, shape in words.items())
    elif pa.types.is_floating(type_):
        # Zero has one form in parts.
        cases = (
            f"WHEN {value} = 0 AND starts_with({text}, '-') THEN {TextTraits.LOST.value} "
            f"WHEN {as_text} = {text} THEN CASE WHEN ends_with({text}, '.0') THEN {TextTraits.USUAL.value} ELSE 0 END "
            f"WHEN {as_text} = {text} || '.0' THEN {TextTraits.SPECIAL.value}"
        )
    elif pa.types.is_timestamp(type_):
        cases = _timestamp_cases(text, value, has_zone=type_.tz is not None)
    elif pa.types.is_date(type_):
        # DuckDB has an infinite date and 24 o'clock, which other readers lack.
        cases = f"WHEN isfinite({value}) AND {as_text} = {text} THEN 0"
    elif pa.types.is_time(type_):
        cases = f"WHEN regexp_full_match({text}, {quote_text(_TIME)}) AND {as_text} = {text} THEN 0"
    else:
        cases = f"WHEN {as_text} = {text} THEN 0"
    return f"CASE WHEN {text} IS NULL THEN NULL {cases} ELSE {TextTraits.LOST.value} END"


def text_form(type_: pa.DataType, union: int, intersection: int) -> TextForm | None:
    """Return the form that all texts of a column have, or None if the type would change some text.

    Args:
        type_: the type that `shape_expression` was made for.
        union: the bits that its numbers have together.
        intersection: the bits that all of its numbers have.
    """
    shape = TextTraits(union & ((1 << _ZONE_AT) - 1))
    if shape & TextTraits.LOST:
        return None
    if pa.types.is_boolean(type_):
        forms = {
            TextTraits(0): "",
            TextTraits.USUAL: "",
            TextTraits.SPECIAL: "True, False",
            TextTraits.UPPER: "TRUE, FALSE",
        }
        return TextForm(forms[shape]) if shape in forms else None
    if pa.types.is_floating(type_):
        if shape == TextTraits.SPECIAL | TextTraits.USUAL:
            return None
        # Without a whole number nobody knows.
        return TextForm("12 for 12.0") if shape & TextTraits.SPECIAL else CANONICAL if shape else NO_TEXTS
    if pa.types.is_timestamp(type_) and shape:
        return _timestamp_form(shape) if union >> _ZONE_AT == intersection >> _ZONE_AT else None
    return CANONICAL


def _timestamp_cases(text: str, value: str, *, has_zone: bool) -> str:
    pattern = f"{_DATE}[ T]{_TIME}" + (_ZONE if has_zone else "")
    fraction = f"regexp_extract({text}, '\\.([0-9]+)', 1)"
    zone = f"ltrim(substr({text}, {_FRACTION_AT}), '.0123456789')"
    bits = [
        f"CASE WHEN {text}[11] = 'T' THEN {TextTraits.SPECIAL.value} ELSE {TextTraits.USUAL.value} END",
        f"CASE WHEN ends_with({fraction}, '0') THEN {TextTraits.TRAILING_ZERO.value} ELSE 0 END",
        f"CASE WHEN {fraction} <> '' AND trim({fraction}, '0') = '' THEN {TextTraits.ALL_ZEROS.value} ELSE 0 END",
        f"{TextTraits.NO_FRACTION.value} << length({fraction})",
    ]
    if has_zone:
        bits += [
            f"CASE {zone} WHEN '+00' THEN 0 WHEN 'Z' THEN {TextTraits.LETTER_ZONE.value} "
            f"ELSE {TextTraits.OTHER_ZONE.value} END",
            # 40 bits of a hash that is never kept.
            f"(hash({zone}) & {(1 << 40) - 1})::BIGINT << {_ZONE_AT}",
        ]
    # No year 0: Python and most databases have none.
    cases = f"WHEN {value} IS NULL OR starts_with({text}, '0000') THEN {TextTraits.LOST.value} "
    cases += f"WHEN regexp_full_match({text}, {quote_text(pattern)}) THEN {' | '.join(f'({b})::BIGINT' for b in bits)}"
    if not has_zone:
        cases += f" WHEN regexp_full_match({text}, '{_DATE}') THEN {TextTraits.DATE.value}"
    return cases


def _timestamp_form(shape: TextTraits) -> TextForm | None:
    if shape == TextTraits.DATE:
        return TextForm("YYYY-MM-DD")
    fraction = _fraction_form(shape)
    if (
        shape & TextTraits.DATE
        or fraction is None
        or shape & (TextTraits.SPECIAL | TextTraits.USUAL) == TextTraits.SPECIAL | TextTraits.USUAL
    ):
        return None
    if not fraction and not shape & (TextTraits.SPECIAL | TextTraits.LETTER_ZONE | TextTraits.OTHER_ZONE):
        return CANONICAL
    separator = "T" if shape & TextTraits.SPECIAL else " "
    zone = "Z" if shape & TextTraits.LETTER_ZONE else "±hh:mm" if shape & TextTraits.OTHER_ZONE else ""
    return TextForm(f"YYYY-MM-DD{separator}hh:mm:ss{fraction}{zone}")


def _fraction_form(shape: TextTraits) -> str | None:
    """Return how fractions of a second are written: nothing for the canonical way, or None if there is no one way."""
    if not shape & (TextTraits.TRAILING_ZERO | TextTraits.ALL_ZEROS):
        return ""
    digits = [digits for digits, bit in enumerate(_FRACTIONS) if shape & bit]
    if len(digits) == 1:
        return "." + "f" * digits[0]
    # Python writes six digits or none.
    is_python = digits == [0, _MICROSECOND_DIGITS] and not shape & TextTraits.ALL_ZEROS
    return "[." + "f" * _MICROSECOND_DIGITS + "]" if is_python else None
