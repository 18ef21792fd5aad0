"""The ways in which one value can have become another."""

from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from math import isfinite

from tdmvc.model.diff import PatternKind

LONGEST_AFFIX = 200
_EXACT = Context(prec=80, traps=[Inexact, InvalidOperation])
"""The default context would round a difference of large decimals."""

Way = tuple[PatternKind, str | None]
"""A kind with its amount or text, if it has one."""


def plain_way(old: object, new: object) -> Way | None:
    """Return how a null, the case or the white space explains a change; None if nothing of it does."""
    if old is None or new is None:
        return (_null_kind(old, new), None)
    if isinstance(old, str) and isinstance(new, str) and old != new:
        if old.lower() == new.lower():
            return (PatternKind.CASE, None)
        if "".join(old.split()) == "".join(new.split()):
            return (PatternKind.WHITESPACE, None)
    return None


def affix_way(old: object, new: object) -> Way | None:
    """Return the prefix or suffix that was added or removed."""
    if not (isinstance(old, str) and isinstance(new, str)) or not old or not new:
        return None
    is_added = len(old) < len(new)
    shorter, longer = (old, new) if is_added else (new, old)
    text = ""
    if longer.endswith(shorter):
        text = longer[: -len(shorter)]
        kind = PatternKind.PREFIX_ADDED if is_added else PatternKind.PREFIX_REMOVED
    elif longer.startswith(shorter):
        text = longer[len(shorter) :]
        kind = PatternKind.SUFFIX_ADDED if is_added else PatternKind.SUFFIX_REMOVED
    return (kind, text) if text and len(text) <= LONGEST_AFFIX else None


def has_affix(kind: PatternKind, text: str, old: object, new: object) -> bool:
    """Return whether the prefix or suffix was added or removed; `a` to `aa` is both."""
    if not (isinstance(old, str) and isinstance(new, str)) or not old or not new:
        return False
    match kind:
        case PatternKind.PREFIX_ADDED:
            return text + old == new
        case PatternKind.PREFIX_REMOVED:
            return text + new == old
        case PatternKind.SUFFIX_ADDED:
            return old + text == new
    return new + text == old


def shift_way(old: object, new: object) -> Way | None:
    """Return by how much a number, a date or a time moved; a key that names another row did not move."""
    amount = _amount(old, new) if old != new else None
    return (PatternKind.SHIFTED, amount) if amount else None


def is_time(value: object) -> bool:
    """Return whether a value is a date or a time, whose distances say more than its values."""
    return isinstance(value, date | time)


def _null_kind(old: object, new: object) -> PatternKind:
    if new is None:
        return PatternKind.EMPTY_TO_NULL if old == "" else PatternKind.SET_NULL
    return PatternKind.NULL_TO_EMPTY if new == "" else PatternKind.FILLED


def _amount(old: object, new: object) -> str | None:
    if isinstance(old, bool) or isinstance(new, bool):
        return None
    if isinstance(old, int) and isinstance(new, int):
        return f"{new - old:+}"
    if isinstance(old, int | Decimal) and isinstance(new, int | Decimal):
        return _difference(Decimal(old), Decimal(new))
    if isinstance(old, float) and isinstance(new, float):
        if not (isfinite(old) and isfinite(new)):
            return None
        # As people write the numbers: 0.3 - 0.1 is 0.2.
        return _difference(Decimal(repr(old)), Decimal(repr(new)), is_float=True)
    if isinstance(old, datetime) and isinstance(new, datetime):
        return _span(new - old) if (old.tzinfo is None) == (new.tzinfo is None) else None
    if isinstance(old, datetime) or isinstance(new, datetime):
        return None
    if isinstance(old, date) and isinstance(new, date):
        return _span(new - old)
    if isinstance(old, time) and isinstance(new, time):
        return _span(_since_midnight(new) - _since_midnight(old))
    return None


def _difference(old: Decimal, new: Decimal, *, is_float: bool = False) -> str | None:
    try:
        amount = _EXACT.subtract(new, old)
    except ArithmeticError:
        return None
    return f"{amount.normalize(_EXACT) if is_float else amount:+f}"


def _since_midnight(value: time) -> timedelta:
    return timedelta(
        hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
    )


def _span(span: timedelta) -> str:
    """Return whole days without a time of day, so that dates and times that moved together read the same."""
    days, sign = abs(span).days, "-" if span < timedelta(0) else "+"
    is_whole = days and abs(span) == timedelta(days=days)
    return f"{sign}{days} {'day' if days == 1 else 'days'}" if is_whole else f"{sign}{abs(span)}"
