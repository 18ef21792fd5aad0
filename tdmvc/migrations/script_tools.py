"""Decides which tool a folder of migrations in JavaScript or TypeScript belongs to."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.evidence import (
    SAMPLED_FOLDERS,
    ToolSigns,
    configured_folders,
    folders_with,
    has_signs,
    samples,
)
from tdmvc.migrations.paths import base_of
from tdmvc.migrations.scripts import ENDINGS, NUMBERED, SCRIPT, TYPED, script_sources, script_stem
from tdmvc.model.tree import FileTree

_TIMED: Final = re.compile(r"[0-9]{8,}\D.*")
_QUOTED: Final = re.compile(r"[\"'`]([^\"'`\n]+)[\"'`]")
_SEEDS: Final = re.compile(r"seed", re.IGNORECASE)
_OUTPUT: Final = frozenset({".build", "bin", "build", "compiled", "js", "lib", "out", "output"})
"""Folders that compilers write to and that are not left out anyway, because an application may have such a name."""
_FOREIGN: Final = re.compile(r"\bmongo|\bdb\.(?:collection|createTable|runSql)\b|prisma", re.IGNORECASE)
"""What a migration of a tool contains that tdmvc does not read."""
_DEFINES_UP: Final = re.compile(r"\bup\b\s*[:=(]")


def _package_signs(names: str, *files: str) -> ToolSigns:
    return ToolSigns({"package.json": re.compile(rf'"(?:{names})"\s*:')}, frozenset(files))


def _with_endings(*stems: str) -> list[str]:
    return [f"{stem}{ending}" for stem in stems for ending in ENDINGS]


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
    "mikroorm": ScriptTool(
        re.compile(r"\bmikro-orm\b"), _package_signs("@mikro-orm/(?:migrations|cli)", "mikro-orm.config.ts")
    ),
    "typeorm": ScriptTool(
        re.compile(r"\bMigrationInterface\b|\bclass[ \t]+\w*[0-9]{13}\b|\bname\s*=\s*[\"']\w*[0-9]{13}[\"']"),
        _package_signs(
            "typeorm", "ormconfig.json", *_with_endings("ormconfig", "data-source", "src/data-source")
        ),
    ),
    "node-pg-migrate": ScriptTool(
        re.compile(r"\bpgm\b|\bnode-pg-migrate\b"), _package_signs("node-pg-migrate", ".node-pg-migraterc")
    ),
    "kysely": ScriptTool(
        re.compile(r"\bkysely\b", re.IGNORECASE),
        _package_signs("kysely", *_with_endings("kysely.config")),
        re.compile(r"kysely\.config\..*"),
        re.compile(r"[\"']?\bmigrationFolder[\"']?\s*:"),
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


def script_folders(tree: FileTree, tool: str) -> list[str]:
    """Return the folders of scripts that are one tool's migrations, sorted.

    Candidates are folders with `migration` in their name, those most of whose files begin with a
    timestamp, and those that the tool's configuration names.
    """
    config, key = _TOOLS[tool].config, _TOOLS[tool].folder_key
    configured = configured_folders(tree, config, lambda text: _quoted_paths(text, key)) if config else set()
    scripts = {
        folder: sources
        for folder, paths in folders_with(tree, ENDINGS, SCRIPT).items()
        if (sources := script_sources(paths))
        and not _SEEDS.search(base_of(folder))
        and (folder in configured or _is_candidate(folder, sources))
    }
    found = [
        folder
        for folder in list(scripts)[:SAMPLED_FOLDERS]
        if _tool_of(tree, folder, scripts[folder], tool if folder in configured else None) == tool
    ]
    typed = {frozenset(map(script_stem, scripts[f])) for f in found if scripts[f][0].endswith(TYPED)}
    return [folder for folder in found if not _is_compiled(folder, scripts[folder], typed)]


def _quoted_paths(text: str, key: re.Pattern[str]) -> list[str]:
    """Return the paths that a configuration in code has for a key.

    `path.join(__dirname, "db", "migrations")` counts as `db/migrations`.
    """
    lines = (text[found.end() : found.end() + 300].partition("\n")[0] for found in key.finditer(text))
    quoted = (_QUOTED.findall(line.partition("}")[0]) for line in lines)
    return ["/".join(part.strip("/") for part in parts) for parts in quoted if parts]


def _is_candidate(folder: str, paths: Sequence[str]) -> bool:
    timed = sum(_TIMED.fullmatch(base_of(path)) is not None for path in paths)
    return "migration" in base_of(folder).lower() or timed > len(paths) * 2 / 3


def _tool_of(tree: FileTree, folder: str, paths: Sequence[str], configured_by: str | None) -> str | None:
    """Return the tool of a folder: by its scripts, otherwise by its configuration or project."""
    numbered = [path for path in paths if NUMBERED.match(base_of(path))]
    # A script without a number among others is often not a migration.
    texts = samples(tree, numbered if len(numbered) > len(paths) // 2 else paths)
    readable = [text for text in texts if _DEFINES_UP.search(text) and not _FOREIGN.search(text)]
    signed = (next((t for t in _TOOLS if _TOOLS[t].signature.search(text)), None) for text in readable)
    votes = [tool for tool in signed if tool is not None]
    if votes:
        return max(_TOOLS, key=votes.count)
    if configured_by is not None and readable:
        return configured_by
    if len(readable) < len(texts):
        return None
    used = [tool for tool in _TOOLS if has_signs(tree, folder, _TOOLS[tool].signs)]
    return used[0] if len(used) == 1 else None


def _is_compiled(folder: str, paths: Sequence[str], sources: Iterable[frozenset[str | None]]) -> bool:
    """Return whether a folder contains JavaScript that was compiled from TypeScript in another folder."""
    if _OUTPUT.isdisjoint(folder.split("/")) or any(path.endswith(TYPED) for path in paths):
        return False
    stems = frozenset(map(script_stem, paths))
    return any(stems <= source for source in sources)
