"""Knows how to read YAML strictly, with line numbers, and how to write it so that it reads back the same.

A scalar is kept as it was written and read as what the caller asks for, so a
release `2.10`, a migration `0001` and a table named `on` stay what they are.
"""

import re
from collections.abc import Iterable
from typing import Final

from tdmvc.errors import ConfigError, MergeConflictError
from tdmvc.yaml.yaml_composer import compose
from tdmvc.yaml.yaml_node import YamlNode

MAX_BYTES: Final = 5_000_000

_CONFLICT = re.compile(r"(?m)^(?:<{7}|>{7}|\|{7})(?: |$)")
_PLAIN = r"[A-Za-z_][A-Za-z0-9_./@+-]*|\d+\.\d+\.\d+|sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}"
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null", "inf", "nan"})


def parse_yaml(text: str, path: str) -> YamlNode:
    """Read one YAML document.

    Raises:
        ConfigError: it is not YAML, holds conflict markers, a key twice, a tag, a
            recursive alias, or is too large; the line is named.
    """
    try:
        size_bytes = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise ConfigError.at(
            "The file is no text in UTF-8.", path, line=text.count("\n", 0, error.start) + 1
        ) from None
    if size_bytes > MAX_BYTES:
        raise ConfigError.at(f"The file is larger than {MAX_BYTES // 1_000_000} MB.", path)
    check_conflict_markers(text, path)
    return compose(text, path)


def check_conflict_markers(text: str, path: str) -> None:
    """Raise a MergeConflictError where Git left conflict markers in the text."""
    match = _CONFLICT.search(text)
    if match:
        raise MergeConflictError.in_text(path, text.count("\n", 0, match.start()) + 1)


def check_format(root: YamlNode, name: str) -> None:
    """Make sure that the file says it is of the format `name`, such as `tdmvc.version/1`."""
    node = root.need("format")
    found = node.as_text()
    if found == name:
        return
    if found.partition("/")[0] == name.partition("/")[0]:
        raise node.error(f"This tdmvc reads {name}, not {found}.", remedy="use the tdmvc that wrote it.")
    raise node.error(f"The format is '{found}'.", remedy=f"it must be '{name}'.")


def scalar(text: str) -> str:
    """Return the text as a YAML scalar that every YAML reader takes for the same text."""
    if re.fullmatch(_PLAIN, text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(_escape(char) for char in text) + '"'


def is_ambiguous(text: str) -> bool:
    """Tell whether some YAML reader would take the plain text for something else."""
    # In a list on one line, PyYAML takes a leading colon for a key without a name.
    if text.lower() in _WORDS or text in {"", "~", "=", "<<"} or text.startswith(":"):
        return True
    return bool(re.fullmatch(r"[-+.]*[0-9][-+.0-9_:a-fxoA-FXOTZ ]*|[-+]?\.(inf|nan)", text, re.IGNORECASE))


def flow_list(texts: Iterable[str]) -> str:
    """Return the texts as a YAML list on one line."""
    return "[" + ", ".join(scalar(text) for text in texts) + "]"


def flow_mapping(entries: Iterable[tuple[str, str]]) -> str:
    """Return keys and already rendered values as a YAML mapping on one line."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries) + "}"


def _escape(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char == "\n":
        return "\\n"
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
