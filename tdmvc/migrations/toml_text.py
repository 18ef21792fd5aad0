"""Knows how to read one table of a TOML file that nobody has checked before."""

import re
from typing import Any, Final

MAX_PARSED: Final = 16_000
"""How many characters are parsed: a key of many dots takes the parser quadratic time."""


def parse_toml_table(text: str, name: str) -> dict[str, Any]:
    """Return what a table such as `tool.alembic` says; nothing, where the file cannot be understood.

    Of a long file only the lines below the table's own header are parsed.
    """
    keys = name.split(".")
    if len(text) > MAX_PARSED:
        text = _lines_of(text, name)
    if keys[-1] not in text or len(text) > MAX_PARSED:
        return {}
    # Few repositories have such a file.
    import tomllib

    try:
        found: Any = tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _lines_of(text: str, name: str) -> str:
    header = re.compile(rf"^\[{re.escape(name)}\][ \t]*(?:#.*)?$", re.MULTILINE).search(text)
    if header is None:
        return ""
    # A line of an array may begin with a bracket, too, but not with one before a bare name.
    following = re.compile(r"^\[\[?[A-Za-z_]", re.MULTILINE).search(text, header.end())
    return text[header.start() : following.start() if following else len(text)]
