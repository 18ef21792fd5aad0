"""Whether two cells hold the same value, whatever became of their column's type; JSON compares by structure."""

import json
import math
from collections.abc import Hashable
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite


def canonical_json(text: str) -> str:
    """Return the same text for all texts that hold the same JSON.

    Objects are unordered and numbers go by value (1 equals 1.0 and 1e0). A text
    that is no JSON, repeats a name in an object, or has a fraction that no float
    holds, is equal only to itself.
    """
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object_without_repeats,
            parse_float=_canonical_number,
            parse_constant=_refuse,
        )
        return "json " + json.dumps(value, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return "text " + text


def _canonical_number(text: str) -> int | float:
    number = float(text)
    if not isfinite(number) or Decimal(repr(number)) != Decimal(text):
        raise ValueError("a number has more digits than a float can represent")
    return int(number) if number.is_integer() else number


def _object_without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is repeated")
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def same_value(old: object, new: object, *, is_json: bool = False) -> bool:
    """Return whether a cell did not change: the single-cell form of what a diff counts.

    Null equals null, NaN equals NaN, numbers compare by value, an instant and a time
    without zone by UTC; if only one side is a text, as texts.
    """
    if old is None or new is None:
        return old is new
    if isinstance(old, str) and isinstance(new, str):
        return old == new or (is_json and canonical_json(old) == canonical_json(new))
    if isinstance(old, str) is not isinstance(new, str):
        return value_text(old) == value_text(new)
    if isinstance(old, bool) is not isinstance(new, bool):
        return False
    if isinstance(old, float) and isinstance(new, float):
        return old == new or (math.isnan(old) and math.isnan(new))
    if isinstance(old, Decimal) and isinstance(new, float):
        return float(old) == new
    if isinstance(old, float) and isinstance(new, Decimal):
        return old == float(new)
    if isinstance(old, datetime) and isinstance(new, datetime):
        return old.replace(tzinfo=None) == new.replace(tzinfo=None)
    if isinstance(old, date) and isinstance(new, date):
        return _as_time(old) == _as_time(new)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(same_value, old, new))
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(same_value(value, new[name]) for name, value in old.items())
    return old == new


def value_text(value: object) -> str:
    """Return the text that a value becomes if its column becomes one of texts."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case datetime():
            text = value.replace(tzinfo=None).isoformat(" ")
            return text + "+00" if value.tzinfo is not None else text
        case date() | time():
            return value.isoformat()
    return str(value)


def value_id(value: object) -> Hashable:
    """Return a hashable value, equal for values that are the same: NaN is NaN, 1 is not true."""
    if isinstance(value, list):
        return ("list", *map(value_id, value))
    if isinstance(value, dict):
        return ("struct", *((name, value_id(item)) for name, item in value.items()))
    if isinstance(value, float) and value != value:
        return ("nan",)
    if isinstance(value, bool):
        return ("bool", value)
    return value


def _as_time(value: date) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime.combine(value, time())
