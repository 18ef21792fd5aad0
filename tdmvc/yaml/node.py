"""A value of a YAML file with its place in it, read as the type that the caller asks for."""

import posixpath
import re
from dataclasses import dataclass
from difflib import get_close_matches

from tdmvc.errors import ConfigError, did_you_mean

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class YamlNode:
    """A value of a YAML file, and its place in it."""

    path: str
    line: int
    """Of its key, counted from 1."""
    key: str
    """The keys that lead to it, joined by dots."""
    value: "str | tuple[YamlNode, ...] | dict[str, YamlNode]"
    is_plain: bool = False
    """Whether it is a scalar without quotes."""
    is_flow: bool = False
    """Whether it is a collection in brackets."""
    start_line: int = 0
    """Where the value itself begins: of a block, the line below its key."""

    @property
    def is_null(self) -> bool:
        return self.is_plain and self.value in _NULLS

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_text(self) -> bool:
        """Whether it is a scalar that is not null."""
        return isinstance(self.value, str) and not self.is_null

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, tuple)

    def error(self, what: str, *, key: str | None = None, remedy: str = "") -> ConfigError:
        """Build the error for a fault at this node."""
        return ConfigError.at(
            what, self.path, line=self.line, key=self.key if key is None else key, remedy=remedy
        )

    def only(self, *known: str) -> "YamlNode":
        """Return this mapping after making sure that it has only known keys.

        Raises:
            ConfigError: it is not a mapping, or has an unknown key.
        """
        for key, node in self.entries():
            if key not in known:
                remedy = did_you_mean(key, known, f"known keys: {', '.join(known)}.")
                raise node.error(f"The key '{key}' is unknown here.", remedy=remedy)
        return self

    def entries(self) -> list[tuple[str, "YamlNode"]]:
        """Return the keys and values of a mapping, in order; none for an empty value."""
        if self.is_null:
            return []
        if not isinstance(self.value, dict):
            raise self.error(
                "Expected a mapping (key: value) here.", remedy="write `key: value` lines below it, indented."
            )
        return list(self.value.items())

    def elements(self) -> tuple["YamlNode", ...]:
        """Return the elements of a list; none for an empty value."""
        if self.is_null:
            return ()
        if not isinstance(self.value, tuple):
            raise self.error(
                "Expected a list here.",
                remedy="write [a, b], or one '- a' per line.",
            )
        return self.value

    def child(self, key: str) -> "YamlNode | None":
        """Return the value of a key of this mapping, or None if it is absent or empty."""
        if self.is_null:
            return None
        if not isinstance(self.value, dict):
            raise self.error(
                "Expected a mapping (key: value) here.", remedy="write `key: value` lines below it, indented."
            )
        node = self.value.get(key)
        return None if node is None or node.is_null else node

    def need(self, key: str) -> "YamlNode":
        """Return the value of a required key."""
        node = self.child(key)
        if node is None:
            near = get_close_matches(key, [one for one, _ in self.entries()], n=1, cutoff=0.8)
            if near and near[0] != key:
                wrong = dict(self.entries())[near[0]]
                raise wrong.error(f"The key '{key}' is missing.", remedy=f"write '{key}' for '{near[0]}'.")
            raise self.error(f"The key '{key}' is missing.", remedy=f"add '{key}:'.")
        return node

    def as_text(self) -> str:
        """Return a scalar as it was written."""
        if not isinstance(self.value, str) or self.is_null:
            raise self.error("Expected a text here.", remedy="write one word, number or text in quotes.")
        return self.value

    def as_inner_path(self) -> str:
        """Return a path, or a pattern of paths, that stays inside the repository."""
        text = self.as_text()
        path = posixpath.normpath(text)
        if "\\" in text or path.startswith(("/", "../")) or path == ".." or path[1:2] == ":":
            raise self.error(
                "The path must stay inside the repository.",
                remedy="write it relative to the repository's root, with forward slashes.",
            )
        return path

    def as_count(self) -> int:
        """Return a non-negative whole number."""
        if not isinstance(self.value, str) or not re.fullmatch(r"[0-9]{1,18}", self.value):
            raise self.error("Expected a whole number here.", remedy="write it in digits: 0, 1, 20.")
        return int(self.value)

    def as_bool(self) -> bool:
        """Return true or false."""
        word = self.value.lower() if isinstance(self.value, str) and self.is_plain else ""
        if word not in {"true", "false"}:
            raise self.error("Expected true or false here.", remedy="write true or false, without quotes.")
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
