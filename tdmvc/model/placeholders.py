"""Placeholders such as {url} in the settings of an environment."""

import re
from collections.abc import Mapping

FILE_PLACEHOLDERS = ("url", "sqlalchemy_url", "jdbc_url", "path", "name")
"""What an export may name for a database that is a file."""
SERVER_PLACEHOLDERS = ("url", "sqlalchemy_url", "jdbc_url", "host", "port", "user", "password", "name")
"""What an export may name for a database on a server."""

_PLACEHOLDER = re.compile(r"\{\{([A-Za-z_]\w*)\}\}|(?<!\$)\{([A-Za-z_]\w*)\}", re.ASCII)
"""Braces around a single name, but not a variable of the shell: `${HOME}`. Others, such as those of JSON, are text."""


def find_placeholders(text: str) -> list[str]:
    """Return the names of the placeholders in a text, in their order; `{{name}}` is none."""
    return [match[2] for match in _PLACEHOLDER.finditer(text) if match[2]]


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """Return a text with the values of its placeholders, and `{name}` for each `{{name}}`.

    Raises:
        KeyError: a placeholder has no value.
    """
    return _PLACEHOLDER.sub(lambda match: values[match[2]] if match[2] else f"{{{match[1]}}}", text)
