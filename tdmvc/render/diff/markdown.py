"""A diff as Markdown, as a review shows a dataset: for a comment, an issue or a chat."""

from collections.abc import Iterator, Sequence

from tdmvc.model.diff import DatasetDiff
from tdmvc.model.finding import Finding
from tdmvc.model.review import DatasetReview, ReviewSide, judge
from tdmvc.model.text import plural
from tdmvc.render.format import RenderOptions
from tdmvc.render.markdown import code, prose
from tdmvc.render.review.budget import OutputBudget
from tdmvc.render.review.markdown import LIMIT, dataset_changes, fitting, left_out
from tdmvc.render.wording import totals


def render(diffs: Sequence[DatasetDiff], options: RenderOptions) -> str:
    """Return diffs as Markdown for GitHub and GitLab, always shorter than `options.limit` characters.

    If it would be too long, sample rows go first, then patterns, then tables; it says how much was left out. Values of
    personal columns are masked. Never raises for any value.
    """
    if not diffs:
        return "There are no datasets yet.\n"
    limit = LIMIT if options.limit is None else options.limit
    text = fitting(lambda budget: _blocks(diffs, budget), limit)
    return text if text is not None else f"{plural(len(diffs), 'dataset')}, too long to show here.\n"


def _blocks(diffs: Sequence[DatasetDiff], budget: OutputBudget) -> Iterator[list[str]]:
    for diff in diffs:
        title = f"## {code(diff.dataset)}: {code(diff.old)} → {code(diff.new)}"
        if not diff.is_changed:
            yield [title, "", f"No change in {plural(len(diff.tables), 'table')}."]
            continue
        yield [title, "", prose("; ".join(totals(diff)))]
        yield from dataset_changes(_as_review(diff), budget)
    yield left_out(budget)


def _as_review(diff: DatasetDiff) -> DatasetReview:
    """Return a diff as a review, with no other findings than its own."""
    findings: tuple[Finding, ...] = tuple(finding for table in diff.tables for finding in table.findings)
    verdict, reasons = judge(diff, findings)
    return DatasetReview(verdict, reasons, ReviewSide(diff.old), ReviewSide(diff.new), diff, findings)
