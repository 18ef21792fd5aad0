"""Reads the settings of a CI run: variables, numbers, and values inside an event."""

import re
from collections.abc import Mapping
from typing import Any

from tdmvc.errors import UsageError

_NUMBER = re.compile(r"[1-9][0-9]{0,9}")


def need(environ: Mapping[str, str], name: str, remedy: str) -> str:
    """Return a variable's value.

    Raises:
        UsageError: it is not set, or empty.
    """
    value = environ.get(name, "").strip()
    if not value:
        raise UsageError(f"{name} is not set.", where="the environment of this run", remedy=remedy)
    return value


def request_number(text: str, name: str) -> int:
    """Return the number of a pull or merge request.

    Raises:
        UsageError: it is not a number. The text may come from a stranger, so the message does not quote it.
    """
    if not _NUMBER.fullmatch(text.strip()):
        raise UsageError(
            f"{name} is not the number of a pull or merge request.", remedy="use digits only, such as 42."
        )
    return int(text)


def pick(value: object, *keys: str) -> Any:
    """Return the value at a path of keys in a JSON value, or None."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
