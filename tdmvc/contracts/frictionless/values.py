"""Reads single values of a Table Schema: missing ones, patterns, and values of JSON."""

import json
import re
from typing import Final

from tdmvc.yaml.node import YamlNode

_LONGEST: Final = 10_000


def missing_values(node: YamlNode | None) -> tuple[str, ...]:
    """Return the texts that stand for a missing value; by default, the empty one."""
    if node is None:
        return ("",)
    values = (one.need("value") if one.is_mapping else one for one in node.elements())
    return tuple(one.value if isinstance(one.value, str) else one.as_text() for one in values)


def check_pattern(expression: str, node: YamlNode) -> None:
    """Make sure that a pattern is a regular expression of Python.

    Raises:
        ConfigError: it is none.
    """
    if len(expression) > _LONGEST:
        raise node.error(f"The pattern is longer than {_LONGEST:,} characters.")
    try:
        re.compile(expression)
    except (re.error, RecursionError, OverflowError) as error:
        why = getattr(error, "msg", None) or "it nests too deeply"
        raise node.error(f"The pattern is no regular expression: {why}.") from None


def as_json(node: YamlNode) -> object:
    """Return a node as a value of JSON."""
    if isinstance(node.value, dict):
        return {key: as_json(inner) for key, inner in node.value.items()}
    if isinstance(node.value, tuple):
        return [as_json(inner) for inner in node.value]
    if not node.is_plain:
        return node.value
    if node.is_null:
        return None
    try:
        return json.loads(node.value)
    except ValueError:
        return node.value
