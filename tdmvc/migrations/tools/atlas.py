"""Reads Atlas's migrations: SQL files that are named by a version, with their hashes in atlas.sum."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.evidence import configured_folders
from tdmvc.migrations.linear import files_in, finish_listed
from tdmvc.migrations.paths import base_of, folder_of, inside, own_files
from tdmvc.migrations.sql_tables import sql_tables
from tdmvc.model.migration import Migration, MigrationProblem, MigrationState
from tdmvc.model.tree import FileTree

SUM: Final = "atlas.sum"

_CONFIG: Final = re.compile(r"atlas\.hcl")
_CONFIGURED: Final = re.compile(r"\bdir\s*=\s*\"file://([^\"?\n]{1,300})")
_CHECKPOINT: Final = re.compile(r"[ -~]*?\batlas:checkpoint\b")
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_DOWN: Final = re.compile(r".*\.down\.sql|U[0-9].*")
"""Down migrations of golang-migrate and Flyway, in folders that Atlas writes for them."""
_REPEATABLE: Final = re.compile(r"R_.*")
_DIRECTIVE: Final = re.compile(r"[ -~]*atlas:(\w+)(?: +([ -~]*))?")
_ENTRY: Final = re.compile(r"(.*\S)\s+h1:(\S+)")
_REMEDY: Final = "If the change is intended, run `atlas migrate hash`."


class AtlasReader:
    """Reads a migration directory of Atlas; the last file by name is the head."""

    name = "atlas"

    def detect(self, tree: FileTree) -> set[str]:
        """Find folders with an atlas.sum, and those with SQL files that an atlas.hcl names."""
        paths = own_files(tree)
        with_sql = {folder_of(path) for path in paths if path.endswith(".sql")}
        found = {folder_of(path) for path in paths if base_of(path) == SUM}
        found |= configured_folders(tree, _CONFIG, _CONFIGURED.findall)
        return found & with_sql

    def read(self, reading: Reading) -> MigrationState:
        """Read the SQL files directly in a folder, and compare them with its atlas.sum.

        If there are files before a checkpoint, it counts only for the digest: a database that
        has applied those never runs it.
        """
        folder = reading.path
        if base_of(folder) == SUM or _CONFIG.fullmatch(base_of(folder)):
            folder = folder_of(folder)
        paths = sorted(path for path in files_in(reading.tree, folder) if path.endswith(".sql"))
        texts = {base_of(path): text for path, text in reading.tree.read_texts(paths)}
        for name, text in texts.items():
            if _DOWN.fullmatch(name):
                continue
            version, title = _parse_name(name)
            if _REPEATABLE.fullmatch(name) or (reading.migrations and _is_checkpoint(text)):
                reading.digest.add(name, text)
            else:
                reading.add(Migration(version, title, inside(folder, name), touches=sql_tables(text)), text)
        if not reading.migrations:
            raise reading.nothing_found("<version>_<name>.sql")
        sum_path = inside(folder, SUM)
        reading.problems.extend(check_sums(sum_path, reading.tree.read_text(sum_path), list(texts.items())))
        return finish_listed(reading)


def _parse_name(name: str) -> tuple[str, str]:
    """Return a file's version and title; Flyway's `V3_1__name` has a form of its own."""
    stem = name.removesuffix(".sql").removesuffix(".up")
    is_flyway = re.match(r"V[0-9]", stem) is not None
    version, _, title = stem.partition("__" if is_flyway else "_")
    return version[1:] if is_flyway else version, title.replace("_", " ") or version


def _is_checkpoint(text: str) -> bool:
    """Return whether the comments at the top, before a blank line, mark the file as a checkpoint."""
    is_marked = False
    for match in _LINE.finditer(text):
        if not match[0].startswith(("--", "#")):
            return is_marked and not match[0].strip("\r\n")
        is_marked = is_marked or _CHECKPOINT.match(match[0]) is not None
    return is_marked


def hash_files(
    files: Iterable[tuple[str, str]], recorded: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """Return (name, hash) as Atlas writes them; each hash covers all files up to its own.

    Source: `NewHashFile` in Atlas's sql/migrate/dir.go.

    Args:
        recorded: hashes by name; they show whether a file starts with a byte order mark, which
            texts do not contain.
    """
    whole = sha256()
    found: list[tuple[str, str]] = []
    for name, text in files:
        whole.update(name.encode("utf-8", "surrogateescape"))
        match = _DIRECTIVE.match(text[:10_000])
        if match and match[1] == "sum" and match[2] == "ignore":
            continue
        with_bom = whole.copy()
        with_bom.update(f"\ufeff{text}".encode("utf-8", "surrogatepass"))
        whole.update(text.encode("utf-8", "surrogatepass"))
        if recorded and recorded.get(name) == b64encode(with_bom.digest()).decode():
            whole = with_bom
        found.append((name, b64encode(whole.digest()).decode()))
    return found


def total_hash(entries: Iterable[tuple[str, str]]) -> str:
    """Return the hash of the hashes, which is in the first line of an atlas.sum."""
    whole = sha256()
    for name, hash_ in entries:
        whole.update(f"{name}{hash_}".encode("utf-8", "surrogateescape"))
    return b64encode(whole.digest()).decode()


def check_sums(path: str, text: str | None, files: Sequence[tuple[str, str]]) -> list[MigrationProblem]:
    """Report differences between a folder's SQL files, sorted by name, and its atlas.sum."""
    if text is None:
        return [_problem(path, f"There is no {path}, so Atlas would refuse the folder.")]
    lines = text.splitlines()
    entries = [(number, _ENTRY.fullmatch(line.strip())) for number, line in enumerate(lines[1:], 2) if line]
    odd = next((number for number, match in entries if match is None), None)
    if odd is not None or not lines or not lines[0].startswith("h1:"):
        return [_problem(path, f"{path}, line {odd or 1}, is not a line that Atlas writes.")]
    recorded = [(match[1], match[2]) for _, match in entries if match is not None]
    actual = hash_files(files, dict(recorded))
    problems = _only_one_side(path, dict(recorded), dict(actual), {name for name, _ in files})
    if not problems:
        problems = _find_edit(path, recorded, actual, dict(files))
    if not problems and lines[0].strip() != f"h1:{total_hash(recorded)}":
        problems = [_problem(path, f"{path} is inconsistent: its first line is not the hash of the others.")]
    return problems


def _only_one_side(
    path: str, recorded: dict[str, str], actual: dict[str, str], present: set[str]
) -> list[MigrationProblem]:
    """Report files that only one side has; they change the hash of every later file."""
    new = sorted(actual.keys() - recorded)
    missing = sorted(recorded.keys() - present)
    return [
        *(_problem(inside(folder_of(path), name), f"{name} is not in {path}.") for name in new),
        *(_problem(path, f"{path} names {name}, which does not exist.") for name in missing),
    ]


def _find_edit(
    path: str, recorded: list[tuple[str, str]], actual: list[tuple[str, str]], texts: dict[str, str]
) -> list[MigrationProblem]:
    for (recorded_name, recorded_hash), (name, hash_) in zip(recorded, actual, strict=False):
        if recorded_name != name:
            return [_problem(path, f"{path} names {recorded_name} where {name} should be.")]
        if recorded_hash != hash_:
            where = inside(folder_of(path), name)
            if "\ufffd" in texts[name]:
                why = f"The hash of {name} cannot be checked, because the file is not UTF-8."
                return [MigrationProblem("unreadable-file", why, where)]
            return [_problem(where, f"{name} does not match {path}: it was edited.")]
    return []


def _problem(path: str, message: str) -> MigrationProblem:
    return MigrationProblem("checksum-mismatch", f"{message} {_REMEDY}", path)
