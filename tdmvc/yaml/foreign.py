"""Reads the YAML of other tools leniently: several documents, any tag, and scalars as YAML 1.1 resolves them."""

import re
from collections.abc import Iterator
from typing import Final, Union

from tdmvc.yaml.composer import ComposeOptions, compose
from tdmvc.yaml.node import YamlNode

MAX_DEPTH: Final = 100
"""How deeply a document may nest; what is deeper was not written by a person."""

YamlValue = Union[str, None, list["YamlValue"], "YamlMapping"]
"""A scalar is the text that a tool makes of it (`1.50` is `1.5`, `yes` is `true`); null is None."""


class YamlMapping(dict[str, YamlValue]):
    """A mapping with the line on which it starts."""

    __slots__ = ("line",)

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


def parse_foreign_yaml(text: str, path: str) -> list[YamlValue]:
    """Return the documents of a YAML text, none for an empty one.

    Raises:
        YamlFault: it is not YAML, nests too deeply, or its aliases expand without bounds.
    """
    known: dict[int, YamlValue] = {}
    return [_plain(node, known) for node in compose(text, path, _LENIENT)]


def flatten(value: YamlValue) -> Iterator[tuple[str, str]]:
    """Yield the texts of nested mappings by their dotted keys, as Spring writes them."""
    waiting = [("", value)]
    while waiting:
        key, found = waiting.pop()
        if isinstance(found, YamlMapping):
            waiting.extend((f"{key}.{name}" if key else name, inner) for name, inner in found.items())
        elif isinstance(found, str):
            yield key, found


def _plain(node: YamlNode, known: dict[int, YamlValue]) -> YamlValue:
    """Return the value of a node; what an alias repeats is one value, as in the file."""
    if isinstance(node.value, str):
        return None if node.is_null else node.value
    found = known.get(id(node.value))
    if found is None:
        if isinstance(node.value, tuple):
            found = [_plain(inner, known) for inner in node.value]
        else:
            found = YamlMapping(node.start_line)
            found.update((key, _plain(inner, known)) for key, inner in node.value.items())
        known[id(node.value)] = found
    return found


_WORDS: Final = {
    **dict.fromkeys(["yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], "true"),
    **dict.fromkeys(["no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], "false"),
}
_INTEGER: Final = re.compile(r"([-+]?)(?:0b([01_]+)|0x([0-9a-fA-F_]+)|0([0-7_]+)|(0|[1-9][0-9_]*))")
_FLOAT: Final = re.compile(r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)")
_BASE_60: Final = re.compile(r"[1-9][0-9_]*(?::[0-5]?[0-9])+")
_MAX_DIGITS: Final = 400


def _resolve(text: str) -> str:
    """Return what a plain scalar reads as after YAML 1.1 made a value of it; dates stay as written."""
    if text in _WORDS:
        return _WORDS[text]
    if text[:1] not in tuple("+-0123456789") or len(text) > _MAX_DIGITS:
        return text
    if match := _INTEGER.fullmatch(text):
        sign, binary, hexadecimal, octal, decimal = match.groups()
        for digits, base in ((binary, 2), (hexadecimal, 16), (octal, 8), (decimal, 10)):
            if digits and digits.strip("_"):
                return ("-" if sign == "-" else "") + str(int(digits.replace("_", ""), base))
    if _BASE_60.fullmatch(text):
        total = 0
        for part in text.replace("_", "").split(":"):
            total = total * 60 + int(part)
        return str(total)
    if _FLOAT.fullmatch(text):
        number = float(text.replace("_", ""))
        # From ten million on, Java writes an exponent; such a text stays as it was written.
        return repr(number) if number == 0 or 1e-3 <= abs(number) < 1e7 else text
    return text


_LENIENT: Final = ComposeOptions(
    is_lenient=True, resolve=_resolve, max_depth=MAX_DEPTH, max_aliased_nodes=1_000_000
)
