"""What methods take as their users write it: paths, URLs, and words for a choice."""

import os
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from tdmvc.errors import UsageError
from tdmvc.model.location import Location, PathLocation, parse_location
from tdmvc.model.source import Frame

PathLike = str | Path
Rows = object
"""An Arrow table, batch or reader, a frame of pandas or polars, or whatever else offers its rows as Arrow."""

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


def sources_of(
    sources: Sequence[PathLike | Rows | Mapping[str, Rows]], table: str | None
) -> Iterator[Location | Frame]:
    """Yield the locations and frames of what a user names as sources.

    Raises:
        UsageError: a frame has no name, or several have the same.
    """
    names: set[str] = set()
    for source in sources:
        if isinstance(source, PathLike):
            yield location_of(source)
            continue
        if isinstance(source, Mapping):
            frames = [Frame(name, rows) for name, rows in source.items()]
            if table is not None:
                raise UsageError(
                    "table= names the table of one frame, and here the tables have names already.",
                    remedy="leave table= out, or choose with tables=[...].",
                )
        elif table is None:
            raise UsageError(
                "Rows in memory have no name of a table.",
                remedy='name the table: add(DATASET, frame, table="orders"), or add(DATASET, {"orders": frame}).',
            )
        else:
            frames = [Frame(table, source)]
        for frame in frames:
            if not isinstance(frame.table, str) or not frame.table:
                raise UsageError(
                    "The name of a table is a text that is not empty.", remedy="name it by a text."
                )
            if frame.table in names:
                raise UsageError(
                    f"Several frames are for the table {frame.table}.",
                    remedy="concatenate them first, or add them one after the other with append=True.",
                )
            names.add(frame.table)
            yield frame
