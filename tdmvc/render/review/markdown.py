"""A review as one comment in a pull request: verdict first, always short enough to post."""

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest

from tdmvc.model.diff import TableDiff, TableStatus
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.review import DatasetReview, Review, Verdict
from tdmvc.model.text import number, plural
from tdmvc.render.format import RenderOptions
from tdmvc.render.markdown import code, comment, fence, folded, link, long_list, more, more_item, prose, table
from tdmvc.render.review import markdown_changes as changes
from tdmvc.render.review import markdown_rows as rows
from tdmvc.render.review.budget import DetailLevel, OutputBudget
from tdmvc.render.review.wording import (
    commit_facts,
    dataset_words,
    main_reasons,
    old_name,
    review_words,
    side_facts,
)
from tdmvc.render.text import joined
from tdmvc.render.wording import severities, table_name

MARKER = comment("tdmvc-review")
"""The first line of every review, by which a comment is found and updated."""

LIMIT = 60_000
"""Characters; GitHub takes 65,536."""

_ICONS = {Verdict.UNCHANGED: "✅", Verdict.FINE: "✅", Verdict.ATTENTION: "⚠️", Verdict.BLOCKED: "⛔"}
_FOR_VERDICTS = 20
_FOR_WHY = 4
_BLOCKING = "Blocking"
_OPEN_TABLES = 10
"""Up to this many tables are listed without a click."""
_BETWEEN = "\n\n"
_LEVELS = (
    DetailLevel(rows=10, units=10, patterns=60, tables=200, schema=200, shifts=10, findings=50, facts=40),
    DetailLevel(rows=5, units=5, patterns=60, tables=200, schema=200, shifts=5, findings=50, facts=40),
    DetailLevel(rows=2, units=3, patterns=60, tables=200, schema=100, shifts=3, findings=50, facts=20),
    DetailLevel(rows=0, units=0, patterns=60, tables=200, schema=100, shifts=3, findings=50, facts=20),
    DetailLevel(rows=0, units=0, patterns=12, tables=200, schema=50, shifts=0, findings=30, facts=20),
    DetailLevel(rows=0, units=0, patterns=12, tables=100, schema=40, shifts=0, findings=30, facts=20),
    DetailLevel(rows=0, units=0, patterns=5, tables=60, schema=20, shifts=0, findings=20, facts=10),
    DetailLevel(rows=0, units=0, patterns=0, tables=20, schema=10, shifts=0, findings=10, facts=5),
    DetailLevel(rows=0, units=0, patterns=0, tables=0, schema=0, shifts=0, findings=3, facts=3),
)
"""Sample rows are the first to be left out, then patterns, then tables."""


def render(review: Review, options: RenderOptions) -> str:
    """Return the review as Markdown for GitHub and GitLab, always shorter than `options.limit` characters.

    Equal reviews give equal bytes. If it would be too long, samples go first, then patterns, then
    tables, down to the verdict; it says how much was left out. `options.link` leads to the full review.
    Values of personal columns are masked. Never raises for any value.
    """
    limit = LIMIT if options.limit is None else options.limit
    text = fitting(lambda budget: _blocks(review, budget, options.link), limit)
    return text if text is not None else _shortest(review, limit, options.link)


def fitting(blocks: Callable[[OutputBudget], Iterable[list[str]]], limit: int) -> str | None:
    """Return blocks of lines with as much detail as is shorter than the limit; None if the least is too long."""
    texts = (_compose(blocks(OutputBudget(level)), limit) for level in _LEVELS)
    return next((text for text in texts if text is not None), None)


def _compose(blocks: Iterable[list[str]], limit: int) -> str | None:
    """Return None as soon as it is clear that the text is too long."""
    written, used = [], 0
    for block in blocks:
        if block:
            written.append("\n".join(block))
            used += len(written[-1]) + len(_BETWEEN)
        if used >= limit:
            return None
    return _BETWEEN.join(written) + "\n"


def _blocks(review: Review, budget: OutputBudget, address: str | None) -> Iterator[list[str]]:
    yield [MARKER, *_heading(review)]
    yield from _whole(review, address)
    for dataset in review.datasets:
        yield from _dataset(dataset, budget)
    yield left_out(budget, address)
    if review.commands:
        yield ["**To see this review**", "", *fence(review.commands, "sh")]


def _heading(review: Review) -> list[str]:
    return [f"## {_ICONS[review.verdict]} Test data: {review.verdict.value}"]


def _whole(review: Review, address: str | None) -> Iterator[list[str]]:
    words = f"{code(old_name(review))} → {code(review.head)}: {prose(review_words(review))}"
    yield [f"{words} · {link('the full review', address)}" if address else words]
    if review.commits:
        yield ["<br>\n".join(_side(*fact) for fact in commit_facts(review))]
    if len(review.datasets) > 1:
        yield [
            f"- {_ICONS[dataset.verdict]} {code(dataset.dataset)} {dataset.verdict.value}: "
            f"{prose(dataset.reasons[0] if dataset.reasons else dataset_words(dataset))}"
            for dataset in review.datasets
        ]


def _side(label: str, name: str, words: str) -> str:
    """Return a side; the words are bare, because hosts link the ids of commits that are not code."""
    return " ".join(filter(None, (label, code(name) if name else "", words)))


def _dataset(dataset: DatasetReview, budget: OutputBudget) -> Iterator[list[str]]:
    """Yield the answers to a reviewer's questions, in order."""
    yield _verdict(dataset)
    yield _sides(dataset)
    yield from dataset_changes(dataset, budget)
    if dataset.commands:
        yield ["**To see these changes**", "", *fence(dataset.commands, "sh")]


def dataset_changes(dataset: DatasetReview, budget: OutputBudget) -> Iterator[list[str]]:
    """Yield findings, and what changed, riskiest first; each reason of the bump is a change that is shown."""
    if dataset.diff.is_changed:
        yield [f"Suggested bump: **{dataset.diff.bump.level.value}**"]
    yield from _findings(dataset, budget)
    yield from rows.removed(dataset, budget)
    yield from _tables(dataset, budget)
    yield from changes.patterns(dataset, budget)
    yield from changes.schema(dataset, budget)
    yield from rows.units(dataset, budget)
    yield from rows.samples(dataset, budget)
    yield from changes.shifts(dataset, budget)
    yield from changes.ignored(dataset, budget)


def _verdict(dataset: DatasetReview) -> list[str]:
    head = f"### {_ICONS[dataset.verdict]} {code(dataset.dataset)}: {dataset.verdict.value}"
    lines = [comment("tdmvc-review", dataset.dataset), head, "", f"{prose(dataset_words(dataset))}"]
    every = main_reasons(dataset)
    reasons = every[:_FOR_WHY]
    if reasons:
        why = [f"- {prose(reason)}" for reason in reasons]
        lines += ["", *why, *more_item(len(every) - len(reasons), "reason")]
    return lines


def _sides(dataset: DatasetReview) -> list[str]:
    rows = [["state", code(dataset.old.ref), code(dataset.new.ref)]]
    for label, old, new in side_facts(dataset.old, dataset.new):
        rows.append([prose(label), code(old) if old else "none", code(new) if new else "none"])
    return table(["", "old", "new"], rows)


def _findings(dataset: DatasetReview, budget: OutputBudget) -> Iterator[list[str]]:
    others = [found for found in dataset.findings if found.severity is not Severity.ERROR]
    for title, found in ((_BLOCKING, dataset.blocking), ("Other findings", tuple(others))):
        if found:
            shown = budget.take(found, budget.level.findings, "finding")
            yield [f"#### {title}"]
            lines = [f"- {_finding(one, after)}" for one, after in zip_longest(shown, shown[1:])]
            yield lines if title == _BLOCKING else long_list(lines, "finding")
            yield more(len(found) - len(shown), "finding")


def _finding(found: Finding, following: Finding | None) -> str:
    """Return a finding; several in a row with the same remedy share it."""
    place = f" in {code(found.table)}" if found.table else ""
    is_last = following is None or following.remedy != found.remedy
    remedy = f"<br>→ {prose(found.remedy)}" if found.remedy and is_last else ""
    return f"**{found.severity.value}** {code(found.rule)}{place}: {prose(found.message)}{remedy}"


def _tables(dataset: DatasetReview, budget: OutputBudget) -> Iterator[list[str]]:
    ranked = dataset.ranked
    if not ranked:
        return
    shown = budget.take(ranked, budget.level.tables, "table")
    if not shown:
        return
    faults: dict[str, list[Finding]] = {}
    for found in dataset.findings:
        faults.setdefault(found.table or "", []).append(found)
    head = ["table", "rows", "removed", "changed", "added", "cells", ""]
    rows_ = [_table(one, faults.get(one.name, [])) for one in shown]
    yield ["#### Tables, riskiest first"]
    yield table(head, rows_[:_OPEN_TABLES], align="-rrrrr-")
    if len(rows_) > _OPEN_TABLES:
        rest = plural(len(rows_) - _OPEN_TABLES, "more table")
        yield folded([(rest, False)], table(head, rows_[_OPEN_TABLES:], align="-rrrrr-"))
    yield more(len(ranked) - len(shown), "table")


def _table(one: TableDiff, found: list[Finding]) -> list[str]:
    counts = (one.rows.removed, one.rows.changed, one.rows.added, one.cells)
    size = number(one.rows.new)
    if one.rows.old != one.rows.new:
        size = f"{number(one.rows.old)} → {size}"
    notes = [
        severities(found),
        one.status.value if one.status is not TableStatus.CHANGED else "",
        plural(len(one.schema), "schema change") if one.schema else "",
    ]
    return [code(table_name(one)), size, *(number(count) if count else "" for count in counts), joined(notes)]


def left_out(budget: OutputBudget, address: str | None = None) -> list[str]:
    """Return what is not shown, and where it is."""
    if not budget.left_out:
        return []
    where = f" See {link('the full review', address)}." if address else ""
    return [f"**Not shown here:** {', '.join(budget.left_out)}.{where}"]


def _shortest(review: Review, limit: int, address: str | None) -> str:
    """Return the verdict and the link, as far as there is room for them."""
    verdicts = [
        f"- {_ICONS[dataset.verdict]} {code(dataset.dataset)} {dataset.verdict.value}"
        for dataset in review.datasets[:_FOR_VERDICTS]
    ]
    listed = [*verdicts, *more_item(len(review.datasets) - len(verdicts), "dataset")]
    head = [MARKER, *_heading(review)]
    where = [link("the full review", address)] if address else []
    rest = [f"Too long to show here: {prose(review_words(review))}."]
    for blocks in ([head, where, listed, rest], [head, where, rest], [head, rest], [head]):
        text = _BETWEEN.join("\n".join(block) for block in blocks if block) + "\n"
        if len(text) < limit:
            return text
    return f"{MARKER}\n"[: max(limit - 1, 0)]
