"""Reads JSON, YAML, TOML, INI and properties files that nothing has validated before."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from configparser import ConfigParser, Error
from typing import Any, Final

from tdmvc.migrations.base import unreadable
from tdmvc.yaml.composer import YamlFault
from tdmvc.yaml.foreign import YamlValue, parse_foreign_yaml

MAX_PARSED: Final = 16_000
"""How many characters of TOML are parsed: a key with many dots takes the parser quadratic time."""

_CONFLICT: Final = re.compile(r"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)
_SETTING: Final = re.compile(r"^[ \t]*([^#!=:\s][^=:\s]*)[ \t]*[=:]([^\n]*)$", re.MULTILINE)


def refuse_conflict(path: str, text: str) -> None:
    """Raise if a text contains the markers of a merge conflict.

    Raises:
        MigrationsError: it does; names the line of the first marker.
    """
    found = _CONFLICT.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise unreadable(path, "it contains a merge conflict", line=line, remedy="resolve the conflict.")


def with_lines(text: str, matches: Iterable[re.Match[str]]) -> Iterator[tuple[re.Match[str], int]]:
    """Yield ascending matches in a text with the lines on which they start, in linear time."""
    line, position = 1, 0
    for match in matches:
        line += text.count("\n", position, match.start())
        position = match.start()
        yield match, line


def parse_json(path: str, text: str) -> Any:
    """Return the value of a JSON file.

    Raises:
        MigrationsError: it is not JSON, or is nested too deeply.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        refuse_conflict(path, text)
        raise unreadable(path, f"it is not JSON ({error.msg})", line=error.lineno) from None
    except RecursionError:
        raise unreadable(path, "its JSON is nested too deeply") from None
    except ValueError as error:
        # A number with more digits than Python converts.
        raise unreadable(path, f"it is not JSON ({error})") from None


def parse_yaml(path: str, text: str) -> list[YamlValue]:
    """Return the documents of a YAML file; tags are ignored.

    Raises:
        MigrationsError: it is not YAML, is nested too deeply, or its aliases expand without bounds.
    """
    refuse_conflict(path, text)
    try:
        return parse_foreign_yaml(text, path)
    except YamlFault as fault:
        raise unreadable(path, fault.what, line=fault.line) from None


def parse_toml_table(text: str, name: str) -> dict[str, Any]:
    """Return a table such as `tool.alembic`; empty if it is missing or the file cannot be parsed.

    Of a long file, only the lines below the table's own header are parsed.
    """
    keys = name.split(".")
    if len(text) > MAX_PARSED:
        text = _toml_section(text, name)
    if keys[-1] not in text or len(text) > MAX_PARSED:
        return {}
    try:
        found: Any = tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def parse_toml_texts(text: str, table: str, key: str) -> list[str]:
    """Return the text that a key of a TOML table has, in a list; empty if it has none."""
    value = parse_toml_table(text, table).get(key)
    return [value] if isinstance(value, str) else []


def _toml_section(text: str, name: str) -> str:
    header = re.compile(rf"^\[{re.escape(name)}\][ \t]*(?:#.*)?$", re.MULTILINE).search(text)
    if header is None:
        return ""
    # A line of an array may begin with a bracket too, but not with one before a bare name.
    following = re.compile(r"^\[\[?[A-Za-z_]", re.MULTILINE).search(text, header.end())
    return text[header.start() : following.start() if following else len(text)]


def parse_ini(text: str, defaults: Mapping[str, str] | None = None) -> ConfigParser:
    """Return the sections of an INI file without interpolation; empty if it cannot be parsed."""
    parser = ConfigParser(defaults, strict=False, interpolation=None)
    try:
        parser.read_string(text)
    except Error:
        return ConfigParser()
    return parser


def parse_properties(text: str) -> Iterator[tuple[str, str]]:
    """Yield the keys and values of a Java properties file; continuation lines are cut off."""
    for match in _SETTING.finditer(text):
        yield match[1], match[2].strip()
