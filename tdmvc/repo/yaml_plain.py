"""Knows how to read the plain part of YAML: what tdmvc, DVC and most people write.

Mappings and lists by indent, texts that stand on one line, and mappings and lists of such
texts on one line. PyYAML, which takes longer to load than these files to read, stays the judge
of everything else: what is not plain beyond doubt is not read here, and no error is found here.
"""

from typing import Final

from tdmvc.repo.yaml_node import YamlNode

_MAX_DEPTH: Final = 20
_MAX_KEY: Final = 200
"""Shorter than what YAML allows (1,024)."""
_MAX_LINE: Final = 10_000
"""What is read of a line is cut off from it, which takes long where the line is."""
_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/(")
"""How a text without quotes may begin. None is an indicator, and none begins a marker of a document."""
_IN_FLOW = _FIRST | frozenset(".~@+-)$^=;<>| ")
"""What it may hold besides, also within brackets; and a colon with one of `_FIRST` behind it."""
_IN_BLOCK = _IN_FLOW | frozenset(",[]{}\"'!?*&%\\`")


def read_plain(text: str, path: str) -> YamlNode | None:
    """Read a document that is plain YAML throughout, or return None."""
    try:
        return _Plain(text, path).document()
    except _NotPlainError:
        return None


class _NotPlainError(Exception):
    """PyYAML has to read this."""


class _Plain:
    """Reads from the line that it stands at."""

    def __init__(self, text: str, path: str) -> None:
        self._path = path
        self._at = 0
        self._lines: list[tuple[int, int, str]] = []
        """Of each line with content: its number, its indent, and the rest."""
        for number, line in enumerate(text.split("\n"), start=1):
            rest = line.lstrip(" ")
            if not rest:
                continue
            # No tab, no other line end, nothing that YAML forbids.
            _insist(rest.isprintable() and len(line) <= _MAX_LINE)
            if rest[0] != "#":
                self._lines.append((number, len(line) - len(rest), rest.rstrip(" ")))

    def document(self) -> YamlNode:
        _insist(bool(self._lines) and self._lines[0][1] == 0)
        number = self._lines[0][0]
        root = YamlNode(self._path, number, "", self._block(0, "", 0))
        _insist(self._at == len(self._lines))
        return root

    def _block(self, indent: int, trail: str, depth: int) -> "tuple[YamlNode, ...] | dict[str, YamlNode]":
        """Read the lines from here on that stand at this indent, with all that is further in."""
        _insist(depth < _MAX_DEPTH)
        if self._is_element(self._lines[self._at][2]):
            return self._list(indent, trail, depth)
        return self._mapping(indent, trail, depth)

    def _mapping(self, indent: int, trail: str, depth: int) -> dict[str, YamlNode]:
        entries: dict[str, YamlNode] = {}
        while self._stands_at(indent) and not self._is_element(self._lines[self._at][2]):
            number, _, rest = self._lines[self._at]
            key, value = _split_key(rest)
            _insist(key not in entries)
            inner = f"{trail}.{key}" if trail else key
            self._at += 1
            entries[key] = (
                self._on_line(value, number, inner) if value else self._below(indent, number, inner, depth)
            )
        return entries

    def _below(self, indent: int, number: int, trail: str, depth: int) -> YamlNode:
        """Read the value of a key that has none on its own line; a list may stand at the key's indent."""
        if self._at < len(self._lines):
            _, found, rest = self._lines[self._at]
            if found > indent or (found == indent and self._is_element(rest)):
                return YamlNode(self._path, number, trail, self._block(found, trail, depth + 1))
        return YamlNode(self._path, number, trail, "", is_plain=True)

    def _list(self, indent: int, trail: str, depth: int) -> tuple[YamlNode, ...]:
        elements: list[YamlNode] = []
        while self._stands_at(indent) and self._is_element(self._lines[self._at][2]):
            number, _, rest = self._lines[self._at]
            value = rest[1:].lstrip(" ")
            # A list in a list, and an element that begins on the next line.
            _insist(value != "" and value[0] != "#" and not self._is_element(value))
            if _is_entry(value):
                further = indent + len(rest) - len(value)
                self._lines[self._at] = (number, further, value)
                entries = self._mapping(further, trail, depth + 1)
                elements.append(YamlNode(self._path, number, trail, entries))
            else:
                self._at += 1
                elements.append(self._on_line(value, number, trail))
        return tuple(elements)

    def _stands_at(self, indent: int) -> bool:
        """Whether the next line is at this indent; one that is further in would go on with the line before."""
        if self._at == len(self._lines):
            return False
        found = self._lines[self._at][1]
        _insist(found <= indent)
        return found == indent

    @staticmethod
    def _is_element(rest: str) -> bool:
        return rest == "-" or rest.startswith("- ")

    def _on_line(self, value: str, number: int, trail: str) -> YamlNode:
        _insist(value.count("{") + value.count("[") <= _MAX_DEPTH)
        node, after = self._value(value, number, trail, _IN_BLOCK, ends="")
        _insist(not after or (after[0] == " " and after.lstrip(" ")[0] == "#"))
        return node

    def _value(
        self, rest: str, number: int, trail: str, allowed: frozenset[str], *, ends: str
    ) -> tuple[YamlNode, str]:
        """Read the value at the beginning, and return it and what is behind it on the line."""
        if rest[:1] == "{":
            entries, after = self._bracketed_mapping(rest[1:].lstrip(" "), number, trail)
            return YamlNode(self._path, number, trail, entries), after
        if rest[:1] == "[":
            elements, after = self._bracketed_list(rest[1:].lstrip(" "), number, trail)
            return YamlNode(self._path, number, trail, elements), after
        text, is_plain, after = _take_text(rest, allowed, ends=ends)
        return YamlNode(self._path, number, trail, text, is_plain), after

    def _bracketed_mapping(self, rest: str, number: int, trail: str) -> tuple[dict[str, YamlNode], str]:
        entries: dict[str, YamlNode] = {}
        while rest[:1] != "}":
            key, rest = _split_key(rest)
            _insist(key not in entries)
            inner = f"{trail}.{key}" if trail else key
            entries[key], rest = self._value(rest, number, inner, _IN_FLOW, ends=",}")
            rest = _behind_comma(rest, "}")
        return entries, rest[1:]

    def _bracketed_list(self, rest: str, number: int, trail: str) -> tuple[tuple[YamlNode, ...], str]:
        elements: list[YamlNode] = []
        while rest[:1] != "]":
            # A list in a list has no end to its depth.
            _insist(rest[:1] not in ("[", "{"))
            node, rest = self._value(rest, number, trail, _IN_FLOW, ends=",]")
            elements.append(node)
            rest = _behind_comma(rest, "]")
        return tuple(elements), rest[1:]


def _insist(is_plain: bool) -> None:
    if not is_plain:
        raise _NotPlainError


def _behind_comma(rest: str, end: str) -> str:
    """Return what follows a value in brackets: the next one, or the end."""
    rest = rest.lstrip(" ")
    if rest[:1] == end:
        return rest
    _insist(rest.startswith(", "))
    rest = rest[1:].lstrip(" ")
    _insist(rest[:1] != end)
    return rest


def _is_entry(rest: str) -> bool:
    """Tell whether a line is a key with or without a value, and not a text."""
    return rest[0] not in "{[\"'" and (": " in rest or rest[-1] == ":")


def _split_key(rest: str) -> tuple[str, str]:
    """Return a key, and what stands behind it on its line; nothing where that is a comment."""
    if rest[:1] in ('"', "'"):
        key, _, after = _take_text(rest, _IN_FLOW, ends="")
        _insist(after.startswith(":"))
        after = after[1:]
    else:
        key, colon, after = rest.partition(":")
        _insist(colon == ":" and key[:1] in _FIRST and _is_of(key, _IN_FLOW) and key[-1] != " ")
    _insist(len(key) <= _MAX_KEY and (not after or after[0] == " "))
    after = after.lstrip(" ")
    return key, "" if after.startswith("#") else after


def _take_text(rest: str, allowed: frozenset[str], *, ends: str) -> tuple[str, bool, str]:
    """Return the text at the beginning, whether it is without quotes, and what is behind it.

    Args:
        ends: what ends a text without quotes, besides a comment.
    """
    quote = rest[:1]
    if quote == '"' or quote == "'":
        text, closing, after = rest[1:].partition(quote)
        # No escapes: neither a backslash, nor a doubled quote.
        _insist(closing != "" and "\\" not in text and not after.startswith(quote))
        return text, False, after
    cut = min((at for mark in (*ends, " #") if (at := rest.find(mark)) >= 0), default=len(rest))
    text, after = rest[:cut].rstrip(" "), rest[cut:]
    _insist(text[:1] in _FIRST)
    first, *others = text.split(":")
    _insist(_is_of(first, allowed))
    for other in others:
        _insist(other[:1] in _FIRST and _is_of(other, allowed))
    return text, True, after


def _is_of(text: str, allowed: frozenset[str]) -> bool:
    """Tell whether a text holds nothing else; a letter of any other alphabet means nothing to YAML."""
    return allowed.issuperset(text if text.isascii() else (char for char in text if char.isascii()))
