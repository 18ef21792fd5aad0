"""Decides which tool a folder belongs to if its file names fit several: by first lines, configuration and manifests.

What is read is bounded: the first lines of a few files of a folder, in a limited number of folders, and
files of known names in the folders above.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.paths import ancestors, base_of, folder_of, inside, is_left_out, join
from tdmvc.model.tree import FileTree

SAMPLE_CHARS: Final = 4096
"""How much of a sampled file is read."""
SAMPLE_FILES: Final = 3
"""How many files of a folder are sampled."""
SAMPLED_FOLDERS: Final = 1000
"""How many folders of a repository are sampled for one tool."""

MANIFESTS: Final = frozenset(
    {
        "Cargo.toml", "Gemfile", "build.gradle", "build.gradle.kts", "composer.json", "go.mod", "mix.exs",
        "package.json", "pom.xml", "pyproject.toml",
    }
)  # fmt: skip
"""Files that make a folder a project of its own."""


@dataclass(frozen=True, slots=True)
class ToolSigns:
    """What shows that a project uses a tool."""

    manifests: Mapping[str, re.Pattern[str]]
    """Names of files, and what they must contain."""
    files: frozenset[str] = frozenset()
    """Names of files that only this tool has."""
    folder: str | None = None
    """A folder that only this tool has."""


def crate_signs(crate: str, *, files: frozenset[str] = frozenset(), folder: str | None = None) -> ToolSigns:
    """Return the signs of a Rust crate, a pattern; a workspace may name it only in its lock file."""
    manifest = re.compile(
        rf"^[ \t]*(?:{crate}(?:-cli)?[ \t]*(?:=|\.)|\[[^\]\n]*dependencies\.{crate}\])", re.MULTILINE
    )
    lock = re.compile(rf'^name = "{crate}"', re.MULTILINE)
    return ToolSigns({"Cargo.toml": manifest, "Cargo.lock": lock}, files, folder)


def has_signs(tree: FileTree, folder: str, signs: ToolSigns) -> bool:
    """Return whether the project that a folder belongs to uses a tool.

    The folder and those above it are searched, the nearest first, up to where another kind of
    project begins.
    """
    others = sorted(MANIFESTS - signs.manifests.keys())
    for place in ancestors(folder):
        for name, pattern in signs.manifests.items():
            text = tree.read_text(inside(place, name))
            if text is not None and pattern.search(text):
                return True
        if any(tree.read_text(inside(place, name)) is not None for name in signs.files):
            return True
        if signs.folder is not None and tree.list_files(inside(place, signs.folder)):
            return True
        if any(tree.read_text(inside(place, name)) is not None for name in others):
            return False
    return False


def folders_with(
    tree: FileTree, ending: str | tuple[str, ...], name: re.Pattern[str]
) -> dict[str, list[str]]:
    """Return the folders that contain files with such a name, each with these files, sorted.

    Folders of tests, vendored code and build output are left out.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for path in tree.list_files():
        # Comparing the ending is much faster than the pattern, and rules out most files of a repository.
        if path.endswith(ending) and name.fullmatch(base_of(path)) and not is_left_out(path):
            found[folder_of(path)].append(path)
    return {folder: found[folder] for folder in sorted(found)}


def samples(tree: FileTree, paths: Sequence[str]) -> list[str]:
    """Return the first lines of a few files: of the first one and of the newest."""
    chosen = dict.fromkeys([*paths[:1], *paths[-(SAMPLE_FILES - 1) :]])
    return [text[:SAMPLE_CHARS] for _, text in tree.read_texts(chosen)]


def marked_folders(
    tree: FileTree, folders: Mapping[str, Sequence[str]], marker: re.Pattern[str]
) -> list[str]:
    """Return the folders in which a sampled file contains a tool's marker."""
    return [
        folder
        for folder in list(folders)[:SAMPLED_FOLDERS]
        if any(marker.search(text) for text in samples(tree, folders[folder]))
    ]


def configured_folders(
    tree: FileTree, config: re.Pattern[str], parse: Callable[[str], Iterable[str]]
) -> set[str]:
    """Return the folders inside the repository that a tool's configuration files name.

    Args:
        config: the names of these files.
        parse: returns the folders that a text names, relative to its file.
    """
    paths = [p for p in tree.list_files() if config.fullmatch(base_of(p)) and not is_left_out(p)]
    found = {join(folder_of(path), name) for path, text in tree.read_texts(paths) for name in parse(text)}
    return {folder for folder in found if folder is not None}
