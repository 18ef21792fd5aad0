"""JSON texts with exact numbers, and the line of each value."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from tdmvc.errors import ConfigError
from tdmvc.model.rules import Place
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import MAX_BYTES, parse_yaml

Json = dict[str, "Json"] | list["Json"] | str | int | bool | Decimal | None
"""A value of JSON. Numbers with a fraction or an exponent are exact decimals."""

MAX_DEPTH: Final = 200
"""How deep arrays and objects may lie in each other."""

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS: Final[dict[str, Json]] = {"true": True, "false": False, "null": None}
_MOST_DIGITS = 4_000
_DECODER = json.JSONDecoder()
_YAML_INTEGER = re.compile(r"[-+]?[0-9]+")
_YAML_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_JSON_START = re.compile(r"\s*[\[{]")


@dataclass(frozen=True, slots=True)
class Document:
    """A text of JSON or YAML."""

    path: str
    value: Json
    lines: Mapping[str, int] = field(repr=False)
    """The line of each value, by JSON pointer."""

    def line(self, pointer: str) -> int:
        """Return the line of a value, or of the nearest one around it."""
        while pointer not in self.lines and pointer:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer, 1)

    def place(self, pointer: str) -> Place:
        """Return where a value is."""
        return Place(self.path, self.line(pointer), pointer)

    def error(self, what: str, pointer: str, remedy: str = "") -> ConfigError:
        """Build the error for a fault at a value."""
        return ConfigError.at(
            what, self.path, line=self.line(pointer), key=f"#{pointer}" if pointer else "", remedy=remedy
        )


def read_document(text: str, path: str) -> Document:
    """Read a text as JSON if it looks like it, else as YAML.

    Raises:
        ConfigError: it is neither, names a key twice, or is too large or too deep; the line is named.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise ConfigError.at(f"The file is larger than {MAX_BYTES // 1_000_000} MB.", path)
    if path.lower().endswith(".json") or (
        _JSON_START.match(text) and not path.lower().endswith((".yaml", ".yml"))
    ):
        reader = _JsonReader(text.removeprefix("\ufeff"), path)
        return Document(path, reader.read(), reader.lines)
    lines: dict[str, int] = {}
    return Document(path, _from_yaml(parse_yaml(text, path), "", lines, 0), lines)


def parse_json(text: str) -> Json:
    """Return the value of a JSON text, with exact numbers.

    Raises:
        ValueError: it is not JSON, or too deep.
    """
    try:
        value: Json = json.loads(text, parse_float=Decimal, parse_int=_integer, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is too deep") from None
    return value


def render_json(value: Json) -> str:
    """Return a value as JSON text, with its numbers as they are."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {render_json(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(render_json, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def indented_json(value: Json, depth: int = 0) -> str:
    """Return JSON text, a line for each entry of an object and for each object in a list."""
    inner, outer = "\n" + "  " * (depth + 1), "\n" + "  " * depth
    if isinstance(value, dict) and value:
        entries = (
            f"{json.dumps(key, ensure_ascii=False)}: {indented_json(one, depth + 1)}"
            for key, one in value.items()
        )
        return "{" + inner + f",{inner}".join(entries) + outer + "}"
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return "[" + inner + f",{inner}".join(indented_json(one, depth + 1) for one in value) + outer + "]"
    return render_json(value)


def escape_pointer(name: str) -> str:
    """Return a name as a step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def is_number(value: object) -> bool:
    """Whether a value of JSON is a number."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def as_integer(value: Json) -> int | None:
    """Return a number without a fraction, however it is written (`2.0`, `1e3`); None for other values."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if (
        isinstance(value, Decimal)
        and abs(value.adjusted()) < _MOST_DIGITS
        and value == value.to_integral_value()
    ):
        return int(value)
    return None


def _integer(text: str) -> Json:
    return int(text) if len(text) < _MOST_DIGITS else Decimal(text)


def _refuse(word: str) -> Json:
    raise ValueError(f"{word} is no value of JSON")


class _JsonReader:
    """Reads one JSON text, and keeps the line of each value."""

    def __init__(self, text: str, path: str) -> None:
        self._text, self._path = text, path
        self._line, self._counted = 1, 0
        self.lines: dict[str, int] = {}

    def read(self) -> Json:
        value, end = self._value(self._skip(0), "", 0)
        if self._skip(end) < len(self._text):
            raise self._fault("Nothing may follow the value.", self._skip(end))
        return value

    def _value(self, at: int, pointer: str, depth: int) -> tuple[Json, int]:
        self.lines.setdefault(pointer, self._line_at(at))
        if depth > MAX_DEPTH:
            raise self._fault(f"Values are nested more than {MAX_DEPTH} deep.", at)
        match self._text[at : at + 1]:
            case "{":
                return self._object(at + 1, pointer, depth)
            case "[":
                return self._array(at + 1, pointer, depth)
            case '"':
                return self._string(at)
        for word, value in _WORDS.items():
            if self._text.startswith(word, at):
                return value, at + len(word)
        found = _NUMBER.match(self._text, at)
        if found is None:
            raise self._fault("This is not JSON: a value is expected here.", at)
        return self._number(found), found.end()

    def _number(self, found: re.Match[str]) -> Json:
        if len(found[0]) > _MOST_DIGITS:
            raise self._fault(f"The number has more than {_MOST_DIGITS:,} digits.", found.start())
        return int(found[0]) if found[1] is None and found[2] is None else Decimal(found[0])

    def _string(self, at: int) -> tuple[str, int]:
        try:
            text, end = _DECODER.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            raise self._fault(f"This is not JSON: {error.msg[0].lower()}{error.msg[1:]}.", at) from None
        return str(text), end

    def _object(self, at: int, pointer: str, depth: int) -> tuple[Json, int]:
        found: dict[str, Json] = {}
        at = self._skip(at)
        while self._text[at : at + 1] != "}":
            if found:
                at = self._expect(",", at)
            if self._text[at : at + 1] != '"':
                raise self._fault("This is not JSON: a key in double quotes is expected here.", at)
            line = self._line_at(at)
            key, end = self._string(at)
            if key in found:
                raise self._fault(f"The key '{key[:80]}' appears twice.", at)
            inner = f"{pointer}/{escape_pointer(key)}"
            self.lines[inner] = line
            found[key], at = self._value(self._expect(":", self._skip(end)), inner, depth + 1)
            at = self._skip(at)
        return found, at + 1

    def _array(self, at: int, pointer: str, depth: int) -> tuple[Json, int]:
        found: list[Json] = []
        at = self._skip(at)
        while self._text[at : at + 1] != "]":
            if found:
                at = self._expect(",", at)
            value, at = self._value(at, f"{pointer}/{len(found)}", depth + 1)
            found.append(value)
            at = self._skip(at)
        return found, at + 1

    def _expect(self, mark: str, at: int) -> int:
        if self._text[at : at + 1] != mark:
            raise self._fault(f"This is not JSON: '{mark}' is expected here.", at)
        return self._skip(at + 1)

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def _line_at(self, at: int) -> int:
        self._line += self._text.count("\n", self._counted, at)
        self._counted = max(at, self._counted)
        return self._line

    def _fault(self, what: str, at: int) -> ConfigError:
        return ConfigError.at(what, self._path, line=self._text.count("\n", 0, at) + 1)


def _from_yaml(node: YamlNode, pointer: str, lines: dict[str, int], depth: int) -> Json:
    """Return a YAML value as JSON has it, by the core schema of YAML 1.2: a date stays a text."""
    if depth > MAX_DEPTH:
        raise node.error(f"Values are nested more than {MAX_DEPTH} deep.")
    lines[pointer] = node.line
    if isinstance(node.value, dict):
        return {
            key: _from_yaml(one, f"{pointer}/{escape_pointer(key)}", lines, depth + 1)
            for key, one in node.value.items()
        }
    if isinstance(node.value, tuple):
        return [
            _from_yaml(one, f"{pointer}/{place}", lines, depth + 1) for place, one in enumerate(node.value)
        ]
    if node.is_null:
        return None
    return _plain_value(node.value) if node.is_plain else node.value


def _plain_value(text: str) -> Json:
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if len(text) <= _MOST_DIGITS and _YAML_INTEGER.fullmatch(text):
        return int(text)
    if len(text) <= _MOST_DIGITS and _YAML_NUMBER.fullmatch(text):
        return Decimal(text)
    return text
