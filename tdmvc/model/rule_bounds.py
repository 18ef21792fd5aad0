"""Bounds of values, lengths and thresholds, and which of two allow less."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from tdmvc.model.rules import Length, Operator, Range, Threshold, Value

_INFINITY = Decimal("Infinity")


class Strength(StrEnum):
    """How a rule compares with the one that it replaces."""

    SAME = "same"
    STRICTER = "stricter"
    """All that it allows was allowed before."""
    WEAKER = "weaker"
    """It allows all that was allowed before."""
    CHANGED = "changed"
    """Neither, or nobody can tell."""


def strength_of(*, is_stricter: bool, is_weaker: bool) -> Strength:
    if is_stricter and is_weaker:
        return Strength.SAME
    if is_stricter:
        return Strength.STRICTER
    return Strength.WEAKER if is_weaker else Strength.CHANGED


def compare_thresholds(old: Threshold, new: Threshold, *, is_whole: bool) -> Strength:
    """Return whether a threshold allows fewer numbers than the one that it replaces.

    Args:
        is_whole: whether rows are counted, so that less than one is none.
    """
    if old == new:
        return Strength.SAME
    if old.is_percent != new.is_percent:
        # No rows are zero percent; any other number depends on how many rows there are.
        old, new = (replace(one, is_percent=True) if _is_only_zero(one) else one for one in (old, new))
        if old.is_percent != new.is_percent:
            return Strength.CHANGED
    counts = is_whole and not old.is_percent
    before, after = (_intervals(one, is_whole=counts, is_signed=not is_whole) for one in (old, new))
    return strength_of(is_stricter=_covers(before, after), is_weaker=_covers(after, before))


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers, or times, between two bounds."""

    low: Decimal
    high: Decimal
    has_low: bool = True
    has_high: bool = True

    @property
    def is_empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and not (self.has_low and self.has_high))

    def holds(self, other: "Interval") -> bool:
        """Whether all of another interval is in this one."""
        if other.is_empty:
            return True
        low = self.low < other.low or (self.low == other.low and (self.has_low or not other.has_low))
        high = self.high > other.high or (self.high == other.high and (self.has_high or not other.has_high))
        return low and high


Bounds = tuple[Interval, str] | None
"""What lies between two bounds, and the kind of values; None if the bounds cannot be compared with others."""


def compare_bounds(old: Bounds, new: Bounds) -> Strength:
    if old is None or new is None or ("" not in (old[1], new[1]) and old[1] != new[1]):
        return Strength.CHANGED
    return strength_of(is_stricter=old[0].holds(new[0]), is_weaker=new[0].holds(old[0]))


def bounds_of_length(test: Length) -> Bounds:
    high = _INFINITY if test.maximum is None else Decimal(test.maximum)
    return Interval(Decimal(test.minimum or 0), high), "length"


def bounds_of_range(test: Range) -> Bounds:
    low, high = _ordinal(test.minimum), _ordinal(test.maximum)
    if low is None or high is None or ("" not in (low[1], high[1]) and low[1] != high[1]):
        return None
    return (
        Interval(
            -_INFINITY if test.minimum is None else low[0],
            _INFINITY if test.maximum is None else high[0],
            test.minimum is None or not test.excludes_minimum,
            test.maximum is None or not test.excludes_maximum,
        ),
        low[1] or high[1],
    )


def _ordinal(value: Value) -> tuple[Decimal, str] | None:
    """Return a number with the order of the value among others of its kind; None if its order is not known."""
    match value:
        case None:
            return Decimal(0), ""
        case bool():
            return None
        case int() | Decimal():
            return Decimal(value), "number"
    text = value.removesuffix("Z") + "+00:00" if value.endswith("Z") else value
    for kind, read in (("date", date.fromisoformat), ("timestamp", datetime.fromisoformat)):
        try:
            moment = read(text)
        except ValueError:
            continue
        if isinstance(moment, datetime):
            zone = "" if moment.tzinfo is None else " with zone"
            return _moment(moment), kind + zone
        return Decimal(moment.toordinal()), kind
    try:
        clock = time.fromisoformat(text)
    except ValueError:
        return None
    return _moment(datetime.combine(date.min, clock.replace(tzinfo=None))), f"time {clock.tzinfo or ''}"


def _moment(moment: datetime) -> Decimal:
    naive = moment.replace(tzinfo=None)
    seconds = (naive - datetime.min).total_seconds()
    shift = moment.utcoffset()
    whole = Decimal(int(seconds)) + Decimal(naive.microsecond) / 1_000_000
    return whole - (Decimal(int(shift.total_seconds())) if shift is not None else 0)


def _intervals(threshold: Threshold, *, is_whole: bool, is_signed: bool) -> list[Interval]:
    """Return the numbers that a threshold allows, of those that can be measured."""
    least = -_INFINITY if is_signed else Decimal(0)
    most = Decimal(100) if threshold.is_percent and not is_signed else _INFINITY
    first, last = threshold.numbers[0], threshold.numbers[-1]
    below, above = Interval(least, first, has_high=False), Interval(last, most, has_low=False)
    intervals = {
        Operator.EQUAL: [Interval(first, first)],
        Operator.NOT_EQUAL: [below, above],
        Operator.GREATER: [above],
        Operator.GREATER_OR_EQUAL: [Interval(first, most)],
        Operator.LESS: [below],
        Operator.LESS_OR_EQUAL: [Interval(least, first)],
        Operator.BETWEEN: [Interval(first, last)],
        Operator.NOT_BETWEEN: [below, above],
    }[threshold.operator]
    cut = [Interval(max(one.low, least), min(one.high, most), one.has_low, one.has_high) for one in intervals]
    return [one for one in (map(_whole, cut) if is_whole else cut) if not one.is_empty]


def _whole(interval: Interval) -> Interval:
    """Return an interval with whole numbers at its ends."""
    low, high = interval.low, interval.high
    if low.is_finite():
        up = low.to_integral_value("ROUND_CEILING")
        low = up + 1 if up == low and not interval.has_low else up
    if high.is_finite():
        down = high.to_integral_value("ROUND_FLOOR")
        high = down - 1 if down == high and not interval.has_high else down
    return Interval(low, high)


def _covers(outer: Sequence[Interval], inner: Sequence[Interval]) -> bool:
    return all(any(one.holds(interval) for one in outer) for interval in inner)


def _is_only_zero(threshold: Threshold) -> bool:
    is_operator = threshold.operator in (Operator.EQUAL, Operator.LESS_OR_EQUAL, Operator.BETWEEN)
    return is_operator and all(number == 0 for number in threshold.numbers)


def lies_in(value: Value, bounds: tuple[Interval, str]) -> bool:
    found = _ordinal(value)
    return found is not None and found[1] == bounds[1] and bounds[0].holds(Interval(found[0], found[0]))
