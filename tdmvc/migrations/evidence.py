"""Knows how to tell whose migrations a folder holds when names alone do not say: by a few first lines and by manifests.

What is read is bounded: the first lines of a few files of a folder, of so many folders, and
what lies in the folders above.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.layout import ancestors, base_of, folder_of, is_left_out
from tdmvc.model.tree import FileTree

SAMPLE_CHARS: Final = 4096
"""How much of a file is looked at."""
SAMPLE_FILES: Final = 3
"""How many files of a folder are looked at."""
SAMPLED_FOLDERS: Final = 1000
"""How many folders of a repository are looked at, for one tool."""

MANIFESTS: Final = frozenset(
    {
        "Cargo.toml", "Gemfile", "build.gradle", "build.gradle.kts", "composer.json", "go.mod", "mix.exs",
        "package.json", "pom.xml", "pyproject.toml",
    }
)  # fmt: skip
"""Files that make a folder a project of its own."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for one tool in a folder or in the folders above it."""

    manifests: Mapping[str, re.Pattern[str]]
    """Names of files, and what must stand in them."""
    files: frozenset[str] = frozenset()
    """Names of files that only this tool has."""
    folder: str | None = None
    """A folder that only this tool has."""


def folders_with(
    tree: FileTree, ending: str | tuple[str, ...], name: re.Pattern[str]
) -> dict[str, list[str]]:
    """Return the folders that hold files of such a name, each with these files, sorted.

    Folders of tests, of vendored code and of build output are left out.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for path in tree.list_files():
        # An ending is told much faster than a pattern, and most files of a repository have another one.
        if path.endswith(ending) and name.fullmatch(base_of(path)) and not is_left_out(path):
            found[folder_of(path)].append(path)
    return {folder: found[folder] for folder in sorted(found)}


def samples(tree: FileTree, paths: Sequence[str]) -> list[str]:
    """Return the first lines of a few files: of the first one and of the newest."""
    chosen = dict.fromkeys([*paths[:1], *paths[-(SAMPLE_FILES - 1) :]])
    return [text[:SAMPLE_CHARS] for _, text in tree.read_texts(chosen)]


def marked_folders(
    tree: FileTree, folders: Mapping[str, Sequence[str]], mark: re.Pattern[str]
) -> Iterator[str]:
    """Yield the folders of which a sampled file carries a tool's mark."""
    for folder in list(folders)[:SAMPLED_FOLDERS]:
        if any(mark.search(text) for text in samples(tree, folders[folder])):
            yield folder


def is_spoken_for(tree: FileTree, folder: str, signs: Signs) -> bool:
    """Tell whether the project that a folder belongs to shows a tool's signs.

    Looked at are the folder and those above, the nearest first; where another kind of
    project begins, the search ends.
    """
    for place in ancestors(folder):
        prefix = f"{place}/" if place else ""
        for name, pattern in signs.manifests.items():
            text = tree.read_text(prefix + name)
            if text is not None and pattern.search(text):
                return True
        if any(tree.read_text(prefix + name) is not None for name in signs.files):
            return True
        if signs.folder is not None and tree.list_files(prefix + signs.folder):
            return True
        others = sorted(MANIFESTS - signs.manifests.keys())
        if any(tree.read_text(prefix + name) is not None for name in others):
            return False
    return False


def configured_folders(
    tree: FileTree, is_config: Callable[[str], bool], named: Callable[[str, str], Iterable[str | None]]
) -> set[str]:
    """Return the folders that a tool's configuration files name.

    Args:
        is_config: from a file's name, whether it is such a file.
        named: from its path and text, the folders that it names; None leads out of the repository.
    """
    paths = [p for p in tree.list_files() if is_config(base_of(p)) and not is_left_out(p)]
    found = (folder for path, text in tree.read_texts(paths) for folder in named(path, text))
    return {folder for folder in found if folder is not None}
