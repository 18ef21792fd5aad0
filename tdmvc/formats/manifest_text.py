"""Writes one outcome of a merged manifest: the sides' own lines, and entries that both changed once for all."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from tdmvc.errors import ConfigError
from tdmvc.formats.line_merge import merge_lines, split_comment
from tdmvc.formats.manifest_shapes import BooleanWord, Shape, Value, boolean_or_text, value_of
from tdmvc.formats.manifest_values import ABSENT, MaybeValue, Three, children_of, collection_kind
from tdmvc.model.merge import Side
from tdmvc.yaml.editor import YamlEdit, mapping, sequence, text_value
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import parse_yaml

_UNKEPT = "It is written in a way that a merge by values cannot keep."


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How boldly the lines of a side are replaced."""

    max_depth: int = 60
    """How many levels of entries are merged one by one; below them, an entry is one value."""
    model: Side = Side.OURS
    """The side whose lines are edited where neither side says what the merge says."""


@dataclass(slots=True)
class ManifestSide:
    """One side's text as lines, and as nodes that know theirs."""

    lines: list[str]
    root: YamlNode


def write_outcome(
    shape: Shape, sides: Three[ManifestSide], wanted: MaybeValue, options: WriteOptions
) -> list[str]:
    """Return lines that say what is wanted.

    What both sides changed is first made the same on all three sides. Then the lines are merged.

    Raises:
        ConfigError: no such lines were found.
    """
    writer = _Writer(sides, options)
    writer.settle(shape, sides.each(lambda side: side.root), wanted, is_element=False, depth=0)
    texts = Three(*writer.edited())
    lines = merge_lines(texts.base, texts.ours, texts.theirs)
    if lines is None or not _says(lines, wanted):
        raise ConfigError(_UNKEPT)
    return lines


def _says(lines: list[str], wanted: MaybeValue) -> bool:
    try:
        found = value_of(parse_yaml("".join(f"{line}\n" for line in lines), ""))
    except ConfigError:
        return False
    return (found or {}) == ({} if wanted is ABSENT else wanted or {})


@dataclass(frozen=True, slots=True)
class _Span:
    """The lines of an entry, without the comments around it."""

    start: int
    end: int
    column: int
    """Where its key or dash stands."""


@dataclass(slots=True)
class _Writer:
    sides: Three[ManifestSide]
    options: WriteOptions
    edits: Three[list[tuple[_Span, list[str]]]] = field(default_factory=lambda: Three([], [], []))

    def settle(
        self,
        shape: Shape,
        nodes: Three[YamlNode | None],
        wanted: MaybeValue,
        *,
        is_element: bool,
        depth: int,
    ) -> None:
        """Make entries that a merge of lines would not bring to the wanted value the same on all sides."""
        values = nodes.each(_value)
        is_picked = not values.is_changed_twice and values.merged() == wanted
        spans: Three[_Span | None] = Three(None, None, None)
        if depth:
            spans = self._spans(nodes, is_element=is_element)
            if is_picked and not self._lines(spans).is_changed_twice:
                return
        kind = collection_kind(shape, values)
        if kind is not None and isinstance(wanted, kind) and self._is_divisible(nodes, depth):
            names = children_of(shape, wanted, kind) or {}
            children = nodes.each(lambda node: _child_nodes(shape, node, kind))
            for name in dict.fromkeys([*children.base, *children.ours, *children.theirs]):
                self.settle(
                    shape.of(name if kind is dict else None),
                    children.each(lambda side, name=name: side.get(name)),  # type: ignore[misc]
                    names.get(name, ABSENT),
                    is_element=kind is list,
                    depth=depth + 1,
                )
        elif depth == 0:
            raise ConfigError(_UNKEPT)
        elif not is_picked or self._lines(spans, without_comments=True).is_changed_twice:
            self._replace(shape, nodes, wanted, is_element=is_element)

    def edited(self) -> Iterator[list[str]]:
        """Yield the lines of base, ours and theirs with their edits."""
        for side, edits in zip(self.sides, self.edits, strict=True):
            lines = list(side.lines)
            for span, new in sorted(edits, key=lambda edit: edit[0].start, reverse=True):
                lines[span.start : span.end] = new
            yield lines

    def _spans(self, nodes: Three[YamlNode | None], *, is_element: bool) -> Three["_Span | None"]:
        spans = (
            None if node is None else _span(side.lines, node, is_element=is_element)
            for side, node in zip(self.sides, nodes, strict=True)
        )
        return Three(*spans)

    def _lines(
        self, spans: Three["_Span | None"], *, without_comments: bool = False
    ) -> Three[tuple[str, ...] | None]:
        found: list[tuple[str, ...] | None] = []
        for side, span in zip(self.sides, spans, strict=True):
            lines = None if span is None else side.lines[span.start : span.end]
            if lines is not None and without_comments:
                lines = [split_comment(line)[0] for line in lines]
            found.append(None if lines is None else tuple(lines))
        return Three(*found)

    def _is_divisible(self, nodes: Three[YamlNode | None], depth: int) -> bool:
        if depth >= self.options.max_depth or nodes.ours is None or nodes.theirs is None:
            return False
        if nodes.ours.is_null or nodes.theirs.is_null:
            return False
        return not any(node is not None and node.is_flow for node in nodes)

    def _replace(
        self, shape: Shape, nodes: Three[YamlNode | None], wanted: MaybeValue, *, is_element: bool
    ) -> None:
        spans = self._spans(nodes, is_element=is_element)
        new: list[str] = []
        if wanted is not ABSENT:
            order = [self.options.model, *(side for side in reversed(Side) if side != self.options.model)]
            known = [side for side in order if nodes.of(side) is not None]
            source = next((side for side in known if _value(nodes.of(side)) == wanted), known[0])
            new = self._flush(source, spans)
            if _value(nodes.of(source)) != wanted:
                new = _edit_entry(new, shape, wanted, is_element=is_element)
        for side in Side:
            span = spans.of(side)
            if span is None:
                continue
            is_lost = side is Side.BASE and None in (spans.ours, spans.theirs)
            lines = [] if is_lost else new
            if is_lost:
                span = self._with_comments_above(span, nodes)
            prefix = self.sides.of(side).lines[span.start][: span.column]
            if not lines and prefix.strip():
                raise ConfigError(_UNKEPT)  # its line begins an element, which would lose its dash
            indent = " " * span.column
            placed = [
                (prefix if place == 0 else indent if line else "") + line for place, line in enumerate(lines)
            ]
            self.edits.of(side).append((span, placed))

    def _with_comments_above(self, span: _Span, nodes: Three[YamlNode | None]) -> _Span:
        """Return an entry of the base with the comments above it that are missing where it is missing."""
        missing = self.sides.ours if nodes.ours is None else self.sides.theirs
        kept = set(missing.lines)
        start = span.start
        lines = self.sides.base.lines
        while start and lines[start - 1].lstrip().startswith("#") and lines[start - 1] not in kept:
            start -= 1
        return _Span(start, span.end, span.column)

    def _flush(self, side: Side, spans: Three[_Span | None]) -> list[str]:
        """Return an entry's lines as they would stand at the left margin."""
        span = spans.of(side)
        assert span is not None
        first, *others = self.sides.of(side).lines[span.start : span.end]
        return [first[span.column :], *(line[min(span.column, _indent(line)) :] for line in others)]


def _value(node: YamlNode | None) -> MaybeValue:
    return ABSENT if node is None else value_of(node)


def _child_nodes(shape: Shape, node: YamlNode | None, kind: type) -> dict[str, YamlNode]:
    if node is None or not isinstance(node.value, dict if kind is dict else tuple):
        return {}
    if isinstance(node.value, dict):
        return node.value
    elements = node.elements()
    names = shape.name_elements([value_of(one) for one in elements]) or []
    return dict(zip(names, elements, strict=True))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _span(lines: list[str], node: YamlNode, *, is_element: bool) -> _Span:
    start = node.line - 1
    pattern = r" *(?=- |-$)" if is_element else r" *(?:- +)*"
    match = re.match(pattern, lines[start])
    if match is None:
        raise ConfigError(_UNKEPT)
    column, end = match.end(), start + 1
    last = end
    while end < len(lines):
        words = lines[end].strip()
        indent = _indent(lines[end])
        if words and not words.startswith("#"):
            is_own_list = not is_element and indent == column and (words == "-" or words.startswith("- "))
            if indent <= column and not is_own_list:
                break
            last = end + 1
        end += 1
    return _Span(start, last, column)


def _edit_entry(lines: list[str], shape: Shape, wanted: Value, *, is_element: bool) -> list[str]:
    """Return the lines of an entry with another value, edited as little as possible."""
    text = "".join(f"{line}\n" for line in (["_:", *lines] if is_element else lines))
    edit = YamlEdit(text, "")
    if edit.render() != text:
        raise ConfigError(_UNKEPT)
    parent, key = (edit.root["_"], 0) if is_element else (edit.root, next(iter(edit.root)))
    _assign(parent, key, shape, wanted)
    return edit.render().splitlines()[1 if is_element else 0 :]


def _assign(parent: CommentedMap | CommentedSeq, key: str | int, shape: Shape, wanted: Value) -> None:
    old = parent[key]
    if _plain(old) == wanted:
        return
    if isinstance(wanted, dict) and isinstance(old, CommentedMap):
        for name in [name for name in old if str(name) not in wanted]:
            del old[name]
        for name, inner in wanted.items():
            if name in old:
                _assign(old, name, shape.of(name), inner)
            else:
                old[text_value(name)] = _fresh(inner)
    elif isinstance(wanted, list) and isinstance(old, CommentedSeq):
        parent[key] = _reordered(old, shape, wanted)
    else:
        parent[key] = _fresh(wanted)


def _reordered(old: CommentedSeq, shape: Shape, wanted: list[Value]) -> CommentedSeq:
    """Return a list with the wanted elements, those that it had with their comments and quotes."""
    names = shape.name_elements(wanted) or list(map(repr, wanted))
    known_names = shape.name_elements([_plain(one) for one in old]) or [repr(_plain(one)) for one in old]
    places = {name: place for place, name in enumerate(known_names)}
    new = sequence(
        [old[places[n]] if n in places else None for n in names], in_line=bool(old.fa.flow_style())
    )
    for place, (name, inner) in enumerate(zip(names, wanted, strict=True)):
        if name in places:
            _assign(new, place, shape.of(None), inner)
            if places[name] in old.ca.items:
                new.ca.items[place] = old.ca.items[places[name]]
        else:
            new[place] = _fresh(inner)
    return new


def _plain(node: object) -> Value:
    if isinstance(node, CommentedMap):
        return {str(name): _plain(inner) for name, inner in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(inner) for inner in node]
    if node is None:
        return None
    return boolean_or_text(node) if type(node) is str else str(node)


def _fresh(value: Value) -> object:
    if isinstance(value, dict):
        return mapping({text_value(name): _fresh(inner) for name, inner in value.items()})
    if isinstance(value, list):
        is_short = all(not isinstance(inner, dict | list) for inner in value)
        return sequence([_fresh(inner) for inner in value], in_line=is_short)
    if isinstance(value, BooleanWord):
        return value.word
    return None if value is None else text_value(value)
