"""Reads TypeORM's migrations: classes whose names end with a timestamp."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tdmvc.errors import MigrationsError
from tdmvc.migrations.base import Reading, unreadable
from tdmvc.migrations.code_effects import code_effects
from tdmvc.migrations.code_tables import TYPEORM
from tdmvc.migrations.linear import Rank, files_in, finish_linear, number_rank
from tdmvc.migrations.paths import is_inside, outermost
from tdmvc.migrations.script_tools import script_folders
from tdmvc.migrations.scripts import script_paths_below, script_sources
from tdmvc.migrations.text import with_lines
from tdmvc.model.migration import Migration, MigrationState, SchemaEffect
from tdmvc.model.tree import FileTree

_TIMESTAMP_LENGTH: Final = 13
_CLASS: Final = re.compile(
    r"^[ \t]*(?:(?:export|default)[ \t]+|(?:module\.)?exports(?:\.[\w$]+)?[ \t]*=[ \t]*"
    r"|(?:const|let|var)[ \t]+[\w$]+[ \t]*=[ \t]*)*"
    r"class\b(?:[ \t]+(?!implements\b)(?P<name>[A-Za-z_$][\w$]*))?(?P<rest>[^{]{0,500})",
    re.MULTILINE,
)
_NAME: Final = re.compile(
    r"(?:(?:^|[{;])[ \t]*(?:(?:public|private|protected|readonly|static|override)[ \t]+)*|\bthis\.)"
    r"name\b(?:[ \t]*:[ \t]*string)?[ \t]*=[ \t]*[\"'`](?P<name>[^\"'`\n]+)[\"'`]",
    re.MULTILINE,
)
_UP: Final = re.compile(r"\bup[ \t]*[(=:]")
_DIGITS: Final = re.compile(r"\s*[0-9]+")


@dataclass(frozen=True, slots=True)
class MigrationClass:
    """A class that may be a migration."""

    name: str
    line: int
    body: str
    is_declared: bool
    """Whether it says that it implements a migration."""


class TypeOrmReader:
    """Reads the migration classes of a folder and its subfolders."""

    name = "typeorm"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of scripts with migration classes of TypeORM."""
        found = script_folders(tree, self.name)
        return outermost(folder for folder in found if not _is_only_above(tree, folder, found))

    def read(self, reading: Reading) -> MigrationState:
        """Read a location; its head is the class with the greatest timestamp.

        The id is the class's name, or the value of its `name`, as TypeORM stores it. A
        script without a migration class is ignored. A class without a timestamp is reported: TypeORM
        refuses it, or the application runs it in another way.

        Raises:
            MigrationsError: no class has a timestamp.
        """
        refused: MigrationsError | None = None
        ranks: dict[str, Rank] = {}
        for path, text in reading.tree.read_texts(script_paths_below(reading.tree, reading.path)):
            classes = list(_classes(text))
            is_first = True
            for class_ in classes:
                name, rank = class_.name, _timestamp_rank(class_.name)
                why = f"the name '{name}' does not end with a timestamp of {_TIMESTAMP_LENGTH} digits"
                if rank is not None:
                    title = name[:-_TIMESTAMP_LENGTH].strip("_-") or name
                    # The only class of a file gets the whole file; of several, each gets what follows it.
                    touches = TYPEORM.tables(text if len(classes) == 1 else class_.body)
                    reading.add(Migration(name, title, path, touches=touches), text if is_first else "")
                    # TypeORM leaves classes with equal timestamps in the order in which it finds them.
                    ranks[name] = (rank, path)
                    is_first = False
                else:
                    if class_.is_declared and refused is None:
                        refused = unreadable(path, why, line=class_.line)
                    fault = f"is ignored: {why}; TypeORM would refuse it."
                    reading.add_file_problem(path, fault, line=class_.line)
        if refused is not None and not reading.migrations:
            raise refused
        return finish_linear(reading, ranks, looked_for="classes that implement MigrationInterface")

    def effects(self, migration: Migration, text: str) -> Iterator[SchemaEffect]:
        """Yield what the up migration of a script adds and removes."""
        return code_effects(migration, text, TYPEORM)


def _is_only_above(tree: FileTree, folder: str, others: Iterable[str]) -> bool:
    """Return whether a folder's own scripts have no timestamp, and the migrations are in folders below it."""
    if not any(other != folder and is_inside(other, folder) for other in others):
        return False
    texts = tree.read_texts(script_sources(files_in(tree, folder)))
    return not any(_timestamp_rank(class_.name) for _, text in texts for class_ in _classes(text))


def _timestamp_rank(name: str) -> Rank | None:
    """Return what a migration is sorted by, or None if TypeORM finds no timestamp at the end of its name."""
    timestamp = _DIGITS.match(name[-_TIMESTAMP_LENGTH:])
    rank = number_rank(timestamp[0].strip()) if timestamp else number_rank("0")
    return None if rank == number_rank("0") else rank


def _classes(text: str) -> Iterator[MigrationClass]:
    """Yield each possible migration class."""
    found = list(with_lines(text, _CLASS.finditer(text)))
    ends = [match.start() for match, _ in found[1:]]
    for (match, line), end in zip(found, [*ends, len(text)], strict=False):
        body = text[match.end() : end]
        is_declared = "MigrationInterface" in match["rest"]
        up = _UP.search(body)
        # After the first function come its own variables, not the name of the class.
        given = _NAME.search(body, 0, up.start()) if up else None
        name = given["name"] if given else match["name"] or ""
        # Compiled code does not contain what a class implements.
        if is_declared or (up and (_timestamp_rank(name) is not None or _is_exported(text, match))):
            yield MigrationClass(name, line, body, is_declared)


def _is_exported(text: str, found: re.Match[str]) -> bool:
    """Return whether TypeORM can load a class, unlike a base class that is not exported."""
    if "export" in found[0].partition("class")[0]:
        return True
    name = re.escape(found["name"] or "class")
    return re.search(rf"\bexports?\b[^;\n]{{0,200}}(?<![\w$]){name}(?![\w$])", text) is not None
