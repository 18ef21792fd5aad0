"""Which tables and files of a source a person chooses, by pattern."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Selection:
    """Patterns as the shell has them: `*`, `?` and `[…]`; a `*` also matches slashes."""

    tables: tuple[str, ...] = ()
    """Only these tables; none means all."""
    exclude: tuple[str, ...] = ()
    """Leave out these tables, and these files or subfolders of a folder."""

    def takes_table(self, name: str) -> bool:
        """Whether a table is chosen."""
        return (not self.tables or _matches(name, self.tables)) and not _matches(name, self.exclude)

    def takes_path(self, path: str) -> bool:
        """Whether a file or folder is to be looked at; the path is relative to the source, with forward slashes."""
        return not _matches(path, self.exclude) and not _matches(path.rsplit("/", 1)[-1], self.exclude)

    def unmatched(self, names: Iterable[str]) -> list[str]:
        """Return the patterns for tables that match none of these names."""
        known = list(names)
        return [pattern for pattern in self.tables if not any(_matches(name, [pattern]) for name in known)]


EVERYTHING = Selection()


def is_pattern(text: str) -> bool:
    """Whether a text could match more than one name."""
    return any(character in text for character in "*?[")


def _matches(name: str, patterns: Iterable[str]) -> bool:
    # A name matches itself, even if it contains brackets.
    return any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)
