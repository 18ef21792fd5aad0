"""Cell values as one line of text that hides nothing and harms no terminal.

NULL is `NULL`, the empty text is `''`. Invisible characters are shown: controls as
their pictures (`␊`, `␛`), outer spaces as `␠`, all others as `⟨U+200B⟩`. So no value can
move the cursor, colour the screen or turn the reading direction.
"""

import json
import math
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal

from tdmvc.model.masking import MASK

CUT = 80
"""Longer texts are cut to this many characters, which include their length."""

_SHOWN_BYTES = 16
_NARROWEST = 12
_AMBIGUOUS = frozenset({"NULL", "true", "false", MASK})
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})


def cell_text(value: object) -> str:
    """Return the value as one line of at most about eighty characters."""
    if isinstance(value, str):
        return _quote_if_unclear(value, _cut(value, 0, visible, CUT))
    return _plain_text(value)


def masked_text(value: object) -> str:
    """Return what may be shown of a personal value: whether it is null, and how long a text is."""
    match value:
        case None:
            return "NULL"
        case str():
            return f"{MASK}({len(value):,})"
        case bytes():
            return f"{MASK}({len(value):,} bytes)"
    return MASK


def change_texts(old: object, new: object, *, room: int = CUT) -> tuple[str, str]:
    """Return two values as texts that show where they differ, each cut to about `room` characters.

    Long texts are cut around the first difference; texts that only look alike have
    every character outside ASCII as a code point; values of different types name the type.
    """
    if isinstance(old, str) and isinstance(new, str):
        start = _first_difference(old, new)
        show = _code_points if _look_alike(old, new) else visible
        old_cut, new_cut = _cut(old, start, show, room), _cut(new, start, show, room)
        return _quote_if_unclear(old, old_cut), _quote_if_unclear(new, new_cut)
    old_text, new_text = cell_text(old), cell_text(new)
    if old_text == new_text and type(old) is not type(new):
        return f"{old_text} ({_type_name(old)})", f"{new_text} ({_type_name(new)})"
    return old_text, new_text


def visible(text: str) -> str:
    """Return the text with every character made visible, in one line."""
    if text.isascii() and text.isprintable() and not text.startswith(" ") and not text.endswith(" "):
        return text
    core = text.strip(" ")
    lead = len(text) - len(text.lstrip(" "))
    tail = len(text) - lead - len(core)
    return "␠" * lead + "".join(_visible_character(character) for character in core) + "␠" * tail


def _visible_character(character: str) -> str:
    code = ord(character)
    if character == " ":
        return character
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return _code_point(character) if unicodedata.category(character) in _INVISIBLE else character


def _code_points(text: str) -> str:
    return "".join(_visible_character(c) if ord(c) < 0x80 else _code_point(c) for c in text)


def _code_point(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


def _quote_if_unclear(value: str, text: str) -> str:
    """Return the text in quotes if it could be read as another value."""
    return f"'{text}'" if value == "" or value in _AMBIGUOUS else text


def _cut(text: str, first: int, show: Callable[[str], str], room: int) -> str:
    """Return a window of the text that contains the character `first`."""
    if len(text) <= room:
        return show(text)
    length = f" ({len(text):,} characters)"
    window = max(_NARROWEST, room - len(length) - 2)
    start = max(0, min(first - window // 2, len(text) - window)) if first > window * 3 // 4 else 0
    shown = text[start : start + window]
    before, after = "", ""
    if start:
        before, shown = "…", shown.lstrip(" ")
    if start + window < len(text):
        after, shown = "…", shown.rstrip(" ")
    return f"{before}{show(shown)}{after}{length}"


def _look_alike(old: str, new: str) -> bool:
    return unicodedata.normalize("NFC", old) == unicodedata.normalize("NFC", new)


def _first_difference(old: str, new: str) -> int:
    for index, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return index
    return min(len(old), len(new))


def _plain_text(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case float():
            return _float_text(value)
        case Decimal():
            return format(value, "f")
        case bytes():
            more = "…" if len(value) > _SHOWN_BYTES else ""
            unit = "byte" if len(value) == 1 else "bytes"
            return f"0x{value[:_SHOWN_BYTES].hex()}{more} ({len(value):,} {unit})"
        case datetime() | date() | time():
            return time_text(value)
        case list() | dict():
            return _cut(nested_text(value), 0, visible, CUT)
    return _cut(str(value), 0, visible, CUT)


def time_text(value: datetime | date | time) -> str:
    """Return ISO 8601 with a space; an instant ends in `Z`."""
    text = value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def nested_text(value: object) -> str:
    """Return a list or struct as compact JSON; leaves that JSON lacks are texts."""
    return json.dumps(value, ensure_ascii=False, default=_plain_text, separators=(", ", ": "))


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def _type_name(value: object) -> str:
    names = {"str": "text", "int": "integer", "NoneType": "null"}
    name = type(value).__name__
    return names.get(name, name.lower())
