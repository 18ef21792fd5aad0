"""Whether a text is a regular expression of ECMA-262, in which contract formats write patterns."""

import regress

_LONGEST = 10_000


def pattern_fault(pattern: str) -> str | None:
    """Return what is wrong with a regular expression, as a clause; None if nothing is."""
    if len(pattern) > _LONGEST:
        return f"it is longer than {_LONGEST:,} characters"
    try:
        regress.Regex(pattern)
    except regress.RegressError as error:
        found = str(error) or "it cannot be parsed"
        return found[0].lower() + found[1:]
    return None
