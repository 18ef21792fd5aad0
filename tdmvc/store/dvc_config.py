"""What DVC's own configuration says, read without importing DVC (its import costs a third of a second)."""

import configparser
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tdmvc.errors import ConfigError

_LINK_TYPES = ("reflink", "copy", "hardlink", "symlink")


@dataclass(frozen=True, slots=True)
class DvcConfig:
    """The few settings of DVC that decide where bytes lie."""

    cache_dir: Path
    link_types: tuple[str, ...]
    """How files are materialised, best first; DVC's default is reflink, then copy."""
    default_remote: str | None
    remotes: dict[str, str]
    """URL by name."""


def read_dvc_config(root: Path) -> DvcConfig:
    """Read the four levels of DVC's configuration, as DVC orders them.

    Args:
        root: the folder that holds `.dvc`.

    Raises:
        ConfigError: a file cannot be parsed, or `.dvc` is missing.
    """
    folder = root / ".dvc"
    if not folder.is_dir():
        raise ConfigError("This repository has no DVC yet.", where=str(folder), remedy="run `tdmvc init`.")
    cache_dir = folder / "cache"
    link_types: tuple[str, ...] = ("reflink", "copy")
    default_remote: str | None = None
    remotes: dict[str, str] = {}
    for path in _config_files(folder):
        parser = _parse(path)
        if text := parser.get("cache", "dir", fallback=None):
            cache_dir = _resolve(path.parent, text)
        if text := parser.get("cache", "type", fallback=None):
            wanted = tuple(word.strip() for word in text.strip("\"'").split(","))
            link_types = tuple(word for word in wanted if word in _LINK_TYPES) or link_types
        default_remote = parser.get("core", "remote", fallback=default_remote)
        for section in parser.sections():
            words = section.strip("'").split(" ", 1)
            if words[0] == "remote" and len(words) == 2:
                name = words[1].strip().strip('"')
                remotes[name] = parser.get(section, "url", fallback=remotes.get(name, ""))
    return DvcConfig(cache_dir, link_types, default_remote, remotes)


def _config_files(folder: Path) -> list[Path]:
    system = os.environ.get("DVC_SYSTEM_CONFIG_DIR") or platformdirs.site_config_dir("dvc", "iterative")
    user = os.environ.get("DVC_GLOBAL_CONFIG_DIR") or platformdirs.user_config_dir("dvc", "iterative")
    candidates = [Path(system) / "config", Path(user) / "config", folder / "config", folder / "config.local"]
    return [path for path in candidates if path.is_file()]


def _parse(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        raise ConfigError.at(
            f"DVC's configuration cannot be read: {str(error).splitlines()[0]}",
            path,
            remedy="mend it with `dvc config`.",
        ) from error
    return parser


def _resolve(base: Path, text: str) -> Path:
    path = Path(os.path.expanduser(text.strip().strip("\"'")))
    return path if path.is_absolute() else (base / path).resolve()
