"""Knows how to read what CI sets: variables, numbers, and values deep inside an event."""

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
        UsageError: it is anything but digits; it may come from a stranger, so it is not repeated.
    """
    if not _NUMBER.fullmatch(text.strip()):
        raise UsageError(
            f"{name} is not the number of a pull or merge request.", remedy="give digits only, such as 42."
        )
    return int(text)


def pick(value: object, *keys: str) -> Any:
    """Return what lies at the end of a path of keys in a JSON value, or None."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
