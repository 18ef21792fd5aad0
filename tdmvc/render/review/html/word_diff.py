"""The words that differ between two long texts, with equal parts between them folded."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape

from tdmvc.render.cells import visible
from tdmvc.render.review.html.markup import Html

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_SHORTEST = 24
_MOST_TOKENS = 800
_MOST_CHARACTERS = 20_000
_AROUND = 60
_NEAR = 20
_SAME_AT_LEAST = 0.25


@dataclass(frozen=True, slots=True)
class TextRun:
    """A run of characters that both texts share, or that only one has."""

    text: str
    is_equal: bool


def word_runs(old: str, new: str) -> tuple[list[TextRun], list[TextRun]] | None:
    """Return both texts as runs, or None if marked words would not help.

    That is so for short texts, for texts that share little, and for texts too long to compare.
    """
    longest = max(len(old), len(new))
    if not old or not new or longest < _SHORTEST or longest > _MOST_CHARACTERS:
        return None
    left, right = _TOKEN.findall(old), _TOKEN.findall(new)
    start = _shared_start(left, right)
    end = _shared_start(left[start:][::-1], right[start:][::-1])
    middle_left, middle_right = left[start : len(left) - end], right[start : len(right) - end]
    if len(middle_left) + len(middle_right) > _MOST_TOKENS:
        return None
    ours, theirs = [TextRun("".join(left[:start]), True)], [TextRun("".join(right[:start]), True)]
    for tag, a, b, c, d in SequenceMatcher(None, middle_left, middle_right, autojunk=False).get_opcodes():
        ours.append(TextRun("".join(middle_left[a:b]), tag == "equal"))
        theirs.append(TextRun("".join(middle_right[c:d]), tag == "equal"))
    ours.append(TextRun("".join(left[len(left) - end :]), True))
    theirs.append(TextRun("".join(right[len(right) - end :]), True))
    same = sum(len(run.text.strip()) for run in ours if run.is_equal)
    if same < _SAME_AT_LEAST * longest:
        return None
    return [run for run in ours if run.text], [run for run in theirs if run.text]


def marked(runs: list[TextRun]) -> Html:
    """Return the runs with what differs in `<b>`; long equal runs are folded, with their length."""
    parts = []
    last = len(runs) - 1
    for index, run in enumerate(runs):
        if run.is_equal:
            parts.append(_folded(run.text, is_first=index == 0, is_last=index == last))
        else:
            parts.append(f"<b>{_shown(run.text, is_first=index == 0, is_last=index == last)}</b>")
    return Html("".join(parts))


def _shared_start(left: list[str], right: list[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _folded(run: str, *, is_first: bool, is_last: bool) -> str:
    head = 0 if is_first else _AROUND
    tail = 0 if is_last else _AROUND
    left_out = len(run) - head - tail
    if left_out <= _AROUND:
        return _shown(run, is_first=is_first, is_last=is_last)
    # The fold begins and ends between words if there is a space near.
    head = run.rfind(" ", head - _NEAR, head) + 1 or head if head else 0
    space = run.find(" ", len(run) - tail, len(run) - tail + _NEAR) if tail else -1
    tail = len(run) - space if space >= 0 else tail
    left_out = len(run) - head - tail
    before = _shown(run[:head], is_first=is_first, is_last=False) if head else ""
    after = _shown(run[len(run) - tail :], is_first=False, is_last=is_last) if tail else ""
    return f"{before}<i>… {left_out:,} characters …</i>{after}"


def _shown(run: str, *, is_first: bool, is_last: bool) -> str:
    """Return the run made visible; only the spaces at the ends of the whole text are outer ones."""
    before, after = "" if is_first else "x", "" if is_last else "x"
    shown = visible(f"{before}{run}{after}")
    return escape(shown[len(before) : len(shown) - len(after)])
