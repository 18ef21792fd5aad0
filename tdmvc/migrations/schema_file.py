"""Knows the file beside the migrations that Rails and dbmate write the whole schema to, and its versions.

Old migrations are often removed, for that file stands for them. Then it knows more of the
history than the migrations do; where it knows less or something else, one of the two was
forgotten in a commit.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.graph import spelled_few
from tdmvc.migrations.line import number_rank, plain_number
from tdmvc.model.migration import Migration
from tdmvc.model.tree import FileTree

_RUBY: Final = re.compile(
    r"\bActiveRecord::Schema(?:\[[0-9.]+\])?\.define\(\s*:?version\s*(?::|=>)\s*[\"']?(?P<version>[0-9_]+)"
)
_INSERT: Final = re.compile(
    r"^[ \t]*INSERT\s+INTO\s+(?:[\"`\[]?\w+[\"`\]]?\.)?[\"`\[]?schema_migrations[\"`\]]?"
    r"\s*\(\s*[\"`\[]?version[\"`\]]?\s*\)\s*VALUES",
    re.IGNORECASE | re.MULTILINE,
)
_VALUE: Final = re.compile(r"\s*,?\s*\(\s*N?['\"]?(?P<version>[0-9]+)['\"]?\s*\)")


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """What a schema file says of the migrations that it stands for."""

    path: str
    versions: tuple[str, ...]
    """In ascending order; at least one."""
    is_list: bool
    """Whether all versions are named, and not the last one alone."""


def read_schema_file(tree: FileTree, paths: Iterable[str]) -> SchemaFile | None:
    """Return what the first of these files that names a version says."""
    for path, text in tree.read_texts(paths):
        is_list = path.endswith(".sql")
        versions = _listed(text) if is_list else _declared(text)
        if versions:
            return SchemaFile(path, tuple(sorted(versions, key=number_rank)), is_list)
    return None


def take_in_schema(reading: Reading, schema: SchemaFile) -> list[str]:
    """Take in the versions whose migrations are gone, and report where the file and the migrations part.

    A version without a file is a gap, unless all files are newer: then it was cleared away
    on purpose. A migration that the file has not seen is a mismatch.

    Returns:
        the versions taken in.
    """
    has_file = {migration.id for migration in reading.migrations}
    unseen = _unseen(has_file, schema)
    oldest = min(map(number_rank, has_file), default=None)
    gone = [version for version in schema.versions if version not in has_file]
    for version in gone:
        reading.add(Migration(version, version, schema.path), "")
    missed = [version for version in gone if oldest is not None and number_rank(version) > oldest]
    if missed:
        message = f"{schema.path} was written with {spelled_few(missed)}, which no file holds."
        reading.report("gap", message, schema.path)
    if unseen:
        message = f"{schema.path} was written without {spelled_few(unseen)}."
        reading.report("checksum-mismatch", message, schema.path)
    return gone


def _unseen(has_file: Iterable[str], schema: SchemaFile) -> list[str]:
    if schema.is_list:
        return sorted(set(has_file).difference(schema.versions), key=number_rank)
    last = number_rank(schema.versions[-1])
    return sorted((id_ for id_ in has_file if number_rank(id_) > last), key=number_rank)


def _declared(text: str) -> set[str]:
    found = _RUBY.search(text)
    version = plain_number(found["version"].replace("_", "")) if found else "0"
    return set() if version == "0" else {version}


def _listed(text: str) -> set[str]:
    versions = set()
    for insert in _INSERT.finditer(text):
        position = insert.end()
        while value := _VALUE.match(text, position):
            versions.add(value["version"])
            position = value.end()
    return versions
