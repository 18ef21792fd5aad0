"""Comparisons as Markdown, and their place in docs/performance.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import GIB, Figure, in_seconds, ratio_of_times, render_table
from benchmarks.peers_changes import Change, Counts
from benchmarks.peers_programs import Reading
from benchmarks.processes import Timing

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
_LARGE_PEAK_GIB = 1
_LARGE_GROWTH = 1.5
_LONGEST_TROUBLE = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one program with one pair of tables."""

    name: str
    timing: Timing
    reading: Reading | None
    """None if there is no answer to read."""
    trouble: str = ""

    @property
    def is_right(self) -> bool:
        return self.reading is not None and self.reading.is_right

    def cell(self) -> str:
        """Return seconds and peak memory, or what went wrong."""
        if self.trouble:
            return f"**failed**: {_shortened(self.trouble)}"
        text = f"{in_seconds(self.timing.median)}, {self.timing.peak_bytes / GIB:.2f} GiB"
        if self.reading is None or self.reading.is_right:
            return text
        return f"{text}, **wrong**: {self.reading.said}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """All programs with one pair of tables: tdmvc first, then DuckDB's join, then the others."""

    change: Change
    expected: Counts
    outcomes: tuple[Outcome, ...]
    target: float | None = None
    """How many times faster than DuckDB's join tdmvc must be; None if nothing was promised for the size."""

    @property
    def ours(self) -> Outcome:
        return self.outcomes[0]

    @property
    def what(self) -> str:
        return f"{self.change.title}: {self.expected}"

    def verdict(self) -> tuple[str, str]:
        """Return how many times faster than DuckDB's join we are, and whether that is enough.

        Both are empty without a right answer on both sides: the time of a wrong one says nothing.
        """
        ours, duckdb = self.outcomes[:2]
        if not (ours.is_right and duckdb.is_right):
            return "", ""
        faster = duckdb.timing.median / ours.timing.median
        pairs = zip(duckdb.timing.seconds, ours.timing.seconds, strict=False)
        turns = [theirs / mine for theirs, mine in pairs]
        spread = f" ({min(turns):.3g}–{max(turns):.3g})" if len(turns) > 1 else ""
        return f"{faster:.3g} ×{spread}", self._is_enough(faster)

    def _is_enough(self, faster: float) -> str:
        if self.target is None:
            return ""
        return "PASS" if faster >= self.target else "MISS"

    def disagreements(self) -> list[str]:
        """Say which programs did not find what was changed."""
        return [f"{self.what}: {one.name}: {one.cell()}" for one in self.outcomes if not one.is_right]


def render_comparisons(title: str, comparisons: Sequence[Comparison]) -> str:
    """Return a table with one row a change, whose programs are the same in every row."""
    names = [outcome.name for outcome in comparisons[0].outcomes]
    headings = (
        "rows + added − removed ~ changed",
        *names[:2],
        "faster than the join",
        "target",
        "",
        *names[2:],
    )
    rows = []
    for one in comparisons:
        faster, verdict = one.verdict()
        cells = [outcome.cell() for outcome in one.outcomes]
        rows.append(
            (one.what, *cells[:2], faster, f"≥ {one.target:g} ×" if one.target else "", verdict, *cells[2:])
        )
    return render_table(title, headings, rows)


def large_figures(large: Sequence[Comparison], small: Sequence[Comparison], times: str) -> list[Figure]:
    """Return what tdmvc takes of a large table, and whether that grows with the table.

    Args:
        large: by `compare_large`: only the first has a peer.
        small: the same changes of a smaller table.
        times: how many rows each has, for people.
    """
    first = large[0]
    figures = [
        Figure(
            one.what,
            one.ours.cell(),
            "",
            one.ours.timing.peak_bytes / GIB if one.ours.is_right else None,
            _LARGE_PEAK_GIB,
            "GiB",
        )
        for one in large
    ]
    if all(outcome.is_right for outcome in (*first.outcomes, small[0].ours)):
        duckdb = first.outcomes[1]
        joined = f"{duckdb.name}, {duckdb.timing.peak_bytes / GIB:.2f} GiB"
        title = first.change.title
        figures += [
            ratio_of_times(
                f"{title}, compared with the join",
                first.ours.timing,
                duckdb.timing,
                joined,
                1 / (first.target or 1),
            ),
            Figure(
                f"{title}, {times}",
                in_seconds(first.ours.timing.median),
                in_seconds(small[0].ours.timing.median),
                first.ours.timing.median / small[0].ours.timing.median,
                _LARGE_GROWTH,
            ),
        ]
    return figures


def put_into(page: str, name: str, block: str) -> str:
    """Return the page with a new block between `<!-- NAME -->` and `<!-- /NAME -->`.

    Raises:
        ValueError: the page does not have each of the two marks once.
    """
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, mark, rest = page.partition(start)
    _, end_mark, after = rest.partition(end)
    if not (mark and end_mark) or start in rest or end in after:
        raise ValueError(f"the page needs one {start} with one {end} behind it")
    return f"{before}{start}\n{block.strip()}\n{end}{after}"


def _shortened(text: str) -> str:
    """Return one short line that breaks no table."""
    line = " ".join(text.split()).replace("|", "/")
    return line if len(line) <= _LONGEST_TROUBLE else line[: _LONGEST_TROUBLE - 1] + "…"
