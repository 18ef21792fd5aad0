"""Whether a column has the type that a contract declares."""

from tdmvc.arrow.types import is_widening, parse_type
from tdmvc.model.schema import Column


def has_type(column: Column, declared: str) -> bool:
    """Return whether all values of a column's type are values of a declared one; a column of nulls has any type.

    Args:
        declared: the canonical name of a type.
    """
    wanted = parse_type(declared)
    return wanted is None or column.is_untyped or is_widening(column.type, wanted)
