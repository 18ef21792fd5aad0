"""Reads from Alembic's configuration files where the migration scripts are."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.paths import base_of, folder_of, join
from tdmvc.migrations.text import parse_ini, parse_toml_table
from tdmvc.model.tree import FileTree

INI = "alembic.ini"
PYPROJECT = "pyproject.toml"

_REFERENCE: Final = re.compile(r"%\(([^()]{1,100})\)s")
_MAX_VALUE: Final = 4_000
"""How long a setting may be in which references are replaced."""
_MAX_REPLACEMENT: Final = 400


@dataclass(frozen=True, slots=True)
class AlembicConfig:
    """One section of a configuration file; all folders are relative to the repository root."""

    script_folders: tuple[str, ...]
    """Candidates for the script folder, the likeliest first: it depends on where Alembic is started."""
    version_folders: tuple[tuple[str, ...], ...] = ()
    """`version_locations`, each with its candidates."""
    is_recursive: bool = False


def read_configs(tree: FileTree, paths: Iterable[str]) -> Iterator[AlembicConfig]:
    """Yield the configurations in files, section by section; files that are not Alembic's have none."""
    for path, text in tree.read_texts(paths):
        yield from _parse_pyproject(path, text) if base_of(path) == PYPROJECT else _parse_ini(path, text)


def _parse_ini(path: str, text: str) -> Iterator[AlembicConfig]:
    parser = parse_ini(text, {"here": "%(here)s"})
    for section in parser.sections():
        values = _AlembicSettings(parser.items(section))
        is_default = section == "alembic" and base_of(path) == INI
        if "script_location" not in values and not is_default:
            continue
        # Flask-Migrate writes no script_location: its folder is the one that contains the file.
        script = values.get("script_location", "%(here)s")
        separator = values.get("path_separator") or values.get("version_path_separator")
        yield AlembicConfig(
            _candidates(path, script),
            tuple(
                _candidates(path, part) for part in _split(values.get("version_locations"), separator.strip())
            ),
            values.get("recursive_version_locations").strip().lower() in {"true", "1", "yes", "on"},
        )


class _AlembicSettings(dict[str, str]):
    """The settings of a section, which may refer to each other."""

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        """Return a setting with its references replaced once; one with references of its own is not put in."""
        return _REFERENCE.sub(self._replacement, super().get(key, default)[:_MAX_VALUE])

    def _replacement(self, match: re.Match[str]) -> str:
        other = super().get(match[1], match[0])
        is_plain = "%(" not in other.replace("%(here)s", "") and len(other) <= _MAX_REPLACEMENT
        return other if match[1] != "here" and is_plain else match[0]


def _parse_pyproject(path: str, text: str) -> Iterator[AlembicConfig]:
    section = parse_toml_table(text, "tool.alembic")
    script = section.get("script_location")
    if not isinstance(script, str):
        return
    versions = section.get("version_locations", [])
    listed = versions if isinstance(versions, list) else [versions]
    yield AlembicConfig(
        _candidates(path, script),
        tuple(_candidates(path, part) for part in listed if isinstance(part, str)),
        section.get("recursive_version_locations") is True,
    )


def _split(text: str, separator: str) -> list[str]:
    by = {"os": r"[:;\n]", ":": r"[:\n]", ";": r"[;\n]", "newline": r"\n", "space": r"\s"}.get(
        separator, r"[\s,]"
    )
    return [part.strip() for part in re.split(by, text) if part.strip()]


def _candidates(config: str, path: str) -> tuple[str, ...]:
    """Return the folders inside the repository that a path of the configuration may mean."""
    here = folder_of(config)
    path = path.strip().replace("\\", "/")
    if path.startswith("%(here)s"):
        bases, rest = [here], path[len("%(here)s") :].lstrip("/")
    elif ":" in path:
        # A resource of a package: `app.db:migrations`.
        package, _, resource = path.partition(":")
        rest = f"{package.replace('.', '/')}/{resource}"
        bases = [here, here + "/src" if here else "src", "", "src"]
    else:
        bases, rest = [here, ""], path
    found = [join(base, rest or ".") for base in bases]
    return tuple(dict.fromkeys(folder for folder in found if folder is not None))
