"""Knows what one changelog file of Liquibase says, whichever of its four formats it is written in."""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

RAW_ID: Final = "raw"
RAW_AUTHOR: Final = "includeAll"
"""What Liquibase calls the one change set of an SQL file without its header."""


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file that a changelog names; where it lies depends on the changelog that names it."""

    path: str
    line: int | None
    is_relative: bool = False
    """Whether the path is seen from the changelog that names it, rather than from the search path."""
    may_be_missing: bool = False


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """One change set, as it is written; `${…}` may still be in its texts."""

    id: str
    author: str
    line: int | None
    content: str
    """Its own canonical text: what stands around it in the file does not matter."""
    name: str = ""
    """For people: its comment."""
    logical_path: str | None = None
    touches: tuple[str, ...] = ()
    is_repeatable: bool = False
    """Whether it runs again, always or after each edit; then it is no step in the history."""
    scripts: tuple[FileReference, ...] = ()
    """Files whose text it runs or loads."""


@dataclass(frozen=True, slots=True)
class Include:
    """A reference to one more changelog."""

    file: FileReference
    logical_path: str | None = None


@dataclass(frozen=True, slots=True)
class IncludeAll:
    """A reference to all changelogs below a folder."""

    folder: FileReference
    min_depth: int = 1
    max_depth: int | None = None
    ends_with: str = ""
    logical_path: str | None = None
    orders_by_code: bool = False
    """Whether application code filters or sorts the files, which nobody can know here."""


@dataclass(frozen=True, slots=True)
class Property:
    """A value for `${name}` in what follows."""

    name: str
    value: str
    is_conditional: bool = False
    """Whether it holds for some databases or contexts only."""
    is_global: bool = True
    """Whether it holds in other changelogs, too."""


@dataclass(frozen=True, slots=True)
class PropertyFile:
    """A file of values for `${name}` in what follows."""

    file: FileReference
    is_conditional: bool = False
    is_global: bool = True


Entry: TypeAlias = ChangeSet | Include | IncludeAll | Property | PropertyFile


@dataclass(frozen=True, slots=True)
class Changelog:
    """One file, its entries in order."""

    logical_path: str | None = None
    entries: tuple[Entry, ...] = field(default=())
