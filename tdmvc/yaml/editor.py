"""Edits a YAML file that people write, and keeps their comments, order and quotes."""

import io
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from tdmvc.yaml.in_line import restore_in_line
from tdmvc.yaml.layout import carry_over
from tdmvc.yaml.reader import parse_yaml
from tdmvc.yaml.writer import is_ambiguous

EditableMapping = CommentedMap
"""A mapping of a file that is edited."""
EditableList = CommentedSeq
"""A list of a file that is edited."""

_PLAIN_IN_LINE = re.compile(r"[\w.+-](?:[\w .+*/-]*[\w.+*/-])?")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class _VerbatimResolver(VersionedResolver):
    """Reads every plain scalar as text, so that `2.10` and `0001` are written back unchanged."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is ScalarNode and implicit[0] and value not in _NULLS:
            return self.DEFAULT_SCALAR_TAG
        return super().resolve(kind, value, implicit)


class YamlEdit:
    """One file while it is edited: `root` is changed in place, `render` gives the new text.

    Every scalar in it is a `str`; numbers and booleans are written as plain texts (`"true"`),
    texts that could be taken for those through `text_value`.
    """

    def __init__(self, text: str, path: str) -> None:
        parse_yaml(text, path)  # the strict reader raises the errors
        self._yaml = YAML(typ="rt")
        self._yaml.Resolver = _VerbatimResolver
        self._yaml.preserve_quotes = True
        self._yaml.width = 100_000
        self._yaml.allow_unicode = True
        if _lists_are_indented(text):
            self._yaml.indent(mapping=2, sequence=4, offset=2)
        self._text, self._path = text, path
        self._loaded: Any = self._yaml.load(text)
        self.root: CommentedMap = self._loaded if isinstance(self._loaded, CommentedMap) else CommentedMap()
        self._unedited = self._dump(self.root) if self.root is self._loaded else None

    def render(self) -> str:
        """Return the edited text; without an edit, the text as it was.

        Raises:
            ConfigError: a comment is in the way, such as one of a collection that has no more entries.
        """
        text = self._dump(self.root)
        if self.root is self._loaded:
            if text == self._unedited:
                return self._text
            parse_yaml(text, self._path)
            return self._laid_out(text)
        # A file of comments alone has no mapping to hang them on.
        head = self._text if not self._text or self._text.endswith("\n") else self._text + "\n"
        return (head if self._loaded is None else "") + text

    def _laid_out(self, text: str) -> str:
        """Return the edited text, with the layout of all that was not edited."""
        if self._unedited == self._text:
            return text
        carried = carry_over(self._text, self._unedited or "", text)
        if carried is not None and self._means(carried, text):
            text = carried
        return restore_in_line(text, self._text)

    def _means(self, carried: str, text: str) -> bool:
        """Whether a text is written like another one by the editor: the same values, comments and order."""
        try:
            return self._dump(self._yaml.load(carried)) == text
        except YAMLError:
            return False

    def _dump(self, root: CommentedMap) -> str:
        target = io.StringIO()
        self._yaml.dump(root, target)
        return target.getvalue()


def mapping(entries: dict[str, Any], *, in_line: bool = False) -> CommentedMap:
    """Return an editable mapping, in block style unless `in_line`."""
    if not in_line:
        return CommentedMap(entries)
    result = CommentedMap({key: _in_line(value) for key, value in entries.items()})
    result.fa.set_flow_style()
    return result


def sequence(items: list[Any], *, in_line: bool = False) -> CommentedSeq:
    """Return an editable list, in block style unless `in_line`."""
    if not in_line:
        return CommentedSeq(items)
    result = CommentedSeq([_in_line(item) for item in items])
    result.fa.set_flow_style()
    return result


def _in_line(value: Any) -> Any:
    """Return a text so that every reader takes it as it is between brackets, where more characters have a meaning."""
    is_plain = type(value) is str and not _PLAIN_IN_LINE.fullmatch(value)
    return DoubleQuotedScalarString(value) if is_plain else value


def set_default(parent: CommentedMap, key: str) -> CommentedMap:
    """Return the mapping at `key`, created if it is absent or empty."""
    found = parent.get(key)
    if not isinstance(found, CommentedMap):
        found = CommentedMap()
        parent[key] = found
    return found


def list_at(parent: CommentedMap, key: str) -> CommentedSeq:
    """Return the list at `key`, created if it is absent."""
    found = parent.get(key)
    if not isinstance(found, CommentedSeq):
        found = parent[key] = sequence([])
    return found


_PLAIN_LINES = re.compile(r"\S(?:[^\n]*\S)?(?:\n+ *\S(?:[^\n]*\S)?)*\n?")
"""Lines without spaces at their ends, of which the first is not indented."""


def text_value(text: str) -> str:
    """Return the text so that no YAML reader takes it for a number, a date or a boolean, or folds it.

    Several lines that people can read are written as such: `|`.
    """
    if "\n" in text.rstrip("\n") and _PLAIN_LINES.fullmatch(text) and text.replace("\n", "").isprintable():
        lines: str = LiteralScalarString(text)
        return lines
    # Some of what is not printable, such as U+0085, is a line break to YAML 1.1 alone.
    if is_ambiguous(text) or not text.isprintable():
        quoted: str = DoubleQuotedScalarString(text)
        return quoted
    return text


def _lists_are_indented(text: str) -> bool:
    """Return whether the file's first list below a key is indented; new files indent theirs."""
    first = re.search(r"^( *)[^\s#-][^\n]*:[ \t]*\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)- ", text, re.MULTILINE)
    return first is None or len(first[2]) > len(first[1])
