"""Reads migrations in JavaScript or TypeScript."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.linear import Rank, files_below, files_in
from tdmvc.migrations.paths import base_of, folder_of
from tdmvc.model.migration import Migration
from tdmvc.model.tree import FileTree

TYPED: Final = (".ts", ".mts", ".cts")
ENDINGS: Final = (*TYPED, ".js", ".mjs", ".cjs", ".coffee")
SCRIPT: Final = re.compile(
    rf"(?!index\.)(?P<stem>[^.].*)(?:{'|'.join(map(re.escape, ENDINGS))})"
    r"(?<!\.d\.ts)(?<!\.d\.mts)(?<!\.d\.cts)"
)
_TEST: Final = re.compile(r".*\.(?:test|spec|e2e-spec)\.\w+")
NUMBERED: Final = re.compile(r"v?[0-9]")
_UP: Final = re.compile(r"\bup\b")
_DOWN: Final = re.compile(r"\bdown\b")
_EXPORTS_UP: Final = re.compile(
    r"\bexports\.up\b|^[ \t]*export[ \t]+(?:async[ \t]+)?(?:function|const|let|var)\b[ \t*]*up\b"
    r"|^[ \t]*(?:(?:public|static|async)[ \t]+)*up[ \t]*[(:,]"
    r"|\bexports?[ \t]*+=?[ \t]*+\{[^{}]{0,300}?\bup\b",
    re.MULTILINE,
)
"""Where a script exports an `up`, rather than uses one."""
_REEXPORTS: Final = re.compile(r"^(?:module\.exports[ \t]*=[ \t]*require\(|export[ \t]+\*)", re.MULTILINE)


def script_stem(path: str) -> str | None:
    """Return a script's name without its ending, or None for other files, declarations and tests."""
    match = SCRIPT.fullmatch(base_of(path))
    return match["stem"] if match is not None and not _TEST.fullmatch(base_of(path)) else None


def script_name_rank(name: str) -> bytes:
    """Return what a name is sorted by in JavaScript, which compares the units of UTF-16."""
    return name.encode("utf-16-be", "surrogatepass")


def script_paths_below(tree: FileTree, folder: str) -> list[str]:
    """Return the scripts of a folder and its subfolders."""
    return script_sources(files_below(tree, folder))


def add_scripts(
    reading: Reading,
    tables: Callable[[str], tuple[str, ...]],
    *,
    id_of: Callable[[str], str | None] = base_of,
    must_have_up: bool = True,
    must_have_down: bool = False,
) -> dict[str, Rank]:
    """Read the scripts of a folder, or of its subfolders if it contains none; return the rank of each id.

    A script that cannot be a migration is reported.

    Args:
        tables: returns the tables that a script may affect.
        id_of: returns the id of a path, by default the file's name; None if the application does not list it.
        must_have_up: the tool refuses scripts without an `up`, and does not only ignore them.
        must_have_down: the tool refuses a migration without a `down`; it counts and is reported.
    """
    tree, tool = reading.tree, reading.location.tool
    paths = script_sources(files_in(tree, reading.path)) or script_paths_below(tree, reading.path)
    numbered = sum(NUMBERED.match(base_of(path)) is not None for path in paths)
    for path, text in tree.read_texts(paths):
        name = base_of(path)
        # An application's own runner may be among its migrations, and use their `up`.
        is_odd = numbered > len(paths) // 2 and NUMBERED.match(name) is None
        has_up = _EXPORTS_UP if is_odd else _UP
        # What is exported from another file may have one.
        is_reexport = _REEXPORTS.search(text) is not None
        if is_reexport or has_up.search(text):
            id_ = id_of(path)
            if id_ is None:
                if NUMBERED.match(name):
                    reading.add_file_problem(path, "is not in the index of its folder; it was ignored.")
                continue
            reading.add(Migration(id_, script_stem(path) or name, path, touches=tables(text)), text)
            if must_have_down and not is_reexport and not _DOWN.search(text):
                reading.add_file_problem(path, f"defines no 'down'; {tool} would refuse it.")
        elif must_have_up:
            reading.add_file_problem(path, f"exports no 'up'; {tool} would refuse it, and it was ignored.")
    return {migration.id: script_name_rank(migration.id) for migration in reading.migrations}


def script_sources(paths: Iterable[str]) -> list[str]:
    """Return the scripts, without those that were compiled from another one in their folder."""
    stems = {path: stem for path in paths if (stem := script_stem(path)) is not None}
    typed = {(folder_of(path), stem) for path, stem in stems.items() if path.endswith(TYPED)}
    return [p for p, stem in stems.items() if p.endswith(TYPED) or (folder_of(p), stem) not in typed]
