"""A validation as GitHub annotations, each at the line of the contract that declares the rule."""

from collections.abc import Iterator, Sequence

from tdmvc.model.finding import Severity
from tdmvc.model.rule_words import demand_words, measured_words, row_words
from tdmvc.model.validation import ValidationReport
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.validation.wording import more_rows, verdict_words
from tdmvc.render.workflow_commands import LEVELS, annotation, log_of

_MOST_ROWS = 3


def render(reports: Sequence[ValidationReport], options: RenderOptions) -> str:
    """Return lines for the log of a step: an annotation for each rule that is not kept, and what was validated."""
    return log_of(_lines(reports))


def _lines(reports: Sequence[ValidationReport]) -> Iterator[tuple[str, str]]:
    yield "notice", annotation("notice", "tdmvc validate", "", verdict_words(reports))
    for report in reports:
        for result in report.failures:
            level = LEVELS[result.severity or Severity.ERROR]
            rows = [row_words(result.rule, row) for row in result.examples[:_MOST_ROWS]]
            lines = [f"{demand_words(result.rule)}: {measured_words(result)}", *rows]
            left = more_rows(result) + max(len(result.examples) - _MOST_ROWS, 0)
            if left:
                lines.append(f"… and {left:,} more")
            place = result.rule.place
            title = f"{report.subject}: {result.rule.id}"
            text = "\n".join(map(visible, lines))
            path = place.path if place else report.contract
            yield level, annotation(level, title, path, text, line=place.line if place else None)
