"""Reads Drizzle Kit's migrations: SQL files in the order of a journal, or a folder for each migration."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import isfinite
from typing import Any, Final, NamedTuple, TypeAlias

from tdmvc.errors import MigrationsError, format_names
from tdmvc.migrations.base import Reading, unreadable
from tdmvc.migrations.checksums import digests
from tdmvc.migrations.evidence import configured_folders
from tdmvc.migrations.graph import find_heads, finish_graph, parents_of
from tdmvc.migrations.linear import files_in, finish_listed
from tdmvc.migrations.paths import base_of, folder_of, inside, own_files
from tdmvc.migrations.sql_tables import sql_tables
from tdmvc.migrations.text import parse_json
from tdmvc.migrations.tools.prisma import SCRIPT
from tdmvc.migrations.tools.prisma import title_of as title_of_folder
from tdmvc.model.migration import Migration, MigrationProblem, MigrationState
from tdmvc.model.tree import FileTree

JOURNAL: Final = "meta/_journal.json"
SNAPSHOT: Final = "snapshot.json"
ORIGIN: Final = "00000000-0000-0000-0000-000000000000"
"""What the first snapshot names as the one before it."""

_CONFIG: Final = re.compile(
    r"drizzle[\w.-]*\.config\.(?:[cm]?[jt]s|json)|drizzle\.config[\w.-]*\.(?:[cm]?[jt]s|json)"
)
_CONFIGURED: Final = re.compile(r"""["']?\bout["']?\s*:\s*["'`]([^"'`\n]{1,300})["'`]""")
_NUMBER: Final = re.compile(r"^[0-9]{4}_")
_SNAPSHOT_START: Final = re.compile(r'\s*\{[^{}\[\]]*?"id"\s*:\s*"([^"]+)",\s*"prevId"\s*:\s*"([^"]+)"')

Snapshot: TypeAlias = tuple[str, tuple[str, ...]]
"""A snapshot's id, and the ids of those before it."""


class JournalEntry(NamedTuple):
    """One migration in a journal."""

    number: int
    when: int
    tag: str


class DrizzleReader:
    """Reads the folder that Drizzle Kit writes, in the layout with a journal and in the one without."""

    name = "drizzle"

    def detect(self, tree: FileTree) -> set[str]:
        """Find folders with a journal or with a snapshot for each migration, and configured ones."""
        paths = own_files(tree)
        found = {folder_of(folder_of(path)) for path in paths if f"/{path}".endswith(f"/{JOURNAL}")}
        scripts = {folder_of(path) for path in paths if base_of(path) == SCRIPT}
        snapshots = {folder_of(path) for path in paths if base_of(path) == SNAPSHOT}
        found.update(folder_of(folder) for folder in scripts & snapshots)
        found |= configured_folders(tree, _CONFIG, _CONFIGURED.findall) & set(map(folder_of, scripts))
        return found

    def read(self, reading: Reading) -> MigrationState:
        """Read the folder that Drizzle Kit writes to."""
        folder = _folder(reading.tree, reading.path)
        journal = inside(folder, JOURNAL)
        text = reading.tree.read_text(journal)
        if text is None:
            return _read_folders(reading, folder)
        _read_journal(reading, folder, _parse_journal(journal, text))
        if not reading.migrations:
            raise reading.nothing_found(f"entries in {JOURNAL}")
        numbers = {migration.id.partition("_")[0]: migration.id for migration in reading.migrations}
        snapshots = {inside(folder, f"meta/{number}_snapshot.json"): tag for number, tag in numbers.items()}
        reading.problems.extend(_find_forks(_read_snapshots(reading, snapshots)))
        return finish_listed(reading)


def _folder(tree: FileTree, folder: str) -> str:
    if base_of(folder) == "_journal.json":
        return folder_of(folder_of(folder))
    below = inside(folder, "drizzle")
    has_own = tree.read_text(inside(folder, JOURNAL)) is not None
    return below if not has_own and tree.read_text(inside(below, JOURNAL)) is not None else folder


def _parse_journal(path: str, text: str) -> list[JournalEntry]:
    """Return the entries of a journal in its order, which is Drizzle's."""
    journal: Any = parse_json(path, text)
    entries = journal.get("entries") if isinstance(journal, dict) else None
    if not isinstance(entries, list):
        raise unreadable(path, "it has no list of entries", line=1)
    found: list[JournalEntry] = []
    for position, entry in enumerate(entries):
        tag = entry.get("tag") if isinstance(entry, dict) else None
        if not isinstance(tag, str) or not tag or "/" in tag or "\\" in tag:
            raise unreadable(path, f"its entry {position} has no tag that names a file")
        number, when = entry.get("idx", position), entry.get("when", 0)
        if not isinstance(number, int) or not isinstance(when, int | float) or not isfinite(when):
            raise unreadable(path, f"idx and when of its entry '{tag}' are not whole numbers")
        found.append(JournalEntry(number, int(when), tag))
    return found


def _read_journal(reading: Reading, folder: str, entries: list[JournalEntry]) -> None:
    """Add the entries of a journal, in its order, and report what it or the folder lacks.

    An entry without its file is a migration too: the journal decides, and the file may be ignored by Git.
    """
    journal = inside(folder, JOURNAL)
    files = [path for path in files_in(reading.tree, folder) if path.endswith(".sql")]
    named = [inside(folder, f"{entry.tag}.sql") for entry in entries]
    tags = {path: entry.tag for path, entry in zip(named, entries, strict=True)}
    times = {path: entry.when for path, entry in zip(named, entries, strict=True)}
    present = set(files)
    texts = dict(reading.tree.read_texts([path for path in tags if path in present]))
    for path in named:
        sql = texts.get(path, "")
        title = _NUMBER.sub("", tags[path]).replace("_", " ") or tags[path]
        hashes = digests(sql, "sha256") if path in texts else ()
        # The table in a database names a migration by its time, and by the hash of its script.
        known_as = (str(times[path]), *hashes)
        migration = Migration(
            tags[path], title, path, touches=sql_tables(sql), aliases=known_as, checksums=hashes
        )
        reading.add(migration, sql)
    missing = [tag for path, tag in tags.items() if path not in texts]
    if missing:
        count = "every file" if len(missing) == len(tags) else format_names([f"{tag}.sql" for tag in missing])
        reading.add_file_problem(journal, f"has entries for files that are missing: {count}.")
    for path in files:
        if path not in tags:
            reading.add_file_problem(path, f"is not in {journal}, so Drizzle never runs it.")
    _report_order(reading, journal, entries)


def _report_order(reading: Reading, journal: str, entries: list[JournalEntry]) -> None:
    """Report numbers that two entries have, and entries that Drizzle skips in some databases."""
    numbers: dict[int, str] = {}
    latest, latest_tag = 0, ""
    for number, when, tag in entries:
        first = numbers.setdefault(number, tag)
        if first != tag:
            message = f"{first} and {tag} have the same idx {number} in {journal}."
            reading.add_problem("duplicate-id", message, journal)
        if latest_tag and when <= latest:
            age = "as old as" if when == latest else "older than"
            message = f"{tag} is {age} {latest_tag}, which comes before it in {journal}: Drizzle skips it "
            reading.add_problem("gap", f"{message}if {latest_tag} was already applied.", journal)
        else:
            latest, latest_tag = when, tag


def _read_folders(reading: Reading, folder: str) -> MigrationState:
    """Read the layout without a journal: each folder has a snapshot that names the one before it."""
    paths = reading.tree.list_files(folder)
    scripts = [
        path
        for path in paths
        if base_of(path) == SCRIPT and "/" in path and folder_of(folder_of(path)) == folder
    ]
    for path, text in reading.tree.read_texts(scripts):
        tag = base_of(folder_of(path))
        hashes = digests(text, "sha256")
        migration = Migration(
            tag, title_of_folder(tag), path, touches=sql_tables(text), aliases=hashes, checksums=hashes
        )
        reading.add(migration, text)
    if not reading.migrations:
        raise reading.nothing_found(f"{JOURNAL} or <time>_<name>/{SCRIPT}")
    snapshots = {inside(folder_of(path), SNAPSHOT): base_of(folder_of(path)) for path in scripts}
    _connect(reading, _read_snapshots(reading, snapshots))
    heads = find_heads(parents_of(reading.migrations)) or [reading.migrations[-1].id]
    if len(heads) > 1:
        reading.add_problem("several-heads", f"There are {len(heads)} heads: {', '.join(heads)}.")
    return finish_graph(reading, heads, link="prevId")


def _connect(reading: Reading, snapshots: Mapping[str, Snapshot]) -> None:
    """Give the migrations the parents that their snapshots name."""
    tags = {id_: tag for tag, (id_, _) in snapshots.items()}
    previous: list[str] = []
    for position, migration in enumerate(reading.migrations):
        # Without a snapshot, only the name shows the order.
        parents = previous
        if migration.id in snapshots:
            parents = [tags.get(id_, id_) for id_ in snapshots[migration.id][1]]
            for parent in parents:
                if parent not in snapshots:
                    message = f"{migration.id} follows the snapshot '{parent}', which does not exist."
                    reading.add_problem("dangling-parent", message, migration.path)
        reading.migrations[position] = replace(migration, parents=tuple(dict.fromkeys(parents)))
        previous = [migration.id]


def _read_snapshots(reading: Reading, paths: Mapping[str, str]) -> dict[str, Snapshot]:
    """Return the snapshots by tag; `paths` has the tag of each path."""
    found = ((path, _parse_snapshot(reading, path, text)) for path, text in reading.tree.read_texts(paths))
    return {paths[path]: snapshot for path, snapshot in found if snapshot is not None}


def _parse_snapshot(reading: Reading, path: str, text: str) -> Snapshot | None:
    """Return a snapshot's ids; one without them is reported."""
    if match := _SNAPSHOT_START.match(text[:2_000]):
        # A snapshot contains the whole schema, but usually starts with its ids.
        return match[1], () if match[2] == ORIGIN else (match[2],)
    try:
        snapshot = parse_json(path, text)
    except MigrationsError as error:
        reading.add_file_problem(path, f"cannot be read: {error.what}")
        return None
    id_ = snapshot.get("id") if isinstance(snapshot, dict) else None
    before = (snapshot.get("prevIds") or [snapshot.get("prevId")]) if isinstance(snapshot, dict) else []
    if not isinstance(id_, str) or not isinstance(before, list):
        reading.add_file_problem(path, "has no id and prevId.")
        return None
    return id_, tuple(parent for parent in before if isinstance(parent, str) and parent != ORIGIN)


def _find_forks(snapshots: Mapping[str, Snapshot]) -> Iterable[MigrationProblem]:
    """Report migrations of one journal that were made after the same one, on two branches."""
    children: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for tag, (_, before) in snapshots.items():
        children[before].append(tag)
    for tags in children.values():
        if len(tags) > 1:
            what = f"{' and '.join(tags)} were both made after the same migration"
            yield MigrationProblem("several-heads", f"{what}; `drizzle-kit check` refuses that.")
