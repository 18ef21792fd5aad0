"""Knows when two single cells say the same, whatever became of their column's type."""

import math
from collections.abc import Hashable
from datetime import date, datetime, time
from decimal import Decimal

from tdmvc.changes.json_text import canonical_json

_NAN = ("NaN",)


def same_value(old: object, new: object, *, is_json: bool = False) -> bool:
    """Tell whether a cell did not change: the single-cell form of what a diff counts.

    Null equals null, NaN equals NaN, numbers compare by value, an instant and a time
    without zone by UTC; where one side is a text and the other none, by its spelling.
    """
    if old is None or new is None:
        return old is new
    if isinstance(old, str) and isinstance(new, str):
        return old == new or (is_json and canonical_json(old) == canonical_json(new))
    if isinstance(old, str) is not isinstance(new, str):
        return spelled(old) == spelled(new)
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


def spelled(value: object) -> str:
    """Return the text that a value becomes where its column becomes one of texts."""
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


def identity(value: object) -> Hashable:
    """Return what stands for a value in a dictionary: equal for values of one type that are the same."""
    match value:
        case float():
            return _NAN if math.isnan(value) else value
        case bool():
            return (bool, value)
        case list():
            return ("list", *map(identity, value))
        case dict():
            return ("struct", *((name, identity(item)) for name, item in value.items()))
    assert isinstance(value, Hashable)
    return value


def _as_time(value: date) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime.combine(value, time())
