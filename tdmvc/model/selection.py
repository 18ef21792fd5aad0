"""Which tables of a dataset or a source, and which files of a folder, a person chooses, by pattern."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tdmvc.errors import NotFoundError, UsageError


@dataclass(frozen=True, slots=True)
class Selection:
    """Patterns as the shell has them: `*`, `?` and `[…]`; a `*` also matches slashes."""

    tables: tuple[str, ...] = ()
    """Only these tables; none means all."""
    exclude: tuple[str, ...] = ()
    """Leave out these tables, and these files or subfolders of a folder."""

    def takes_table(self, *names: str) -> bool:
        """Whether a table is chosen, by any of its names."""
        is_named = not self.tables or any(_matches(name, self.tables) for name in names)
        return is_named and not any(_matches(name, self.exclude) for name in names)

    def takes_path(self, path: str) -> bool:
        """Whether a file or folder is to be looked at; the path is relative to the source, with forward slashes."""
        return not _matches(path, self.exclude) and not _matches(path.rsplit("/", 1)[-1], self.exclude)

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.tables or self.exclude)

    def choose(self, names: Iterable[str], where: str) -> list[str]:
        """Return the chosen tables among those that there are.

        Args:
            where: what has the tables, for errors.

        Raises:
            NotFoundError: a pattern for tables matches none.
            UsageError: all are excluded.
        """
        known = list(names)
        for pattern in self.unmatched(known):
            raise no_table(pattern, known, where)
        chosen = [name for name in known if self.takes_table(name)]
        if known and not chosen:
            raise UsageError(
                f"Every table of {where} is excluded.", where="--exclude", remedy="exclude fewer tables."
            )
        return chosen

    def unmatched(self, names: Iterable[str]) -> list[str]:
        """Return the patterns for tables that match none of these names."""
        known = list(names)
        return [pattern for pattern in self.tables if not any(_matches(name, [pattern]) for name in known)]


EVERYTHING = Selection()


def named_tables(patterns: Iterable[str], known: Iterable[str], where: str) -> tuple[str, ...]:
    """Return the tables that names and patterns choose, in the order of `known`; no pattern chooses none.

    Args:
        where: what has the tables, for errors.

    Raises:
        NotFoundError: a pattern matches no table.
    """
    chosen = tuple(patterns)
    return tuple(Selection(chosen).choose(known, where)) if chosen else ()


def no_table(pattern: str, known: Iterable[str], where: str) -> NotFoundError:
    """Return the error about a pattern, or a name, that no table matches."""
    error = NotFoundError.named("table", pattern, sorted(known), where=where)
    if not is_pattern(pattern):
        return error
    return NotFoundError(f"No table matches '{pattern}'.", where=where, remedy=error.remedy)


def is_pattern(text: str) -> bool:
    """Whether a text could match more than one name."""
    return any(character in text for character in "*?[")


def _matches(name: str, patterns: Iterable[str]) -> bool:
    # A name matches itself, even if it contains brackets.
    return any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)
