"""What may be wrong with values for a column of a database, and what finds such values."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from typing import Any

import pyarrow as pa

from tdmvc.arrow.compute import SetLookupOptions, call_function, cast
from tdmvc.arrow.constants import constant, flag, number
from tdmvc.databases.findings import values_finding
from tdmvc.model.finding import Finding, Severity

Finder = Callable[[pa.Array], pa.Array]
"""Returns true for each value that is meant; false or null for all others."""


@dataclass(frozen=True, slots=True)
class ValueCheck:
    """One thing that may be wrong with values."""

    problem: str
    """What they are then: `longer than varchar(40)`."""
    find: Finder
    is_fault: bool = True
    """False if they are loaded all the same, and read back in another form."""
    is_of_items: bool = False
    """Whether the values are the items of lists."""

    @property
    def severity(self) -> Severity:
        return Severity.ERROR if self.is_fault else Severity.WARNING

    def count(self, array: pa.Array) -> int:
        """Return how many values there is something wrong with."""
        return int(call_function("sum", [self.find(array)]).as_py() or 0)

    def after(self, prepare: Callable[[pa.Array], pa.Array]) -> "ValueCheck":
        """Return the same for values that are prepared before anything is searched for."""
        return replace(self, find=lambda array: self.find(prepare(array)))

    def of_items(self) -> "ValueCheck":
        """Return the same for the items of lists."""
        return replace(self.after(lambda lists: lists.flatten()), is_of_items=True)


@dataclass(frozen=True, slots=True)
class Problems:
    """How many values of a column have which problem."""

    counts: dict[tuple[str, Severity], int] = field(default_factory=dict)

    def add(self, problem: str, severity: Severity, count: int) -> None:
        """Add values to those with a problem."""
        if count:
            self.counts[problem, severity] = self.counts.get((problem, severity), 0) + count

    def findings(self, table: str, column: str, **details: object) -> list[Finding]:
        """Return a finding for each problem."""
        return [
            values_finding(table, column, count, problem, severity, **details)
            for (problem, severity), count in self.counts.items()
        ]


class NoFormError(Exception):
    """No value of the type can go into the column."""


def each_value(is_meant: Callable[[Any], bool]) -> Finder:
    """Return a finder that looks at each different value once."""

    def find(array: pa.Array) -> pa.Array:
        different = call_function("unique", [array])
        found = [value for value in different.to_pylist() if value is not None and is_meant(value)]
        if not found:
            return pa.repeat(flag(is_set=False), 1)
        return call_function("is_in", [array], SetLookupOptions(pa.array(found, array.type), skip_nulls=True))

    return find


def other_form(what: str) -> ValueCheck:
    """Return the check that warns of all values, because they read back in another form."""
    return ValueCheck(what, lambda array: array.is_valid(), is_fault=False)


def negated(found: pa.Array) -> pa.Array:
    """Return true for what is false."""
    return call_function("invert", [found])


def both(one: pa.Array, other: pa.Array) -> pa.Array:
    """Return true where both are."""
    return call_function("and", [one, other])


def either(one: pa.Array, other: pa.Array) -> pa.Array:
    """Return true where one of them is."""
    return call_function("or", [one, other])


def outside(array: pa.Array, least: object, most: object) -> pa.Array:
    """Return true for values that are less than one or more than another."""
    low = call_function("less", [array, constant(least, array.type)])
    return either(low, call_function("greater", [array, constant(most, array.type)]))


def integer_bounds(type_: pa.DataType) -> tuple[int, int]:
    """Return the least and the greatest number of a type of integers."""
    bits = type_.bit_width
    if pa.types.is_signed_integer(type_):
        return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return 0, 2**bits - 1


def longer(function: str, array: pa.Array, most: int) -> pa.Array:
    """Return true for values whose length, by a function of Arrow, is greater."""
    lengths = call_function(function, [array])
    return call_function("greater", [cast(lengths, pa.int64()), number(most)])


def decimal_places(value: Decimal) -> int:
    """Return how many digits after the point a number needs."""
    with localcontext(prec=80):
        return -int(value.normalize().as_tuple().exponent)
