"""Cuts a manifest into entries with their lines and the comments above them."""

import re
from dataclasses import dataclass

from tdmvc.errors import ConfigError
from tdmvc.formats.line_merge import Lines
from tdmvc.formats.manifest_shapes import Shape, value_of
from tdmvc.formats.manifest_values import ABSENT, MaybeValue
from tdmvc.yaml.node import YamlNode

_UNUSUAL = "Its entries share lines."


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """A key with its value, an element with its dash, or the whole file."""

    node: YamlNode
    lines: Lines
    """From its own column on."""
    above: Lines
    """Comments and empty lines above it, indented as in the entry that holds it."""
    column: int = 0
    """Within the entry that holds it."""
    is_element: bool = False
    is_root: bool = False

    def children(self, shape: Shape) -> dict[str, "ManifestEntry"]:
        """Return the entries of a mapping or list by name; none of a value that is not of the shape's kind.

        Raises:
            ConfigError: two of them share a line, or aliases lead to other places.
        """
        nodes = self.node.value
        if isinstance(nodes, str) or isinstance(nodes, tuple) != shape.is_list:
            return {}
        if isinstance(nodes, tuple):
            names = shape.name_elements([value_of(node) for node in nodes]) or []
            nodes = dict(zip(names, nodes, strict=True))
        found: dict[str, ManifestEntry] = {}
        first_line, end = (1, 0) if self.is_root else (self.node.line, 1)
        for name, node in nodes.items():
            start = node.line - first_line
            if not 0 <= start < len(self.lines) or (found and start < end):
                raise ConfigError(_UNUSUAL)
            column, stop = _extent(self.lines, start, is_element=shape.is_list)
            lines = [self.lines[start][column:], *indent_lines(self.lines[start + 1 : stop], -column)]
            found[name] = ManifestEntry(node, lines, self.lines[end:start], column, shape.is_list)
            end = stop
        return found

    def notes(self, column: int) -> Lines:
        """Return the lines above it, as they stand above an entry in that column."""
        return indent_lines(self.above, column - self.column)


def entry_value(entry: ManifestEntry | None) -> MaybeValue:
    """Return what an entry says."""
    return ABSENT if entry is None else value_of(entry.node)


def indent_lines(lines: Lines, columns: int) -> Lines:
    """Return lines moved to the right, or (negative) to the left as far as they can be."""
    if columns < 0:
        return [line[min(-columns, _indent(line)) :] for line in lines]
    return [" " * columns + line if line else line for line in lines]


def _extent(lines: Lines, start: int, *, is_element: bool) -> tuple[int, int]:
    """Return the column in which an entry begins, and the number of the line after it.

    Comments and empty lines below it belong to what follows.
    """
    match = re.match(r" *(?=- |-$)" if is_element else r" *(?:- +)*", lines[start])
    if match is None:
        raise ConfigError(_UNUSUAL)
    column, stop = match.end(), start + 1
    for place in range(start + 1, len(lines)):
        words = lines[place].strip()
        if words and not words.startswith("#"):
            is_own_list = not is_element and _indent(lines[place]) == column and re.match(r"-( |$)", words)
            if _indent(lines[place]) <= column and not is_own_list:
                break
            stop = place + 1
    return column, stop


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
