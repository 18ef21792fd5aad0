"""Writes YAML that every YAML reader reads back the same: scalars, flow lists, flow mappings and DVC's files."""

import io
import re
from collections.abc import Iterable
from typing import Any

_PLAIN = r"[A-Za-z_][A-Za-z0-9_./@+-]*|\d+\.\d+\.\d+|sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}"
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null", "inf", "nan"})

_LONGEST_KEY = 1000
"""A longer key must be marked as one: YAML looks for the colon in 1,024 characters."""


def scalar(text: str) -> str:
    """Return the text as a YAML scalar that every YAML reader takes for the same text."""
    if re.fullmatch(_PLAIN, text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(_escape(char) for char in text) + '"'


def is_ambiguous(text: str) -> bool:
    """Return whether some YAML reader would take the plain text for something else."""
    # In a list on one line, PyYAML takes a leading colon for a key without a name.
    if text.lower() in _WORDS or text in {"", "~", "=", "<<"} or text.startswith(":"):
        return True
    return bool(re.fullmatch(r"[-+.]*[0-9][-+.0-9_:a-fxoA-FXOTZ ]*|[-+]?\.(inf|nan)", text, re.IGNORECASE))


def flow_list(texts: Iterable[str]) -> str:
    """Return the texts as a YAML list on one line."""
    return "[" + ", ".join(scalar(text) for text in texts) + "]"


def flow_mapping(entries: Iterable[tuple[str, str]]) -> str:
    """Return keys and already rendered values as a YAML mapping on one line."""
    return "{" + ", ".join(f"{flow_key(key)}: {value}" for key, value in entries) + "}"


def flow_key(key: str) -> str:
    """Return an already rendered key; one that is too long for YAML to look ahead is marked as a key."""
    return key if len(key.encode()) <= _LONGEST_KEY else f"? {key} "


def render_as_dvc(document: dict[str, Any]) -> str:
    """Return a document as DVC itself would write it, byte for byte."""
    from ruamel.yaml import YAML  # heavy: commands that only read do without it

    writer = YAML()
    writer.default_flow_style = False
    target = io.StringIO()
    writer.dump(document, target)
    return target.getvalue()


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
