"""Reads the versions in the file to which Rails, dbmate and Ecto write the whole schema.

Old migrations are often removed, because this file replaces them. Then it names more versions
than there are migrations. If it lacks the version of a migration, one of the two was
forgotten in a commit.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tdmvc.errors import format_names
from tdmvc.migrations.base import Reading
from tdmvc.migrations.linear import number_rank, plain_number
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
    """The migrations that a schema file includes."""

    path: str
    versions: tuple[str, ...]
    """In ascending order; at least one."""
    is_list: bool
    """Whether it names all versions, and not only the last one."""


def read_schema_file(tree: FileTree, paths: Iterable[str]) -> SchemaFile | None:
    """Return the first of these files that names a version."""
    for path, text in tree.read_texts(paths):
        is_list = path.endswith(".sql")
        versions = _listed(text) if is_list else _declared(text)
        if versions:
            return SchemaFile(path, tuple(sorted(versions, key=number_rank)), is_list)
    return None


def add_schema_versions(reading: Reading, paths: Iterable[str], *, may_be_old: bool = False) -> list[str]:
    """Add the versions of a schema file whose migrations were removed, and return them.

    Differences are reported. A version without a file is a gap, unless all files are newer: then it was removed on
    purpose. A migration whose version the schema file lacks is a mismatch, unless it `may_be_old`.
    """
    schema = read_schema_file(reading.tree, paths)
    if schema is None:
        return []
    has_file = {migration.id for migration in reading.migrations}
    oldest = min(map(number_rank, has_file), default=None)
    removed = [version for version in schema.versions if version not in has_file]
    for version in removed:
        reading.add(Migration(version, version, schema.path), "")
    gaps = [version for version in removed if oldest is not None and number_rank(version) > oldest]
    if gaps:
        message = f"{schema.path} includes {format_names(gaps)}, but there is no such file."
        reading.add_problem("gap", message, schema.path)
    missing = sorted(has_file.difference(schema.versions), key=number_rank)
    if not schema.is_list:
        missing = [id_ for id_ in missing if number_rank(id_) > number_rank(schema.versions[-1])]
    if missing and not may_be_old:
        message = f"{schema.path} does not include {format_names(missing)}."
        reading.add_problem("checksum-mismatch", message, schema.path)
    return removed


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
