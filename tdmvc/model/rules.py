"""Rules: what a contract demands of the rows of a table, whichever format declares it."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from tdmvc.model.declarations import OWN_DIALECT, Check, ForeignKey
from tdmvc.model.finding import Severity

Value = str | int | bool | Decimal | None
"""A value that a rule names, as its format writes it: a date or a time is a text."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contract declares something."""

    path: str
    """Relative to the repository's root."""
    line: int | None = None
    """Counted from 1."""
    pointer: str | None = None
    """A JSON pointer, in formats that have them: `/properties/email/pattern`."""

    def __str__(self) -> str:
        if self.line is not None:
            return f"{self.path}:{self.line}"
        return self.path if self.pointer is None else f"{self.path}#{self.pointer}"


class Operator(StrEnum):
    """How a measured number is compared, by the standard's names."""

    EQUAL = "mustBe"
    NOT_EQUAL = "mustNotBe"
    GREATER = "mustBeGreaterThan"
    GREATER_OR_EQUAL = "mustBeGreaterOrEqualTo"
    LESS = "mustBeLessThan"
    LESS_OR_EQUAL = "mustBeLessOrEqualTo"
    BETWEEN = "mustBeBetween"
    """Both bounds are allowed."""
    NOT_BETWEEN = "mustNotBeBetween"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Which measured numbers a rule allows."""

    operator: Operator = Operator.EQUAL
    numbers: tuple[Decimal, ...] = (Decimal(0),)
    """One; two, in ascending order, for `mustBeBetween` and `mustNotBeBetween`."""
    is_percent: bool = False
    """Whether the number is a share of all rows; a table without rows has 0 %."""

    def in_unit(self, number: Decimal, rows: int) -> Decimal:
        """Return a number of rows or values in this threshold's unit: as it is, or as a share of all rows."""
        if not self.is_percent:
            return number
        return number * 100 / rows if rows else Decimal(0)

    def allows(self, measured: Decimal) -> bool:
        """Whether a measured number, in this threshold's unit, keeps the rule."""
        first, last = self.numbers[0], self.numbers[-1]
        match self.operator:
            case Operator.EQUAL:
                return measured == first
            case Operator.NOT_EQUAL:
                return measured != first
            case Operator.GREATER:
                return measured > first
            case Operator.GREATER_OR_EQUAL:
                return measured >= first
            case Operator.LESS:
                return measured < first
            case Operator.LESS_OR_EQUAL:
                return measured <= first
            case Operator.BETWEEN:
                return first <= measured <= last
            case Operator.NOT_BETWEEN:
                return not first <= measured <= last


NO_ROWS = Threshold()
"""No row may break the rule."""
ANY_NUMBER = Threshold(Operator.GREATER_OR_EQUAL)
"""Everything is allowed that can be measured."""


@dataclass(frozen=True, slots=True)
class HasType:
    """The rows have a column, of a type whose values all fit a declared one."""

    type: str
    """The canonical name: `decimal(10,2)`."""


@dataclass(frozen=True, slots=True)
class Required:
    """No value is null."""


@dataclass(frozen=True, slots=True)
class Unique:
    """No combination of values repeats. Every row of a group that repeats breaks the rule."""

    nulls_distinct: bool = True
    """False if values with a null repeat, too."""
    is_key: bool = False
    """Whether it is the primary key, which allows no null either."""


@dataclass(frozen=True, slots=True)
class Length:
    """A text has a number of code points within bounds; a list, a number of elements."""

    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """A value lies within bounds; NaN lies within none."""

    minimum: Value = None
    maximum: Value = None
    excludes_minimum: bool = False
    excludes_maximum: bool = False


@dataclass(frozen=True, slots=True)
class MultipleOf:
    """A number is a multiple of another."""

    step: Decimal


class PatternSyntax(StrEnum):
    """Whose regular expressions a pattern is written in."""

    ECMA = "ecma"
    RE2 = "re2"
    PYTHON = "python"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text matches a regular expression."""

    expression: str
    syntax: PatternSyntax = PatternSyntax.ECMA
    is_whole: bool = False
    """Whether the whole text must match, and not only a part of it."""


@dataclass(frozen=True, slots=True)
class Format:
    """A text has a named form, by JSON Schema's names: `email`, `uuid`, `date-time`."""

    name: str


@dataclass(frozen=True, slots=True)
class Values:
    """A value is one of a list."""

    allowed: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Present:
    """A value is none of those that stand for a missing one."""

    missing: tuple[Value, ...] = (None,)


@dataclass(frozen=True, slots=True)
class Condition:
    """An SQL expression over the columns of one row is true or null."""

    check: Check


@dataclass(frozen=True, slots=True)
class References:
    """The columns name a row of another table, or at least one of them is null (MATCH SIMPLE)."""

    reference: ForeignKey
    is_declared: bool = field(default=False, compare=False, repr=False)
    """Whether a database declares it, and not only a person or a file."""


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows the table has is compared with the threshold."""


@dataclass(frozen=True, slots=True)
class Query:
    """The single number that an SQL query over the dataset's tables returns is compared with the threshold."""

    sql: str
    """With the placeholders of the standard filled in."""
    dialect: str = OWN_DIALECT

    def tables_in(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return which of these tables the query names, as words in any case."""
        folded = self.sql.casefold()
        return tuple(
            name
            for name in names
            if name and re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", folded)
        )


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """A value, or a row as an object, is valid under a JSON Schema."""

    schema: str
    """The JSON text of a schema whose references lead into itself."""
    draft: str = "2020-12"
    is_text: bool = False
    """Whether the column holds the value as JSON text; a text that is no JSON breaks the rule."""
    is_row: bool = False
    """Whether it is about the row as an object of its columns, and not about the value of one column."""
    null_values: tuple[str, ...] = ()
    """Of a row: the columns whose null is the value null; the null of another is a property that is absent."""
    is_about_formats: bool = False
    """Whether only what breaks a `format` of the schema breaks the rule; otherwise, formats say nothing."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What a contract declares could not be read, so that nothing can be said of the rows."""

    reason: str


RuleTest = (
    HasType
    | Required
    | Unique
    | Length
    | Range
    | MultipleOf
    | Pattern
    | Format
    | Values
    | Present
    | Condition
    | References
    | RowCount
    | Query
    | JsonSchema
    | Unreadable
)
"""What a rule tests. A null passes unless the test speaks of nulls."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand on the rows of a table, and how much of its violation is allowed."""

    id: str
    """Stable across edits of other rules, and unique in a contract: `orders.email.pattern`."""
    table: str
    columns: tuple[str, ...]
    """Empty if the test concerns no single columns."""
    test: RuleTest
    threshold: Threshold = NO_ROWS
    severity: Severity = Severity.ERROR
    description: str | None = field(default=None, compare=False)
    place: Place | None = field(default=None, compare=False)

    @property
    def demand(self) -> tuple[object, ...]:
        """What the rows are tested for, whatever the rule is called and however much violation it allows."""
        return (self.table, self.columns, self.test)

    @property
    def is_of_database(self) -> bool:
        """Whether a database declares it, which tests its rows itself: a CHECK in its own SQL, or a reference."""
        match self.test:
            case Condition(check):
                return check.dialect not in (None, OWN_DIALECT)
            case References():
                return self.test.is_declared
        return False


def rule_id(table: str, columns: Sequence[str], word: str) -> str:
    """Return the id of a rule: `orders.email.required`, `orders.tenant,code.unique`, `orders.pk`.

    Args:
        columns: those that the rule is about; none for a rule of the table that `word` names.
    """
    names = [_plain(table), *([",".join(map(_plain, columns))] if columns else []), word]
    return ".".join(names)


def with_unique_ids(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules; of those with one id, the second gets the id with `-2` behind it."""
    seen: set[str] = set()
    named: list[Rule] = []
    for rule in rules:
        name, number = rule.id, 2
        while name in seen:
            name, number = f"{rule.id}-{number}", number + 1
        seen.add(name)
        named.append(rule if name == rule.id else replace(rule, id=name))
    return tuple(named)


_SQL_WORD = re.compile(
    r"""'(?:[^']|'')*+(?:'|\Z)|"(?:[^"]|"")*+(?:"|\Z)|`[^`]*+(?:`|\Z)|--[^\n]*|/\*.*?(?:\*/|\Z)|\w+|[^\w\s]""",
    re.S,
)


def short_hash(text: str) -> str:
    """Return a few characters for an SQL expression without a name: the same however it is spaced, in any case."""
    words = (word for word in _SQL_WORD.findall(text) if not word.startswith(("--", "/*")))
    plain = " ".join(word if word[0] in "'\"`" else word.lower() for word in words)
    return hashlib.sha256(plain.encode()).hexdigest()[:8]


def _plain(name: str) -> str:
    """Return a name as it is if it cannot be taken for several, else in quotes, as in SQL."""
    return name if re.fullmatch(r"[^.,\"]+", name) else '"' + name.replace('"', '""') + '"'


def kind_of(rule: Rule) -> str:
    """Return the word for what a rule tests: `required`, `key`, `reference`."""
    match rule.test:
        case Unique(is_key=True):
            return "key"
        case Condition():
            return "check"
        case References():
            return "reference"
    words = re.findall("[A-Z][a-z0-9]*", type(rule.test).__name__)
    return " ".join(words).lower()
