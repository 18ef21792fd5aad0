"""Text on a terminal: widths, colours, grids, numbers."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Style:
    """Colours, or none: then every method returns the text itself."""

    color: bool

    def bold(self, text: str) -> str:
        return self._wrap(text, "1")

    def dim(self, text: str) -> str:
        return self._wrap(text, "2")

    def red(self, text: str) -> str:
        return self._wrap(text, "31")

    def green(self, text: str) -> str:
        return self._wrap(text, "32")

    def yellow(self, text: str) -> str:
        return self._wrap(text, "33")

    def cyan(self, text: str) -> str:
        return self._wrap(text, "36")

    def _wrap(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text


def display_width(text: str) -> int:
    """Return how many columns the text takes; East Asian wide characters take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def fit(text: str, width: int) -> str:
    """Return the text, cut with an ellipsis if it is wider than `width` columns."""
    if display_width(text) <= width:
        return text
    taken, used = [], 0
    for character in text:
        used += _character_width(character)
        if used > width - 1:
            break
        taken.append(character)
    return "".join(taken) + "…" if width > 0 else ""


def pad(text: str, width: int) -> str:
    """Return the text padded with spaces to `width` columns."""
    return text + " " * max(0, width - display_width(text))


def grid(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one line for each row, with columns aligned; rows may differ in length. The last cell is not padded."""
    widths: dict[int, int] = {}
    for row in rows:
        for index, cell in enumerate(row):
            widths[index] = max(widths.get(index, 0), display_width(cell))
    lines = []
    for row in rows:
        cells = [pad(cell, widths[index]) for index, cell in enumerate(row)]
        lines.append(_GAP.join(cells).rstrip())
    return lines


def wrap_items(items: Sequence[str], width: int, *, separator: str = ", ") -> list[str]:
    """Return lines of whole items, none wider than `width` if its items allow it."""
    lines: list[str] = []
    for index, item in enumerate(items):
        text = item + (separator.rstrip() if index < len(items) - 1 else "")
        if lines and display_width(lines[-1]) + display_width(text) + 1 <= width:
            lines[-1] += " " + text
        else:
            lines.append(text)
    return lines


def wrap_words(text: str, width: int, *, most: int) -> list[str]:
    """Return the text in at most `most` lines, broken at spaces; a word or an end that does not fit is cut."""
    lines = wrap_items(text.split(" "), width, separator="")
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [fit(line, width) for line in lines] or [""]


def _character_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
