"""Knows the laws of a history that is applied in one line: files chosen by name, each after the one before it.

What undoes a migration never counts for the digest, wherever a tool keeps it apart: in a file
of its own or behind a mark of its own. A database stands where the way up has brought it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from tdmvc.migrations.base import Reading, nothing_found
from tdmvc.migrations.graph import chain, find_duplicates
from tdmvc.migrations.layout import below, folder_of, is_left_out
from tdmvc.migrations.touches import sql_tables
from tdmvc.model.migration import Migration, MigrationProblem, MigrationState
from tdmvc.model.tree import FileTree

_NUMBERS: Final = re.compile(r"[0-9]+(?:[._][0-9]+)*")

Rank = Any
"""What a migration sorts by; ranks of one location compare with each other."""


@dataclass(frozen=True, slots=True)
class LineFile:
    """One migration file, told by its name alone."""

    path: str
    id: str
    """As the tool's own table stores it."""
    name: str
    rank: Rank


def plain_number(digits: str) -> str:
    """Return a number without the zeros before it, as a tool stores it that reads an integer."""
    return digits.lstrip("0") or "0"


def number_rank(digits: str) -> tuple[int, str]:
    """Return what a number sorts by; however long, it costs no big integer."""
    plain = digits.lstrip("0")
    return len(plain), plain


def natural(id_: str) -> tuple[tuple[int, str], ...]:
    """Return what an id sorts by: numbers as numbers, before texts."""
    parts = re.split(r"([0-9]+)", id_)
    return tuple(number_rank(part) if part.isdigit() else (1 << 30, part) for part in parts if part)


def folder_files(tree: FileTree, folder: str) -> list[str]:
    """Return the files that lie in a folder itself."""
    return [path for path in tree.list_files(folder) if folder_of(path) == folder]


def folder_files_below(tree: FileTree, folder: str) -> list[str]:
    """Return the files of a folder and of all folders below it that are somebody's own."""
    return [path for path in tree.list_files(folder) if not is_left_out(below(path, folder))]


def whole(path: str, text: str) -> str:
    """Return the text: a tool that does not keep the ways apart."""
    return text


def hinted(path: str, text: str) -> tuple[str, ...]:
    """Return the tables that an SQL text may affect."""
    return sql_tables(text)


def read_line(
    reading: Reading,
    tree: FileTree,
    files: Iterable[LineFile],
    *,
    looked_for: str,
    up_part: Callable[[str, str], str] = whole,
    tables: Callable[[str, str], tuple[str, ...]] = hinted,
) -> MigrationState:
    """Read files whose names say all about their place, and return the state.

    Args:
        looked_for: what a location without any such file is told.
        up_part: from path and text, what brings a database up.
        tables: from path and that part, the tables that it may affect.

    Raises:
        MigrationsError: there is no such file.
    """
    ranks = take_in(reading, tree, files, up_part=up_part, tables=tables)
    return finish_line(reading, tree, ranks, looked_for=looked_for)


def take_in(
    reading: Reading,
    tree: FileTree,
    files: Iterable[LineFile],
    *,
    up_part: Callable[[str, str], str] = whole,
    tables: Callable[[str, str], tuple[str, ...]] = hinted,
) -> dict[str, Rank]:
    """Read files whose names say all about their place; return what each id sorts by."""
    by_path = {file.path: file for file in files}
    for path, text in tree.read_texts(by_path):
        file = by_path[path]
        up = up_part(path, text)
        reading.add(Migration(file.id, file.name, path, touches=tables(path, up)), up)
    return {file.id: file.rank for file in by_path.values()}


def finish_line(
    reading: Reading,
    tree: FileTree,
    ranks: Mapping[str, Rank],
    *,
    looked_for: str,
) -> MigrationState:
    """Return the state of what was gathered, in one line by rank; the last one is the head.

    Raises:
        MigrationsError: nothing was gathered.
    """
    if not reading.migrations:
        raise nothing_found(tree, reading.location, looked_for)
    ordered = in_line(reading.migrations, ranks)
    reading.problems.extend([*find_duplicates(ordered), *_same_ranks(ordered, ranks)])
    return reading.finish(ordered, [ordered[-1].id], is_linear=_are_numbers_in_order(ordered))


def in_line(migrations: Iterable[Migration], ranks: Mapping[str, Rank]) -> list[Migration]:
    """Return migrations by rank, each with the one before it as its parent; ties by id, then by path."""
    ordered = sorted(migrations, key=lambda m: (ranks[m.id], m.id, m.path))
    before = chain(ordered)
    return [replace(migration, parents=before[migration.id]) for migration in ordered]


def _are_numbers_in_order(ordered: Sequence[Migration]) -> bool:
    """Tell whether ids are numbers and a greater one is a later one, for tools that compare ids as texts, too."""
    if not all(_NUMBERS.fullmatch(migration.id) for migration in ordered):
        return False
    return all(natural(old.id) <= natural(new.id) for old, new in pairwise(ordered))


def _same_ranks(ordered: Sequence[Migration], ranks: Mapping[str, Rank]) -> list[MigrationProblem]:
    """Report ids that are one number though they are written differently (7 and 007, 1 and 1.0)."""
    return [
        MigrationProblem("duplicate-id", f"{old.path} and {new.path} have the same number.", new.path)
        for old, new in pairwise(ordered)
        if old.id != new.id and ranks[old.id] == ranks[new.id]
    ]
