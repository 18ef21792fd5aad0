"""Settings that migrations made with ALTER SYSTEM: each run starts its server with them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

_FILE = "settings.json"
_LINE = re.compile(r"([A-Za-z_][\w.]*) = '((?:[^']|'')*)'")
_CHOSEN = frozenset({"max_connections", "timezone", "log_timezone"})
"""Settings for which tdmvc has a value of its own only because there must be one."""


def parse_settings(text: str) -> dict[str, str]:
    """Return the settings in the file that ALTER SYSTEM writes."""
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {match[1]: match[2].replace("''", "'") for match in found if match}


def made_settings(before: str, after: str) -> dict[str, str]:
    """Return the settings that were made between two texts of that file.

    Those that embedded servers need for themselves are left out: where it listens, and what is in its log.
    """
    own = parse_settings(before)
    return {
        name: value
        for name, value in parse_settings(after).items()
        if name not in own or (name in _CHOSEN and own[name] != value)
    }


def write_system_settings(content: Path, settings: Mapping[str, str]) -> None:
    """Keep settings with a template.

    Raises:
        OSError: there is no room.
    """
    (content / _FILE).write_text(json.dumps(settings), encoding="utf-8")


def read_system_settings(content: Path) -> dict[str, str]:
    """Return the settings that a template keeps."""
    return {name: str(value) for name, value in json.loads((content / _FILE).read_bytes()).items()}
