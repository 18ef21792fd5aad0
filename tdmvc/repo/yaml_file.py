"""Knows how to read YAML strictly, with line numbers, and how to write it so that it reads back the same.

A scalar is kept as it was written and read as what the caller asks for, so a
release `2.10`, a migration `0001` and a table named `on` stay what they are.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

import yaml

from tdmvc.errors import ConfigError
from tdmvc.late_dataclass import dataclass

MAX_BYTES: Final = 5_000_000
MAX_DEPTH: Final = 60
MAX_ALIASED_NODES: Final = 100_000
"""How much aliases may expand to: an honest file shares little, a bomb doubles at each level."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./@+-]*|\d+\.\d+\.\d+|sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null", "inf", "nan"})
_MERGE = "\0<<"
"""Stands for a bare merge key; no YAML text can hold a NUL."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class YamlNode:
    """A value of a YAML file, and where it stands."""

    path: str
    line: int
    """Of its key, counted from 1."""
    key: str
    """The keys that lead to it, with dots between."""
    value: "str | tuple[YamlNode, ...] | dict[str, YamlNode]"
    is_plain: bool = False
    """A scalar without quotes."""

    @property
    def is_null(self) -> bool:
        return self.is_plain and self.value in _NULLS

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, tuple)

    def error(self, what: str, *, key: str | None = None, remedy: str = "") -> ConfigError:
        """Build the error for a fault at this node."""
        return ConfigError.at(
            what, self.path, line=self.line, key=self.key if key is None else key, remedy=remedy
        )

    def only(self, *known: str) -> "YamlNode":
        """Return this mapping after making sure that it has no other keys.

        Raises:
            ConfigError: it is no mapping, or has a key that is not known.
        """
        for key, node in self.entries():
            if key not in known:
                from difflib import get_close_matches

                near = get_close_matches(key, known, n=1)
                remedy = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(known)}."
                raise node.error(f"The key '{key}' is not known here.", remedy=remedy)
        return self

    def entries(self) -> list[tuple[str, "YamlNode"]]:
        """Return the keys and values of a mapping, in order; none for an empty value."""
        if self.is_null:
            return []
        if not isinstance(self.value, dict):
            raise self.error("A mapping (key: value) is expected here.")
        return list(self.value.items())

    def elements(self) -> tuple["YamlNode", ...]:
        """Return the elements of a list; none for an empty value."""
        if self.is_null:
            return ()
        if not isinstance(self.value, tuple):
            raise self.error("A list is expected here.", remedy="write [a, b], or one '- a' a line.")
        return self.value

    def child(self, key: str) -> "YamlNode | None":
        """Return the value of a key of this mapping, or None where it is absent or empty."""
        if self.is_null:
            return None
        if not isinstance(self.value, dict):
            raise self.error("A mapping (key: value) is expected here.")
        node = self.value.get(key)
        return None if node is None or node.is_null else node

    def need(self, key: str) -> "YamlNode":
        """Return the value of a key, which must be there."""
        node = self.child(key)
        if node is None:
            raise self.error(f"The key '{key}' is missing.", remedy=f"add '{key}:'.")
        return node

    def as_text(self) -> str:
        """Return a scalar as it was written."""
        if not isinstance(self.value, str) or self.is_null:
            raise self.error("A text is expected here.")
        return self.value

    def as_count(self) -> int:
        """Return a whole number that is not negative."""
        if not isinstance(self.value, str) or not re.fullmatch(r"[0-9]{1,18}", self.value):
            raise self.error("A whole number is expected here.")
        return int(self.value)

    def as_bool(self) -> bool:
        """Return true or false."""
        word = self.value.lower() if isinstance(self.value, str) and self.is_plain else ""
        if word not in {"true", "false"}:
            raise self.error("true or false is expected here.")
        return word == "true"

    def as_texts(self) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(element.as_text() for element in self.elements())

    def text(self, key: str) -> str | None:
        node = self.child(key)
        return None if node is None else node.as_text()

    def count(self, key: str) -> int | None:
        node = self.child(key)
        return None if node is None else node.as_count()

    def flag(self, key: str) -> bool:
        node = self.child(key)
        return node is not None and node.as_bool()

    def texts(self, key: str) -> tuple[str, ...]:
        node = self.child(key)
        return () if node is None else node.as_texts()


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
    try:
        return _Composer(path).compose(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0) or 0) + 1
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
        raise ConfigError.at(
            f"This is not YAML: {why}.", path, line=line, remedy="mend that line, or the one above it."
        ) from None


def check_conflict_markers(text: str, path: str) -> None:
    """Raise a ConfigError where Git left conflict markers in the text."""
    match = _CONFLICT.search(text)
    if match:
        raise ConfigError.at(
            "The file holds Git conflict markers.",
            path,
            line=text.count("\n", 0, match.start()) + 1,
            remedy="finish the merge: keep one side of each conflict; for a "
            "pointer, `git checkout --ours` or `--theirs`, then `tdmvc add`.",
        )


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
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
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
