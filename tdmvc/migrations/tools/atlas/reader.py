"""Knows how Atlas keeps migrations: SQL files named by a version, whose sums are in atlas.sum."""

import re
from typing import Final

from tdmvc.migrations.base import Reading, locations_at, nothing_found
from tdmvc.migrations.layout import base_of, folder_of, inside, is_left_out, join, plain_folder
from tdmvc.migrations.listed import finish_listed
from tdmvc.migrations.tools.atlas.sum_file import check_sums
from tdmvc.migrations.touches import sql_tables
from tdmvc.model.migration import Migration, MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

SUM: Final = "atlas.sum"

_CONFIG: Final = "atlas.hcl"
_CONFIGURED: Final = re.compile(r"\bdir\s*=\s*\"file://([^\"?\n]{1,300})")
_CHECKPOINT: Final = re.compile(r"[ -~]*?\batlas:checkpoint\b")
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_DOWN: Final = re.compile(r".*\.down\.sql|U[0-9].*")
"""What golang-migrate and Flyway keep for the way back, in folders that Atlas writes for them."""
_REPEATABLE: Final = re.compile(r"R_.*")


class AtlasReader:
    """Reads a migration directory of Atlas; the last file by name is the head."""

    name = "atlas"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders with an atlas.sum, and those with SQL files that an atlas.hcl names."""
        paths = [path for path in tree.list_files() if not is_left_out(path)]
        with_sql = {folder_of(path) for path in paths if path.endswith(".sql")}
        found = {folder_of(path) for path in paths if base_of(path) == SUM}
        for path, text in tree.read_texts([path for path in paths if base_of(path) == _CONFIG]):
            for match in _CONFIGURED.finditer(text):
                named = join(folder_of(path), match[1])
                if named is not None:
                    found.add(named)
        return locations_at(self.name, sorted(found & with_sql))

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read the SQL files that lie in a location's folder itself, and hold them against its atlas.sum.

        A checkpoint counts for the digest only where files before it are there: a database that
        has seen those never runs it.

        Raises:
            MigrationsError: no SQL file is there.
        """
        reading = Reading(location)
        folder = plain_folder(location.path)
        folder = folder_of(folder) if base_of(folder) in {SUM, _CONFIG} else folder
        paths = sorted(p for p in tree.list_files(folder) if folder_of(p) == folder and p.endswith(".sql"))
        texts: list[tuple[str, str]] = []
        for path, text in tree.read_texts(paths):
            name = base_of(path)
            texts.append((name, text))
            if _DOWN.fullmatch(name):
                continue
            version, title = _parse_name(name)
            if _REPEATABLE.fullmatch(name) or (reading.migrations and _is_checkpoint(text)):
                reading.digest.add(name, text)
            else:
                reading.add(Migration(version, title, path, touches=sql_tables(text)), text)
        if not reading.migrations:
            raise nothing_found(tree, location, "<version>_<name>.sql")
        sum_path = inside(folder, SUM)
        reading.problems.extend(check_sums(sum_path, tree.read_text(sum_path), texts))
        return finish_listed(reading)


def _parse_name(name: str) -> tuple[str, str]:
    """Return the version and what the file's name says besides; Flyway's `V3_1__name` is its own case."""
    stem = name.removesuffix(".sql").removesuffix(".up")
    is_flyway = re.match(r"V[0-9]", stem) is not None
    version, _, title = stem.partition("__" if is_flyway else "_")
    return version[1:] if is_flyway else version, title.replace("_", " ") or version


def _is_checkpoint(text: str) -> bool:
    """Tell whether the comments at the top, which a blank line parts from all statements, say so."""
    is_marked = False
    for match in _LINE.finditer(text):
        if not match[0].startswith(("--", "#")):
            return is_marked and not match[0].strip("\r\n")
        is_marked = is_marked or _CHECKPOINT.match(match[0]) is not None
    return is_marked
