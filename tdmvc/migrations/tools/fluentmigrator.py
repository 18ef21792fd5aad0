"""Reads FluentMigrator's migrations: classes of C# with a number in an attribute."""

import re
from collections.abc import Iterator
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_tables import TablePatterns
from tdmvc.migrations.evidence import folders_with, marked_folders
from tdmvc.migrations.linear import Rank, files_below, finish_linear, number_rank, plain_number
from tdmvc.migrations.paths import base_of, outermost
from tdmvc.migrations.text import with_lines
from tdmvc.model.migration import Migration, MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"[^.].*\.cs")
_CANDIDATE: Final = re.compile(r".*migrat.*", re.IGNORECASE)
_SIGN: Final = re.compile(
    r"^\s*(?:global\s+)?using\s+FluentMigrator\b|\[(?:Timestamped)?Migration\(\s*[0-9]", re.MULTILINE
)
_CLASS: Final = re.compile(
    r"(?P<before>(?:\[(?:[^\[\]]|\[[^\[\]]{0,200}\]){0,500}\]\s*(?://[^\n]{0,300}\s*)?){0,20})(?P<words>(?:(?:public|internal|sealed|partial|abstract)\s{1,100}+){0,5})"
    r"class\s+(?P<name>\w+)\s*(?:\([^()\n]{0,300}\)\s*)?:\s*(?:[\w.]+\.)?(?P<base>\w+)"
)
_BASES: Final = frozenset({"Migration", "AutoReversingMigration", "ForwardOnlyMigration"})
_VERSION: Final = re.compile(
    r"[\[,]\s*(?:\w+\.)*Migration(?:Attribute)?\(\s*(?:version\s*:\s*)?(?P<id>[0-9][0-9_]*)[uUlL]*\s*[,)]"
)
_TIMESTAMP: Final = re.compile(
    r"\[(?:\w+\.)*TimestampedMigration(?:Attribute)?\((?P<parts>(?:\s*[0-9]{1,4}\s*,?){5,6})"
)
_UNVERSIONED: Final = re.compile(r"\[(?:\w+\.)*(?:Profile|Maintenance)(?:Attribute)?\(")
_TABLES: Final = TablePatterns(
    re.compile(r"\bvoid[ \t]+Up[ \t]*\("),
    re.compile(r"\bvoid[ \t]+Down[ \t]*\("),
    (
        re.compile(
            r"(?:\b(?:Create|Alter|Delete|Rename)\.Table|\.(?:OnTable|FromTable|ToTable|InTable|IntoTable|AllRows)"
            r"|\bUpdate\.Table)\(\s*\"([^\"\n]{1,200})\""
        ),
        re.compile(r"\bRename\.Table\([^;]{0,200}?\.To\(\s*\"([^\"\n]{1,200})\""),
    ),
)


class FluentMigratorReader:
    """Reads a folder of classes and its subfolders."""

    name = "fluentmigrator"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders whose names say that they contain migrations, with classes of FluentMigrator."""
        folders = folders_with(tree, ".cs", _FILE)
        likely = {
            folder: sorted(paths, key=lambda path: (not base_of(path)[0].isdigit(), path))
            for folder, paths in folders.items()
            if any(_CANDIDATE.fullmatch(part) for part in folder.split("/")[-3:])
        }
        return outermost(marked_folders(tree, likely, _SIGN))

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the greatest version.

        Classes of profiles and maintenance stages are not steps of the history. One whose version is not
        written as a number is reported.
        """
        ranks: dict[str, Rank] = {}
        paths = [path for path in files_below(reading.tree, reading.path) if _FILE.fullmatch(base_of(path))]
        for path, text in reading.tree.read_texts(paths):
            for id_, name, body in _classes(reading, path, text):
                reading.add(Migration(id_, name, path, touches=_TABLES.tables(body)), body)
                ranks[id_] = number_rank(id_)
        return finish_linear(reading, ranks, looked_for="classes with [Migration(<number>)]")


def _classes(reading: Reading, path: str, text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the version, the name and the text of each migration in a file."""
    found = list(with_lines(text, _CLASS.finditer(text)))
    ends = [match.start() for match, _ in found[1:]]
    for (match, line), end in zip(found, [*ends, len(text)], strict=False):
        if "abstract" in match["words"] or _UNVERSIONED.search(match["before"]):
            continue
        version = _version(match["before"])
        if version is None and match["base"] in _BASES:
            fault = f"has the class {match['name']} without a version that is a number; it was ignored."
            reading.add_file_problem(path, fault, line=line)
        elif version is not None:
            yield version, match["name"], text[match.start() : end]


def _version(attributes: str) -> str | None:
    if plain := _VERSION.search(attributes):
        return plain_number(plain["id"].replace("_", ""))
    if parts := _TIMESTAMP.search(attributes):
        # 2024, 1, 31, 9, 5 is 202401310905.
        return "".join(part.strip().zfill(2) for part in parts["parts"].strip(" ,").split(","))
    return None
