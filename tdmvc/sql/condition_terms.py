"""What the values in a condition of a server are in DuckDB: columns, literals and casts, each with its type."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

import pyarrow as pa

from tdmvc.model.conditions import NotEvaluatedError
from tdmvc.model.schema import Column
from tdmvc.sql.quoting import quote_name, quote_text

INTEGERS = ("smallint", "integer", "bigint")
"""Kinds of integers, each wider than the one before."""
DECIMAL = "decimal"
UNSIGNED = "unsigned"
"""Numbers that are compared, but not calculated with: servers differ in what a negative result is."""
DOUBLE = "double precision"
TRUTH = "boolean"
TEXT = "text"
NO_TEXT = "text that is compared in the server's own way"
DATE = "date"
TIMESTAMP = "timestamp"
TIMESTAMPTZ = "timestamp with time zone"
OTHER = "other"
"""Only whether it is null counts."""
AFTER_CAST = frozenset({"VARYING", "PRECISION", "WITHOUT", "WITH", "TIME", "ZONE"})
"""Words of the names of types after the first."""
_EXACT = frozenset({*INTEGERS, DECIMAL, UNSIGNED})
_MOST_DIGITS = 38
_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?")
_TEXTS_OF_POSTGRES = re.compile(r"string|text|(?:character varying|varchar)(?:\([0-9]+\))?")
_TEXTS_OF_MYSQL = re.compile(r"varchar\([0-9]+\)|(?:tiny|medium|long)?text")
_NUMBERS_OF_POSTGRES = re.compile(
    r"u?int[0-9]+|smallint|integer|bigint|bool(?:ean)?|(?:decimal|numeric)\(.*\)|float(?:32|64)|real|double precision"
)
_NUMBERS_OF_MYSQL = re.compile(
    r"(?:(?:tiny|small|medium|big)?int(?:eger)?|decimal)\b.*|double|float64|u?int[0-9]+"
)
_TIMES = re.compile(r"(?:date|timestamp|timestamptz|datetime)\b.*")
_NULLABLE_OF_POSTGRES = re.compile(
    r"(?:numeric|character|uuid|jsonb?|bytea|binary|time|interval|inet|cidr|macaddr8?|money|oid|bit|tsvector)\b.*"
)
_LETTERS = re.compile(r".*_nopad_bin|.*_0900_bin")
"""Collations of MySQL and MariaDB that compare texts as they are, and their spaces at the end, too."""


class ConditionDialect(StrEnum):
    """Whose condition it is."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"

    @property
    def largest_scale(self) -> int:
        """How many digits after the point the server and DuckDB both keep."""
        return 30 if self is ConditionDialect.MYSQL else _MOST_DIGITS

    @property
    def length_kind(self) -> str:
        """What the length of a text is."""
        return "bigint" if self is ConditionDialect.MYSQL else "integer"


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a condition that has a value."""

    sql: str
    kind: str
    scale: int = 0
    """Digits after the point."""
    literal: str | None = None
    """The text or the number, if it is a literal."""
    declared: str = ""
    """The type of a column that cannot be compared, for messages."""

    @property
    def type(self) -> str:
        """What its type is called in messages."""
        return self.declared or self.kind


def refused(term: Term) -> NotEvaluatedError:
    """Return the error about a value that DuckDB may compare in another way."""
    if term.kind == NO_TEXT:
        return NotEvaluatedError("it compares texts by a collation that DuckDB does not have")
    return NotEvaluatedError(f"it uses values of the type {term.type[:40]} in a way that DuckDB may not know")


def column_term(column: Column, dialect: ConditionDialect) -> Term:
    """Return the value of a column."""
    sql, type_, declared = quote_name(column.name), column.type, column.declared_type
    if dialect is ConditionDialect.MYSQL:
        if pa.types.is_string(type_) and _TEXTS_OF_MYSQL.fullmatch(declared):
            is_exact = column.collation is not None and _LETTERS.fullmatch(column.collation.name)
            return Term(sql, TEXT if is_exact else NO_TEXT)
        if _NUMBERS_OF_MYSQL.fullmatch(declared) and (found := _mysql_number(sql, type_, declared)):
            return found
        if pa.types.is_string(type_) and _TIMES.fullmatch(declared):
            # `IS NULL` is true for 0000-00-00.
            raise NotEvaluatedError(f"it uses values of the type {declared} that are no dates")
    else:
        if pa.types.is_string(type_) and _TEXTS_OF_POSTGRES.fullmatch(declared):
            return Term(sql, TEXT if column.collation is None else NO_TEXT)
        if _NUMBERS_OF_POSTGRES.fullmatch(declared) and (found := _postgres_number(sql, type_)):
            return found
        is_known = pa.types.is_list(type_) or _NULLABLE_OF_POSTGRES.fullmatch(declared)
        if not is_known and not _TIMES.fullmatch(declared):
            # A row is null once all of its columns are.
            raise NotEvaluatedError(f"it uses values of the type {declared[:40]}, which DuckDB does not have")
    if _TIMES.fullmatch(declared) and pa.types.is_date(type_):
        return Term(sql, DATE)
    if _TIMES.fullmatch(declared) and pa.types.is_timestamp(type_):
        return Term(sql, TIMESTAMPTZ if type_.tz is not None else TIMESTAMP)
    return Term(sql, OTHER, declared=declared)


def _postgres_number(sql: str, type_: pa.DataType) -> Term | None:
    if pa.types.is_boolean(type_):
        return Term(sql, TRUTH)
    if pa.types.is_signed_integer(type_):
        return Term(sql, {8: "smallint", 16: "smallint", 32: "integer"}.get(type_.bit_width, "bigint"))
    if pa.types.is_decimal(type_):
        return Term(sql, DECIMAL, type_.scale)
    return Term(f"CAST({sql} AS DOUBLE)", DOUBLE) if pa.types.is_floating(type_) else None


def _mysql_number(sql: str, type_: pa.DataType, declared: str) -> Term | None:
    if pa.types.is_decimal(type_):
        return Term(sql, UNSIGNED if "unsigned" in declared else DECIMAL, type_.scale)
    if pa.types.is_float64(type_):
        return Term(sql, DOUBLE)
    if not pa.types.is_integer(type_) and not pa.types.is_boolean(type_):
        return None
    if "unsigned" in declared or pa.types.is_unsigned_integer(type_):
        return Term(f"CAST({sql} AS DECIMAL(20, 0))", UNSIGNED)
    # The server calculates with 64 bits.
    return Term(f"CAST({sql} AS BIGINT)", "bigint")


def number_literal(text: str, dialect: ConditionDialect) -> Term:
    """Return a number as it is written."""
    if not _NUMBER.fullmatch(text):
        raise NotEvaluatedError(f"it uses the number {text[:40]}, which DuckDB may read otherwise")
    if _INTEGER.fullmatch(text) and -(2**63) <= int(text) < 2**63:
        return integer_literal(text, dialect)
    return _decimal_literal(text)


def integer_literal(text: str, dialect: ConditionDialect) -> Term:
    """Return an integer of up to 64 bits."""
    is_small = -(2**31) <= int(text) < 2**31 and dialect is ConditionDialect.POSTGRESQL
    kind = "integer" if is_small else "bigint"
    return Term(f"CAST({quote_text(text)} AS {kind})", kind, literal=text)


def _decimal_literal(text: str) -> Term:
    whole, _, fraction = text.removeprefix("-").partition(".")
    digits = max(len(whole) + len(fraction), 1)
    if digits > _MOST_DIGITS:
        raise NotEvaluatedError("it has a number with more digits than DuckDB has")
    sql = f"CAST({quote_text(text)} AS DECIMAL({digits}, {len(fraction)}))"
    return Term(sql, DECIMAL, len(fraction), literal=text)


def text_literal(text: str) -> Term:
    """Return a text."""
    return Term(quote_text(text), TEXT, literal=text)


def as_date(term: Term) -> Term:
    """Return the day that a text names."""
    text = term.literal or ""
    try:
        if term.kind == TEXT and _DAY.fullmatch(text) and date.fromisoformat(text):
            return Term(f"CAST({quote_text(text)} AS DATE)", DATE)
    except ValueError:
        pass
    raise NotEvaluatedError("it has a date that DuckDB may read otherwise")


def _as_timestamp(term: Term) -> Term:
    text = term.literal or ""
    try:
        if term.kind == TEXT and _MOMENT.fullmatch(text) and datetime.fromisoformat(text):
            return Term(f"CAST({quote_text(text)} AS TIMESTAMP)", TIMESTAMP)
    except ValueError:
        pass
    raise NotEvaluatedError("it has a time that DuckDB may read otherwise")


def cast(term: Term, name: str) -> Term:
    """Return a value as another type of PostgreSQL, if nothing of it changes.

    Raises:
        NotEvaluatedError: something may.
    """
    is_text = term.kind == TEXT and term.literal is not None
    match name:
        case "text" | "character varying" | "varchar" if term.kind in (TEXT, NO_TEXT):
            return term
        case "smallint" | "integer" | "bigint" if is_text and _INTEGER.fullmatch(term.literal or ""):
            return Term(f"CAST({term.sql} AS {name})", name, literal=term.literal)
        case "smallint" | "integer" | "bigint" if term.kind in INTEGERS:
            if INTEGERS.index(term.kind) <= INTEGERS.index(name):
                return Term(f"CAST({term.sql} AS {name})", name, literal=term.literal)
        case "numeric" if term.kind == DECIMAL:
            return term
        case "numeric" if term.kind in INTEGERS:
            return Term(f"CAST({term.sql} AS DECIMAL(19, 0))", DECIMAL, literal=term.literal)
        case "numeric" if is_text and _NUMBER.fullmatch(term.literal or ""):
            return _decimal_literal(term.literal or "")
        case "double precision" if term.kind == DOUBLE:
            return term
        case "double precision" if term.literal is not None and _NUMBER.fullmatch(term.literal):
            return Term(f"CAST({quote_text(term.literal)} AS DOUBLE)", DOUBLE)
        case "boolean" if term.kind == TRUTH:
            return term
        case "date":
            return term if term.kind == DATE else as_date(term)
        case "timestamp without time zone":
            return term if term.kind == TIMESTAMP else _as_timestamp(term)
    raise NotEvaluatedError(f"it casts a value to {name[:40]}, which DuckDB may do otherwise")


def check_comparable(
    left: Term, right: Term, dialect: ConditionDialect, *, is_order: bool = False
) -> tuple[Term, Term]:
    """Return two values as they are compared.

    Args:
        is_order: whether it matters which is smaller.

    Raises:
        NotEvaluatedError: DuckDB may compare them otherwise.
    """
    left, right = _like_other(left, right, dialect), _like_other(right, left, dialect)
    for term in (left, right):
        if term.kind in (OTHER, NO_TEXT):
            raise refused(term)
    if left.kind != right.kind and not {left.kind, right.kind} <= _EXACT:
        raise NotEvaluatedError(f"it compares {left.type} with {right.type}")
    if is_order and left.kind == TEXT:
        raise NotEvaluatedError("it asks which text comes first, and servers sort texts in their own way")
    return left, right


def _like_other(term: Term, other: Term, dialect: ConditionDialect) -> Term:
    """Return a literal as the type with which it is compared."""
    if term.literal is None:
        return term
    if term.kind == TEXT and other.kind == DATE:
        return as_date(term)
    if other.kind == DOUBLE and dialect is ConditionDialect.MYSQL and term.kind in INTEGERS:
        return replace(term, sql=f"CAST({quote_text(term.literal)} AS DOUBLE)", kind=DOUBLE)
    return term
