"""The contents of a changelog file of Liquibase, in any of its formats."""

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file that a changelog names, possibly relative to itself."""

    path: str
    line: int | None
    is_relative: bool = False
    """Whether the path is relative to the changelog that names it, and not to the search path."""
    may_be_missing: bool = False


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """One change set as it is written, with `${…}` in its texts."""

    id: str
    author: str
    content: str
    """Its own canonical text, independent of the rest of the file."""
    name: str = ""
    """Its comment, for people."""
    logical_path: str | None = None
    touches: tuple[str, ...] = ()
    is_repeatable: bool = False
    """Whether it runs always or after each edit, so that it is not a step in the history."""
    scripts: tuple[FileReference, ...] = ()
    """Files that it runs or loads."""
    condition: tuple[str, ...] = ()
    """The databases, contexts and labels for which it runs; empty if it always does."""


@dataclass(frozen=True, slots=True)
class Include:
    """A reference to another changelog."""

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
    """Whether application code, which tdmvc does not run, filters or sorts the files."""

    def includes(self, path: str) -> bool:
        """Return whether a path relative to the folder is included."""
        depth = path.count("/") + 1
        is_deep_enough = self.min_depth <= depth and (self.max_depth is None or depth <= self.max_depth)
        return is_deep_enough and path.endswith(self.ends_with)


@dataclass(frozen=True, slots=True)
class Property:
    """A value for `${name}` in what follows."""

    name: str
    value: str
    is_conditional: bool = False
    """Whether it applies only to some databases or contexts."""
    is_global: bool = True
    """Whether it also applies in other changelogs."""


@dataclass(frozen=True, slots=True)
class PropertyFile:
    """A file with values for `${name}` in what follows."""

    file: FileReference
    is_conditional: bool = False
    is_global: bool = True


Entry: TypeAlias = ChangeSet | Include | IncludeAll | Property | PropertyFile


@dataclass(frozen=True, slots=True)
class Changelog:
    """One file with its entries in order."""

    logical_path: str | None = None
    entries: tuple[Entry, ...] = field(default=())
