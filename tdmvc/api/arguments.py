"""What methods take as their users write it: paths, URLs, and words for a choice."""

import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from tdmvc.errors import UsageError
from tdmvc.model.location import Location, PathLocation, parse_location

PathLike = str | Path

_Choice = TypeVar("_Choice", bound=StrEnum)


def chosen(parameter: str, text: str, choices: Sequence[_Choice], *, default: str | None = None) -> _Choice:
    """Return the choice with this value; `default` is a further value that the caller accepts."""
    for choice in choices:
        if choice.value == text:
            return choice
    *first, last = [*([default] if default else []), *(choice.value for choice in choices)]
    raise UsageError(f"{parameter} cannot be '{text}'.", remedy=f"use {', '.join(first)} or {last}.")


def location_of(source: PathLike) -> Location:
    """Return the location of a path or URL; a `Path` is never a URL."""
    return parse_location(source, variables=os.environ) if isinstance(source, str) else PathLocation(source)
