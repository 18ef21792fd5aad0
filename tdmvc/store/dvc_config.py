"""Reading DVC's configuration without importing DVC, whose import takes a third of a second."""

import configparser
import os
import re
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tdmvc.errors import ConfigError

_LINK_TYPES = ("reflink", "copy", "hardlink", "symlink")
_QUOTED = re.compile(r"""(["'])(.*?)\1\s*(#.*)?$""")
_REMOTE = r'\s*remote\s*"(.*)"\s*'


@dataclass(frozen=True, slots=True)
class DvcConfig:
    """The DVC settings that decide where objects are stored."""

    cache_dir: Path
    link_types: tuple[str, ...]
    """How files are copied into the work tree, best first; DVC's default is reflink, then copy."""
    default_remote: str | None
    remotes: dict[str, str]
    """URL by name."""
    is_shared: bool = False
    """Whether the cache is set up for more than one user (`cache.shared`)."""


def read_dvc_config(root: Path) -> DvcConfig:
    """Read the four levels of DVC's configuration, in DVC's order.

    Args:
        root: the folder that contains `.dvc`.

    Raises:
        ConfigError: a file cannot be parsed, or `.dvc` is missing.
    """
    folder = root / ".dvc"
    if not folder.is_dir():
        raise ConfigError(
            "DVC is not set up in this repository.", where=str(folder), remedy="run `tdmvc init`."
        )
    cache_dir = folder / "cache"
    link_types: tuple[str, ...] = ("reflink", "copy")
    default_remote: str | None = None
    remotes: dict[str, str] = {}
    is_shared = False
    for path in _config_files(folder):
        parser = _parse(path)
        sections = {_plain(name).lower(): dict(parser[name]) for name in parser.sections()}
        cache, core = sections.get("cache", {}), sections.get("core", {})
        if text := _plain(cache.get("dir", "")):
            cache_dir = _resolve(path.parent, text)
        is_shared = is_shared or bool(_plain(cache.get("shared", "")))
        if text := cache.get("type", ""):
            wanted = [_plain(word).lower() for word in _plain(text).split(",")]
            link_types = tuple(word for word in wanted if word in _LINK_TYPES) or link_types
        if text := _plain(core.get("remote", "")):
            default_remote = text.lower()
        for section, values in sections.items():
            if match := re.fullmatch(_REMOTE, section):
                remotes[match[1]] = _plain(values.get("url", remotes.get(match[1], "")))
    return DvcConfig(cache_dir, link_types, default_remote, remotes, is_shared)


def remote_folder(root: Path, url: str) -> Path | None:
    """Return the folder that a remote's URL names; None if it is no path."""
    return None if not url or "://" in url else Path(os.path.normpath(root / ".dvc" / url))


def _config_files(folder: Path) -> list[Path]:
    candidates = [
        *(Path(place) / "config" for place in _shared_folders()),
        folder / "config",
        folder / "config.local",
    ]
    return [path for path in candidates if path.is_file() and path.stat().st_size]


def _shared_folders() -> tuple[str, str]:
    """Return the folders of the system's and the user's DVC configuration."""
    system, user = os.environ.get("DVC_SYSTEM_CONFIG_DIR"), os.environ.get("DVC_GLOBAL_CONFIG_DIR")
    return (
        system or platformdirs.site_config_dir("dvc", "iterative"),
        user or platformdirs.user_config_dir("dvc", "iterative"),
    )


def _parse(path: Path) -> "configparser.ConfigParser":
    # DVC's parser has no continuation lines, so indents do not matter.
    parser = configparser.ConfigParser(
        interpolation=None, strict=False, delimiters=("=",), comment_prefixes=("#",), default_section=""
    )
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        parser.read_string("\n".join(line.strip() for line in lines))
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        raise ConfigError.at(
            f"DVC's configuration cannot be read: {str(error).splitlines()[0]}",
            path,
            remedy="correct it with `dvc config`.",
        ) from error
    return parser


def _resolve(base: Path, text: str) -> Path:
    return Path(os.path.abspath(base / os.path.expanduser(text)))


def _plain(text: str) -> str:
    """Return a value without its quotes and the comment after it."""
    text = text.strip()
    if match := _QUOTED.match(text):
        return match[2]
    return text.split("#")[0].strip()
