"""Reads JSON into the same nodes as YAML, because errors in it need lines, too."""

import json
import re
from dataclasses import dataclass, field

from tdmvc.errors import ConfigError
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import MAX_BYTES, check_conflict_markers, parse_yaml

_MAX_DEPTH = 100
_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
      (?P<sign>[{}\[\],:])
    | (?P<text>"(?:[^"\\\x00-\x1f]|\\.)*")
    | (?P<plain>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])|(?:true|false|null)(?!\w))
    )""",
    re.X,
)
_SPACE = re.compile(r"[ \t\r\n]*")


def parse_document(text: str, path: str) -> YamlNode:
    """Read a text that is JSON or YAML: what begins as an object or array of JSON is JSON if it is one.

    Raises:
        ConfigError: it is neither, or too large or too deep; the line is named.
    """
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        try:
            return parse_json(text, path)
        except ConfigError as error:
            if path.lower().endswith((".yaml", ".yml")):
                return parse_yaml(text, path)  # a mapping in YAML's brackets
            raise error
    if path.lower().endswith(".json"):
        return parse_json(text, path)
    return parse_yaml(text, path)


def parse_json(text: str, path: str) -> YamlNode:
    """Read a JSON text; a number is kept as it is written.

    Raises:
        ConfigError: it is no JSON, has a key twice, or is too large or too deep; the line is named.
    """
    if len(text) > MAX_BYTES:
        raise ConfigError.at(f"The file is larger than {MAX_BYTES // 1_000_000} MB.", path)
    check_conflict_markers(text, path)
    return _Reader(text.removeprefix("\ufeff"), path).read()


@dataclass(slots=True)
class _Open:
    """An object or array that is being read."""

    line: int
    key: str
    start_line: int
    items: list[YamlNode] = field(default_factory=list)
    names: dict[str, YamlNode] | None = None
    pending: tuple[str, int] | None = None
    """The key whose value is next."""


class _Reader:
    """Works without recursion, so that no depth can exhaust the stack."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._at = 0
        self._line = 1
        self._stack: list[_Open] = []

    def read(self) -> YamlNode:
        done: YamlNode | None = None
        while done is None:
            done = self._value()
            while done is not None and self._stack:
                done = self._after(done)
        self._at = self._skip()
        if self._at < len(self._text):
            raise self._fault("there is more text behind its end")
        return done

    def _skip(self) -> int:
        found = _SPACE.match(self._text, self._at)
        end = found.end() if found else self._at
        self._line += self._text.count("\n", self._at, end)
        return end

    def _next(self) -> tuple[str, str]:
        """Pass a token, and return its kind and text."""
        self._at = self._skip()
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            what = (
                "it ends too early"
                if self._at >= len(self._text)
                else "a value, a comma or a bracket is missing"
            )
            raise self._fault(what)
        self._at = found.end()
        kind = str(found.lastgroup)
        return kind, found[kind]

    def _value(self) -> YamlNode | None:
        """Read a value; None if an object or array begins that is not empty."""
        kind, token = self._next()
        trail, line = self._place()
        if kind == "plain":
            return YamlNode(self._path, line, trail, token, is_plain=True, start_line=self._line)
        if kind == "text":
            return YamlNode(self._path, line, trail, self._decoded(token), start_line=self._line)
        if token not in "{[":
            raise self._fault("a value is missing")
        if len(self._stack) >= _MAX_DEPTH:
            raise self._fault(f"it is nested too deeply (over {_MAX_DEPTH} levels)")
        self._stack.append(_Open(line, trail, self._line, names={} if token == "{" else None))
        if self._ends("}" if token == "{" else "]"):
            return self._closed()
        if token == "{":
            self._key()
        return None

    def _after(self, node: YamlNode) -> YamlNode | None:
        """Put a value where it belongs; return the object or array that ends behind it, if one does."""
        top = self._stack[-1]
        if top.names is None:
            top.items.append(node)
        elif top.pending is not None:
            top.names[top.pending[0]] = node
            top.pending = None
        _, token = self._next()
        if token == ("]" if top.names is None else "}"):
            return self._closed()
        if token != ",":
            raise self._fault("a comma or a bracket is missing")
        if top.names is not None:
            self._key()
        return None

    def _ends(self, bracket: str) -> bool:
        self._at = self._skip()
        if self._text.startswith(bracket, self._at):
            self._at += 1
            return True
        return False

    def _key(self) -> None:
        top = self._stack[-1]
        kind, token = self._next()
        line = self._line
        if kind != "text":
            raise self._fault("a key in quotes is missing")
        name = self._decoded(token)
        if top.names is not None and name in top.names:
            raise ConfigError.at(f"The key '{name[:80]}' appears twice.", self._path, line=line)
        if self._next()[1] != ":":
            raise self._fault("a colon is missing")
        top.pending = name, line

    def _closed(self) -> YamlNode:
        done = self._stack.pop()
        value = tuple(done.items) if done.names is None else done.names
        return YamlNode(self._path, done.line, done.key, value, is_flow=True, start_line=done.start_line)

    def _place(self) -> tuple[str, int]:
        if not self._stack:
            return "", self._line
        top = self._stack[-1]
        if top.pending is None:
            return top.key, self._line
        key, line = top.pending
        return (f"{top.key}.{key}" if top.key else key), line

    def _decoded(self, token: str) -> str:
        try:
            found = str(json.loads(token))
            found.encode()
        except UnicodeEncodeError:
            raise self._fault("a text has half of a surrogate pair") from None
        except ValueError:
            raise self._fault("a text has an escape that JSON does not have") from None
        return found

    def _fault(self, why: str) -> ConfigError:
        return ConfigError.at(f"This is not JSON: {why}.", self._path, line=self._line)
