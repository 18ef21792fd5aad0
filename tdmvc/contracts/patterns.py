"""Regular expressions of ECMA-262, in which contract formats write patterns."""

import regress

_LONGEST = 10_000


def pattern_fault(pattern: str) -> str | None:
    """Return what is wrong with a regular expression, as a clause; None if nothing is."""
    if len(pattern) > _LONGEST:
        return f"it is longer than {_LONGEST:,} characters"
    try:
        regress.Regex(pattern)
    except regress.RegressError as error:
        found = str(error).rstrip(".") or "it cannot be parsed"
        return found[0].lower() + found[1:]
    return None


def has_match(pattern: str, text: str) -> bool:
    """Whether a regular expression of ECMA-262 matches some part of a text, such as the name of a column.

    It is about code points, as JSON Schema says, unless only the older syntax allows it.
    """
    try:
        expression = regress.Regex(pattern, "u")
    except regress.RegressError:
        expression = regress.Regex(pattern)
    return expression.find(text) is not None
