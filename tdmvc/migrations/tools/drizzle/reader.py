"""Knows how Drizzle Kit keeps migrations: SQL files in the order of a journal, or a folder for each."""

import re
from math import isfinite
from typing import Any, Final

from tdmvc.migrations.base import Reading, locations_at, misunderstood, nothing_found
from tdmvc.migrations.json_text import parse_json
from tdmvc.migrations.layout import base_of, folder_of, inside, is_left_out, join, plain_folder
from tdmvc.migrations.listed import finish_listed
from tdmvc.migrations.tools.drizzle.snapshots import connect, find_forks, parse_snapshot
from tdmvc.migrations.tools.prisma import SCRIPT
from tdmvc.migrations.tools.prisma import title as title_of_folder
from tdmvc.migrations.touches import sql_tables
from tdmvc.model.migration import Migration, MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

JOURNAL: Final = "meta/_journal.json"
SNAPSHOT: Final = "snapshot.json"

_CONFIG: Final = re.compile(
    r"drizzle[\w.-]*\.config\.(?:[cm]?[jt]s|json)|drizzle\.config[\w.-]*\.(?:[cm]?[jt]s|json)"
)
_CONFIGURED: Final = re.compile(r"""["']?\bout["']?\s*:\s*["'`]([^"'`\n]{1,300})["'`]""")
_NUMBER: Final = re.compile(r"^[0-9]{4}_")


class DrizzleReader:
    """Reads the folder that Drizzle Kit writes, in the layout with a journal and in the one without."""

    name = "drizzle"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders with a journal, with a folder for each migration and its snapshot, and configured ones."""
        paths = [path for path in tree.list_files() if not is_left_out(path)]
        found = {
            folder_of(folder_of(path)) for path in paths if path.endswith(f"/{JOURNAL}") or path == JOURNAL
        }
        scripts = {folder_of(path) for path in paths if base_of(path) == SCRIPT}
        snapshots = {folder_of(path) for path in paths if base_of(path) == SNAPSHOT}
        found.update(folder_of(folder) for folder in scripts & snapshots)
        with_folders = {folder_of(folder) for folder in scripts}
        for path, text in tree.read_texts([path for path in paths if _CONFIG.fullmatch(base_of(path))]):
            named = (match := _CONFIGURED.search(text)) and join(folder_of(path), match[1])
            if named in with_folders:
                found.add(named)
        return locations_at(self.name, sorted(found))

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a location that is the folder that Drizzle Kit writes to.

        Raises:
            MigrationsError: no migration is there, or the journal cannot be understood.
        """
        reading = Reading(location)
        folder = _folder(tree, plain_folder(location.path))
        journal = inside(folder, JOURNAL)
        text = tree.read_text(journal)
        if text is None:
            return _read_folders(tree, folder, reading)
        _read_journal(tree, folder, journal, text, reading)
        if not reading.migrations:
            raise nothing_found(tree, location, f"SQL files that {JOURNAL} names")
        reading.problems.extend(find_forks(_snapshots(tree, folder, reading)))
        return finish_listed(reading)


def _folder(tree: FileTree, folder: str) -> str:
    if base_of(folder) == "_journal.json":
        return folder_of(folder_of(folder))
    below = inside(folder, "drizzle")
    has_own = tree.read_text(inside(folder, JOURNAL)) is not None
    return below if not has_own and tree.read_text(inside(below, JOURNAL)) is not None else folder


def _read_journal(tree: FileTree, folder: str, journal: str, text: str, reading: Reading) -> None:
    """Take in the files that a journal names, in its order, and report those that it and the folder lack."""
    entries = _entries(journal, parse_json(journal, text))
    listed = [path for path in tree.list_files(folder) if folder_of(path) == folder and path.endswith(".sql")]
    tags = {inside(folder, f"{tag}.sql"): tag for _, _, tag in entries}
    for path, sql in tree.read_texts(inside(folder, f"{tag}.sql") for _, _, tag in entries):
        reading.add(Migration(tags[path], _title(tags[path]), path, touches=sql_tables(sql)), sql)
    present = set(listed)
    for path, tag in tags.items():
        if path not in present:
            reading.report("unreadable-file", f"{journal} names {tag}, but there is no {path}.", journal)
    for path in listed:
        if path not in tags:
            message = f"{path} is not in {journal}, so Drizzle never runs it."
            reading.report("unreadable-file", message, path)
    _report_order(journal, entries, reading)


def _report_order(journal: str, entries: list[tuple[int, int, str]], reading: Reading) -> None:
    """Report numbers that two entries have, and entries that a database would be made to skip."""
    numbers: dict[int, str] = {}
    latest, latest_tag = 0, ""
    for number, when, tag in entries:
        if number in numbers and numbers[number] != tag:
            message = f"{numbers[number]} and {tag} have the same idx {number} in {journal}."
            reading.report("duplicate-id", message, journal)
        numbers.setdefault(number, tag)
        if latest_tag and when <= latest:
            message = (
                f"{tag} is {'as old as' if when == latest else 'older than'} {latest_tag}, which comes before it "
                f"in {journal}: Drizzle skips it where that one was applied already."
            )
            reading.report("gap", message, journal)
        else:
            latest, latest_tag = when, tag


def _entries(path: str, journal: Any) -> list[tuple[int, int, str]]:
    """Return (idx, when, tag) of a journal's entries, in its order, which is the one that Drizzle goes by."""
    entries = journal.get("entries") if isinstance(journal, dict) else None
    if not isinstance(entries, list):
        raise misunderstood(path, "it has no list of entries", line=1)
    found: list[tuple[int, int, str]] = []
    for position, entry in enumerate(entries):
        tag = entry.get("tag") if isinstance(entry, dict) else None
        if not isinstance(tag, str) or not tag or "/" in tag or "\\" in tag:
            raise misunderstood(path, f"entry {position} of it has no tag that names a file")
        number, when = entry.get("idx", position), entry.get("when", 0)
        if not isinstance(number, int) or not isinstance(when, int | float) or not isfinite(when):
            raise misunderstood(path, f"entry '{tag}' of it has no whole number as idx and when")
        found.append((number, int(when), tag))
    return found


def _snapshots(tree: FileTree, folder: str, reading: Reading) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the snapshots beside a journal as tag → (id, ids before it)."""
    by_number = {migration.id.partition("_")[0]: migration.id for migration in reading.migrations}
    paths = {inside(folder, f"meta/{number}_snapshot.json"): tag for number, tag in by_number.items()}
    found = {}
    for path, text in tree.read_texts(paths):
        if (snapshot := parse_snapshot(path, text, reading)) is not None:
            found[paths[path]] = snapshot
    return found


def _read_folders(tree: FileTree, folder: str, reading: Reading) -> MigrationState:
    """Read the layout without a journal: a folder for each, its snapshot saying what it comes after."""
    paths = tree.list_files(folder)
    scripts = [
        p for p in paths if base_of(p) == SCRIPT and folder_of(folder_of(p)) == folder and p.count("/")
    ]
    for path, text in tree.read_texts(scripts):
        tag = base_of(folder_of(path))
        reading.add(Migration(tag, title_of_folder(tag), path, touches=sql_tables(text)), text)
    if not reading.migrations:
        raise nothing_found(tree, reading.location, f"{JOURNAL} or <time>_<name>/{SCRIPT}")
    snapshots = {}
    for path, text in tree.read_texts(inside(folder_of(path), SNAPSHOT) for path in scripts):
        if (snapshot := parse_snapshot(path, text, reading)) is not None:
            snapshots[base_of(folder_of(path))] = snapshot
    return connect(reading, snapshots)


def _title(tag: str) -> str:
    return _NUMBER.sub("", tag).replace("_", " ") or tag
