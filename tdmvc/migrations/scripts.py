"""Knows migrations that are written in JavaScript or TypeScript: which files they are, and whose."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.evidence import SAMPLED_FOLDERS, Signs, folders_with, is_spoken_for, samples
from tdmvc.migrations.layout import base_of, folder_of, join, plain_folder
from tdmvc.migrations.line import Rank, folder_files, folder_files_below
from tdmvc.model.migration import Migration
from tdmvc.model.tree import FileTree

_TYPED: Final = ("ts", "mts", "cts")
_ENDINGS: Final = (*_TYPED, "js", "mjs", "cjs", "coffee")
_SCRIPT: Final = re.compile(
    rf"(?!index\.)(?P<stem>[^.].*)\.(?:{'|'.join(_ENDINGS)})(?<!\.d\.ts)(?<!\.d\.mts)(?<!\.d\.cts)"
)
_TEST: Final = re.compile(r".*\.(?:test|spec|e2e-spec)\.\w+")
_TIMED: Final = re.compile(r"[0-9]{8,}\D.*")
_QUOTED: Final = re.compile(r"[\"'`]([^\"'`\n]+)[\"'`]")
_SEEDS: Final = re.compile(r"seed", re.IGNORECASE)

_OUTPUT: Final = frozenset({".build", "bin", "build", "compiled", "js", "lib", "out", "output"})
"""Folders that compilers write to, where they are not left out anyway; an application may be called so, too."""

_MARKS: Final = {
    "typeorm": re.compile(
        r"\bMigrationInterface\b|\bclass[ \t]+\w*[0-9]{13}\b|\bname\s*=\s*[\"']\w*[0-9]{13}[\"']"
    ),
    "sequelize": re.compile(r"\bqueryInterface\b|\bsequelize\b", re.IGNORECASE),
    "knex": re.compile(r"\bknex\b", re.IGNORECASE),
}
"""What a migration of each tool says, the surest first: a comment may well name another tool."""

_FOREIGN: Final = re.compile(
    r"\bkysely\b|\bpgm\b|node-pg-migrate|mikro-orm|\bmongo|\bdb\.(?:collection|createTable|runSql)\b|prisma",
    re.IGNORECASE,
)
"""What a migration of a tool says that nobody here reads."""

_NUMBERED: Final = re.compile(r"v?[0-9]")
_WAY_UP: Final = re.compile(r"\bup\b")
_WAY_DOWN: Final = re.compile(r"\bdown\b")
_GIVES_UP: Final = re.compile(
    r"\bexports\.up\b|^[ \t]*export[ \t]+(?:async[ \t]+)?(?:function|const|let|var)\b[ \t*]*up\b"
    r"|^[ \t]*(?:(?:public|static|async)[ \t]+)*up[ \t]*[(:,]"
    r"|\bexports?[ \t]*+=?[ \t]*+\{[^{}]{0,300}?\bup\b",
    re.MULTILINE,
)
"""Where a script offers its `up` to others, rather than using one."""
_HANDED_ON: Final = re.compile(r"^(?:module\.exports[ \t]*=[ \t]*require\(|export[ \t]+\*)", re.MULTILINE)
_DEFINES_UP: Final = re.compile(r"\bup\b\s*[:=(]")


def _package_signs(names: str, files: Iterable[str]) -> Signs:
    return Signs({"package.json": re.compile(rf'"(?:{names})"\s*:')}, frozenset(files))


def _with_endings(*stems: str) -> list[str]:
    return [f"{stem}.{ending}" for stem in stems for ending in _ENDINGS]


_SIGNS: Final = {
    "typeorm": _package_signs(
        "typeorm", ["ormconfig.json", *_with_endings("ormconfig", "data-source", "src/data-source")]
    ),
    "sequelize": _package_signs("sequelize|sequelize-cli|sequelize-typescript", [".sequelizerc"]),
    "knex": _package_signs("knex|objection", _with_endings("knexfile")),
}


def script_stem(path: str) -> str | None:
    """Return a file's name without its ending, or None when it is no script of its own: a declaration, a test."""
    match = _SCRIPT.fullmatch(base_of(path))
    return match["stem"] if match is not None and not _TEST.fullmatch(base_of(path)) else None


def script_name_rank(name: str) -> bytes:
    """Return what a name sorts by in JavaScript, which compares the units of UTF-16."""
    return name.encode("utf-16-be", "surrogatepass")


def script_paths(tree: FileTree, folder: str) -> list[str]:
    """Return the scripts of a folder, or of all below it when none lies in the folder itself."""
    return _written(folder_files(tree, folder)) or _written(folder_files_below(tree, folder))


def script_paths_below(tree: FileTree, folder: str) -> list[str]:
    """Return the scripts of a folder and of all below it."""
    return _written(folder_files_below(tree, folder))


def take_in_scripts(
    reading: Reading,
    tree: FileTree,
    tables: Callable[[str], tuple[str, ...]],
    *,
    must_have_down: bool = False,
) -> dict[str, Rank]:
    """Read the scripts of a location that may be migrations and report the others; return what each id sorts by.

    The id is the file's name with its ending, as the tools store it that apply scripts by name.

    Args:
        must_have_down: the tool refuses a migration that leads up alone; it counts and is reported.
    """
    paths = script_paths(tree, plain_folder(reading.location.path))
    numbered = sum(_NUMBERED.match(base_of(path)) is not None for path in paths)
    for path, text in tree.read_texts(paths):
        name = base_of(path)
        # An application's own runner may lie among its migrations, and speak of ways up itself.
        is_odd = numbered > len(paths) // 2 and _NUMBERED.match(name) is None
        has_up = _GIVES_UP if is_odd else _WAY_UP
        # What is handed on from another file may well have one.
        is_handed_on = _HANDED_ON.search(text) is not None
        if is_handed_on or has_up.search(text):
            reading.add(Migration(name, script_stem(path) or name, path, touches=tables(text)), text)
            if must_have_down and not is_handed_on and not _WAY_DOWN.search(text):
                message = f"{path} defines no 'down'; {reading.location.tool} would refuse it."
                reading.report("unreadable-file", message, path)
        else:
            message = f"{path} offers no 'up'; {reading.location.tool} would refuse it, and it was left out."
            reading.report("unreadable-file", message, path)
    return {migration.id: script_name_rank(migration.id) for migration in reading.migrations}


def script_folders(tree: FileTree, tool: str, configured: Iterable[str] = ()) -> list[str]:
    """Return the folders of scripts that are one tool's migrations, sorted.

    Looked at are folders called for migrations, those with names that begin with a
    timestamp, and those that the tool's configuration names.
    """
    named = set(configured)
    scripts = {
        folder: written
        for folder, paths in folders_with(tree, _dotted(), _SCRIPT).items()
        if (written := _written(paths))
        and not _SEEDS.search(base_of(folder))
        and (folder in named or _may_hold_migrations(folder, written))
    }
    chosen = list(scripts)[:SAMPLED_FOLDERS]
    found = [f for f in chosen if _tool_of(tree, f, scripts[f], tool if f in named else None) == tool]
    sources = {frozenset(map(script_stem, scripts[f])) for f in found if scripts[f][0].endswith(_TYPED)}
    return [folder for folder in found if not _is_compiled(folder, scripts[folder], sources)]


def named_folders(path: str, text: str, key: re.Pattern[str]) -> Iterator[str | None]:
    """Yield the folders that a configuration written in code gives for a key, as seen from the file.

    `path.join(__dirname, "db", "migrations")` counts as `db/migrations`.
    """
    for found in key.finditer(text):
        expression = text[found.end() : found.end() + 300].partition("\n")[0]
        parts = _QUOTED.findall(expression.partition("}")[0])
        if parts:
            yield join(folder_of(path), "/".join(part.strip("/") for part in parts))


def _dotted() -> tuple[str, ...]:
    return tuple(f".{ending}" for ending in _ENDINGS)


def _written(paths: Iterable[str]) -> list[str]:
    """Return the scripts that a person wrote, not what was compiled from one beside it."""
    stems = {path: stem for path in paths if (stem := script_stem(path)) is not None}
    typed = {(folder_of(path), stem) for path, stem in stems.items() if path.endswith(_TYPED)}
    return [p for p, stem in stems.items() if p.endswith(_TYPED) or (folder_of(p), stem) not in typed]


def _may_hold_migrations(folder: str, paths: Sequence[str]) -> bool:
    return "migration" in base_of(folder).lower() or all(_TIMED.fullmatch(base_of(path)) for path in paths)


def _tool_of(tree: FileTree, folder: str, paths: Sequence[str], named_by: str | None) -> str | None:
    """Return whose migrations a folder holds: by what they say, else by who names it or uses it."""
    texts = samples(tree, paths)
    votes = [tool for text in texts if (tool := _tool_in(text)) is not None]
    if votes:
        return max(_MARKS, key=votes.count)
    if any(_FOREIGN.search(text) or not _DEFINES_UP.search(text) for text in texts):
        return None
    if named_by is not None:
        return named_by
    spoken = [tool for tool, signs in _SIGNS.items() if is_spoken_for(tree, folder, signs)]
    return spoken[0] if len(spoken) == 1 else None


def _tool_in(text: str) -> str | None:
    if _FOREIGN.search(text) or not _DEFINES_UP.search(text):
        return None
    return next((tool for tool, mark in _MARKS.items() if mark.search(text)), None)


def _is_compiled(folder: str, paths: Sequence[str], sources: Iterable[frozenset[str | None]]) -> bool:
    """Tell whether a folder of JavaScript is what TypeScript somewhere else was compiled to."""
    if _OUTPUT.isdisjoint(folder.split("/")) or any(path.endswith(_TYPED) for path in paths):
        return False
    stems = frozenset(map(script_stem, paths))
    return any(stems <= source for source in sources)
