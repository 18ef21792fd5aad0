"""Lengths, regular expressions and named forms of texts as SQL."""

import pyarrow as pa

from tdmvc.checks.predicates.errors import InexactError
from tdmvc.checks.predicates.literals import text_literal
from tdmvc.model.rules import Length, Pattern, PatternSyntax
from tdmvc.model.schema import Column


def length_sql(test: Length, column: Column, value: str) -> str:
    """Return a condition that is true for a text with too few or too many code points, or a list of elements.

    Raises:
        InexactError: the column holds neither.
    """
    if pa.types.is_list(column.type):
        is_too_long, is_too_short = f"len({value}) > {test.maximum}", f"len({value}) < {test.minimum}"
    elif pa.types.is_string(column.type) and not column.is_json:
        # The bytes are known; most texts need no count of their code points.
        is_too_long = f"(strlen({value}) > {test.maximum} AND length({value}) > {test.maximum})"
        is_too_short = f"length({value}) < {test.minimum}"
    else:
        kind = "JSON" if column.is_json else column.type_text
        raise InexactError(f"its type is {kind}, which has no length")
    parts = [is_too_short] if test.minimum is not None else []
    parts += [is_too_long] if test.maximum is not None else []
    return " OR ".join(parts) or "false"


def pattern_sql(test: Pattern, column: Column, value: str) -> str:
    """Return a condition that is true for a text that a regular expression does not match.

    Raises:
        InexactError: the column holds no texts, or SQL reads the expression in another way.
    """
    _check_text(column, "a pattern")
    if test.syntax is not PatternSyntax.RE2:
        raise InexactError("the regular expression is not one of RE2, which SQL uses")
    matches = "regexp_full_match" if test.is_whole else "regexp_matches"
    return f"NOT {matches}({value}, {text_literal(test.expression)})"


def format_sql(name: str, column: Column, value: str) -> str:
    """Return a condition that is true for a text that has not the named form.

    Raises:
        InexactError: the column holds no texts, or SQL cannot tell.
    """
    _check_text(column, "a format")
    raise InexactError(f"SQL has no exact test for the format {name}")


def _check_text(column: Column, what: str) -> None:
    if not pa.types.is_string(column.type) or column.is_json:
        kind = "JSON" if column.is_json else column.type_text
        raise InexactError(f"its type is {kind}, and {what} is for texts")
