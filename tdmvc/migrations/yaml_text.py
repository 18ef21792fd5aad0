"""Knows how to read YAML that nobody has checked before: no tags, no bombs, no recursion, lines kept."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Union

import yaml

from tdmvc.errors import MigrationsError
from tdmvc.migrations.base import misunderstood
from tdmvc.migrations.conflicts import refuse_conflict

MAX_DEPTH: Final = 100
"""How deeply a document may nest; what is deeper was not written by a person."""

MAX_NODES: Final = 1_000_000
"""How many values a file may stand for when its aliases are written out."""

YamlValue = Union[str, None, list["YamlValue"], "YamlMapping"]
"""A scalar is the text that a tool makes of it (`1.50` is `1.5`, `yes` is `true`); null is None."""

# The pure Python parser reads the same, only slower, where PyYAML was built without libyaml.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlMapping(dict[str, YamlValue]):
    """A mapping with the line on which it starts."""

    __slots__ = ("line",)

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


def parse_yaml(path: str, text: str) -> list[YamlValue]:
    """Return the documents of a YAML file; tags are not looked at.

    Raises:
        MigrationsError: it is not YAML, nests too deeply or would blow up when aliases are written out.
    """
    refuse_conflict(path, text)
    builder = _Builder(path)
    try:
        for event in yaml.parse(text, _LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = mark.line + 1 if mark is not None else None
        raise misunderstood(path, f"it is not YAML ({why})", line=line) from None
    return builder.documents


def flattened(value: YamlValue, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of nested mappings by their dotted keys, as Spring spells them."""
    waiting = [(prefix, value)]
    while waiting:
        key, found = waiting.pop()
        if isinstance(found, YamlMapping):
            waiting.extend((f"{key}.{name}" if key else name, inner) for name, inner in found.items())
        elif isinstance(found, str):
            yield key, found


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read."""

    value: "list[YamlValue] | YamlMapping"
    anchor: str | None
    key: str | None = None
    has_key: bool = False
    nodes: int = 1
    """How many values it stands for, aliases written out."""


@dataclass(slots=True)
class _Builder:
    path: str
    documents: list[YamlValue] = field(default_factory=list)
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, tuple[YamlValue, int]] = field(default_factory=dict)
    _nodes: int = 0

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                text = _spelled(event.value) if event.implicit[0] else event.value
                self._close(text, 1, event.anchor, event)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                if len(self._open) >= MAX_DEPTH:
                    raise self._fault("its YAML nests too deeply", event)
                is_list = isinstance(event, yaml.SequenceStartEvent)
                value: list[YamlValue] | YamlMapping = [] if is_list else YamlMapping(_line(event))
                # A reference to what is still open would be a circle.
                self._anchors.pop(event.anchor or "", None)
                self._open.append(_Open(value, event.anchor))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                done = self._open.pop()
                self._close(done.value, done.nodes, done.anchor, event)
            case yaml.AliasEvent():
                if event.anchor not in self._anchors:
                    raise self._fault(f"'*{event.anchor}' refers to nothing that is complete", event)
                known, nodes = self._anchors[event.anchor]
                self._close(known, nodes, None, event)
            case yaml.DocumentStartEvent():
                self._anchors.clear()

    def _close(self, value: YamlValue, nodes: int, anchor: str | None, event: yaml.Event) -> None:
        if anchor is not None:
            self._anchors[anchor] = value, nodes
        if not self._open:
            self.documents.append(value)
            return
        parent = self._open[-1]
        parent.nodes += nodes
        if parent.nodes > MAX_NODES:
            raise self._fault("its YAML is too large when its aliases are written out", event)
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif not parent.has_key:
            parent.key = value if isinstance(value, str) else ""
            parent.has_key = True
        else:
            parent.has_key = False
            _put(parent.value, parent.key or "", value)

    def _fault(self, why: str, event: yaml.Event) -> MigrationsError:
        return misunderstood(self.path, why, line=_line(event))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _put(mapping: YamlMapping, key: str, value: YamlValue) -> None:
    if key != "<<":
        mapping[key] = value
        return
    for merged in value if isinstance(value, list) else [value]:
        if isinstance(merged, YamlMapping):
            for name, inner in merged.items():
                mapping.setdefault(name, inner)


_WORDS: Final = {
    **dict.fromkeys(["yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], "true"),
    **dict.fromkeys(["no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], "false"),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
}
_INTEGER: Final = re.compile(r"([-+]?)(?:0b([01_]+)|0x([0-9a-fA-F_]+)|0([0-7_]+)|(0|[1-9][0-9_]*))")
_FLOAT: Final = re.compile(r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)")
_SIXTIES: Final = re.compile(r"[1-9][0-9_]*(?::[0-5]?[0-9])+")
_MAX_DIGITS: Final = 400


def _spelled(text: str) -> str | None:
    """Return what a plain scalar reads as after YAML 1.1 made a value of it; dates stay as written."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-0123456789" or len(text) > _MAX_DIGITS:
        return text
    if match := _INTEGER.fullmatch(text):
        sign, binary, hexadecimal, octal, decimal = match.groups()
        for digits, base in ((binary, 2), (hexadecimal, 16), (octal, 8), (decimal, 10)):
            if digits and digits.strip("_"):
                return ("-" if sign == "-" else "") + str(int(digits.replace("_", ""), base))
    if _SIXTIES.fullmatch(text):
        total = 0
        for part in text.replace("_", "").split(":"):
            total = total * 60 + int(part)
        return str(total)
    if _FLOAT.fullmatch(text):
        number = float(text.replace("_", ""))
        # From ten million on, Java writes an exponent; such a text stays as it was written.
        return repr(number) if number == 0 or 1e-3 <= abs(number) < 1e7 else text
    return text
