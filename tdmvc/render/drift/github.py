"""Drift as GitHub annotations at a dataset's manifest or at a migration."""

from collections.abc import Iterator

from tdmvc.model.finding import Severity
from tdmvc.model.migration import DriftReport, DriftStatus, fails_on
from tdmvc.render.cells import visible
from tdmvc.render.drift.wording import (
    drift_lines,
    drift_verdict,
    drift_words,
    finding_lines,
    location_words,
    problems_of,
    worst_first,
)
from tdmvc.render.format import RenderOptions
from tdmvc.render.workflow_commands import annotation, log_of


def render(report: DriftReport, options: RenderOptions) -> str:
    """Return lines for the log of a step: an error for what fails, a warning for a problem, else notices."""
    return log_of([*_lines(report, options), *_finding_lines(report, options)])


def _lines(report: DriftReport, options: RenderOptions) -> Iterator[tuple[str, str]]:
    drifts = report.drifts
    yield "notice", annotation("notice", "tdmvc drift", "", ": ".join(drift_verdict(report)))
    for drift in worst_first(drifts):
        if drift.status is DriftStatus.IN_STEP:
            continue
        level = "error" if drift.fails_on(options.fail_on) else "notice"
        path, line = options.paths(drift.dataset, None) if drift.dataset else "", None
        if drift.status is DriftStatus.UNREADABLE and drift.problems:
            path, line = drift.problems[0].path or "", drift.problems[0].line
        title = f"tdmvc drift: {drift.ref} is {drift_words(drift)} ({location_words(drift)})"
        yield level, annotation(level, title, path, "\n".join(drift_lines(drift)), line=line)
    for location, problems in problems_of(drifts).items():
        for problem in problems:
            title = f"tdmvc migrations {location}: {problem.kind}"
            yield (
                "warning",
                annotation("warning", title, problem.path or "", visible(problem.message), line=problem.line),
            )


def _finding_lines(report: DriftReport, options: RenderOptions) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a database: an error for what fails, else a warning or a notice."""
    for finding in report.findings:
        level = "notice" if finding.severity is Severity.INFO else "warning"
        if fails_on(finding, options.fail_on):
            level = "error"
        path = options.paths(finding.dataset, None) if finding.dataset else ""
        _, *details = finding_lines([finding])
        text = "\n".join([visible(finding.message), *details])
        yield level, annotation(level, f"tdmvc drift: {finding.rule}", path, text)
