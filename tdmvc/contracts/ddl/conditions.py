"""Says rules about single values as conditions of CHECK, in the SQL of each engine."""

from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa

from tdmvc.model.declarations import OWN_DIALECT, Check
from tdmvc.model.rules import (
    Condition,
    Length,
    MultipleOf,
    Pattern,
    PatternSyntax,
    Present,
    Range,
    Rule,
    Value,
    Values,
)
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.portable import PORTABLE_WORDS, engine_name, why_not_portable
from tdmvc.sql.quoting import quote_name, quote_text
from tdmvc.sql.tokens import TokenKind, tokens

Quote = Callable[[str], str]


class NotSaidError(Exception):
    """An engine cannot say a rule; the text says why, as a clause."""


def quote_for(dialect: str) -> Quote:
    """Return what puts names in an engine's quotes."""
    return (lambda name: "`" + name.replace("`", "``") + "`") if dialect == "mysql" else quote_name


def text_for(text: str, dialect: str) -> str:
    """Return a text as SQL of an engine."""
    return quote_text(text.replace("\\", "\\\\") if dialect == "mysql" else text)


def condition_of(rule: Rule, table: TableSchema, dialect: str) -> str:
    """Return the condition that is true or null for exactly the rows that keep a rule.

    Raises:
        NotSaidError: the engine cannot say it.
    """
    if isinstance(rule.test, Condition):
        return check_condition(rule.test.check, table, dialect)
    column = table.column(rule.columns[0]) if len(rule.columns) == 1 else None
    if column is None:
        raise NotSaidError("SQL has no constraint for it")
    name = quote_for(dialect)(column.name)
    match rule.test:
        case Range():
            return _range(name, rule.test, column, dialect)
        case Length():
            return _length(name, rule.test, column, dialect)
        case Values():
            return _among(name, rule.test.allowed, column, dialect, "IN")
        case Present():
            parts = [f"{name} IS NOT NULL"] if None in rule.test.missing else []
            if any(one is not None for one in rule.test.missing):
                parts.append(_among(name, rule.test.missing, column, dialect, "NOT IN"))
            return " AND ".join(parts) or "1 = 1"
        case MultipleOf():
            return _multiple(name, rule.test, column, dialect)
        case Pattern() if dialect == "duckdb" and rule.test.syntax is PatternSyntax.RE2:
            function = "regexp_full_match" if rule.test.is_whole else "regexp_matches"
            return f"{function}({name}, {quote_text(rule.test.expression)})"
    raise NotSaidError("SQL has no constraint for it")


def check_condition(check: Check, table: TableSchema, dialect: str) -> str:
    """Return the condition of a CHECK if it means the same to an engine, with names in that engine's quotes.

    Raises:
        NotSaidError: it may mean something else.
    """
    own = check.dialect or OWN_DIALECT
    if own == dialect:
        return check.expression
    why = why_not_portable(check.expression, table.columns)
    if own == "mysql" and any(token.text.startswith('"') for token in tokens(check.expression)):
        why = "a text in double quotes is a name elsewhere"
    if why is not None:
        raise NotSaidError(f"it is written for {engine_name(own)}, and {why}")
    return _quoted_names(check.expression, table, quote_for(dialect))


def _quoted_names(expression: str, table: TableSchema, quote: Quote) -> str:
    """Return an expression with names in the quotes of an engine, except for those that every engine finds without.

    PostgreSQL writes names without quotes in lower case.
    """
    columns = {name.casefold(): name for name in table.column_names}
    written, place = "", 0
    for token in tokens(expression):
        is_word = token.kind is TokenKind.WORD and token.keyword not in PORTABLE_WORDS
        name = columns.get(token.name.casefold()) if is_word or token.kind is TokenKind.NAME else None
        if name is not None and not (is_word and token.text == name == name.lower()):
            written += expression[place : token.start] + quote(name)
            place = token.end
    return written + expression[place:]


def _range(name: str, test: Range, column: Column, dialect: str) -> str:
    if pa.types.is_string(column.type) and dialect in ("postgresql", "mysql"):
        raise NotSaidError("the database orders texts as its language does")
    parts = []
    if test.minimum is not None:
        sign = ">" if test.excludes_minimum else ">="
        parts.append(f"{name} {sign} {literal(test.minimum, column, dialect)}")
    if test.maximum is not None:
        sign = "<" if test.excludes_maximum else "<="
        parts.append(f"{name} {sign} {literal(test.maximum, column, dialect)}")
    if pa.types.is_floating(column.type) and test.maximum is None:
        # NaN is above every number to these engines, and the others have none.
        parts += [f"{name} <> 'NaN'"] if dialect in ("postgresql", "duckdb") else []
    return " AND ".join(parts) or "1 = 1"


def _length(name: str, test: Length, column: Column, dialect: str) -> str:
    if pa.types.is_string(column.type):
        function = "length" if dialect in ("sqlite", "duckdb") else "char_length"
    elif pa.types.is_list(column.type) and is_array(column.type, dialect):
        function = "cardinality" if dialect == "postgresql" else "len"
    else:
        raise NotSaidError("the engine has no such length")
    parts = [f"{function}({name}) >= {test.minimum}"] if test.minimum is not None else []
    parts += [f"{function}({name}) <= {test.maximum}"] if test.maximum is not None else []
    return " AND ".join(parts) or "1 = 1"


def is_array(type_: pa.DataType, dialect: str) -> bool:
    """Whether an engine has lists of a type, and does not keep them as JSON."""
    return dialect == "duckdb" or (dialect == "postgresql" and not pa.types.is_nested(type_.value_type))


def _among(name: str, values: tuple[Value, ...], column: Column, dialect: str, words: str) -> str:
    listed = [literal(one, column, dialect) for one in values if one is not None]
    if not listed:
        return f"{name} IS NULL"
    if dialect == "mysql" and pa.types.is_string(column.type):
        # Its texts are equal whatever their case and the blanks at their end.
        name = f"CAST({name} AS BINARY)"
    return f"{name} {words} ({', '.join(listed)})"


def _multiple(name: str, test: MultipleOf, column: Column, dialect: str) -> str:
    is_whole = pa.types.is_integer(column.type) and test.step == test.step.to_integral_value()
    is_exact = pa.types.is_decimal(column.type) and dialect in ("postgresql", "mysql")
    if not is_whole and not is_exact:
        raise NotSaidError("the engine has no exact remainder of it")
    return f"{name} % {literal(test.step, column, dialect)} = 0"


def literal(value: Value, column: Column, dialect: str) -> str:
    """Return a value as SQL of an engine.

    Raises:
        NotSaidError: it has no form that compares as the column does.
    """
    if isinstance(value, bool):
        return str(int(value)) if dialect in ("sqlite", "mysql") else str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str):
        if pa.types.is_timestamp(column.type) and dialect == "sqlite":
            raise NotSaidError("SQLite compares times as texts, and there are several ways to write one")
        if column.type.equals(pa.timestamp("us", tz="UTC")) and dialect == "mysql":
            raise NotSaidError("MySQL reads an instant in the zone of the session")
        return text_for(value, dialect)
    return str(value)
