"""Which canonical type holds a column of PostgreSQL exactly, and how a SELECT asks for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from tdmvc.arrow.types import MAX_DECIMAL_DIGITS, SIMPLE
from tdmvc.model.declarations import TypeKind, UserType
from tdmvc.sql.declared_types import POSTGRES_TYPES

DIALECT = "postgresql"
_CATALOG = "pg_catalog"
_VALUE = "\0"
"""Where the column's name goes in an expression; no name has a NUL."""


@dataclass(frozen=True, slots=True)
class TypeFacts:
    """A row of pg_type."""

    oid: int
    schema: str
    name: str
    kind: str
    """`b` base, `c` composite, `d` domain, `e` enum, `r` range, `m` multirange, `p` pseudo."""
    sql: str
    """As SQL names it, without length or precision."""
    element: int
    """Of an array, else 0."""
    base: int
    """Of a domain, else 0."""
    base_modifier: int
    is_of_extension: bool
    parts: tuple[int, ...]
    """The types of a composite's fields, of a range's bounds, of a multirange's ranges."""
    labels: tuple[str, ...]
    definition: str | None
    """What follows AS in CREATE DOMAIN or CREATE TYPE, for those that people make."""
    has_own_cast: bool
    """Whether somebody made a cast to text, which may give anything."""


@dataclass(frozen=True, slots=True)
class ColumnForm:
    """How a column is read."""

    type: pa.DataType
    """Canonical."""
    physical_type: str | None
    """As PostgreSQL declares it; None if the canonical type says the same."""
    declared: str
    """The same, always."""
    expression: str = _VALUE
    """What a SELECT asks for, so that each value arrives whole."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """SQL conditions that are true for a value that the type cannot hold, and what such a value is."""

    def select(self, name: str) -> str:
        """Return SQL for the column's values; `name` is quoted."""
        return self.expression.replace(_VALUE, name)

    def conditions(self, name: str) -> list[tuple[str, str]]:
        """Return the conditions with the column's quoted name in them."""
        return [(condition.replace(_VALUE, name), what) for condition, what in self.faults.items()]

    @property
    def as_text(self) -> "ColumnForm":
        """The form that holds every value."""
        return _text(self.declared)


_PLAIN: Mapping[str, str] = {
    "bool": "bool",
    "int2": "int16",
    "int4": "int32",
    "int8": "int64",
    "float4": "float32",
    "float8": "float64",
    "text": "string",
    "bytea": "binary",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
}
"""The types that arrive as they are."""
_NOT_A_NUMBER = {f"{_VALUE} = 'NaN'": "NaN"}
_ODD_ARRAYS = {
    f"pg_catalog.array_ndims({_VALUE}) > 1": "an array with several dimensions",
    f"pg_catalog.array_lower({_VALUE}, 1) <> 1": "an array whose first place is not 1",
}


def _output(cast: str = "") -> str:
    """Return the text that the type itself writes, whatever casts somebody made."""
    return f"CASE WHEN pg_catalog.num_nulls({_VALUE}) = 0 THEN pg_catalog.concat({_VALUE}){cast} END"


def _text(declared: str) -> ColumnForm:
    return ColumnForm(SIMPLE["string"], declared, declared, _output())


def column_form(
    types: Mapping[int, TypeFacts], oid: int, modifier: int, declared: str, *, money_digits: int
) -> ColumnForm:
    """Return how to read a column.

    Args:
        types: all types that the column's type is made of, by OID.
        modifier: the length or precision as the catalog has it; -1 for none.
        declared: the type as SQL declares it, with length and precision.
        money_digits: how many digits the server's locale gives an amount of money behind the point.
    """
    facts = types[oid]
    while facts.kind == "d":
        facts, modifier = types[facts.base], facts.base_modifier
    if facts.element:
        return _array_form(_Scalar(types, modifier, money_digits), facts, declared)
    type_, cast, faults = _Scalar(types, modifier, money_digits).form(facts)
    physical = None if POSTGRES_TYPES.get(declared) is not None else declared
    if pa.types.is_decimal(type_) and declared == f"numeric({type_.precision},{type_.scale})":
        physical = None
    return ColumnForm(type_, physical, declared, _VALUE + cast if _VALUE not in cast else cast, faults)


@dataclass(frozen=True, slots=True)
class _Scalar:
    types: Mapping[int, TypeFacts]
    modifier: int
    money_digits: int

    def form(self, facts: TypeFacts) -> tuple[pa.DataType, str, Mapping[str, str]]:
        """Return the canonical type of a type that is no array and no domain, the cast to read it, and its faults."""
        name = facts.name if facts.schema == _CATALOG else ""
        if name in _PLAIN:
            return SIMPLE[_PLAIN[name]], "", {}
        if name == "oid":
            return SIMPLE["int64"], "::int8", {}
        if name == "money":
            return pa.decimal128(19, self.money_digits), "::numeric::text", {}
        if name == "numeric" and (decimal := _decimal(self.modifier)) is not None:
            return decimal, "::text", _NOT_A_NUMBER
        if name == "bpchar" and self.modifier < 0:
            # A cast would take away the blanks at the end, which have a meaning without a length.
            return SIMPLE["string"], f"pg_catalog.textin(pg_catalog.bpcharout({_VALUE}))", {}
        return SIMPLE["string"], _output() if facts.has_own_cast else "::text", {}


def _decimal(modifier: int) -> pa.DataType | None:
    """Return the decimal of a numeric's precision and scale; None if it has none, or too many digits."""
    if modifier < 0:
        return None
    precision = (modifier - 4) >> 16 & 0xFFFF
    scale = ((modifier - 4 & 0x7FF) ^ 1024) - 1024
    digits = max(precision, scale) if scale >= 0 else precision - scale
    return pa.decimal128(digits, max(scale, 0)) if digits <= MAX_DECIMAL_DIGITS else None


def _array_form(scalar: _Scalar, facts: TypeFacts, declared: str) -> ColumnForm:
    element = scalar.types[facts.element]
    is_domain = element.kind == "d"
    modifier = scalar.modifier
    while element.kind == "d":
        element, modifier = scalar.types[element.base], element.base_modifier
    if element.element:
        return _text(declared)
    type_, cast, faults = _Scalar(scalar.types, modifier, scalar.money_digits).form(element)
    if _VALUE in cast:
        cast = "::text"
    if not cast and is_domain:
        cast = f"::pg_catalog.{element.name}"
    casts = "".join(f"::{part}[]" for part in cast.split("::")[1:])
    form = _output("::text[]") if element.has_own_cast or facts.has_own_cast else _VALUE + casts
    found = {**_ODD_ARRAYS, **({f"'NaN' = ANY({_VALUE})": "NaN"} if faults else {})}
    physical = None if declared.removesuffix("[]") in POSTGRES_TYPES else declared
    return ColumnForm(pa.list_(type_), physical, declared, form, found)


def user_types(types: Mapping[int, TypeFacts], oid: int) -> tuple[UserType, ...]:
    """Return the types that people made and that a type needs, in an order in which they can be made."""
    found: dict[str, UserType] = {}
    _collect(types, types[oid], found, set())
    return tuple(found.values())


_KINDS: Mapping[str, TypeKind] = {
    "e": TypeKind.ENUM,
    "d": TypeKind.DOMAIN,
    "c": TypeKind.COMPOSITE,
    "r": TypeKind.RANGE,
}


def _collect(
    types: Mapping[int, TypeFacts], facts: TypeFacts, found: dict[str, UserType], seen: set[int]
) -> None:
    if facts.schema == _CATALOG or facts.is_of_extension or facts.oid in seen:
        _each(types, (facts.element,) if facts.element else (), found, seen)
        return
    seen.add(facts.oid)
    _each(types, (facts.element, facts.base, *facts.parts), found, seen)
    kind = _KINDS.get(facts.kind)
    if kind is not None and not facts.element:
        found.setdefault(facts.sql, UserType(facts.sql, kind, DIALECT, facts.labels, facts.definition))


def _each(
    types: Mapping[int, TypeFacts], oids: Sequence[int], found: dict[str, UserType], seen: set[int]
) -> None:
    for oid in oids:
        if oid in types:
            _collect(types, types[oid], found, seen)


def unmakeable(types: Mapping[int, TypeFacts], oid: int) -> str | None:
    """Return the name of a type of C code that no extension brings and that a column's type needs; None for none."""
    facts = types[oid]
    while facts.kind == "d" or facts.element:
        facts = types[facts.base or facts.element]
    is_own = facts.schema != _CATALOG and not facts.is_of_extension
    return facts.sql if is_own and facts.kind == "b" else None


def without_schema(
    declared: str, types: Mapping[int, TypeFacts], oid: int, quote: Callable[[str], str]
) -> str:
    """Return a declared type without the schema into which somebody put its extension."""
    facts = types[oid]
    facts = types.get(facts.element, facts)
    return declared.removeprefix(f"{quote(facts.schema)}.") if facts.is_of_extension else declared
