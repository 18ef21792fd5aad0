"""Lengths, regular expressions and named forms of texts as SQL."""

import pyarrow as pa

from tdmvc.checks.predicates.errors import InexactError
from tdmvc.checks.predicates.literals import text_literal
from tdmvc.checks.predicates.patterns import to_re2
from tdmvc.model.rules import Length, Pattern, PatternSyntax
from tdmvc.model.schema import Column

_FORMATS = {
    "date": r"[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|[12][0-9]))",
    "uuid": r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
    "ipv4": r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])",
    "json-pointer": r"(?s:(?:/(?:[^~/]|~[01])*)*)",
}
"""The formats that a regular expression tells exactly; of a date, all but leap years."""


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
    is_whole = test.is_whole and test.syntax is PatternSyntax.RE2
    matches = "regexp_full_match" if is_whole else "regexp_matches"
    return f"NOT {matches}({value}, {text_literal(to_re2(test))})"


def format_sql(name: str, column: Column, value: str) -> str:
    """Return a condition that is true for a text that has not the named form.

    Raises:
        InexactError: the column holds no texts, or SQL cannot tell.
    """
    _check_text(column, "a format")
    expression = _FORMATS.get(name)
    if expression is None:
        raise InexactError(f"SQL has no exact test for the format {name}")
    broken = f"NOT regexp_full_match({value}, {text_literal(expression)})"
    if name == "date":
        leap = "[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00"
        return f"{broken} OR ({value} LIKE '%-02-29' AND NOT regexp_full_match({value}, '(?:{leap})-02-29'))"
    return broken


def _check_text(column: Column, what: str) -> None:
    if not pa.types.is_string(column.type) or column.is_json:
        kind = "JSON" if column.is_json else column.type_text
        raise InexactError(f"its type is {kind}, and {what} is for texts")
