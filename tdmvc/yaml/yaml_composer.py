"""Knows how to read any YAML strictly, with PyYAML's parser."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import yaml

from tdmvc.errors import ConfigError
from tdmvc.yaml.yaml_node import YamlNode

MAX_DEPTH: Final = 60
MAX_ALIASED_NODES: Final = 100_000
"""How much aliases may expand to: an honest file shares little, a bomb doubles at each level."""

_MERGE = "\0<<"
"""Stands for a bare merge key; no YAML text can hold a NUL."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose(text: str, path: str) -> YamlNode:
    """Read one YAML document.

    Raises:
        ConfigError: it is not YAML, holds a key twice, a tag, or a recursive alias; the line is named.
    """
    try:
        return _Composer(path).compose(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0) or 0) + 1
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
        raise ConfigError.at(
            f"This is not YAML: {why}.", path, line=line, remedy="mend that line, or the one above it."
        ) from None


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    line: int
    key: str
    anchor: str | None
    items: list[YamlNode]
    names: dict[str, YamlNode] | None
    """None for a list."""
    merge: YamlNode | None = None
    """The value of a merge key (`<<`)."""
    pending: tuple[str, int] | None = None
    """The key whose value comes next."""
    weight: int = 1


class _Composer:
    """Builds nodes from events without recursion, so that no depth can exhaust the stack."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[YamlNode, int]] = {}
        self._aliased = 0
        self._root: YamlNode | None = None

    def compose(self, events: Iterator[Any]) -> YamlNode:
        documents = 0
        for event in events:
            line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error("The file holds several YAML documents.", line)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(str(event.anchor), line)
            elif isinstance(event, yaml.ScalarEvent):
                self._scalar(event, line)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._start(event, line)
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                self._end()
        return self._root or YamlNode(self._path, 1, "", "", is_plain=True)

    def _scalar(self, event: Any, line: int) -> None:
        if event.tag is not None and event.tag not in {"!", "tag:yaml.org,2002:str"}:
            raise self._error("YAML tags are not read here.", line)
        is_plain = event.style in (None, "") and event.tag is None
        top = self._stack[-1] if self._stack else None
        if top is not None and top.names is not None and top.pending is None:
            if event.anchor:
                self._anchors[event.anchor] = (YamlNode(self._path, line, "", event.value, is_plain), 1)
            self._take_key(top, _MERGE if is_plain and event.value == "<<" else event.value, line)
            return
        trail, at = self._place(line)
        self._add(YamlNode(self._path, at, trail, event.value, is_plain), 1, event.anchor)

    def _start(self, event: Any, line: int) -> None:
        if event.tag is not None and event.tag != "!":
            raise self._error("YAML tags are not read here.", line)
        top = self._stack[-1] if self._stack else None
        if top is not None and top.names is not None and top.pending is None:
            raise self._error("A key must be a text.", line)
        if len(self._stack) >= MAX_DEPTH:
            raise self._error(f"The file is nested deeper than {MAX_DEPTH} levels.", line)
        trail, at = self._place(line)
        names: dict[str, YamlNode] | None = {} if isinstance(event, yaml.MappingStartEvent) else None
        self._stack.append(_Open(at, trail, event.anchor, [], names))

    def _end(self) -> None:
        done = self._stack.pop()
        value = tuple(done.items) if done.names is None else _merged(done.names, done.merge)
        self._add(YamlNode(self._path, done.line, done.key, value), done.weight, done.anchor)

    def _alias(self, anchor: str, line: int) -> None:
        if anchor not in self._anchors:
            raise self._error("An alias names an anchor that is not complete before it.", line)
        node, weight = self._anchors[anchor]
        self._aliased += weight
        if self._aliased > MAX_ALIASED_NODES:
            raise self._error("The file's aliases expand without bounds.", line)
        top = self._stack[-1]
        if top.names is not None and top.pending is None:
            if not isinstance(node.value, str):
                raise self._error("A key must be a text.", line)
            self._take_key(top, node.value, line)
            return
        trail, at = self._place(line)
        self._add(replace(node, line=at, key=trail), weight, None)

    def _take_key(self, top: _Open, key: str, line: int) -> None:
        if top.names is not None and key in top.names:
            raise self._error(f"The key '{key}' is written twice.", line)
        top.pending = (key, line)

    def _place(self, line: int) -> tuple[str, int]:
        if not self._stack:
            return "", line
        top = self._stack[-1]
        if top.pending is None:
            return top.key, line
        key, at = top.pending
        return (f"{top.key}.{key}" if top.key else key), at

    def _add(self, node: YamlNode, weight: int, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = (node, weight)
        if not self._stack:
            self._root = node
            return
        top = self._stack[-1]
        top.weight += weight
        if top.names is None:
            top.items.append(node)
        elif top.pending is not None and top.pending[0] == _MERGE:
            top.merge, top.pending = node, None
        elif top.pending is not None:
            top.names[top.pending[0]] = node
            top.pending = None

    def _error(self, what: str, line: int) -> ConfigError:
        return ConfigError.at(what, self._path, line=line)


def _merged(own: dict[str, YamlNode], merge: YamlNode | None) -> dict[str, YamlNode]:
    """Return the mapping with what its merge key brings; its own keys win."""
    if merge is None:
        return own
    inherited: dict[str, YamlNode] = {}
    for source in merge.elements() if merge.is_list else (merge,):
        for key, node in source.entries():
            inherited.setdefault(key, node)
    return inherited | own
