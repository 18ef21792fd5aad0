"""A review as GitHub annotations at files."""

from collections.abc import Iterator

from tdmvc.model.review import Review
from tdmvc.render.format import Paths, RenderOptions
from tdmvc.render.review.placed_findings import placed_findings
from tdmvc.render.review.wording import dataset_words
from tdmvc.render.workflow_commands import LEVELS, annotation, log_of


def render(review: Review, options: RenderOptions) -> str:
    """Return lines for the log of a step: errors, warnings, then a notice for each dataset.

    If a level has more than ten, its last line says how many more there are.
    """
    return log_of(_lines(review, options.paths))


def _lines(review: Review, paths: Paths) -> Iterator[tuple[str, str]]:
    for dataset in review.datasets:
        message = f"{dataset.verdict.value}: {dataset_words(dataset)}"
        title = f"tdmvc review of {dataset.dataset}"
        yield "notice", annotation("notice", title, paths(dataset.dataset, None), message)
    for placed in placed_findings(review):
        level = LEVELS[placed.finding.severity]
        title = f"tdmvc {placed.finding.rule}: {placed.place}"
        path = paths(placed.dataset, placed.finding.table)
        yield level, annotation(level, title, path, placed.text)
