"""Knows how Atlas sums up a migration directory, and finds the file that was changed past it."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final

from tdmvc.migrations.layout import folder_of, inside
from tdmvc.model.migration import MigrationProblem

_DIRECTIVE: Final = re.compile(r"[ -~]*atlas:(\w+)(?: +([ -~]*))?")
_ENTRY: Final = re.compile(r"(.*\S)\s+h1:(\S+)")
_REMEDY: Final = "If the change is meant, run `atlas migrate hash`."


def hash_files(
    files: Iterable[tuple[str, str]], recorded: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """Return (name, hash) as Atlas writes them; each hash covers all files up to its own.

    Source: `NewHashFile` in Atlas's sql/migrate/dir.go.

    Args:
        recorded: hashes by name, to tell whether a file starts with a byte order mark, which
            is dropped from texts.
    """
    whole = sha256()
    found: list[tuple[str, str]] = []
    for name, text in files:
        whole.update(name.encode("utf-8", "surrogateescape"))
        match = _DIRECTIVE.match(text[:10_000])
        if match and match[1] == "sum" and match[2] == "ignore":
            continue
        marked = whole.copy()
        marked.update(f"\ufeff{text}".encode("utf-8", "surrogatepass"))
        whole.update(text.encode("utf-8", "surrogatepass"))
        if recorded and recorded.get(name) == b64encode(marked.digest()).decode():
            whole = marked
        found.append((name, b64encode(whole.digest()).decode()))
    return found


def sum_of(entries: Iterable[tuple[str, str]]) -> str:
    """Return the sum of the sums, which is the first line of an atlas.sum."""
    whole = sha256()
    for name, hash_ in entries:
        whole.update(f"{name}{hash_}".encode("utf-8", "surrogateescape"))
    return b64encode(whole.digest()).decode()


def check_sums(path: str, text: str | None, files: Sequence[tuple[str, str]]) -> list[MigrationProblem]:
    """Report what a directory's SQL files, sorted by name, and its atlas.sum do not agree on."""
    if text is None:
        return [_problem(path, f"There is no {path}, so Atlas would refuse the folder.")]
    lines = text.splitlines()
    entries = [(number, _ENTRY.fullmatch(line.strip())) for number, line in enumerate(lines[1:], 2) if line]
    odd = next((number for number, match in entries if match is None), None)
    if odd is not None or not lines or not lines[0].startswith("h1:"):
        return [_problem(path, f"{path}, line {odd or 1}, is not what Atlas writes.")]
    recorded = [(match[1], match[2]) for _, match in entries if match is not None]
    actual = hash_files(files, dict(recorded))
    problems = _apart(path, dict(recorded), dict(actual), {name for name, _ in files})
    if not problems:
        problems = _edited(path, recorded, actual, dict(files))
    if not problems and lines[0].strip() != f"h1:{sum_of(recorded)}":
        problems = [_problem(path, f"{path} does not add up: its first line is not the sum of the others.")]
    return problems


def _apart(
    path: str, recorded: dict[str, str], actual: dict[str, str], present: set[str]
) -> list[MigrationProblem]:
    """Report files that only one side has; from the first of them on, no later hash can be told."""
    new = [
        _problem(inside(folder_of(path), name), f"{name} is not in {path}.")
        for name in actual.keys() - recorded
    ]
    gone = [
        _problem(path, f"{path} names {name}, which is not here.")
        for name in sorted(recorded.keys() - present)
    ]
    return [*sorted(new, key=lambda problem: problem.path or ""), *gone]


def _edited(
    path: str, recorded: list[tuple[str, str]], actual: list[tuple[str, str]], texts: dict[str, str]
) -> list[MigrationProblem]:
    for (recorded_name, recorded_hash), (name, hash_) in zip(recorded, actual, strict=False):
        if recorded_name != name:
            return [_problem(path, f"{path} names {recorded_name} where {name} should stand.")]
        if recorded_hash != hash_:
            where = inside(folder_of(path), name)
            if "\ufffd" in texts[name]:
                why = f"The sum of {name} cannot be checked, for it is not UTF-8."
                return [MigrationProblem("unreadable-file", why, where)]
            return [_problem(where, f"{name} is not what {path} says: it was edited.")]
    return []


def _problem(path: str, message: str) -> MigrationProblem:
    return MigrationProblem("checksum-mismatch", f"{message} {_REMEDY}", path)
