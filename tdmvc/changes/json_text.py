"""Knows when two JSON texts say the same."""

import json
from decimal import Decimal
from math import isfinite


def canonical_json(text: str) -> str:
    """Return one spelling for all texts that hold the same JSON.

    Objects are unordered and numbers go by value (1 equals 1.0 and 1e0). A text
    that is no JSON, repeats a name in an object, or has a fraction that no float
    holds, stands for itself only.
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
        raise ValueError("a number has more digits than a float can tell apart")
    return int(number) if number.is_integer() else number


def _object_without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is repeated")
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
