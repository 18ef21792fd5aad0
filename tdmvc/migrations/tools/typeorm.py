"""Knows how TypeORM keeps migrations: classes whose names end with a timestamp."""

import re
from collections.abc import Iterator
from typing import Final

from tdmvc.migrations.base import Reading, locations_at, misunderstood
from tdmvc.migrations.code_touches import TYPEORM
from tdmvc.migrations.layout import is_inside, plain_folder
from tdmvc.migrations.line import Rank, finish_line, number_rank
from tdmvc.migrations.scripts import script_folders, script_paths_below
from tdmvc.model.migration import Migration, MigrationLocation, MigrationState
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
_WAY_UP: Final = re.compile(r"\bup[ \t]*[(=:]")
_LEADING: Final = re.compile(r"\s*[0-9]+")


class TypeOrmReader:
    """Reads the migration classes of a folder and of all folders below."""

    name = "typeorm"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders of scripts with migration classes of TypeORM."""
        folders = script_folders(tree, self.name)
        tops = [f for f in folders if not any(f != other and is_inside(f, other) for other in folders)]
        return locations_at(self.name, tops)

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a location; its head is the class with the greatest timestamp.

        The id is the class's name, or what it gives as its `name`, as TypeORM stores it. A
        script without a migration class is none of TypeORM's; a class of plain JavaScript
        that has an `up` and no timestamp is reported, for it does not say what it is.

        Raises:
            MigrationsError: no such class is there, or a class's name does not end with a timestamp.
        """
        reading = Reading(location)
        ranks: dict[str, Rank] = {}
        for path, text in tree.read_texts(script_paths_below(tree, plain_folder(location.path))):
            classes = list(_classes(text))
            is_first = True
            for name, line, body, says_so in classes:
                rank = _moment(name)
                why = f"the name '{name}' does not end with a timestamp of {_TIMESTAMP_LENGTH} digits"
                if rank is not None:
                    title = name[:-_TIMESTAMP_LENGTH].strip("_-") or name
                    # What stands beside the only class is its own; of several, each has what follows it.
                    touches = TYPEORM.tables(text if len(classes) == 1 else body)
                    reading.add(Migration(name, title, path, touches=touches), text if is_first else "")
                    # TypeORM keeps classes of one moment in the order in which it finds them.
                    ranks[name] = (rank, path)
                    is_first = False
                elif says_so:
                    raise misunderstood(path, why, line=line)
                else:
                    message = f"{path}, line {line}: {why}; TypeORM would refuse it, and it was left out."
                    reading.report("unreadable-file", message, path)
        return finish_line(reading, tree, ranks, looked_for="classes that implement MigrationInterface")


def _moment(name: str) -> Rank | None:
    """Return what a migration sorts by, None where TypeORM reads no timestamp at the end of its name."""
    timestamp = _LEADING.match(name[-_TIMESTAMP_LENGTH:])
    rank = number_rank(timestamp[0].strip()) if timestamp else number_rank("0")
    return None if rank == number_rank("0") else rank


def _classes(text: str) -> Iterator[tuple[str, int, str, bool]]:
    """Yield each class that is a migration or seems to be one: its name, line and body, and whether it says so."""
    found = list(_CLASS.finditer(text))
    starts = [match.start() for match in found]
    line, counted = 1, 0
    for match, end in zip(found, [*starts[1:], len(text)], strict=False):
        line, counted = line + text.count("\n", counted, match.start()), match.start()
        body = text[match.end() : end]
        says_so = "MigrationInterface" in match["rest"]
        way_up = _WAY_UP.search(body)
        # Behind the first function stand its own variables, not what the class is called.
        given = _NAME.search(body, 0, way_up.start()) if way_up else None
        name = given["name"] if given else match["name"] or ""
        # Compiled code no longer says what a class implements.
        if says_so or (way_up and (_moment(name) is not None or _is_exported(text, match))):
            yield name, line, body, says_so


def _is_exported(text: str, found: re.Match[str]) -> bool:
    """Tell whether TypeORM sees a class, which a base for others need not be."""
    if "export" in found[0].partition("class")[0]:
        return True
    name = re.escape(found["name"] or "class")
    return re.search(rf"\bexports?\b[^;\n]{{0,200}}(?<![\w$]){name}(?![\w$])", text) is not None
