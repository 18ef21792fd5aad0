"""Keeps the lines, spaces and comments of collections in brackets, which an editor of YAML would write anew."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tdmvc.yaml.composer import LOADER

_COMMENT = re.compile(r"[ \t]+#[^\n]*")
_STARTS = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
_ENDS = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


@dataclass(frozen=True, slots=True)
class _Span:
    """A collection in brackets that is in no other, and where it is in its text."""

    content: tuple[object, ...]
    """What it holds, however it is laid out."""
    start: int
    end: int


def restore_in_line(edited: str, original: str) -> str:
    """Return the edited text, in which each collection in brackets that did not change is laid out as it was."""
    laid_out = {span.content: (span, original[span.start : span.end]) for span in _spans(original)}
    parts: list[str] = []
    end = 0
    for span in _spans(edited):
        parts.append(edited[end : span.start])
        known = laid_out.get(span.content)
        parts.append(known[1] if known is not None else edited[span.start : span.end])
        end = span.end
        before, after = _comment(original, known[0].end) if known is not None else "", _comment(edited, end)
        if before and before.lstrip() == after.lstrip():
            parts.append(before)
            end += len(after)
    return "".join([*parts, edited[end:]])


def _comment(text: str, end: int) -> str:
    """Return the comment behind a collection, with the spaces before it; empty for none."""
    found = _COMMENT.match(text, end)
    return found[0] if found is not None else ""


def _spans(text: str) -> Iterator[_Span]:
    depth, content, start = 0, list[object](), 0
    for event in yaml.parse(text, Loader=LOADER):
        if depth or (isinstance(event, _STARTS) and event.flow_style):
            if not depth:
                content, start = [], _index(event.start_mark)
            content.append(_content(event))
            depth += isinstance(event, _STARTS) - isinstance(event, _ENDS)
            end = _index(event.end_mark)
            if not depth and text[start] + text[end - 1] in ("[]", "{}"):
                yield _Span(tuple(content), start, end)


def _content(event: Any) -> tuple[object, ...]:
    facts = (getattr(event, name, None) for name in ("anchor", "tag", "value", "implicit"))
    return (type(event).__name__, *facts)


def _index(mark: Any) -> int:
    return int(mark.index)
