"""Reads migrations in JavaScript or TypeScript, and decides which tool they belong to."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.evidence import (
    SAMPLED_FOLDERS,
    ToolSigns,
    configured_folders,
    folders_with,
    has_signs,
    samples,
)
from tdmvc.migrations.linear import Rank, files_below, files_in
from tdmvc.migrations.paths import base_of, folder_of
from tdmvc.model.migration import Migration
from tdmvc.model.tree import FileTree

_TYPED: Final = (".ts", ".mts", ".cts")
_ENDINGS: Final = (*_TYPED, ".js", ".mjs", ".cjs", ".coffee")
_SCRIPT: Final = re.compile(
    rf"(?!index\.)(?P<stem>[^.].*)(?:{'|'.join(map(re.escape, _ENDINGS))})"
    r"(?<!\.d\.ts)(?<!\.d\.mts)(?<!\.d\.cts)"
)
_TEST: Final = re.compile(r".*\.(?:test|spec|e2e-spec)\.\w+")
_TIMED: Final = re.compile(r"[0-9]{8,}\D.*")
_QUOTED: Final = re.compile(r"[\"'`]([^\"'`\n]+)[\"'`]")
_SEEDS: Final = re.compile(r"seed", re.IGNORECASE)

_OUTPUT: Final = frozenset({".build", "bin", "build", "compiled", "js", "lib", "out", "output"})
"""Folders that compilers write to and that are not left out anyway, because an application may have such a name."""

_FOREIGN: Final = re.compile(
    r"\bkysely\b|\bpgm\b|node-pg-migrate|mikro-orm|\bmongo|\bdb\.(?:collection|createTable|runSql)\b|prisma",
    re.IGNORECASE,
)
"""What a migration of a tool contains that tdmvc does not read."""

_NUMBERED: Final = re.compile(r"v?[0-9]")
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
_DEFINES_UP: Final = re.compile(r"\bup\b\s*[:=(]")


def _package_signs(names: str, *files: str) -> ToolSigns:
    return ToolSigns({"package.json": re.compile(rf'"(?:{names})"\s*:')}, frozenset(files))


def _with_endings(*stems: str) -> list[str]:
    return [f"{stem}{ending}" for stem in stems for ending in _ENDINGS]


@dataclass(frozen=True, slots=True)
class ScriptTool:
    """How to recognise the migrations of a tool."""

    signature: re.Pattern[str]
    """What each of its migrations contains."""
    signs: ToolSigns
    config: re.Pattern[str] | None = None
    """The name of its configuration file."""
    folder_key: re.Pattern[str] = re.compile("")
    """What precedes the folder of migrations in its configuration file."""


_TOOLS: Final = {
    "typeorm": ScriptTool(
        re.compile(r"\bMigrationInterface\b|\bclass[ \t]+\w*[0-9]{13}\b|\bname\s*=\s*[\"']\w*[0-9]{13}[\"']"),
        _package_signs(
            "typeorm", "ormconfig.json", *_with_endings("ormconfig", "data-source", "src/data-source")
        ),
    ),
    "sequelize": ScriptTool(
        re.compile(r"\bqueryInterface\b|\bsequelize\b", re.IGNORECASE),
        _package_signs("sequelize|sequelize-cli|sequelize-typescript", ".sequelizerc"),
        re.compile(r"\.sequelizerc"),
        re.compile(r"[\"']?\bmigrations-path[\"']?\s*:"),
    ),
    "knex": ScriptTool(
        re.compile(r"\bknex\b", re.IGNORECASE),
        _package_signs("knex|objection", *_with_endings("knexfile")),
        re.compile(r"knexfile\..*"),
        re.compile(r"[\"']?\bdirectory[\"']?\s*:"),
    ),
}
"""The tools, the one with the most certain signature first: a comment may name another tool."""


def script_stem(path: str) -> str | None:
    """Return a script's name without its ending, or None for other files, declarations and tests."""
    match = _SCRIPT.fullmatch(base_of(path))
    return match["stem"] if match is not None and not _TEST.fullmatch(base_of(path)) else None


def script_name_rank(name: str) -> bytes:
    """Return what a name is sorted by in JavaScript, which compares the units of UTF-16."""
    return name.encode("utf-16-be", "surrogatepass")


def script_paths_below(tree: FileTree, folder: str) -> list[str]:
    """Return the scripts of a folder and its subfolders."""
    return _sources(files_below(tree, folder))


def add_scripts(
    reading: Reading, tables: Callable[[str], tuple[str, ...]], *, must_have_down: bool = False
) -> dict[str, Rank]:
    """Read the scripts of a folder, or of its subfolders if it contains none; return the rank of each id.

    The id is the file's name with its ending. A script that cannot be a migration is reported.

    Args:
        tables: returns the tables that a script may affect.
        must_have_down: the tool refuses a migration without a `down`; it counts and is reported.
    """
    tree, tool = reading.tree, reading.location.tool
    paths = _sources(files_in(tree, reading.path)) or script_paths_below(tree, reading.path)
    numbered = sum(_NUMBERED.match(base_of(path)) is not None for path in paths)
    for path, text in tree.read_texts(paths):
        name = base_of(path)
        # An application's own runner may be among its migrations, and use their `up`.
        is_odd = numbered > len(paths) // 2 and _NUMBERED.match(name) is None
        has_up = _EXPORTS_UP if is_odd else _UP
        # What is exported from another file may have one.
        is_reexport = _REEXPORTS.search(text) is not None
        if is_reexport or has_up.search(text):
            reading.add(Migration(name, script_stem(path) or name, path, touches=tables(text)), text)
            if must_have_down and not is_reexport and not _DOWN.search(text):
                reading.add_file_problem(path, f"defines no 'down'; {tool} would refuse it.")
        else:
            reading.add_file_problem(path, f"exports no 'up'; {tool} would refuse it, and it was ignored.")
    return {migration.id: script_name_rank(migration.id) for migration in reading.migrations}


def script_folders(tree: FileTree, tool: str) -> list[str]:
    """Return the folders of scripts that are one tool's migrations, sorted.

    Candidates are folders with `migration` in their name, those whose files all begin with a
    timestamp, and those that the tool's configuration names.
    """
    config, key = _TOOLS[tool].config, _TOOLS[tool].folder_key
    configured = configured_folders(tree, config, lambda text: _quoted_paths(text, key)) if config else set()
    scripts = {
        folder: sources
        for folder, paths in folders_with(tree, _ENDINGS, _SCRIPT).items()
        if (sources := _sources(paths))
        and not _SEEDS.search(base_of(folder))
        and (folder in configured or _is_candidate(folder, sources))
    }
    found = [
        folder
        for folder in list(scripts)[:SAMPLED_FOLDERS]
        if _tool_of(tree, folder, scripts[folder], tool if folder in configured else None) == tool
    ]
    typed = {frozenset(map(script_stem, scripts[f])) for f in found if scripts[f][0].endswith(_TYPED)}
    return [folder for folder in found if not _is_compiled(folder, scripts[folder], typed)]


def _quoted_paths(text: str, key: re.Pattern[str]) -> list[str]:
    """Return the paths that a configuration in code has for a key.

    `path.join(__dirname, "db", "migrations")` counts as `db/migrations`.
    """
    lines = (text[found.end() : found.end() + 300].partition("\n")[0] for found in key.finditer(text))
    quoted = (_QUOTED.findall(line.partition("}")[0]) for line in lines)
    return ["/".join(part.strip("/") for part in parts) for parts in quoted if parts]


def _sources(paths: Iterable[str]) -> list[str]:
    """Return the scripts, without those that were compiled from another one in their folder."""
    stems = {path: stem for path in paths if (stem := script_stem(path)) is not None}
    typed = {(folder_of(path), stem) for path, stem in stems.items() if path.endswith(_TYPED)}
    return [p for p, stem in stems.items() if p.endswith(_TYPED) or (folder_of(p), stem) not in typed]


def _is_candidate(folder: str, paths: Sequence[str]) -> bool:
    return "migration" in base_of(folder).lower() or all(_TIMED.fullmatch(base_of(path)) for path in paths)


def _tool_of(tree: FileTree, folder: str, paths: Sequence[str], configured_by: str | None) -> str | None:
    """Return the tool of a folder: by its scripts, otherwise by its configuration or project."""
    texts = samples(tree, paths)
    readable = [text for text in texts if _DEFINES_UP.search(text) and not _FOREIGN.search(text)]
    signed = (next((t for t in _TOOLS if _TOOLS[t].signature.search(text)), None) for text in readable)
    votes = [tool for tool in signed if tool is not None]
    if votes:
        return max(_TOOLS, key=votes.count)
    if len(readable) < len(texts):
        return None
    if configured_by is not None:
        return configured_by
    used = [tool for tool in _TOOLS if has_signs(tree, folder, _TOOLS[tool].signs)]
    return used[0] if len(used) == 1 else None


def _is_compiled(folder: str, paths: Sequence[str], sources: Iterable[frozenset[str | None]]) -> bool:
    """Return whether a folder contains JavaScript that was compiled from TypeScript in another folder."""
    if _OUTPUT.isdisjoint(folder.split("/")) or any(path.endswith(_TYPED) for path in paths):
        return False
    stems = frozenset(map(script_stem, paths))
    return any(stems <= source for source in sources)
