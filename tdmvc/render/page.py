"""The layout that all terminal reports share: verdict first, aligned facts, folded lists, next commands."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tdmvc.model.finding import Finding, Severity
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.terminal import Style, display_width, fit, wrap_items

INDENT = "  "
_MOST_STEPS = 6
NARROWEST = 40

Paint = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a grid: visible text, and a colour that takes no room."""

    text: str
    paint: Paint | None = None

    @property
    def painted(self) -> str:
        return self.paint(self.text) if self.paint else self.text


@dataclass(frozen=True, slots=True)
class Step:
    """A command that a person may type next, and what it is for."""

    command: str
    purpose: str


class Page:
    """Text that grows line by line; no line but a command or a path is wider than the page."""

    def __init__(self, options: RenderOptions) -> None:
        self.style = Style(options.color)
        self.width = max(options.width, NARROWEST)
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        """All lines, each with its line break."""
        return "\n".join(self._lines) + "\n"

    def blank(self) -> None:
        self._lines.append("")

    def add(self, lines: Iterable[str]) -> None:
        """Add lines that are laid out already."""
        self._lines.extend(lines)

    def line(self, text: str, paint: Paint | None = None, *, indent: str = "") -> None:
        """Add a line; if it is too long, it continues below, indented."""
        for index, part in enumerate(self._wrap(text, self.width - len(indent) - len(INDENT))):
            lead = indent if index == 0 else indent + INDENT
            self._lines.append(lead + (paint(part) if paint else part))

    def verdict(self, word: str, words: str, paint: Paint | None = None) -> None:
        """Add the answer in a word or two, and its details."""
        lead = fit(word, self.width // 2) + (": " if words else "")
        lines = self._wrap(words, self.width - display_width(lead))
        bold = self.style.bold(paint(lead.rstrip()) if paint else lead.rstrip())
        self._lines.append(f"{bold} {lines[0]}".rstrip())
        self._lines.extend(INDENT + line for line in lines[1:])

    def headline(self, name: str, words: str) -> None:
        """Add a name in bold, and words about it."""
        name = fit(name, self.width)
        room = self.width - display_width(name) - len(INDENT)
        if room < NARROWEST // 2:
            self._lines.append(self.style.bold(name))
            self._lines.extend(INDENT + line for line in self._wrap(words, self.width - len(INDENT)))
            return
        lines = self._wrap(words, room)
        self._lines.append(f"{self.style.bold(name)}{INDENT}{lines[0]}".rstrip())
        self._lines.extend(INDENT + line for line in lines[1:])

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Add labels and texts, aligned; a long text continues below itself. Empty texts are left out."""
        shown = [(label, text) for label, text in facts if text]
        room = max((display_width(label) for label, _ in shown), default=0)
        taken = len(INDENT) * 2 + room
        for label, text in shown:
            for index, line in enumerate(self._wrap(text, self.width - taken)):
                lead = (
                    self.style.dim(label) + " " * (room - display_width(label)) if index == 0 else " " * room
                )
                self._lines.append(f"{INDENT}{lead}{INDENT}{line}")

    def path(self, label: str, path: str) -> None:
        """Add a path, whole even if it is longer than the line, because people copy it."""
        self._lines.append(f"{INDENT}{self.style.dim(label)}{INDENT}{visible(path)}")

    def rows(self, rows: Sequence[Sequence[Cell]], *, right_aligned: frozenset[int] = frozenset()) -> None:
        """Add an aligned grid; what does not fit is cut at the end of the line."""
        widest = self.width // 2
        widths: dict[int, int] = {}
        for row in rows:
            for index, cell in enumerate(row):
                widths[index] = max(widths.get(index, 0), min(display_width(cell.text), widest))
        for row in rows:
            self._lines.append(self._row(row, widths, right_aligned))

    def columns(self, cells: Sequence[Cell], widths: Sequence[int], right_aligned: frozenset[int]) -> None:
        """Add a line of cells in columns of given widths, from the left edge; cells must fit."""
        filled = []
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            fill = " " * max(0, width - display_width(cell.text))
            filled.append(fill + cell.painted if index in right_aligned else cell.painted + fill)
        self._lines.append(INDENT.join(filled).rstrip())

    def folded(self, hidden: int) -> None:
        """Add how many more there are, if any."""
        if hidden > 0:
            self._lines.append(self.style.dim(f"{INDENT}… and {number(hidden)} more"))

    def notes(self, notes: Sequence[str]) -> None:
        """Add notes, a paragraph each."""
        for note in notes:
            self._hanging("note:", visible(note), self.style.cyan)

    def findings(self, findings: Sequence[Finding], *, most: int = 20) -> None:
        """Add findings, worst first, each with its remedy."""
        ordered = sorted(findings, key=lambda found: -found.severity.rank)
        shown, hidden = ordered[:most], ordered[most:]
        for finding, following in zip_longest(shown, shown[1:]):
            paint = self.style.red if finding.severity is Severity.ERROR else self.style.yellow
            place = finding.table or finding.dataset or ""
            text = finding.message if place in finding.message else f"{place}: {finding.message}"
            self._hanging(f"{finding.severity.value} {visible(finding.rule)}:", visible(text), paint)
            # Several in a row with the same remedy share one line.
            if finding.remedy and (following is None or following.remedy != finding.remedy):
                self._hanging(" →", visible(finding.remedy), self.style.dim)
        if hidden:
            counts = [plural(sum(one.severity is level for one in hidden), level.value) for level in Severity]
            words = ", ".join(count for count in counts if not count.startswith("0 "))
            self._lines.append(self.style.dim(fit(f"{INDENT}… and {words} more", self.width)))

    def next(self, steps: Sequence[Step]) -> None:
        """Add the commands to type next; commands are never cut."""
        if not steps:
            return
        self._lines += ["", "Next:"]
        shown = steps[:_MOST_STEPS]
        room = self._room_for_commands(shown)
        for step in shown:
            taken = display_width(step.command)
            gap = INDENT + " " * (room - taken)
            line = f"{INDENT}{self.style.bold(step.command)}"
            if len(INDENT) + taken + len(gap) + display_width(step.purpose) <= self.width:
                line += gap + self.style.dim(step.purpose)
            self._lines.append(line)
        self.folded(len(steps) - _MOST_STEPS)

    def _room_for_commands(self, steps: Sequence[Step]) -> int:
        """Return the width of the longest command beside which every purpose of a shorter one fits, too."""
        widths = [(display_width(step.command), display_width(step.purpose)) for step in steps]
        return max(
            (
                room
                for room, _ in widths
                if all(
                    2 * len(INDENT) + room + purpose <= self.width
                    for taken, purpose in widths
                    if taken <= room
                )
            ),
            default=0,
        )

    def _row(self, row: Sequence[Cell], widths: dict[int, int], right_aligned: frozenset[int]) -> str:
        line, used = INDENT, len(INDENT)
        for index, cell in enumerate(row):
            is_last = index == len(row) - 1
            left = self.width - used
            if left < 2:
                break
            column = min(widths[index], left)
            shown = Cell(fit(cell.text, left if is_last else column), cell.paint)
            taken = display_width(shown.text)
            fill = " " * max(0, column - taken)
            line += fill + shown.painted if index in right_aligned else shown.painted + fill
            line += "" if is_last else INDENT
            used += max(column, taken) + len(INDENT)
        return line.rstrip()

    def _hanging(self, label: str, text: str, paint: Paint) -> None:
        lead = display_width(label) + 1
        if lead > self.width // 2:
            self._lines.append(paint(fit(label, self.width)))
            self._lines.extend(INDENT + line for line in self._wrap(text, self.width - len(INDENT)))
            return
        for index, line in enumerate(self._wrap(text, self.width - lead)):
            self._lines.append(f"{paint(label) if index == 0 else ' ' * (lead - 1)} {line}")

    def _wrap(self, text: str, room: int) -> list[str]:
        lines = wrap_items(text.split(" "), room, separator="")
        return [fit(line, room) for line in lines] or [""]


def aligned_count(count: int, noun: str) -> str:
    """Return `1 row ` or `12 rows`: equally wide after the number, so that columns align."""
    return plural(count, f"{noun} ", many=f"{noun}s")


def names(items: Sequence[str], room: int) -> str:
    """Return as many names as the room holds, and how many more there are."""
    shown: list[str] = []
    used = 0
    for index, item in enumerate(items):
        text = fit(visible(item), max(room, 8))
        rest = len(items) - index - 1
        tail = len(f", … and {number(rest)} more") if rest else 0
        width = display_width(text) + (2 if shown else 0)
        if shown and used + width + tail > room:
            return f"{', '.join(shown)}, … and {number(rest + 1)} more"
        shown.append(text)
        used += width
    return ", ".join(shown)
