"""Figures with their targets, as Markdown for docs/performance.md."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.processes import Timing

GIB = 1 << 30
_HEADINGS = ("measure", "tdmvc", "peer", "figure", "target", "")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing."""

    what: str
    ours: str
    peer: str
    value: float | None = None
    """What is compared with the target."""
    target: float | None = None
    """The largest value that is good; None if nothing was promised."""
    unit: str = "×"
    spread: str = ""

    @property
    def verdict(self) -> str:
        if self.target is None or self.value is None:
            return ""
        return "PASS" if self.value <= self.target else "MISS"

    def cells(self) -> tuple[str, ...]:
        """Return the cells of the figure's row."""
        value = "" if self.value is None else f"{self.value:.3g} {self.unit}{self.spread}"
        target = "" if self.target is None else f"≤ {self.target:g} {self.unit}"
        return (self.what, self.ours, self.peer, value, target, self.verdict)


def ratio_of_times(
    what: str, ours: Timing, peer: Timing, peer_name: str, target: float | None = None
) -> Figure:
    """Compare medians; the spread is the smallest and largest ratio of one turn, where turns were taken."""
    turns = [mine / theirs for mine, theirs in zip(ours.seconds, peer.seconds, strict=False)]
    spread = f" ({min(turns):.3g}–{max(turns):.3g})" if len(turns) > 1 else ""
    return Figure(
        what,
        in_seconds(ours.median),
        f"{in_seconds(peer.median)} {peer_name}",
        ours.median / peer.median,
        target,
        spread=spread,
    )


def ratio_of_bytes(what: str, ours: int, peer: int, peer_name: str, target: float | None = None) -> Figure:
    return Figure(what, in_megabytes(ours), f"{in_megabytes(peer)} {peer_name}", ours / peer, target)


def peak_memory(what: str, ours: Timing, peer: Timing, peer_name: str, target_gib: float) -> Figure:
    return Figure(
        what,
        f"{ours.peak_bytes / GIB:.2f} GiB",
        f"{peer.peak_bytes / GIB:.2f} GiB {peer_name}",
        ours.peak_bytes / GIB,
        target_gib,
        "GiB",
    )


def in_seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 10 else f"{seconds:.2f} s"


def in_megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"


def render_figures(title: str, figures: Sequence[Figure]) -> str:
    """Return a heading and a table."""
    return render_table(title, _HEADINGS, [figure.cells() for figure in figures])


def render_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a heading and a Markdown table, with columns aligned for reading as text."""
    widths = [max(len(row[i]) for row in (headings, *rows)) for i in range(len(headings))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([f"### {title}", "", line(headings), rule, *(line(row) for row in rows)])
