"""Documents in ASCII that mean the same, for an output that is not UTF-8."""

import re

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def escape_json(text: str) -> str:
    r"""Return a JSON document with each character beyond ASCII as `\uXXXX`; all of them are inside strings."""
    return _BEYOND_ASCII.sub(lambda found: _utf16(found[0]), text)


def escape_markup(text: str) -> str:
    """Return an HTML or XML document with each character beyond ASCII as a character reference.

    Styles and scripts know no references; those of our page have only ASCII.
    """
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def keep(text: str) -> str:
    """Return the text as it is: it has no way to name a character."""
    return text


def _utf16(char: str) -> str:
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
