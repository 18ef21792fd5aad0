"""Knows how to cut a YAML file into entries and their lines, from the events of its parser."""

import re
from bisect import bisect_right
from typing import Any

import yaml

from tdmvc.errors import ConfigError
from tdmvc.formats.manifests.comments import hang_comments
from tdmvc.formats.manifests.layout import Entry, Kind, Layout, Node, Switch, Value
from tdmvc.yaml.reader import parse_yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n"})
_ODD_BREAKS = re.compile("[\r\x85\u2028\u2029]")


def read_layout(text: str, path: str) -> Layout:
    """Read a text whose lines end in a line feed, the last one too.

    Raises:
        ConfigError: the strict reader refuses the text, or it holds what is outside the subset.
    """
    parse_yaml(text, path)
    if _ODD_BREAKS.search(text):
        raise ConfigError.at("It holds line breaks that not every reader takes for one.", path)
    reader = _Reader(text, path)
    root = reader.read()
    return Layout(hang_comments(root, text.split("\n")[:-1], reader.top), root)


class _Reader:
    """Goes once through the events of one file."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._events: list[Any] = list(yaml.parse(text, Loader=_LOADER))
        self._next = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._words: list[tuple[int, int]] = []
        """Where keys and scalars stand."""
        self.top = 0
        """The number of lines that open the document (`---`)."""

    def read(self) -> Node:
        start = self._events[1]
        if isinstance(start, yaml.StreamEndEvent):
            return Node(Kind.MAPPING, {}, "", is_block=True)
        if start.version or start.tags:
            raise self._refusal("It begins with a YAML directive.")
        if start.explicit:
            self.top = self._line(start.start_mark.index) + 1
        self._next = 2
        node, _, _ = self._node()
        if node.kind is Kind.SCALAR and node.value is None and not node.source:
            return Node(Kind.MAPPING, {}, "", is_block=True)
        if not node.is_block or node.kind is not Kind.MAPPING:
            raise self._refusal("It is not a mapping with a key a line.")
        if self._events[self._next].explicit:
            raise self._refusal("It marks the document's end.")
        return node

    def _take(self) -> Any:
        event = self._events[self._next]
        self._next += 1
        if getattr(event, "anchor", None) is not None or getattr(event, "tag", None) is not None:
            raise self._refusal("It uses anchors, aliases or tags.")
        return event

    def _node(self) -> tuple[Node, int, int]:
        """Return the next value with the place of its first character and the one behind its last."""
        event = self._take()
        start = event.start_mark.index
        words = len(self._words)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, start)
        if isinstance(event, yaml.MappingStartEvent):
            entries, end = self._mapping(is_block=not event.flow_style)
            value: Value = {entry.name or "": entry.node.value for entry in entries}
            kind = Kind.MAPPING
        else:
            entries, end = self._list(start, is_block=not event.flow_style)
            value = [entry.node.value for entry in entries]
            kind = Kind.LIST
        if not event.flow_style:
            return Node(kind, value, "", True, self._column(start), entries), start, end
        node = Node(kind, value, self._text[start:end], entries=entries)
        node.has_comment = self._has_comment(start, end, words)
        return node, start, end

    def _scalar(self, event: Any, start: int) -> tuple[Node, int, int]:
        end = event.end_mark.index
        source = self._text[start:end]
        is_plain = event.style in (None, "")
        if event.style in ("|", ">"):
            header = source.partition("\n")[0].partition("#")[0]
            source = source[:-1] if "+" in header else re.sub(r"(\n *)+$", "", source)
            end = start + len(source)
        self._words.append((start, end))
        value: Value = event.value
        if is_plain and event.value in _NULLS:
            value = None
        elif is_plain and event.value.lower() in _SWITCHES:
            value = Switch(event.value)
        return Node(Kind.SCALAR, value, source), start, end

    def _mapping(self, *, is_block: bool) -> tuple[list[Entry], int]:
        entries = []
        end = 0
        while not isinstance(self._events[self._next], yaml.MappingEndEvent):
            key = self._take()
            start, behind = key.start_mark.index, key.end_mark.index
            self._words.append((start, behind))
            if key.value == "<<" and key.style in (None, ""):
                raise self._refusal("It uses merge keys.")
            colon = re.compile(r"[ \t]*:").match(self._text, behind)
            if is_block and (colon is None or not self._opens_line(start)):
                raise self._refusal("It has a key that is no plain word at the start of a line.")
            node, begin, end = self._node()
            if not is_block:
                prefix = self._text[start:behind] + ": "
                entries.append(Entry(key.value, node, prefix, ""))
                continue
            assert colon is not None
            if begin == end:
                begin = end = colon.end()
            entries.append(self._entry(key.value, node, start, colon.end(), begin, end))
        return entries, self._end_of(end, is_block=is_block)

    def _list(self, start: int, *, is_block: bool) -> tuple[list[Entry], int]:
        entries: list[Entry] = []
        end = start
        column = self._column(start)
        while not isinstance(self._events[self._next], yaml.SequenceEndEvent):
            if not is_block:
                entries.append(Entry(None, self._node()[0], "", ""))
                continue
            dash = self._dash(end, column) if entries else start
            node, begin, end = self._node()
            if begin == end:
                begin = end = dash + 1
            entries.append(self._entry(None, node, dash, dash + 1, begin, end))
        return entries, self._end_of(end, is_block=is_block)

    def _end_of(self, last: int, *, is_block: bool) -> int:
        """Return the place behind a collection: behind its bracket, or behind the last value of a block."""
        event = self._take()
        end: int = event.end_mark.index
        # A pair in a list, `[a: b]`, is a mapping without brackets.
        return last if is_block or event.start_mark.index == end else end

    def _has_comment(self, start: int, end: int, words: int) -> bool:
        """Tell whether there is a comment between the words of a collection in brackets."""
        for begin, behind in self._words[words:]:
            if "#" in self._text[start:begin]:
                return True
            start = behind
        return "#" in self._text[start:end]

    def _entry(self, name: str | None, node: Node, start: int, behind: int, begin: int, end: int) -> Entry:
        """Build the entry of a block: `start` of its key or dash, `behind` that, and its value's place."""
        first, last = self._line(start), self._line(max(end - 1, start))
        column = start - self._starts[first]
        lines = [self._text_of(line) for line in range(first, last + 1)]
        lines[0] = " " * column + lines[0][column:]
        entry = Entry(name, node, self._text[start:begin], self._rest(end), column, first, tuple(lines))
        if node.is_block:
            entry.is_joined = name is None and self._line(begin) == first
            if not entry.is_joined:
                entry.prefix, entry.suffix = self._text[start:behind], self._rest(behind)
        return entry

    def _dash(self, behind: int, column: int) -> int:
        """Return the place of the next dash in a column."""
        for line in range(self._line(behind - 1) + 1, len(self._starts) - 1):
            words = self._text_of(line)
            if words[:column].strip(" ") == "" and words[column : column + 2].rstrip() == "-":
                return self._starts[line] + column
        raise self._refusal("It has a list that cannot be followed.")

    def _refusal(self, what: str) -> ConfigError:
        return ConfigError.at(what, self._path)

    def _opens_line(self, place: int) -> bool:
        before = self._text[self._starts[self._line(place)] : place]
        return re.fullmatch(r"(?: |- )*", before) is not None

    def _line(self, place: int) -> int:
        return bisect_right(self._starts, place) - 1

    def _column(self, place: int) -> int:
        return place - self._starts[self._line(place)]

    def _text_of(self, line: int) -> str:
        return self._text[self._starts[line] : self._starts[line + 1] - 1]

    def _rest(self, place: int) -> str:
        end = self._text.find("\n", place)
        return self._text[place : len(self._text) if end < 0 else end]
