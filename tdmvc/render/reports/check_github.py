"""The result of `check` as GitHub annotations at the files of a dataset."""

from collections.abc import Iterator

from tdmvc.model.finding import CheckReport
from tdmvc.render.cells import visible
from tdmvc.render.format import RenderOptions
from tdmvc.render.reports.check import extent_words
from tdmvc.render.wording import severities
from tdmvc.render.workflow_commands import LEVELS, annotation, log_of


def render(report: CheckReport, options: RenderOptions) -> str:
    """Return lines for the log of a step: an annotation for each finding, and what was checked."""
    return log_of(_lines(report))


def _lines(report: CheckReport) -> Iterator[tuple[str, str]]:
    verdict = f"{severities(report.findings)} in " if report.findings else ""
    yield "notice", annotation("notice", "tdmvc check", "", f"{verdict}{extent_words(report)}")
    for finding in report.findings:
        level, line = LEVELS[finding.severity], finding.details.get("line")
        title = f"tdmvc check: {finding.rule} in {finding.dataset}"
        text = "\n".join(visible(part) for part in (finding.message, finding.remedy) if part)
        path = str(finding.details.get("file", ""))
        yield level, annotation(level, title, path, text, line=line if isinstance(line, int) else None)
