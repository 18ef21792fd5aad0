"""Builds nodes from the events of PyYAML's parser: the one way in which YAML is read here."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import yaml

from tdmvc.yaml.node import YamlNode

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML without libyaml reads the same, only more slowly."""

_TEXT_TAGS: Final = frozenset({None, "!", "tag:yaml.org,2002:str"})
_COLLECTION_TAGS: Final = frozenset({None, "!"})


class YamlFault(Exception):
    """What is wrong with a YAML text, as a clause, and on which line."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


@dataclass(frozen=True, slots=True)
class ComposeOptions:
    """What a reader accepts beyond one plain document with each key once."""

    is_lenient: bool = False
    """Ignore tags, keep the last of two equal keys, and take several documents and any key."""
    resolve: Callable[[str], str] | None = None
    """Returns the value of a plain scalar; None keeps it as it was written."""
    max_depth: int = 60
    max_aliased_nodes: int = 100_000
    """How far aliases may expand: ordinary files share little, but a bomb doubles at each level."""


def compose(text: str, path: str, options: ComposeOptions) -> list[YamlNode]:
    """Return the documents of a YAML text; none for an empty text.

    Raises:
        YamlFault: it is not YAML, or holds what the options do not accept.
    """
    composer = _Composer(path, options)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            composer.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0) or 0) + 1
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
        raise YamlFault(f"this is not YAML: {why}", line) from None
    return composer.documents


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    line: int
    key: str
    anchor: str | None
    items: list[YamlNode] = field(default_factory=list)
    names: dict[str, YamlNode] | None = None
    """None for a list."""
    merged: list[YamlNode] = field(default_factory=list)
    """The values of merge keys (`<<`)."""
    pending: tuple[str | None, int] | None = None
    """The key whose value is next; None for a merge key."""
    is_flow: bool = False
    start_line: int = 0
    weight: int = 1
    """How many nodes it has, with aliases expanded."""
    height: int = 1
    """How many levels it has, with aliases expanded."""

    @property
    def expects_key(self) -> bool:
        return self.names is not None and self.pending is None


@dataclass(frozen=True, slots=True)
class _Built:
    """A node that is complete."""

    node: YamlNode
    weight: int = 1
    height: int = 0


@dataclass(slots=True)
class _Composer:
    """Works without recursion, so that no depth can exhaust the stack."""

    path: str
    options: ComposeOptions
    documents: list[YamlNode] = field(default_factory=list)
    _stack: list[_Open] = field(default_factory=list)
    _anchors: dict[str, _Built] = field(default_factory=dict)
    _aliased: int = 0

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._start(event, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self._stack.pop()
            value = tuple(done.items) if done.names is None else self._with_merged(done, done.names)
            node = YamlNode(
                self.path, done.line, done.key, value, is_flow=done.is_flow, start_line=done.start_line
            )
            self._add(_Built(node, done.weight, done.height), done.anchor, line)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), line)
        elif isinstance(event, yaml.DocumentStartEvent):
            if self.documents and not self.options.is_lenient:
                raise YamlFault("the file contains several YAML documents", line)
            self._anchors.clear()

    def _scalar(self, event: Any, line: int) -> None:
        if event.tag not in _TEXT_TAGS and not self.options.is_lenient:
            raise YamlFault("the file contains a YAML tag, which is not allowed here", line)
        text, is_plain = event.value, event.style in (None, "") and event.tag is None
        if is_plain and self.options.resolve is not None:
            text = self.options.resolve(text)
        trail, at = self._place(line)
        self._add(_Built(YamlNode(self.path, at, trail, text, is_plain, start_line=line)), event.anchor, line)

    def _start(self, event: Any, line: int) -> None:
        if event.tag not in _COLLECTION_TAGS and not self.options.is_lenient:
            raise YamlFault("the file contains a YAML tag, which is not allowed here", line)
        if self._stack and self._stack[-1].expects_key and not self.options.is_lenient:
            raise YamlFault("a key must be text", line)
        self._check_depth(1, line)
        # An alias of what is still open would never end.
        self._anchors.pop(event.anchor or "", None)
        trail, at = self._place(line)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        names: dict[str, YamlNode] | None = {} if is_mapping else None
        self._stack.append(
            _Open(at, trail, event.anchor, names=names, is_flow=bool(event.flow_style), start_line=line)
        )

    def _alias(self, anchor: str, line: int) -> None:
        if anchor not in self._anchors:
            raise YamlFault(f"the alias '*{anchor}' refers to no complete anchor before it", line)
        built = self._anchors[anchor]
        self._check_depth(built.height, line)
        self._aliased += built.weight
        if self._aliased > self.options.max_aliased_nodes:
            raise YamlFault("the file's aliases expand without bounds", line)
        trail, at = self._place(line)
        self._add(replace(built, node=replace(built.node, line=at, key=trail)), None, line)

    def _check_depth(self, height: int, line: int) -> None:
        if len(self._stack) + height > self.options.max_depth:
            raise YamlFault(f"the file is nested too deeply (over {self.options.max_depth} levels)", line)

    def _place(self, line: int) -> tuple[str, int]:
        """Return the trail of keys to the next node, and its line: that of its key if it has one."""
        if not self._stack:
            return "", line
        top = self._stack[-1]
        if top.pending is None:
            return top.key, line
        key, at = top.pending
        return (f"{top.key}.{key}" if top.key else key or ""), at

    def _add(self, built: _Built, anchor: str | None, line: int) -> None:
        node = built.node
        if anchor:
            self._anchors[anchor] = built
        if not self._stack:
            self.documents.append(node)
            return
        top = self._stack[-1]
        top.weight += built.weight
        top.height = max(top.height, built.height + 1)
        if top.names is None:
            top.items.append(node)
        elif top.pending is None:
            top.pending = (self._key(node, top.names, line), line)
        else:
            key = top.pending[0]
            top.pending = None
            if key is None:
                top.merged.append(node)
            else:
                top.names[key] = node

    def _key(self, node: YamlNode, names: dict[str, YamlNode], line: int) -> str | None:
        if node.is_plain and node.value == "<<":
            return None
        if not isinstance(node.value, str):
            if self.options.is_lenient:
                return ""
            raise YamlFault("a key must be text", line)
        if node.value in names and not self.options.is_lenient:
            raise YamlFault(f"the key '{node.value}' appears twice", line)
        return node.value

    def _with_merged(self, done: _Open, own: dict[str, YamlNode]) -> dict[str, YamlNode]:
        """Return the mapping with what its merge keys bring; its own keys win, then the earlier ones."""
        inherited: dict[str, YamlNode] = {}
        for merge in done.merged:
            for source in merge.value if isinstance(merge.value, tuple) else (merge,):
                if self.options.is_lenient and not source.is_mapping:
                    continue
                for key, node in source.entries():
                    inherited.setdefault(key, node)
        return inherited | own if inherited else own
